//! Our certificate, and whether a server asked for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use x509_cert::der::Decode;
use x509_cert::name::Name;

use super::{certificate, distinguished_name};
use crate::event::{Certificate, CertificateAnswer, CertificateFacts, CertificateRequest, FailedCheck};

/// So many of the issuers that a server accepts are kept.
const KEPT_ISSUERS: usize = 10;

/// Answers a server's request for a certificate, and records it: of one handshake.
#[derive(Debug)]
pub(super) struct RecordingResolver {
    identity: Option<Arc<CertifiedKey>>,
    request: Mutex<Option<CertificateRequest>>,
}

impl RecordingResolver {
    pub(super) fn new(identity: Option<Arc<CertifiedKey>>) -> Self {
        Self { identity, request: Mutex::new(None) }
    }

    /// Takes out what the server requested.
    pub(super) fn take_request(&self) -> Option<CertificateRequest> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn sent(identity: &CertifiedKey) -> CertificateAnswer {
    let certificate = identity.cert.first().map_or(Certificate::Malformed { length: 0 }, certificate::read);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let out_of_date = certificate.facts().and_then(|&CertificateFacts { not_before, not_after, .. }| {
        if now > not_after {
            Some(FailedCheck::Expired { not_after, ago: now.saturating_sub(not_after) })
        } else if now < not_before {
            Some(FailedCheck::NotYetValid { not_before, ahead: not_before.saturating_sub(now) })
        } else {
            None
        }
    });
    CertificateAnswer::Sent { certificate: Box::new(certificate), out_of_date }
}

impl ResolvesClientCert for RecordingResolver {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let answer = match &self.identity {
            None => CertificateAnswer::None,
            Some(identity) if identity.key.choose_scheme(schemes).is_none() => CertificateAnswer::NoneFit,
            Some(identity) => sent(identity),
        };
        let is_sent = matches!(answer, CertificateAnswer::Sent { .. });
        let names = issuers.iter().take(KEPT_ISSUERS).filter_map(|name| Name::from_der(name).ok());
        let request =
            CertificateRequest { answer, issuers: names.map(|name| distinguished_name::text(&name)).collect() };
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
        self.identity.clone().filter(|_| is_sent)
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}
