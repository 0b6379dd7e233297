//! Checking a client's request and answering it (RFC 6455 section 4.2).

use std::collections::HashSet;

use tungstenite::handshake::derive_accept_key;

use super::check::{Check, CheckResult, FIRST_LINE};
use super::extensions::{Extension, parse_extensions};
use super::origin::check_origin;
use super::{Agreed, AllowedOrigin, HandshakeRule, Strictness, is_key};
use crate::diagnosis::{Advice, Diagnosis, ForbiddenOrigin};
use crate::http::redact::Secrets;
use crate::http::{Head, HeadError, HeadFault, LONGEST_NAME, StartLine, Version, encode_head, shortened, token};
use crate::wire::deflate::{DeflateOffer, EXTENSION};
use crate::wire::{DeflateParameters, Finding, Role, Rule};

/// What a server accepts.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// What is wanted of permessage-deflate; `None` declines it.
    pub deflate: Option<DeflateOffer>,
    /// What to do about a breach.
    pub strictness: Strictness,
    /// The origins of web pages that are let in, besides those of this machine.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// Makes the text that a web page's refusal has.
    pub advice: Advice,
    /// Whether secrets of the request are shown in the texts about it.
    pub secrets: Secrets,
}

/// A server's answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The response to send, 101 or a refusal.
    pub response: Vec<u8>,
    /// The result of checking the request; nothing is agreed on when the response is a refusal.
    pub result: CheckResult,
    /// The web page that is not let in, where the response says so.
    pub forbidden: Option<ForbiddenOrigin>,
}

/// Checks a request and answers it.
pub fn check_request(head: &Head, options: &ServerOptions) -> Reply {
    let mut request =
        RequestCheck { check: Check::new(head, Role::Client, options.secrets), head, secrets: options.secrets };
    let key = request.required_items();
    let subprotocol = request.subprotocol();
    let deflate = request.deflate(options.deflate.as_ref());
    let (deflate, extensions) = deflate.map(|(parameters, answer)| (parameters, answer.to_string())).unzip();
    let agreed = key.as_ref().map(|_| Agreed { subprotocol, deflate, extensions });

    let mut result = request.check.finish(options.strictness, agreed);
    let mut forbidden = None;
    let response = match (&key, &result.agreed) {
        (Some(key), Some(agreed)) => match check_origin(head, &options.allowed_origins) {
            Ok(()) => acceptance(key, agreed),
            Err(origin) => {
                result.agreed = None;
                let reason = (options.advice)(&Diagnosis::ForbiddenOrigin(origin.clone()));
                forbidden = Some(origin);
                refusal("403 Forbidden", &[CLOSE], &reason)
            }
        },
        _ if is_head_request(head) => without_body(refusal_of(&result.findings)),
        _ => refusal_of(&result.findings),
    };
    Reply { response, result, forbidden }
}

/// The response to what is no request: 431 where it was too long, 400 otherwise.
pub fn refuse(error: &HeadError) -> Vec<u8> {
    match error.fault {
        HeadFault::TooLong | HeadFault::TooManyLines => {
            refusal("431 Request Header Fields Too Large", &[CLOSE], &error.to_string())
        }
        HeadFault::NotHttp | HeadFault::Ended => refusal("400 Bad Request", &[CLOSE], &error.to_string()),
    }
}

struct RequestCheck<'a> {
    check: Check<'a>,
    head: &'a Head,
    secrets: Secrets,
}

impl RequestCheck<'_> {
    /// Checks the items of section 4.2.1 that every request must have. Returns the key, where it is valid.
    fn required_items(&mut self) -> Option<String> {
        let is_get = matches!(self.head.start_line(), StartLine::Request { method, .. } if method == "GET");
        self.expect_in_first_line(is_get, HandshakeRule::Method);
        self.expect_in_first_line(self.head.version() >= Version::HTTP_11, HandshakeRule::HttpVersion);
        self.expect(self.head.all("Host").count() == 1, HandshakeRule::Host, "Host");
        self.expect(self.head.lists("Upgrade", "websocket"), HandshakeRule::Upgrade, "Upgrade");
        self.expect(self.head.lists("Connection", "upgrade"), HandshakeRule::Connection, "Connection");
        self.check.once("Sec-WebSocket-Version");
        let version = self.head.get("Sec-WebSocket-Version");
        self.expect(version == Some(b"13"), HandshakeRule::Version, "Sec-WebSocket-Version");
        self.check.once("Sec-WebSocket-Key");
        let key = self.head.text("Sec-WebSocket-Key").filter(|key| is_key(key.as_bytes()));
        self.expect(key.is_some(), HandshakeRule::Key, "Sec-WebSocket-Key");
        key
    }

    /// The subprotocol that the client prefers.
    fn subprotocol(&mut self) -> Option<String> {
        const NAME: &str = "Sec-WebSocket-Protocol";
        let offered: Vec<_> = self.head.list(NAME).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let shown = self.secrets.subprotocols(offered.iter().map(String::as_str));
        let mut before = HashSet::new();
        for (name, shown) in offered.iter().zip(&shown) {
            let mistake = if !token::is_token(name.as_bytes()) {
                "is no token"
            } else if !before.insert(name) {
                "is offered twice"
            } else {
                continue;
            };
            let detail = || format!("`{}` {mistake}", shortened(shown, LONGEST_NAME));
            self.check.breach(HandshakeRule::SubprotocolSyntax, NAME, detail);
        }
        offered.into_iter().find(|name| token::is_token(name.as_bytes()))
    }

    /// The first offer that can be accepted, in the client's order of preference.
    fn deflate(&mut self, wanted: Option<&DeflateOffer>) -> Option<(DeflateParameters, Extension)> {
        const NAME: &str = "Sec-WebSocket-Extensions";
        let offers = match parse_extensions(&self.head.joined(NAME)) {
            Ok(offers) => offers,
            Err(mistake) => {
                self.check.breach(HandshakeRule::ExtensionSyntax, NAME, || mistake);
                return None;
            }
        };
        for extension in offers.iter().filter(|extension| extension.name == EXTENSION) {
            let answer = match DeflateOffer::from_parameters(&extension.parameters) {
                // A bad offer is declined; it is no reason to refuse the upgrade (RFC 7692 section 7.1).
                Err((_, mistake)) => {
                    self.check.note(|| declined(extension, &mistake));
                    continue;
                }
                Ok(offer) => wanted?.answer(&offer),
            };
            match answer {
                Some(answer) => return Some(answer),
                None => self.check.note(|| declined(extension, "a window of 8 bits cannot be had")),
            }
        }
        None
    }

    fn expect(&mut self, holds: bool, rule: HandshakeRule, name: &str) {
        if !holds {
            return self.check.breach_of(rule, name);
        }
        let verified = match name {
            "Sec-WebSocket-Key" => "`Sec-WebSocket-Key` is 16 bytes in Base64".to_owned(),
            _ => self.check.quoted(name),
        };
        self.check.verified(verified);
    }

    fn expect_in_first_line(&mut self, holds: bool, rule: HandshakeRule) {
        if !holds {
            self.check.breach(rule, FIRST_LINE, || format!("`{}`", self.head.first_line_shown(self.secrets)));
        }
    }
}

fn declined(extension: &Extension, why: &str) -> String {
    format!("declined `{}`: {}", shortened(&extension.to_string(), LONGEST_NAME), shortened(why, LONGEST_NAME))
}

/// The 101 of section 4.2.2.
fn acceptance(key: &str, agreed: &Agreed) -> Vec<u8> {
    let accept = derive_accept_key(key.as_bytes());
    let headers = [
        ("Upgrade", Some("websocket")),
        ("Connection", Some("Upgrade")),
        ("Sec-WebSocket-Accept", Some(accept.as_str())),
        ("Sec-WebSocket-Protocol", agreed.subprotocol.as_deref()),
        ("Sec-WebSocket-Extensions", agreed.extensions.as_deref()),
    ];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
    encode_head("HTTP/1.1 101 Switching Protocols", headers)
}

/// The refusal of a request with these findings; the most important of them decides the status.
fn refusal_of(findings: &[Finding]) -> Vec<u8> {
    let broke = |rule: HandshakeRule| findings.iter().any(|finding| finding.rule == Rule::Handshake(rule));
    let lines: Vec<_> =
        findings.iter().map(|finding| format!("{}: {}", finding.rule.summary(), finding.detail)).collect();
    let body = lines.join("\n");
    if broke(HandshakeRule::Method) {
        refusal("405 Method Not Allowed", &[("Allow", "GET"), CLOSE], &body)
    } else if broke(HandshakeRule::Upgrade) || broke(HandshakeRule::Version) {
        // A response with `Upgrade` must list it in `Connection` (RFC 9110 section 7.8).
        let telling = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Connection", "close, Upgrade")];
        refusal("426 Upgrade Required", &telling, &body)
    } else {
        refusal("400 Bad Request", &[CLOSE], &body)
    }
}

/// RFC 9110 section 9.3.2: the answer to HEAD has no content.
fn is_head_request(head: &Head) -> bool {
    matches!(head.start_line(), StartLine::Request { method, .. } if method == "HEAD")
}

fn without_body(mut response: Vec<u8>) -> Vec<u8> {
    const END: &[u8] = b"\r\n\r\n";
    let end = response.windows(END.len()).position(|bytes| bytes == END);
    response.truncate(end.map_or(response.len(), |end| end + END.len()));
    response
}

/// Nothing more is read on the connection.
const CLOSE: (&str, &str) = ("Connection", "close");

/// A response that refuses a request: its status, the headers `telling` why, and the `reason` as its body.
pub fn refusal(status: &str, telling: &[(&str, &str)], reason: &str) -> Vec<u8> {
    let length = (reason.len() + 1).to_string();
    let common = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Length", &length),
    ];
    let mut response = encode_head(&format!("HTTP/1.1 {status}"), telling.iter().copied().chain(common));
    response.extend_from_slice(reason.as_bytes());
    response.push(b'\n');
    response
}

#[cfg(test)]
mod tests;
