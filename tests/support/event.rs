//! Something that happens once, and that another thread of the test waits for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::PATIENCE;

/// All copies are the same event.
#[derive(Debug, Clone, Default)]
pub struct Event(Arc<(Mutex<bool>, Condvar)>);

impl Event {
    /// It has not happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// It happens now.
    pub fn happens(&self) {
        *self.state() = true;
        self.0.1.notify_all();
    }

    /// Waits until it has happened.
    #[track_caller]
    pub fn wait(&self) {
        let waited = self.0.1.wait_timeout_while(self.state(), PATIENCE, |happened| !*happened);
        assert!(*waited.unwrap_or_else(PoisonError::into_inner).0, "the event did not happen");
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
