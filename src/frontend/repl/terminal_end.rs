//! The end at a terminal: what waits to be shown is shown first, as far as that is due.

use std::convert::Infallible;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::runner::{End, Finish, Runner};
use crate::error::ExitStatus;
use crate::output::terminal::Terminal;

/// How long it may take to show what is left when a signal or a time limit ends the run.
const BRIEF: Duration = Duration::from_secs(1);

/// Shows what is left before the process ends, as `end` says; a signal cuts that short. Puts the terminal back.
pub fn show_what_is_left(terminal: &Terminal, end: End, runner: &mut Runner) -> ExitStatus {
    let until = match end.finish {
        Finish::Completely => None,
        Finish::Briefly => Some(Instant::now() + BRIEF),
        Finish::AtOnce => {
            terminal.abandon();
            return end.status;
        }
    };
    let (shown, notifier) = (terminal.clone(), runner.poller.notifier());
    let (busy, done) = mpsc::channel::<Infallible>();
    let started = thread::Builder::new().spawn(move || {
        // That the terminal is gone cannot be told on it.
        let _ = shown.finish();
        drop(busy);
        notifier.notify();
    });
    if started.is_err() {
        let _ = terminal.finish();
        return end.status;
    }
    let signals = &runner.signals;
    let finished = runner.poller.wait_for(until, None, |_| match done.try_recv() {
        Err(TryRecvError::Empty) => signals.take().map(Err),
        _ => Some(Ok(())),
    });
    match finished {
        Some(Ok(())) => end.status,
        Some(Err(signal)) => {
            terminal.abandon();
            signal.into()
        }
        None => {
            terminal.abandon();
            end.status
        }
    }
}
