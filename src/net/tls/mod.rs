//! TLS with rustls: what to trust, how to identify ourselves, and what came of it.

mod certificate;
mod distinguished_name;
mod explain;
mod handshake;
mod pem;
#[cfg(test)]
mod tests;
mod verdict;
mod witness;

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::version::TLS13;
use rustls::{
    ClientConfig, ClientConnection, CommonState, Connection, KeyLogFile, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
};

use self::explain::Side;
pub use self::explain::failure;
use self::handshake::Broken;
use self::witness::{Testimony, Trust, Witness};
use super::AskPassphrase;
use super::limit::TimeLimit;
use super::target::Target;
use crate::error::{Error, Phase, Result};
use crate::event::TlsFacts;

static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&TLS13];

/// How `wss` is to be spoken, by either side.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Whether and by what the server's certificate is judged.
    pub verification: Verification,
    /// The certificate that we show when asked.
    pub identity: Option<Identity>,
    /// The name that is asked for and verified, instead of the URL's host.
    pub server_name: Option<String>,
    /// The lowest version that we speak.
    pub minimum_version: MinimumVersion,
}

/// By what the server's certificate is judged.
#[derive(Debug, Clone, Default)]
pub enum Verification {
    /// The system's trust store, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    #[default]
    System,
    /// Only the certificates in this PEM file.
    Ca(PathBuf),
    /// Any certificate is accepted; what the system's trust store would have said is recorded.
    None,
}

/// A certificate chain with its private key, both PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The leaf first, then its issuers.
    pub certificate: PathBuf,
    /// May be the same file. An encrypted key (PKCS #8) asks for its passphrase.
    pub key: PathBuf,
}

/// A TLS version, as the lowest that is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum MinimumVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[value(name = "1.3")]
    Tls13,
}

impl MinimumVersion {
    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::Tls12 => rustls::ALL_VERSIONS,
            Self::Tls13 => ONLY_TLS13,
        }
    }
}

/// All that a client's handshakes share.
#[derive(Debug, Clone)]
pub(super) struct Client {
    config: ClientConfig,
    trust: Trust,
    server_name: ServerName<'static>,
}

impl Client {
    /// Reads roots, certificate and key.
    pub(super) fn prepare(target: &Target, options: &TlsOptions, passphrase: AskPassphrase<'_>) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let name = options.server_name.clone().unwrap_or_else(|| target.host());
        let server_name = ServerName::try_from(name.clone())
            .map_err(|error| Error::new(Phase::Usage, format!("`{name}` cannot be a server name")).caused_by(error))?;
        let trust = Trust::new(&options.verification, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(options.minimum_version.versions())
            .map_err(|error| Error::new(Phase::Tls, "TLS cannot be set up").caused_by(error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Witness::new(trust.clone())));
        let mut config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = pem::load(identity, passphrase)?;
                builder.with_client_auth_cert(chain, key).map_err(|error| pem::unfit(identity, error))?
            }
        };
        config.alpn_protocols = alpn();
        // Each handshake is to be a whole one: its facts are what people came to see.
        config.resumption = Resumption::disabled();
        // It writes only where SSLKEYLOGFILE is set.
        config.key_log = Arc::new(KeyLogFile::new());
        Ok(Self { config, trust, server_name })
    }

    /// The whole handshake over a connected socket; `peer` is how errors name the other side.
    pub(super) fn handshake(&self, socket: &TcpStream, peer: &str, limit: TimeLimit) -> Result<(Connection, TlsFacts)> {
        let witness = Arc::new(Witness::new(self.trust.clone()));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(witness.clone());
        let mut connection =
            ClientConnection::new(Arc::new(config), self.server_name.clone()).map_err(|error| failure(peer, &error))?;
        let outcome = handshake::complete(socket, &mut connection, limit);
        let testimony = witness.testimony();
        if let Err(broken) = outcome {
            return Err(self.explain(peer, limit, broken, testimony.as_ref()));
        }
        // A handshake that is over has shown a certificate.
        let verified = testimony.as_ref().map_or(Ok(()), verdict::summary);
        let facts = facts(&connection, &self.server_name.to_str(), verified);
        Ok((connection.into(), facts))
    }

    fn explain(&self, peer: &str, limit: TimeLimit, broken: Broken, testimony: Option<&Testimony>) -> Error {
        match testimony {
            Some(Testimony { chain, verdict: Err(error) }) if self.trust.insists() => {
                verdict::refused(peer, error, chain, &self.trust)
            }
            _ => explain::broken(Side::Client, peer, limit, broken),
        }
    }
}

/// What a listener needs for its handshakes.
pub(super) fn server_config(
    identity: &Identity,
    minimum_version: MinimumVersion,
    passphrase: AskPassphrase<'_>,
) -> Result<Arc<ServerConfig>> {
    let (chain, key) = pem::load(identity, passphrase)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(minimum_version.versions())
        .map_err(|error| Error::new(Phase::Tls, "TLS cannot be set up").caused_by(error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| pem::unfit(identity, error))?;
    config.alpn_protocols = alpn();
    // It writes only where SSLKEYLOGFILE is set.
    config.key_log = Arc::new(KeyLogFile::new());
    Ok(Arc::new(config))
}

/// The server's side of the handshake.
pub(super) fn accept(
    config: Arc<ServerConfig>,
    socket: &TcpStream,
    peer: &str,
    limit: TimeLimit,
) -> Result<(Connection, TlsFacts)> {
    let mut connection = ServerConnection::new(config).map_err(|error| failure(peer, &error))?;
    handshake::complete(socket, &mut connection, limit)
        .map_err(|broken| explain::broken(Side::Server, peer, limit, broken))?;
    let facts = facts(&connection, connection.server_name().unwrap_or_default(), Ok(()));
    Ok((connection.into(), facts))
}

/// What wscope speaks inside TLS: the upgrade is HTTP/1.1.
fn alpn() -> Vec<Vec<u8>> {
    vec![b"http/1.1".to_vec()]
}

fn facts(connection: &CommonState, server_name: &str, verified: Result<(), String>) -> TlsFacts {
    let version = connection.protocol_version().and_then(|version| version.as_str().map(str::to_owned));
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str().map(str::to_owned));
    let group = connection.negotiated_key_exchange_group();
    TlsFacts {
        version: version.unwrap_or_default().replace("TLSv1_", "TLSv1."),
        cipher_suite: suite.unwrap_or_default(),
        key_exchange: group.and_then(|group| group.name().as_str().map(str::to_owned)),
        alpn: connection.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        server_name: server_name.to_owned(),
        certificates: connection.peer_certificates().unwrap_or_default().iter().map(certificate::line).collect(),
        verified,
    }
}
