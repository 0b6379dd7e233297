//! Finding the end of a body in the stream that it is part of; the body itself is not kept.

use super::token::{is_blank, is_control};
use super::{Framing, FramingFault, MAX_HEAD, MAX_HEADER_LINES};

/// The longest head of a chunk, with its extensions, in bytes.
pub const MAX_CHUNK_HEAD: usize = 4 * 1024;

/// Finds the end of one body.
#[derive(Debug)]
pub struct BodyReader {
    state: State,
    /// The line that is not whole yet: the head of a chunk or a trailer.
    line: Vec<u8>,
    /// Bytes and lines of the trailers.
    trailers: (usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes are still to come.
    Length(u64),
    UntilClose,
    ChunkHead,
    /// So many bytes of the chunk are still to come.
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    Ended,
}

impl BodyReader {
    /// For a body that is framed like that.
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(0) => State::Ended,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkHead,
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, line: Vec::new(), trailers: (0, 0) }
    }

    /// How many of `bytes`, from the first, are the body's: chunk headers and trailers too.
    ///
    /// # Errors
    /// Where what comes is no chunk, or is longer than a limit.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<usize, FramingFault> {
        let mut taken = 0;
        while taken < bytes.len() && !self.has_ended() {
            taken += self.step(&bytes[taken..])?;
        }
        Ok(taken)
    }

    /// Whether the body is whole. One that goes on until the stream ends never says so.
    pub fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether the body is whole, as the stream ends here.
    pub fn may_end(&self) -> bool {
        matches!(self.state, State::Ended | State::UntilClose)
    }

    /// Takes some of `bytes`, at least one.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, FramingFault> {
        let data = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        Ok(match self.state {
            State::Ended => 0,
            State::UntilClose => bytes.len(),
            State::Length(left) => {
                let taken = data(left);
                let left = left - taken as u64;
                self.state = if left == 0 { State::Ended } else { State::Length(left) };
                taken
            }
            State::ChunkData(left) => {
                let taken = data(left);
                let left = left - taken as u64;
                self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData(left) };
                taken
            }
            State::ChunkHead | State::ChunkEnd | State::Trailers => self.take_line(bytes)?,
        })
    }

    /// Takes the rest of a line, or all of `bytes`.
    fn take_line(&mut self, bytes: &[u8]) -> Result<usize, FramingFault> {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(bytes.len(), |end| end + 1);
        let limit = match self.state {
            State::ChunkHead => MAX_CHUNK_HEAD,
            State::ChunkEnd => b"\r\n".len(),
            _ => MAX_HEAD - self.trailers.0,
        };
        if self.line.len() + taken > limit {
            return Err(match self.state {
                State::ChunkHead => FramingFault::LongChunkHead,
                State::ChunkEnd => FramingFault::ChunkEnd,
                _ => FramingFault::LongTrailers,
            });
        }
        self.line.extend_from_slice(&bytes[..taken]);
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.end_line(&line)?;
        }
        Ok(taken)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<(), FramingFault> {
        self.state = match self.state {
            State::ChunkEnd if line == b"\r\n" => State::ChunkHead,
            State::ChunkEnd => return Err(FramingFault::ChunkEnd),
            State::ChunkHead => match chunk_size(line) {
                Some(0) => State::Trailers,
                Some(size) => State::ChunkData(size),
                None => {
                    let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
                    return Err(FramingFault::ChunkSize(line));
                }
            },
            State::Trailers if line == b"\r\n" => State::Ended,
            State::Trailers => {
                self.trailers = (self.trailers.0 + line.len(), self.trailers.1 + 1);
                if self.trailers.1 > MAX_HEADER_LINES {
                    return Err(FramingFault::LongTrailers);
                }
                State::Trailers
            }
            other => other,
        };
        Ok(())
    }
}

/// The size of a chunk; `None` for a line that others may read otherwise (RFC 9112 section 7.1): no digit, more of them
/// than 64 bits have, a sign, a line that ends with LF alone, a control character in the extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\r\n")?;
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, extension) = line.split_at(digits);
    let blank = extension.iter().take_while(|&&byte| is_blank(byte)).count();
    let is_extension = matches!(extension[blank..], [] | [b';', ..]) && !extension.iter().any(|&byte| is_control(byte));
    if !is_extension || digits > 16 {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `bytes` in pieces; how many are the body's, and whether it has ended.
    fn read(framing: Framing, bytes: &[u8], size: usize) -> Result<(usize, bool), FramingFault> {
        let mut reader = BodyReader::new(framing);
        let mut taken = 0;
        for piece in bytes.chunks(size) {
            taken += reader.feed(piece)?;
            if reader.has_ended() {
                break;
            }
        }
        Ok((taken, reader.has_ended()))
    }

    #[test]
    fn a_body_ends_where_its_length_says() {
        for size in [1, 3, 100] {
            assert_eq!(read(Framing::Length(4), b"bodyGET / HTTP/1.1", size), Ok((4, true)));
            assert_eq!(read(Framing::Length(4), b"bod", size), Ok((3, false)));
            assert_eq!(read(Framing::NONE, b"GET", size), Ok((0, true)));
            assert_eq!(read(Framing::UntilClose, b"all of it", size), Ok((9, false)));
        }
    }

    #[test]
    fn chunks_end_with_the_trailers() {
        let body = b"3;name=\"a b\"\r\nabc\r\n00A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        for size in [1, 2, 5, 1000] {
            assert_eq!(read(Framing::Chunked, &[body, &b"next"[..]].concat(), size), Ok((body.len(), true)));
            assert_eq!(read(Framing::Chunked, &body[..body.len() - 1], size), Ok((body.len() - 1, false)));
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for head in
            ["", "x", "-3", "+3", "0x3", "3 3", "3\x0b", "3;a\rb", " 3", "00000000000000003", "ffffffffffffffff0"]
        {
            let fault = read(Framing::Chunked, format!("{head}\r\nabc\r\n0\r\n\r\n").as_bytes(), 1000).unwrap_err();
            assert!(matches!(fault, FramingFault::ChunkSize(_)), "{head:?}: {fault:?}");
        }
        assert!(matches!(read(Framing::Chunked, b"3\nabc\r\n", 1000), Err(FramingFault::ChunkSize(_))));
        for data in ["abcd\r\n", "abc\n", "abc\rx", "abcxx"] {
            for size in [1, 1000] {
                let fault = read(Framing::Chunked, format!("3\r\n{data}0\r\n\r\n").as_bytes(), size).unwrap_err();
                assert_eq!(fault, FramingFault::ChunkEnd, "{data:?}");
            }
        }
    }

    #[test]
    fn lines_without_end_are_refused() {
        let extension = [b"3;", &[b'a'; MAX_CHUNK_HEAD][..]].concat();
        let trailer = [b"0\r\nA: ", &vec![b'a'; MAX_HEAD][..]].concat();
        let trailers = [&b"0\r\n"[..], &b"A: b\r\n".repeat(MAX_HEADER_LINES + 1)].concat();
        for size in [1, 1000, 1 << 20] {
            assert_eq!(read(Framing::Chunked, &extension, size), Err(FramingFault::LongChunkHead));
            assert_eq!(read(Framing::Chunked, &trailer, size), Err(FramingFault::LongTrailers));
            assert_eq!(read(Framing::Chunked, &trailers, size), Err(FramingFault::LongTrailers));
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b'1'), Just(b';'), any::<u8>()], 0..80), size in 1..20_usize) {
            prop_assert_eq!(read(Framing::Chunked, &bytes, size).ok(), read(Framing::Chunked, &bytes, 1000).ok());
        }

        #[test]
        fn a_size_is_what_httparse_reads(line in "[0-9a-fA-F]{1,15}(;[a-z=]{0,8})?") {
            let line = format!("{line}\r\n");
            let Ok(httparse::Status::Complete((_, size))) = httparse::parse_chunk_size(line.as_bytes()) else {
                return Err(TestCaseError::fail("httparse refuses it"));
            };
            prop_assert_eq!(chunk_size(line.as_bytes()), Some(size));
        }
    }
}
