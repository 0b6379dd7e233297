//! What is kept of a frame that somebody wants to see.

use crate::wire::{Frame, Header, Observe, Position};

/// The frame that is being read, as far as it is to be reported.
#[derive(Debug)]
pub struct Recorder {
    level: Observe,
    /// The most bytes of a payload that are kept.
    most: usize,
    frame: Frame<'static>,
    header_bytes: [u8; Header::LONGEST],
    header_length: usize,
    payload: Vec<u8>,
    plain: Vec<u8>,
}

impl Recorder {
    pub fn new(most: u64) -> Self {
        let nothing = Header {
            fin: false,
            rsv: 0,
            opcode: crate::wire::OpCode::Data(crate::wire::Data::Continue),
            mask: None,
            length: 0,
            length_encoding: crate::wire::LengthEncoding::Seven,
        };
        Self {
            level: Observe::Nothing,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            frame: Frame {
                header: nothing,
                header_bytes: &[],
                offset: 0,
                position: Position::Whole,
                payload: &[],
                plain: &[],
                inflated: None,
                received: 0,
            },
            header_bytes: [0; Header::LONGEST],
            header_length: 0,
            payload: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// A frame begins.
    pub fn begin(
        &mut self,
        level: Observe,
        header: Header,
        header_bytes: &[u8],
        offset: u64,
        position: Position,
        compressed: bool,
    ) {
        self.level = level;
        if level == Observe::Nothing {
            return;
        }
        self.frame = Frame { header, offset, position, inflated: compressed.then_some(0), received: 0, ..self.frame };
        self.header_length = header_bytes.len();
        self.header_bytes[..header_bytes.len()].copy_from_slice(header_bytes);
        forget(&mut self.payload);
        forget(&mut self.plain);
    }

    /// Whether the frame is to be reported.
    pub fn is_on(&self) -> bool {
        self.level != Observe::Nothing
    }

    /// Payload bytes as they are on the wire.
    pub fn wire(&mut self, bytes: &[u8]) {
        self.frame.received += bytes.len() as u64;
        if self.level == Observe::Bytes {
            keep(bytes, self.most, &mut self.payload);
        }
    }

    /// The same bytes, unmasked. Not for compressed frames.
    pub fn unmasked(&mut self, bytes: &[u8]) {
        if self.level == Observe::Bytes && self.frame.header.mask.is_some() {
            keep(bytes, self.most, &mut self.plain);
        }
    }

    /// What a compressed frame has inflated to.
    pub fn inflated(&mut self, bytes: &[u8]) {
        if let Some(length) = &mut self.frame.inflated {
            *length += bytes.len() as u64;
        }
        if self.level == Observe::Bytes {
            keep(bytes, self.most, &mut self.plain);
        }
    }

    /// The frame as far as it has come.
    pub fn frame(&self) -> Frame<'_> {
        let is_plain = self.frame.header.mask.is_none() && self.frame.inflated.is_none();
        Frame {
            header_bytes: &self.header_bytes[..self.header_length],
            payload: &self.payload,
            plain: if is_plain { &self.payload } else { &self.plain },
            ..self.frame
        }
    }
}

fn keep(bytes: &[u8], most: usize, kept: &mut Vec<u8>) {
    let room = most.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Empties a buffer, and gives back what a huge frame took.
fn forget(kept: &mut Vec<u8>) {
    const MOST: usize = 1 << 20;
    kept.clear();
    kept.shrink_to(MOST);
}
