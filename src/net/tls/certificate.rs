//! What a certificate says of itself.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::{distinguished_name, public_key};
use crate::event::{Certificate, CertificateFacts};

/// Reads a certificate.
pub(super) fn read(der: &CertificateDer<'_>) -> Certificate {
    let Ok(certificate) = x509_cert::Certificate::from_der(der) else {
        return Certificate::Malformed { length: der.len() };
    };
    let certificate = certificate.tbs_certificate();
    let key = certificate.subject_public_key_info();
    let names = certificate.get_extension::<SubjectAltName>().ok().flatten();
    Certificate::Readable(CertificateFacts {
        subject: distinguished_name::text(certificate.subject()),
        issuer: distinguished_name::text(certificate.issuer()),
        not_before: certificate.validity().not_before.to_unix_duration(),
        not_after: certificate.validity().not_after.to_unix_duration(),
        names: names.map(|(_, names)| names.0.iter().filter_map(name).collect()).unwrap_or_default(),
        key: public_key::kind(key),
        key_hash: key.to_der().map(|key| public_key::sha256(&key)).unwrap_or_default(),
        fingerprint: public_key::sha256(der),
    })
}

/// Reads a chain.
pub(super) fn read_all(chain: &[CertificateDer<'_>]) -> Vec<Certificate> {
    chain.iter().map(read).collect()
}

/// A name that a server is recognised by.
fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => address(octets.as_bytes()).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_certificate_tells_its_subject_issuer_validity_and_names() {
        let mut parameters = rcgen::CertificateParams::new(vec!["example.com".into(), "::1".into()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "a server");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let expected = CertificateFacts {
            subject: "CN=a server".to_owned(),
            issuer: "CN=a server".to_owned(),
            not_before: Duration::from_hours(438_288),
            not_after: Duration::from_hours(447_072),
            names: vec!["example.com".to_owned(), "::1".to_owned()],
            key: "ECDSA P-256".to_owned(),
            key_hash: public_key::sha256(&rcgen::PublicKeyData::subject_public_key_info(&key)),
            fingerprint: public_key::sha256(certificate.der()),
        };
        assert_eq!(read(certificate.der()), Certificate::Readable(expected));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_counted() {
        assert_eq!(read(&CertificateDer::from(vec![0x30, 0x03])), Certificate::Malformed { length: 2 });
    }
}
