//! Reading a head from the pieces in which it arrives, with limits.

use super::{Defect, Head, HeadError, HeadFault, HeadKind, token};

/// The longest head that is read, in bytes; longer ones are refused.
pub const MAX_HEAD: usize = 64 * 1024;

/// How many lines a head may have after the first.
pub const MAX_HEADER_LINES: usize = 256;

/// Reads one head, as its bytes arrive. Responses that only announce another one (100 Continue, 103 Early Hints) are
/// read past (RFC 9110 section 15.2); their bytes stay at the front of [`Head::raw`].
#[derive(Debug)]
pub struct HeadReader {
    kind: HeadKind,
    stops_at: StopsAt,
    raw: Vec<u8>,
    head_start: usize,
    line_start: usize,
    lines: usize,
    /// What is wrong with the responses that were read past.
    interim: Vec<Defect>,
}

/// Which response ends the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopsAt {
    /// The one that answers the request.
    Final,
    /// Each, also one that announces another.
    Any,
}

/// What is known after some more bytes.
#[derive(Debug)]
pub enum HeadProgress<'a> {
    /// The head goes on.
    Incomplete,
    /// The head is whole.
    Complete {
        /// The head.
        head: Head,
        /// What came after its empty line: a body, or the first frames. Untouched.
        rest: &'a [u8],
    },
    /// What came cannot become a head.
    Failed(HeadError),
}

impl HeadReader {
    /// For a head of that kind.
    pub fn new(kind: HeadKind) -> Self {
        Self {
            kind,
            stops_at: StopsAt::Final,
            raw: Vec::new(),
            head_start: 0,
            line_start: 0,
            lines: 0,
            interim: Vec::new(),
        }
    }

    /// The same, but a response that announces another one is not read past.
    pub(super) fn of_each(kind: HeadKind) -> Self {
        Self { stops_at: StopsAt::Any, ..Self::new(kind) }
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
            match Head::parse(&self.raw, self.head_start, self.kind) {
                Some(head) if head.is_interim() && self.stops_at == StopsAt::Final => {
                    self.head_start = self.raw.len();
                    self.interim.extend_from_slice(head.defects());
                }
                Some(head) => {
                    let head = head.announced_with(std::mem::take(&mut self.interim));
                    return HeadProgress::Complete { head, rest };
                }
                None => return HeadProgress::Failed(self.error(HeadFault::NotHttp)),
            }
        }
        self.take(rest);
        match self.fault() {
            Some(fault) => HeadProgress::Failed(self.error(fault)),
            None => HeadProgress::Incomplete,
        }
    }

    /// The head that `bytes` are.
    ///
    /// # Errors
    /// Why they are none.
    pub fn read(kind: HeadKind, bytes: &[u8]) -> Result<Head, HeadError> {
        let mut reader = Self::new(kind);
        match reader.feed(bytes) {
            HeadProgress::Complete { head, .. } => Ok(head),
            HeadProgress::Incomplete => Err(reader.end()),
            HeadProgress::Failed(error) => Err(error),
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

    /// Recognises by its first bytes what cannot be HTTP. Otherwise the caller would wait for an empty line that never
    /// comes.
    fn may_be_http(&self) -> bool {
        let head = &self.raw[self.head_start..];
        match self.kind {
            HeadKind::Response => head.iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected),
            HeadKind::Request => {
                head.iter().take_while(|&&byte| byte != b' ').take(16).all(|&b| token::is_token_byte(b))
            }
        }
    }

    fn error(&self, fault: HeadFault) -> HeadError {
        let line = match fault {
            HeadFault::NotHttp => self.head_start,
            HeadFault::TooLong | HeadFault::TooManyLines | HeadFault::Ended => self.line_start,
        };
        HeadError::new(fault, self.kind, &self.raw, self.head_start, line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::DefectKind;
    use crate::http::redact::Secrets;

    const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    /// Feeds `bytes` in pieces; the head and what is left, or the error.
    fn read(kind: HeadKind, bytes: &[u8], size: usize) -> Result<(Head, Vec<u8>), HeadError> {
        let mut reader = HeadReader::new(kind);
        for (index, piece) in bytes.chunks(size).enumerate() {
            match reader.feed(piece) {
                HeadProgress::Incomplete => {}
                HeadProgress::Complete { head, rest } => {
                    return Ok((head, [rest, &bytes[bytes.len().min((index + 1) * size)..]].concat()));
                }
                HeadProgress::Failed(error) => return Err(error),
            }
        }
        Err(reader.end())
    }

    #[test]
    fn data_in_the_segment_of_the_101_is_left_untouched() {
        let frames = b"\x81\x02hi\r\n\r\n";
        for size in [1, 2, 3, 7, 56, 57, 1000] {
            let (head, rest) = read(HeadKind::Response, &[RESPONSE, frames].concat(), size).unwrap();
            assert_eq!(head.raw(), RESPONSE);
            assert_eq!(rest, frames, "in pieces of {size}");
        }
    }

    #[test]
    fn an_announcing_response_is_read_past_and_kept() {
        let early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        for size in [1, 5, 1000] {
            let (head, rest) = read(HeadKind::Response, &[early, RESPONSE, b"x"].concat(), size).unwrap();
            assert_eq!(head.status(), Some(101));
            assert_eq!(head.first_line(), "HTTP/1.1 101 Switching Protocols");
            assert_eq!(head.raw(), [early, RESPONSE].concat());
            assert_eq!(head.headers().count(), 1);
            assert_eq!(rest, b"x");
        }
    }

    #[test]
    fn lines_may_end_with_lf_alone() {
        let (head, rest) = read(HeadKind::Response, b"HTTP/1.1 101 x\nA: b\n\nrest", 1).unwrap();
        assert_eq!(head.get("a"), Some(&b"b"[..]));
        assert_eq!(rest, b"rest");
    }

    #[test]
    fn garbage_is_recognised_at_once() {
        let cases = [
            (&b"\x15\x03\x01\x00\x02\x02\x46"[..], Some("TLS")),
            (b"\x16\x03\x03\x00\x7a\x02", Some("TLS")),
            (b"SSH-2.0-OpenSSH_9.6\r\n", Some("SSH")),
            (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", Some("HTTP/2")),
            (b"220 mail.example.com ESMTP\r\n", Some("SMTP or FTP")),
            (b"-ERR unknown command 'GET'\r\n", Some("Redis")),
            (b"<html>", Some("XML or HTML without HTTP")),
            (b"garbage", None),
            (b"\r\n", None),
            (b"HTTP/1.1 abc\r\n\r\n", None),
            (b"HTTQ", None),
        ];
        for (bytes, protocol) in cases {
            let error = read(HeadKind::Response, bytes, bytes.len()).unwrap_err();
            assert_eq!(error.fault, HeadFault::NotHttp, "{bytes:?}");
            assert_eq!(error.looks_like(), protocol);
            assert_eq!(read(HeadKind::Response, bytes, 1).unwrap_err().fault, HeadFault::NotHttp);
        }
    }

    #[test]
    fn limits_end_what_does_not() {
        let endless_line = [&b"HTTP/1.1 101 x\r\nA: "[..], &vec![b'a'; MAX_HEAD]].concat();
        let many_lines = [&b"HTTP/1.1 101 x\r\n"[..], &b"A: b\r\n".repeat(MAX_HEADER_LINES + 1), b"\r\n"].concat();
        let interim = b"HTTP/1.1 100 x\r\n\r\n".repeat(1000);
        for size in [1, 1000, 1 << 20] {
            assert_eq!(read(HeadKind::Response, &endless_line, size).unwrap_err().fault, HeadFault::TooLong);
            assert_eq!(read(HeadKind::Response, &many_lines, size).unwrap_err().fault, HeadFault::TooManyLines);
            assert_eq!(read(HeadKind::Response, &interim, size).unwrap_err().fault, HeadFault::TooManyLines);
        }
        let full = [&b"HTTP/1.1 101 x\r\n"[..], &b"A: b\r\n".repeat(MAX_HEADER_LINES), b"\r\n"].concat();
        assert_eq!(read(HeadKind::Response, &full, 1).unwrap().0.headers().count(), MAX_HEADER_LINES);
    }

    #[test]
    fn what_passes_a_limit_is_placed() {
        let endless_line = [&b"HTTP/1.1 101 x\r\nA: "[..], &vec![b'a'; MAX_HEAD]].concat();
        let expected = "a limit of ours, at byte 16: 41 3a 20 61 61 61 61 61 61 61 61 61 61 61 61 61";
        assert_eq!(
            read(HeadKind::Response, &endless_line, 1000).unwrap_err().evidence(Secrets::Hidden).unwrap(),
            expected
        );
        let interim = read(HeadKind::Response, &b"HTTP/1.1 100 x\r\n\r\n".repeat(5000), 1000).unwrap_err();
        assert_eq!((interim.offset, &interim.bytes[..14]), (18 * 129, &b"HTTP/1.1 100 x"[..]));
        assert!(interim.to_string().contains("1xx"), "{interim}");
    }

    #[test]
    fn what_is_wrong_with_an_announcing_response_is_kept() {
        let early = b"HTTP/1.1 103 Early Hints\r\nLink : </a>\r\n\r\n";
        let (head, _) = read(HeadKind::Response, &[early, RESPONSE].concat(), 5).unwrap();
        let defects: Vec<_> = head.defects().iter().map(|defect| (defect.kind, defect.offset)).collect();
        assert_eq!(defects, [(DefectKind::SpaceBeforeColon, 26)]);
    }

    #[test]
    fn a_stream_that_ends_early_leaves_no_head() {
        let error = read(HeadKind::Response, b"HTTP/1.1 101 x\r\nUpgrade: web", 3).unwrap_err();
        assert_eq!((error.fault, error.received), (HeadFault::Ended, 28));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'A'), Just(b':'), any::<u8>()], 0..60), size in 1..20_usize) {
            let bytes = [b"HTTP/1.1 101 x\r\n", bytes.as_slice()].concat();
            let raw = |result: Result<(Head, Vec<u8>), HeadError>| {
                result.map(|(head, rest)| (head.raw().to_vec(), rest)).map_err(|error| error.fault)
            };
            prop_assert_eq!(raw(read(HeadKind::Response, &bytes, size)), raw(read(HeadKind::Response, &bytes, 1000)));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, size in 1..50_usize) {
            for kind in [HeadKind::Request, HeadKind::Response] {
                if let Err(error) = read(kind, &bytes, size) {
                    let _ = error.to_string();
                }
            }
        }
    }
}
