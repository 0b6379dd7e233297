//! The way to a peer: names, TCP, TLS. Gives a connected byte stream and a record of how it came about.

mod connect;
mod happy_eyeballs;
mod limit;
mod listen;
mod resolve;
mod stream;
mod target;
mod tls;

use std::net::{SocketAddr, TcpStream};
use std::path::Path;

pub use self::connect::{ConnectOptions, connect};
pub use self::limit::TimeLimit;
pub use self::listen::{Incoming, ListenAddress, ListenOptions, Listener, listen};
pub use self::stream::{Stream, StreamReader, StreamWriter};
pub use self::target::{Credentials, Target};
pub use self::tls::{Identity, MinimumVersion, TlsOptions, Verification, failure as tls_failure};
use crate::error::Result;
use crate::event::{Step, TlsFacts};

/// Asks for the passphrase of a key file.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Result<String>;

/// A byte stream to a peer, and how it came about.
#[derive(Debug)]
pub struct Connected {
    /// Blocking, without time limits, `TCP_NODELAY`.
    pub socket: TcpStream,
    /// The handshake is over; what the peer sent right after it may already lie inside.
    pub tls: Option<rustls::Connection>,
    /// The peer's.
    pub address: SocketAddr,
    /// For TLS.
    pub tls_facts: Option<TlsFacts>,
    /// In order; the same that were reported as events.
    pub steps: Vec<Step>,
}
