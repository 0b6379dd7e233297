//! A verifier of server certificates that records what the server showed and what verification says of it.

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

/// What certificates are verified against, and whether a failure ends the handshake.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    /// `None` without a single trusted root.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of [`Verification::Ca`]: a server that shows one of them is trusted without an issuer, as in
    /// OpenSSL. `openssl req -x509` makes such certificates, which webpki takes for a CA's and refuses.
    pinned: Arc<[CertificateDer<'static>]>,
    failure: OnFailure,
    /// What could not be read of the system's trust store.
    unread: Arc<[String]>,
}

/// What follows from a certificate that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnFailure {
    /// The handshake ends.
    End,
    /// It goes on; the failure is only recorded.
    Record,
}

/// What one handshake showed.
#[derive(Debug)]
pub(super) struct PeerCertificates {
    /// The leaf first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// What verification says of it.
    pub(super) verified: Result<(), Error>,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    trust: Trust,
    shown: Mutex<Option<PeerCertificates>>,
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
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        let failure = match verification {
            Verification::System | Verification::Ca(_) => OnFailure::End,
            Verification::None => OnFailure::Record,
        };
        Ok(Self { provider: provider.clone(), verifier, pinned: pinned.into(), failure, unread: unread.into() })
    }

    /// Whether a certificate that is not accepted ends the handshake.
    pub(super) fn is_required(&self) -> bool {
        self.failure == OnFailure::End
    }

    /// What could not be read of the system's trust store, one line each.
    pub(super) fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Whether any certificate is trusted at all.
    pub(super) fn has_roots(&self) -> bool {
        self.verifier.is_some()
    }
}

impl RecordingVerifier {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, shown: Mutex::new(None) }
    }

    /// Takes out what the server showed; `None` when the handshake broke before that.
    pub(super) fn take_shown(&self) -> Option<PeerCertificates> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(verifier) = &self.trust.verifier else { return Err(CertificateError::UnknownIssuer.into()) };
        match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // webpki checks the validity before the issuer, and the name after it.
            Err(error) if is_about_the_issuer(&error) && self.trust.pinned.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)
            }
            result => result.map(|_| ()),
        }
    }

    /// Without verification a certificate may be of a kind that webpki cannot even read (X.509 version 1, say), and
    /// then no signature can be checked; but a signature that is plainly wrong stays an error.
    fn tolerate(&self, result: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        match result {
            Err(Error::InvalidCertificate(error))
                if !self.trust.is_required() && error != CertificateError::BadSignature =>
            {
                Ok(HandshakeSignatureValid::assertion())
            }
            result => result,
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

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.verify(end_entity, intermediates, server_name, ocsp_response, now);
        let chain = [end_entity].into_iter().chain(intermediates).map(|certificate| certificate.clone().into_owned());
        let shown = PeerCertificates { chain: chain.collect(), verified: verified.clone() };
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        match verified {
            Err(error) if self.trust.is_required() => Err(error),
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
