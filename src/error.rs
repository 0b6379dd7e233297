//! The one error type: the phase in which it happened, the peer, the evidence, and what to try next.
//! The exit status of the program is written here and nowhere else.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::process::ExitCode;
use std::time::Duration;

use crate::diagnosis::{Advice, Diagnosis};

/// What the process tells the shell. The order of the variants is the order of precedence when several hold
/// (the later wins).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// The session ended normally: with close code 1000, 1001 or none.
    Success,
    /// The session was open and ended otherwise: another close code, 1006, our own 1009, a local I/O error, input
    /// unsent, something not recorded.
    Session,
    /// Usage, or input that could not be sent.
    Usage,
    /// Name lookup, TCP, or a proxy.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Anything wrong with the upgrade, up to and including its checks.
    Upgrade,
    /// An expectation (`/expect`, `--count`, `--until`) was not met.
    Expectation,
    /// The peer broke the protocol in a frame.
    Protocol,
    /// One of our time limits passed.
    TimedOut,
    /// SIGTERM.
    Terminated,
    /// SIGINT.
    Interrupted,
}

impl ExitStatus {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Session,
        Self::Usage,
        Self::Connect,
        Self::Tls,
        Self::Upgrade,
        Self::Protocol,
        Self::TimedOut,
        Self::Expectation,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// What it tells the user, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Success => "the session ended normally: close code 1000, 1001 or none",
            Self::Session => "it ended otherwise: other code, no Close; input or recording incomplete",
            Self::Usage => "the command line, or input that could not be sent",
            Self::Connect => "could not connect: name, TCP or proxy",
            Self::Tls => "TLS failed",
            Self::Upgrade => "the upgrade was refused, or was wrong",
            Self::Protocol => "the other side broke the protocol",
            Self::TimedOut => "a time limit passed",
            Self::Expectation => "an expectation was not met",
            Self::Interrupted => "SIGINT",
            Self::Terminated => "SIGTERM",
        }
    }

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Session => 1,
            Self::Usage => 2,
            Self::Connect => 3,
            Self::Tls => 4,
            Self::Upgrade => 5,
            Self::Protocol => 6,
            Self::TimedOut => 7,
            Self::Expectation => 8,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}

/// What was going on when it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Command line.
    Usage,
    /// What the user gave us to send.
    Input,
    /// Name lookup.
    Resolve,
    /// TCP connect.
    Connect,
    /// What a proxy is asked.
    Proxy,
    /// TLS handshake.
    Tls,
    /// HTTP upgrade.
    Upgrade,
    /// The open session: reset, end without Close, an abnormal close code, a local I/O error.
    Session,
    /// A frame of the peer's that breaks the protocol.
    Protocol,
    /// An expectation of a script or a flag.
    Expectation,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Usage,
        Self::Input,
        Self::Resolve,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::Upgrade,
        Self::Session,
        Self::Protocol,
        Self::Expectation,
    ];

    /// The exit status of a failure in this phase.
    pub fn exit_status(self) -> ExitStatus {
        match self {
            Self::Usage | Self::Input => ExitStatus::Usage,
            Self::Resolve | Self::Connect | Self::Proxy => ExitStatus::Connect,
            Self::Tls => ExitStatus::Tls,
            Self::Upgrade => ExitStatus::Upgrade,
            Self::Session => ExitStatus::Session,
            Self::Protocol => ExitStatus::Protocol,
            Self::Expectation => ExitStatus::Expectation,
        }
    }

    /// The name of the phase in messages and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
            Self::Session => "session",
            Self::Protocol => "protocol",
            Self::Expectation => "expectation",
        }
    }
}

/// Something a user must be told, with all that is known about it.
///
/// The texts may hold bytes that a peer chose; the room that prints them (`output`) escapes them.
#[derive(Debug)]
pub struct Error {
    phase: Phase,
    message: String,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    evidence: Vec<String>,
    hint: Option<Hint>,
    time_limit: Option<Duration>,
    retry: Retry,
}

/// What a hint is made of.
#[derive(Debug)]
enum Hint {
    Text(String),
    /// Boxed to keep the error small: a `Result` of it is passed on everywhere.
    Diagnosis(Box<Diagnosis>),
}

/// Whether another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    No,
    Yes,
    /// Yes, but not before so many seconds.
    After(u32),
}

/// A result whose error is ours.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `message`: lower case, no full stop, with the subject (peer, file, line) in it.
    pub fn new(phase: Phase, message: impl Into<String>) -> Self {
        let (message, evidence) = (message.into(), Vec::new());
        Self { phase, message, cause: None, evidence, hint: None, time_limit: None, retry: Retry::No }
    }

    /// A time limit of ours that passed in `phase`: exit status 7 whatever the phase. It may pass by itself.
    pub fn timed_out(phase: Phase, limit: Duration, message: impl Into<String>) -> Self {
        Self { time_limit: Some(limit), retry: Retry::Yes, ..Self::new(phase, message) }
    }

    /// The error underneath; printed as a chain after the message.
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// One more line of evidence (a status line, a header, the start of a body, an address with its reason).
    pub fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// The next thing to try.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(Hint::Text(hint.into()));
        self
    }

    /// The likely cause, where one is known; the next thing to try follows from it.
    pub fn diagnosed(mut self, diagnosis: impl Into<Option<Diagnosis>>) -> Self {
        self.hint = diagnosis.into().map(|diagnosis| Hint::Diagnosis(Box::new(diagnosis))).or(self.hint);
        self
    }

    /// Says first where it happened: `FILE:LINE`.
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// It may pass by itself: another attempt makes sense.
    pub fn transient(mut self) -> Self {
        self.retry = Retry::Yes;
        self
    }

    /// It may pass by itself; the peer asks for no attempt within so many `seconds`.
    pub fn transient_for(mut self, seconds: u32) -> Self {
        self.retry = Retry::After(seconds);
        self
    }

    /// In which phase it happened.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The errors underneath, outermost first.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        iter::successors(std::error::Error::source(self), |cause| (*cause).source())
    }

    /// The lines of evidence, in order.
    pub fn evidence_lines(&self) -> &[String] {
        &self.evidence
    }

    /// The next thing to try, where it was given as a text.
    pub fn hint_text(&self) -> Option<&str> {
        match &self.hint {
            Some(Hint::Text(text)) => Some(text),
            Some(Hint::Diagnosis(_)) | None => None,
        }
    }

    /// The likely cause, where it is known.
    pub fn diagnosis(&self) -> Option<&Diagnosis> {
        match &self.hint {
            Some(Hint::Diagnosis(diagnosis)) => Some(diagnosis),
            Some(Hint::Text(_)) | None => None,
        }
    }

    /// The next thing to try, where it is known; `advice` makes the text of a diagnosis.
    pub fn hint_with(&self, advice: Advice) -> Option<Cow<'_, str>> {
        match self.hint.as_ref()? {
            Hint::Text(text) => Some(text.into()),
            Hint::Diagnosis(diagnosis) => Some(advice(diagnosis).into()),
        }
    }

    /// Whether it may pass by itself.
    pub fn is_transient(&self) -> bool {
        self.retry != Retry::No
    }

    /// How long the peer asks the next attempt to wait, if it does.
    pub fn asked_wait(&self) -> Option<Duration> {
        match self.retry {
            Retry::After(seconds) => Some(Duration::from_secs(seconds.into())),
            Retry::No | Retry::Yes => None,
        }
    }

    /// The time limit that passed, if that is what happened.
    pub fn time_limit(&self) -> Option<Duration> {
        self.time_limit
    }

    /// What the shell is told.
    pub fn exit_status(&self) -> ExitStatus {
        match self.time_limit {
            Some(_) => ExitStatus::TimedOut,
            None => self.phase.exit_status(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let Some(limit) = self.time_limit {
            write!(formatter, " within {} s", limit.as_secs_f64())?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
