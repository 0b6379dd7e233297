//! An output with a thread of its own: what its destination has not taken yet waits, up to a limit, and the thread that shows
//! something goes on.

use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::output::destination::{Output, same_error};

/// What becomes of more than may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// It is skipped, in whole events, and counted. 8 MiB may wait; and 8 MiB more of the event that went beyond it.
    Skipped,
    /// It is waited for: nothing is lost. 256 KiB may wait, with the write that went beyond it.
    WaitedFor,
}

/// Bytes that may wait. Events beyond it are not shown.
const LIMIT: usize = 8 << 20;
/// Bytes that may wait with the one event that went beyond it. What is left of that event is not shown.
const WITH_LAST_EVENT: usize = 2 * LIMIT;
/// Bytes that may wait where more is waited for.
const LIMIT_WAITED_FOR: usize = 256 << 10;
/// How long a destination may take nothing of what is left at the end.
const LAST_WAIT: Duration = Duration::from_secs(1);

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
    overflow: Overflow,
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
    /// The first error of the destination. It gets nothing any more.
    error: Option<io::Error>,
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
        overflow: Overflow,
        columns: impl Fn() -> Option<usize> + Send + 'static,
    ) -> io::Result<(Self, QueuedOutput)> {
        let shared = Arc::new(Shared { overflow, state: Mutex::default(), changed: Condvar::new() });
        let queue = Self { shared };
        let other = queue.clone();
        thread::Builder::new().spawn(move || other.write_to(&mut *destination))?;
        Ok((queue.clone(), QueuedOutput { queue, columns: Box::new(columns) }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits, for ever. After an error it is dropped: what came behind a gap would mislead.
    fn write_to(&self, destination: &mut dyn Output) {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.is_through;
        // The two buffers change places: what was once large enough stays so.
        let mut bytes = Vec::new();
        loop {
            let state = self.shared.changed.wait_while(self.lock(), is_idle);
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            state.tell_skipped();
            mem::swap(&mut state.waiting, &mut bytes);
            let is_through = mem::take(&mut state.is_through);
            let has_failed = state.error.is_some();
            state.is_writing = true;
            drop(state);
            self.shared.changed.notify_all();
            let written = if has_failed { Ok(()) } else { write(destination, &bytes, is_through) };
            bytes.clear();
            bytes.shrink_to(LIMIT_WAITED_FOR);
            let mut state = self.lock();
            state.is_writing = false;
            state.writes += 1;
            state.error = state.error.take().or(written.err());
            // Those for which there was no room while this was written.
            state.tell_skipped();
            drop(state);
            self.shared.changed.notify_all();
        }
    }

    /// Waits until everything is written, however long that takes.
    pub fn wait_for_all(&self) {
        let waits = |state: &mut State| !state.is_all_written();
        drop(self.shared.changed.wait_while(self.lock(), waits));
    }

    /// Waits until everything is written, as long as something of it is taken within a second; tells whether it is.
    pub fn wait(&self) -> bool {
        let mut state = self.lock();
        let mut until = Instant::now() + LAST_WAIT;
        let mut writes = state.writes;
        loop {
            if state.is_all_written() {
                return true;
            }
            if state.writes != writes {
                writes = state.writes;
                until = Instant::now() + LAST_WAIT;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn write(destination: &mut dyn Output, bytes: &[u8], is_through: bool) -> io::Result<()> {
    destination.write_all(bytes)?;
    if is_through { destination.flush_through() } else { Ok(()) }
}

impl State {
    /// The error of the destination, if it had one.
    fn written(&self) -> io::Result<()> {
        self.error.as_ref().map_or(Ok(()), |error| Err(same_error(error)))
    }

    fn is_all_written(&self) -> bool {
        self.waiting.is_empty() && !self.is_writing && !self.is_through
    }

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

impl QueuedOutput {
    /// Has `bytes` wait behind what waits, as far as there is room.
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let Shared { overflow, changed, .. } = &*self.queue.shared;
        let mut state = self.queue.lock();
        if *overflow == Overflow::WaitedFor {
            let is_full = |state: &mut State| state.waiting.len() >= LIMIT_WAITED_FOR;
            state = changed.wait_while(state, is_full).unwrap_or_else(PoisonError::into_inner);
        }
        state.written()?;
        if state.waiting.len() < WITH_LAST_EVENT {
            state.waiting.extend_from_slice(bytes);
        }
        drop(state);
        changed.notify_all();
        Ok(())
    }
}

impl Output for QueuedOutput {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(LIMIT_WAITED_FOR).try_for_each(|piece| self.append(piece))
    }

    fn flush_through(&mut self) -> io::Result<()> {
        let mut state = self.queue.lock();
        state.is_through = true;
        let written = state.written();
        drop(state);
        self.queue.shared.changed.notify_all();
        written
    }

    fn columns(&self) -> Option<usize> {
        (self.columns)()
    }

    /// Once events were skipped, there is room when everything before them is written: what is shown then is in one piece.
    fn has_room(&self) -> bool {
        let state = self.queue.lock();
        let is_below_limit = || state.waiting.len() < LIMIT && (state.skipped == 0 || state.waiting.is_empty());
        self.queue.shared.overflow == Overflow::WaitedFor || is_below_limit()
    }

    fn skip(&mut self, events: u64) {
        self.queue.lock().skipped += events;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, pipe};
    use std::thread;

    use super::*;
    use crate::output::FdOutput;

    #[test]
    fn what_is_waited_for_comes_whole() {
        let (mut reader, writer) = pipe().unwrap();
        let destination = Box::new(FdOutput::new(&writer).unwrap());
        drop(writer);
        let (queue, mut output) = OutputQueue::before(destination, Overflow::WaitedFor, || None).unwrap();
        let sent: Vec<u8> = (0..=250).cycle().take(8 << 20).collect();
        let written = sent.clone();
        let writing = thread::spawn(move || written.chunks(100_000).try_for_each(|piece| output.write_all(piece)));
        let mut received = vec![0; sent.len()];
        reader.read_exact(&mut received).unwrap();
        writing.join().unwrap().unwrap();
        queue.wait_for_all();
        assert!(received == sent);
    }

    #[test]
    fn an_error_comes_with_what_is_written_later() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let destination = Box::new(FdOutput::new(&writer).unwrap());
        let (queue, mut output) = OutputQueue::before(destination, Overflow::WaitedFor, || None).unwrap();
        output.write_all(b"lost").unwrap();
        queue.wait_for_all();
        assert_eq!(output.write_all(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(output.flush_through().unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
