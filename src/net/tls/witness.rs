//! The judge of a server's certificate, who remembers what was shown and what the verdict was.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_native_certs::CertificateResult;

use super::{Verification, pem};
use crate::error::Result;

/// By whom certificates are judged, and whether the verdict counts.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    /// `None` without a single trusted root.
    judge: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates of `--cacert`: a server that shows one of them is trusted without an issuer, as OpenSSL has it.
    /// `openssl req -x509` makes such certificates, which webpki takes for a CA's and refuses.
    pinned: Arc<[CertificateDer<'static>]>,
    insist: bool,
    /// What could not be read of the system's trust store.
    unread: Arc<[String]>,
}

/// What one handshake showed.
#[derive(Debug)]
pub(super) struct Testimony {
    /// The leaf first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// What webpki makes of it.
    pub(super) verdict: Result<(), Error>,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Witness {
    trust: Trust,
    testimony: Mutex<Option<Testimony>>,
}

impl Trust {
    /// Reads the trusted roots.
    pub(super) fn new(verification: &Verification, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let (certificates, pinned, unread) = match verification {
            Verification::System | Verification::None => {
                let CertificateResult { certs, errors, .. } = rustls_native_certs::load_native_certs();
                (certs, Vec::new(), errors.iter().map(ToString::to_string).collect())
            }
            Verification::Ca(path) => {
                let certificates = pem::certificates(path)?;
                (certificates.clone(), certificates, Vec::new())
            }
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        // It fails for one reason only: there are no roots.
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        let insist = !matches!(verification, Verification::None);
        Ok(Self { provider: provider.clone(), judge, pinned: pinned.into(), insist, unread: unread.into() })
    }

    /// Whether a bad verdict ends the handshake.
    pub(super) fn insists(&self) -> bool {
        self.insist
    }

    /// What could not be read of the system's trust store, one line each.
    pub(super) fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Whether there is anybody to trust at all.
    pub(super) fn has_roots(&self) -> bool {
        self.judge.is_some()
    }
}

impl Witness {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, testimony: Mutex::new(None) }
    }

    /// What was shown, once; `None` when it did not come to that.
    pub(super) fn testimony(&self) -> Option<Testimony> {
        self.testimony.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(judge) = &self.trust.judge else { return Err(CertificateError::UnknownIssuer.into()) };
        match judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // Its validity has been looked at before its issuer; its name would have been after.
            Err(error) if is_about_the_issuer(&error) && self.trust.pinned.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)
            }
            verdict => verdict.map(|_| ()),
        }
    }

    /// Without verification a certificate may be of a kind that webpki cannot even read (X.509 version 1, say), and
    /// then no signature can be checked; but a signature that is plainly wrong stays an error.
    fn tolerate(&self, verdict: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        match verdict {
            Err(Error::InvalidCertificate(error)) if !self.trust.insist && error != CertificateError::BadSignature => {
                Ok(HandshakeSignatureValid::assertion())
            }
            verdict => verdict,
        }
    }
}

fn is_about_the_issuer(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        Error::InvalidCertificate(error) => webpki_error(error) == Some(&webpki::Error::CaUsedAsEndEntity),
        _ => false,
    }
}

/// What webpki said where rustls has no name of its own for it.
pub(super) fn webpki_error(error: &CertificateError) -> Option<&webpki::Error> {
    match error {
        CertificateError::Other(other) => other.0.downcast_ref(),
        _ => None,
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.judge(end_entity, intermediates, server_name, ocsp_response, now);
        let chain = [end_entity].into_iter().chain(intermediates).map(|certificate| certificate.clone().into_owned());
        let testimony = Testimony { chain: chain.collect(), verdict: verdict.clone() };
        *self.testimony.lock().unwrap_or_else(PoisonError::into_inner) = Some(testimony);
        match verdict {
            Err(error) if self.trust.insist => Err(error),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        self.tolerate(verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        self.tolerate(verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}
