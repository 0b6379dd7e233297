//! What is wrong with a server's certificate, and with which one of its chain.

use std::time::Duration;

use rustls::CertificateError;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, UnixTime};
use x509_cert::Version;
use x509_cert::der::Encode;

use super::chain::{Chain, Link};
use super::recording_verifier::{Unverified, webpki_error};
use super::{certificate, distinguished_name, public_key};
use crate::event::{CertificateFacts, CertificateFault, FailedCheck};

/// Why the server is not verified, in terms of what the chain that it showed says of itself.
pub(super) fn fault(
    unverified: &Unverified,
    shown: &[CertificateDer<'_>],
    algorithms: &WebPkiSupportedAlgorithms,
) -> CertificateFault {
    let facts: Vec<_> = shown.iter().map(certificate::read).collect();
    let leaf = facts.first().and_then(|leaf| leaf.facts());
    let (depth, check) = match unverified {
        Unverified::Certificate(error) => {
            let chain = Chain::new(shown, algorithms);
            failed_check(error, &chain, leaf)
        }
        Unverified::Key => {
            (0, FailedCheck::UncheckedKey { key: leaf.map(|leaf| leaf.key.clone()).unwrap_or_default() })
        }
        Unverified::NotPinned => (0, FailedCheck::NotPinned { key_hash: leaf.map(|leaf| leaf.key_hash) }),
    };
    let subject = facts.get(depth).and_then(|meant| meant.facts()).map(|facts| facts.subject.clone());
    CertificateFault { depth, subject: subject.unwrap_or_default(), check }
}

fn failed_check(error: &rustls::Error, chain: &Chain<'_>, leaf: Option<&CertificateFacts>) -> (usize, FailedCheck) {
    let rustls::Error::InvalidCertificate(error) = error else { return (0, FailedCheck::Unchecked(error.to_string())) };
    let depth_of = |link: Option<&Link<'_>>| link.map_or(0, |link| link.depth);
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            let (not_after, now) = (since_epoch(*not_after), since_epoch(*time));
            let meant = chain.find(|link| validity(link).1 == not_after);
            (depth_of(meant), FailedCheck::Expired { not_after, ago: now.saturating_sub(not_after) })
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let (not_before, now) = (since_epoch(*not_before), since_epoch(*time));
            let meant = chain.find(|link| validity(link).0 == not_before);
            (depth_of(meant), FailedCheck::NotYetValid { not_before, ahead: not_before.saturating_sub(now) })
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            let (asked, names) = (expected.to_str().into_owned(), leaf.map(|leaf| leaf.names.clone()));
            (0, FailedCheck::WrongName { asked, names })
        }
        CertificateError::UnknownIssuer => unknown_issuer(chain),
        CertificateError::BadSignature => wrong_signature(chain),
        // A trusted certificate has the name of the issuer, and a key of another kind.
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id, .. }
            if chain.checks_signatures_of(signature_algorithm_id) =>
        {
            wrong_signature(chain)
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id, .. } => {
            unchecked_signature(chain, signature_algorithm_id)
        }
        CertificateError::BadEncoding => (0, FailedCheck::Malformed),
        CertificateError::Revoked => (0, FailedCheck::Revoked),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            (depth_of(chain.find(|link| !link.is_for_servers())), FailedCheck::WrongPurpose)
        }
        error => match webpki_error(error) {
            Some(webpki::Error::CaUsedAsEndEntity) if leaf.is_some_and(CertificateFacts::is_self_issued) => {
                (0, FailedCheck::SelfSignedAuthority)
            }
            Some(webpki::Error::CaUsedAsEndEntity) => (0, FailedCheck::Authority),
            Some(webpki::Error::EndEntityUsedAsCa) => {
                let meant = chain.find(|link| link.depth > 0 && !link.is_authority());
                (depth_of(meant), FailedCheck::NoAuthority)
            }
            Some(webpki::Error::UnsupportedCertVersion) => {
                let meant = chain.find(|link| link.certificate.tbs_certificate().version() != Version::V3);
                (depth_of(meant), FailedCheck::OldVersion)
            }
            _ => (0, FailedCheck::Other(error.to_string())),
        },
    }
}

/// The end of what is shown leads to nothing that is trusted.
fn unknown_issuer(chain: &Chain<'_>) -> (usize, FailedCheck) {
    match chain.last() {
        Some(link) if link.is_self_issued() => (link.depth, FailedCheck::SelfSigned),
        Some(link) => (link.depth, FailedCheck::UnknownIssuer { issuer: Some(issuer(link)) }),
        None => (0, FailedCheck::UnknownIssuer { issuer: None }),
    }
}

fn wrong_signature(chain: &Chain<'_>) -> (usize, FailedCheck) {
    match chain.wrongly_signed() {
        // With such a key no signature holds for the library.
        Some((_, Some(above))) if !chain.has_checkable_key(above) => {
            let key = public_key::kind(above.certificate.tbs_certificate().subject_public_key_info());
            (above.depth, FailedCheck::UncheckedKey { key })
        }
        // That a trusted certificate has the same name is by chance.
        Some((link, None)) if link.is_self_issued() && chain.is_signed_by(link, link) => {
            (link.depth, FailedCheck::SelfSigned)
        }
        Some((link, _)) => (link.depth, FailedCheck::WrongSignature { issuer: issuer(link) }),
        None => (0, FailedCheck::Malformed),
    }
}

fn unchecked_signature(chain: &Chain<'_>, identifier: &[u8]) -> (usize, FailedCheck) {
    let meant = chain.find(|link| {
        // The library has it without the tag and the length of its sequence.
        link.certificate.signature_algorithm().to_der().is_ok_and(|algorithm| algorithm.ends_with(identifier))
    });
    let algorithm = meant.map(|link| public_key::signature_algorithm(link.certificate.signature_algorithm().oid));
    let check = FailedCheck::UncheckedSignature { algorithm: algorithm.unwrap_or_default() };
    (meant.map_or(0, |link| link.depth), check)
}

fn issuer(link: &Link<'_>) -> String {
    distinguished_name::text(link.certificate.tbs_certificate().issuer())
}

fn validity(link: &Link<'_>) -> (Duration, Duration) {
    let validity = link.certificate.tbs_certificate().validity();
    (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration())
}

fn since_epoch(time: UnixTime) -> Duration {
    Duration::from_secs(time.as_secs())
}
