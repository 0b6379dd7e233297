//! An output that never holds up the thread that writes: what its destination does not take waits, up to a limit.

use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::output::Output;

/// Bytes that may wait. Events beyond it are not shown.
const LIMIT: usize = 8 * 1024 * 1024;
/// Bytes that may wait with the one event that went beyond it. What is left of that event is not shown.
const WITH_LAST_EVENT: usize = 2 * LIMIT;

/// What waits for a destination. Clones are the same.
#[derive(Clone)]
pub struct OutputQueue {
    shared: Arc<Shared>,
}

/// The end that is written to.
pub struct QueuedOutput {
    queue: OutputQueue,
    /// How many columns the destination has.
    columns: Box<dyn Fn() -> Option<usize> + Send>,
}

struct Shared {
    state: Mutex<State>,
    /// Signalled when something waits, and when something was written.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// The thread writes something.
    is_writing: bool,
    /// Nothing follows for now: an unfinished line is to be shown.
    is_through: bool,
    /// Events that were not shown.
    skipped: u64,
    /// The first error of the destination.
    error: Option<io::ErrorKind>,
    /// How often something was written.
    writes: u64,
}

impl OutputQueue {
    /// A queue before `destination`, and the end to write to. `columns` tells how wide it is.
    ///
    /// # Errors
    /// When the process may have no more threads.
    pub fn before(
        mut destination: Box<dyn Output>,
        columns: impl Fn() -> Option<usize> + Send + 'static,
    ) -> io::Result<(Self, QueuedOutput)> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let queue = Self { shared };
        let other = queue.clone();
        thread::Builder::new().spawn(move || other.write_to(&mut *destination))?;
        Ok((queue.clone(), QueuedOutput { queue, columns: Box::new(columns) }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits, for ever.
    fn write_to(&self, destination: &mut dyn Output) {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.is_through;
        loop {
            let state = self.shared.changed.wait_while(self.lock(), is_idle);
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            state.tell_skipped();
            let bytes = mem::take(&mut state.waiting);
            let is_through = mem::take(&mut state.is_through);
            state.is_writing = true;
            drop(state);
            let written = destination.write_all(&bytes);
            let written = if is_through { written.and_then(|()| destination.flush_through()) } else { written };
            let mut state = self.lock();
            state.is_writing = false;
            state.writes += 1;
            state.error = state.error.or(written.err().map(|error| error.kind()));
            // Those for which there was no room while this was written.
            state.tell_skipped();
            drop(state);
            self.shared.changed.notify_all();
        }
    }

    /// Waits until everything is written, as long as something of it is taken within `limit`; tells whether it is.
    pub fn wait(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        let mut until = Instant::now() + limit;
        let mut writes = state.writes;
        loop {
            if state.waiting.is_empty() && !state.is_writing && !state.is_through {
                return true;
            }
            if state.writes != writes {
                writes = state.writes;
                until = Instant::now() + limit;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    /// Says behind what waits how many events were not shown.
    fn tell_skipped(&mut self) {
        let line = match mem::take(&mut self.skipped) {
            0 => return,
            1 => "1 event was not shown: the terminal took nothing\n".to_owned(),
            skipped => format!("{skipped} events were not shown: the terminal took nothing\n"),
        };
        self.waiting.extend_from_slice(line.as_bytes());
    }
}

impl Output for QueuedOutput {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.queue.lock();
        if let Some(error) = state.error {
            return Err(error.into());
        }
        if state.waiting.len() < WITH_LAST_EVENT {
            state.waiting.extend_from_slice(bytes);
        }
        drop(state);
        self.queue.shared.changed.notify_all();
        Ok(())
    }

    fn flush_through(&mut self) -> io::Result<()> {
        self.queue.lock().is_through = true;
        self.queue.shared.changed.notify_all();
        Ok(())
    }

    fn columns(&self) -> Option<usize> {
        (self.columns)()
    }

    /// Once events were skipped, there is room when everything before them is written: what is shown then is in one piece.
    fn has_room(&self) -> bool {
        let state = self.queue.lock();
        state.waiting.len() < LIMIT && (state.skipped == 0 || state.waiting.is_empty())
    }

    fn skip(&mut self, events: u64) {
        self.queue.lock().skipped += events;
    }
}
