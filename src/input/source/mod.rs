//! Messages from stdin.

mod buffer;
mod json;

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use self::buffer::Buffer;
use super::Message;
use super::payload::{base64, hex};
use crate::error::{Error, Phase, Result};
use crate::wire::{Kind, Outgoing};

/// How the input is cut into messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One message a line, without its `\n` or `\r\n`; a last line without one counts.
    Lines,
    /// One message for each piece that ends with a NUL; a last piece without one counts.
    Null,
    /// All of it is one message, even if it is empty.
    Whole,
    /// Binary messages as the bytes arrive.
    Chunks,
    /// One binary message a line, in hex.
    Hex,
    /// One binary message a line, in Base64.
    Base64,
    /// One JSON object a line; see the man page. Blank lines and events that are no received message are skipped.
    Json,
}

/// How to read the input.
#[derive(Debug, Clone, Copy)]
pub struct SourceOptions {
    /// How it is cut into messages.
    pub format: Format,
    /// What [`Format::Lines`], [`Format::Null`] and [`Format::Whole`] become.
    pub kind: Kind,
    /// The longest message, in bytes; a longer one is an error.
    pub max_message: u64,
}

/// Reads messages from a byte stream, without a copy and without an allocation for each.
///
/// ```text
/// while source.fill()? {
///     while let Some(message) = source.next() { send(message?) }
/// }
/// ```
pub struct Source {
    reader: Box<dyn Read + Send>,
    format: Format,
    kind: Kind,
    max_message: usize,
    buffer: Buffer,
    state: State,
    /// Messages cut off so far: the number of the line that was last looked at.
    number: u64,
    /// What the last message was decoded to, where it isn't sent straight from the buffer.
    decoded: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// Nothing more will be read; a last message may be in the buffer.
    Ended,
    /// Everything has been yielded, or the input is bad.
    Done,
}

impl Source {
    /// Reads from `reader`, which should be unbuffered: reads are of 64 KiB and more.
    pub fn new(reader: impl Read + Send + 'static, options: SourceOptions) -> Self {
        Self {
            reader: Box::new(reader),
            format: options.format,
            kind: options.kind,
            max_message: usize::try_from(options.max_message).unwrap_or(usize::MAX),
            buffer: Buffer::new(),
            state: State::Reading,
            number: 0,
            decoded: Message::Binary(Vec::new()),
        }
    }

    /// Blocks in one read. `false`: the input has ended, and nothing is left for [`next`](Self::next) to yield.
    ///
    /// # Errors
    /// When reading fails.
    pub fn fill(&mut self) -> io::Result<bool> {
        if self.state == State::Reading && self.buffer.read_from(&mut *self.reader)? == 0 {
            self.state = State::Ended;
        }
        if self.state == State::Ended && self.buffer.is_empty() && self.format != Format::Whole {
            self.state = State::Done;
        }
        Ok(self.state != State::Done)
    }

    /// The next message that is complete, without blocking; `None`: [`fill`](Self::fill) first.
    ///
    /// # Errors
    /// Input that cannot be sent, with the number of its line. Nothing follows it.
    #[expect(clippy::should_implement_trait, reason = "what it yields is borrowed from it")]
    pub fn next(&mut self) -> Option<Result<Outgoing<'_>>> {
        if self.format == Format::Json {
            return self.next_json();
        }
        let range = match self.cut()? {
            Ok(range) => range,
            Err(error) => return Some(Err(error)),
        };
        let piece = &self.buffer[range];
        let outgoing = match (self.format, self.kind) {
            (Format::Hex | Format::Base64, _) => {
                let decode = if self.format == Format::Hex { hex } else { base64 };
                text(piece, self.number).and_then(|line| decode(line).map_err(|error| at_line(error, self.number))).map(
                    |bytes| {
                        self.decoded = Message::Binary(bytes);
                        self.decoded.outgoing()
                    },
                )
            }
            (Format::Chunks, _) | (_, Kind::Binary) => Ok(Outgoing::Binary(piece)),
            (_, Kind::Text) => text(piece, self.number).map(Outgoing::Text),
        };
        if outgoing.is_err() {
            self.state = State::Done;
        }
        Some(outgoing)
    }

    fn next_json(&mut self) -> Option<Result<Outgoing<'_>>> {
        loop {
            let parsed = match self.cut()? {
                Ok(range) => text(&self.buffer[range], self.number)
                    .and_then(|line| json::message(line).map_err(|error| at_line(error, self.number))),
                Err(error) => Err(error),
            };
            match parsed {
                Ok(None) => {}
                Ok(Some(message)) => {
                    self.decoded = message;
                    return Some(Ok(self.decoded.outgoing()));
                }
                Err(error) => {
                    self.state = State::Done;
                    return Some(Err(error));
                }
            }
        }
    }

    /// How many messages were read and not yielded, one that is not complete included.
    pub fn waiting(&self) -> usize {
        match (self.state, self.terminator()) {
            (State::Done, _) => 0,
            (_, Some(terminator)) => self.buffer.pieces(terminator),
            (_, None) => usize::from(!self.buffer.is_empty()),
        }
    }

    fn terminator(&self) -> Option<u8> {
        match self.format {
            Format::Lines | Format::Hex | Format::Base64 | Format::Json => Some(b'\n'),
            Format::Null => Some(0),
            Format::Whole | Format::Chunks => None,
        }
    }

    /// Cuts the next complete piece off the buffer.
    fn cut(&mut self) -> Option<Result<Range<usize>>> {
        if self.state == State::Done {
            return None;
        }
        let piece = match self.terminator() {
            Some(b'\n') => self.buffer.take_line().or_else(|| self.last_piece()),
            Some(terminator) => self.buffer.take_until(terminator).or_else(|| self.last_piece()),
            None if self.format == Format::Chunks => self.buffer.take_at_most(self.max_message.max(1)),
            None => self.last_piece(),
        };
        // One byte more than the limit may be waiting: the `\r` of a line end.
        let length = piece.as_ref().map_or(self.buffer.len().saturating_sub(1), Range::len);
        if length > self.max_message {
            self.state = State::Done;
            return Some(Err(self.too_long()));
        }
        self.number += u64::from(piece.is_some());
        piece.map(Ok)
    }

    /// What is left when nothing more will come.
    fn last_piece(&mut self) -> Option<Range<usize>> {
        let is_piece = self.format == Format::Whole || !self.buffer.is_empty();
        if self.state != State::Ended || !is_piece {
            return None;
        }
        self.state = State::Done;
        self.buffer.take_at_most(usize::MAX).or(Some(0..0))
    }

    fn too_long(&self) -> Error {
        let place = match self.terminator() {
            Some(_) => format!("line {} of the input", self.number + 1),
            None => "the input".to_owned(),
        };
        Error::new(Phase::Input, format!("{place} is longer than a message may be, {} bytes", self.max_message))
            .hint("`--max-message` sets the limit")
    }
}

fn text(piece: &[u8], number: u64) -> Result<&str> {
    simdutf8::basic::from_utf8(piece).map_err(|_| {
        let valid = str::from_utf8(piece).map_or_else(|error| error.valid_up_to(), str::len);
        Error::new(Phase::Input, format!("line {number} of the input is not UTF-8 (byte {})", valid + 1))
            .hint("`--binary` sends the input as binary messages")
    })
}

fn at_line(error: Error, number: u64) -> Error {
    Error::new(Phase::Input, format!("line {number} of the input")).caused_by(error)
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, kind, number, state, .. } = self;
        formatter
            .debug_struct("Source")
            .field("format", format)
            .field("kind", kind)
            .field("number", number)
            .field("state", state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Hands out what it holds in reads of `step` bytes.
    struct Dripping {
        bytes: Cursor<Vec<u8>>,
        step: usize,
    }

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let room = buffer.len().min(self.step);
            self.bytes.read(&mut buffer[..room])
        }
    }

    fn source(bytes: &[u8], step: usize, options: SourceOptions) -> Source {
        Source::new(Dripping { bytes: Cursor::new(bytes.to_vec()), step }, options)
    }

    fn options(format: Format, kind: Kind) -> SourceOptions {
        SourceOptions { format, kind, max_message: 100 }
    }

    /// Everything that comes out, and the error that ends it.
    fn drain(mut source: Source) -> (Vec<Message>, Option<String>) {
        let mut messages = Vec::new();
        while source.fill().unwrap() {
            while let Some(next) = source.next() {
                match next {
                    Ok(outgoing) => messages.push(owned(outgoing)),
                    Err(error) => return (messages, Some(chain(&error))),
                }
            }
        }
        (messages, None)
    }

    fn owned(outgoing: Outgoing<'_>) -> Message {
        match outgoing {
            Outgoing::Text(text) => Message::Text(text.to_owned()),
            Outgoing::Binary(payload) => Message::Binary(payload.to_vec()),
            Outgoing::Ping(payload) => Message::Ping(payload.to_vec()),
            Outgoing::Pong(payload) => Message::Pong(payload.to_vec()),
            Outgoing::Close(close) => Message::Close(close.map(|(code, reason)| (code, reason.to_owned()))),
            other => panic!("{other:?}"),
        }
    }

    fn chain(error: &dyn std::error::Error) -> String {
        error.source().map_or(error.to_string(), |cause| format!("{error}: {}", chain(cause)))
    }

    /// The same in one read and byte by byte.
    fn read(bytes: &[u8], options: SourceOptions) -> (Vec<Message>, Option<String>) {
        let whole = drain(source(bytes, usize::MAX, options));
        assert_eq!(whole, drain(source(bytes, 1, options)));
        whole
    }

    fn texts(lines: &[&str]) -> Vec<Message> {
        lines.iter().map(|&line| Message::Text(line.into())).collect()
    }

    fn binaries(pieces: &[&[u8]]) -> Vec<Message> {
        pieces.iter().map(|&piece| Message::Binary(piece.to_vec())).collect()
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        let lines = options(Format::Lines, Kind::Text);
        assert_eq!(read(b"a\n\n b \r\n\r\nlast", lines), (texts(&["a", "", " b ", "", "last"]), None));
        assert_eq!(read(b"last\r", lines), (texts(&["last\r"]), None));
        assert_eq!(read(b"", lines), (vec![], None));
        assert_eq!(read(b"/quit\n", lines), (texts(&["/quit"]), None));
    }

    #[test]
    fn a_line_that_is_no_utf8_stops_the_input_with_its_number() {
        let (messages, error) = read(b"good\nb\xffd\nnever", options(Format::Lines, Kind::Text));
        assert_eq!(messages, texts(&["good"]));
        assert_eq!(error.unwrap(), "line 2 of the input is not UTF-8 (byte 2)");
    }

    #[test]
    fn a_line_over_the_limit_stops_the_input_with_its_number() {
        let lines = options(Format::Lines, Kind::Text);
        let longest = "x".repeat(100);
        let (messages, error) = read(format!("{longest}\r\n{longest}y\r\n").as_bytes(), lines);
        assert_eq!(messages, texts(&[&longest]));
        assert_eq!(error.unwrap(), "line 2 of the input is longer than a message may be, 100 bytes");
        let (_, error) = read(&[b'x'; 1000], lines);
        assert_eq!(error.unwrap(), "line 1 of the input is longer than a message may be, 100 bytes");
    }

    #[test]
    fn a_line_may_be_longer_than_the_buffer() {
        let line = "z".repeat(3_000_000);
        let lines = SourceOptions { max_message: 3_000_000, ..options(Format::Lines, Kind::Text) };
        let read = drain(source(format!("a\n{line}\nb").as_bytes(), 100_000, lines));
        assert_eq!(read, (texts(&["a", &line, "b"]), None));
    }

    #[test]
    fn pieces_that_end_with_nul_hold_newlines() {
        assert_eq!(read(b"a\nb\0\0c\r\n", options(Format::Null, Kind::Text)), (texts(&["a\nb", "", "c\r\n"]), None));
        assert_eq!(read(b"\xff\0\xfe", options(Format::Null, Kind::Binary)), (binaries(&[b"\xff", b"\xfe"]), None));
    }

    #[test]
    fn whole_input_is_one_message_even_when_empty() {
        assert_eq!(read(b"a\nb\n", options(Format::Whole, Kind::Text)), (texts(&["a\nb\n"]), None));
        assert_eq!(read(b"\xff\n", options(Format::Whole, Kind::Binary)), (binaries(&[b"\xff\n"]), None));
        assert_eq!(read(b"", options(Format::Whole, Kind::Text)), (texts(&[""]), None));
        let (_, error) = read(&[b'x'; 102], options(Format::Whole, Kind::Text));
        assert_eq!(error.unwrap(), "the input is longer than a message may be, 100 bytes");
    }

    #[test]
    fn chunks_go_as_they_come() {
        let chunks = options(Format::Chunks, Kind::Binary);
        assert_eq!(drain(source(b"abcde", 2, chunks)), (binaries(&[b"ab", b"cd", b"e"]), None));
        assert_eq!(drain(source(&[7; 150], 1000, chunks)), (binaries(&[&[7; 100], &[7; 50]]), None));
    }

    #[test]
    fn hex_and_base64_are_a_binary_message_a_line() {
        let hex = read(b"00 ff\n\nzz\n", options(Format::Hex, Kind::Text));
        assert_eq!(hex, (binaries(&[&[0, 255], &[]]), Some("line 3 of the input: `z` is not a hex digit".into())));
        let base64 = read(b"AAE=\r\nAAE", options(Format::Base64, Kind::Text));
        assert_eq!(base64, (binaries(&[&[0, 1], &[0, 1]]), None));
    }

    #[test]
    fn json_sends_whatever_a_session_can_send() {
        let lines = [
            r#"{"text":"a\nb"}"#,
            r#"{"binary":"AP8="}"#,
            r#"{"json":{"b":1.0, "a":[]}}"#,
            "",
            r#"{"ping":"p"}"#,
            r#"{"pong":""}"#,
            r#"{"close":{}}"#,
            r#"{"close":{"code":4001,"reason":"bye"}}"#,
        ];
        let (messages, error) = drain(source(lines.join("\n").as_bytes(), 1, options(Format::Json, Kind::Text)));
        assert_eq!(error, None);
        assert_eq!(
            messages,
            [
                Message::Text("a\nb".into()),
                Message::Binary(vec![0, 255]),
                Message::Text(r#"{"b":1.0, "a":[]}"#.into()),
                Message::Ping(b"p".to_vec()),
                Message::Pong(vec![]),
                Message::Close(None),
                Message::Close(Some((4001.into(), "bye".into()))),
            ]
        );
    }

    #[test]
    fn json_takes_the_event_stream_of_a_session_and_sends_what_was_received() {
        let lines = [
            r#"{"event":"open","status":101}"#,
            r#"{"event":"message","direction":"sent","opcode":"text","text":"mine"}"#,
            r#"{"event":"message","direction":"received","opcode":"text","text":"theirs","length":6}"#,
            r#"{"event":"ping","direction":"received","text":"p"}"#,
            r#"{"event":"close","direction":"received","code":1000}"#,
        ];
        let read =
            read(lines.join("\n").as_bytes(), SourceOptions { max_message: 1000, ..options(Format::Json, Kind::Text) });
        assert_eq!(read, (texts(&["theirs"]), None));
    }

    #[test]
    fn json_that_asks_for_nothing_known_stops_the_input() {
        let error = |line: &str| read(line.as_bytes(), options(Format::Json, Kind::Text)).1.unwrap();
        assert_eq!(error(r#"{"txt":"a"}"#), "line 1 of the input: not something to send");
        assert_eq!(error(r#"{"text":"a","ping":"b"}"#), "line 1 of the input: not something to send");
        assert!(error("[]").starts_with("line 1 of the input: not a JSON object: "));
        assert!(error(r#"{"text":1}"#).starts_with("line 1 of the input: not a string: "));
        assert_eq!(error(r#"{"close":{"reason":"r"}}"#), "line 1 of the input: a close reason needs a code");
    }

    #[test]
    fn what_was_read_and_not_yielded_is_counted() {
        let mut source = source(b"a\nb\nc", usize::MAX, options(Format::Lines, Kind::Text));
        assert!(source.fill().unwrap());
        assert_eq!(source.waiting(), 3);
        source.next();
        assert_eq!(source.waiting(), 2);
    }
}
