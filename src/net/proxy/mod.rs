//! Proxies: what is asked to connect us to a server, and passes bytes on from then.

mod connect;
mod failure;
mod socks;
#[cfg(test)]
mod tests;
mod url;

use std::io;
use std::net::SocketAddr;

pub use self::connect::ConnectRequest;
pub use self::failure::{ProxyFailure, SocksFailure, SocksReply};
pub use self::socks::{NameLookup, Socks5};
pub use self::url::{ProxyScheme, ProxyUrl};
use super::endpoint::Endpoint;
use super::limit::TimeLimit;
use super::route::TlsTo;
use super::stream::Stream;
use super::timed::Timed;
use crate::event::Event;

/// A proxy on the way to a server.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it is.
    pub endpoint: Endpoint,
    /// TLS with the proxy itself; what is said with the server goes inside it.
    pub tls: Option<TlsTo>,
    /// How it is asked.
    pub protocol: ProxyProtocol,
    /// The name of the setting that has chosen it, for messages.
    pub setting: String,
}

/// How a proxy is asked to connect us.
#[derive(Debug, Clone)]
pub enum ProxyProtocol {
    /// HTTP's CONNECT (RFC 9110 section 9.3.6).
    Connect(ConnectRequest),
    /// SOCKS version 5 (RFC 1928).
    Socks5(Socks5),
}

/// What a proxy is asked to connect us to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TunnelTarget<'a> {
    /// A host, which the proxy looks up where it is a name.
    Host(&'a Endpoint),
    /// An address that the host has been looked up as.
    Address(SocketAddr),
}

impl TunnelTarget<'_> {
    /// Host and port, for messages.
    pub(super) fn text(self) -> String {
        match self {
            Self::Host(endpoint) => endpoint.peer(),
            Self::Address(address) => address.to_string(),
        }
    }
}

impl Proxy {
    /// Whether the name of the server is looked up here, and not by the proxy.
    pub(super) fn wants_address(&self) -> bool {
        matches!(&self.protocol, ProxyProtocol::Socks5(socks) if socks.lookup == NameLookup::Here)
    }

    /// Has the proxy, to which `stream` leads, connect us to `destination`; tells what it answered. `observe` is given
    /// the heads of CONNECT. No byte is read that comes behind the answer.
    pub(super) fn ask(
        &self,
        stream: &mut Stream,
        destination: TunnelTarget<'_>,
        limit: TimeLimit,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<String, ProxyFailure> {
        let mut timed = Timed::new(stream, limit);
        let answer = match &self.protocol {
            ProxyProtocol::Connect(request) => request.ask(&mut timed, destination, observe),
            ProxyProtocol::Socks5(socks) => socks.ask(&mut timed, destination),
        };
        let answer = answer.map_err(|failure| failure.within(limit))?;
        let unlimited: io::Result<()> = stream.set_read_timeout(None).and_then(|()| stream.set_write_timeout(None));
        unlimited.map_err(ProxyFailure::Broken)?;
        Ok(answer)
    }
}
