//! The progress of a long send, as one line for a terminal.

use std::fmt;
use std::time::Duration;

/// The progress of a long send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The number of bytes that were sent.
    pub sent: u64,
    /// The number of bytes that are still to be sent; `None`, if it is not known.
    pub left: Option<u64>,
    /// The current rate, in bytes a second.
    pub rate: u64,
}

impl fmt::Display for Progress {
    /// In ASCII.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sent, rate) = (size(self.sent), size(self.rate));
        let Some(left) = self.left else { return write!(formatter, "sent {sent}, {rate}/s") };
        let all = self.sent.saturating_add(left);
        let percent = u128::from(self.sent) * 100 / u128::from(all.max(1));
        let time = match left.div_ceil(self.rate.max(1)) {
            _ if self.rate == 0 => String::new(),
            seconds => format!(", {} left", duration(Duration::from_secs(seconds))),
        };
        write!(formatter, "sent {sent} of {} ({percent}%), {rate}/s{time}", size(all))
    }
}

/// `1.5 MiB`
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} bytes"),
        unit => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
    }
}

/// `1:02:03`, or `42 s` below a minute.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes}:{:02}", seconds % 60),
        _ => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_much_how_fast_and_how_long() {
        let line = |sent, left, rate| Progress { sent, left, rate }.to_string();
        assert_eq!(line(1_500_000, None, 300_000), "sent 1.4 MiB, 292.9 KiB/s");
        assert_eq!(line(25 << 20, Some(75 << 20), 5 << 20), "sent 25.0 MiB of 100.0 MiB (25%), 5.0 MiB/s, 15 s left");
        assert_eq!(line(1023, Some(1 << 30), 1 << 20), "sent 1023 bytes of 1.0 GiB (0%), 1.0 MiB/s, 17:04 left");
        assert_eq!(line(0, Some(1 << 40), 1 << 20), "sent 0 bytes of 1.0 TiB (0%), 1.0 MiB/s, 291:16:16 left");
        assert_eq!(line(10, Some(10), 0), "sent 10 bytes of 20 bytes (50%), 0 bytes/s");
    }
}
