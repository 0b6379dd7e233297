//! The start of a response's body: how its end is known, chunks taken apart, gzip inflated.

use std::io::Read;

use flate2::read::GzDecoder;

use super::Head;

/// How much of the body is kept, in bytes.
pub const MAX_BODY: usize = 4 * 1024;

/// How much of the stream is kept: the body, with room for the headers of its chunks.
const MAX_RAW: usize = 2 * MAX_BODY;

/// The start of the body that follows the head of a response: what a person needs to see why the response is not what
/// was asked for. Its bytes are a peer's, unescaped.
#[derive(Debug, Clone)]
pub struct Body {
    framing: Framing,
    is_gzip: bool,
    raw: Vec<u8>,
}

/// How the end of the body is known (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

impl Body {
    /// The body that `head`, a response, announces; nothing of it has come yet.
    pub fn of(head: &Head) -> Self {
        Self { framing: Framing::of(head), is_gzip: head.lists("Content-Encoding", "gzip"), raw: Vec::new() }
    }

    /// Takes the bytes that follow the head; what is beyond the limit is dropped.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = MAX_RAW - self.raw.len();
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether more bytes could add to [`start`](Self::start). Where the end of the body is not announced they always
    /// could, until the limit is reached: don't wait for long.
    pub fn wants_more(&self) -> bool {
        let (body, has_ended) = self.decoded();
        !has_ended && body.len() < MAX_BODY && self.raw.len() < MAX_RAW
    }

    /// The start of the body, at most [`MAX_BODY`] bytes, without chunk headers, and inflated: a request with a
    /// browser's headers asks for gzip.
    pub fn start(&self) -> Vec<u8> {
        let (body, _) = self.decoded();
        let inflated = if self.is_gzip { inflated(&body) } else { Vec::new() };
        if inflated.is_empty() { body } else { inflated }
    }

    /// Bytes of the whole body, where that is known.
    pub fn length(&self) -> Option<u64> {
        match self.framing {
            _ if self.is_gzip => None,
            Framing::Length(length) => Some(length),
            Framing::UntilClose => None,
            Framing::Chunked => match dechunked(&self.raw) {
                (body, true) => Some(body.len() as u64),
                (_, false) => None,
            },
        }
    }

    /// The body so far as it was sent, and whether it has ended.
    fn decoded(&self) -> (Vec<u8>, bool) {
        let (mut body, has_ended) = match self.framing {
            Framing::Chunked => dechunked(&self.raw),
            Framing::UntilClose => (self.raw.clone(), false),
            Framing::Length(length) => {
                let kept = usize::try_from(length).unwrap_or(usize::MAX).min(self.raw.len());
                (self.raw[..kept].to_vec(), self.raw.len() as u64 >= length)
            }
        };
        body.truncate(MAX_BODY);
        (body, has_ended)
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

    use super::*;
    use crate::http::{HeadKind, HeadProgress, HeadReader};

    /// The body of a response, fed in pieces of `size` bytes.
    fn body(response: &[u8], size: usize) -> Body {
        let HeadProgress::Complete { head, rest } = HeadReader::new(HeadKind::Response).feed(response) else {
            panic!("no head");
        };
        let mut body = Body::of(&head);
        rest.chunks(size).for_each(|piece| body.feed(piece));
        body
    }

    #[test]
    fn a_body_of_known_length_ends_there() {
        for size in [1, 100] {
            let body = body(b"HTTP/1.1 404 x\r\nContent-Length: 4\r\n\r\nnopexxx", size);
            assert_eq!(body.start(), b"nope");
            assert_eq!(body.length(), Some(4));
            assert!(!body.wants_more());
        }
        assert!(body(b"HTTP/1.1 404 x\r\nContent-Length: 4\r\n\r\nnop", 1).wants_more());
        assert!(!body(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", 1).wants_more());
        assert!(!body(b"HTTP/1.1 304 x\r\n\r\n", 1).wants_more());
        assert!(body(b"HTTP/1.1 404 x\r\nContent-Length: 99999999999999999999\r\n\r\nnop", 1).wants_more());
    }

    #[test]
    fn chunks_are_put_together() {
        let response =
            b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
        for size in [1, 3, 100] {
            let body = body(response, size);
            assert_eq!(body.start(), b"abcde");
            assert!(!body.wants_more());
        }
        let cut = body(b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 1);
        assert_eq!(cut.start(), b"ab");
        assert!(cut.wants_more());
        let nonsense = body(b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", 1);
        assert!(nonsense.start().is_empty() && !nonsense.wants_more());
    }

    #[test]
    fn a_gzip_body_is_inflated_as_far_as_it_came() {
        let gzip = |body: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        };
        let head = b"HTTP/1.1 404 x\r\nContent-Encoding: gzip\r\n\r\n";
        let whole = body(&[head, &gzip(b"no such room")[..]].concat(), 1);
        assert_eq!((whole.start(), whole.length()), (b"no such room".to_vec(), None));
        let bomb = body(&[head, &gzip(&b"a".repeat(1 << 20))[..]].concat(), 100);
        assert_eq!(bomb.start(), [b'a'; MAX_BODY]);
        assert_eq!(body(&[head, &b"not gzip"[..]].concat(), 1).start(), b"not gzip");
    }

    #[test]
    fn an_endless_body_is_cut() {
        for framing in ["", "Content-Length: 1000000\r\n"] {
            let response = [format!("HTTP/1.1 404 x\r\n{framing}\r\n").into_bytes(), vec![b'a'; 100_000]].concat();
            let body = body(&response, 1000);
            assert_eq!(body.start().len(), MAX_BODY);
            assert!(!body.wants_more());
        }
        let tiny_chunks = b"1\r\na\r\n".repeat(10_000);
        let body = body(&[b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n", &tiny_chunks[..]].concat(), 1000);
        assert!(!body.wants_more());
    }
}
