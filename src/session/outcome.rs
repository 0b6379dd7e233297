//! What a session came to.

use std::mem;
use std::time::Duration;

use super::cause::Cause;
use super::conn::{Conn, Reading};
use crate::error::{Error, ExitStatus};
use crate::event::{Direction, Ended, Summary};
use crate::platform::Signal;
use crate::wire::{By, CloseCode, CloseReason, Finding};

/// How a session ended, with everything that is needed to report it.
#[derive(Debug)]
pub struct Outcome {
    /// Who closed, how.
    pub ended: Ended,
    /// Who or what is behind it.
    pub cause: Cause,
    /// The peer reset the connection (TCP RST).
    pub is_reset: bool,
    /// What went wrong, the most telling last.
    pub errors: Vec<Error>,
    /// Received data may have been left unprinted.
    pub unprinted: bool,
    /// The reader of our output went away.
    pub output_gone: bool,
    /// Messages received that counted towards the stop condition, in sessions before too.
    pub matched: u64,
    /// Messages sent that the peer has certainly read.
    pub confirmed: u64,
    /// Data messages that were queued, broadcasts and echoes, and that the connection never took.
    pub dropped: u64,
    /// How long an answer to the last input was waited for, where that was in vain and ended the session.
    pub unanswered: Option<Duration>,
    /// Totals.
    pub summary: Summary,
}

impl Outcome {
    /// The way the peer ended the session was expected, and is no failure.
    pub fn end_was_expected(&mut self) {
        if self.ended.status == ExitStatus::Session && self.errors.is_empty() {
            self.ended.status = ExitStatus::Success;
        }
    }

    /// Whether it ended because we had seen what we wanted, so that what was not sent is no failure.
    pub fn is_content(&self) -> bool {
        self.output_gone || self.cause == Cause::Enough
    }

    /// One more thing that went wrong.
    pub fn add(&mut self, error: Error) {
        self.ended.status = self.ended.status.max(error.exit_status());
        self.errors.push(error);
    }
}

impl From<Signal> for ExitStatus {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }
}

/// Why the session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The stream ended.
    Stream,
    /// Close went both ways, but the peer doesn't end the connection.
    Closed,
    /// The peer doesn't answer our Close.
    Silent,
    /// We can't wait.
    Abort,
}

/// Tells from the state of the connection how it ended, and adds the error that says so.
pub(super) fn ended(over: Over, conn: &mut Conn) -> Ended {
    let ours = conn.closing.ours().cloned();
    let peers = conn.closing.peers().cloned();
    let by = match conn.closing.first() {
        Some(By::Us) => Direction::Sent,
        Some(By::Peer) | None => Direction::Received,
    };
    if let Some(finding) = conn.breach.take() {
        return broken(&finding, ours, peers, by);
    }
    if let Some(peers) = peers {
        let ours_normal = by == Direction::Received || ours.as_ref().is_none_or(CloseReason::is_normal);
        let status = if peers.is_normal() && ours_normal { ExitStatus::Success } else { ExitStatus::Session };
        let CloseReason { code, reason } = peers;
        let code = code.unwrap_or(CloseCode::Status);
        return Ended { code, meaning: None, reason, conclusion: None, by, clean: ours.is_some(), status };
    }
    let (code, conclusion, status) = if let Some(ours) = ours {
        let conclusion = match over {
            Over::Stream => "the peer hung up without answering our Close",
            Over::Silent | Over::Closed => "no answer to our Close",
            Over::Abort => "left without waiting for the answer to our Close",
        };
        let status = if ours.is_normal() { ExitStatus::Success } else { ExitStatus::Session };
        (ours.code.unwrap_or(CloseCode::Status), conclusion.to_owned(), status)
    } else {
        let conclusion = match mem::take(&mut conn.reading) {
            Reading::Ended(end) => end.describe(),
            Reading::Going => "left without Close".to_owned(),
        };
        (CloseCode::Abnormal, conclusion, ExitStatus::Session)
    };
    Ended { code, meaning: None, reason: Vec::new(), conclusion: Some(conclusion), by, clean: false, status }
}

/// How it ended where the peer broke a rule. The breach may have come when the session was closing for another reason.
fn broken(finding: &Finding, ours: Option<CloseReason>, peers: Option<CloseReason>, by: Direction) -> Ended {
    let conclusion = Some(finding.rule.summary().to_owned());
    let status = if finding.rule.is_own_limit() { ExitStatus::Session } else { ExitStatus::Protocol };
    let own_code = finding.rule.close_code().unwrap_or(CloseCode::Protocol);
    let (code, reason, by) = match (peers, ours) {
        (Some(peers), _) => (peers.code.unwrap_or(CloseCode::Status), peers.reason, by),
        (None, Some(ours)) => (ours.code.unwrap_or(CloseCode::Status), Vec::new(), by),
        (None, None) => (own_code, Vec::new(), Direction::Sent),
    };
    Ended { code, meaning: None, reason, conclusion, by, clean: false, status }
}
