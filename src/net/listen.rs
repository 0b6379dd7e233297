//! The server's side: an address to listen at, and clients as they come.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::AskPassphrase;
use super::connect::Connected;
use super::failure::{AcceptFailure, ConnectRecord};
use super::limit::TimeLimit;
use super::listen_address::ListenAddress;
use super::stream::{Socket, Stream};
use super::tls::{self, ServerIdentity, ServerTls};
use crate::diagnosis::{CannotListen, Diagnosis};
use crate::error::{Error, Phase, Result};
use crate::event::{PeerAddress, Step, StepDetail};
use crate::platform::{SocketFile, UnixAddress, UnixListener, is_out_of_descriptors};

/// What a listener is made of.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// Where.
    pub address: ListenAddress,
    /// Who it is, where it serves `wss`.
    pub identity: Option<ServerIdentity>,
}

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: ListeningSocket,
    file: Option<SocketFile>,
    tls: Option<ServerTls>,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, UnixAddress),
}

/// Binds and listens. It may ask for the passphrase of the key.
///
/// # Errors
/// [`Phase::Usage`] for a certificate or key that cannot be used, [`Phase::Connect`] for an address that cannot be had.
pub fn listen(options: &ListenOptions, passphrase: AskPassphrase<'_>) -> Result<Listener> {
    let tls = match &options.identity {
        Some(identity) => Some(ServerTls::new(identity, passphrase)?),
        None => None,
    };
    let (socket, file) = bind(&options.address).map_err(|error| cannot_listen(&options.address, error))?;
    Ok(Listener { socket, file, tls })
}

fn bind(address: &ListenAddress) -> io::Result<(ListeningSocket, Option<SocketFile>)> {
    match address {
        ListenAddress::Tcp { host, port } => {
            let socket = TcpListener::bind((host.as_str(), *port))?;
            let address = socket.local_addr()?;
            Ok((ListeningSocket::Tcp(socket, address), None))
        }
        ListenAddress::Unix(address) => {
            let (socket, file) = address.listen()?;
            Ok((ListeningSocket::Unix(socket, address.clone()), file))
        }
    }
}

impl Listener {
    /// The address and port at which it listens; `None` at a Unix domain socket.
    pub fn ip_address(&self) -> Option<SocketAddr> {
        match self.socket {
            ListeningSocket::Tcp(_, address) => Some(address),
            ListeningSocket::Unix(..) => None,
        }
    }

    /// From where clients may connect to it.
    pub fn reach(&self) -> Reach {
        match &self.socket {
            ListeningSocket::Tcp(_, address) if !address.ip().to_canonical().is_loopback() => Reach::OtherMachines,
            ListeningSocket::Unix(_, address) if address.is_file() => Reach::ThisUser,
            ListeningSocket::Tcp(..) | ListeningSocket::Unix(..) => Reach::ThisMachine,
        }
    }

    /// The file of its Unix domain socket, to be removed at the end.
    pub fn take_file(&mut self) -> Option<SocketFile> {
        self.file.take()
    }

    /// The URL at which this machine reaches it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let address = match &self.socket {
            ListeningSocket::Tcp(_, address) => address,
            ListeningSocket::Unix(_, address) => return format!("{scheme}+unix:{address}:/"),
        };
        let ip = match address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        format!("{scheme}://{}/", SocketAddr::new(ip, address.port()))
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
                    let message = format!("cannot accept a client at `{}`", self.url());
                    let cause = is_out_of_descriptors(&error).then_some(Diagnosis::OutOfDescriptors);
                    return Err(Error::new(Phase::Session, message).caused_by(error).diagnosed(cause));
                }
                Ok(accepted) => break accepted,
            }
        };
        Ok(Incoming { socket, address, tls: self.tls.clone() })
    }
}

impl ListeningSocket {
    fn accept(&self) -> io::Result<(Socket, PeerAddress)> {
        match self {
            Self::Tcp(listener, _) => listener.accept().map(|(socket, address)| (socket.into(), address.into())),
            Self::Unix(listener, address) => {
                listener.accept().map(|(socket, _)| (socket.into(), PeerAddress::Unix(address.to_string())))
            }
        }
    }
}

/// From where clients may connect to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Programs of the same user.
    ThisUser,
    /// Every program on this machine.
    ThisMachine,
    /// Other machines, too.
    OtherMachines,
}

/// A client whose TLS handshake is still to come.
#[derive(Debug)]
pub struct Incoming {
    socket: Socket,
    address: PeerAddress,
    tls: Option<ServerTls>,
}

impl Incoming {
    /// The client's address.
    pub fn address(&self) -> &PeerAddress {
        &self.address
    }

    /// Shakes hands where the listener speaks TLS, within `limit`. The steps are in what it returns.
    ///
    /// # Errors
    /// [`AcceptFailure::Tls`] when the handshake fails or takes too long, [`AcceptFailure::Left`] when the client has left.
    pub fn handshake(self, limit: TimeLimit) -> Result<Connected, AcceptFailure> {
        let Self { socket, address, tls } = self;
        if let Socket::Tcp(socket) = &socket {
            socket.set_nodelay(true).map_err(AcceptFailure::Left)?;
        }
        let mut stream = Stream::new(socket);
        let mut record = ConnectRecord::default();
        if let Some(tls) = tls {
            let limit = limit.for_next_step();
            let config = tls.config(stream.socket().local_ip()).map_err(|error| AcceptFailure::Tls(error.into()))?;
            let facts = tls::accept(config, &mut stream, limit).map_err(AcceptFailure::Tls)?;
            record.steps.push(Step { took: limit.since.elapsed(), detail: StepDetail::tls_established(&facts) });
            record.tls = Some(facts);
        }
        Ok(Connected { stream, address, record })
    }
}

fn cannot_listen(address: &ListenAddress, error: io::Error) -> Error {
    let is_socket = matches!(address, ListenAddress::Unix(_));
    let cause = match error.kind() {
        io::ErrorKind::AddrInUse if is_socket => Some(CannotListen::SocketTaken),
        io::ErrorKind::AlreadyExists => Some(CannotListen::NoSocket),
        io::ErrorKind::NotFound if is_socket => Some(CannotListen::NoFolder),
        io::ErrorKind::AddrInUse => Some(CannotListen::PortTaken),
        io::ErrorKind::PermissionDenied if !is_socket => Some(CannotListen::Forbidden),
        io::ErrorKind::AddrNotAvailable => Some(CannotListen::NotOurAddress),
        _ => None,
    };
    Error::new(Phase::Connect, format!("cannot listen at `{address}`"))
        .caused_by(error)
        .diagnosed(cause.map(Diagnosis::CannotListen))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    fn at(address: ListenAddress) -> Result<Listener> {
        let options = ListenOptions { address, identity: None };
        listen(&options, &|_| unreachable!())
    }

    fn port_of(listener: &Listener) -> u16 {
        listener.ip_address().unwrap().port()
    }

    #[test]
    fn a_free_port_is_taken_and_told() {
        let listener = at(ListenAddress::loopback(0)).unwrap();
        assert_ne!(port_of(&listener), 0);
        assert_eq!(listener.url(), format!("ws://127.0.0.1:{}/", port_of(&listener)));
    }

    #[test]
    fn every_address_but_loopback_is_exposed() {
        let is_exposed = |ip: &str| {
            let socket = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let socket = ListeningSocket::Tcp(socket, SocketAddr::new(ip.parse().unwrap(), 80));
            Listener { socket, file: None, tls: None }.reach() == Reach::OtherMachines
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
        assert_eq!(listener.url(), format!("ws://127.0.0.1:{}/", port_of(&listener)));
    }

    #[test]
    fn a_client_without_tls_is_connected_at_once() {
        let listener = at(ListenAddress::loopback(0)).unwrap();
        let client = TcpStream::connect(listener.ip_address().unwrap()).unwrap();
        let connected = listener.accept().unwrap().handshake(TimeLimit::starting_now(Duration::ZERO)).unwrap();
        assert_eq!(connected.address, client.local_addr().unwrap().into());
        assert!(connected.record.tls.is_none() && connected.record.steps.is_empty());
        assert!(matches!(connected.stream.socket(), Socket::Tcp(socket) if socket.nodelay().unwrap()));
    }

    #[test]
    fn a_port_that_is_taken_is_told() {
        let listener = at(ListenAddress::loopback(0)).unwrap();
        let error = at(ListenAddress::loopback(port_of(&listener))).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen at `127.0.0.1:{}`", port_of(&listener)));
        assert_eq!(error.diagnosis(), Some(&Diagnosis::CannotListen(CannotListen::PortTaken)));
    }

    #[test]
    fn an_address_of_another_machine_is_told() {
        let error = at(ListenAddress::new("192.0.2.1", 0)).unwrap_err();
        assert_eq!(error.diagnosis(), Some(&Diagnosis::CannotListen(CannotListen::NotOurAddress)));
    }
}
