//! What is wrong with a server's certificate.

use std::time::Duration;

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::recording_verifier::webpki_error;
use crate::event::{Certificate, CertificateFacts, CertificateFault};

/// What verification says of the chain, in terms of what the chain says of itself.
pub(super) fn fault(error: &rustls::Error, chain: &[Certificate]) -> CertificateFault {
    let rustls::Error::InvalidCertificate(error) = error else { return CertificateFault::Unchecked(error.to_string()) };
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            let (not_after, now) = (since_epoch(*not_after), since_epoch(*time));
            let issuer = issuer_with(chain, |facts| facts.not_after == not_after);
            CertificateFault::Expired { issuer, not_after, ago: now.saturating_sub(not_after) }
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let (not_before, now) = (since_epoch(*not_before), since_epoch(*time));
            let issuer = issuer_with(chain, |facts| facts.not_before == not_before);
            CertificateFault::NotYetValid { issuer, not_before, ahead: not_before.saturating_sub(now) }
        }
        CertificateError::NotValidForNameContext { expected, .. } => CertificateFault::WrongName {
            asked: expected.to_str().into_owned(),
            names: leaf(chain).map(|leaf| leaf.names.clone()),
        },
        CertificateError::UnknownIssuer => match leaf(chain) {
            Some(leaf) if leaf.is_self_issued() => CertificateFault::SelfSigned,
            Some(_) => CertificateFault::UnknownIssuer { issuer: Some(last_issuer(chain)) },
            None => CertificateFault::UnknownIssuer { issuer: None },
        },
        CertificateError::BadSignature => CertificateFault::WrongSignature { issuer: last_issuer(chain) },
        CertificateError::BadEncoding => CertificateFault::Malformed,
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            CertificateFault::WrongPurpose
        }
        error => match webpki_error(error) {
            Some(webpki::Error::CaUsedAsEndEntity) if leaf(chain).is_some_and(CertificateFacts::is_self_issued) => {
                CertificateFault::SelfSignedAuthority
            }
            Some(webpki::Error::CaUsedAsEndEntity) => CertificateFault::Authority,
            Some(webpki::Error::UnsupportedCertVersion) => CertificateFault::OldVersion,
            _ => CertificateFault::Other(error.to_string()),
        },
    }
}

/// The subject of the first certificate that `is_meant` picks, unless that is the server's own.
fn issuer_with(chain: &[Certificate], is_meant: impl Fn(&CertificateFacts) -> bool) -> Option<String> {
    let meant = chain.iter().filter_map(Certificate::facts).enumerate().find(|(_, facts)| is_meant(facts));
    meant.filter(|(depth, _)| *depth > 0).map(|(_, facts)| facts.subject.clone())
}

fn leaf(chain: &[Certificate]) -> Option<&CertificateFacts> {
    chain.first().and_then(Certificate::facts)
}

/// The issuer that would have to be trusted.
fn last_issuer(chain: &[Certificate]) -> String {
    chain.iter().filter_map(Certificate::facts).next_back().map_or_else(String::new, |facts| facts.issuer.clone())
}

fn since_epoch(time: UnixTime) -> Duration {
    Duration::from_secs(time.as_secs())
}
