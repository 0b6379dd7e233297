//! How the terminal is taken from the editor at the end of a run.

use std::io;
use std::sync::{MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::{BRACKETED_PASTE_OFF, LinePhase, Shared, State, Terminal};
use crate::output::Output;

/// How long [`Terminal::finish`] and [`Terminal::abandon`] wait for the editor, or for a terminal that takes no output.
const LAST_WAIT: Duration = Duration::from_millis(100);

/// Moves the cursor below the line that the editor has drawn, and switches off bracketed paste, which the editor uses.
const LEAVE_LINE: &[u8] = b"\x1b[?2004l\r\n";

/// Erases a line that has nothing but the prompt, and switches off bracketed paste.
const ERASE_LINE: &[u8] = b"\x1b[?2004l\r\x1b[J";

/// What a line that is edited holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineContent {
    /// Nothing but the prompt.
    Nothing,
    /// Something that was typed.
    Text,
}

impl LineContent {
    /// That of a line with this text.
    pub fn of(text: &str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text }
    }
}

impl Terminal {
    /// Ends the use of the editor: writes all that waits, and gives the terminal its first modes back. Later text is
    /// written at once. A line that another thread is editing stays as it is, unless it is empty.
    ///
    /// # Errors
    /// The error of the write, or of setting the modes.
    pub fn finish(&self) -> io::Result<()> {
        let result = self.shared.changed.wait_while(self.shared.lock(), |state| state.output.is_none());
        let mut state = self.shared.take_over(result.unwrap_or_else(PoisonError::into_inner));
        let rest = state.take_rest();
        let written = state.output.as_mut().map_or(Ok(()), |output| output.write_all(&rest));
        written.and(self.device().restore())
    }

    /// The same as [`finish`](Self::finish), just before the process exits. It gives up on text that cannot be written
    /// within a few tenths of a second.
    pub fn abandon(&self) {
        // Errors are ignored: the process is about to exit, and the terminal may be gone.
        let _ = self.device().restore();
        if let Some(state) = self.shared.lock_within(LAST_WAIT) {
            let result = self.shared.changed.wait_timeout_while(state, LAST_WAIT, |state| state.output.is_none());
            let mut state = self.shared.take_over(result.unwrap_or_else(PoisonError::into_inner).0);
            let _ = self.device().restore();
            if state.output.is_some() {
                let _ = self.device().write_within(&state.take_rest(), LAST_WAIT);
            }
        }
    }
}

impl Shared {
    /// Locks the state. `None`, if another thread holds the lock for longer than `limit`: it may be writing to a
    /// terminal that takes no output.
    fn lock_within(&self, limit: Duration) -> Option<MutexGuard<'_, State>> {
        let deadline = Instant::now() + limit;
        loop {
            match self.state.try_lock() {
                Ok(state) => return Some(state),
                Err(TryLockError::Poisoned(state)) => return Some(state.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Takes the terminal from the editor for good. If the editor is using it, this waits a little until the editor has
    /// shown its batch, and has drawn its line.
    fn take_over<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.is_taken = true;
        if state.phase != LinePhase::Idle {
            let was_given = state.given.is_some();
            let is_writing = |state: &mut State| state.given.is_some() || state.is_drawing;
            let result = self.changed.wait_timeout_while(state, LAST_WAIT, is_writing);
            state = result.unwrap_or_else(PoisonError::into_inner).0;
            // An editor that has just shown a batch has not drawn its line again yet.
            let has_line = !was_given || state.given.is_some();
            let end = match state.line {
                _ if !has_line => BRACKETED_PASTE_OFF,
                LineContent::Nothing => ERASE_LINE,
                LineContent::Text => LEAVE_LINE,
            };
            // If this fails, the next write fails too, and its error is reported.
            let _ = self.device.write_within(end, LAST_WAIT);
        }
        state.phase = LinePhase::Idle;
        state.print_above = None;
        self.changed.notify_all();
        state
    }
}

impl State {
    /// Takes the batch that the editor has not shown, and all bytes that wait behind it.
    fn take_rest(&mut self) -> Vec<u8> {
        let mut rest = self.given.take().unwrap_or_default().into_bytes();
        rest.append(&mut self.pending.take_all());
        rest
    }
}
