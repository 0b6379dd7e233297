use proptest::prelude::*;

use super::super::{Answer, Request, RequestOptions, check_response};
use super::*;
use crate::http::{DefectKind, HeadKind, HeadProgress, HeadReader};
use crate::wire::ClientWindow;

const GOOD: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

fn options(strictness: Strictness) -> ServerOptions {
    ServerOptions {
        deflate: Some(DeflateOffer::default()),
        strictness,
        secrets: Secrets::Hidden,
        allowed_origins: Vec::new(),
        advice: |diagnosis| format!("{diagnosis:?}"),
    }
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
    let replies = [usize::MAX, 1].map(|size| check_request(&head(HeadKind::Request, bytes.as_bytes(), size), options));
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
    let reply = answer(&format!("{GOOD}Sec-WebSocket-Protocol: chat, superchat\r\nOrigin: http://localhost\r\n"));
    assert_eq!(
        text(&reply),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    );
    assert_eq!(reply.result.findings, []);
    assert_eq!(reply.result.agreed.unwrap().subprotocol.as_deref(), Some("chat"));
}

#[test]
fn each_item_that_a_request_must_have() {
    let cases = [
        ("GET", "POST", HandshakeRule::Method, 405),
        ("HTTP/1.1", "HTTP/1.0", HandshakeRule::HttpVersion, 400),
        ("/chat", "/chat#room", HandshakeRule::Syntax(DefectKind::RequestTarget), 400),
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
        (
            "Host: example.com\r\n",
            "Host: example.com\r\n folded\r\n",
            HandshakeRule::Syntax(DefectKind::FoldedHeader),
            400,
        ),
    ];
    for (from, to, rule, status) in cases {
        let reply = answer(&GOOD.replacen(from, to, 1));
        let rules: Vec<_> = reply.result.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::Handshake(rule)], "{to}");
        assert!(reply.result.agreed.is_none());
        assert!(text(&reply).starts_with(&format!("HTTP/1.1 {status} ")), "{}", text(&reply));
        assert_eq!(reply.result.findings[0].blame, Role::Client);
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
    assert!(answer_with(&lenient, &GOOD.replacen("HTTP/1.1", "HTTP/1.0", 1)).result.agreed.is_some());
    assert!(answer_with(&lenient, &GOOD.replacen("Upgrade: websocket\r\n", "", 1)).result.agreed.is_some());
    assert!(answer_with(&lenient, &GOOD.replacen("dGhl", "", 1)).result.agreed.is_none());
}

#[test]
fn a_page_of_another_origin_is_refused_and_told_why() {
    for strictness in [Strictness::Strict, Strictness::Lenient] {
        let reply = answer_with(&options(strictness), &format!("{GOOD}Origin: https://evil.example\r\n"));
        let origin = ForbiddenOrigin::Named("https://evil.example".to_owned());
        assert!(text(&reply).starts_with("HTTP/1.1 403 Forbidden\r\n"), "{}", text(&reply));
        assert!(text(&reply).ends_with(&format!("{:?}\n", Diagnosis::ForbiddenOrigin(origin.clone()))));
        assert_eq!((reply.forbidden, reply.result.agreed), (Some(origin), None));
        assert_eq!(reply.result.findings, []);
    }
    let breach = answer(&format!("{}Origin: https://evil.example\r\n", GOOD.replacen("13", "8", 1)));
    assert!(text(&breach).starts_with("HTTP/1.1 426 ") && breach.forbidden.is_none());
    let allowed = ServerOptions { allowed_origins: vec![AllowedOrigin::Any], ..options(Strictness::Strict) };
    assert!(answer_with(&allowed, &format!("{GOOD}Origin: https://evil.example\r\n")).result.agreed.is_some());
}

#[test]
fn a_subprotocol_is_chosen_in_the_clients_order() {
    let request = format!("{GOOD}Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n");
    assert_eq!(answer(&request).result.agreed.unwrap().subprotocol.as_deref(), Some("a"));
    for bad in ["a b", "a, a", "a/b"] {
        let reply = answer(&format!("{GOOD}Sec-WebSocket-Protocol: {bad}\r\n"));
        assert_eq!(reply.result.findings[0].rule, Rule::Handshake(HandshakeRule::SubprotocolSyntax));
    }
}

#[test]
fn the_first_offer_that_can_be_kept_is_accepted() {
    let extensions = |offers: &str| {
        let reply = answer(&format!("{GOOD}Sec-WebSocket-Extensions: {offers}\r\n"));
        assert_eq!(reply.result.findings, []);
        reply.result.agreed.unwrap().extensions
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
    assert_eq!(reply.result.agreed, Some(Agreed::default()));
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
    (window, prop::option::of(8..=15_u8), any::<bool>(), any::<bool>()).prop_map(|(window, bits, client, server)| {
        DeflateOffer {
            client_max_window_bits: window,
            server_max_window_bits: bits,
            client_no_context_takeover: client,
            server_no_context_takeover: server,
        }
    })
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
        prop_assert_eq!(&reply.result.findings, &[]);
        let Answer::Upgraded(result) =
            check_response(&head(HeadKind::Response, &reply.response, 7), &request, Strictness::Strict)
        else {
            panic!("refused");
        };
        prop_assert_eq!(&result.findings, &[]);
        let (ours, theirs) = (result.agreed.unwrap(), reply.result.agreed.unwrap());
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
