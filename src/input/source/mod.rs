//! Splits a byte stream, usually stdin, into messages.

mod buffer;
mod json;

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use clap::ValueEnum;
use memchr::memchr_iter;

use self::buffer::{BufferPosition, InputBuffer};
use super::payload::{base64, hex};
use super::{Message, input_error};
use crate::diagnosis::Diagnosis;
use crate::error::{Error, Result};
use crate::input::payload;
use crate::wire::{Kind, Outgoing};

/// How the input is split into messages. The last line or piece needs no terminator. With [`Whole`](Self::Whole) an
/// empty input is one empty message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Each line is a text message.
    Lines,
    /// Each piece that ends with NUL is a message.
    Null,
    /// All of it is one message.
    Whole,
    /// Binary messages, as it arrives.
    Chunks,
    /// Each line is a binary message, in hex.
    Hex,
    /// Each line is a binary message, in Base64.
    Base64,
    /// Each line is an object that says what to send.
    Json,
}

/// What editors and shells of Windows begin text with: U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The longest JSON around a message in its line.
const JSON_OVERHEAD: usize = 4096;

impl Format {
    /// Whether the payload of a message is written as text in a line.
    fn is_decoded(self) -> bool {
        matches!(self, Self::Hex | Self::Base64 | Self::Json)
    }

    /// The length of the longest piece that can become a message of at most `max_message` bytes.
    fn max_piece(self, max_message: usize) -> usize {
        match self {
            Self::Lines | Self::Null | Self::Whole | Self::Chunks => max_message,
            // Each byte is two digits and perhaps a space.
            Self::Hex => max_message.saturating_mul(3),
            Self::Base64 => max_message.saturating_mul(2),
            // Each byte may be written as `\u0000`.
            Self::Json => max_message.saturating_mul(6).saturating_add(JSON_OVERHEAD),
        }
    }
}

/// How the input is read.
#[derive(Debug, Clone, Copy)]
pub struct SourceOptions {
    /// How the input is split into messages.
    pub format: Format,
    /// Whether [`Format::Lines`], [`Format::Null`] and [`Format::Whole`] give text or binary messages.
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
    /// The length of the longest piece that can become such a message.
    max_piece: usize,
    buffer: InputBuffer,
    /// The input is text, and its first bytes may be a byte order mark.
    may_begin_with_mark: bool,
    state: State,
    /// How many pieces were taken so far. This is also the number of the current line.
    number: u64,
    /// The last message of a format that is decoded. Messages of the other formats borrow from the buffer.
    decoded: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// The input has ended. Its last message may still be in the buffer.
    Ended,
    /// All messages were returned, or the input has an error.
    Done,
}

/// A position in the input, to go back to.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    position: BufferPosition,
    state: State,
    number: u64,
}

impl Source {
    /// A source that reads from `reader`. Each read asks for 64 KiB or more, so `reader` needs no buffer.
    pub fn new(reader: impl Read + Send + 'static, options: SourceOptions) -> Self {
        let max_message = usize::try_from(options.max_message).unwrap_or(usize::MAX);
        Self {
            reader: Box::new(reader),
            format: options.format,
            kind: options.kind,
            max_message,
            max_piece: options.format.max_piece(max_message),
            buffer: InputBuffer::new(),
            may_begin_with_mark: options.format != Format::Chunks
                && (options.kind == Kind::Text || options.format.is_decoded()),
            state: State::Reading,
            number: 0,
            decoded: Message::Binary(Vec::new()),
        }
    }

    /// Reads once; this may block. `false`: the input has ended, and [`next`](Self::next) has no message left.
    ///
    /// # Errors
    /// The error of the read.
    pub fn fill(&mut self) -> io::Result<bool> {
        if self.state == State::Reading && self.buffer.read_from(&mut *self.reader)? == 0 {
            self.state = State::Ended;
        }
        self.skip_mark();
        if self.state == State::Ended && self.buffer.is_empty() && self.format != Format::Whole {
            self.state = State::Done;
        }
        Ok(self.state != State::Done)
    }

    /// Skips the byte order mark at the start of text. While only a part of it has come, no message is complete.
    fn skip_mark(&mut self) {
        let start = self.buffer.unsent();
        if !self.may_begin_with_mark || BYTE_ORDER_MARK.starts_with(start) && start.len() < BYTE_ORDER_MARK.len() {
            return;
        }
        self.may_begin_with_mark = false;
        if start.starts_with(BYTE_ORDER_MARK) {
            self.buffer.take_at_most(BYTE_ORDER_MARK.len());
        }
    }

    /// The next complete message in the buffer. It never blocks. `None`: call [`fill`](Self::fill) first.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), if the input cannot be sent. The message names the line. No message follows.
    #[expect(clippy::should_implement_trait, reason = "the message borrows from the source")]
    pub fn next(&mut self) -> Option<Result<Outgoing<'_>>> {
        if self.format.is_decoded() { self.next_decoded() } else { self.next_literal() }
    }

    /// Calls `send` with each complete message in the buffer. It stops at the first error. It reads nothing.
    ///
    /// # Errors
    /// The error of `send`, or the error of [`next`](Self::next).
    pub fn send_each<E: From<Error>>(&mut self, mut send: impl FnMut(Outgoing<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.format == Format::Lines && self.kind == Kind::Text {
            self.send_lines(&mut send)?;
        }
        while let Some(message) = self.next() {
            send(message?)?;
        }
        Ok(())
    }

    /// A fast path for lines of text: it checks the UTF-8 of all lines in the buffer at once, which takes half the
    /// instructions. If a line cannot be sent, it stops before that line, and [`next`](Self::next) reports the error.
    fn send_lines<E>(&mut self, send: &mut impl FnMut(Outgoing<'_>) -> Result<(), E>) -> Result<(), E> {
        let Self { buffer, number, max_message, .. } = self;
        let before = buffer.position();
        let Some(range) = buffer.take_through_last(b'\n') else { return Ok(()) };
        let Ok(lines) = simdutf8::basic::from_utf8(&buffer[range]) else {
            buffer.go_back(before);
            return Ok(());
        };
        let mut start = 0;
        for end in memchr_iter(b'\n', lines.as_bytes()) {
            let line = &lines[start..end];
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.len() > *max_message {
                buffer.go_back(before.plus(start));
                return Ok(());
            }
            *number += 1;
            start = end + 1;
            send(Outgoing::Text(line))?;
        }
        Ok(())
    }

    /// The current position, for [`go_back`](Self::go_back). It is valid until the next [`fill`](Self::fill).
    pub fn mark(&self) -> Mark {
        Mark { position: self.buffer.position(), state: self.state, number: self.number }
    }

    /// Goes back to `mark`: the messages since then are returned again. There must be no [`fill`](Self::fill) in
    /// between.
    pub fn go_back(&mut self, mark: Mark) {
        self.buffer.go_back(mark.position);
        (self.state, self.number) = (mark.state, mark.number);
    }

    fn next_literal(&mut self) -> Option<Result<Outgoing<'_>>> {
        let range = match self.next_piece()? {
            Ok(range) => range,
            Err(error) => return Some(Err(error)),
        };
        let piece = &self.buffer[range];
        if self.kind == Kind::Binary || self.format == Format::Chunks {
            return Some(Ok(Outgoing::Binary(piece)));
        }
        let text = text(piece, self.number);
        if text.is_err() {
            self.state = State::Done;
        }
        Some(text.map(Outgoing::Text))
    }

    fn next_decoded(&mut self) -> Option<Result<Outgoing<'_>>> {
        loop {
            match self.next_piece()?.and_then(|range| self.decode(range)) {
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

    /// Decodes the line in `range`. `None`: the line asks for no message.
    fn decode(&self, range: Range<usize>) -> Result<Option<Message>> {
        let line = text(&self.buffer[range], self.number)?;
        let decoded = match self.format {
            Format::Hex => hex(line)
                .map(|payload| Some(Message::Binary(payload)))
                .map_err(|error| error.hint("each line is hex digits, two for a byte")),
            Format::Base64 => base64(line).map(Message::Binary).map(Some),
            _ => json::message(line),
        };
        match decoded.map_err(|error| error.at(&format!("line {} of the input", self.number)))? {
            Some(message) if message.len() > self.max_message => Err(self.too_long(self.number)),
            message => Ok(message),
        }
    }

    fn terminator(&self) -> Option<u8> {
        match self.format {
            Format::Lines | Format::Hex | Format::Base64 | Format::Json => Some(b'\n'),
            Format::Null => Some(0),
            Format::Whole | Format::Chunks => None,
        }
    }

    /// Takes the next complete piece from the buffer.
    fn next_piece(&mut self) -> Option<Result<Range<usize>>> {
        if self.state == State::Done {
            return None;
        }
        let piece = match self.terminator() {
            Some(b'\n') => self.buffer.take_line().or_else(|| self.last_piece()),
            Some(terminator) => self.buffer.take_until(terminator).or_else(|| self.last_piece()),
            None if self.format == Format::Chunks => self.buffer.take_at_most(self.max_message.max(1)),
            None => self.last_piece(),
        };
        // An unfinished line may have one byte more: the `\r` of its end.
        let length = piece.as_ref().map_or(self.buffer.len().saturating_sub(1), Range::len);
        if length > self.max_piece {
            self.state = State::Done;
            return Some(Err(self.too_long(self.number + 1)));
        }
        self.number += u64::from(piece.is_some());
        piece.map(Ok)
    }

    /// The rest of the buffer, if the input has ended.
    fn last_piece(&mut self) -> Option<Range<usize>> {
        let is_piece = self.format == Format::Whole || !self.buffer.is_empty();
        if self.state != State::Ended || !is_piece {
            return None;
        }
        self.state = State::Done;
        self.buffer.take_at_most(usize::MAX).or(Some(0..0))
    }

    fn too_long(&self, number: u64) -> Error {
        let place = match self.terminator() {
            Some(_) => format!("line {number} of the input"),
            None => "the input".to_owned(),
        };
        payload::too_long(&place, self.max_message as u64)
    }
}

fn text(piece: &[u8], number: u64) -> Result<&str> {
    simdutf8::basic::from_utf8(piece).map_err(|_| {
        let valid = str::from_utf8(piece).map_or_else(|error| error.valid_up_to(), str::len);
        input_error(format!("line {number} of the input is not UTF-8 (byte {})", valid + 1))
            .diagnosed(Diagnosis::InputNotText)
    })
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
mod tests;
