//! What came instead of a head, and which protocol that looks like.

use std::fmt;

use super::redact::{self, Part, Secret, Secrets};
use super::{HeadKind, MAX_HEAD, MAX_HEADER_LINES};

/// How many of the bytes that came an error keeps.
const EVIDENCE: usize = 128;

/// How many of them are shown where they are no text.
const SHOWN_IN_HEX: usize = 16;

/// Why there is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadFault {
    /// The bytes are no HTTP/1 head.
    NotHttp,
    /// It is longer than [`MAX_HEAD`].
    TooLong,
    /// It has more lines than [`MAX_HEADER_LINES`].
    TooManyLines,
    /// The stream ended before the head did.
    Ended,
}

/// No head, and what came instead. `Display` gives one line without secrets, which may hold a peer's bytes, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadError {
    /// What went wrong.
    pub fault: HeadFault,
    /// Which kind of head it would have been.
    pub kind: HeadKind,
    /// The first bytes that came, at most 128.
    pub start: Vec<u8>,
    /// How many came, as far as they were read.
    pub received: usize,
    /// Where in them this head begins: interim responses came before it.
    pub begin: usize,
    /// Where in them it went wrong: the line that is no start line, or that passes a limit.
    pub offset: usize,
    /// The first bytes of that line, at most 16.
    pub bytes: Vec<u8>,
    /// What is secret in all that came of this head, and not only in `start` and `bytes`: one may be cut there.
    secrets: Vec<Secret>,
}

impl HeadError {
    /// `raw` is everything that came, in which the head begins at `begin`, and the line that is wrong at `line`.
    pub(super) fn new(fault: HeadFault, kind: HeadKind, raw: &[u8], begin: usize, line: usize) -> Self {
        Self {
            fault,
            kind,
            start: raw[begin..].iter().copied().take(EVIDENCE).collect(),
            received: raw.len(),
            begin,
            offset: line,
            bytes: raw[line..].iter().copied().take(SHOWN_IN_HEX).collect(),
            secrets: Secrets::Hidden.find(Part::Head(&raw[begin..])),
        }
    }

    /// The section that says what should have come; `None` for what only our own limits forbid, and for an early end.
    pub fn section(&self) -> Option<&'static str> {
        match (self.fault, self.kind) {
            (HeadFault::NotHttp, HeadKind::Response) => Some("RFC 9112 section 4"),
            (HeadFault::NotHttp, HeadKind::Request) => Some("RFC 9112 section 3"),
            (HeadFault::TooLong | HeadFault::TooManyLines | HeadFault::Ended, _) => None,
        }
    }

    /// Which rule or limit, where, and the bytes, in one line; `None` where nothing came that could be shown.
    pub fn evidence(&self, secrets: Secrets) -> Option<String> {
        let against = match self.section() {
            Some(section) => format!("by the {}, against {section}", self.kind.sender()),
            None if self.fault == HeadFault::Ended => return None,
            None => "a limit of ours".to_owned(),
        };
        let start = self.offset - self.begin;
        let hidden = redact::within(secrets.only(&self.secrets), start..start + self.bytes.len());
        Some(format!("{against}, at byte {}: {}", self.offset, hexadecimal(&self.bytes, &hidden)))
    }

    /// The protocol that the bytes look like, where it is a common one.
    pub fn looks_like(&self) -> Option<&'static str> {
        const GREETINGS: [(&[u8], &str); 12] = [
            // A TLS record: alert or handshake, version 3.x (RFC 8446 section 5.1).
            (b"\x15\x03", "TLS"),
            (b"\x16\x03", "TLS"),
            (b"SSH-", "SSH"),
            (b"PRI * HTTP/2", "HTTP/2"),
            (b"220 ", "SMTP or FTP"),
            (b"220-", "SMTP or FTP"),
            (b"* OK", "IMAP"),
            (b"+OK", "POP3"),
            (b"-ERR", "Redis"),
            (b"RFB ", "VNC"),
            (b"AMQP", "AMQP"),
            (b"<", "XML or HTML without HTTP"),
        ];
        // HTTP/2's first frame is SETTINGS on stream 0 (RFC 9113 section 3.4): three bytes of length, type 0x4.
        let http2 = matches!(self.start[..], [0, 0, _, 0x04, ..]);
        let known = GREETINGS.iter().find(|(greeting, _)| self.start.starts_with(greeting));
        // A lone first byte of a record says as much: HTTP never starts with it.
        let first_of_tls = matches!(self.start[..], [0x15 | 0x16]);
        known.map(|&(_, name)| name).or(http2.then_some("HTTP/2")).or(first_of_tls.then_some("TLS"))
    }

    /// The first line where it is text, else the first bytes in hex.
    fn excerpt(&self, secrets: Secrets) -> String {
        let line = self.start.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        let hidden = secrets.only(&self.secrets);
        match std::str::from_utf8(line) {
            Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => {
                let shown = redact::replaced(line, &redact::within(hidden, 0..line.len()));
                format!("`{}`", String::from_utf8_lossy(&shown))
            }
            _ => {
                let shown = self.start.len().min(SHOWN_IN_HEX);
                format!("the bytes {}", hexadecimal(&self.start[..shown], &redact::within(hidden, 0..shown)))
            }
        }
    }

    /// What went wrong, in one line that may hold a peer's bytes, unescaped.
    pub fn text(&self, secrets: Secrets) -> String {
        let (who, what) = (self.kind.sender(), self.kind.name());
        let (excerpt, received) = (self.excerpt(secrets), self.received);
        match (self.fault, self.looks_like()) {
            (HeadFault::NotHttp, Some(protocol)) => {
                format!("the {who} speaks {protocol}, not HTTP/1.1: it sent {excerpt}")
            }
            (HeadFault::NotHttp, None) => format!("the {what} is not HTTP/1.1: it starts with {excerpt}"),
            (HeadFault::TooLong, _) => {
                format!("the head of the {what} is longer than {MAX_HEAD} bytes; it starts with {excerpt}")
            }
            (HeadFault::TooManyLines, _) => {
                let what = if self.begin == 0 { what } else { "response, with what announced it (1xx)," };
                format!(
                    "the head of the {what} has more than {MAX_HEADER_LINES} header lines; it starts with {excerpt}"
                )
            }
            (HeadFault::Ended, _) if received == 0 => {
                format!("the {who} closed the connection without sending a {what}")
            }
            (HeadFault::Ended, _) => format!(
                "the {who} closed the connection inside the head of its {what}, after {received} bytes; \
                 it starts with {excerpt}"
            ),
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text(Secrets::Hidden))
    }
}

impl std::error::Error for HeadError {}

fn hexadecimal(bytes: &[u8], secrets: &[Secret]) -> String {
    let is_secret = |index: &usize| secrets.iter().any(|secret| secret.range.contains(index));
    let shown = |(index, byte)| if is_secret(&index) { "**".to_owned() } else { format!("{byte:02x}") };
    let bytes: Vec<_> = bytes.iter().enumerate().map(shown).collect();
    bytes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(fault: HeadFault, kind: HeadKind, bytes: &[u8]) -> HeadError {
        HeadError::new(fault, kind, bytes, 0, 0)
    }

    #[test]
    fn a_port_that_speaks_tls() {
        let alert = b"\x15\x03\x01\x00\x02\x02\x46";
        let whole = error(HeadFault::NotHttp, HeadKind::Response, alert);
        assert_eq!(whole.to_string(), "the server speaks TLS, not HTTP/1.1: it sent the bytes 15 03 01 00 02 02 46");
        let first = error(HeadFault::NotHttp, HeadKind::Response, &alert[..1]);
        assert_eq!(first.looks_like(), Some("TLS"));
        let client = error(HeadFault::NotHttp, HeadKind::Request, b"\x16\x03\x01\x02\x00\x01");
        assert_eq!(client.looks_like(), Some("TLS"));
    }

    #[test]
    fn another_protocol_is_shown_by_its_greeting() {
        let ssh = error(HeadFault::NotHttp, HeadKind::Response, b"SSH-2.0-OpenSSH_9.6\r\n");
        assert_eq!(ssh.to_string(), "the server speaks SSH, not HTTP/1.1: it sent `SSH-2.0-OpenSSH_9.6`");
        let unknown = error(HeadFault::NotHttp, HeadKind::Response, b"hello\nworld");
        assert_eq!(unknown.to_string(), "the response is not HTTP/1.1: it starts with `hello`");
    }

    #[test]
    fn what_is_no_start_line_is_placed() {
        let long = error(HeadFault::NotHttp, HeadKind::Response, b"HTTP/1.1 1010 OK\r\n\r\n");
        let expected =
            "by the server, against RFC 9112 section 4, at byte 0: 48 54 54 50 2f 31 2e 31 20 31 30 31 30 20 4f 4b";
        assert_eq!(long.evidence(Secrets::Hidden).unwrap(), expected);
        let client = error(HeadFault::NotHttp, HeadKind::Request, b"G");
        assert_eq!(
            client.evidence(Secrets::Hidden).unwrap(),
            "by the client, against RFC 9112 section 3, at byte 0: 47"
        );
        assert_eq!(error(HeadFault::Ended, HeadKind::Response, b"").evidence(Secrets::Hidden), None);
    }

    #[test]
    fn an_early_end_says_how_far_it_came() {
        let nothing = error(HeadFault::Ended, HeadKind::Response, b"");
        assert_eq!(nothing.to_string(), "the server closed the connection without sending a response");
        let half = error(HeadFault::Ended, HeadKind::Response, b"HTTP/1.1 101 x\r\n").to_string();
        assert!(half.ends_with("after 16 bytes; it starts with `HTTP/1.1 101 x`"), "{half}");
    }
}
