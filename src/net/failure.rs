//! Why there is no connection, as data.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::limit::TimeLimit;
use super::lookup::AddressFamily;
use super::proxy::{Proxy, ProxyFailure};
use super::tls::TlsFailure;
use crate::event::{FailedAttempt, Step, TlsFacts};

/// How a connection came about, or how far it came.
#[derive(Debug, Clone, Default)]
pub struct ConnectRecord {
    /// The steps that are over, in order; the same that were reported as events.
    pub steps: Vec<Step>,
    /// For TLS with the proxy, once its handshake is over.
    pub proxy_tls: Option<TlsFacts>,
    /// For TLS with the server, once its handshake is over.
    pub tls: Option<TlsFacts>,
}

/// A connection that did not come about.
#[derive(Debug)]
pub struct ConnectFailure {
    /// How far it came.
    pub record: Box<ConnectRecord>,
    /// Where on the way it went wrong, and why.
    pub at: Box<FailedAt>,
}

/// Where on the way to a server it went wrong, and why.
#[derive(Debug)]
pub enum FailedAt {
    /// With the server itself.
    Server(ConnectCause),
    /// On the way to this proxy.
    Proxy(Box<Proxy>, ConnectCause),
    /// This proxy was reached, and leads no further.
    Tunnel(Box<Proxy>, ProxyFailure),
}

/// Why a connection went no further.
#[derive(Debug)]
pub enum ConnectCause {
    /// The name has no address.
    NameUnknown {
        /// What the system says of it; `None` when it only gave no address.
        error: Option<io::Error>,
    },
    /// The host has addresses, and none of the family that is wanted.
    OtherFamily {
        /// The family that is wanted.
        wanted: AddressFamily,
        /// Its addresses.
        addresses: Vec<IpAddr>,
    },
    /// The time limit passed in the name lookup.
    LookupTimedOut {
        /// The limit.
        limit: TimeLimit,
    },
    /// Every address has failed.
    AllFailed {
        /// In the order in which they failed.
        failed: Vec<FailedAttempt>,
    },
    /// The time limit passed before an address answered.
    ConnectTimedOut {
        /// The addresses that had failed, in the order in which they failed.
        failed: Vec<FailedAttempt>,
        /// The addresses that were silent.
        silent: Vec<SocketAddr>,
        /// The limit.
        limit: TimeLimit,
    },
    /// There is no connection to the Unix domain socket.
    Unix {
        /// What the system says of it.
        error: io::Error,
    },
    /// The time limit passed before the listener of the Unix domain socket took the connection.
    UnixTimedOut {
        /// The limit.
        limit: TimeLimit,
    },
    /// There is a connection, but no TLS.
    Tls(TlsFailure),
}

/// Why there is no connection with a client that was accepted.
#[derive(Debug)]
pub enum AcceptFailure {
    /// The client has left already.
    Left(io::Error),
    /// There is no TLS with it.
    Tls(TlsFailure),
}
