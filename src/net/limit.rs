//! A time limit that remembers how long it was, so that an error can say so.

use std::time::{Duration, Instant};

use crate::error::{Error, Phase};

/// A century, which any clock can still add to now.
const FOREVER: Duration = Duration::from_hours(24 * 365 * 100);

/// The time that getting connected has: name lookup, TCP, TLS and upgrade together.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit {
    /// When it is over.
    pub until: Instant,
    /// How long it was.
    pub length: Duration,
}

impl TimeLimit {
    /// A limit that starts now; a length beyond all clocks is as good as none.
    pub fn starting_now(length: Duration) -> Self {
        Self { until: Instant::now() + length.min(FOREVER), length }
    }

    /// What is left of it; `None` once it has passed.
    pub fn left(self) -> Option<Duration> {
        self.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// The error of a limit that has passed; `message` is completed by "within 10 s".
    pub fn passed(self, phase: Phase, message: impl Into<String>) -> Error {
        Error::timed_out(phase, self.length, message)
    }
}
