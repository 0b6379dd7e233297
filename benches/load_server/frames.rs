//! As much of RFC 6455 section 5 as a load server needs: it trusts its clients.

use std::io::{self, Read};
use std::ops::Range;

/// A text frame's opcode.
pub const TEXT: u8 = 0x1;
/// A binary frame's opcode.
pub const BINARY: u8 = 0x2;
/// A Close frame's opcode.
pub const CLOSE: u8 = 0x8;
/// A Ping frame's opcode.
pub const PING: u8 = 0x9;
/// A Pong frame's opcode.
pub const PONG: u8 = 0xA;

/// Appends the header of a final, unmasked frame; `opcode` may carry RSV bits.
pub fn push_header(output: &mut Vec<u8>, opcode: u8, length: usize) {
    push_header_of_fragment(output, 0x80 | opcode, length);
}

/// Appends an unmasked header with this first byte.
pub fn push_header_of_fragment(output: &mut Vec<u8>, first_byte: u8, length: usize) {
    output.push(first_byte);
    match length {
        0..=125 => output.push(length.to_le_bytes()[0]),
        126..=0xFFFF => {
            output.push(126);
            output.extend_from_slice(&(length as u64).to_be_bytes()[6..]);
        }
        _ => {
            output.push(127);
            output.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// A frame of the client's, unmasked.
#[derive(Debug)]
pub struct Frame<'a> {
    /// FIN, RSV bits and opcode, as they came.
    pub first_byte: u8,
    /// What it carries.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// The opcode alone.
    pub fn opcode(&self) -> u8 {
        self.first_byte & 0x0F
    }

    /// The message ends here.
    pub fn is_final(&self) -> bool {
        self.first_byte & 0x80 != 0
    }

    /// Permessage-deflate's mark.
    pub fn is_compressed(&self) -> bool {
        self.first_byte & 0x40 != 0
    }
}

/// What has been read and not yet been used.
#[derive(Debug, Default)]
pub struct Incoming {
    buffer: Vec<u8>,
    used: Range<usize>,
}

impl Incoming {
    const ROOM: usize = 256 * 1024;

    /// Reads once; `false` at the end of the stream.
    pub fn fill(&mut self, stream: &mut dyn Read) -> io::Result<bool> {
        self.buffer.copy_within(self.used.clone(), 0);
        self.used = 0..self.used.len();
        if self.buffer.len() < self.used.end + Self::ROOM {
            self.buffer.resize(self.used.end * 2 + Self::ROOM, 0);
        }
        let read = stream.read(&mut self.buffer[self.used.end..])?;
        self.used.end += read;
        Ok(read > 0)
    }

    /// All that waits.
    pub fn waiting(&self) -> &[u8] {
        &self.buffer[self.used.clone()]
    }

    /// That much of it has been used.
    pub fn consume(&mut self, bytes: usize) {
        self.used.start += bytes;
    }

    /// The next whole frame, unmasked.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let waiting = &mut self.buffer[self.used.clone()];
        let (&[first_byte, second_byte], rest) = waiting.split_first_chunk()?;
        let masked = second_byte & 0x80 != 0;
        let (length, length_bytes) = match second_byte & 0x7F {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2_usize),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            short => (u64::from(short), 0),
        };
        let length = usize::try_from(length).ok()?;
        let mask_at = 2 + length_bytes;
        let start = mask_at + if masked { 4 } else { 0 };
        let end = start.checked_add(length)?;
        let (header, payload) = waiting.get_mut(..end)?.split_at_mut(start);
        if let [a, b, c, d] = header[mask_at..] {
            unmask(payload, [a, b, c, d]);
        }
        self.used.start += end;
        Some(Frame { first_byte, payload })
    }
}

/// Eight bytes at a time, which the compiler turns into vector instructions.
fn unmask(payload: &mut [u8], [a, b, c, d]: [u8; 4]) {
    let key = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.to_ne_bytes()) {
        *byte ^= key;
    }
}
