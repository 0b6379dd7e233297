use super::super::{RequestOptions, diagnose_breach};
use super::*;
use crate::diagnosis::Diagnosis;
use crate::http::{DefectKind, HeadKind, HeadProgress, HeadReader, HeaderRule};
use crate::wire::Rule;

const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn request(rules: &[&str]) -> Request {
    let options = RequestOptions {
        target: "/chat".to_owned(),
        authority: "example.com".to_owned(),
        key: Some("dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        deflate: Some(DeflateOffer::default()),
        subprotocols: vec!["chat".to_owned(), "superchat".to_owned()],
        headers: rules.iter().map(|rule| HeaderRule::parse(rule).unwrap()).collect(),
        ..RequestOptions::default()
    };
    Request::new(&options).unwrap()
}

fn head(response: &str, size: usize) -> Head {
    let mut reader = HeadReader::new(HeadKind::Response);
    let bytes = format!("{response}\r\n");
    for piece in bytes.as_bytes().chunks(size) {
        match reader.feed(piece) {
            HeadProgress::Incomplete => {}
            HeadProgress::Complete { head, .. } => return head,
            HeadProgress::Failed(error) => panic!("{error}"),
        }
    }
    panic!("the head of {bytes:?} does not end");
}

/// Checks a response, given without its final empty line, fed whole and byte by byte.
fn check(response: &str, request: &Request, strictness: Strictness) -> CheckResult {
    let results = [usize::MAX, 1].map(|size| match check_response(&head(response, size), request, strictness) {
        Answer::Upgraded(result) => result,
        Answer::Refused(refusal) => panic!("refused: {}", refusal.status_line()),
    });
    assert_eq!(results[0], results[1]);
    results[0].clone()
}

fn strict(response: &str) -> CheckResult {
    check(response, &request(&[]), Strictness::Strict)
}

/// That the response breaks this rule and no other, fails when strict and passes when lenient.
fn breaks(response: &str, rule: HandshakeRule) -> CheckResult {
    let result = strict(response);
    let rules: Vec<_> = result.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::Handshake(rule)], "{response}");
    assert_eq!(result.agreed, None, "{response}");
    assert_eq!(result.findings[0].blame, Role::Server);
    assert!(matches!(diagnose_breach(&result.findings), Some(Diagnosis::Breached(_))));
    let lenient = check(response, &request(&[]), Strictness::Lenient);
    assert!(lenient.agreed.is_some(), "{response}");
    lenient
}

#[test]
fn a_good_answer_is_verified_line_by_line() {
    let result = strict(&format!(
        "{GOOD}Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\n"
    ));
    assert!(result.findings.is_empty());
    assert_eq!(result.verified.len(), 6, "{:?}", result.verified);
    let agreed = result.agreed.unwrap();
    assert_eq!(agreed.subprotocol.as_deref(), Some("chat"));
    assert_eq!(agreed.deflate.unwrap().server_max_window_bits, 12);
    assert_eq!(agreed.extensions.as_deref(), Some("permessage-deflate; server_max_window_bits=12"));
}

#[test]
fn case_lists_and_spacing_are_free() {
    let response = "HTTP/1.1 101 \r\nUPGRADE:WebSocket\r\nconnection: keep-alive\r\nConnection: foo, UPGRADE\r\n\
                    sec-websocket-ACCEPT:   s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n";
    assert!(strict(response).findings.is_empty());
}

#[test]
fn no_subprotocol_is_legal_and_noted() {
    let result = strict(GOOD);
    assert!(result.agreed.unwrap().subprotocol.is_none());
    assert!(result.notes[0].contains("browsers refuse it"), "{:?}", result.notes);
}

#[test]
fn each_header_that_must_be_there() {
    let cases = [
        ("HTTP/1.1", "HTTP/1.0", HandshakeRule::HttpVersion),
        ("Upgrade: websocket\r\n", "", HandshakeRule::Upgrade),
        ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", HandshakeRule::Upgrade),
        ("Upgrade: websocket\r\n", "Upgrade: websocket, h2c\r\n", HandshakeRule::Upgrade),
        ("Upgrade: websocket\r\n", "Upgrade: websocket\r\nUpgrade: websocket\r\n", HandshakeRule::Upgrade),
        ("Connection: Upgrade\r\n", "", HandshakeRule::Connection),
        ("Connection: Upgrade\r\n", "Connection: keep-alive\r\n", HandshakeRule::Connection),
        ("Connection: Upgrade\r\n", "Connection: upgrades\r\n", HandshakeRule::Connection),
        ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", HandshakeRule::Accept),
        ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", HandshakeRule::Accept),
        ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", HandshakeRule::Accept),
        ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo= x", HandshakeRule::Accept),
    ];
    for (from, to, rule) in cases {
        breaks(&GOOD.replacen(from, to, 1), rule);
    }
}

#[test]
fn a_finding_points_at_the_bytes() {
    let finding = breaks(&GOOD.replace("websocket", "h2c"), HandshakeRule::Upgrade).findings.remove(0);
    assert_eq!((finding.offset, &finding.bytes[..]), (34, &b"Upgrade: h2c"[..]));
    assert_eq!(finding.detail, "`Upgrade: h2c`");
}

#[test]
fn headers_that_may_be_there_once() {
    let again = format!("{GOOD}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    breaks(&again, HandshakeRule::RepeatedHeader);
    let again = format!("{GOOD}Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n");
    breaks(&again, HandshakeRule::RepeatedHeader);
}

#[test]
fn a_subprotocol_must_be_one_that_was_offered() {
    breaks(&format!("{GOOD}Sec-WebSocket-Protocol: Chat\r\n"), HandshakeRule::SubprotocolNotOffered);
    breaks(&format!("{GOOD}Sec-WebSocket-Protocol: chat, superchat\r\n"), HandshakeRule::SubprotocolSyntax);
    breaks(&format!("{GOOD}Sec-WebSocket-Protocol:\r\n"), HandshakeRule::SubprotocolSyntax);
    let unasked = format!("{GOOD}Sec-WebSocket-Protocol: chat\r\n");
    let result = check(&unasked, &request(&["Sec-WebSocket-Protocol:"]), Strictness::Strict);
    assert_eq!(result.findings[0].rule, Rule::Handshake(HandshakeRule::SubprotocolNotOffered));
}

#[test]
fn an_extension_must_have_been_offered() {
    let with = |extensions: &str| format!("{GOOD}Sec-WebSocket-Extensions: {extensions}\r\n");
    breaks(&with("x-foo"), HandshakeRule::ExtensionNotOffered);
    breaks(&with("permessage-deflate;"), HandshakeRule::ExtensionSyntax);
    breaks(&with("permessage-deflate, permessage-deflate"), HandshakeRule::ExtensionRepeated);
    breaks(&with("permessage-deflate; foo"), HandshakeRule::DeflateParameterUnknown);
}

#[test]
fn an_extension_that_was_not_offered_is_used_when_lenient() {
    let response = format!("{GOOD}Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
    let request = request(&["Sec-WebSocket-Extensions:"]);
    let result = check(&response, &request, Strictness::Strict);
    assert_eq!(result.findings[0].rule, Rule::Handshake(HandshakeRule::ExtensionNotOffered));
    let result = check(&response, &request, Strictness::Lenient);
    assert!(result.agreed.unwrap().deflate.unwrap().server_no_context_takeover);
}

#[test]
fn extensions_may_come_in_several_headers_and_answer_any_offer() {
    let request =
        request(&["Sec-WebSocket-Extensions: x-a, permessage-deflate; server_max_window_bits=9, permessage-deflate"]);
    let response = format!("{GOOD}Sec-WebSocket-Extensions: x-a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n");
    let result = check(&response, &request, Strictness::Strict);
    assert_eq!(result.findings, []);
    assert_eq!(result.agreed.unwrap().extensions.as_deref(), Some("x-a, permessage-deflate"));
}

#[test]
fn the_syntax_of_the_head_counts_too() {
    breaks(&format!("{GOOD}X: a\r\n b\r\n"), HandshakeRule::Syntax(DefectKind::FoldedHeader));
    breaks(&GOOD.replacen("Upgrade:", "Upgrade :", 1), HandshakeRule::Syntax(DefectKind::SpaceBeforeColon));
    breaks(&format!("{GOOD}nonsense\r\n"), HandshakeRule::Syntax(DefectKind::HeaderSyntax));
    breaks(&format!("{GOOD}X: \x07\r\n"), HandshakeRule::Syntax(DefectKind::ControlCharacter));
    breaks(&GOOD.replacen("\r\n", "\n", 1), HandshakeRule::Syntax(DefectKind::BareLineFeed));
}

#[test]
fn content_announced_in_a_101_is_noted_only() {
    for header in ["Content-Length: 0", "Transfer-Encoding: chunked"] {
        let result = check(&format!("{GOOD}{header}\r\n"), &request(&[]), Strictness::Strict);
        assert_eq!(result.findings, []);
        assert!(result.notes.iter().any(|note| note.contains("RFC 9110 section 8.6")), "{:?}", result.notes);
    }
}

#[test]
fn another_status_is_a_refusal_unless_it_knows_our_key() {
    let response = head(&GOOD.replacen("101 Switching Protocols", "200 OK", 1), usize::MAX);
    assert!(matches!(check_response(&response, &request(&[]), Strictness::Strict), Answer::Refused(_)));
    let Answer::Upgraded(result) = check_response(&response, &request(&[]), Strictness::Lenient) else {
        panic!("refused");
    };
    assert_eq!(result.findings[0].rule, Rule::Handshake(HandshakeRule::Status));
    assert!(result.agreed.is_some());
    let page = head("HTTP/1.1 200 OK\r\n", usize::MAX);
    assert!(matches!(check_response(&page, &request(&[]), Strictness::Lenient), Answer::Refused(_)));
}
#[test]
fn tungstenite_accepts_our_request_and_we_accept_its_answer() {
    use tungstenite::handshake::machine::TryParse;
    use tungstenite::handshake::server::{Request as Parsed, create_response, write_response};

    let request = request(&["Sec-WebSocket-Key:", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="]);
    let (_, parsed) = Parsed::try_parse(&request.encode()).unwrap().unwrap();
    let mut response = Vec::new();
    write_response(&mut response, &create_response(&parsed).unwrap()).unwrap();
    let response = String::from_utf8(response).unwrap();
    let result = check(response.strip_suffix("\r\n").unwrap(), &request, Strictness::Strict);
    assert_eq!(result.findings, []);
}
