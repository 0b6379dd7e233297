//! Keeps Ctrl-C alive while nobody reads it as a key.
//!
//! The terminal makes no signal of Ctrl-C: while a line is edited it is a key, and between two lines it waits to be one.
//! But the editor reads no key while it is stuck in a write, because nobody takes the terminal's output; and between
//! two lines whoever had the last one may be stuck for long. Then signals are switched on, until that is over.

use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::poll::PollTimeout;

use super::{Phase, Shared, State};

/// How long a batch may take before the terminal is looked at, and how long it may be until the next line.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long, in milliseconds, the terminal must refuse output until it is taken for paused.
const PAUSE: u16 = 100;

/// Watches the terminal until its editor is gone.
pub(super) fn start(shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new().name("terminal".into()).spawn(move || while shared.watch() {})?;
    Ok(())
}

impl State {
    /// Whether the editor has the terminal, or is about to, and something waits for it.
    fn is_awaiting(&self) -> bool {
        self.phase != Phase::Idle && (self.output.is_none() || self.given.is_some() || self.backlog.has_lines())
    }

    fn is_idle_without_signals(&self) -> bool {
        self.phase == Phase::Idle && !self.has_signals
    }
}

impl Shared {
    /// One look at the terminal; whether to go on.
    fn watch(&self) -> bool {
        let is_calm =
            |state: &mut State| state.print_above.is_some() && !state.is_awaiting() && !state.is_idle_without_signals();
        let state = self.changed.wait_while(self.lock(), is_calm).unwrap_or_else(PoisonError::into_inner);
        if state.print_above.is_none() {
            return false;
        }
        match state.phase {
            Phase::Idle => self.watch_pause(state),
            Phase::Starting | Phase::Editing | Phase::Stopping => self.watch_output(state),
        }
        true
    }

    /// Between two lines.
    fn watch_pause(&self, state: MutexGuard<'_, State>) {
        let line = state.lines;
        let is_pause = |state: &mut State| state.is_idle_without_signals() && state.lines == line;
        let over = self.changed.wait_timeout_while(state, PATIENCE, is_pause);
        let (mut state, timeout) = over.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            self.set_signals(&mut state, true);
        }
    }

    /// While the editor is to show something.
    fn watch_output(&self, state: MutexGuard<'_, State>) {
        let before = state.shown;
        let is_stuck = |state: &mut State| state.shown == before && state.is_awaiting();
        let progress = self.changed.wait_timeout_while(state, PATIENCE, is_stuck);
        let (state, timeout) = progress.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if !timeout.timed_out() || self.device.is_writable_within(PollTimeout::from(PAUSE)) {
            return;
        }
        while !self.device.is_writable_within(PollTimeout::from(PAUSE)) {
            // Again and again, since the editor may be about to switch them off.
            self.set_signals(&mut self.lock(), true);
        }
        let is_turning = |state: &mut State| matches!(state.phase, Phase::Starting | Phase::Stopping);
        let turned = self.changed.wait_while(self.lock(), is_turning);
        self.set_signals(&mut turned.unwrap_or_else(PoisonError::into_inner), false);
    }

    /// Under the lock, so as not to undo what [`Terminal::finish`](super::Terminal::finish) does to the terminal.
    pub(super) fn set_signals(&self, state: &mut State, on: bool) {
        if !state.is_taken {
            // Where this fails the terminal is gone, and nobody there to be told.
            let _ = self.device.set_signals(on);
            state.has_signals = on;
        }
    }
}
