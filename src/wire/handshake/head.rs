//! An HTTP/1.1 head, taken apart line by line (RFC 9112 sections 2 to 5), with nothing of it lost.
//!
//! httparse is not used here since it says neither where a header stands nor which byte of it is wrong; the tests
//! compare with it.

use std::ops::Range;

use super::{HandshakeRule, StartLine, Version, start_line, token};
use crate::wire::{Finding, Role, Rule};

/// A head: the start line, the headers in order and as they were, and what is wrong with their syntax.
#[derive(Debug, Clone)]
pub struct Head {
    raw: Vec<u8>,
    first_line: Range<usize>,
    start: StartLine,
    fields: Vec<Field>,
    findings: Vec<Finding>,
    notes: Vec<String>,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// As it was written.
    pub name: String,
    /// Without the white space around it, unfolded.
    pub value: Vec<u8>,
    /// Its line or lines in the head, without the last line's end.
    pub lines: Range<usize>,
}

impl Head {
    /// Takes apart what begins at `begin` and ends with an empty line; `None` when its first line is not `speaker`'s kind
    /// of start line.
    pub(super) fn parse(raw: &[u8], begin: usize, speaker: Role) -> Option<Self> {
        let mut lines = Lines { raw, position: begin };
        let first = lines.next()?;
        let start = StartLine::parse(&raw[first.text.clone()], speaker)?;
        let mut parser = Parser { raw, speaker, fields: Vec::new(), findings: Vec::new(), notes: Vec::new() };
        parser.line_end(&first);
        parser.start_line(&start, first.text.clone());
        for line in lines.take_while(|line| !line.text.is_empty()) {
            parser.line_end(&line);
            parser.line(line.text);
        }
        parser.values();
        if begin > 0 {
            parser.notes.push("another response announced this one (1xx, RFC 9110 section 15.2)".to_owned());
        }
        let Parser { fields, findings, notes, .. } = parser;
        Some(Self { raw: raw.to_vec(), first_line: first.text, start, fields, findings, notes })
    }

    /// With what is wrong with the responses that announced it.
    pub(super) fn announced_with(mut self, findings: Vec<Finding>) -> Self {
        self.findings.splice(0..0, findings);
        self
    }

    /// Every byte of it, with the final empty line; interim responses that came before it stand at the front.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The first line.
    pub fn start_line(&self) -> &StartLine {
        &self.start
    }

    /// The HTTP version.
    pub fn version(&self) -> Version {
        match self.start {
            StartLine::Request { version, .. } | StartLine::Status { version, .. } => version,
        }
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Status { status, .. } => Some(status),
            StartLine::Request { .. } => None,
        }
    }

    /// Whether another response follows: any 1xx but 101 (RFC 9110 section 15.2).
    pub(super) fn is_interim(&self) -> bool {
        matches!(self.status(), Some(100 | 102..=199))
    }

    /// The first line as it was, without its end.
    pub fn first_line(&self) -> String {
        String::from_utf8_lossy(&self.raw[self.first_line.clone()]).into_owned()
    }

    /// The headers in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Names and values in order, as they were.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| (field.name.as_str(), field.value.as_slice()))
    }

    /// Every header of that name, whatever its case.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next().map(|field| field.value.as_slice())
    }

    /// The value of the first header of that name, for people: what is not UTF-8 becomes U+FFFD.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The elements of all headers of that name, read as one list (RFC 9110 section 5.6.1); empty ones are skipped.
    pub fn list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|field| field.value.split(|&byte| byte == b','))
            .map(token::trim)
            .filter(|element| !element.is_empty())
    }

    /// Whether `token` is among the elements of that list, in any case.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// All values of that name as one list, as if they had come in one header.
    pub(super) fn joined(&self, name: &str) -> Vec<u8> {
        self.all(name).map(|field| field.value.as_slice()).collect::<Vec<_>>().join(&b", "[..])
    }

    /// Where the first header of that name stands in [`raw`](Self::raw); the first line, where there is none.
    pub(super) fn place(&self, name: &str) -> Range<usize> {
        self.all(name).next().map_or(self.first_line.clone(), |field| field.lines.clone())
    }

    /// What is wrong with the syntax.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What is odd, but to be accepted.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// A line of the head.
struct Line {
    /// Without its end.
    text: Range<usize>,
    /// It ends with LF alone.
    bare: bool,
}

struct Lines<'a> {
    raw: &'a [u8],
    position: usize,
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let start = self.position;
        let rest = &self.raw[start..];
        let length = rest.iter().position(|&byte| byte == b'\n')?;
        self.position += length + 1;
        let bare = !rest[..length].ends_with(b"\r");
        Some(Line { text: start..start + length - usize::from(!bare), bare })
    }
}

struct Parser<'a> {
    raw: &'a [u8],
    speaker: Role,
    fields: Vec<Field>,
    findings: Vec<Finding>,
    notes: Vec<String>,
}

impl Parser<'_> {
    /// A bare LF is reported once, not for every line.
    fn line_end(&mut self, line: &Line) {
        let known = self.findings.iter().any(|finding| finding.rule == Rule::Handshake(HandshakeRule::BareLineFeed));
        if line.bare && !known {
            self.breach(HandshakeRule::BareLineFeed, line.text.clone(), "lines end with CR and LF");
        }
    }

    fn start_line(&mut self, start: &StartLine, line: Range<usize>) {
        match start {
            StartLine::Status { reason, .. } => {
                if let Some(control) = reason.bytes().find(|&byte| token::is_control(byte)) {
                    self.breach(HandshakeRule::ReasonPhrase, line, format!("0x{control:02x}"));
                }
            }
            StartLine::Request { target, .. } => {
                if let Some(mistake) = start_line::mistake_in_target(target) {
                    self.breach(HandshakeRule::RequestTarget, line, mistake);
                }
            }
        }
    }

    fn line(&mut self, line: Range<usize>) {
        if token::is_blank(self.raw[line.start]) {
            return self.continuation(line);
        }
        let text = &self.raw[line.clone()];
        let Some(colon) = text.iter().position(|&byte| byte == b':') else {
            return self.breach(HandshakeRule::HeaderSyntax, line, "the line has no colon");
        };
        let name = text[..colon].trim_ascii_end();
        if !token::is_token(name) {
            return self.breach(HandshakeRule::HeaderSyntax, line, "what stands before the colon is no header name");
        }
        self.fields.push(Field {
            name: String::from_utf8_lossy(name).into_owned(),
            value: token::trim(&text[colon + 1..]).to_vec(),
            lines: line.clone(),
        });
        if name.len() < colon {
            let detail = format!("after `{}`", String::from_utf8_lossy(name));
            self.breach(HandshakeRule::SpaceBeforeColon, line, detail);
        }
    }

    /// obs-fold: the value goes on, and the fold counts as a space (RFC 9112 section 5.2).
    fn continuation(&mut self, line: Range<usize>) {
        let Some(field) = self.fields.last_mut() else {
            return self.breach(HandshakeRule::HeaderSyntax, line, "white space before the first header");
        };
        let more = token::trim(&self.raw[line.clone()]);
        if !field.value.is_empty() && !more.is_empty() {
            field.value.push(b' ');
        }
        field.value.extend_from_slice(more);
        field.lines.end = line.end;
        let detail = format!("`{}` goes on in the next line", field.name);
        self.breach(HandshakeRule::FoldedHeader, line, detail);
    }

    /// What can be said only of whole values.
    fn values(&mut self) {
        for field in std::mem::take(&mut self.fields) {
            if let Some(&control) = field.value.iter().find(|&&byte| token::is_control(byte)) {
                let detail = format!("0x{control:02x} in the value of `{}`", field.name);
                self.breach(HandshakeRule::ControlCharacter, field.lines.clone(), detail);
            }
            if !field.value.is_ascii() {
                let name = &field.name;
                self.notes.push(format!("`{name}` holds bytes outside of ASCII (obs-text, RFC 9110 section 5.5)"));
            }
            self.fields.push(field);
        }
    }

    fn breach(&mut self, rule: HandshakeRule, at: Range<usize>, detail: impl Into<String>) {
        self.findings.push(rule.broken_by(self.speaker, at.start, &self.raw[at], detail));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(raw: &[u8]) -> Head {
        Head::parse(raw, 0, Role::Server).unwrap()
    }

    fn rules(head: &Head) -> Vec<HandshakeRule> {
        let rule = |finding: &Finding| match finding.rule {
            Rule::Handshake(rule) => rule,
            other => panic!("{other:?} in a head"),
        };
        head.findings().iter().map(rule).collect()
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
        assert!(head.findings().is_empty());
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
        assert_eq!(rules(&head), [HandshakeRule::FoldedHeader, HandshakeRule::FoldedHeader]);
        assert_eq!((head.findings[0].offset, &head.findings[0].bytes[..]), (26, &b" websocket"[..]));
    }

    #[test]
    fn each_odd_line_is_named() {
        let cases = [
            (&b"no colon"[..], HandshakeRule::HeaderSyntax),
            (b": no name", HandshakeRule::HeaderSyntax),
            (b"a b: c", HandshakeRule::HeaderSyntax),
            (b" leading: blank", HandshakeRule::HeaderSyntax),
            (b"a : b", HandshakeRule::SpaceBeforeColon),
            (b"a: b\0c", HandshakeRule::ControlCharacter),
            (b"a: b\rc", HandshakeRule::ControlCharacter),
            (b"a: \x1b[2J", HandshakeRule::ControlCharacter),
        ];
        for (line, rule) in cases {
            let head = response(&[b"HTTP/1.1 101 x\r\n", line, b"\r\nb: c\r\n\r\n"].concat());
            assert_eq!(rules(&head), [rule], "{line:?}");
            assert_eq!(head.findings[0].offset, 16);
            assert_eq!(head.findings[0].bytes, line);
            assert_eq!(head.get("B"), Some(&b"c"[..]));
        }
    }

    #[test]
    fn odd_start_lines_are_read_and_reported() {
        for reason in ["a\rb", "\x1b[2J"] {
            let head = response(format!("HTTP/1.1 101 {reason}\r\n\r\n").as_bytes());
            assert_eq!(rules(&head), [HandshakeRule::ReasonPhrase], "{reason:?}");
            assert_eq!((head.findings[0].offset, head.status()), (0, Some(101)));
        }
        let request =
            |target: &str| Head::parse(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes(), 0, Role::Client).unwrap();
        for target in ["/a#b", "*", "/\u{e4}", "/\x1b", "/\t", "chat", "example.com:80"] {
            assert_eq!(rules(&request(target)), [HandshakeRule::RequestTarget], "{target:?}");
        }
        for target in ["/", "/a?b=c%20", "//", "ws://example.com/a", "http://example.com"] {
            assert!(request(target).findings().is_empty(), "{target:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_is_read_and_reported_once() {
        let head = response(b"HTTP/1.1 101 x\na: b\nc: d\r\n\n");
        assert_eq!(headers(&head), [pair("a", "b"), pair("c", "d")]);
        assert_eq!(rules(&head), [HandshakeRule::BareLineFeed]);
    }

    #[test]
    fn obs_text_is_noted_only() {
        let head = response(b"HTTP/1.1 101 x\r\na: caf\xe9\r\n\r\n");
        assert_eq!(head.get("a"), Some(&b"caf\xe9"[..]));
        assert!(head.findings().is_empty());
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
            let speaker = if request { Role::Client } else { Role::Server };
            let _ = Head::parse(&raw, 0, speaker);
        }

        #[test]
        fn what_httparse_accepts_is_read_alike(lines in prop::collection::vec("[ -~\t]{0,3}[a-zA-Z!-]{1,6}:[ -~\t\u{80}-\u{ff}]{0,12}\r?", 0..6)) {
            let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
            let raw = format!("HTTP/1.1 101 ok\r\n{}\r\n", lines.concat());
            if let Some(expected) = oracle(raw.as_bytes()) {
                let head = response(raw.as_bytes());
                let ours: Vec<_> = head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
                prop_assert_eq!(ours, expected);
                prop_assert!(rules(&head).iter().all(|&rule| rule == HandshakeRule::BareLineFeed));
            }
        }
    }
}
