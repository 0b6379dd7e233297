//! A time limit that remembers how long it was, so that an error can say so.

use std::time::{Duration, Instant};

use crate::error::{Error, Phase};

/// From when until when something may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    from: Instant,
    until: Instant,
}

impl Limit {
    /// A limit that begins to run now.
    pub(super) fn until(until: Instant) -> Self {
        Self { from: Instant::now(), until }
    }

    /// When it passes.
    pub(super) fn end(self) -> Instant {
        self.until
    }

    /// What is left of it; `None` once it has passed.
    pub(super) fn left(self) -> Option<Duration> {
        self.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// The error of a limit that has passed; `message` is completed by "within 10 s".
    pub(super) fn passed(self, phase: Phase, message: impl Into<String>) -> Error {
        // The caller set the deadline a moment before `from`: people gave it in round numbers and expect them back.
        let milliseconds = (self.until.saturating_duration_since(self.from).as_secs_f64() * 100.0).round() * 10.0;
        Error::timed_out(phase, Duration::from_secs_f64(milliseconds / 1000.0), message)
    }
}
