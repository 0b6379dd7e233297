//! Texts about certificates: their content, and their faults.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::event::{Certificate, CertificateFacts, CertificateFault};

/// One line with the subject, the issuer, the validity and the names of a certificate.
pub fn line(certificate: &Certificate) -> String {
    let CertificateFacts { subject, issuer, not_before, not_after, names } = match certificate {
        Certificate::Readable(facts) => facts,
        Certificate::Malformed { length } => return format!("{length} bytes that are no certificate"),
    };
    let names = if names.is_empty() { String::new() } else { format!(", names {}", names.join(" ")) };
    format!("subject {subject}, issuer {issuer}, valid {} to {}{names}", date(*not_before), date(*not_after))
}

/// The fault, as the end of the sentence "the certificate …".
pub fn complaint(fault: &CertificateFault) -> String {
    match fault {
        CertificateFault::Expired { issuer, not_after, ago } => {
            format!("{}expired {} ago, on {}", of_issuer(issuer.as_ref()), about(*ago), date(*not_after))
        }
        CertificateFault::NotYetValid { issuer, not_before, ahead } => {
            let (issuer, ahead) = (of_issuer(issuer.as_ref()), about(*ahead));
            format!("{issuer}is not valid for another {ahead}, until {}", date(*not_before))
        }
        CertificateFault::WrongName { asked, names } => match names.as_deref() {
            Some(names) if names.contains(asked) => {
                format!("is not for the address `{asked}`: it has it as a DNS name, where it does not count")
            }
            Some([]) => format!("is not for `{asked}`: it has no names at all"),
            Some(names) => format!("is not for `{asked}`, but for {}", names.join(", ")),
            None => format!("is not for `{asked}`"),
        },
        CertificateFault::SelfSigned | CertificateFault::SelfSignedAuthority => "is self-signed".to_owned(),
        CertificateFault::UnknownIssuer { issuer: Some(issuer) } => {
            format!("comes from `{issuer}`, whom nobody here trusts")
        }
        CertificateFault::UnknownIssuer { issuer: None } => "comes from an unknown issuer".to_owned(),
        CertificateFault::WrongSignature { issuer } => format!("is not signed by the `{issuer}` that is trusted here"),
        CertificateFault::Malformed => "is malformed".to_owned(),
        CertificateFault::Revoked => "has been revoked".to_owned(),
        CertificateFault::WrongPurpose => "is not meant for servers".to_owned(),
        CertificateFault::Authority => "is a CA's own, not a server's".to_owned(),
        CertificateFault::OldVersion => "is of an X.509 version before 3".to_owned(),
        CertificateFault::Other(error) => format!("is refused: {error}"),
        CertificateFault::Unchecked(error) => format!("cannot be judged: {error}"),
    }
}

/// The start of the text if the fault is in the certificate of an issuer. Empty, if it is in the server's own
/// certificate.
fn of_issuer(issuer: Option<&String>) -> String {
    issuer.map_or_else(String::new, |subject| format!("depends on that of `{subject}`, which "))
}

/// A date such as `2026-01-31 12:00 UTC`, from the time since the Unix epoch.
fn date(since_epoch: Duration) -> String {
    let timestamp = Timestamp::try_from(SystemTime::UNIX_EPOCH + since_epoch);
    timestamp
        .map_or_else(|_| "a date beyond all calendars".into(), |date| date.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// A time span such as `3 days`, in the largest unit that fits.
fn about(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "second"));
    let count = seconds / size;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
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
        let certificate = Certificate::Readable(CertificateFacts {
            subject: "CN=a server".to_owned(),
            issuer: "CN=a server".to_owned(),
            not_before: Duration::from_hours(438_288),
            not_after: Duration::from_hours(447_072),
            names: vec!["example.com".to_owned(), "::1".to_owned()],
        });
        assert_eq!(
            line(&certificate),
            "subject CN=a server, issuer CN=a server, valid 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC, \
             names example.com ::1"
        );
    }

    #[test]
    fn an_address_that_is_a_dns_name_is_told_as_that() {
        let asked = "127.0.0.1".to_owned();
        let fault = |names: &[&str]| CertificateFault::WrongName {
            asked: asked.clone(),
            names: Some(names.iter().map(|&name| name.to_owned()).collect()),
        };
        let told = "is not for the address `127.0.0.1`: it has it as a DNS name, where it does not count";
        assert_eq!(complaint(&fault(&["localhost", "127.0.0.1"])), told);
        assert_eq!(complaint(&fault(&["::1"])), "is not for `127.0.0.1`, but for ::1");
    }

    #[test]
    fn bytes_that_are_no_certificate_are_called_that() {
        assert_eq!(line(&Certificate::Malformed { length: 2 }), "2 bytes that are no certificate");
    }

    #[test]
    fn a_fault_of_a_certificate_above_names_that() {
        let (not_after, ago) = (Duration::from_secs(1_767_225_661), Duration::from_hours(25));
        let fault = CertificateFault::Expired { issuer: Some("CN=a CA".to_owned()), not_after, ago };
        assert_eq!(complaint(&fault), "depends on that of `CN=a CA`, which expired 1 day ago, on 2026-01-01 00:01 UTC");
    }
}
