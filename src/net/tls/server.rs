//! The server's side of TLS.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{KeyLogFile, ServerConfig, ServerConnection};

use super::failure::TlsFailure;
use super::options::{Identity, TlsVersions};
use super::{alpn, facts, handshake, pem};
use crate::error::{Error, Phase, Result};
use crate::event::TlsFacts;
use crate::net::AskPassphrase;
use crate::net::limit::TimeLimit;
use crate::net::stream::Stream;

/// What a listener needs for its handshakes.
///
/// # Errors
/// [`Phase::Usage`] for a certificate or key that cannot be used.
pub fn server_config(identity: &Identity, passphrase: AskPassphrase<'_>) -> Result<Arc<ServerConfig>> {
    let (chain, key) = pem::load(identity, passphrase)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(TlsVersions::All.supported())
        .map_err(|error| Error::new(Phase::Tls, "TLS cannot be set up").caused_by(error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| pem::unfit(identity, error))?;
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
