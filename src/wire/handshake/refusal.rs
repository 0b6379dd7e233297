//! An answer that refuses the upgrade: what it says, and the start of its body.

use super::{Head, Request, Version, hint};

/// How much of the body is kept, in bytes.
pub const MAX_BODY: usize = 4 * 1024;

/// How much of the stream is kept: the body, with room for the seams of a chunked one.
const MAX_RAW: usize = 2 * MAX_BODY;

/// The headers that tell why, or who it was.
const TELLING: [&str; 12] = [
    "Location",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Retry-After",
    "Sec-WebSocket-Version",
    "Upgrade",
    "Allow",
    "Server",
    "Via",
    "X-Cache",
    "Content-Type",
    "Content-Encoding",
];

/// A response that does not switch protocols. This is no breach: the server may refuse. Everything in it may hold a
/// peer's bytes, unescaped.
#[derive(Debug, Clone)]
pub struct Refusal {
    head: Head,
    framing: Framing,
    raw: Vec<u8>,
    context: Context,
}

/// What our request had, as far as the hints depend on it.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub target: String,
    pub host: String,
    pub sent_origin: bool,
    pub sent_credentials: bool,
}

/// How the end of the body is known (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Refusal {
    pub(super) fn new(head: &Head, request: &Request) -> Self {
        let context = Context {
            target: request.target().to_owned(),
            host: request.values("Host").next().unwrap_or_default().to_owned(),
            sent_origin: request.has("Origin"),
            sent_credentials: ["Authorization", "Cookie"].iter().any(|name| request.has(name)),
        };
        Self { head: head.clone(), framing: Framing::of(head), raw: Vec::new(), context }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.head.status().unwrap_or_default()
    }

    /// The HTTP version of the answer.
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// `HTTP/1.1 403 Forbidden`.
    pub fn status_line(&self) -> String {
        self.head.first_line()
    }

    /// The whole head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The headers that tell why or who, as `Name: value`, in the order in which they came.
    pub fn telling_headers(&self) -> Vec<String> {
        let fields =
            self.head.headers().filter(|(name, _)| TELLING.iter().any(|other| other.eq_ignore_ascii_case(name)));
        fields.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect()
    }

    /// Takes the bytes that follow the head; what is beyond the limit is dropped.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = MAX_RAW - self.raw.len();
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether more bytes could add to [`body`](Self::body). Where the end of the body is not announced they always
    /// could, until the limit is reached: don't wait for long.
    pub fn wants_more(&self) -> bool {
        let (body, ended) = self.decoded();
        !ended && body.len() < MAX_BODY && self.raw.len() < MAX_RAW
    }

    /// The start of the body, at most [`MAX_BODY`] bytes, without chunk headers.
    pub fn body(&self) -> Vec<u8> {
        self.decoded().0
    }

    /// What to try next, for the usual causes.
    pub fn hint(&self) -> Option<String> {
        hint::of_refusal(self, &self.context)
    }

    /// The body so far, and whether it has ended.
    fn decoded(&self) -> (Vec<u8>, bool) {
        let (mut body, ended) = match self.framing {
            Framing::Chunked => dechunked(&self.raw),
            Framing::UntilClose => (self.raw.clone(), false),
            Framing::Length(length) => {
                let kept = usize::try_from(length).unwrap_or(usize::MAX).min(self.raw.len());
                (self.raw[..kept].to_vec(), self.raw.len() as u64 >= length)
            }
        };
        body.truncate(MAX_BODY);
        (body, ended)
    }
}

impl Framing {
    fn of(head: &Head) -> Self {
        let length = head.text("Content-Length").and_then(|length| length.parse().ok());
        match (head.status(), length) {
            (Some(100..=199 | 204 | 304), _) => Self::Length(0),
            _ if head.lists("Transfer-Encoding", "chunked") => Self::Chunked,
            (_, Some(length)) => Self::Length(length),
            (_, None) => Self::UntilClose,
        }
    }
}

/// What the chunks hold (RFC 9112 section 7.1), and whether the last one is there. What is no chunk counts as the end.
fn dechunked(mut raw: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(line_end) = raw.iter().position(|&byte| byte == b'\n') else { return (body, false) };
        let line = String::from_utf8_lossy(&raw[..line_end]);
        let size = line.split(';').next().unwrap_or_default().trim();
        let Some(size) = usize::from_str_radix(size, 16).ok().filter(|&size| size > 0) else { return (body, true) };
        let data = &raw[line_end + 1..];
        body.extend_from_slice(&data[..data.len().min(size)]);
        let Some(rest) = data.get(size..) else { return (body, false) };
        raw = rest.strip_prefix(b"\r").unwrap_or(rest);
        raw = raw.strip_prefix(b"\n").unwrap_or(raw);
    }
}
