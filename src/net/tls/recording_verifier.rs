//! A verifier of server certificates that records what the server showed and what verification says of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, RootCertStore, SignatureScheme};
use rustls_native_certs::CertificateResult;
use x509_cert::der::Decode;

use super::{PinnedKeys, TlsOptions, TrustedRoots, Verification, certificate, pem, public_key};
use crate::error::Result;

/// Signatures that the library cannot check. They are asked for where the server is not verified: its key may be of any
/// kind then. RSASSA-PSS with keys of its own, which have no name in rustls, are among them (RFC 8446 section 4.2.3).
const UNCHECKABLE: [SignatureScheme; 10] = [
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED448,
    SignatureScheme::Unknown(0x0809),
    SignatureScheme::Unknown(0x080A),
    SignatureScheme::Unknown(0x080B),
    SignatureScheme::ML_DSA_44,
    SignatureScheme::ML_DSA_65,
    SignatureScheme::ML_DSA_87,
    SignatureScheme::ECDSA_SHA1_Legacy,
    SignatureScheme::RSA_PKCS1_SHA1,
];

/// What certificates are verified against, and whether a failure ends the handshake.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    /// `None` without a single trusted root.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of [`TrustedRoots::File`]: a server that shows one of them is trusted without an issuer, as in
    /// OpenSSL. `openssl req -x509` makes such certificates, which webpki takes for a CA's and refuses.
    trusted: Arc<[CertificateDer<'static>]>,
    verification: Verification,
    /// SHA-256 of the keys that a server may have; `None` for any.
    pinned_keys: Option<Arc<[[u8; 32]]>>,
    /// What could not be read of the system's trust store.
    unread: Arc<[String]>,
}

/// What one handshake showed.
#[derive(Debug)]
pub(super) struct PeerCertificates {
    /// The leaf first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// What verification says of it.
    pub(super) verified: Result<(), Unverified>,
}

/// Why a server is not verified.
#[derive(Debug)]
pub(super) enum Unverified {
    /// Its chain, or its name.
    Certificate(Error),
    /// Its key is of a kind that the library does not know, so what it signed in the handshake was not checked.
    Key,
    /// Its key is none of those that are pinned.
    NotPinned,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    trust: Trust,
    shown: Mutex<Option<PeerCertificates>>,
}

impl Trust {
    /// Reads the trusted roots and the pinned keys.
    pub(super) fn new(options: &TlsOptions, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let (certificates, trusted, unread) = match &options.roots {
            TrustedRoots::System => {
                let CertificateResult { certs, errors, .. } = rustls_native_certs::load_native_certs();
                (certs, Vec::new(), errors.iter().map(ToString::to_string).collect())
            }
            TrustedRoots::File(path) => {
                let certificates = pem::certificates(path)?;
                (certificates.clone(), certificates, Vec::new())
            }
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        // It fails for one reason only: there are no roots.
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        let pinned_keys = options.pinned_keys.as_ref().map(PinnedKeys::hashes).transpose()?;
        Ok(Self {
            provider: provider.clone(),
            verifier,
            trusted: trusted.into(),
            verification: options.verification,
            pinned_keys: pinned_keys.map(Into::into),
            unread: unread.into(),
        })
    }

    /// The same for a server whose key is none of those that are pinned.
    pub(super) fn without_pinned_keys(self) -> Self {
        Self { pinned_keys: None, ..self }
    }

    /// Whether a server that is not verified for this reason is refused.
    pub(super) fn refuses(&self, unverified: &Unverified) -> bool {
        match unverified {
            Unverified::Certificate(_) => self.verification == Verification::Required,
            // A server that does not prove that it has the pinned key may be any other.
            Unverified::Key => self.verification == Verification::Required || self.pinned_keys.is_some(),
            Unverified::NotPinned => true,
        }
    }

    /// Whether a server may have a key whose signatures cannot be checked.
    fn takes_any_key(&self) -> bool {
        !self.refuses(&Unverified::Key)
    }

    pub(super) fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
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
        self.shown().take()
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
            Err(error) if is_about_the_issuer(&error) && self.trust.trusted.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)
            }
            result => result.map(|_| ()),
        }
    }

    /// Whether the server has one of the keys that are pinned, if any are.
    fn has_pinned_key(&self, end_entity: &CertificateDer<'_>) -> bool {
        let Some(pinned) = &self.trust.pinned_keys else { return true };
        let certificate = certificate::read(end_entity);
        certificate.facts().is_some_and(|facts| pinned.contains(&facts.key_hash))
    }

    /// A signature of the server that does not hold, because the library cannot check it: the key is not of a kind that it
    /// knows, or stands in a certificate that webpki cannot read (X.509 version 1, say). It is recorded, and refused
    /// unless any key is taken. A signature that is plainly wrong stays an error.
    fn judge(
        &self,
        result: Result<HandshakeSignatureValid, Error>,
        end_entity: &CertificateDer<'_>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let Err(error) = result else { return result };
        let is_wrong = match &error {
            Error::InvalidCertificate(CertificateError::BadSignature) => self.has_checkable_key(end_entity),
            Error::InvalidCertificate(_) => false,
            Error::PeerMisbehaved(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme) => {
                !self.trust.takes_any_key()
            }
            _ => true,
        };
        if is_wrong {
            return Err(error);
        }
        let refuses = self.trust.refuses(&Unverified::Key);
        if let Some(shown) = &mut *self.shown()
            && (refuses || shown.verified.is_ok())
        {
            shown.verified = Err(Unverified::Key);
        }
        if refuses { Err(error) } else { Ok(HandshakeSignatureValid::assertion()) }
    }

    fn has_checkable_key(&self, end_entity: &CertificateDer<'_>) -> bool {
        let certificate = x509_cert::Certificate::from_der(end_entity);
        certificate.is_ok_and(|certificate| {
            let key = certificate.tbs_certificate().subject_public_key_info();
            public_key::is_checkable(key, self.trust.algorithms())
        })
    }

    fn shown(&self) -> MutexGuard<'_, Option<PeerCertificates>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
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
        let failure = verified.as_ref().err().cloned();
        let verified = verified.map_err(Unverified::Certificate);
        let verified = match verified {
            Err(unverified) if self.trust.refuses(&unverified) => Err(unverified),
            _ if !self.has_pinned_key(end_entity) => Err(Unverified::NotPinned),
            verified => verified,
        };
        let is_refused = verified.as_ref().is_err_and(|unverified| self.trust.refuses(unverified));
        let chain = [end_entity].into_iter().chain(intermediates).map(|certificate| certificate.clone().into_owned());
        *self.shown() = Some(PeerCertificates { chain: chain.collect(), verified });
        if is_refused {
            return Err(failure.unwrap_or_else(|| CertificateError::ApplicationVerificationFailure.into()));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge(verify_tls12_signature(message, certificate, signature, self.trust.algorithms()), certificate)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge(verify_tls13_signature(message, certificate, signature, self.trust.algorithms()), certificate)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.trust.algorithms().supported_schemes();
        if self.trust.takes_any_key() {
            schemes.extend(UNCHECKABLE);
        }
        schemes
    }
}
