//! The client's side of TLS.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, KeyLogFile};

use super::client_certificate::RecordingResolver;
use super::failure::{RefusedCertificate, TlsFailure};
use super::options::TlsOptions;
use super::recording_verifier::{PeerCertificates, RecordingVerifier, Trust};
use super::{alpn, certificate, certificate_error, facts, handshake, pem};
use crate::error::{Error, Phase, Result};
use crate::event::TlsFacts;
use crate::net::AskPassphrase;
use crate::net::limit::TimeLimit;
use crate::net::stream::Stream;

/// What all TLS handshakes of a client share: trusted roots, its own certificate, versions. Prepared once in a run.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: ClientConfig,
    trust: Trust,
    identity: Option<Arc<CertifiedKey>>,
}

/// The name that a TLS server is asked for (SNI) and verified by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName(rustls::pki_types::ServerName<'static>);

impl ServerName {
    /// Understands DNS names and IP addresses.
    ///
    /// # Errors
    /// [`Phase::Usage`] for anything else.
    pub fn parse(name: &str) -> Result<Self> {
        let parsed = rustls::pki_types::ServerName::try_from(name.to_owned());
        parsed
            .map(Self)
            .map_err(|error| Error::new(Phase::Usage, format!("`{name}` cannot be a server name")).caused_by(error))
    }
}

impl TlsClient {
    /// Reads roots, certificate and key. It may ask for a passphrase, so it is done before any clock starts.
    ///
    /// # Errors
    /// [`Phase::Usage`] for a file that cannot be read or understood; [`Phase::Tls`] where there is no TLS at all.
    pub fn prepare(options: &TlsOptions, passphrase: AskPassphrase<'_>) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let trust = Trust::new(options, &provider)?;
        let identity = match &options.identity {
            None => None,
            Some(identity) => {
                let (chain, key) = pem::load(identity, passphrase)?;
                let key = CertifiedKey::from_der(chain, key, &provider).map_err(|error| pem::unfit(identity, error))?;
                Some(Arc::new(key))
            }
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(options.versions.supported())
            .map_err(|error| Error::new(Phase::Tls, "TLS cannot be set up").caused_by(error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(RecordingVerifier::new(trust.clone())))
            .with_no_client_auth();
        config.alpn_protocols = alpn();
        // Each handshake is to be a whole one: its facts are what people came to see.
        config.resumption = Resumption::disabled();
        // It writes only where SSLKEYLOGFILE is set.
        config.key_log = Arc::new(KeyLogFile::new());
        Ok(Self { config, trust, identity })
    }

    /// The same for a server whose key is none of those that are pinned.
    pub fn without_pinned_keys(mut self) -> Self {
        self.trust = self.trust.without_pinned_keys();
        self
    }

    /// The same, with HTTP/2 offered before what is spoken.
    pub(in crate::net) fn offering_http2(mut self) -> Self {
        self.config.alpn_protocols.insert(0, b"h2".to_vec());
        self
    }

    /// The whole handshake over `stream`, which has one more layer then.
    pub(in crate::net) fn handshake(
        &self,
        stream: &mut Stream,
        server_name: &ServerName,
        limit: TimeLimit,
    ) -> Result<TlsFacts, TlsFailure> {
        let verifier = Arc::new(RecordingVerifier::new(self.trust.clone()));
        let resolver = Arc::new(RecordingResolver::new(self.identity.clone()));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(verifier.clone());
        config.client_auth_cert_resolver = resolver.clone();
        let ServerName(name) = server_name;
        let mut session = ClientConnection::new(Arc::new(config), name.clone())?;
        let outcome = handshake::complete(stream, &mut session, limit);
        let (shown, request) = (verifier.take_shown(), resolver.take_request());
        if let Err(failure) = outcome {
            return Err(match (self.refusal(shown), request) {
                (Some(refused), _) => refused,
                (None, Some(request)) => failure.after(request),
                (None, None) => failure,
            });
        }
        let mut facts = facts(&session, &name.to_str());
        if let Some(PeerCertificates { chain, verified: Err(unverified) }) = shown {
            facts.verified = Err(certificate_error::fault(&unverified, &chain, self.trust.algorithms()));
        }
        facts.certificate_request = request;
        stream.add_tls(session.into());
        Ok(facts)
    }

    /// The server's certificate as the cause of a handshake that broke, where it is that.
    fn refusal(&self, shown: Option<PeerCertificates>) -> Option<TlsFailure> {
        let PeerCertificates { chain, verified: Err(unverified) } = shown? else { return None };
        if !self.trust.refuses(&unverified) {
            return None;
        }
        let refused = RefusedCertificate {
            fault: certificate_error::fault(&unverified, &chain, self.trust.algorithms()),
            chain: certificate::read_all(&chain),
            has_roots: self.trust.has_roots(),
            unread_roots: self.trust.unread().to_vec(),
        };
        Some(TlsFailure::Certificate(Box::new(refused)))
    }
}
