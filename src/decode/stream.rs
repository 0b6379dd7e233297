//! One compressed stream through many messages, as Discord's gateway sends it: zlib (`compress=zlib-stream`), where what was
//! flushed ends in `00 00 ff ff`, or Zstandard (`compress=zstd-stream`), where each message is flushed.

use std::mem;

use flate2::{Decompress, FlushDecompress, Status};
use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

use super::compressed::{MOST, ZSTD};
use super::{Decoded, Description, Failure, annotation, content};
use crate::event::Annotation;
use crate::wire::Kind;

/// A zlib stream over all binary messages of one end.
pub const ZLIB_STREAM: Description = Description {
    name: "zlib-stream",
    title: "zlib stream",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.len() > FLUSH.len() && payload.ends_with(&FLUSH)),
    // One message alone: the first of its stream, or one that cannot be read without those before it.
    decode: |payload| Stream::default().next(Format::Zlib, payload),
};

/// A stream of Zstandard over all binary messages of one end. It is known by its first message alone, which begins as a
/// [whole](ZSTD) one does.
pub const ZSTD_STREAM: Description = Description {
    name: "zstd-stream",
    title: "zstd stream",
    kind: Kind::Binary,
    is_sign: None,
    decode: |payload| Stream::default().next(Format::Zstd, payload),
};

/// What a flush of zlib ends in (RFC 1979 section 2.1 calls it a sync marker).
pub const FLUSH: [u8; 4] = [0, 0, 0xff, 0xff];

/// What a frame of Zstandard begins with (RFC 8878 section 3.1.1).
pub const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window of Zstandard that is accepted, as a power of two in bytes: 8 MiB (RFC 8878 section 3.1.1.1.2).
const LARGEST_WINDOW: u32 = 23;

/// So much of one message is inflated, in bytes.
const LONGEST_OUTPUT: usize = 64 * 1024 * 1024;

/// What a stream is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Zlib,
    Zstd,
}

impl Format {
    /// That of a decoder, if it is one of streams.
    pub fn of(decoder: &Description) -> Option<Self> {
        [Self::Zlib, Self::Zstd].into_iter().find(|format| format.decoder() == decoder)
    }

    fn decoder(self) -> &'static Description {
        match self {
            Self::Zlib => &ZLIB_STREAM,
            Self::Zstd => &ZSTD_STREAM,
        }
    }

    fn is_start(self, payload: &[u8]) -> bool {
        match self {
            Self::Zlib => is_zlib(payload),
            Self::Zstd => payload.starts_with(&ZSTD_MAGIC),
        }
    }
}

/// The stream of one end.
#[derive(Default)]
pub struct Stream {
    state: State,
    /// What has come out since the last flush, as far as it is kept.
    inner: Vec<u8>,
    length: usize,
}

#[derive(Default)]
enum State {
    #[default]
    Start,
    Open(Inflater),
    /// It cannot be read any more.
    Lost(Format, Lost),
}

/// Why a stream cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Its start was not seen.
    Late,
    /// By this message.
    Damaged,
    /// By this message.
    TooMuch,
    /// By an earlier message.
    Before,
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        let error = match lost {
            Lost::Late => "joined late: its start was not seen",
            Lost::Damaged => "it is damaged here",
            Lost::TooMuch => "it inflates to too much",
            Lost::Before => "an earlier message of it could not be read",
        };
        Self::Broken(error.to_owned())
    }
}

impl Stream {
    /// The format of the stream that `payload` begins, or goes on with. `None`: it is of no stream.
    pub fn format(&self, payload: &[u8]) -> Option<Format> {
        let is_flushed = payload.ends_with(&FLUSH);
        match &self.state {
            State::Start if is_flushed && Format::Zlib.is_start(payload) => Some(Format::Zlib),
            State::Start if Format::Zstd.is_start(payload) => Some(Format::Zstd),
            State::Open(inflater) => Some(inflater.format()),
            State::Lost(Format::Zlib, _) if is_flushed => Some(Format::Zlib),
            State::Start | State::Lost(..) => None,
        }
    }

    /// Takes the next message of a stream in this format.
    pub fn message(&mut self, format: Format, payload: &[u8]) -> Annotation {
        let is_first = matches!(self.state, State::Start);
        let decoded = self.next(format, payload);
        let is_whole = is_first && format == Format::Zstd && matches!(self.state, State::Start);
        annotation(if is_whole { &ZSTD } else { format.decoder() }, decoded)
    }

    fn next(&mut self, format: Format, payload: &[u8]) -> Result<Decoded, Failure> {
        if let State::Start = self.state {
            self.state = if format.is_start(payload) {
                State::Open(Inflater::new(format))
            } else {
                State::Lost(format, Lost::Late)
            };
        }
        let result = match &mut self.state {
            State::Open(inflater) => inflater.inflate(payload, LONGEST_OUTPUT, &mut self.inner, &mut self.length),
            State::Lost(_, lost) => Err(*lost),
            State::Start => Err(Lost::Late),
        };
        match result {
            Err(lost) => {
                let state = State::Lost(format, if lost == Lost::Late { Lost::Late } else { Lost::Before });
                *self = Self { state, ..Self::default() };
                return Err(lost.into());
            }
            Ok(true) => self.state = State::Start,
            Ok(false) if format == Format::Zlib && !payload.ends_with(&FLUSH) => {
                return Ok(format!("goes on, {} bytes so far", self.length).into());
            }
            Ok(false) => {}
        }
        let is_all = self.inner.len() == mem::take(&mut self.length);
        Ok(content(&mem::take(&mut self.inner), is_all).into())
    }
}

/// Takes what is compressed, and gives what it is.
pub enum Inflater {
    Zlib(Box<Decompress>),
    Zstd(DCtx<'static>),
}

impl Inflater {
    /// At the start of a stream.
    pub fn new(format: Format) -> Self {
        match format {
            Format::Zlib => Self::Zlib(Box::new(Decompress::new(true))),
            Format::Zstd => {
                let mut context = DCtx::create();
                context.set_parameter(DParameter::WindowLogMax(LARGEST_WINDOW)).expect("a size that zstd knows");
                Self::Zstd(context)
            }
        }
    }

    fn format(&self) -> Format {
        match self {
            Self::Zlib(_) => Format::Zlib,
            Self::Zstd(_) => Format::Zstd,
        }
    }

    /// Inflates all of `payload`, and says whether the stream has ended. Of what comes out the first [`MOST`] bytes are kept in
    /// `inner`; the rest is counted in `length` and thrown away, for the stream has to go on.
    pub fn inflate(
        &mut self,
        payload: &[u8],
        longest: usize,
        inner: &mut Vec<u8>,
        length: &mut usize,
    ) -> Result<bool, Lost> {
        let mut rest = payload;
        let mut buffer = [0; 16 * 1024];
        loop {
            let Step { read, written, has_ended } = self.step(rest, &mut buffer).ok_or(Lost::Damaged)?;
            rest = &rest[read..];
            *length += written;
            let kept = written.min(MOST - inner.len());
            inner.extend_from_slice(&buffer[..kept]);
            match (rest, read + written) {
                _ if *length > longest => return Err(Lost::TooMuch),
                ([], _) if written < buffer.len() => return Ok(has_ended),
                (_, 0) => return Err(Lost::Damaged),
                _ => {}
            }
        }
    }

    /// `None`: it is damaged.
    fn step(&mut self, input: &[u8], buffer: &mut [u8]) -> Option<Step> {
        match self {
            Self::Zlib(inflater) => {
                let before = (inflater.total_in(), inflater.total_out());
                let status = inflater.decompress(input, buffer, FlushDecompress::Sync).ok()?;
                Some(Step {
                    read: usize::try_from(inflater.total_in() - before.0).ok()?,
                    written: usize::try_from(inflater.total_out() - before.1).ok()?,
                    has_ended: status == Status::StreamEnd,
                })
            }
            Self::Zstd(context) => {
                let mut input = InBuffer::around(input);
                let mut output = OutBuffer::around(buffer);
                let wanted = context.decompress_stream(&mut output, &mut input).ok()?;
                Some(Step { read: input.pos(), written: output.pos(), has_ended: wanted == 0 })
            }
        }
    }
}

/// What one step has read of its input, and written of its output.
struct Step {
    read: usize,
    written: usize,
    has_ended: bool,
}

/// Whether a payload begins like a zlib stream (RFC 1950 section 2.2), without a dictionary.
pub fn is_zlib(payload: &[u8]) -> bool {
    match payload {
        [method, flags, _, ..] => {
            method & 0xf == 8
                && method >> 4 <= 7
                && flags & 0x20 == 0
                && u16::from_be_bytes([*method, *flags]).is_multiple_of(31)
        }
        _ => false,
    }
}
