//! What is known of a session when it is decided what is to be done.

use std::time::Instant;

use super::SessionTime;
use crate::platform::Signal;
use crate::session::conn::Input;
use crate::session::writer::FlushState;

/// What is known of a session.
#[derive(Debug, Clone)]
pub struct Facts {
    /// A signal that has come since the last time.
    pub signal: Option<Signal>,
    /// Where the input is.
    pub input: Input,
    /// Whether anything has gone wrong so far.
    pub has_errors: bool,
    /// Whether what is received is of any use.
    pub output: Output,
    /// Whether the peer has broken a rule.
    pub has_breach: bool,
    /// What the peer has still to say.
    pub peer: Peer,
    /// When our Close was queued.
    pub close_queued: Option<SessionTime>,
    /// Whether our Close was sent.
    pub close_sent: bool,
    /// How far what we send is.
    pub sending: Sending,
    /// Our pings.
    pub pings: PingFacts,
    /// When the heartbeat is due that the dialect demands next.
    pub heartbeat: Option<Instant>,
    /// When the last byte came.
    pub last_byte: SessionTime,
    /// When the last byte of a data frame came.
    pub last_data: SessionTime,
    /// When a message of the input was last about to be written; `None` before the first.
    pub last_asked: Option<SessionTime>,
    /// When the socket last took something.
    pub last_written: SessionTime,
}

/// What becomes of what is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// It is shown.
    Wanted,
    /// A sink has seen what it wanted.
    Stopped,
    /// The stop condition is met: nothing more is shown.
    Enough,
    /// The reader of the output went away.
    Gone,
}

/// How far the peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// More may come.
    Open,
    /// Its Close has come.
    Closed,
    /// Its stream has ended, and what came has been shown.
    Ended,
}

/// How far what we send is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// Nothing waits, and no thread is writing.
    Done,
    /// Something waits, or a thread is writing; this is what the last attempt left.
    Pending(FlushState),
    /// The socket refused a write.
    Failed,
}

/// Pings of ours.
#[derive(Debug, Clone, Copy)]
pub struct PingFacts {
    /// Since when one has been queued and not sent.
    pub queued: Option<SessionTime>,
    /// Since when the oldest unanswered one has been awaited.
    pub unanswered: Option<SessionTime>,
    /// When the last one was sent, or queued.
    pub last: SessionTime,
}

impl Facts {
    /// Whether data has come since the last message of the input was sent; where none was, nothing is owed.
    pub fn is_answered(&self) -> bool {
        self.last_asked.is_none_or(|asked| self.last_data >= asked)
    }
}
