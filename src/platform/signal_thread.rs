//! A thread that sees signals before they do what they do by default. A signal handler could hardly do anything first.

use std::io;
use std::thread;

use signal_hook::consts::{
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The signals that end a process by default, and that another process or the system may send. [`super::Signals`] may
/// catch SIGINT and SIGTERM too.
const ENDING: [i32; 10] = [SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU];

/// A signal that the thread saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenSignal {
    /// SIGCONT: the process goes on after a stop.
    Continued,
    /// SIGINT or SIGTERM.
    Request,
    /// Another signal that ends a process by default.
    Fatal,
}

/// Calls `see` with each signal, on a thread that lasts as long as the process, and with what does as the signal does by
/// default: where `see` calls that for one that ends the process, it does not return.
///
/// # Errors
/// The error of a system call: a handler cannot be installed, or the thread cannot be started.
pub fn watch_signals(see: impl Fn(SeenSignal, &dyn Fn()) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(ENDING.into_iter().chain([SIGCONT]))?;
    let watch = move || {
        for signal in &mut signals {
            let seen = match signal {
                SIGCONT => SeenSignal::Continued,
                SIGINT | SIGTERM => SeenSignal::Request,
                _ => SeenSignal::Fatal,
            };
            see(seen, &|| {
                // This fails only for a signal that the crate does not know.
                let _ = emulate_default_handler(signal);
            });
        }
    };
    thread::Builder::new().name("signals".into()).spawn(watch)?;
    Ok(())
}
