//! What is wrong with a server's certificate, and what to try next.

use std::time::Duration;

use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::certificate::{self, Description};
use super::witness::{Testimony, Trust, webpki_error};
use crate::error::{Error, Phase};

/// The error for a server whose certificate was refused, with the certificates as evidence.
pub(super) fn refused(peer: &str, error: &rustls::Error, chain: &[CertificateDer<'_>], trust: &Trust) -> Error {
    let refused = Error::new(Phase::Tls, format!("the certificate of `{peer}` {}", complaint(error, chain)));
    let refused = chain.iter().enumerate().fold(refused, |refused, (depth, certificate)| {
        refused.evidence(format!("certificate {}: {}", depth + 1, certificate::line(certificate)))
    });
    let refused = trust.unread().iter().fold(refused, |refused, line| refused.evidence(format!("trust store: {line}")));
    refused.hint(if trust.has_roots() { remedy(error, chain) } else { NO_ROOTS })
}

/// What verification makes of the chain, in one line.
pub(super) fn summary(testimony: &Testimony) -> Result<(), String> {
    let verdict = testimony.verdict.as_ref();
    verdict.copied().map_err(|error| format!("the certificate {}", complaint(error, &testimony.chain)))
}

/// What completes the sentence "the certificate …".
pub(super) fn complaint(error: &rustls::Error, chain: &[CertificateDer<'_>]) -> String {
    let rustls::Error::InvalidCertificate(error) = error else { return format!("cannot be judged: {error}") };
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            let ago = certificate::about(since(*not_after, *time));
            let whose = whose(chain, |link| link.not_after == since_epoch(*not_after));
            format!("{whose}expired {ago} ago, on {}", certificate::date(since_epoch(*not_after)))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let ahead = certificate::about(since(*time, *not_before));
            let whose = whose(chain, |link| link.not_before == since_epoch(*not_before));
            format!("{whose}is not valid for another {ahead}, until {}", certificate::date(since_epoch(*not_before)))
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            format!("is not for `{}`{}", expected.to_str(), names(chain))
        }
        CertificateError::UnknownIssuer => match leaf(chain) {
            Some(leaf) if leaf.is_self_issued() => "is self-signed".to_owned(),
            Some(_) => format!("comes from `{}`, whom nobody here trusts", last_issuer(chain)),
            None => "comes from an unknown issuer".to_owned(),
        },
        CertificateError::BadSignature => {
            format!("is not signed by the `{}` that is trusted here", last_issuer(chain))
        }
        CertificateError::BadEncoding => "is malformed".to_owned(),
        CertificateError::Revoked => "has been revoked".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not meant for servers".to_owned()
        }
        error => match webpki_error(error) {
            Some(webpki::Error::CaUsedAsEndEntity) if leaf(chain).is_some_and(|leaf| leaf.is_self_issued()) => {
                "is self-signed".to_owned()
            }
            Some(webpki::Error::CaUsedAsEndEntity) => "is a CA's own, not a server's".to_owned(),
            Some(webpki::Error::UnsupportedCertVersion) => "is of an X.509 version before 3".to_owned(),
            _ => format!("is refused: {error}"),
        },
    }
}

const NO_ROOTS: &str =
    "this machine trusts nobody: install its `ca-certificates`, set SSL_CERT_FILE, or give `--cacert FILE`";

fn remedy(error: &rustls::Error, chain: &[CertificateDer<'_>]) -> &'static str {
    let rustls::Error::InvalidCertificate(error) = error else { return "`-k` accepts any certificate" };
    match error {
        CertificateError::ExpiredContext { .. } | CertificateError::NotValidYetContext { .. } => {
            "the server needs a new certificate, or this machine's clock is wrong; `-k` accepts any"
        }
        CertificateError::NotValidForNameContext { .. } => {
            "use one of its names in the URL, or ask for one with `--sni NAME`; `-k` accepts any"
        }
        CertificateError::UnknownIssuer if chain.len() > 1 || leaf(chain).is_some_and(|leaf| leaf.is_self_issued()) => {
            "`--cacert FILE` trusts the certificates in FILE, `-k` accepts any"
        }
        CertificateError::UnknownIssuer => {
            "does the server send its intermediate certificates? `--cacert FILE` trusts those in FILE, `-k` accepts any"
        }
        CertificateError::BadSignature => {
            "was that CA made anew under its old name? `--cacert FILE` needs its present certificate, `-k` accepts any"
        }
        error if webpki_error(error) == Some(&webpki::Error::CaUsedAsEndEntity) => {
            "`--cacert FILE` with this very certificate in FILE trusts it, `-k` accepts any"
        }
        _ => "`-k` accepts any certificate",
    }
}

/// Nothing where the complaint is about the server's own certificate, else which other one in the chain it is about.
fn whose(chain: &[CertificateDer<'_>], is_about: impl Fn(&Description) -> bool) -> String {
    let about = chain.iter().filter_map(Description::of).enumerate().find(|(_, link)| is_about(link));
    match about {
        Some((depth, link)) if depth > 0 => format!("depends on that of `{}`, which ", link.subject),
        _ => String::new(),
    }
}

fn names(chain: &[CertificateDer<'_>]) -> String {
    match leaf(chain) {
        Some(leaf) if leaf.names.is_empty() => ": it has no names at all".to_owned(),
        Some(leaf) => format!(", but for {}", leaf.names.join(", ")),
        None => String::new(),
    }
}

fn leaf(chain: &[CertificateDer<'_>]) -> Option<Description> {
    chain.first().and_then(Description::of)
}

/// Whom one would have to trust.
fn last_issuer(chain: &[CertificateDer<'_>]) -> String {
    chain.iter().filter_map(Description::of).next_back().map_or_else(String::new, |link| link.issuer)
}

fn since_epoch(time: UnixTime) -> Duration {
    Duration::from_secs(time.as_secs())
}

fn since(earlier: UnixTime, later: UnixTime) -> Duration {
    since_epoch(later).saturating_sub(since_epoch(earlier))
}
