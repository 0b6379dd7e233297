//! The session's own clock: it stands still while the reader shows what has come, so that a peer is not blamed, and
//! nothing is left unread, because we were slow.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time on the session's clock, since the session opened.
pub type SessionTime = Duration;

/// The clock, and when the peer was last heard on it.
#[derive(Debug)]
pub struct Clock {
    opened: Instant,
    /// Nanoseconds for which the clock has stood still so far.
    stalled: AtomicU64,
    /// The part of `stalled` in which our own output was waited for.
    blocked: AtomicU64,
    /// Nanoseconds after `opened` at which the reader began to show something, plus one; 0 while it doesn't.
    stalled_since: AtomicU64,
    last_byte: AtomicU64,
    last_data: AtomicU64,
    last_written: AtomicU64,
    /// When a message of the input was last about to be written; 0 before the first.
    last_asked: AtomicU64,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self {
            opened: Instant::now(),
            stalled: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            stalled_since: AtomicU64::new(0),
            last_byte: AtomicU64::new(0),
            last_data: AtomicU64::new(0),
            last_written: AtomicU64::new(0),
            last_asked: AtomicU64::new(0),
        }
    }

    /// How long the session has been open, on the wall.
    pub fn open_for(&self) -> Duration {
        self.opened.elapsed()
    }

    /// The time on the session's clock.
    pub fn now(&self) -> SessionTime {
        self.without(&self.stalled)
    }

    /// The same, but it goes on while we are busy and don't wait for our own output: in a flood [`now`](Self::now) hardly
    /// gets on, and a time limit that holds whatever comes would never be over.
    pub fn busy_now(&self) -> SessionTime {
        self.without(&self.blocked)
    }

    fn without(&self, left_out: &AtomicU64) -> SessionTime {
        let until = match self.stalled_since.load(Ordering::Acquire) {
            0 => nanoseconds(self.opened.elapsed()),
            since => since - 1,
        };
        Duration::from_nanos(until.saturating_sub(left_out.load(Ordering::Acquire)))
    }

    /// Runs `show`, which may block, with the clock standing still. It tells how long it was blocked.
    pub fn stalled_while<T>(&self, show: impl FnOnce() -> (T, Duration)) -> T {
        let began = nanoseconds(self.opened.elapsed());
        self.stalled_since.store(began + 1, Ordering::Release);
        let (result, blocked) = show();
        let took = nanoseconds(self.opened.elapsed()) - began;
        self.stalled.fetch_add(took, Ordering::AcqRel);
        self.blocked.fetch_add(nanoseconds(blocked).min(took), Ordering::AcqRel);
        self.stalled_since.store(0, Ordering::Release);
        result
    }

    /// Bytes arrived.
    pub fn heard(&self) {
        self.last_byte.store(nanoseconds(self.now()), Ordering::Release);
    }

    /// Bytes of a data frame arrived. Whether they are the first since a message of the input was written.
    pub fn heard_data(&self) -> bool {
        let is_answer = !self.is_answered();
        self.last_data.store(nanoseconds(self.now()), Ordering::Release);
        is_answer
    }

    /// The peer's end of the connection took bytes of ours.
    pub fn written(&self) {
        self.last_written.store(nanoseconds(self.now()), Ordering::Release);
    }

    /// Messages of the input are about to be written: what comes from now on may answer them.
    pub fn asked(&self) {
        self.last_asked.store(nanoseconds(self.now()).max(1), Ordering::Release);
    }

    /// When a message of the input was last about to be written; `None` before the first.
    pub fn last_asked(&self) -> Option<SessionTime> {
        match self.last_asked.load(Ordering::Acquire) {
            0 => None,
            asked => Some(Duration::from_nanos(asked)),
        }
    }

    /// Whether data has come since a message of the input was last written; where none was, nothing is owed.
    pub fn is_answered(&self) -> bool {
        self.last_asked().is_none_or(|asked| self.last_data() >= asked)
    }

    /// When the connection last took bytes of ours; the opening, before the first.
    pub fn last_written(&self) -> SessionTime {
        Duration::from_nanos(self.last_written.load(Ordering::Acquire))
    }

    /// When the last byte arrived; the opening, before the first.
    pub fn last_byte(&self) -> SessionTime {
        Duration::from_nanos(self.last_byte.load(Ordering::Acquire))
    }

    /// When the last byte of a data frame arrived; the opening, before the first.
    pub fn last_data(&self) -> SessionTime {
        Duration::from_nanos(self.last_data.load(Ordering::Acquire))
    }
}

/// Nanoseconds in 64 bits last for 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
