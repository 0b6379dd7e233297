//! How much has gone out. It is read without waiting for the thread that writes.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the bytes of our frames so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendProgress {
    /// Bytes that the connection has taken.
    pub written: u64,
    /// Bytes that it is to take next.
    pub waiting: u64,
}

/// Counts; its reader may see the two numbers of different moments.
#[derive(Debug, Default)]
pub(super) struct SendCounter {
    written: AtomicU64,
    waiting: AtomicU64,
}

impl SendCounter {
    /// The connection has taken `taken` bytes more, and `waiting` are left.
    pub(super) fn count(&self, taken: usize, waiting: usize) {
        self.written.fetch_add(taken as u64, Ordering::Relaxed);
        self.waiting.store(waiting as u64, Ordering::Relaxed);
    }

    /// The numbers so far.
    pub(super) fn read(&self) -> SendProgress {
        SendProgress { written: self.written.load(Ordering::Relaxed), waiting: self.waiting.load(Ordering::Relaxed) }
    }
}
