//! A listening socket on a loopback port of its own, and the script that runs for its connections.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Connection, PATIENCE};

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

/// Runs the script for the bare socket of each connection.
pub fn serve_sockets<T: Send + 'static>(
    scheme: &'static str,
    script: impl Fn(TcpStream) -> T + Send + Sync + 'static,
) -> Server<T> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
    let address = listener.local_addr().expect("a bound socket");
    let (sender, outcomes) = mpsc::channel();
    thread::spawn(move || accept_each(&listener, &sender, &Arc::new(script)));
    Server { address, scheme, outcomes }
}

/// Ends with the process: a listener that nobody connects to costs nothing.
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
            // Nobody waits for the outcome of a connection that the test doesn't care about.
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

/// A port that nobody listens on: it was free a moment ago, and nothing in the tests asks for a port by number.
pub fn unused_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound socket").port()
}
