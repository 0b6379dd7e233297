//! A thread that makes Ctrl-C a signal while the editor does not read it as a key.
//!
//! The editor's modes make Ctrl-C a key: while a line is edited the editor reads it, and between two lines it waits for the
//! next line. But the editor reads no key while its write to a paused terminal blocks, and between two lines the thread
//! that carries out the last one may block for long. Then Ctrl-C is a signal, until that is over.

use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{LinePhase, Shared, State};
use crate::platform::CtrlC;

/// How long a batch may take before the terminal is looked at, and how long it may be until the next line.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long the terminal must refuse output until it is taken for paused.
const PAUSE: Duration = Duration::from_millis(100);

/// Watches the terminal until its editor is gone.
pub(super) fn start(shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new().name("terminal".into()).spawn(move || while shared.watch() {})?;
    Ok(())
}

impl State {
    /// Whether the editor has the terminal, or is about to, and something waits for it.
    fn is_awaiting(&self) -> bool {
        self.phase != LinePhase::Idle && (self.output.is_none() || self.given.is_some() || self.pending.has_lines())
    }

    fn is_idle_with_ctrl_c_as_key(&self) -> bool {
        self.phase == LinePhase::Idle && self.ctrl_c == CtrlC::Key
    }
}

impl Shared {
    /// One look at the terminal; whether to go on.
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

    /// Between two lines.
    fn watch_pause(&self, state: MutexGuard<'_, State>) {
        let line = state.lines;
        let is_pause = |state: &mut State| state.is_idle_with_ctrl_c_as_key() && state.lines == line;
        let over = self.changed.wait_timeout_while(state, PATIENCE, is_pause);
        let (mut state, timeout) = over.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            self.set_ctrl_c(&mut state, CtrlC::Signal);
        }
    }

    /// While the editor is to show something.
    fn watch_output(&self, state: MutexGuard<'_, State>) {
        let before = state.shown;
        let is_stuck = |state: &mut State| state.shown == before && state.is_awaiting();
        let progress = self.changed.wait_timeout_while(state, PATIENCE, is_stuck);
        let (state, timeout) = progress.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if !timeout.timed_out() || self.device.is_writable_within(PAUSE) {
            return;
        }
        while !self.device.is_writable_within(PAUSE) {
            // In each turn, since the editor may be about to make it a key.
            self.set_ctrl_c(&mut self.lock(), CtrlC::Signal);
        }
        let is_turning = |state: &mut State| matches!(state.phase, LinePhase::Starting | LinePhase::Stopping);
        let turned = self.changed.wait_while(self.lock(), is_turning);
        self.set_ctrl_c(&mut turned.unwrap_or_else(PoisonError::into_inner), CtrlC::Key);
    }

    /// Under the lock, so as not to undo what [`Terminal::finish`](super::Terminal::finish) does to the terminal.
    pub(super) fn set_ctrl_c(&self, state: &mut State, ctrl_c: CtrlC) {
        if !state.is_taken {
            // This fails only where the terminal is gone.
            let _ = self.device.set_ctrl_c(ctrl_c);
            state.ctrl_c = ctrl_c;
        }
    }
}
