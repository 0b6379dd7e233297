//! Keeps Ctrl-C alive while the terminal's output is paused.
//!
//! The editor has switched signals off, since it reads Ctrl-C as a key. But when nobody takes the terminal's output it
//! is stuck in a write and reads no key. Then signals are switched on until output goes on.

use std::io;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use nix::poll::PollTimeout;

use super::{Phase, Shared, State};

/// How long a batch may take before the terminal is looked at.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long the terminal must refuse output until it is taken for paused.
const PAUSE: u16 = 100;

/// Watches the terminal until its editor is gone.
pub(super) fn start(shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new().name("terminal".into()).spawn(move || while shared.watch() {})?;
    Ok(())
}

impl State {
    /// Whether the editor has the terminal, or is about to, and something waits for it.
    fn is_awaiting(&self) -> bool {
        self.phase != Phase::Idle && (self.given.is_some() || self.backlog.has_lines())
    }
}

impl Shared {
    /// One look at the terminal; whether to go on.
    fn watch(&self) -> bool {
        let is_calm = |state: &mut State| state.print_above.is_some() && !state.is_awaiting();
        let state = self.changed.wait_while(self.lock(), is_calm).unwrap_or_else(PoisonError::into_inner);
        if state.print_above.is_none() {
            return false;
        }
        let before = state.shown;
        let is_stuck = |state: &mut State| state.shown == before && state.is_awaiting();
        let progress = self.changed.wait_timeout_while(state, PATIENCE, is_stuck);
        let (state, timeout) = progress.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if timeout.timed_out() && !self.device.is_writable_within(PollTimeout::from(PAUSE)) {
            self.let_signals_through();
        }
        true
    }

    fn let_signals_through(&self) {
        while !self.device.is_writable_within(PollTimeout::from(PAUSE)) {
            // Again and again, since the editor may be about to switch them off.
            self.set_signals(true);
        }
        let is_turning = |state: &mut State| matches!(state.phase, Phase::Starting | Phase::Stopping);
        drop(self.changed.wait_while(self.lock(), is_turning));
        self.set_signals(false);
    }

    /// Under the lock, so as not to undo what [`Terminal::finish`](super::Terminal::finish) does to the terminal.
    fn set_signals(&self, on: bool) {
        let state = self.lock();
        if state.phase != Phase::Idle && !state.is_taken {
            // Where this fails the terminal is gone, and nobody there to be told.
            let _ = self.device.set_signals(on);
        }
    }
}
