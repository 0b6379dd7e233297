//! The judge of a server's certificate, who remembers what was shown and what the verdict was.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::{Verification, roots};
use crate::error::Result;

/// By whom certificates are judged, and whether the verdict counts.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    /// `None` without a single trusted root.
    judge: Option<Arc<WebPkiServerVerifier>>,
    insist: bool,
}

impl Trust {
    pub(super) fn new(verification: &Verification, provider: &Arc<CryptoProvider>) -> Result<Self> {
        let (roots, insist) = match verification {
            Verification::System => (roots::system(), true),
            Verification::Ca(path) => (roots::file(path)?, true),
            Verification::None => (roots::system(), false),
        };
        // It fails for one reason only: there are no roots.
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        Ok(Self { provider: provider.clone(), judge, insist })
    }
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Witness {
    trust: Trust,
    verdict: Mutex<Result<(), rustls::Error>>,
}

impl Witness {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, verdict: Mutex::new(Ok(())) }
    }

    /// Why the certificate was not, or would not have been, accepted.
    pub(super) fn verdict(&self) -> Result<(), String> {
        let verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.as_ref().copied().map_err(ToString::to_string)
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
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = match &self.trust.judge {
            Some(judge) => {
                judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map(|_| ())
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&verdict);
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
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}
