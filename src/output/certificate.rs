//! Texts about certificates: their content, and their faults.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use jiff::Timestamp;

use crate::event::{
    Certificate, CertificateAnswer, CertificateFacts, CertificateFault, CertificateRequest, FailedCheck,
};

/// One line with the subject, the issuer, the validity, the names, the key and the fingerprint of a certificate.
pub fn line(certificate: &Certificate) -> String {
    let facts = match certificate {
        Certificate::Readable(facts) => facts,
        Certificate::Malformed { length } => return format!("{length} bytes that are no certificate"),
        Certificate::Described(text) => return text.clone(),
    };
    let CertificateFacts { subject, issuer, not_before, not_after, names, key, key_hash, fingerprint } = facts;
    let names = if names.is_empty() { String::new() } else { format!(", names {}", names.join(" ")) };
    format!(
        "subject {subject}, issuer {issuer}, valid {} to {}{names}, key {key} {}, SHA-256 fingerprint {}",
        date(*not_before),
        date(*not_after),
        pin(key_hash),
        colons(fingerprint)
    )
}

/// One line with what became of a server's request for a certificate of ours.
pub fn request(request: &CertificateRequest) -> String {
    let CertificateRequest { answer, issuers } = request;
    let answer = match answer {
        CertificateAnswer::Sent { certificate, out_of_date } => {
            let fault = out_of_date.as_ref().map(|check| format!(", which {}", failed_check(check)));
            format!("and this was sent{}: {}", fault.unwrap_or_default(), line(certificate))
        }
        CertificateAnswer::None => "and there is none to send".to_owned(),
        CertificateAnswer::NoneFit => {
            "and none was sent: the server takes no signature that the key can make".to_owned()
        }
        CertificateAnswer::Described(text) => return text.clone(),
    };
    let issuers = if issuers.is_empty() { String::new() } else { format!(" of {}", issuers.join(" or of ")) };
    format!("a client certificate{issuers} was asked for, {answer}")
}

/// The fault as a sentence: which certificate failed which check.
pub fn complaint(fault: &CertificateFault) -> String {
    let CertificateFault { depth, subject, check } = fault;
    if let FailedCheck::Described(text) = check {
        return text.clone();
    }
    let subject = if subject.is_empty() { String::new() } else { format!(" `{subject}`") };
    let check = failed_check(check);
    match depth {
        0 => format!("its certificate{subject} {check}"),
        depth => format!("certificate {} of its chain,{subject}, {check}", depth + 1),
    }
}

fn failed_check(check: &FailedCheck) -> String {
    match check {
        FailedCheck::Expired { not_after, ago } => format!("expired {} ago, on {}", about(*ago), date(*not_after)),
        FailedCheck::NotYetValid { not_before, ahead } => {
            format!("is not valid for another {}, until {}", about(*ahead), date(*not_before))
        }
        FailedCheck::WrongName { asked, names } => match names.as_deref() {
            Some(names) if names.contains(asked) => {
                format!("is not for the address `{asked}`: it has it as a DNS name, where it does not count")
            }
            Some([]) => {
                format!("is not for `{asked}`: it has no `subjectAltName`, and a name in its subject does not count")
            }
            Some(names) => format!("is not for `{asked}`, but for {}", names.join(", ")),
            None => format!("is not for `{asked}`"),
        },
        FailedCheck::SelfSigned | FailedCheck::SelfSignedAuthority => "is self-signed".to_owned(),
        FailedCheck::UnknownIssuer { issuer: Some(issuer) } => {
            format!("comes from `{issuer}`, which is not trusted here")
        }
        FailedCheck::UnknownIssuer { issuer: None } => "comes from an unknown issuer".to_owned(),
        FailedCheck::WrongSignature { issuer } => format!("is not signed with the key of `{issuer}`, its issuer"),
        FailedCheck::UncheckedSignature { algorithm } => {
            format!("is signed in a way that wscope cannot check (algorithm {algorithm})")
        }
        FailedCheck::UncheckedKey { key } => format!("has a key that wscope cannot check: {key}"),
        FailedCheck::NotPinned { key_hash: Some(hash) } => format!("has a key that is not pinned: {}", pin(hash)),
        FailedCheck::NotPinned { key_hash: None } => "has no key that can be compared with those pinned".to_owned(),
        FailedCheck::Malformed => "is malformed".to_owned(),
        FailedCheck::Revoked => "has been revoked".to_owned(),
        FailedCheck::WrongPurpose => "is not meant for servers".to_owned(),
        FailedCheck::Authority => "is a CA's own, not a server's".to_owned(),
        FailedCheck::NoAuthority => "is not a CA's, and may not issue another".to_owned(),
        FailedCheck::OldVersion => "is of an X.509 version before 3".to_owned(),
        FailedCheck::Other(error) => format!("is refused: {error}"),
        FailedCheck::Unchecked(error) => format!("cannot be judged: {error}"),
        FailedCheck::Described(text) => text.clone(),
    }
}

/// The hash of a key, as curl's `--pinnedpubkey` takes it.
fn pin(hash: &[u8; 32]) -> String {
    format!("sha256//{}", BASE64.encode(hash))
}

/// `AB:CD:…`, as OpenSSL shows a fingerprint.
fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
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
            key: "RSA 2048".to_owned(),
            key_hash: [0; 32],
            fingerprint: [0xAB; 32],
        });
        let expected = format!(
            "subject CN=a server, issuer CN=a server, valid 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC, \
             names example.com ::1, key RSA 2048 sha256//{}=, SHA-256 fingerprint AB{}",
            "A".repeat(43),
            ":AB".repeat(31)
        );
        assert_eq!(line(&certificate), expected);
    }

    #[test]
    fn an_address_that_is_a_dns_name_is_told_as_that() {
        let asked = "127.0.0.1".to_owned();
        let told_of = |names: &[&str]| {
            let names = Some(names.iter().map(|&name| name.to_owned()).collect());
            failed_check(&FailedCheck::WrongName { asked: asked.clone(), names })
        };
        let told = "is not for the address `127.0.0.1`: it has it as a DNS name, where it does not count";
        assert_eq!(told_of(&["localhost", "127.0.0.1"]), told);
        assert_eq!(told_of(&["::1"]), "is not for `127.0.0.1`, but for ::1");
    }

    #[test]
    fn bytes_that_are_no_certificate_are_called_that() {
        assert_eq!(line(&Certificate::Malformed { length: 2 }), "2 bytes that are no certificate");
    }

    #[test]
    fn a_fault_of_a_certificate_above_names_that() {
        let check =
            FailedCheck::Expired { not_after: Duration::from_secs(1_767_225_661), ago: Duration::from_hours(25) };
        let fault =
            |depth, subject: &str| CertificateFault { depth, subject: subject.to_owned(), check: check.clone() };
        let told = "certificate 2 of its chain, `CN=a CA`, expired 1 day ago, on 2026-01-01 00:01 UTC";
        assert_eq!(complaint(&fault(1, "CN=a CA")), told);
        assert!(complaint(&fault(0, "CN=a")).starts_with("its certificate `CN=a` expired"));
        assert!(complaint(&fault(0, "")).starts_with("its certificate expired"));
    }
}
