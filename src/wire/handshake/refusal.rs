//! An answer that refuses the upgrade: what it says, and the start of its body.

use std::io::Read;

use flate2::read::GzDecoder;

use super::{Head, Request, Version, diagnose};
use crate::diagnosis::{Diagnosis, Login};

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

/// What our request had, as far as a diagnosis depends on it.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Without the query, which may hold a secret.
    pub path: String,
    pub host: String,
    pub sent_origin: bool,
    pub login: Login,
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
        let has_login = ["Authorization", "Cookie"].iter().any(|name| request.has(name));
        let context = Context {
            path: request.target().split('?').next().unwrap_or_default().to_owned(),
            host: request.values("Host").next().unwrap_or_default().to_owned(),
            sent_origin: request.has("Origin"),
            login: if has_login { Login::Sent } else { Login::NotSent },
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

    /// The seconds that the server asks the next attempt to wait (RFC 9110 section 10.2.3); a date counts as nothing said.
    pub fn retry_after(&self) -> Option<u32> {
        self.head.text("Retry-After")?.parse().ok()
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

    /// The start of the body, at most [`MAX_BODY`] bytes, without chunk headers, and inflated: who copies a browser's
    /// headers asks for gzip.
    pub fn body(&self) -> Vec<u8> {
        let (body, _) = self.decoded();
        let inflated = if self.is_gzip() { inflated(&body) } else { Vec::new() };
        if inflated.is_empty() { body } else { inflated }
    }

    /// Bytes of the whole [`body`](Self::body), where that is known.
    pub fn body_length(&self) -> Option<u64> {
        match self.framing {
            _ if self.is_gzip() => None,
            Framing::Length(length) => Some(length),
            Framing::UntilClose => None,
            Framing::Chunked => match dechunked(&self.raw) {
                (body, true) => Some(body.len() as u64),
                (_, false) => None,
            },
        }
    }

    /// The cause, where it is a usual one.
    pub fn diagnosis(&self) -> Option<Diagnosis> {
        diagnose::of_refusal(self, &self.context)
    }

    fn is_gzip(&self) -> bool {
        self.head.lists("Content-Encoding", "gzip")
    }

    /// The body so far as it was sent, and whether it has ended.
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

/// What can be read of the start of a gzip stream (RFC 1952).
fn inflated(start: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    // That it breaks off, or is no gzip, takes nothing from what was read before.
    let _ = GzDecoder::new(start).take(MAX_BODY as u64).read_to_end(&mut body);
    body
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::super::{Answer, HeadProgress, HeadReader, RequestOptions, Strictness, check_response};
    use super::*;
    use crate::wire::Role;

    /// The refusal that the whole answer amounts to, its body fed in pieces.
    fn refusal(response: &[u8], size: usize) -> Refusal {
        let options = RequestOptions { target: "/".to_owned(), authority: "h".to_owned(), ..RequestOptions::default() };
        let request = Request::new(&options).unwrap();
        let HeadProgress::Complete { head, rest } = HeadReader::new(Role::Server).feed(response) else {
            panic!("no head");
        };
        let Answer::Refused(mut refusal) = check_response(&head, &request, Strictness::Strict) else {
            panic!("not refused");
        };
        rest.chunks(size).for_each(|piece| refusal.feed(piece));
        refusal
    }

    #[test]
    fn it_shows_the_status_and_the_telling_headers() {
        let refusal = refusal(
            b"HTTP/1.1 401 Unauthorized\r\nDate: x\r\nserver: nginx\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
              WWW-Authenticate: Bearer\r\n\r\n",
            1,
        );
        assert_eq!(refusal.status(), 401);
        assert_eq!(refusal.status_line(), "HTTP/1.1 401 Unauthorized");
        assert_eq!(
            refusal.telling_headers(),
            ["server: nginx", "WWW-Authenticate: Basic realm=\"a\"", "WWW-Authenticate: Bearer"]
        );
    }

    #[test]
    fn a_server_says_how_long_it_will_be_away() {
        let asked = |value: &str| {
            let head = format!("HTTP/1.1 503 x\r\nRetry-After: {value}\r\n\r\n");
            refusal(head.as_bytes(), 1).retry_after()
        };
        assert_eq!(asked("5"), Some(5));
        assert_eq!(asked("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(asked("-1"), None);
    }

    #[test]
    fn a_body_of_known_length_ends_there() {
        for size in [1, 100] {
            let refusal = refusal(b"HTTP/1.1 404 x\r\nContent-Length: 4\r\n\r\nnopexxx", size);
            assert_eq!(refusal.body(), b"nope");
            assert_eq!(refusal.body_length(), Some(4));
            assert!(!refusal.wants_more());
        }
        assert!(refusal(b"HTTP/1.1 404 x\r\nContent-Length: 4\r\n\r\nnop", 1).wants_more());
        assert!(!refusal(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", 1).wants_more());
        assert!(!refusal(b"HTTP/1.1 304 x\r\n\r\n", 1).wants_more());
        assert!(refusal(b"HTTP/1.1 404 x\r\nContent-Length: 99999999999999999999\r\n\r\nnop", 1).wants_more());
    }

    #[test]
    fn chunks_are_put_together() {
        let response =
            b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
        for size in [1, 3, 100] {
            let refusal = refusal(response, size);
            assert_eq!(refusal.body(), b"abcde");
            assert!(!refusal.wants_more());
        }
        let cut = refusal(b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 1);
        assert_eq!(cut.body(), b"ab");
        assert!(cut.wants_more());
        let nonsense = refusal(b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", 1);
        assert!(nonsense.body().is_empty() && !nonsense.wants_more());
    }

    #[test]
    fn a_gzip_body_is_inflated_as_far_as_it_came() {
        let gzip = |body: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        };
        let head = b"HTTP/1.1 404 x\r\nContent-Encoding: gzip\r\n\r\n";
        let whole = refusal(&[head, &gzip(b"no such room")[..]].concat(), 1);
        assert_eq!((whole.body(), whole.body_length()), (b"no such room".to_vec(), None));
        let bomb = refusal(&[head, &gzip(&b"a".repeat(1 << 20))[..]].concat(), 100);
        assert_eq!(bomb.body(), [b'a'; MAX_BODY]);
        assert_eq!(refusal(&[head, &b"not gzip"[..]].concat(), 1).body(), b"not gzip");
    }

    #[test]
    fn an_endless_body_is_cut() {
        for framing in ["", "Content-Length: 1000000\r\n"] {
            let response = [format!("HTTP/1.1 404 x\r\n{framing}\r\n").into_bytes(), vec![b'a'; 100_000]].concat();
            let refusal = refusal(&response, 1000);
            assert_eq!(refusal.body().len(), MAX_BODY);
            assert!(!refusal.wants_more());
        }
        let tiny_chunks = b"1\r\na\r\n".repeat(10_000);
        let refusal =
            refusal(&[b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n", &tiny_chunks[..]].concat(), 1000);
        assert!(!refusal.wants_more());
    }
}
