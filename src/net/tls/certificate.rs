//! What a certificate says of itself, in words.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::distinguished_name;

/// The parts of a certificate that people ask about. All texts are the peer's.
pub(super) struct Description {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: Duration,
    pub(super) not_after: Duration,
    pub(super) names: Vec<String>,
}

impl Description {
    /// `None` for what is no certificate.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let certificate = certificate.tbs_certificate();
        let names = certificate.get_extension::<SubjectAltName>().ok().flatten();
        Some(Self {
            subject: distinguished_name::text(certificate.subject()),
            issuer: distinguished_name::text(certificate.issuer()),
            not_before: certificate.validity().not_before.to_unix_duration(),
            not_after: certificate.validity().not_after.to_unix_duration(),
            names: names.map(|(_, names)| names.0.iter().filter_map(name).collect()).unwrap_or_default(),
        })
    }

    /// Signed by the one that it is for.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// One line for people: subject, issuer, validity, names.
pub(super) fn line(certificate: &CertificateDer<'_>) -> String {
    let Some(Description { subject, issuer, not_before, not_after, names }) = Description::of(certificate) else {
        return format!("{} bytes that are no certificate", certificate.len());
    };
    let names = if names.is_empty() { String::new() } else { format!(", names {}", names.join(" ")) };
    format!("subject {subject}, issuer {issuer}, valid {} to {}{names}", date(not_before), date(not_after))
}

/// `2026-01-31 12:00 UTC`, from the time since the Unix epoch.
pub(super) fn date(since_epoch: Duration) -> String {
    let timestamp = Timestamp::try_from(SystemTime::UNIX_EPOCH + since_epoch);
    timestamp
        .map_or_else(|_| "a date beyond all calendars".into(), |date| date.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// `3 days`, in the largest unit that fits.
pub(super) fn about(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    let count = seconds / size;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// The names that a server is recognised by.
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
    use super::*;

    #[test]
    fn a_span_is_told_in_its_largest_unit() {
        let told = |seconds| about(Duration::from_secs(seconds));
        assert_eq!(told(0), "0 seconds");
        assert_eq!(told(1), "1 second");
        assert_eq!(told(3_599), "59 minutes");
        assert_eq!(told(90_000), "1 day");
        assert_eq!(told(260_000), "3 days");
    }

    #[test]
    fn a_date_is_told_in_utc() {
        assert_eq!(date(Duration::from_secs(1_767_225_661)), "2026-01-01 00:01 UTC");
    }

    #[test]
    fn a_certificate_is_told_in_one_line() {
        let mut parameters = rcgen::CertificateParams::new(vec!["example.com".into(), "::1".into()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "a server");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        assert_eq!(
            line(certificate.der()),
            "subject CN=a server, issuer CN=a server, valid 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC, \
             names example.com ::1"
        );
    }

    #[test]
    fn bytes_that_are_no_certificate_are_called_that() {
        assert_eq!(line(&CertificateDer::from(vec![0x30, 0x03])), "2 bytes that are no certificate");
    }
}
