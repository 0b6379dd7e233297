//! Plays one side of a recorded connection through a session: with its own timing, and after what it waited for.

use std::mem;
use std::time::{Duration, Instant};

use crate::cli::Speed;
use crate::event::{Direction, Event, Opened, Origin};
use crate::frontend::replay::received::ReceivedCounts;
use crate::http::redact::has_label;
use crate::output::Fanout;
use crate::recording::{ReadError, Record, RecordedEvent, RecordedWire};
use crate::session::{Handle, NotSent};
use crate::wire::{CloseReason, Kind, Outgoing, Role};

/// How long messages are waited for that came in the recording.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays a side of one connection.
pub struct Player<'a> {
    /// Which side.
    pub role: Role,
    /// How fast.
    pub speed: Speed,
    /// Whose session it is played in.
    pub client: Option<u64>,
    /// That session.
    pub handle: &'a Handle,
    /// What has come in it.
    pub received: &'a ReceivedCounts,
    /// Where it says what does not come.
    pub fanout: &'a Fanout,
}

/// What came of playing a connection.
#[derive(Debug, Default)]
pub struct Played {
    /// Messages that came in the recording and not now.
    pub missing: u64,
    /// Messages that were not sent, because the session was over.
    pub unsent: u64,
}

/// How far it was played.
struct Progress {
    /// When the session would have opened, had nothing come late.
    start: Instant,
    /// When the recorded one opened.
    opened_at: Duration,
    /// Messages that came in the recording so far.
    expected: u64,
    /// Whether the other side has closed first.
    is_closed: bool,
    is_over: bool,
    /// It was said that a part of what is sent is hidden.
    has_told_hidden: bool,
    played: Played,
}

impl Player<'_> {
    /// Plays the connection that `opened` at this time of the recording; `next` gives its records. It ends as that side
    /// did, and waits for what came after its last message.
    ///
    /// # Errors
    /// When the recording cannot be read.
    pub fn play(
        &self,
        opened: &Opened,
        opened_at: Duration,
        next: &mut dyn FnMut() -> Option<Result<Record, ReadError>>,
    ) -> Result<Played, ReadError> {
        let ours = if self.role == opened.role { Direction::Sent } else { Direction::Received };
        let mut progress = Progress {
            start: Instant::now(),
            opened_at,
            expected: 0,
            is_closed: false,
            is_over: false,
            has_told_hidden: false,
            played: Played::default(),
        };
        while let Some(record) = next() {
            let record = match record {
                Err(error) if error.is_early_end() => break,
                record => record?,
            };
            if let RecordedEvent::Wire { direction, event, .. } = &record.event {
                self.step(&mut progress, *direction == ours, record.at.elapsed, event);
            }
        }
        self.wait_for_messages(&mut progress);
        if progress.is_closed {
            // The other side has closed first, or answers our Close.
            self.received.wait_for(self.client, u64::MAX, PATIENCE, || self.handle.is_over());
        }
        // Where the recording does not say who closed, it is for the client to do.
        if progress.is_closed || self.role == Role::Client {
            self.handle.leave();
        }
        Ok(progress.played)
    }

    fn step(&self, progress: &mut Progress, is_ours: bool, at: Duration, event: &RecordedWire) {
        match (is_ours, event) {
            (false, RecordedWire::Message { .. }) => progress.expected += 1,
            (false, RecordedWire::Close(_)) => progress.is_closed = true,
            (true, RecordedWire::Message { kind: Kind::Text, payload, .. }) => match str::from_utf8(payload) {
                Ok(text) => {
                    if has_label(text) && !mem::replace(&mut progress.has_told_hidden, true) {
                        self.say("a part of a message is hidden in the recording, and is sent so (this is said once)");
                    }
                    self.send(progress, at, Outgoing::Text(text));
                }
                // A breach is not played again.
                Err(_) => progress.played.unsent += 1,
            },
            (true, RecordedWire::Message { kind: Kind::Binary, payload, .. }) => {
                self.send(progress, at, Outgoing::Binary(payload));
            }
            (true, RecordedWire::Ping(payload)) => self.send(progress, at, Outgoing::Ping(payload)),
            (true, RecordedWire::Close(close)) if !progress.is_closed => self.close(progress, at, close),
            // The session answers pings and closes by itself.
            (true, RecordedWire::Pong(_) | RecordedWire::Close(_))
            | (_, RecordedWire::Frame(_))
            | (false, RecordedWire::Ping(_) | RecordedWire::Pong(_)) => {}
        }
    }

    fn send(&self, progress: &mut Progress, at: Duration, outgoing: Outgoing<'_>) {
        let is_message = matches!(outgoing, Outgoing::Text(_) | Outgoing::Binary(_));
        if !progress.is_over {
            self.wait_for_messages(progress);
            self.wait_for_time(progress, at);
            progress.is_over = matches!(self.handle.send(outgoing), Err(NotSent::Closed));
        }
        progress.played.unsent += u64::from(is_message && progress.is_over);
    }

    fn close(&self, progress: &mut Progress, at: Duration, close: &CloseReason) {
        self.wait_for_messages(progress);
        self.wait_for_time(progress, at);
        let reason = String::from_utf8_lossy(&close.reason).into_owned();
        self.handle.close(close.code.map(|code| (code, reason)));
        progress.is_closed = true;
    }

    /// Waits for as many messages as came before this in the recording; those that do not come are waited for once.
    fn wait_for_messages(&self, progress: &mut Progress) {
        let expected = progress.expected.saturating_sub(progress.played.missing);
        let came = self.received.wait_for(self.client, expected, PATIENCE, || self.handle.is_over());
        progress.played.missing += expected.saturating_sub(came);
        if came < expected && !self.handle.is_over() {
            self.say(&format!(
                "{} of {expected} messages that came in the recording have not come within {} s: going on",
                expected - came,
                PATIENCE.as_secs()
            ));
        }
    }

    fn say(&self, note: &str) {
        self.fanout.show(Origin { client: self.client }, &Event::Note(note));
    }

    /// Waits until it is time for what was sent `at` this time of the recording. What came late delays what follows: the
    /// pauses stay as long as they were.
    fn wait_for_time(&self, progress: &mut Progress, at: Duration) {
        let Speed::Times(times) = self.speed else { return };
        let due = at.saturating_sub(progress.opened_at).div_f64(times);
        let due = progress.start + due;
        match due.checked_duration_since(Instant::now()) {
            Some(left) => self.handle.pause(left),
            None => progress.start += due.elapsed(),
        }
    }
}
