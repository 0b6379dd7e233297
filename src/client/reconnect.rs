//! Connecting, and connecting again: when, and what is said about it.

use std::error::Error as _;
use std::fmt::Write as _;
use std::os::fd::BorrowedFd;
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::cli::RequestArgs;
use crate::client::open::{self, Ready};
use crate::client::plan::Plan;
use crate::error::{Error, Phase, Result};
use crate::output::Printer;
use crate::session::backoff::{Backoff, Pause};
use crate::session::{Outcome, Sleeper, Woken};

/// Connects on a thread of its own, so that whoever waits can leave meanwhile: `Err` is what `leave` has found, which
/// is asked whenever `sleeper` wakes.
pub fn connect<T>(
    plan: &Arc<Plan>,
    printer: &Arc<Mutex<Printer>>,
    sleeper: &mut Sleeper,
    watched: Option<BorrowedFd<'_>>,
    mut leave: impl FnMut(Woken) -> Option<T>,
) -> Result<Result<Ready>, T> {
    let (tell, told) = mpsc::channel();
    let (plan, printer, waker) = (Arc::clone(plan), Arc::clone(printer), sleeper.waker());
    let connecting = thread::Builder::new().spawn(move || {
        // Nobody waits for it any more when the wait was cut short.
        let _ = tell.send(open::connect(&plan, &printer));
        drop(tell);
        waker.wake();
    });
    if let Err(error) = connecting {
        return Ok(Err(Error::new(Phase::Connect, "cannot start a thread to connect").caused_by(error)));
    }
    let connected = wait(sleeper, None, watched, |woken| match told.try_recv() {
        Ok(connected) => Some(Ok(connected)),
        Err(TryRecvError::Empty) => leave(woken).map(Err),
        Err(TryRecvError::Disconnected) => Some(Ok(Err(broken_off()))),
    });
    connected.unwrap_or_else(|| Ok(Err(broken_off())))
}

fn broken_off() -> Error {
    Error::new(Phase::Connect, "connecting broke off")
}

/// Waits until `look` has found something; it is asked whenever `sleeper` wakes. `None`: `until` came first.
pub fn wait<T>(
    sleeper: &mut Sleeper,
    until: Option<Instant>,
    watched: Option<BorrowedFd<'_>>,
    mut look: impl FnMut(Woken) -> Option<T>,
) -> Option<T> {
    let mut woken = Woken::ToLook;
    loop {
        if let Some(found) = look(woken) {
            return Some(found);
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return None;
        }
        // A sleep that fails only makes the look come earlier.
        woken = sleeper.sleep(left, watched).unwrap_or(Woken::ToLook);
    }
}

/// Whether to connect again, and when: `--reconnect`.
pub struct Redial {
    backoff: Option<Backoff>,
}

impl Redial {
    /// As the flag says.
    pub fn new(request: &RequestArgs) -> Self {
        Self { backoff: request.reconnect.map(Backoff::new) }
    }

    /// Whether it was asked for.
    pub fn is_wanted(&self) -> bool {
        self.backoff.is_some()
    }

    /// After an attempt that failed; `None`: that was the last one.
    pub fn after_failure(&mut self, error: &Error) -> Option<Pause> {
        let backoff = self.backoff.as_mut().filter(|_| error.is_transient())?;
        backoff.next(error.asked_wait(), rand::random())
    }

    /// After a session; `None`: that was the last one.
    pub fn after_session(&mut self, outcome: &Outcome) -> Option<Pause> {
        let backoff = self.backoff.as_mut()?;
        backoff.was_open_for(outcome.summary.open_for);
        let may_pass = outcome.cause.may_pass(outcome.ended.code);
        may_pass.then(|| backoff.next(None, rand::random())).flatten()
    }
}

/// What is said before the pause: why, where that isn't known yet, and how long it takes.
pub fn announcement(why: Option<&str>, pause: Pause) -> String {
    let (separator, why) = why.map_or(("", ""), |why| ("; ", why));
    format!("{why}{separator}reconnecting in {:.1} s (attempt {})", pause.length.as_secs_f64(), pause.attempt)
}

/// How a session ended, as far as the report of it doesn't say.
pub fn loss(outcome: &Outcome) -> Option<String> {
    let ended = &outcome.ended;
    let reason = if ended.reason.is_empty() { String::new() } else { format!(": {}", ended.reason) };
    // An expectation that was not met is no reason: it may be yet.
    match outcome.errors.iter().find(|error| error.phase() == Phase::Session) {
        Some(error) => Some(in_a_line(error)),
        None if ended.clean => Some(format!("the server closed the session ({}{reason})", u16::from(ended.code))),
        None => None,
    }
}

/// An error with its causes, and the first piece of evidence; of each address that was tried.
pub fn in_a_line(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a `String` cannot fail.
        let _ = write!(line, ": {error}");
        cause = error.source();
    }
    let most = if error.phase() == Phase::Connect { usize::MAX } else { 1 };
    let evidence: Vec<&str> = error.evidence_lines().iter().take(most).map(AsRef::as_ref).collect();
    if !evidence.is_empty() {
        let _ = write!(line, " ({})", evidence.join("; "));
    }
    line
}

/// What was handed to all connections of a run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    connections: u64,
    lost: u64,
    handed: u64,
    in_doubt: u64,
}

impl Tally {
    /// Adds a connection that had taken over `handed` messages.
    pub fn add(&mut self, handed: u64) {
        self.connections += 1;
        self.handed += handed;
    }

    /// The connection that was added last was lost; the peer has certainly read `confirmed` of the `handed` messages.
    pub fn add_loss(&mut self, handed: u64, confirmed: u64) {
        self.lost += 1;
        self.in_doubt += handed.saturating_sub(confirmed);
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// What is to be said at the end, if any connection was lost.
    pub fn words(&self) -> Option<String> {
        let Self { connections, lost, handed, in_doubt } = self;
        (*lost > 0).then(|| {
            format!(
                "messages handed to a connection: {handed}, of these to one that was lost, so that they may not have \
                 arrived: {in_doubt} (connections: {connections}, lost: {lost})"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_a_line() {
        let error = |phase| {
            Error::new(phase, "cannot")
                .caused_by(std::io::Error::other("why"))
                .evidence("one")
                .evidence("two")
                .hint("try")
        };
        assert_eq!(in_a_line(&error(Phase::Upgrade)), "cannot: why (one)");
        assert_eq!(in_a_line(&error(Phase::Connect)), "cannot: why (one; two)");
    }

    #[test]
    fn what_was_lost_is_told_only_when_something_was() {
        let mut tally = Tally::default();
        tally.add(5);
        assert_eq!(tally.words(), None);
        tally.add_loss(5, 3);
        tally.add(7);
        let words = tally.words().unwrap();
        assert!(words.starts_with("messages handed to a connection: 12, "), "{words}");
        assert!(words.ends_with("may not have arrived: 2 (connections: 2, lost: 1)"), "{words}");
    }
}
