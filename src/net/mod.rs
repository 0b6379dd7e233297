//! The way to a peer: names, TCP, TLS. Gives a connected byte stream and a record of how it came about.

mod connect;
mod endpoint;
mod failure;
mod happy_eyeballs;
mod limit;
mod listen;
mod redirect;
mod resolve;
mod route;
mod stream;
mod target;
mod tls;
mod url;

use std::path::Path;

pub use rustls::AlertDescription;

pub use self::connect::{Connected, connect};
pub use self::endpoint::Endpoint;
pub use self::failure::{AcceptFailure, ConnectCause, ConnectFailure, ConnectRecord};
pub use self::limit::TimeLimit;
pub use self::listen::{Incoming, ListenAddress, ListenOptions, Listener, listen};
pub use self::redirect::BadLocation;
pub use self::route::{Route, TlsTo};
pub use self::stream::{Socket, Stream, StreamReader, StreamWriter};
pub use self::target::{Credentials, Target};
pub use self::tls::{
    Identity, Incompatibility, MinimumVersion, RefusedCertificate, ServerName, TlsClient, TlsFailure, TlsOptions,
    Verification,
};
use crate::error::Result;

/// Asks for the passphrase of a key file.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Result<String>;
