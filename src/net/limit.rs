//! A time limit that remembers how long it was, and since when it has been waited, so that an error can say so.

use std::time::{Duration, Instant};

use crate::error::{Error, Phase};

/// A century, which any clock can still add to now.
const FOREVER: Duration = Duration::from_hours(24 * 365 * 100);

/// The time that getting connected has: name lookup, TCP, proxy, TLS and upgrade together.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit {
    /// When it is over.
    pub until: Instant,
    /// How long it was.
    pub length: Duration,
    /// What has so much time, for messages: "10 s that …".
    pub owner: &'static str,
    /// When the step began that is under way.
    pub since: Instant,
}

impl TimeLimit {
    /// A limit that starts now; a length beyond all clocks is as good as none.
    pub fn starting_now(length: Duration) -> Self {
        let now = Instant::now();
        Self { until: now + length.min(FOREVER), length, owner: "all steps have together", since: now }
    }

    /// This limit, or one of `length` that starts now, where that is over sooner.
    pub fn at_most(self, length: Duration) -> Self {
        let short = Self::starting_now(length);
        if self.until < short.until { self } else { short }
    }

    /// The same limit, for a step that begins now.
    pub fn for_next_step(self) -> Self {
        Self { since: Instant::now(), ..self }
    }

    /// What is left of it; `None` once it has passed.
    pub fn left(self) -> Option<Duration> {
        self.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// The error of a limit that has passed in the step that is under way; `message` is completed by "within 10 s".
    pub fn passed(self, phase: Phase, message: impl Into<String>) -> Error {
        let Self { length, owner, since, .. } = self;
        let (waited, length_shown) = (since.elapsed().as_secs_f64(), length.as_secs_f64());
        let waited = format!("waited {waited:.1} s for it, of the {length_shown} s that {owner}");
        Error::timed_out(phase, length, message).evidence(waited)
    }
}
