//! The messages in one direction of a connection, one after the other: heads and bodies as their bytes arrive.

use std::fmt;

use super::{BodyReader, Framing, FramingFault, Head, HeadError, HeadKind, HeadProgress, HeadReader};

/// Reads the messages of one direction of a connection.
///
/// A body is given as it was framed, and nothing of it is kept: all its pieces and [`Head::raw`] together are what came.
/// Only empty lines before a request are left out (RFC 9112 section 2.2).
#[derive(Debug)]
pub struct MessageReader {
    kind: HeadKind,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(HeadReader),
    Body(BodyReader),
}

/// A piece of a message.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A whole head: of a request, of a response, or of one that announces another (1xx). What follows it is no body,
    /// unless [`MessageReader::expect`] says so.
    Head(Box<Head>),
    /// Some of the body, never empty.
    Body(&'a [u8]),
}

/// What cannot be read as a message. `Display` gives one line, which may hold a peer's bytes, unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageFault {
    /// There is no head.
    Head(HeadError),
    /// The end of the body is not known for certain.
    Framing(FramingFault),
    /// The stream ended inside a body.
    BodyCut,
}

impl MessageReader {
    /// For what clients send, or what servers do.
    pub fn new(kind: HeadKind) -> Self {
        Self { kind, state: State::Head(HeadReader::of_each(kind)) }
    }

    /// The next piece, which is taken off the front of `bytes`; `None` where they are used up.
    ///
    /// # Errors
    /// What cannot be read. The rest of the stream has no meaning then.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Piece<'a>>, MessageFault> {
        if let State::Body(reader) = &mut self.state {
            let (body, rest) = bytes.split_at(reader.feed(bytes).map_err(MessageFault::Framing)?);
            *bytes = rest;
            if reader.has_ended() {
                self.state = State::Head(HeadReader::of_each(self.kind));
            }
            if !body.is_empty() {
                return Ok(Some(Piece::Body(body)));
            }
        }
        let State::Head(reader) = &mut self.state else { return Ok(None) };
        if self.kind == HeadKind::Request && reader.received() == 0 {
            let empty = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            *bytes = &bytes[empty..];
        }
        match reader.feed(bytes) {
            HeadProgress::Incomplete => {
                *bytes = &[];
                Ok(None)
            }
            HeadProgress::Complete { head, rest } => {
                *bytes = rest;
                self.expect(Framing::NONE);
                Ok(Some(Piece::Head(Box::new(head))))
            }
            HeadProgress::Failed(error) => Err(MessageFault::Head(error)),
        }
    }

    /// Says what body follows the head that came last.
    pub fn expect(&mut self, framing: Framing) {
        let body = BodyReader::new(framing);
        self.state = if body.has_ended() { State::Head(HeadReader::of_each(self.kind)) } else { State::Body(body) };
    }

    /// Whether a message has begun and is not whole.
    pub fn is_inside_message(&self) -> bool {
        match &self.state {
            State::Head(reader) => reader.received() > 0,
            State::Body(_) => true,
        }
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// Where that is inside a message.
    pub fn end(&self) -> Result<(), MessageFault> {
        match &self.state {
            State::Head(reader) if reader.received() > 0 => Err(MessageFault::Head(reader.end())),
            State::Body(reader) if !reader.may_end() => Err(MessageFault::BodyCut),
            State::Head(_) | State::Body(_) => Ok(()),
        }
    }
}

impl fmt::Display for MessageFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(error) => error.fmt(formatter),
            Self::Framing(fault) => match fault.section() {
                Some(section) => write!(formatter, "{fault} ({section})"),
                None => fault.fmt(formatter),
            },
            Self::BodyCut => formatter.write_str("the stream ended inside a body"),
        }
    }
}

impl std::error::Error for MessageFault {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::HeadFault;

    /// What was read of a stream: first lines, and bodies in one piece each.
    type Read = (Vec<String>, Result<(), MessageFault>);

    /// Reads a stream of requests, or of responses to requests with these methods, in pieces.
    fn read(kind: HeadKind, methods: &[&str], bytes: &[u8], size: usize) -> Read {
        let mut reader = MessageReader::new(kind);
        let mut methods = methods.iter().copied();
        let mut parts = Vec::new();
        let mut is_body = false;
        for mut piece in bytes.chunks(size) {
            loop {
                match reader.next(&mut piece) {
                    Ok(None) => break,
                    Ok(Some(Piece::Head(head))) => {
                        parts.push(head.first_line());
                        is_body = false;
                        let framing = match kind {
                            HeadKind::Request => Framing::of_request(&head),
                            HeadKind::Response if head.is_interim() => Ok(Framing::NONE),
                            HeadKind::Response => Framing::of_response(&head, methods.next().unwrap_or("GET")),
                        };
                        match framing {
                            Ok(framing) => reader.expect(framing),
                            Err(fault) => return (parts, Err(MessageFault::Framing(fault))),
                        }
                    }
                    Ok(Some(Piece::Body(body))) => {
                        let text = String::from_utf8_lossy(body);
                        match parts.last_mut() {
                            Some(last) if is_body => last.push_str(&text),
                            _ => parts.push(text.into_owned()),
                        }
                        is_body = true;
                    }
                    Err(fault) => return (parts, Err(fault)),
                }
            }
        }
        (parts, reader.end())
    }

    #[test]
    fn requests_that_follow_each_other_at_once_are_told_apart() {
        let stream = b"GET /a HTTP/1.1\r\n\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody\
            PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nGET /d HTTP/1.1\r\nUpgrade: x\r\n\r\n";
        let expected = [
            "GET /a HTTP/1.1",
            "POST /b HTTP/1.1",
            "body",
            "PUT /c HTTP/1.1",
            "2\r\nhi\r\n0\r\n\r\n",
            "GET /d HTTP/1.1",
        ];
        for size in [1, 2, 7, 1000] {
            let (parts, end) = read(HeadKind::Request, &[], stream, size);
            assert_eq!((parts.iter().map(String::as_str).collect::<Vec<_>>(), end), (expected.to_vec(), Ok(())));
        }
    }

    #[test]
    fn responses_are_read_by_what_was_asked() {
        let stream = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 a\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 b\r\n\
            Content-Length: 9\r\n\r\nHTTP/1.1 304 c\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 d\r\n\r\nuntil the end";
        let expected = [
            "HTTP/1.1 100 Continue",
            "HTTP/1.1 200 a",
            "hi",
            "HTTP/1.1 200 b",
            "HTTP/1.1 304 c",
            "HTTP/1.1 200 d",
            "until the end",
        ];
        for size in [1, 2, 7, 1000] {
            let (parts, end) = read(HeadKind::Response, &["POST", "HEAD", "GET", "GET"], stream, size);
            assert_eq!((parts.iter().map(String::as_str).collect::<Vec<_>>(), end), (expected.to_vec(), Ok(())));
        }
    }

    #[test]
    fn a_stream_that_ends_inside_a_message_is_told() {
        let end = |bytes: &[u8]| read(HeadKind::Request, &[], bytes, 3).1;
        assert_eq!(end(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbod"), Err(MessageFault::BodyCut));
        assert!(matches!(
            end(b"GET / HTTP/1.1\r\nHo"),
            Err(MessageFault::Head(HeadError { fault: HeadFault::Ended, .. }))
        ));
        assert_eq!(end(b"GET / HTTP/1.1\r\n\r\n\r\n"), Ok(()));
    }

    #[test]
    fn what_follows_a_switch_of_protocols_is_left() {
        let mut reader = MessageReader::new(HeadKind::Response);
        let mut bytes = &b"HTTP/1.1 101 x\r\n\r\n\x81\x02hi"[..];
        assert!(matches!(reader.next(&mut bytes), Ok(Some(Piece::Head(head))) if head.status() == Some(101)));
        assert_eq!(bytes, b"\x81\x02hi");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(prop_oneof![
            Just(b"GET / HTTP/1.1\r\n".to_vec()), Just(b"Transfer-Encoding: chunked\r\n".to_vec()), Just(b"Content-Length: 3\r\n".to_vec()),
            Just(b"\r\n".to_vec()), Just(b"3\r\nabc\r\n0\r\n".to_vec()), prop::collection::vec(any::<u8>(), 0..4),
        ], 0..12), size in 1..20_usize) {
            let bytes = bytes.concat();
            let whole = read(HeadKind::Request, &[], &bytes, 10_000);
            let pieces = read(HeadKind::Request, &[], &bytes, size);
            prop_assert_eq!(whole.1.is_ok(), pieces.1.is_ok());
            if whole.1.is_ok() {
                prop_assert_eq!(whole.0, pieces.0);
            }
        }
    }
}
