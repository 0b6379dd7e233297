//! The thread `terminal`, which makes Ctrl-C a signal while the editor does not read it as a key.
//!
//! In the modes of the editor Ctrl-C is a key. While a line is edited, the editor reads the key. Between two lines, the
//! key waits for the next line. But there are two cases in which the key would wait for long: the editor's write to a
//! paused terminal blocks, or the thread that executes the last line blocks. In these cases Ctrl-C is a signal until
//! they end.

use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{LinePhase, Shared, State};
use crate::platform::CtrlC;

/// How long the editor may take to show a batch, or to begin the next line. After that, the thread looks at the
/// terminal.
const WATCH_DELAY: Duration = Duration::from_millis(200);

/// A terminal that takes no output for this long is considered paused.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts the thread. It ends when the terminal has no editor any more.
///
/// # Errors
/// The error of starting the thread.
pub(super) fn start(shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new().name("terminal".into()).spawn(move || while shared.watch() {})?;
    Ok(())
}

impl State {
    /// Whether the editor uses the terminal, or is about to, and the terminal has output that was not shown yet.
    fn is_awaiting(&self) -> bool {
        self.phase != LinePhase::Idle && (self.output.is_none() || self.given.is_some() || self.pending.has_lines())
    }

    fn is_idle_with_ctrl_c_as_key(&self) -> bool {
        self.phase == LinePhase::Idle && self.ctrl_c == CtrlC::Key
    }
}

impl Shared {
    /// Waits for one of the two cases, and handles it. Returns whether the thread goes on.
    fn watch(&self) -> bool {
        let is_calm = |state: &mut State| {
            state.print_above.is_some() && !state.is_awaiting() && !state.is_idle_with_ctrl_c_as_key()
        };
        let state = self.changed.wait_while(self.lock(), is_calm).unwrap_or_else(PoisonError::into_inner);
        if state.print_above.is_none() {
            return false;
        }
        match state.phase {
            LinePhase::Idle => self.watch_pause(state),
            LinePhase::Starting | LinePhase::Editing | LinePhase::Stopping => self.watch_output(state),
        }
        true
    }

    /// Handles the time between two lines: if it takes long, Ctrl-C becomes a signal.
    fn watch_pause(&self, state: MutexGuard<'_, State>) {
        let line = state.lines;
        let is_pause = |state: &mut State| state.is_idle_with_ctrl_c_as_key() && state.lines == line;
        let over = self.changed.wait_timeout_while(state, WATCH_DELAY, is_pause);
        let (mut state, timeout) = over.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            self.set_ctrl_c(&mut state, CtrlC::Signal);
        }
    }

    /// Handles output that the editor must show: while the terminal is paused, Ctrl-C is a signal.
    fn watch_output(&self, state: MutexGuard<'_, State>) {
        let before = state.shown;
        let is_stuck = |state: &mut State| state.shown == before && state.is_awaiting();
        let progress = self.changed.wait_timeout_while(state, WATCH_DELAY, is_stuck);
        let (state, timeout) = progress.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if !timeout.timed_out() || self.device.is_writable_within(PAUSE) {
            return;
        }
        while !self.device.is_writable_within(PAUSE) {
            // In each turn, because the editor's `line_begins` may make it a key meanwhile.
            self.set_ctrl_c(&mut self.lock(), CtrlC::Signal);
        }
        let is_turning = |state: &mut State| matches!(state.phase, LinePhase::Starting | LinePhase::Stopping);
        let turned = self.changed.wait_while(self.lock(), is_turning);
        self.set_ctrl_c(&mut turned.unwrap_or_else(PoisonError::into_inner), CtrlC::Key);
    }

    /// Makes Ctrl-C a key or a signal. The lock on the state must be held, so that this does not undo the modes that
    /// [`Terminal::finish`](super::Terminal::finish) sets.
    pub(super) fn set_ctrl_c(&self, state: &mut State, ctrl_c: CtrlC) {
        if !state.is_taken {
            // This fails only if the terminal is gone.
            let _ = self.device.set_ctrl_c(ctrl_c);
            state.ctrl_c = ctrl_c;
        }
    }
}
