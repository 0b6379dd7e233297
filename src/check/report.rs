//! What a check has to say, as data.

use std::time::Duration;

use crate::diagnosis::Diagnosis;
use crate::error::ExitStatus;

/// A step on the way to a session that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepName {
    /// The name lookup.
    Name,
    /// TCP, or a Unix domain socket.
    Tcp,
    /// The proxy on the way.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The upgrade request and its answer.
    Upgrade,
    /// Which subprotocol was agreed on.
    Subprotocol,
    /// Which extensions were agreed on.
    Extensions,
    /// A ping and its pong.
    Ping,
    /// The closing handshake.
    Close,
    /// What ALPN comes to on a further connection that offers HTTP/2 too.
    Alpn,
}

impl StepName {
    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
            Self::Subprotocol => "subprotocol",
            Self::Extensions => "extensions",
            Self::Ping => "ping",
            Self::Close => "close",
            Self::Alpn => "alpn",
        }
    }
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As it should.
    Ok,
    /// It works, and something is not as it should be.
    Warning,
    /// It does not work.
    Failure,
    /// A step before it failed.
    NotReached,
}

impl Status {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::NotReached => "not reached",
        }
    }
}

/// A step, and how it went. The texts of this and of the other types may hold a peer's bytes, unescaped, and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportStep {
    /// Which.
    pub name: StepName,
    /// How it went.
    pub status: Status,
    /// What came of it.
    pub what: String,
    /// How long it took, where that was measured.
    pub took: Option<Duration>,
}

/// A further connection, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What was changed.
    pub what: String,
    /// What came of it.
    pub result: String,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// [`Status::Failure`] or [`Status::Warning`].
    pub status: Status,
    /// The likely cause; `None` where the evidence says nothing.
    pub cause: Option<Diagnosis>,
    /// What is wrong, in one sentence.
    pub what: String,
    /// The evidence, quoted.
    pub seen: Vec<String>,
    /// What the variations said.
    pub tried: Vec<Trial>,
    /// The next thing to do.
    pub next: String,
    /// Lines to paste: a command, or lines of a configuration file.
    pub paste: Vec<String>,
}

/// All that a check has to say, behind its steps.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// What was tried, in order.
    pub trials: Vec<Trial>,
    /// What is wrong, the most likely cause first.
    pub findings: Vec<Problem>,
    /// How many connections were made.
    pub connections: usize,
    /// What the shell is told.
    pub status: ExitStatus,
}
