//! Judging a client's request and answering it (RFC 6455 section 4.2).

use tungstenite::handshake::derive_accept_key;

use super::check::{Check, FIRST_LINE, Verdict};
use super::extensions::{Extension, parse_extensions};
use super::{Agreed, HandshakeRule, Strictness, is_key};
use crate::http::{Head, HeadError, HeadFault, StartLine, Version, encode_head, token};
use crate::wire::deflate::{DeflateOffer, EXTENSION};
use crate::wire::{DeflateParameters, Finding, Role, Rule};

/// What a server accepts.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// What is wanted of permessage-deflate; `None` declines it.
    pub deflate: Option<DeflateOffer>,
    /// What to do about a breach.
    pub strictness: Strictness,
}

/// A server's answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The response to send, 101 or a refusal.
    pub response: Vec<u8>,
    /// What came of checking the request; nothing is agreed on when the response is a refusal.
    pub verdict: Verdict,
}

/// Checks a request and answers it.
pub fn check_request(head: &Head, options: &ServerOptions) -> Reply {
    let mut request = RequestCheck { check: Check::new(head, Role::Client), head };
    let key = request.required_items();
    let subprotocol = request.subprotocol();
    let deflate = request.deflate(options.deflate.as_ref());
    let (deflate, extensions) = deflate.map(|(parameters, answer)| (parameters, answer.to_string())).unzip();
    let agreed = key.as_ref().map(|_| Agreed { subprotocol, deflate, extensions });

    let verdict = request.check.verdict(options.strictness, agreed);
    let response = match (&key, &verdict.agreed) {
        (Some(key), Some(agreed)) => acceptance(key, agreed),
        _ if is_head_request(head) => without_body(refusal_of(&verdict.findings)),
        _ => refusal_of(&verdict.findings),
    };
    Reply { response, verdict }
}

/// The response to what is no request: 431 where it was too much, 400 where it was something else.
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
}

impl RequestCheck<'_> {
    /// The items of section 4.2.1 that every request must have; the key, when it is one.
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

    /// The client's first.
    fn subprotocol(&mut self) -> Option<String> {
        const NAME: &str = "Sec-WebSocket-Protocol";
        let offered: Vec<_> = self.head.list(NAME).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        for (position, name) in offered.iter().enumerate() {
            if !token::is_token(name.as_bytes()) {
                self.check.breach(HandshakeRule::SubprotocolSyntax, NAME, format!("`{name}` is no token"));
            } else if offered[..position].contains(name) {
                self.check.breach(HandshakeRule::SubprotocolSyntax, NAME, format!("`{name}` is offered twice"));
            }
        }
        offered.into_iter().find(|name| token::is_token(name.as_bytes()))
    }

    /// The first offer that can be accepted, in the client's order of preference.
    fn deflate(&mut self, wanted: Option<&DeflateOffer>) -> Option<(DeflateParameters, Extension)> {
        const NAME: &str = "Sec-WebSocket-Extensions";
        let offers = match parse_extensions(&self.head.joined(NAME)) {
            Ok(offers) => offers,
            Err(mistake) => {
                self.check.breach(HandshakeRule::ExtensionSyntax, NAME, mistake);
                return None;
            }
        };
        for extension in offers.iter().filter(|extension| extension.name == EXTENSION) {
            let answer = match DeflateOffer::from_parameters(&extension.parameters) {
                // Such an offer is to be declined, not punished (RFC 7692 section 7.1).
                Err((_, mistake)) => {
                    self.check.note(format!("declined `{extension}`: {mistake}"));
                    continue;
                }
                Ok(offer) => wanted?.answer(&offer),
            };
            match answer {
                Some(answer) => return Some(answer),
                None => self.check.note(format!("declined `{extension}`: a window of 8 bits cannot be had")),
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
            self.check.breach(rule, FIRST_LINE, format!("`{}`", self.head.first_line()));
        }
    }
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

/// What becomes of a request with these findings: the status that the most telling of them asks for.
fn refusal_of(findings: &[Finding]) -> Vec<u8> {
    let broke = |rule: HandshakeRule| findings.iter().any(|finding| finding.rule == Rule::Handshake(rule));
    let lines: Vec<_> =
        findings.iter().map(|finding| format!("{}: {}", finding.rule.summary(), finding.detail)).collect();
    let body = lines.join("\n");
    if broke(HandshakeRule::Method) {
        refusal("405 Method Not Allowed", &[("Allow", "GET"), CLOSE], &body)
    } else if broke(HandshakeRule::Upgrade) || broke(HandshakeRule::Version) {
        // Whoever sends `Upgrade` lists it in `Connection` (RFC 9110 section 7.8).
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

fn refusal(status: &str, telling: &[(&str, &str)], reason: &str) -> Vec<u8> {
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
mod tests {
    use proptest::prelude::*;

    use super::super::{Answer, Request, RequestOptions, check_response};
    use super::*;
    use crate::http::{HeadKind, HeadProgress, HeadReader};
    use crate::wire::ClientWindow;

    const GOOD: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    fn options(strictness: Strictness) -> ServerOptions {
        ServerOptions { deflate: Some(DeflateOffer::default()), strictness }
    }

    fn head(kind: HeadKind, bytes: &[u8], size: usize) -> Head {
        let mut reader = HeadReader::new(kind);
        for piece in bytes.chunks(size) {
            match reader.feed(piece) {
                HeadProgress::Incomplete => {}
                HeadProgress::Complete { head, .. } => return head,
                HeadProgress::Failed(error) => panic!("{error}"),
            }
        }
        panic!("the head does not end");
    }

    fn answer_with(options: &ServerOptions, request: &str) -> Reply {
        let bytes = format!("{request}\r\n");
        let replies =
            [usize::MAX, 1].map(|size| check_request(&head(HeadKind::Request, bytes.as_bytes(), size), options));
        assert_eq!(replies[0], replies[1]);
        replies[0].clone()
    }

    fn answer(request: &str) -> Reply {
        answer_with(&options(Strictness::Strict), request)
    }

    fn text(reply: &Reply) -> String {
        String::from_utf8(reply.response.clone()).unwrap()
    }

    #[test]
    fn the_example_of_section_1_3() {
        let reply = answer(&format!("{GOOD}Sec-WebSocket-Protocol: chat, superchat\r\nOrigin: http://example.com\r\n"));
        assert_eq!(
            text(&reply),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
        );
        assert_eq!(reply.verdict.findings, []);
        assert_eq!(reply.verdict.agreed.unwrap().subprotocol.as_deref(), Some("chat"));
    }

    #[test]
    fn each_item_that_a_request_must_have() {
        let cases = [
            ("GET", "POST", HandshakeRule::Method, 405),
            ("HTTP/1.1", "HTTP/1.0", HandshakeRule::HttpVersion, 400),
            ("/chat", "/chat#room", HandshakeRule::RequestTarget, 400),
            ("Host: example.com\r\n", "", HandshakeRule::Host, 400),
            ("Host: example.com\r\n", "Host: a\r\nHost: b\r\n", HandshakeRule::Host, 400),
            ("Upgrade: websocket\r\n", "", HandshakeRule::Upgrade, 426),
            ("Upgrade: websocket", "Upgrade: h2c", HandshakeRule::Upgrade, 426),
            ("Connection: Upgrade\r\n", "Connection: close\r\n", HandshakeRule::Connection, 400),
            ("Sec-WebSocket-Version: 13\r\n", "", HandshakeRule::Version, 426),
            ("Version: 13", "Version: 8", HandshakeRule::Version, 426),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", HandshakeRule::Key, 400),
            ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", HandshakeRule::Key, 400),
            ("dGhlIHNhbXBsZSBub25jZQ==", "no base 64", HandshakeRule::Key, 400),
            ("Version: 13\r\n", "Version: 13\r\nSec-WebSocket-Version: 13\r\n", HandshakeRule::RepeatedHeader, 400),
            ("Host: example.com\r\n", "Host: example.com\r\n folded\r\n", HandshakeRule::FoldedHeader, 400),
        ];
        for (from, to, rule, status) in cases {
            let reply = answer(&GOOD.replacen(from, to, 1));
            let rules: Vec<_> = reply.verdict.findings.iter().map(|finding| finding.rule).collect();
            assert_eq!(rules, [Rule::Handshake(rule)], "{to}");
            assert!(reply.verdict.agreed.is_none());
            assert!(text(&reply).starts_with(&format!("HTTP/1.1 {status} ")), "{}", text(&reply));
            assert_eq!(reply.verdict.findings[0].blame, Role::Client);
        }
    }

    #[test]
    fn another_version_is_told_ours() {
        let reply = answer(&GOOD.replacen("13", "8", 1));
        assert!(text(&reply).contains("\r\nSec-WebSocket-Version: 13\r\n"), "{}", text(&reply));
        assert!(text(&reply).contains("\r\nConnection: close, Upgrade\r\n"), "{}", text(&reply));
    }

    #[test]
    fn a_breach_that_leaves_a_key_is_looked_past_when_lenient() {
        let lenient = options(Strictness::Lenient);
        assert!(answer_with(&lenient, &GOOD.replacen("HTTP/1.1", "HTTP/1.0", 1)).verdict.agreed.is_some());
        assert!(answer_with(&lenient, &GOOD.replacen("Upgrade: websocket\r\n", "", 1)).verdict.agreed.is_some());
        assert!(answer_with(&lenient, &GOOD.replacen("dGhl", "", 1)).verdict.agreed.is_none());
    }

    #[test]
    fn a_subprotocol_is_chosen_in_the_clients_order() {
        let request = format!("{GOOD}Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n");
        assert_eq!(answer(&request).verdict.agreed.unwrap().subprotocol.as_deref(), Some("a"));
        for bad in ["a b", "a, a", "a/b"] {
            let reply = answer(&format!("{GOOD}Sec-WebSocket-Protocol: {bad}\r\n"));
            assert_eq!(reply.verdict.findings[0].rule, Rule::Handshake(HandshakeRule::SubprotocolSyntax));
        }
    }

    #[test]
    fn the_first_offer_that_can_be_kept_is_accepted() {
        let extensions = |offers: &str| {
            let reply = answer(&format!("{GOOD}Sec-WebSocket-Extensions: {offers}\r\n"));
            assert_eq!(reply.verdict.findings, []);
            reply.verdict.agreed.unwrap().extensions
        };
        assert_eq!(extensions("permessage-deflate; client_max_window_bits").as_deref(), Some("permessage-deflate"));
        let fallback = "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9";
        assert_eq!(extensions(fallback).as_deref(), Some("permessage-deflate; server_max_window_bits=9"));
        assert_eq!(extensions("permessage-deflate; server_max_window_bits=8"), None);
        assert_eq!(extensions("permessage-deflate; foo, x-foo"), None);
        assert_eq!(
            extensions("permessage-deflate; foo, permessage-deflate; server_no_context_takeover").as_deref(),
            Some("permessage-deflate; server_no_context_takeover")
        );
    }

    #[test]
    fn compression_is_declined_where_it_is_not_wanted() {
        let options = ServerOptions { deflate: None, ..options(Strictness::Strict) };
        let reply = answer_with(&options, &format!("{GOOD}Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        assert_eq!(reply.verdict.agreed, Some(Agreed::default()));
    }

    #[test]
    fn what_is_no_request_gets_an_answer_too() {
        let error = |bytes: &[u8]| match HeadReader::new(HeadKind::Request).feed(bytes) {
            HeadProgress::Failed(error) => error,
            other => panic!("{other:?}"),
        };
        assert!(refuse(&error(b"\x16\x03\x01")).starts_with(b"HTTP/1.1 400 "));
        assert!(refuse(&error(&b"a".repeat(100_000))).starts_with(b"HTTP/1.1 431 "));
    }

    fn offers() -> impl Strategy<Value = DeflateOffer> {
        let window = prop_oneof![
            Just(ClientWindow::Fixed),
            Just(ClientWindow::Limitable),
            (8..=15_u8).prop_map(ClientWindow::AtMost)
        ];
        (window, prop::option::of(8..=15_u8), any::<bool>(), any::<bool>()).prop_map(
            |(window, bits, client, server)| DeflateOffer {
                client_max_window_bits: window,
                server_max_window_bits: bits,
                client_no_context_takeover: client,
                server_no_context_takeover: server,
            },
        )
    }

    proptest! {
        #[test]
        fn our_client_and_our_server_agree(
            subprotocols in prop::collection::hash_set("[a-z.]{1,4}", 0..3),
            offered in prop::option::of(offers()),
            wanted in prop::option::of(offers()),
        ) {
            let subprotocols: Vec<_> = subprotocols.into_iter().collect();
            let wishes = RequestOptions {
                target: "/".to_owned(),
                authority: "h".to_owned(),
                subprotocols: subprotocols.clone(),
                deflate: offered,
                ..RequestOptions::default()
            };
            let request = Request::new(&wishes).unwrap();
            let server = ServerOptions { deflate: wanted, ..options(Strictness::Strict) };
            let reply = check_request(&head(HeadKind::Request, &request.encode(), 7), &server);
            prop_assert_eq!(&reply.verdict.findings, &[]);
            let Answer::Upgraded(verdict) =
                check_response(&head(HeadKind::Response, &reply.response, 7), &request, Strictness::Strict)
            else {
                panic!("refused");
            };
            prop_assert_eq!(&verdict.findings, &[]);
            let (ours, theirs) = (verdict.agreed.unwrap(), reply.verdict.agreed.unwrap());
            prop_assert_eq!(&ours.subprotocol, &theirs.subprotocol);
            prop_assert_eq!(ours.subprotocol.as_ref(), subprotocols.first());
            prop_assert_eq!(&ours.extensions, &theirs.extensions);
            prop_assert_eq!(ours.deflate.is_some(), theirs.deflate.is_some());
            if let (Some(ours), Some(theirs)) = (ours.deflate, theirs.deflate) {
                // What the client only hints at in its offer binds the client alone.
                prop_assert!(ours.client_max_window_bits <= theirs.client_max_window_bits);
                prop_assert_eq!(ours.server_max_window_bits, theirs.server_max_window_bits);
                prop_assert_eq!(ours.client_no_context_takeover, theirs.client_no_context_takeover);
                prop_assert_eq!(ours.server_no_context_takeover, theirs.server_no_context_takeover);
                prop_assert!(theirs.server_max_window_bits >= 9);
            }
        }
    }
}
