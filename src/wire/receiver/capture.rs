//! The copy of a frame that is kept where frames are observed.

use crate::wire::{Frame, Header, Observe, Position};

/// The capacity that a buffer keeps from one frame to the next, at most.
const KEPT_CAPACITY: usize = 1 << 20;

/// Keeps a copy of the frame that is being read, as much of it as [`Observe`] asks for.
#[derive(Debug)]
pub struct FrameCapture {
    level: Observe,
    /// The most bytes of a payload that are kept.
    most: usize,
    frame: Option<CapturedFrame>,
    payload: Vec<u8>,
    inflation: Vec<u8>,
}

#[derive(Debug)]
struct CapturedFrame {
    header: Header,
    header_bytes: [u8; Header::LONGEST],
    offset: u64,
    position: Position,
    inflated: Option<u64>,
    received: u64,
}

impl FrameCapture {
    pub fn new(most: u64) -> Self {
        Self {
            level: Observe::Nothing,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            frame: None,
            payload: Vec::new(),
            inflation: Vec::new(),
        }
    }

    /// Bytes of memory that are reserved.
    pub fn capacity(&self) -> usize {
        self.payload.capacity() + self.inflation.capacity()
    }

    /// A frame begins.
    pub fn begin(&mut self, level: Observe, header: Header, header_bytes: &[u8], offset: u64) {
        self.level = level;
        self.frame = None;
        if level == Observe::Nothing {
            return;
        }
        let captured = self.frame.insert(CapturedFrame {
            header,
            header_bytes: [0; Header::LONGEST],
            offset,
            position: if header.fin || header.is_control() { Position::Whole } else { Position::First },
            inflated: None,
            received: 0,
        });
        captured.header_bytes[..header_bytes.len()].copy_from_slice(header_bytes);
        for kept in [&mut self.payload, &mut self.inflation] {
            kept.clear();
            kept.shrink_to(KEPT_CAPACITY);
        }
    }

    /// The frame belongs to a message, at this position.
    pub fn place(&mut self, position: Position, is_compressed: bool) {
        if let Some(captured) = &mut self.frame {
            captured.position = position;
            captured.inflated = is_compressed.then_some(0);
        }
    }

    /// Payload bytes as they are on the wire.
    pub fn wire(&mut self, bytes: &[u8]) {
        let Some(captured) = &mut self.frame else { return };
        captured.received += bytes.len() as u64;
        if self.level == Observe::Bytes {
            keep(bytes, self.most, &mut self.payload);
        }
    }

    /// What compressed bytes have inflated to.
    pub fn inflated(&mut self, bytes: &[u8]) {
        let Some(CapturedFrame { inflated: Some(length), .. }) = &mut self.frame else { return };
        *length += bytes.len() as u64;
        if self.level == Observe::Bytes {
            keep(bytes, self.most, &mut self.inflation);
        }
    }

    /// Whether there is a frame to report.
    pub fn is_on(&self) -> bool {
        self.frame.is_some()
    }

    /// The frame as far as it has come.
    pub fn frame(&self) -> Option<Frame<'_>> {
        let CapturedFrame { header, header_bytes, offset, position, inflated, received } = self.frame.as_ref()?;
        Some(Frame {
            header: *header,
            header_bytes: &header_bytes[..header.wire_length()],
            offset: *offset,
            position: *position,
            payload: &self.payload,
            inflation: &self.inflation,
            inflated: *inflated,
            received: *received,
        })
    }
}

fn keep(bytes: &[u8], most: usize, kept: &mut Vec<u8>) {
    let room = most.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}
