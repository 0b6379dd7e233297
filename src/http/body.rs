//! The start of a response's body: how its end is known, chunks taken apart, compression undone, whether it is text.

use std::io::Read;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::{Framing, Head};

/// How much of the body is kept, in bytes.
pub const MAX_BODY: usize = 4 * 1024;

/// One byte in so many may be none of a text: pages in an old encoding, such as ISO 8859-1, have that.
const ODD_IN: usize = 8;

/// How much of the stream is kept: the body, with room for the headers of its chunks.
const MAX_RAW: usize = 2 * MAX_BODY;

/// The start of the body that follows the head of a response: what a person needs to see why the response is not what
/// was asked for. Its bytes are a peer's, unescaped.
#[derive(Debug, Clone)]
pub struct Body {
    framing: Framing,
    coding: Coding,
    /// The media type, lower case and without parameters; empty where none is named.
    media_type: String,
    raw: Vec<u8>,
}

/// A body that is not shown, for it is no text that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotText {
    /// Its bytes as they were sent, so far or in all.
    pub length: u64,
    /// Whether these are all.
    pub is_all: bool,
    /// What it is: the compression that cannot be undone, or the media type; empty where neither is named.
    pub kind: String,
}

/// How the body is compressed (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
    /// One that is not undone here, or several.
    Other(String),
}

impl Body {
    /// The body that `head`, a response, announces; nothing of it has come yet.
    pub fn of(head: &Head) -> Self {
        let media_type = head.text("Content-Type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Self { framing: Framing::for_showing(head), coding: Coding::of(head), media_type, raw: Vec::new() }
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
    /// browser's headers asks for that.
    ///
    /// # Errors
    /// A body that is no text.
    pub fn start(&self) -> Result<Vec<u8>, NotText> {
        let (body, has_ended) = self.decoded();
        let start = self.coding.undone(&body).unwrap_or_else(|| body.clone());
        // What claims to be compressed and is not undone may be text all the same, but only where nothing speaks against it.
        let is_plain = self.coding == Coding::Identity || start != body;
        let most_odd = if is_plain { start.len() / ODD_IN } else { 0 };
        if start.contains(&0) || odd_bytes(&start) > most_odd {
            return Err(self.not_text(body.len(), has_ended));
        }
        Ok(start)
    }

    fn not_text(&self, so_far: usize, has_ended: bool) -> NotText {
        let length = match self.framing {
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let kind = match &self.coding {
            Coding::Other(name) => name.clone(),
            Coding::Identity | Coding::Gzip | Coding::Deflate => self.media_type.clone(),
        };
        NotText { length: length.unwrap_or(so_far as u64), is_all: length.is_some() || has_ended, kind }
    }

    /// Bytes of the whole body, where that is known.
    pub fn length(&self) -> Option<u64> {
        match self.framing {
            _ if self.coding != Coding::Identity => None,
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

impl Coding {
    fn of(head: &Head) -> Self {
        let codings = String::from_utf8_lossy(&head.joined("Content-Encoding")).trim().to_ascii_lowercase();
        match codings.as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            _ => Self::Other(codings),
        }
    }

    /// What can be read of the start of a body; `None` where it is not undone, or nothing can be read.
    fn undone(&self, start: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Identity | Self::Other(_) => None,
            Self::Gzip => inflated(GzDecoder::new(start)),
            // RFC 9110 means zlib's format (RFC 1950); some servers send the bare stream (RFC 1951).
            Self::Deflate => inflated(ZlibDecoder::new(start)).or_else(|| inflated(DeflateDecoder::new(start))),
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

/// What can be read of a stream of which the start is there; `None` where that is nothing.
fn inflated(stream: impl Read) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    // That it breaks off, or is no such stream, takes nothing from what was read before.
    let _ = stream.take(MAX_BODY as u64).read_to_end(&mut body);
    (!body.is_empty()).then_some(body)
}

/// How many bytes are no text: control characters that none has, and what is not UTF-8. A character that the end cuts
/// off counts as text.
fn odd_bytes(body: &[u8]) -> usize {
    let is_odd = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B);
    let wrong = |chunk: std::str::Utf8Chunk<'_>| {
        let is_cut = str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        if is_cut { 0 } else { chunk.invalid().len() }
    };
    body.iter().filter(|byte| is_odd(byte)).count() + body.utf8_chunks().map(wrong).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

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
            assert_eq!(body.start().unwrap(), b"nope");
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
            assert_eq!(body.start().unwrap(), b"abcde");
            assert!(!body.wants_more());
        }
        let cut = body(b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 1);
        assert_eq!(cut.start().unwrap(), b"ab");
        assert!(cut.wants_more());
        let nonsense = body(b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", 1);
        assert!(nonsense.start().unwrap().is_empty() && !nonsense.wants_more());
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
        assert_eq!((whole.start().unwrap(), whole.length()), (b"no such room".to_vec(), None));
        let bomb = body(&[head, &gzip(&b"a".repeat(1 << 20))[..]].concat(), 100);
        assert_eq!(bomb.start().unwrap(), [b'a'; MAX_BODY]);
        assert_eq!(body(&[head, &b"not gzip"[..]].concat(), 1).start().unwrap(), b"not gzip");
    }

    #[test]
    fn deflate_is_undone_in_both_of_its_forms() {
        let head = b"HTTP/1.1 404 x\r\nContent-Encoding: deflate\r\n\r\n";
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(b"no such room").unwrap();
        bare.write_all(b"no such room").unwrap();
        for bytes in [zlib.finish().unwrap(), bare.finish().unwrap()] {
            assert_eq!(body(&[head, &bytes[..]].concat(), 1).start().unwrap(), b"no such room");
        }
    }

    #[test]
    fn what_is_no_text_is_not_given_as_text() {
        let not_text = |head: &str, bytes: &[u8]| {
            let response = [format!("HTTP/1.1 404 x\r\n{head}\r\n").as_bytes(), bytes].concat();
            body(&response, 100).start().map_err(|NotText { length, is_all, kind }| (length, is_all, kind))
        };
        let kind = |length, is_all, kind: &str| Err((length, is_all, kind.to_owned()));
        // Brotli's and zstd's ways to store what is too short to compress.
        let stored = b"\x0b\x17\x80the moon is in the wrong phase, and so are you\x03";
        assert_eq!(not_text("Content-Encoding: br\r\nContent-Length: 50\r\n", stored), kind(50, true, "br"));
        assert_eq!(not_text("Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x04\x00a"), kind(7, false, "zstd"));
        let image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let headers = "Content-Type: Image/PNG; x=y\r\nTransfer-Encoding: chunked\r\n";
        let chunks = [b"10\r\n", &image[..], b"\r\n0\r\n\r\n"].concat();
        assert_eq!(not_text(headers, &chunks), kind(16, true, "image/png"));
        let text = |bytes: &[u8]| not_text("", bytes) == Ok(bytes.to_vec());
        assert!(
            text(b"Gr\xFC\xDFe aus K\xF6ln, das geht so nicht") && text(b"\x1b[31mred\x1b[0m") && text("é".as_bytes())
        );
        assert!(text(&"é".as_bytes()[..1]) && text(b"") && !text(b"a\0b"));
        assert_eq!(not_text("Content-Encoding: br\r\n", b"plain all the same"), Ok(b"plain all the same".to_vec()));
    }

    #[test]
    fn an_endless_body_is_cut() {
        for framing in ["", "Content-Length: 1000000\r\n"] {
            let response = [format!("HTTP/1.1 404 x\r\n{framing}\r\n").into_bytes(), vec![b'a'; 100_000]].concat();
            let body = body(&response, 1000);
            assert_eq!(body.start().unwrap().len(), MAX_BODY);
            assert!(!body.wants_more());
        }
        let tiny_chunks = b"1\r\na\r\n".repeat(10_000);
        let body = body(&[b"HTTP/1.1 404 x\r\nTransfer-Encoding: chunked\r\n\r\n", &tiny_chunks[..]].concat(), 1000);
        assert!(!body.wants_more());
    }
}
