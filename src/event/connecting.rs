//! How a connection came about.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::TlsFacts;

/// The address of the other end of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerAddress {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The Unix domain socket that it was reached by.
    Unix(String),
    /// A recording does not tell it: a HAR need not.
    Unknown,
}

impl PeerAddress {
    /// How [`Unknown`](Self::Unknown) is written.
    pub const UNKNOWN: &str = "unknown address";
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{path}"),
            Self::Unknown => formatter.write_str(Self::UNKNOWN),
        }
    }
}

/// A step of connecting that is over.
#[derive(Debug, Clone)]
pub struct Step {
    /// How long it took.
    pub took: Duration,
    /// What it was, and what came of it.
    pub detail: StepDetail,
}

/// What a step of connecting brought. Texts in it may hold a peer's bytes, unescaped; they never hold a secret.
#[derive(Debug, Clone)]
pub enum StepDetail {
    /// Name lookup.
    Resolved {
        /// The name, in its ASCII form.
        name: String,
        /// Its addresses, in the order in which they are tried.
        addresses: Vec<IpAddr>,
    },
    /// TCP, all attempts together.
    TcpConnected {
        /// The address that answered.
        address: SocketAddr,
        /// The addresses that failed before it did, in the order in which they failed.
        failed: Vec<FailedAttempt>,
        /// The addresses that were tried before it, and had not answered when it did.
        silent: Vec<SilentAttempt>,
    },
    /// A Unix domain socket.
    UnixConnected {
        /// Where it is.
        path: String,
    },
    /// A proxy has connected us to the server.
    ProxyConnected {
        /// Host and port of the proxy.
        proxy: String,
        /// Host and port of the server, as the proxy was told.
        target: String,
        /// What it answered.
        answer: String,
    },
    /// TLS handshake: with the proxy before that has connected us, with the server afterwards.
    TlsEstablished {
        /// `TLSv1.3`.
        version: String,
        /// `TLS13_AES_256_GCM_SHA384`.
        cipher_suite: String,
    },
    /// The upgrade: from the request's first byte to the end of the response head.
    Upgraded {
        /// The first line of the response.
        status_line: String,
    },
    /// A step of a recording, which keeps no more of it.
    Described {
        /// Its name: one of [`NAMES`](Self::NAMES).
        name: &'static str,
        /// What it was, and what came of it.
        text: String,
    },
}

impl StepDetail {
    /// The names of all steps.
    pub const NAMES: [&'static str; 5] = ["resolve", "connect", "proxy", "tls", "upgrade"];

    /// The step of a TLS handshake that brought these facts.
    pub fn tls_established(facts: &TlsFacts) -> Self {
        Self::TlsEstablished { version: facts.version.clone(), cipher_suite: facts.cipher_suite.clone() }
    }

    /// The name of the step in `-v` and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Resolved { .. } => "resolve",
            Self::TcpConnected { .. } | Self::UnixConnected { .. } => "connect",
            Self::ProxyConnected { .. } => "proxy",
            Self::TlsEstablished { .. } => "tls",
            Self::Upgraded { .. } => "upgrade",
            Self::Described { name, .. } => name,
        }
    }
}

/// An address that could not be connected to.
#[derive(Debug, Clone)]
pub struct FailedAttempt {
    /// The address.
    pub address: SocketAddr,
    /// What the system says of it.
    pub error: Arc<io::Error>,
}

/// An address that let another answer first.
#[derive(Debug, Clone)]
pub struct SilentAttempt {
    /// The address.
    pub address: SocketAddr,
    /// How long it had been given.
    pub waited: Duration,
}
