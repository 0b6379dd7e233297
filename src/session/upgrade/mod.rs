//! The opening handshake over a stream, within a time limit. What is said in it, and whether it is right, is
//! `wire::handshake`'s business; what a failure means to the user is `client::upgrade_error`'s.
//!
//! It is a part of this room because it needs both a stream and the protocol, which `net` does not know, and because a
//! session goes on with the stream, and with the bytes behind the head, where the upgrade ended.

mod client;
mod exchange;
mod server;

use std::io;

pub use client::open;
pub use exchange::Exchange;
pub use server::accept;

use crate::diagnosis::{ForbiddenOrigin, Transport};
use crate::event::Step;
use crate::http::{Head, HeadError, HeadKind};
use crate::net::{TimeLimit, TlsFailure};
use crate::wire::Finding;
use crate::wire::handshake::{Agreed, Refusal};

/// A connection whose upgrade is complete.
#[derive(Debug)]
pub struct Upgraded {
    /// What was agreed on.
    pub agreed: Agreed,
    /// The peer's head.
    pub head: Head,
    /// Our own head as it was sent.
    pub sent_head: Vec<u8>,
    /// What was checked and held, one line each.
    pub verified: Vec<String>,
    /// Bytes that came behind the head: the first frames.
    pub leftover: Vec<u8>,
    /// How long it took.
    pub step: Step,
}

/// An upgrade that failed, with everything that is known about it.
#[derive(Debug)]
pub enum UpgradeFailure {
    /// The server refused it.
    Refused(Box<Refusal>),
    /// Something else came than a head, or the stream ended before it was whole.
    NoHead {
        /// What came.
        error: HeadError,
        /// What it came through.
        transport: Transport,
    },
    /// The peer's head breaks rules. The observer has been given each finding.
    Breached {
        /// The peer's head.
        head: Box<Head>,
        /// Every breach of it.
        findings: Vec<Finding>,
    },
    /// The client is a web page that is not let in.
    ForbiddenOrigin(ForbiddenOrigin),
    /// The connection broke.
    Broken {
        /// Why.
        error: io::Error,
        /// Where the upgrade was.
        stage: Stage,
        /// What the connection went through.
        transport: Transport,
    },
    /// TLS broke.
    Tls(TlsFailure),
    /// The time limit passed.
    TimedOut {
        /// It.
        limit: TimeLimit,
        /// Where the upgrade was.
        stage: Stage,
    },
}

impl UpgradeFailure {
    /// Whether the peer ended or refused the connection before a byte of its head came.
    pub fn is_without_answer(&self) -> bool {
        match self {
            Self::NoHead { error, .. } => error.received == 0,
            Self::Broken { stage, .. } => *stage != Stage::Reading,
            Self::Tls(failure) => matches!(failure, TlsFailure::Alert(_)),
            Self::Refused(_) | Self::Breached { .. } | Self::ForbiddenOrigin(_) | Self::TimedOut { .. } => false,
        }
    }
}

/// How far an upgrade has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// We were writing our head, or a refusal.
    Writing,
    /// Nothing of the peer's head, which is of this kind, had come.
    Waiting(HeadKind),
    /// A part of the peer's head had come.
    Reading,
}
