//! Messages in, frames out.

mod masks;
mod raw;

use std::fmt;
use std::num::NonZeroUsize;

pub use masks::MaskSource;
pub use raw::{RawHeader, RawMask};

use self::masks::Masks;
use super::deflate::Compressor;
use super::{
    CloseCode, Control, Counters, Data, DeflateParameters, Header, Kind, LONGEST_CONTROL, LengthEncoding, OpCode, Role,
    is_sendable, mask,
};

/// How to send.
#[derive(Debug, Clone, Copy)]
pub struct SenderOptions {
    /// Which end we are: a client masks.
    pub role: Role,
    /// Where masking keys come from.
    pub mask: MaskSource,
    /// Splits messages into fragments of at most so many payload bytes on the wire.
    pub fragment: Option<NonZeroUsize>,
    /// What was agreed on for permessage-deflate; `None` sends everything uncompressed.
    pub deflate: Option<DeflateParameters>,
}

/// Something to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outgoing<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A message of this kind. Text goes out as it is, even what only a lenient receiver takes for text.
    Message(Kind, &'a [u8]),
    /// A Ping, up to 125 bytes.
    Ping(&'a [u8]),
    /// A Pong, up to 125 bytes.
    Pong(&'a [u8]),
    /// A Close, its reason up to 123 bytes; nothing but raw frames may follow.
    Close(Option<(CloseCode, &'a str)>),
    /// A frame exactly as it is, legal or not; the payload is masked on the way. The next compressed message refers to
    /// nothing that came before the frame.
    Frame(RawHeader, &'a [u8]),
}

/// Why something cannot be sent. Nothing of it has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// A Close frame has gone out.
    Closed,
    /// The payload of a control frame of so many bytes: more than 125.
    ControlTooLong(usize),
    /// A close code that must not be on the wire.
    CloseCode(CloseCode),
    /// A length that the encoding asked for cannot hold.
    Length(u64),
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => formatter.write_str("a Close frame has already been sent"),
            Self::ControlTooLong(length) => {
                write!(
                    formatter,
                    "the payload of a control frame is limited to {LONGEST_CONTROL} bytes, this one has {length}"
                )
            }
            Self::CloseCode(code) => write!(formatter, "close code {code} must not be on the wire"),
            Self::Length(length) => write!(formatter, "a length of {length} does not fit the encoding asked for"),
        }
    }
}

impl std::error::Error for SendError {}

/// Turns messages into frames.
#[derive(Debug)]
pub struct Sender {
    masks: Masks,
    fragment: usize,
    compressor: Option<Compressor>,
    /// Shorter whole messages go uncompressed.
    compress_from: usize,
    compressed: Vec<u8>,
    /// The peer's window may differ from ours, because the peer may have inflated a raw frame.
    is_window_lost: bool,
    is_closed: bool,
    counters: Counters,
}

impl Sender {
    /// A sender for a connection that has just been opened.
    pub fn new(options: SenderOptions) -> Self {
        Self {
            masks: Masks::new(options.role, options.mask),
            fragment: options.fragment.map_or(usize::MAX, NonZeroUsize::get),
            compressor: options.deflate.and_then(|parameters| Compressor::new(options.role, parameters)),
            compress_from: 1,
            compressed: Vec::new(),
            is_window_lost: false,
            is_closed: false,
            counters: Counters::default(),
        }
    }

    /// Leaves messages of less than `length` bytes uncompressed, as RFC 7692 section 6 permits: compressing a short
    /// message costs more than it saves.
    pub fn compress_from(mut self, length: usize) -> Self {
        self.compress_from = length;
        self
    }

    /// Appends the frames of `outgoing` to `output`.
    ///
    /// # Errors
    ///
    /// When it cannot be sent now, or at all; then nothing is appended.
    pub fn send(&mut self, outgoing: Outgoing<'_>, output: &mut Vec<u8>) -> Result<(), SendError> {
        let before = output.len();
        match outgoing {
            Outgoing::Frame(header, payload) => self.raw(header, payload, output)?,
            _ if self.is_closed => return Err(SendError::Closed),
            Outgoing::Text(text) => self.message(Data::Text, text.as_bytes(), output),
            Outgoing::Binary(payload) => self.message(Data::Binary, payload, output),
            Outgoing::Message(kind, payload) => self.message(opcode(kind), payload, output),
            Outgoing::Ping(payload) => self.control(Control::Ping, payload, output)?,
            Outgoing::Pong(payload) => self.control(Control::Pong, payload, output)?,
            Outgoing::Close(close) => self.close(close, output)?,
        }
        self.counters.wire_bytes += (output.len() - before) as u64;
        Ok(())
    }

    /// The frames of a whole message, as [`Outgoing::Message`] makes them. A single frame is made in the memory of the
    /// payload, so that a large message is not held twice.
    ///
    /// # Errors
    ///
    /// When it cannot be sent now.
    pub fn send_in_place(&mut self, kind: Kind, payload: Vec<u8>) -> Result<Vec<u8>, SendError> {
        if self.is_closed {
            return Err(SendError::Closed);
        }
        let mut output = Vec::new();
        if self.compressor.is_some() || payload.len() > self.fragment {
            self.send(Outgoing::Message(kind, &payload), &mut output)?;
            return Ok(output);
        }
        self.counters.messages += 1;
        self.counters.message_bytes += payload.len() as u64;
        self.counters.frames += 1;
        let length = payload.len() as u64;
        let key = self.masks.next_key();
        let header = Header {
            fin: true,
            rsv: 0,
            opcode: OpCode::Data(opcode(kind)),
            mask: key,
            length,
            length_encoding: LengthEncoding::shortest(length),
        };
        header.write(&mut output);
        let mut frame = payload;
        if let Some(key) = key {
            mask::apply(key, 0, &mut frame);
        }
        frame.reserve_exact(output.len());
        frame.splice(..0, output);
        self.counters.wire_bytes += frame.len() as u64;
        Ok(frame)
    }

    /// What has been sent so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn message(&mut self, opcode: Data, payload: &[u8], output: &mut Vec<u8>) {
        self.counters.message_bytes += payload.len() as u64;
        self.counters.messages += 1;
        match &mut self.compressor {
            Some(compressor) if payload.len() >= self.compress_from => {
                let mut compressed = std::mem::take(&mut self.compressed);
                compressed.clear();
                if std::mem::take(&mut self.is_window_lost) {
                    compressor.reset();
                }
                compressor.last_piece(payload, &mut compressed);
                self.count_compression(payload, &compressed);
                self.fragments(opcode, Header::RSV1, &compressed, output);
                self.keep(compressed);
            }
            _ => self.fragments(opcode, 0, payload, output),
        }
    }

    fn count_compression(&mut self, plain: &[u8], compressed: &[u8]) {
        self.counters.inflated_bytes += plain.len() as u64;
        self.counters.compressed_bytes += compressed.len() as u64;
    }

    /// Keeps the scratch buffer for the next message, unless a huge message has made it large.
    fn keep(&mut self, scratch: Vec<u8>) {
        const MOST: usize = 1 << 20;
        if scratch.capacity() <= MOST {
            self.compressed = scratch;
        }
    }

    fn control(&mut self, opcode: Control, payload: &[u8], output: &mut Vec<u8>) -> Result<(), SendError> {
        if payload.len() > LONGEST_CONTROL {
            return Err(SendError::ControlTooLong(payload.len()));
        }
        self.frame(true, 0, OpCode::Control(opcode), payload, output);
        Ok(())
    }

    fn close(&mut self, close: Option<(CloseCode, &str)>, output: &mut Vec<u8>) -> Result<(), SendError> {
        match close {
            None => self.control(Control::Close, &[], output)?,
            Some((code, _)) if !is_sendable(code) => return Err(SendError::CloseCode(code)),
            Some((code, reason)) => {
                let body = [&u16::from(code).to_be_bytes(), reason.as_bytes()].concat();
                self.control(Control::Close, &body, output)?;
            }
        }
        self.is_closed = true;
        Ok(())
    }

    /// Opcode and reserved bits are those of the first frame.
    fn fragments(&mut self, mut opcode: Data, mut rsv: u8, payload: &[u8], output: &mut Vec<u8>) {
        let mut rest = payload;
        loop {
            let (fragment, after) = rest.split_at(rest.len().min(self.fragment));
            rest = after;
            self.frame(rest.is_empty(), rsv, OpCode::Data(opcode), fragment, output);
            if rest.is_empty() {
                return;
            }
            (opcode, rsv) = (Data::Continue, 0);
        }
    }

    fn frame(&mut self, fin: bool, rsv: u8, opcode: OpCode, payload: &[u8], output: &mut Vec<u8>) {
        let length = payload.len() as u64;
        let key = self.masks.next_key();
        let length_encoding = LengthEncoding::shortest(length);
        output.reserve(Header::LONGEST + payload.len());
        Header { fin, rsv, opcode, mask: key, length, length_encoding }.write(output);
        append(key, payload, output);
        self.counters.frames += 1;
    }

    fn raw(&mut self, header: RawHeader, payload: &[u8], output: &mut Vec<u8>) -> Result<(), SendError> {
        let header = header.header(payload.len(), || self.masks.next_key())?;
        header.write(output);
        append(header.mask, payload, output);
        self.counters.frames += 1;
        // Without RSV1, too: it may go on with a message that has it, or hold what is meant to look like more frames.
        self.is_window_lost |= !header.is_control();
        Ok(())
    }
}

fn opcode(kind: Kind) -> Data {
    match kind {
        Kind::Text => Data::Text,
        Kind::Binary => Data::Binary,
    }
}

fn append(key: Option<[u8; 4]>, payload: &[u8], output: &mut Vec<u8>) {
    match key {
        Some(key) => mask::append(key, payload, output),
        None => output.extend_from_slice(payload),
    }
}

#[cfg(test)]
mod tests;
