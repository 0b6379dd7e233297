//! The chain that a server showed, as evidence: webpki says what failed, and not on which certificate.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage};
use x509_cert::spki::ObjectIdentifier;

use super::public_key;

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// The certificates of a chain that can be read, in the order in which one has issued the other.
pub(super) struct Chain<'a> {
    path: Vec<Link<'a>>,
    algorithms: &'a WebPkiSupportedAlgorithms,
}

/// A certificate of the path.
pub(super) struct Link<'a> {
    /// Its place among the certificates that the server showed.
    pub depth: usize,
    pub certificate: Certificate,
    der: &'a CertificateDer<'a>,
}

impl<'a> Chain<'a> {
    /// Starts with the server's own certificate, and follows the names of issuers as far as they are shown.
    pub(super) fn new(shown: &'a [CertificateDer<'a>], algorithms: &'a WebPkiSupportedAlgorithms) -> Self {
        let read = shown.iter().enumerate().filter_map(|(depth, der)| {
            let certificate = Certificate::from_der(der).ok()?;
            Some(Link { depth, certificate, der })
        });
        let mut others: Vec<_> = read.collect();
        let mut path = Vec::with_capacity(others.len());
        let mut next = others.iter().position(|link| link.depth == 0);
        while let Some(index) = next {
            let link = others.swap_remove(index);
            next = others.iter().position(|other| !link.is_self_issued() && link.is_issued_in_the_name_of(other));
            path.push(link);
        }
        Self { path, algorithms }
    }

    /// The certificate whose issuer the server does not show.
    pub(super) fn last(&self) -> Option<&Link<'a>> {
        self.path.last()
    }

    /// The first certificate that `is_meant` picks.
    pub(super) fn find(&self, is_meant: impl Fn(&Link<'a>) -> bool) -> Option<&Link<'a>> {
        self.path.iter().find(|link| is_meant(link))
    }

    /// The first certificate whose signature does not hold, with its issuer where that is shown; else the last one, whose
    /// issuer is a trusted one.
    pub(super) fn wrongly_signed(&self) -> Option<(&Link<'a>, Option<&Link<'a>>)> {
        let pairs = self.path.iter().zip(self.path.iter().skip(1));
        let mut wrong = pairs.filter(|(link, issuer)| !self.is_signed_by(link, issuer));
        wrong.next().map(|(link, issuer)| (link, Some(issuer))).or_else(|| Some((self.last()?, None)))
    }

    /// Whether signatures with the key of `link` can be checked.
    pub(super) fn has_checkable_key(&self, link: &Link<'a>) -> bool {
        public_key::is_checkable(link.certificate.tbs_certificate().subject_public_key_info(), self.algorithms)
    }

    /// Whether signatures of the algorithm with this identifier can be checked, with some key.
    pub(super) fn checks_signatures_of(&self, identifier: &[u8]) -> bool {
        self.algorithms.all.iter().any(|algorithm| algorithm.signature_alg_id().as_ref() == identifier)
    }

    /// Whether the signature of `link` is one with the key of `issuer`.
    pub(super) fn is_signed_by(&self, link: &Link<'a>, issuer: &Link<'a>) -> bool {
        let key = issuer.certificate.tbs_certificate().subject_public_key_info();
        let (Ok(signature_algorithm), Ok(key_algorithm)) =
            (link.certificate.signature_algorithm().to_der(), key.algorithm.to_der())
        else {
            return false;
        };
        let Some(signed) = link.signed_bytes() else { return false };
        // rustls has identifiers without the tag and the length of their sequence.
        self.algorithms.all.iter().any(|algorithm| {
            signature_algorithm.ends_with(algorithm.signature_alg_id().as_ref())
                && key_algorithm.ends_with(algorithm.public_key_alg_id().as_ref())
                && algorithm
                    .verify_signature(
                        key.subject_public_key.raw_bytes(),
                        signed,
                        link.certificate.signature().raw_bytes(),
                    )
                    .is_ok()
        })
    }
}

impl<'a> Link<'a> {
    fn is_issued_in_the_name_of(&self, other: &Self) -> bool {
        self.certificate.tbs_certificate().issuer() == other.certificate.tbs_certificate().subject()
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.is_issued_in_the_name_of(self)
    }

    /// Whether it may issue others (RFC 5280 section 4.2.1.9).
    pub(super) fn is_authority(&self) -> bool {
        let constraints = self.certificate.tbs_certificate().get_extension::<BasicConstraints>();
        constraints.ok().flatten().is_some_and(|(_, constraints)| constraints.ca)
    }

    /// Whether it is meant for servers (RFC 5280 section 4.2.1.12).
    pub(super) fn is_for_servers(&self) -> bool {
        let purposes = self.certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>().ok().flatten();
        purposes.is_none_or(|(_, ExtendedKeyUsage(purposes))| {
            purposes.iter().any(|purpose| [SERVER_AUTH, ANY_PURPOSE].contains(purpose))
        })
    }

    /// What its signature is about: the first of the three parts of a certificate (RFC 5280 section 4.1).
    fn signed_bytes(&self) -> Option<&'a [u8]> {
        let parts = SliceReader::new(self.der).ok()?.sequence(|parts| {
            let signed = parts.tlv_bytes()?;
            parts.tlv_bytes()?;
            parts.tlv_bytes()?;
            Ok::<_, x509_cert::der::Error>(signed)
        });
        parts.ok()
    }
}
