//! The way to a server.

use super::endpoint::Endpoint;
use super::tls::{ServerName, TlsClient};

/// How to reach a server: where it is, and what lies between the socket and the bytes.
#[derive(Debug, Clone)]
pub struct Route {
    /// The server.
    pub endpoint: Endpoint,
    /// TLS on top of the connection, for `wss`.
    pub tls: Option<TlsTo>,
}

/// TLS with one server.
#[derive(Debug, Clone)]
pub struct TlsTo {
    /// What is trusted, and the certificate that is shown: the same for every server that a run connects to. A proxy needs
    /// one of its own: our certificate is not for it.
    pub client: TlsClient,
    /// The name that this server is asked for and verified by.
    pub server_name: ServerName,
}
