//! A listening socket on a loopback port of its own, and the script that runs for its connections.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::{Domain, Socket, Type};

use super::{Connection, Event, PATIENCE};

/// A server whose script yields a `T` for each connection.
#[must_use = "`outcome` tells what the peer saw, and fails the test if its script failed"]
pub struct Server<T> {
    address: SocketAddr,
    scheme: &'static str,
    outcomes: Receiver<thread::Result<T>>,
}

impl<T> Server<T> {
    /// `ws://127.0.0.1:PORT` or `wss://localhost:PORT`, without a path.
    pub fn url(&self) -> String {
        match self.scheme {
            "wss" => format!("wss://localhost:{}", self.port()),
            scheme => format!("{scheme}://127.0.0.1:{}", self.port()),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port alone.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What the script made of the next connection; waits until it is through, and panics if it did.
    #[track_caller]
    pub fn outcome(&self) -> T {
        match self.outcomes.recv_timeout(PATIENCE) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(timeout) => panic!("the peer's script is not through: {timeout}"),
        }
    }
}

/// Runs the script for each connection in a thread of its own.
pub fn serve<T: Send + 'static>(script: impl Fn(Connection) -> T + Send + Sync + 'static) -> Server<T> {
    serve_sockets("ws", move |socket| script(Connection::plain(socket)))
}

/// The same over TLS. The outcome is an error where the TLS handshake failed; the script isn't run then.
pub fn serve_tls<T: Send + 'static>(
    config: Arc<ServerConfig>,
    script: impl Fn(Connection) -> T + Send + Sync + 'static,
) -> Server<Result<T, String>> {
    serve_sockets("wss", move |socket| {
        let stream = accept_tls(Arc::clone(&config), socket)?;
        Ok(script(Connection::tls(stream)))
    })
}

/// Takes a request, which makes `requested` happen, and never answers.
pub fn serve_silently(requested: &Event) -> Server<()> {
    let requested = requested.clone();
    serve(move |mut connection| {
        connection.request();
        requested.happens();
        connection.expect_end();
    })
}

/// Runs the script for the bare socket of each connection.
pub fn serve_sockets<T: Send + 'static>(
    scheme: &'static str,
    script: impl Fn(TcpStream) -> T + Send + Sync + 'static,
) -> Server<T> {
    serve_sockets_at(Ipv4Addr::LOCALHOST.into(), scheme, script)
}

/// The same at a loopback address of either family.
pub fn serve_sockets_at<T: Send + 'static>(
    ip: IpAddr,
    scheme: &'static str,
    script: impl Fn(TcpStream) -> T + Send + Sync + 'static,
) -> Server<T> {
    let (listener, reserved) = bind(ip);
    let address = listener.local_addr().expect("a bound socket");
    let (sender, outcomes) = mpsc::channel();
    thread::spawn(move || {
        accept_each(&listener, &sender, &Arc::new(script));
        drop(reserved);
    });
    Server { address, scheme, outcomes }
}

/// A listener at a port, and a socket that keeps the same port of the other loopback address from other tests:
/// `localhost` means both. It does not listen, so connections to it are refused.
fn bind(ip: IpAddr) -> (TcpListener, Option<Socket>) {
    let (other, domain): (IpAddr, _) = match ip {
        IpAddr::V4(_) => (Ipv6Addr::LOCALHOST.into(), Domain::IPV6),
        IpAddr::V6(_) => (Ipv4Addr::LOCALHOST.into(), Domain::IPV4),
    };
    loop {
        let listener = TcpListener::bind((ip, 0)).expect("a free loopback port");
        let port = listener.local_addr().expect("a bound socket").port();
        // A machine may have one family alone.
        let Ok(reserved) = Socket::new(domain, Type::STREAM, None) else { return (listener, None) };
        match reserved.bind(&SocketAddr::new(other, port).into()) {
            Ok(()) => return (listener, Some(reserved)),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(_) => return (listener, None),
        }
    }
}

/// Ends with the process: an idle listener costs nothing.
fn accept_each<T: Send + 'static>(
    listener: &TcpListener,
    sender: &Sender<thread::Result<T>>,
    script: &Arc<impl Fn(TcpStream) -> T + Send + Sync + 'static>,
) {
    for socket in listener.incoming() {
        let socket = socket.expect("a connection");
        let (script, sender) = (Arc::clone(script), sender.clone());
        thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| script(socket)));
            // The test may have ended without asking for this outcome.
            let _ = sender.send(outcome);
        });
    }
}

/// A TLS handshake that is over before the first byte is read or written.
pub fn accept_tls(
    config: Arc<ServerConfig>,
    mut socket: TcpStream,
) -> Result<StreamOwned<ServerConnection, TcpStream>, String> {
    socket.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    let mut tls = ServerConnection::new(config).expect("a valid configuration");
    while tls.is_handshaking() {
        if let Err(error) = tls.complete_io(&mut socket) {
            // Tell the client why, as rustls leaves an alert behind.
            let _ = tls.write_tls(&mut socket).and_then(|_| socket.flush());
            return Err(error.to_string());
        }
    }
    Ok(StreamOwned::new(tls, socket))
}

/// A port without a listener, for scenarios in which nothing listens, or not yet. It lies below the range from which the
/// kernel takes the ports of connections and of listeners that ask for any (`ip_local_port_range`), so that no other
/// test gets it meanwhile.
pub fn unused_port() -> u16 {
    const LOWEST: u64 = 10_000;
    const COUNT: u64 = 20_000;
    loop {
        // The keys of the hasher are random.
        let random = RandomState::new().build_hasher().finish();
        let port = u16::try_from(LOWEST + random % COUNT).expect("a small number");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
