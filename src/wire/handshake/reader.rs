//! Collecting a head from whatever pieces it arrives in, with limits.

use std::fmt;

use super::{Head, token};
use crate::wire::Role;

/// The longest head that is read, in bytes; longer ones are refused.
pub const MAX_HEAD: usize = 64 * 1024;

/// How many lines a head may have after the first.
pub const MAX_HEADER_LINES: usize = 256;

/// How many bytes of what is no head an error keeps.
const EVIDENCE: usize = 128;

/// Reads one head, as its bytes arrive. Responses that only announce another one (100 Continue, 103 Early Hints) are
/// read past (RFC 9110 section 15.2); their bytes stay at the front of [`Head::raw`].
#[derive(Debug)]
pub struct HeadReader {
    speaker: Role,
    raw: Vec<u8>,
    head_start: usize,
    line_start: usize,
    lines: usize,
}

/// What there is after some more bytes.
#[derive(Debug)]
pub enum HeadProgress<'a> {
    /// The head goes on.
    Incomplete,
    /// The head is whole.
    Complete {
        /// It.
        head: Head,
        /// What came after its empty line: a body, or the first frames. Untouched.
        rest: &'a [u8],
    },
    /// This will not become a head.
    Failed(HeadError),
}

impl HeadReader {
    /// For the head that `speaker` sends: a client's request, or a server's response.
    pub fn new(speaker: Role) -> Self {
        Self { speaker, raw: Vec::new(), head_start: 0, line_start: 0, lines: 0 }
    }

    /// Takes the next bytes of the stream. After `Complete` or `Failed` the reader has done its work.
    pub fn feed<'a>(&mut self, bytes: &'a [u8]) -> HeadProgress<'a> {
        let mut rest = bytes;
        while let Some(length) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, more) = rest.split_at(length + 1);
            rest = more;
            self.take(line);
            if let Some(fault) = self.fault() {
                return HeadProgress::Failed(self.error(fault));
            }
            if !self.end_line() {
                continue;
            }
            match Head::parse(&self.raw, self.head_start, self.speaker) {
                Some(head) if head.is_interim() => self.head_start = self.raw.len(),
                Some(head) => return HeadProgress::Complete { head, rest },
                None => return HeadProgress::Failed(self.error(HeadFault::NotHttp)),
            }
        }
        self.take(rest);
        match self.fault() {
            Some(fault) => HeadProgress::Failed(self.error(fault)),
            None => HeadProgress::Incomplete,
        }
    }

    /// The stream has ended, and the head is not whole.
    pub fn end(&self) -> HeadError {
        self.error(HeadFault::Ended)
    }

    /// How many bytes of the head there are.
    pub fn received(&self) -> usize {
        self.raw.len()
    }

    /// Keeps one byte beyond the limit, which is enough to see that it was passed.
    fn take(&mut self, bytes: &[u8]) {
        let room = (MAX_HEAD + 1).saturating_sub(self.raw.len());
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// A line is whole: whether it was the empty one that ends the head.
    fn end_line(&mut self) -> bool {
        let is_first = self.line_start == self.head_start;
        let is_empty = matches!(self.raw[self.line_start..], [b'\n'] | [b'\r', b'\n']);
        self.line_start = self.raw.len();
        self.lines += 1;
        is_empty && !is_first
    }

    fn fault(&self) -> Option<HeadFault> {
        if !self.may_be_http() {
            Some(HeadFault::NotHttp)
        } else if self.raw.len() > MAX_HEAD {
            Some(HeadFault::TooLong)
        } else if self.lines > MAX_HEADER_LINES + 1 {
            Some(HeadFault::TooManyLines)
        } else {
            None
        }
    }

    /// Tells what cannot be HTTP by its first bytes, so that nobody waits for an empty line that never comes.
    fn may_be_http(&self) -> bool {
        let head = &self.raw[self.head_start..];
        match self.speaker {
            Role::Server => head.iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected),
            Role::Client => head.iter().take_while(|&&byte| byte != b' ').take(16).all(|&b| token::is_token_byte(b)),
        }
    }

    fn error(&self, fault: HeadFault) -> HeadError {
        let head = &self.raw[self.head_start..];
        let start = head[..head.len().min(EVIDENCE)].to_vec();
        HeadError { fault, speaker: self.speaker, start, received: self.raw.len() }
    }
}

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

/// No head, and what came instead. `Display` gives one line that may hold a peer's bytes, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadError {
    /// What went wrong.
    pub fault: HeadFault,
    /// Whose head it would have been.
    pub speaker: Role,
    /// The first bytes that came, at most 128.
    pub start: Vec<u8>,
    /// How many came, as far as they were read.
    pub received: usize,
}

impl HeadError {
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

    /// The next thing to try.
    pub fn hint(&self) -> Option<String> {
        match (self.fault, self.speaker, self.looks_like()) {
            (HeadFault::NotHttp, Role::Server, Some("TLS")) => {
                Some("the port speaks TLS: use `wss://` instead of `ws://`".to_owned())
            }
            (HeadFault::NotHttp, Role::Client, Some("TLS")) => Some(
                "the client speaks TLS: it should use `ws://`, or give this server `--cert` and `--key`".to_owned(),
            ),
            (HeadFault::NotHttp, Role::Server, Some(protocol)) => {
                Some(format!("this looks like {protocol}: is the port right?"))
            }
            (HeadFault::Ended, Role::Server, _) if self.received == 0 => Some(
                "a port that speaks TLS often hangs up like this on a plain request: try `wss://`; \
                 or something in between (a proxy, a firewall) refused the connection"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, what) = match self.speaker {
            Role::Server => ("server", "response"),
            Role::Client => ("client", "request"),
        };
        let start = self.start.split(|&byte| byte == b'\n').next().map(String::from_utf8_lossy).unwrap_or_default();
        match self.fault {
            HeadFault::NotHttp => match self.looks_like() {
                Some(protocol) => write!(formatter, "the {who} speaks {protocol}, not HTTP"),
                None => write!(formatter, "the {what} is not HTTP/1.1: it starts with `{}`", start.trim_end()),
            },
            HeadFault::TooLong => write!(formatter, "the head of the {what} is longer than {MAX_HEAD} bytes"),
            HeadFault::TooManyLines => {
                write!(formatter, "the head of the {what} has more than {MAX_HEADER_LINES} header lines")
            }
            HeadFault::Ended if self.received == 0 => {
                write!(formatter, "the {who} closed the connection without sending a {what}")
            }
            HeadFault::Ended => write!(
                formatter,
                "the {who} closed the connection inside the head of its {what}, after {} bytes",
                self.received
            ),
        }
    }
}

impl std::error::Error for HeadError {}
