//! Who or what ended a session, and so whether another makes sense.

use super::conn::Conn;
use crate::wire::{By, CloseCode};

/// Who or what ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// We did: the input was over, or bad; a Close of ours; the reader of our output went away.
    Ourselves,
    /// We did: what was waited for has come, and how the session went on is of no interest.
    Enough,
    /// We did: a signal, or the time limit of the run. Nothing more is wanted.
    Abort,
    /// The peer, with a Close.
    Peer,
    /// Neither side: the connection ended without a Close, or the peer did not answer our pings any more.
    Loss,
    /// The peer broke a rule, or sent more than we take.
    Breach,
}

impl Cause {
    /// What the state of the connection says at its end.
    pub(super) fn of(conn: &Conn, pong_overdue: bool) -> Self {
        if conn.breach.is_some() {
            Self::Breach
        } else if pong_overdue {
            Self::Loss
        } else if conn.sink_gone || !conn.errors.is_empty() {
            Self::Ourselves
        } else {
            match conn.closing.first() {
                Some(By::Peer) => Self::Peer,
                Some(By::Us) => Self::Ourselves,
                None if conn.close_queued.is_some() => Self::Ourselves,
                None => Self::Loss,
            }
        }
    }

    /// Whether it may be worth while to connect again, after an end with this close code. Not when the peer was through
    /// (1000, or no code), nor when the same would only happen again (1002, 1003, 1007, 1008, 1010).
    pub fn may_pass(self, code: CloseCode) -> bool {
        match self {
            Self::Loss => true,
            Self::Peer => !matches!(u16::from(code), 1000 | 1002 | 1003 | 1005 | 1007 | 1008 | 1010),
            Self::Ourselves | Self::Enough | Self::Abort | Self::Breach => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_pass(cause: Cause, code: u16) -> bool {
        cause.may_pass(code.into())
    }

    #[test]
    fn a_loss_may_pass_and_what_we_did_ourselves_is_done() {
        assert!(may_pass(Cause::Loss, 1006));
        assert!(!may_pass(Cause::Ourselves, 1000));
        assert!(!may_pass(Cause::Ourselves, 1001));
        assert!(!may_pass(Cause::Breach, 1002));
        assert!(!may_pass(Cause::Breach, 1009));
    }

    #[test]
    fn the_peers_code_tells_a_restart_from_a_verdict() {
        for code in [1001, 1006, 1009, 1011, 1012, 1013, 1014, 3000, 4000, 4999] {
            assert!(may_pass(Cause::Peer, code), "{code}");
        }
        for code in [1000, 1002, 1003, 1005, 1007, 1008, 1010] {
            assert!(!may_pass(Cause::Peer, code), "{code}");
        }
    }
}
