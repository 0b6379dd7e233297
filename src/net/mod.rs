//! The way to a peer: names, TCP, proxies, TLS. Gives a connected byte stream and a record of how it came about.

mod connect;
mod endpoint;
mod failure;
mod happy_eyeballs;
mod host_pattern;
mod limit;
mod listen;
mod listen_address;
mod lookup;
mod proxy;
mod redirect;
mod resolve;
mod route;
mod stream;
mod target;
mod timed;
mod tls;
mod unix_url;
mod url;

use std::path::Path;

pub use rustls::AlertDescription;

pub use self::connect::{Connected, connect};
pub use self::endpoint::Endpoint;
pub use self::failure::{AcceptFailure, ConnectCause, ConnectFailure, ConnectRecord, FailedAt};
pub use self::host_pattern::HostPattern;
pub use self::limit::TimeLimit;
pub use self::listen::{Incoming, ListenOptions, Listener, Reach, listen};
pub use self::listen_address::ListenAddress;
pub use self::lookup::{AddressFamily, ConnectTo, Lookup, Pin};
pub use self::proxy::{
    ConnectRequest, NameLookup, Proxy, ProxyFailure, ProxyProtocol, ProxyScheme, ProxyUrl, Socks5, SocksFailure,
    SocksReply,
};
pub use self::redirect::BadLocation;
pub use self::route::{Destination, Route, TlsTo};
pub use self::stream::{Socket, Stream, StreamReader, StreamWriter};
pub use self::target::{Credentials, Target};
pub use self::tls::{
    Authority, AuthorityError, AuthorityFault, Identity, Incompatibility, PinnedKeys, RefusedCertificate,
    ServerIdentity, ServerName, TlsClient, TlsFailure, TlsOptions, TlsVersion, TlsVersions, TrustedRoots, Verification,
    accept_as,
};
use crate::error::Result;

/// Asks for the passphrase of a key file.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Result<String>;
