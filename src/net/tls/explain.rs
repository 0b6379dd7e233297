//! What went wrong in a TLS handshake, and what to try next.

use rustls::{AlertDescription, PeerIncompatible};

use super::handshake::Broken;
use crate::error::{Error, Phase};
use crate::net::limit::TimeLimit;

/// Which side of the handshake we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// The error for what rustls says of a server; also for what it says after the handshake: TLS 1.3 refuses a client's
/// certificate only then. `peer` is how the message names the server.
pub fn failure(peer: &str, error: &rustls::Error) -> Error {
    explain(Side::Client, peer, error)
}

/// The error for a handshake that broke.
pub(super) fn broken(side: Side, peer: &str, limit: TimeLimit, broken: Broken) -> Error {
    let failed = |what: &str| Error::new(Phase::Tls, format!("`{peer}` {what}"));
    let error = match broken {
        Broken::TimedOut => limit.passed(Phase::Tls, format!("no TLS handshake with `{peer}`")),
        Broken::Ended => failed("ended the connection in the TLS handshake").transient(),
        Broken::Socket(error) => failed("dropped the connection in the TLS handshake").caused_by(error).transient(),
        Broken::NotTls(first) => failed("does not speak TLS").evidence(format!("it sent `{}`", first_line(&first))),
        Broken::Tls(error) => return explain(side, peer, &error),
    };
    match side {
        Side::Client => error.hint(format!("for a port without TLS, use `ws://{peer}`")),
        Side::Server => error.hint("clients of this port need `wss://`"),
    }
}

fn explain(side: Side, peer: &str, error: &rustls::Error) -> Error {
    match error {
        rustls::Error::AlertReceived(alert) => {
            let message = format!("`{peer}` refuses the TLS handshake: alert {}, {}", u8::from(*alert), words(*alert));
            with_hint(Error::new(Phase::Tls, message), alert_hint(side, *alert))
        }
        rustls::Error::PeerIncompatible(what) => {
            let error = Error::new(Phase::Tls, format!("`{peer}` and wscope have no TLS in common"));
            with_hint(error.caused_by(rustls::Error::from(what.clone())), incompatible_hint(side, what))
        }
        _ => Error::new(Phase::Tls, format!("no TLS with `{peer}`")).caused_by(error.clone()),
    }
}

/// `certificate required`, as RFC 8446 section 6 spells it, without its underscore.
fn words(alert: AlertDescription) -> String {
    let name = alert.as_str().unwrap_or("UnknownAlert");
    let mut words = String::with_capacity(name.len() + 4);
    let mut after_lower_case = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && after_lower_case {
            words.push(' ');
        }
        after_lower_case = letter.is_ascii_lowercase();
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn alert_hint(side: Side, alert: AlertDescription) -> Option<&'static str> {
    use AlertDescription as Alert;
    match (side, alert) {
        (Side::Client, Alert::CertificateRequired | Alert::NoCertificate) => {
            Some("it wants a certificate of ours: `--cert FILE --key FILE`")
        }
        (
            Side::Client,
            Alert::BadCertificate
            | Alert::UnknownCA
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::AccessDenied,
        ) => Some("it does not accept the certificate of `--cert`, or wants one"),
        (Side::Client, Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
            Some("it has no cipher suite in common with wscope, or wants a certificate: `--cert FILE --key FILE`")
        }
        (Side::Client, Alert::ProtocolVersion) => Some("it speaks no TLS version that is asked for; see `--tls-min`"),
        (Side::Client, Alert::UnrecognisedName) => Some("it does not know the name; `--sni NAME` asks for another"),
        (Side::Client, Alert::NoApplicationProtocol) => Some("it does not offer HTTP/1.1, which the upgrade needs"),
        (Side::Server, Alert::BadCertificate | Alert::UnknownCA | Alert::CertificateUnknown) => {
            Some("the client does not trust the certificate of `--cert`")
        }
        _ => None,
    }
}

fn incompatible_hint(side: Side, what: &PeerIncompatible) -> Option<&'static str> {
    match (side, what) {
        (Side::Client, PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig) => {
            Some("it speaks TLS 1.2 at most: leave out `--tls-min`")
        }
        (Side::Client, PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            Some("it speaks TLS 1.1 at most, which nobody should use any more")
        }
        _ => None,
    }
}

fn with_hint(error: Error, hint: Option<&str>) -> Error {
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_named_in_words() {
        assert_eq!(words(AlertDescription::CertificateRequired), "certificate required");
        assert_eq!(words(AlertDescription::UnknownCA), "unknown ca");
        assert_eq!(words(AlertDescription::Unknown(200)), "unknown alert");
    }

    #[test]
    fn a_missing_client_certificate_leads_to_the_flags() {
        let error = failure("host:443", &rustls::Error::AlertReceived(AlertDescription::CertificateRequired));
        assert_eq!(error.to_string(), "`host:443` refuses the TLS handshake: alert 116, certificate required");
        assert!(error.hint_text().unwrap().contains("--cert"));
    }
}
