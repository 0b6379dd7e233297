//! Signals that ask the process to end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::Poller;

/// Catches SIGINT and SIGTERM. They end the wait of a poller and do not kill the process.
#[derive(Debug)]
pub struct Signals {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
    /// Whether they end the process as if they were not caught.
    released: Arc<AtomicBool>,
}

/// A signal that asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// Ends the process as this signal does where it is not caught: the parent sees which signal it was, and a shell ends
    /// the loop around the command. Returns only where the system refuses that.
    pub fn end_process(self) {
        let number = match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        };
        // A failure is of no use to the caller, which ends the process anyway.
        let _ = low_level::emulate_default_handler(number);
    }
}

impl Signals {
    /// Installs the handlers. From now on the signals end the wait of `poller`.
    ///
    /// # Errors
    /// The error of a system call: a handler cannot be installed, or the process has no descriptor left.
    pub fn catch(poller: &Poller) -> io::Result<Self> {
        let signals = Self { interrupted: Arc::default(), terminated: Arc::default(), released: Arc::default() };
        for (signal, flag) in [(SIGINT, &signals.interrupted), (SIGTERM, &signals.terminated)] {
            flag::register_conditional_default(signal, Arc::clone(&signals.released))?;
            flag::register(signal, Arc::clone(flag))?;
            low_level::pipe::register(signal, poller.pipe_for_signals()?)?;
        }
        Ok(signals)
    }

    /// Has them end the process from now on, as they do where they are not caught.
    pub fn release(&self) {
        self.released.store(true, Ordering::SeqCst);
    }

    /// The signal that came since the last call. If both came, SIGTERM is returned first.
    pub fn take(&self) -> Option<Signal> {
        if self.terminated.swap(false, Ordering::AcqRel) {
            Some(Signal::Terminate)
        } else if self.interrupted.swap(false, Ordering::AcqRel) {
            Some(Signal::Interrupt)
        } else {
            None
        }
    }
}
