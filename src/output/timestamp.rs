//! Prints times.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::event::Timestamp;
use crate::output::digits;
use crate::output::options::{Timestamps, View};

/// Writes the times of events. It knows when each session opened, and caches the last text, so that printing is fast.
#[derive(Debug)]
pub struct TimestampWriter {
    opened: HashMap<Option<u64>, Duration>,
    utc: WallClock,
    local: WallClock,
    /// The arguments for which `last` was written.
    last_for: Option<(Timestamps, View, Option<u64>, Timestamp)>,
    /// The last text.
    last: Vec<u8>,
}

impl Default for TimestampWriter {
    /// A writer that knows no session yet.
    fn default() -> Self {
        let (utc, local) = (WallClock::new(Zone::Utc), WallClock::new(Zone::System));
        Self { opened: HashMap::new(), utc, local, last_for: None, last: Vec::new() }
    }
}

impl TimestampWriter {
    /// Notes that the session of `client` opened.
    pub fn open(&mut self, client: Option<u64>, at: Timestamp) {
        self.opened.insert(client, at.elapsed);
        self.last_for = None;
    }

    /// Forgets the session of `client`, which is over.
    pub fn forget(&mut self, client: Option<u64>) {
        self.opened.remove(&client);
        self.last_for = None;
    }

    /// How long the session of `client` has been open; `None`, if it has not opened.
    pub fn elapsed(&self, client: Option<u64>, at: Timestamp) -> Option<Duration> {
        self.opened.get(&client).map(|opened| at.elapsed.saturating_sub(*opened))
    }

    /// Appends the time in the form of `timestamps`, without a space after it. All messages of one read have the same
    /// time, so most calls find the text in the cache.
    pub fn write(
        &mut self,
        output: &mut Vec<u8>,
        (timestamps, view): (Timestamps, View),
        client: Option<u64>,
        at: Timestamp,
    ) {
        let arguments = Some((timestamps, view, client, at));
        if self.last_for != arguments {
            self.last_for = arguments;
            self.last.clear();
            self.write_last(timestamps, view, client, at);
        }
        output.extend_from_slice(&self.last);
    }

    fn write_last(&mut self, timestamps: Timestamps, view: View, client: Option<u64>, at: Timestamp) {
        match timestamps {
            Timestamps::Relative => {
                self.last.push(b'+');
                let elapsed = self.elapsed(client, at).unwrap_or_default();
                seconds(&mut self.last, elapsed);
            }
            Timestamps::Local => self.local.write(&mut self.last, view, at.wall),
            Timestamps::Utc => self.utc.write(&mut self.last, view, at.wall),
        }
    }
}

/// Appends a duration as seconds with microseconds: `1.234567`.
pub fn seconds(output: &mut Vec<u8>, duration: Duration) {
    digits::decimal(output, duration.as_secs());
    output.push(b'.');
    digits::millionths(output, duration.subsec_micros());
}

#[derive(Debug, Clone, Copy)]
enum Zone {
    Utc,
    System,
}

/// Writes wall clock times in one time zone. It formats only the first time in each second; the others differ only in
/// the fraction.
#[derive(Debug)]
struct WallClock {
    zone: Zone,
    second: Option<i64>,
    /// The text before the fraction: `2026-11-21T14:03:07`.
    before: String,
    /// The text after the fraction: `Z`, or `+01:00`.
    after: String,
}

impl WallClock {
    fn new(zone: Zone) -> Self {
        Self { zone, second: None, before: String::new(), after: String::new() }
    }

    /// On a terminal `14:03:07.042`, elsewhere all of RFC 3339.
    fn write(&mut self, output: &mut Vec<u8>, view: View, time: SystemTime) {
        // RFC 3339 cannot write years that are further away, and a clock that shows them is wrong.
        let timestamp =
            jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH).max(jiff::Timestamp::UNIX_EPOCH);
        if self.second != Some(timestamp.as_second()) {
            self.set(timestamp);
        }
        let before = self.before.as_bytes();
        let date = if view == View::Terminal { "2026-11-21T".len() } else { 0 };
        output.extend_from_slice(&before[date..]);
        output.push(b'.');
        digits::millionths(output, timestamp.subsec_microsecond().unsigned_abs());
        if view == View::Terminal {
            output.truncate(output.len() - "042".len());
            return;
        }
        output.extend_from_slice(self.after.as_bytes());
    }

    fn set(&mut self, timestamp: jiff::Timestamp) {
        let zone = match self.zone {
            Zone::Utc => TimeZone::UTC,
            Zone::System => TimeZone::system(),
        };
        let zoned = Zoned::new(timestamp, zone);
        self.second = Some(timestamp.as_second());
        self.before = zoned.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        self.after = match self.zone {
            Zone::Utc => "Z".to_owned(),
            Zone::System => zoned.strftime("%:z").to_string(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(elapsed: Duration, since_epoch: Duration) -> Timestamp {
        Timestamp { wall: SystemTime::UNIX_EPOCH + since_epoch, elapsed }
    }

    fn written(clock: &mut TimestampWriter, timestamps: Timestamps, at: Timestamp) -> String {
        let mut output = Vec::new();
        clock.write(&mut output, (timestamps, View::Exact), None, at);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn relative_times_count_from_the_opening_of_the_session() {
        let start = Duration::from_secs(7);
        let mut clock = TimestampWriter::default();
        let later = at(start + Duration::from_micros(1_234_567), Duration::ZERO);
        assert_eq!(written(&mut clock, Timestamps::Relative, later), "+0.000000");
        clock.open(None, at(start, Duration::ZERO));
        assert_eq!(written(&mut clock, Timestamps::Relative, later), "+1.234567");
        assert_eq!(clock.elapsed(Some(1), later), None);
    }

    #[test]
    fn utc_times_are_rfc_3339_with_microseconds() {
        let mut clock = TimestampWriter::default();
        for (micros, expected) in [
            (1_795_270_987_000_042, "2026-11-21T14:23:07.000042Z"),
            (1_795_270_987_999_999, "2026-11-21T14:23:07.999999Z"),
            (1_795_270_988_000_000, "2026-11-21T14:23:08.000000Z"),
        ] {
            let at = at(Duration::ZERO, Duration::from_micros(micros));
            assert_eq!(written(&mut clock, Timestamps::Utc, at), expected);
        }
    }

    #[test]
    fn a_terminal_shows_the_time_of_day_with_milliseconds() {
        let mut output = Vec::new();
        let at = at(Duration::ZERO, Duration::from_micros(1_795_270_987_042_999));
        TimestampWriter::default().write(&mut output, (Timestamps::Utc, View::Terminal), None, at);
        assert_eq!(output, b"14:23:07.042");
    }

    #[test]
    fn local_times_carry_their_offset() {
        let text =
            written(&mut TimestampWriter::default(), Timestamps::Local, at(Duration::ZERO, Duration::from_secs(1)));
        assert!(text.parse::<jiff::Timestamp>().is_ok(), "{text}");
        assert_eq!(text.len(), "2026-11-21T14:23:07.000042+01:00".len());
    }
}
