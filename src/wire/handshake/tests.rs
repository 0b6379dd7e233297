//! What a head makes the program say is bounded and has no secret in it, whatever the head is.

use super::*;
use crate::http::redact::Secrets;
use crate::http::{Head, HeadKind, HeadProgress, HeadReader, HeaderRule};
use crate::wire::{DeflateOffer, Finding, Rule};

/// As long as a head may be.
const FULL: usize = 62 * 1024;

/// So long that work that grows with the square of it takes minutes.
const HUGE: usize = 512 * 1024;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The refusal that this answer amounts to, where the request has these headers.
pub(crate) fn refusal(headers: &[&str], head: &str, body: &str) -> Box<Refusal> {
    let options = RequestOptions {
        target: "/chat?token=secret".to_owned(),
        authority: "example.com".to_owned(),
        headers: headers.iter().map(|header| HeaderRule::parse(header).unwrap()).collect(),
        ..RequestOptions::default()
    };
    let response = format!("HTTP/1.1 {head}\r\n\r\n{body}");
    let HeadProgress::Complete { head, rest } = HeadReader::new(HeadKind::Response).feed(response.as_bytes()) else {
        panic!("no head");
    };
    let request = Request::new(&options).unwrap();
    let Answer::Refused(mut refusal) = check_response(&head, &request, Strictness::Strict) else {
        panic!("not refused");
    };
    refusal.body_mut().feed(rest);
    refusal
}

/// `pattern` again and again; `#` in it is a number that is another each time.
fn repeated(pattern: &str, length: usize) -> String {
    let mut text = String::new();
    for number in 0.. {
        if text.len() >= length {
            break;
        }
        text.push_str(&pattern.replace('#', &number.to_string()));
    }
    text
}

fn request(headers: &str) -> CheckResult {
    let text = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\n{headers}\r\n\r\n"
    );
    let options = ServerOptions {
        allowed_origins: Vec::new(),
        advice: |diagnosis| format!("{diagnosis:?}"),
        deflate: Some(DeflateOffer::default()),
        strictness: Strictness::Strict,
        secrets: Secrets::Hidden,
    };
    let reply = check_request(&Head::of_any_length(text.as_bytes(), HeadKind::Request), &options);
    let is_refusal = reply.result.agreed.is_none();
    assert!(!is_refusal || reply.response.len() < 32 * 1024, "{} bytes go out", reply.response.len());
    reply.result
}

fn response(headers: &str, secrets: Secrets) -> CheckResult {
    let text = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{headers}\r\n\r\n"
    );
    let options = RequestOptions {
        target: "/".to_owned(),
        authority: "h".to_owned(),
        key: Some(KEY.to_owned()),
        deflate: Some(DeflateOffer::default()),
        headers: vec![HeaderRule::parse("Sec-WebSocket-Protocol: bearer.CANARY, access_token, CANARY").unwrap()],
        secrets,
        ..RequestOptions::default()
    };
    let request = Request::new(&options).unwrap();
    match check_response(&Head::of_any_length(text.as_bytes(), HeadKind::Response), &request, Strictness::Lenient) {
        Answer::Upgraded(result) => result,
        Answer::Refused(refusal) => panic!("{}", refusal.status_line()),
    }
}

/// The texts of findings and notes.
fn texts(result: &CheckResult) -> Vec<&str> {
    let details = result.findings.iter().map(|finding| finding.detail.as_str());
    details.chain(result.notes.iter().map(String::as_str)).collect()
}

fn assert_bounded(result: &CheckResult, what: &str) {
    let texts = texts(result);
    assert!(texts.iter().all(|text| text.chars().count() <= 340), "{what}: {texts:?}");
    assert!(result.notes.len() <= 22, "{what}: {} notes", result.notes.len());
    for finding in &result.findings {
        let of_a_kind = result.findings.iter().filter(|other| other.rule == finding.rule).count();
        assert!(of_a_kind <= 10 && finding.bytes.len() <= Finding::MOST_BYTES, "{what}: {of_a_kind} of {finding:?}");
    }
}

/// Headers that go wrong as often as there is room.
const PATTERNS: [(&str, &str); 14] = [
    ("Sec-WebSocket-Protocol: ", "a,"),
    ("Sec-WebSocket-Protocol: ", "name#,"),
    ("Sec-WebSocket-Protocol: ", "(#),"),
    ("Sec-WebSocket-Protocol: ", "eyJ.a#"),
    ("Sec-WebSocket-Extensions: ", "x-#,"),
    ("Sec-WebSocket-Extensions: ", "permessage-deflate; a#,"),
    ("Sec-WebSocket-Extensions: permessage-deflate", "; a#"),
    ("Sec-WebSocket-Extensions: permessage-deflate", "; a"),
    ("Sec-WebSocket-Extensions: ", "("),
    ("X: y\r\n", " folded#\r\n"),
    ("", "no colon#\r\n"),
    ("", "X#: \x01é\r\n"),
    ("", "Sec-WebSocket-Key: #\r\n"),
    ("Upgrade: ", "h2c#,"),
];

#[test]
fn ten_findings_of_a_kind_are_made_and_the_others_counted() {
    let result = request(&format!("Sec-WebSocket-Protocol: {}", repeated("a,", 2 * 31_001)));
    assert_eq!(result.findings.len(), 10);
    assert!(result.findings.iter().all(|finding| finding.rule == Rule::Handshake(HandshakeRule::SubprotocolSyntax)));
    assert_eq!(result.findings[0].detail, "`a` is offered twice");
    assert_eq!(result.findings[9].detail, "`a` is offered twice, and 30,990 more");
    assert!(request("Sec-WebSocket-Protocol: a,b,c").findings.is_empty());
}

#[test]
fn what_is_said_of_a_head_is_bounded() {
    for (start, pattern) in PATTERNS {
        let headers = format!("{start}{}", repeated(pattern, FULL));
        assert_bounded(&request(&headers), &format!("request {start}{pattern}"));
        assert_bounded(&response(&headers, Secrets::Hidden), &format!("response {start}{pattern}"));
        assert_bounded(&response(&headers, Secrets::Shown), &format!("response {start}{pattern}"));
    }
    for name in ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Connection", "Upgrade", &"n".repeat(FULL)] {
        let headers = format!("{name} : {}\r\n \x01é", "v".repeat(FULL));
        assert_bounded(&request(&headers), name);
        assert_bounded(&response(&headers, Secrets::Hidden), name);
    }
}

/// With work that grows with the square of the length each of these heads would take minutes.
#[test]
fn no_head_takes_quadratic_time() {
    for (start, pattern) in PATTERNS.into_iter().filter(|(_, pattern)| !pattern.ends_with('\n')) {
        let headers = format!("{start}{}", repeated(pattern, HUGE));
        request(&headers);
        response(&headers, Secrets::Shown);
    }
}

#[test]
fn no_text_has_a_secret_in_it() {
    let headers = [
        "Sec-WebSocket-Protocol: bearer.CANARY",
        "Sec-WebSocket-Protocol: CANARY",
        "Sec-WebSocket-Protocol: access_token, CANARY, CANARY, bearer.CANARY",
        "Authorization: CANARY\r\n CANARY",
        "Authorization CANARY",
        "X-Api-Key : CANARY\x01",
        "Set-Cookie: a=CANARY\x01\r\nCookie : CANARY",
        "Upgrade: /?token=CANARY",
    ];
    for headers in headers {
        let (asked, answered) = (request(headers), response(headers, Secrets::Hidden));
        for result in [&asked, &answered] {
            let bytes = result.findings.iter().map(|finding| String::from_utf8_lossy(&finding.bytes).into_owned());
            let all: Vec<_> = texts(result).into_iter().map(str::to_owned).chain(bytes).collect();
            assert!(!format!("{all:?}{:?}", result.verified).contains("CANARY"), "{headers}: {all:?}");
        }
    }
    assert!(texts(&response("", Secrets::Hidden))[0].contains("(`bearer.[hidden]`, `access_token`, `[hidden]`)"));
    assert!(texts(&response("", Secrets::Shown))[0].contains("(`bearer.CANARY`, `access_token`, `CANARY`)"));
}
