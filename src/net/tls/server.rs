//! The server's side of TLS.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{KeyLogFile, ServerConfig, ServerConnection};

use super::authority::Authority;
use super::failure::TlsFailure;
use super::options::{Identity, TlsVersions};
use super::{alpn, facts, handshake, pem};
use crate::error::{Error, Phase, Result};
use crate::event::TlsFacts;
use crate::net::AskPassphrase;
use crate::net::limit::TimeLimit;
use crate::net::stream::Stream;

/// Who a server is, towards clients that verify it.
#[derive(Debug, Clone)]
pub enum ServerIdentity {
    /// The one that a certificate names.
    Files(Identity),
    /// The one that each client asks for, certified by an authority of our own.
    Authority(Arc<Authority>),
}

/// What a listener needs for its handshakes.
#[derive(Debug, Clone)]
pub enum ServerTls {
    /// The same for all clients.
    Fixed(Arc<ServerConfig>),
    /// A certificate for each.
    Authority(Arc<Authority>),
}

impl ServerTls {
    /// Reads the files of `identity`.
    ///
    /// # Errors
    /// [`Phase::Usage`] for a certificate or key that cannot be used.
    pub fn new(identity: &ServerIdentity, passphrase: AskPassphrase<'_>) -> Result<Self> {
        let identity = match identity {
            ServerIdentity::Authority(authority) => return Ok(Self::Authority(Arc::clone(authority))),
            ServerIdentity::Files(identity) => identity,
        };
        let (chain, key) = pem::load(identity, passphrase)?;
        let provider = ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(|error| pem::unfit(identity, error))?;
        let config = config(Arc::new(SingleCertAndKey::from(key)));
        config.map(Self::Fixed).map_err(|error| Error::new(Phase::Tls, "TLS cannot be set up").caused_by(error))
    }

    /// What the handshake with a client needs that has connected to `address`.
    ///
    /// # Errors
    /// Where there is no TLS at all.
    pub fn config(&self, address: Option<IpAddr>) -> std::result::Result<Arc<ServerConfig>, rustls::Error> {
        match self {
            Self::Fixed(config) => Ok(Arc::clone(config)),
            Self::Authority(authority) => {
                config(Arc::new(ByServerName { authority: Arc::clone(authority), otherwise: address }))
            }
        }
    }
}

/// Shows a client a certificate for the name that it asks for.
#[derive(Debug)]
struct ByServerName {
    authority: Arc<Authority>,
    /// For a client that names no server: it was given an address.
    otherwise: Option<IpAddr>,
}

impl ResolvesServerCert for ByServerName {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = client_hello.server_name().map(str::to_owned);
        let address =
            || self.otherwise.map_or_else(|| "localhost".to_owned(), |address| address.to_canonical().to_string());
        self.authority.certify(&name.unwrap_or_else(address)).ok()
    }
}

/// Accepts a client as the server `name`, whatever name it asks for. `stream` has one more layer then.
///
/// # Errors
/// A handshake that fails or takes too long.
pub fn accept_as(
    authority: &Authority,
    name: &str,
    stream: &mut Stream,
    limit: TimeLimit,
) -> Result<TlsFacts, TlsFailure> {
    let certified =
        authority.certify(name).map_err(|fault| TlsFailure::Other(rustls::Error::General(fault.to_string())))?;
    accept(config(Arc::new(SingleCertAndKey::from(certified)))?, stream, limit)
}

fn config(certificates: Arc<dyn ResolvesServerCert>) -> std::result::Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(TlsVersions::All.supported())?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = alpn();
    // It writes only where SSLKEYLOGFILE is set.
    config.key_log = Arc::new(KeyLogFile::new());
    Ok(Arc::new(config))
}

/// The server's side of the handshake over `stream`, which has one more layer then.
pub fn accept(config: Arc<ServerConfig>, stream: &mut Stream, limit: TimeLimit) -> Result<TlsFacts, TlsFailure> {
    let mut session = ServerConnection::new(config)?;
    handshake::complete(stream, &mut session, limit)?;
    let facts = facts(&session, session.server_name().unwrap_or_default());
    stream.add_tls(session.into());
    Ok(facts)
}
