//! Why a proxy does not lead to the server.

use super::{Login, Scheme};

/// Why a proxy does not lead to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTunnel {
    /// Its name has no address.
    UnknownName,
    /// Nothing answers at its address.
    Unreachable {
        /// The port that was tried.
        port: u16,
    },
    /// It may speak without TLS.
    NoTls {
        /// Host and port.
        peer: String,
    },
    /// Its certificate is not accepted.
    Untrusted,
    /// It wants credentials.
    WantsCredentials {
        /// The scheme that it asks for first.
        scheme: Scheme,
        /// Whether we have sent some.
        login: Login,
    },
    /// It does not let us go to this server, or not to this port. Some say so of wrong credentials, too (Dante).
    Forbidden {
        /// Whether we have sent some.
        login: Login,
    },
    /// It passes requests on, but knows no CONNECT.
    NoConnect,
    /// It could not reach the server.
    ServerUnreachable,
    /// It takes no addresses of this kind.
    OtherAddresses,
    /// It hung up, or what it sent is no HTTP: it may be no HTTP proxy, or one that wants TLS.
    NotHttp,
    /// What it sent is not SOCKS 5: it may be an HTTP proxy.
    NotSocks {
        /// Host and port.
        peer: String,
    },
}
