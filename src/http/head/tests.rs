use proptest::prelude::*;

use super::super::{DefectKind, HeadKind};
use super::*;

fn response(raw: &[u8]) -> Head {
    Head::parse(raw, 0, HeadKind::Response).unwrap()
}

fn kinds(head: &Head) -> Vec<DefectKind> {
    head.defects().iter().map(|defect| defect.kind).collect()
}

fn headers(head: &Head) -> Vec<(String, String)> {
    head.headers().map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned())).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn order_case_and_repetition_are_kept() {
    let raw = b"HTTP/1.1 101 Switching  Protocols\r\nuPGRADE:websocket\r\nX-B: 1\r\nX-A:\r\nx-b:\t 2 \r\n\r\n";
    let head = response(raw);
    assert_eq!(head.raw(), raw);
    assert_eq!(head.first_line(), "HTTP/1.1 101 Switching  Protocols");
    assert_eq!(headers(&head), [pair("uPGRADE", "websocket"), pair("X-B", "1"), pair("X-A", ""), pair("x-b", "2")]);
    assert_eq!(head.all("X-B").map(|field| field.value.as_slice()).collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!(&raw[head.all("x-b").nth(1).unwrap().lines.clone()], b"x-b:\t 2 ");
    assert!(head.defects().is_empty());
}

#[test]
fn a_list_goes_over_several_headers_in_any_case() {
    let head = response(b"HTTP/1.1 101 x\r\nConnection: keep-alive,\r\nconnection: , UPGRADE ,x\r\n\r\n");
    assert_eq!(head.list("Connection").collect::<Vec<_>>(), [&b"keep-alive"[..], b"UPGRADE", b"x"]);
    assert!(head.lists("connection", "upgrade"));
    assert!(!head.lists("connection", "up"));
}

#[test]
fn a_folded_header_is_unfolded_and_reported() {
    let head = response(b"HTTP/1.1 101 x\r\nUpgrade:\r\n websocket\r\nX: a\r\n\tb\r\n\r\n");
    assert_eq!(headers(&head), [pair("Upgrade", "websocket"), pair("X", "a b")]);
    assert_eq!(kinds(&head), [DefectKind::FoldedHeader, DefectKind::FoldedHeader]);
    assert_eq!((head.defects[0].offset, &head.defects[0].bytes[..]), (26, &b" websocket"[..]));
}

#[test]
fn each_odd_line_is_named() {
    let cases = [
        (&b"no colon"[..], DefectKind::HeaderSyntax),
        (b": no name", DefectKind::HeaderSyntax),
        (b"a b: c", DefectKind::HeaderSyntax),
        (b" leading: blank", DefectKind::HeaderSyntax),
        (b"a : b", DefectKind::SpaceBeforeColon),
        (b"a: b\0c", DefectKind::ControlCharacter),
        (b"a: b\rc", DefectKind::ControlCharacter),
        (b"a: \x1b[2J", DefectKind::ControlCharacter),
    ];
    for (line, kind) in cases {
        let head = response(&[b"HTTP/1.1 101 x\r\n", line, b"\r\nb: c\r\n\r\n"].concat());
        assert_eq!(kinds(&head), [kind], "{line:?}");
        assert_eq!(head.defects[0].offset, 16);
        assert_eq!(head.defects[0].bytes, line);
        assert_eq!(head.get("B"), Some(&b"c"[..]));
    }
}

#[test]
fn odd_start_lines_are_read_and_reported() {
    for reason in ["a\rb", "\x1b[2J"] {
        let head = response(format!("HTTP/1.1 101 {reason}\r\n\r\n").as_bytes());
        assert_eq!(kinds(&head), [DefectKind::ReasonPhrase], "{reason:?}");
        assert_eq!((head.defects[0].offset, head.status()), (0, Some(101)));
    }
    let request =
        |target: &str| Head::parse(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes(), 0, HeadKind::Request).unwrap();
    for target in ["/a#b", "*", "/\u{e4}", "/\x1b", "/\t", "chat", "example.com:80"] {
        assert_eq!(kinds(&request(target)), [DefectKind::RequestTarget], "{target:?}");
    }
    for target in ["/", "/a?b=c%20", "//", "ws://example.com/a", "http://example.com"] {
        assert!(request(target).defects().is_empty(), "{target:?}");
    }
}

#[test]
fn a_bare_line_feed_is_read_and_reported_once() {
    let head = response(b"HTTP/1.1 101 x\na: b\nc: d\r\n\n");
    assert_eq!(headers(&head), [pair("a", "b"), pair("c", "d")]);
    assert_eq!(kinds(&head), [DefectKind::BareLineFeed]);
}

#[test]
fn obs_text_is_noted_only() {
    let head = response(b"HTTP/1.1 101 x\r\na: caf\xe9\r\n\r\n");
    assert_eq!(head.get("a"), Some(&b"caf\xe9"[..]));
    assert!(head.defects().is_empty());
    assert!(head.notes()[0].contains("obs-text"), "{:?}", head.notes());
}

/// What httparse makes of a response, where it accepts it.
fn oracle(raw: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut fields);
    response.parse(raw).ok().filter(httparse::Status::is_complete)?;
    Some(response.headers.iter().map(|field| (field.name.to_owned(), field.value.to_vec())).collect())
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(raw: Vec<u8>, request: bool) {
        let kind = if request { HeadKind::Request } else { HeadKind::Response };
        let _ = Head::parse(&raw, 0, kind);
    }

    #[test]
    fn what_httparse_accepts_is_read_alike(lines in prop::collection::vec("[ -~\t]{0,3}[a-zA-Z!-]{1,6}:[ -~\t\u{80}-\u{ff}]{0,12}\r?", 0..6)) {
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
        let raw = format!("HTTP/1.1 101 ok\r\n{}\r\n", lines.concat());
        if let Some(expected) = oracle(raw.as_bytes()) {
            let head = response(raw.as_bytes());
            let ours: Vec<_> = head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
            prop_assert_eq!(ours, expected);
            prop_assert!(kinds(&head).iter().all(|&kind| kind == DefectKind::BareLineFeed));
        }
    }
}
