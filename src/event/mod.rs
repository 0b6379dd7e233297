//! What happened, in the order in which it happened: the one language between those who cause events (`net`,
//! `session`) and the [sinks](EventSink) that show and record them.

mod sink;

mod annotation;
mod connecting;
mod tls;

use std::time::{Duration, SystemTime};

pub use sink::{Detail, Directions, EventSink, Flow, FlushError, Messages, OutputStream, Texts, Wants};

pub use self::annotation::{Annotation, AnnotationSource};
pub use self::connecting::{FailedAttempt, PeerAddress, SilentAttempt, Step, StepDetail};
pub use self::tls::{
    Certificate, CertificateAnswer, CertificateFacts, CertificateFault, CertificateRequest, FailedCheck, TlsFacts,
};
use crate::error::{Error, ExitStatus};
use crate::wire::{self, CloseCode, Finding, Role};

/// Which way something went, seen from us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us to the peer.
    Sent,
    /// From the peer to us.
    Received,
}

/// Whose event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Origin {
    /// The number of the client in `listen`; `None` for our own session.
    pub client: Option<u64>,
}

/// When something happened, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Wall clock, for people and logs.
    pub wall: SystemTime,
    /// Time since the start of the run, or of a recording, on a clock that is never set.
    pub elapsed: Duration,
}

/// A connection that the upgrade has opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Which end sends what is [sent](Direction::Sent): ours, or the client in `tap`.
    pub role: Role,
    /// The URL asked for, without userinfo.
    pub url: String,
    /// The target of the request, as it was on its first line.
    pub target: String,
    /// The address of the other end of the socket: the proxy's, where there is one.
    pub address: PeerAddress,
    /// HTTP status of the response, 101 unless lenient.
    pub status: u16,
    /// Response headers, in order and as they were (request headers where we are the server).
    pub headers: Vec<(String, Vec<u8>)>,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
    /// The extensions agreed on, as in the response header.
    pub extensions: Option<String>,
    /// TLS facts for `wss`.
    pub tls: Option<TlsFacts>,
    /// The steps that it took.
    pub steps: Vec<Step>,
    /// What was checked and held, one line each, for `-v`.
    pub verified: Vec<String>,
    /// The request's head as it was sent.
    pub request_head: Vec<u8>,
    /// The response's head as it was sent.
    pub response_head: Vec<u8>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The close code: the peer's, or ours where the peer sent none; 1005 for a Close without a code, 1006 for an end without Close.
    pub code: CloseCode,
    /// What the code means in the dialect that was spoken, where that is known.
    pub meaning: Option<&'static str>,
    /// The reason in the peer's Close as it was on the wire, empty where there was none.
    pub reason: Vec<u8>,
    /// What we conclude: how it ended without a Close of the peer's, or which rule the peer broke.
    pub conclusion: Option<String>,
    /// Who sent Close first (or dropped the connection).
    pub by: Direction,
    /// Close went both ways.
    pub clean: bool,
    /// What it makes of the exit status.
    pub status: ExitStatus,
}

impl Ended {
    /// Whether the session itself ended otherwise than as it should: with another code than 1000 or 1001, without Close, or by a
    /// breach.
    pub fn is_failure(&self) -> bool {
        matches!(self.status, ExitStatus::Session | ExitStatus::Protocol)
    }
}

/// Totals of a session, for `/stats` and the end of `-v`.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// What we sent.
    pub sent: wire::Counters,
    /// What we received.
    pub received: wire::Counters,
    /// Round-trip times of pings: count, smallest, mean, largest.
    pub round_trips: Option<RoundTrips>,
    /// How long it has been open.
    pub open_for: Duration,
}

/// Round-trip times of pings that were answered.
#[derive(Debug, Clone, Copy)]
pub struct RoundTrips {
    /// How many pongs matched a ping of ours.
    pub count: u64,
    /// The shortest.
    pub least: Duration,
    /// The mean.
    pub mean: Duration,
    /// The longest.
    pub most: Duration,
}

/// Everything that can be shown, recorded or acted upon.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A step of connecting is over.
    Step(&'a Step),
    /// TLS facts, as soon as the handshake is over.
    Tls(&'a TlsFacts),
    /// An HTTP head exactly as sent or received, with its final empty line.
    Head {
        /// Which way.
        direction: Direction,
        /// Raw bytes.
        bytes: &'a [u8],
    },
    /// The session is open.
    Open(&'a Opened),
    /// A frame, message, ping, pong, close or finding. Sent ones, and texts one by one, only where a sink
    /// [wants](EventSink::wants) them.
    Wire {
        /// Which way.
        direction: Direction,
        /// What.
        event: &'a wire::Event<'a>,
        /// For a pong that answers one of our pings: how long it took.
        round_trip: Option<Duration>,
        /// What a message means, where that is known.
        annotation: Option<&'a Annotation>,
    },
    /// A breach in the handshake (those in frames come as [`wire::Event::Finding`]).
    Finding(&'a Finding),
    /// The session is over.
    Ended(&'a Ended),
    /// Totals, for `/stats` and the end of `-v`.
    Summary(&'a Summary),
    /// Something failed.
    Error(&'a Error),
    /// What must not be overlooked: shown with `-q` too.
    Warning(&'a str),
    /// Diagnostics for people: always shown unless `-q`.
    Note(&'a str),
    /// Diagnostics for people who asked for it with `-v`.
    Detail(&'a str),
}
