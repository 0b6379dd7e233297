//! What the runner is told: rounds on one connection, or each on a new one.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::driver::{After, AfterFailure, Driver};
use crate::client::open::OpenSession;
use crate::client::report::Unsent;
use crate::client::thread_error;
use crate::error::{Error, ExitStatus, Phase};
use crate::ping::pacing::Pacing;
use crate::ping::sender::{Ended, PingSender, SharedReport, report_new_items};
use crate::ping::shared_state::{SharedState, Stage};
use crate::platform::Notifier;
use crate::session::backoff::Pause;
use crate::session::{Cause, Handle, Outcome};

/// Which connections the rounds have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionUse {
    /// All have the same.
    One,
    /// Each has its own.
    OneEach,
}

/// Drives a run of rounds.
pub struct PingDriver {
    state: Arc<SharedState>,
    report: SharedReport,
    connections: ConnectionUse,
    pacing: Pacing,
    notifier: Notifier,
    /// The thread that sends on the connection that is open.
    sender: Ended,
    /// How far the rounds were when the connection ended, while its thread has not.
    stage: Option<Stage>,
    /// A connection has been open.
    has_connected: bool,
    /// From when on the next connection is wanted.
    due: Option<Instant>,
    /// The time limit of the run has ended it.
    is_out_of_time: bool,
}

impl PingDriver {
    /// Before the first connection. `notifier` wakes the runner.
    pub fn new(
        state: Arc<SharedState>,
        report: SharedReport,
        connections: ConnectionUse,
        pacing: Pacing,
        notifier: Notifier,
    ) -> Self {
        Self {
            state,
            report,
            connections,
            pacing,
            notifier,
            sender: Ended::default(),
            stage: None,
            has_connected: false,
            due: None,
            is_out_of_time: false,
        }
    }

    /// Whether a connection has been open.
    pub fn has_connected(&self) -> bool {
        self.has_connected
    }

    /// Whether the time limit of the run has ended it.
    pub fn is_out_of_time(&self) -> bool {
        self.is_out_of_time
    }

    /// Whether another connection is to follow.
    fn has_more(&self) -> bool {
        let sent = self.state.counts().sent;
        self.connections == ConnectionUse::OneEach && self.pacing.count.is_none_or(|count| sent < count)
    }

    /// A session was aborted. The time limit of the run ends it as a signal does: that is no error to tell.
    fn stopped(&mut self, outcome: &mut Outcome) {
        if outcome.cause == Cause::Abort && outcome.ended.status == ExitStatus::TimedOut {
            // The last is the one that says so.
            outcome.errors.pop();
            self.is_out_of_time = outcome.errors.is_empty();
        }
    }

    /// How often rounds begin on one connection, and how many there are by its end.
    fn pacing_of_one(&self) -> Pacing {
        match self.connections {
            ConnectionUse::One => self.pacing,
            ConnectionUse::OneEach => Pacing { interval: None, count: Some(self.state.counts().sent + 1) },
        }
    }
}

impl Driver for PingDriver {
    fn opened(&mut self, session: OpenSession) {
        self.has_connected = true;
        self.state.connected(session.opened);
        let sender = PingSender {
            state: Arc::clone(&self.state),
            report: Arc::clone(&self.report),
            handle: session.handle.clone(),
            pacing: self.pacing_of_one(),
            spacing: self.pacing,
            notifier: self.notifier.clone(),
        };
        match sender.spawn() {
            Ok(ended) => self.sender = ended,
            Err(error) => {
                session.handle.report(thread_error(Phase::Session, "to send pings", error));
                session.handle.leave();
            }
        }
    }

    fn closed(&mut self, outcome: &mut Outcome, _offer: Option<Pause>) -> Option<After> {
        let is_aborted = outcome.cause == Cause::Abort || outcome.output_gone;
        let stage = *self.stage.get_or_insert_with(|| self.state.disconnected(!is_aborted));
        if !self.sender.is_true() {
            return None;
        }
        self.stage = None;
        if is_aborted {
            self.stopped(outcome);
            return Some(After::Over);
        }
        if stage != Stage::Complete && outcome.ended.status == ExitStatus::Success {
            let code = u16::from(outcome.ended.code);
            outcome
                .add(Error::new(Phase::Session, format!("the server closed before the last ping, with code {code}")));
        }
        Some(if self.has_more() { After::Stay } else { After::Over })
    }

    fn failed(&mut self, error: Error) -> (Error, AfterFailure) {
        if self.connections == ConnectionUse::One || !self.has_connected {
            return (error, AfterFailure::Over);
        }
        self.state.failed(&self.pacing);
        (error, if self.has_more() { AfterFailure::Stay } else { AfterFailure::Over })
    }

    fn overdue(&mut self, limit: Option<Duration>, outcome: &mut Outcome) {
        if limit.is_some() {
            self.is_out_of_time = true;
            outcome.ended.status = outcome.ended.status.max(ExitStatus::TimedOut);
        }
    }

    fn out_of_time(&mut self, _limit: Duration) -> Option<Error> {
        self.is_out_of_time = true;
        None
    }

    /// A wait begins: reports what happened meanwhile, and wakes the runner when the next round is due. On a thread of its
    /// own, for the report may block.
    fn told(&mut self) {
        let left = self.state.due().saturating_sub(self.state.now());
        self.due = Some(Instant::now() + left);
        let (report, state, notifier) = (Arc::clone(&self.report), Arc::clone(&self.state), self.notifier.clone());
        let waiting = thread::Builder::new().spawn(move || {
            report_new_items(&report, &state);
            thread::sleep(state.due().saturating_sub(state.now()));
            notifier.notify();
        });
        if waiting.is_err() {
            self.due = Some(Instant::now());
        }
    }

    fn take_reconnect(&mut self) -> bool {
        self.due.take_if(|due| Instant::now() >= *due).is_some()
    }

    fn unsent(&mut self, _ended: Option<&Handle>) -> Unsent {
        Unsent::default()
    }
}
