//! What the likely cause of a failed upgrade is, as far as experience tells.

use super::refusal::Context;
use super::{HandshakeRule, Refusal, signs};
use crate::diagnosis::{Breached, Diagnosis, NoHead, Refused, Scheme, Transport};
use crate::http::redact::{Part, Secrets};
use crate::http::{Head, HeadError, HeadFault, HeadKind, LONGEST_NAME, shortened};
use crate::wire::{Finding, Role, Rule};

/// Words in the path of a login page.
const LOGIN_WORDS: [&str; 8] = ["login", "signin", "auth", "oauth", "oauth2", "authorize", "sso", "saml"];

/// Those that say how compression is agreed on.
const COMPRESSION_RULES: [HandshakeRule; 7] = [
    HandshakeRule::ExtensionRepeated,
    HandshakeRule::DeflateParameterUnknown,
    HandshakeRule::DeflateParameterRepeated,
    HandshakeRule::DeflateParameterValue,
    HandshakeRule::DeflateParameterNotOffered,
    HandshakeRule::DeflateParameterMissing,
    HandshakeRule::DeflateWindowTooLarge,
];

/// Why no head came through `transport`.
pub fn diagnose_no_head(error: &HeadError, transport: Transport) -> Option<Diagnosis> {
    let cause = match (error.fault, error.kind, error.looks_like()) {
        (HeadFault::NotHttp, HeadKind::Response, Some("TLS")) => NoHead::PortSpeaksTls,
        (HeadFault::NotHttp, HeadKind::Request, Some("TLS")) => NoHead::ClientSpeaksTls,
        (HeadFault::NotHttp, HeadKind::Response, Some(name)) => NoHead::OtherProtocol { name },
        (HeadFault::Ended, HeadKind::Response, _) if error.received == 0 => NoHead::HungUp { transport },
        _ => return None,
    };
    Some(Diagnosis::NoHead(cause))
}

/// Why a response that accepts the upgrade breaks rules; `None` where a lenient client could not go on either, or where
/// a request is to blame.
pub fn diagnose_breach(findings: &[Finding]) -> Option<Diagnosis> {
    let broke = |rule: HandshakeRule| findings.iter().any(|finding| finding.rule == Rule::Handshake(rule));
    let cause = if broke(HandshakeRule::HttpVersion) {
        Breached::HttpVersion
    } else if broke(HandshakeRule::ExtensionNotOffered) {
        Breached::ExtensionNotOffered
    } else if COMPRESSION_RULES.into_iter().any(broke) {
        Breached::WrongCompression
    } else if broke(HandshakeRule::SubprotocolNotOffered) {
        Breached::SubprotocolNotOffered
    } else {
        Breached::Other
    };
    let is_passable = |finding: &Finding| finding.blame == Role::Server && finding.rule.can_go_on();
    let can_go_on = !findings.is_empty() && findings.iter().all(is_passable);
    can_go_on.then_some(Diagnosis::Breached(cause))
}

/// Why the upgrade is refused: what the body says goes before the status, which proxies and frameworks choose freely.
pub(super) fn of_refusal(refusal: &Refusal, request: &Context) -> Option<Diagnosis> {
    signs::cause(refusal, request).or_else(|| of_status(refusal, request)).map(Diagnosis::Refused)
}

fn of_status(refusal: &Refusal, request: &Context) -> Option<Refused> {
    let path = request.path.clone();
    Some(match refusal.status() {
        200..=299 => Refused::OrdinaryPage { path, proxy: signs::proxy(refusal) },
        301 | 302 | 303 | 307 | 308 => of_redirect(refusal, request),
        400 | 426 => return of_bad_request(refusal, request),
        401 => Refused::Unauthorized { scheme: first_scheme(refusal), login: request.login },
        403 if signs::is_explained(refusal, request) => return None,
        403 => Refused::Forbidden {
            host: request.host.clone(),
            transport: request.transport,
            sent_origin: request.sent_origin,
            login: request.login,
        },
        404 | 410 => Refused::NothingThere { path },
        405 => Refused::NoGet { path },
        407 => Refused::ProxyUnauthorized,
        421 => Refused::Misdirected,
        429 => Refused::TooManyRequests { retry_after: refusal.text("Retry-After") },
        431 => refusal.head_too_large(),
        500 => Refused::ServerFailed,
        501 => Refused::Unsupported,
        505 => Refused::VersionLowered { path, proxy: signs::proxy(refusal) },
        502 | 504 => Refused::NoAnswerBehindProxy { proxy: refusal.text("Server") },
        503 => Refused::Unavailable { retry_after: refusal.text("Retry-After") },
        511 => Refused::CaptivePortal,
        520..=527 => Refused::NoAnswerBehindCloudflare,
        _ => return None,
    })
}

/// Where it leads to. Any value of a query or of a fragment may be a secret, and none is needed to understand the hint.
fn of_redirect(refusal: &Refusal, request: &Context) -> Refused {
    let location = refusal.head().text("Location").filter(|location| !location.is_empty());
    let Some(location) = location else { return Refused::RedirectWithoutLocation };
    let shown = |url: &str| {
        let url = request.secrets.text(Part::Value { name: "Location", value: url.as_bytes() });
        shortened(&url, Head::LONGEST_LINE).into_owned()
    };
    let (target, rest) = location.split_at(location.find(['?', '#']).unwrap_or(location.len()));
    let location = match (request.secrets, rest.get(..1)) {
        (Secrets::Hidden, Some(mark)) => format!("{}{mark}…", shown(target)),
        _ => shown(&location),
    };
    let mut words = target.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    if words.any(|word| LOGIN_WORDS.contains(&word.as_str())) {
        return Refused::LoginPage { location, login: request.login };
    }
    Refused::Redirect { location, path: request.path.clone() }
}

fn of_bad_request(refusal: &Refusal, request: &Context) -> Option<Refused> {
    let head = refusal.head();
    if head.get("Sec-WebSocket-Version").is_some() && !head.lists("Sec-WebSocket-Version", "13") {
        let versions = head.joined("Sec-WebSocket-Version");
        let versions = shortened(&String::from_utf8_lossy(&versions), LONGEST_NAME).into_owned();
        return Some(Refused::OtherVersions { versions });
    }
    let proxy = signs::proxy(refusal);
    (!signs::is_explained(refusal, request)).then(|| Refused::NotTakenForUpgrade { path: request.path.clone(), proxy })
}

fn first_scheme(refusal: &Refusal) -> Scheme {
    Scheme::of(&refusal.head().text("WWW-Authenticate").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::tests::refusal;
    use super::*;
    use crate::diagnosis::Login;
    use crate::http::{HeadProgress, HeadReader};

    fn cause(headers: &[&str], head: &str, body: &str) -> Option<Refused> {
        refusal(headers, head, body).diagnosis().map(|diagnosis| match diagnosis {
            Diagnosis::Refused(cause) => cause,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_evidence_holds_no_query() {
        let path = || "/chat".to_owned();
        assert_eq!(cause(&[], "404 x", ""), Some(Refused::NothingThere { path: path() }));
        let location = "https://a.example/x?…".to_owned();
        let redirect = Refused::Redirect { location, path: path() };
        assert_eq!(cause(&[], "307 x\r\nLocation: https://a.example/x?token=1", ""), Some(redirect));
    }

    #[test]
    fn credentials_and_origin_of_the_request_are_evidence() {
        let forbidden = |sent_origin, login| Refused::Forbidden {
            host: "example.com".to_owned(),
            transport: Transport::Plain,
            sent_origin,
            login,
        };
        assert_eq!(cause(&[], "403 x", ""), Some(forbidden(false, Login::NotSent)));
        assert_eq!(cause(&["Origin: https://a", "Cookie: a=b"], "403 x", ""), Some(forbidden(true, Login::Sent)));
    }

    #[test]
    fn a_status_without_a_usual_cause_has_no_diagnosis() {
        assert_eq!(cause(&[], "418 I'm a teapot", ""), None);
    }

    #[test]
    fn what_comes_instead_of_a_head_tells_what_speaks_there() {
        let cause = |kind, bytes: &[u8]| {
            let mut reader = HeadReader::new(kind);
            let error = match reader.feed(bytes) {
                HeadProgress::Failed(error) => error,
                _ => reader.end(),
            };
            diagnose_no_head(&error, Transport::Plain)
        };
        let no_head = |cause| Some(Diagnosis::NoHead(cause));
        assert_eq!(cause(HeadKind::Response, b"\x15\x03\x01\0\x02\x02\x46"), no_head(NoHead::PortSpeaksTls));
        assert_eq!(cause(HeadKind::Response, b"\x15"), no_head(NoHead::PortSpeaksTls));
        assert_eq!(cause(HeadKind::Request, b"\x16\x03\x01\x02\0\x01"), no_head(NoHead::ClientSpeaksTls));
        assert_eq!(cause(HeadKind::Response, b"SSH-2.0-x\r\n"), no_head(NoHead::OtherProtocol { name: "SSH" }));
        assert_eq!(cause(HeadKind::Response, b""), no_head(NoHead::HungUp { transport: Transport::Plain }));
        assert_eq!(cause(HeadKind::Response, b"HTTP/1.1 "), None);
        assert_eq!(cause(HeadKind::Response, b"hello"), None);
    }
}
