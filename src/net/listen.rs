//! The server's side: an address to listen at, and clients as they come.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::num::ParseIntError;
use std::sync::Arc;
use std::time::Instant;

use rustls::ServerConfig;

use super::AskPassphrase;
use super::connect::Connected;
use super::failure::{AcceptFailure, ConnectRecord};
use super::limit::TimeLimit;
use super::stream::Stream;
use super::tls::{self, Identity, MinimumVersion};
use crate::diagnosis::{CannotListen, Diagnosis};
use crate::error::{Error, Phase, Result};
use crate::event::{Step, StepDetail};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    host: String,
    port: u16,
}

impl ListenAddress {
    /// A host, by name or address (IPv6 without brackets), and a port; port 0 takes a free one.
    pub fn new(host: &str, port: u16) -> Self {
        // One family has to be chosen, and every program on this machine can speak this one.
        let host = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
        Self { host: host.to_owned(), port }
    }

    /// A port of the loopback interface.
    pub fn loopback(port: u16) -> Self {
        Self::new("127.0.0.1", port)
    }

    /// Understands `[ADDR:]PORT`; without an address it is the loopback interface. IPv6 stands in brackets.
    ///
    /// # Errors
    /// [`Phase::Usage`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(Phase::Usage, format!("`{text}` is not an address to listen at"))
                .hint("write `8000`, `0.0.0.0:8000` for every IPv4 interface, or `[::]:8000` for IPv6 as well")
        };
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|error: ParseIntError| wrong().caused_by(error))?;
        match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(Some(address)) if !address.is_empty() => Ok(Self::new(address, port)),
            None if host.is_empty() => Ok(Self::loopback(port)),
            None if !host.contains([':', '*', '/', ']']) => Ok(Self::new(host, port)),
            _ => Err(wrong()),
        }
    }
}

/// What a listener is made of.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// Where.
    pub address: ListenAddress,
    /// With a certificate and its key, it serves `wss`.
    pub identity: Option<Identity>,
    /// The lowest TLS version that it speaks.
    pub minimum_version: MinimumVersion,
}

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

/// Binds and listens. It may ask for the passphrase of the key.
///
/// # Errors
/// [`Phase::Usage`] for a certificate or key that cannot be used, [`Phase::Connect`] for an address that cannot be had.
pub fn listen(options: &ListenOptions, passphrase: AskPassphrase<'_>) -> Result<Listener> {
    let tls = match &options.identity {
        Some(identity) => Some(tls::server_config(identity, options.minimum_version, passphrase)?),
        None => None,
    };
    let ListenAddress { host, port } = &options.address;
    let cannot = |error| cannot_listen(&options.address, error);
    let socket = TcpListener::bind((host.as_str(), *port)).map_err(cannot)?;
    let address = socket.local_addr().map_err(cannot)?;
    Ok(Listener { socket, address, tls })
}

impl Listener {
    /// Where it listens, with the port that it really has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether other machines may reach it, too.
    pub fn is_exposed(&self) -> bool {
        !self.address.ip().to_canonical().is_loopback()
    }

    /// The URL at which this machine reaches it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let ip = match self.address.ip() {
            address if !address.is_unspecified() => address,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        format!("{scheme}://{}/", SocketAddr::new(ip, self.address.port()))
    }

    /// Waits for the next client. Its TLS handshake is left to [`Incoming::handshake`], so that a slow one does not hold
    /// up the others.
    ///
    /// # Errors
    /// [`Phase::Session`], when the system has no more file descriptors, say: the listener lives on.
    pub fn accept(&self) -> Result<Incoming> {
        use io::ErrorKind::{ConnectionAborted, Interrupted};
        let (socket, address) = loop {
            match self.socket.accept() {
                // A client that has left before it was served is of no interest.
                Err(error) if matches!(error.kind(), Interrupted | ConnectionAborted) => {}
                Err(error) => {
                    let message = format!("cannot accept a client at `{}`", self.address);
                    return Err(Error::new(Phase::Session, message).caused_by(error));
                }
                Ok(accepted) => break accepted,
            }
        };
        Ok(Incoming { socket, address, tls: self.tls.clone() })
    }
}

/// A client whose TLS handshake is still to come.
#[derive(Debug)]
pub struct Incoming {
    socket: TcpStream,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

impl Incoming {
    /// The client's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shakes hands where the listener speaks TLS, within `limit`. The steps are in what it returns.
    ///
    /// # Errors
    /// [`AcceptFailure::Tls`] when the handshake fails or takes too long, [`AcceptFailure::Left`] when the client has left.
    pub fn handshake(self, limit: TimeLimit) -> Result<Connected, AcceptFailure> {
        let Self { socket, address, tls } = self;
        socket.set_nodelay(true).map_err(AcceptFailure::Left)?;
        let mut stream = Stream::new(socket);
        let mut record = ConnectRecord::default();
        if let Some(config) = tls {
            let started = Instant::now();
            let facts = tls::accept(config, &mut stream, limit).map_err(AcceptFailure::Tls)?;
            let (version, cipher_suite) = (facts.version.clone(), facts.cipher_suite.clone());
            let detail = StepDetail::TlsEstablished { version, cipher_suite };
            record.steps.push(Step { took: started.elapsed(), detail });
            record.tls = Some(facts);
        }
        Ok(Connected { stream, address, record })
    }
}

fn cannot_listen(address: &ListenAddress, error: io::Error) -> Error {
    let ListenAddress { host, port } = address;
    let cause = match error.kind() {
        io::ErrorKind::AddrInUse => Some(CannotListen::PortTaken),
        io::ErrorKind::PermissionDenied => Some(CannotListen::Forbidden),
        io::ErrorKind::AddrNotAvailable => Some(CannotListen::NotOurAddress),
        _ => None,
    };
    let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    Error::new(Phase::Connect, format!("cannot listen at `{place}`"))
        .caused_by(error)
        .diagnosed(cause.map(Diagnosis::CannotListen))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::Socket;

    fn at(address: ListenAddress) -> Result<Listener> {
        let options = ListenOptions { address, identity: None, minimum_version: MinimumVersion::default() };
        listen(&options, &|_| unreachable!())
    }

    #[test]
    fn an_address_to_listen_at_is_loopback_unless_it_says_otherwise() {
        for (text, host, port) in [
            ("8000", "127.0.0.1", 8000),
            (":8000", "127.0.0.1", 8000),
            ("0", "127.0.0.1", 0),
            ("localhost:8000", "127.0.0.1", 8000),
            ("0.0.0.0:80", "0.0.0.0", 80),
            ("[::1]:80", "::1", 80),
            ("example.com:80", "example.com", 80),
        ] {
            assert_eq!(ListenAddress::parse(text).unwrap(), ListenAddress { host: host.into(), port }, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_to_listen_at_is_refused() {
        for text in ["", "host", "host:", "host:65536", "::1:80", "[]:80", "[::1:80", "*:80", "ws://host:80"] {
            let error = ListenAddress::parse(text).unwrap_err();
            assert_eq!(error.phase(), Phase::Usage, "{text}");
        }
    }

    #[test]
    fn a_free_port_is_taken_and_told() {
        let listener = at(ListenAddress::loopback(0)).unwrap();
        assert_ne!(listener.address().port(), 0);
        assert_eq!(listener.url(), format!("ws://{}/", listener.address()));
    }

    #[test]
    fn every_address_but_loopback_is_exposed() {
        let is_exposed = |ip: &str| {
            let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            Listener { socket, address: SocketAddr::new(ip.parse().unwrap(), 80), tls: None }.is_exposed()
        };
        for loopback in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            assert!(!is_exposed(loopback), "{loopback}");
        }
        for other in ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "fe80::1", "fd00::1", "172.17.0.1"] {
            assert!(is_exposed(other), "{other}");
        }
    }

    #[test]
    fn every_interface_is_reached_over_loopback() {
        let listener = at(ListenAddress::new("0.0.0.0", 0)).unwrap();
        assert_eq!(listener.url(), format!("ws://127.0.0.1:{}/", listener.address().port()));
    }

    #[test]
    fn a_client_without_tls_is_connected_at_once() {
        let listener = at(ListenAddress::loopback(0)).unwrap();
        let client = TcpStream::connect(listener.address()).unwrap();
        let connected = listener.accept().unwrap().handshake(TimeLimit::starting_now(Duration::ZERO)).unwrap();
        assert_eq!(connected.address, client.local_addr().unwrap());
        assert!(connected.record.tls.is_none() && connected.record.steps.is_empty());
        assert!(matches!(connected.stream.socket(), Socket::Tcp(socket) if socket.nodelay().unwrap()));
    }

    #[test]
    fn a_port_that_is_taken_is_told() {
        let listener = at(ListenAddress::loopback(0)).unwrap();
        let error = at(ListenAddress::loopback(listener.address().port())).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen at `{}`", listener.address()));
        assert_eq!(error.diagnosis(), Some(&Diagnosis::CannotListen(CannotListen::PortTaken)));
    }

    #[test]
    fn an_address_of_another_machine_is_told() {
        let error = at(ListenAddress::new("192.0.2.1", 0)).unwrap_err();
        assert_eq!(error.diagnosis(), Some(&Diagnosis::CannotListen(CannotListen::NotOurAddress)));
    }
}
