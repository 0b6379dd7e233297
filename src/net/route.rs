//! The way to a server.

use std::net::IpAddr;

use super::endpoint::Endpoint;
use super::lookup::Lookup;
use super::proxy::Proxy;
use super::tls::{ServerName, TlsClient};
use crate::platform::UnixAddress;

/// How to reach a server: where it is, and what lies between the socket and the bytes.
#[derive(Debug, Clone)]
pub struct Route {
    /// The server that is asked.
    pub endpoint: Endpoint,
    /// Where its socket is.
    pub destination: Destination,
    /// Which addresses names have.
    pub lookup: Lookup,
    /// TLS on top of the connection, for `wss`.
    pub tls: Option<TlsTo>,
}

/// Where the socket of a server is.
#[derive(Debug, Clone)]
pub enum Destination {
    /// At a port: the server's own, or another in its place.
    Tcp(Endpoint),
    /// The same, behind a proxy: the socket is the proxy's.
    Behind(Box<Proxy>, Endpoint),
    /// A Unix domain socket.
    Unix(UnixAddress),
}

impl Route {
    /// The way to the server's own port.
    pub fn to(endpoint: Endpoint) -> Self {
        Self { destination: Destination::Tcp(endpoint.clone()), endpoint, lookup: Lookup::default(), tls: None }
    }

    /// The same way, to one address of its socket's host.
    pub fn at(&self, address: IpAddr) -> Self {
        let port = match &self.destination {
            Destination::Tcp(endpoint) | Destination::Behind(_, endpoint) => endpoint.port(),
            Destination::Unix(_) => return self.clone(),
        };
        Self { lookup: Lookup::at(port, address), ..self.clone() }
    }

    /// The same way, on which the server is offered HTTP/2 beside HTTP/1.1.
    pub fn offering_http2(self) -> Self {
        let offering = |TlsTo { client, server_name }| TlsTo { client: client.offering_http2(), server_name };
        Self { tls: self.tls.map(offering), ..self }
    }

    /// The proxy on the way.
    pub fn proxy(&self) -> Option<&Proxy> {
        match &self.destination {
            Destination::Behind(proxy, _) => Some(proxy),
            Destination::Tcp(_) | Destination::Unix(_) => None,
        }
    }

    /// The server, for messages: the Unix domain socket, or host and port.
    pub fn peer(&self) -> String {
        match &self.destination {
            Destination::Unix(address) => address.to_string(),
            Destination::Tcp(_) | Destination::Behind(..) => self.endpoint.peer(),
        }
    }
}

/// TLS with one server.
#[derive(Debug, Clone)]
pub struct TlsTo {
    /// What is trusted, and the certificate that is shown: the same for every server that a run connects to. A proxy has
    /// one of its own: our certificate is not for it.
    pub client: TlsClient,
    /// The name that this server is asked for and verified by.
    pub server_name: ServerName,
}
