//! The frame whose payload is being read.

use crate::wire::{Finding, Header};

/// A frame whose header has been read.
#[derive(Debug)]
pub struct Incoming {
    pub header: Header,
    /// Where it begins in the stream.
    pub offset: u64,
    /// Where its payload goes.
    pub destination: Destination,
    /// Payload bytes that have been used.
    pub taken: u64,
    /// Payload bytes that have been captured and, in the buffer, unmasked.
    pub prepared: u64,
    /// Breaches that did not end the stream; reported after the frame.
    pub findings: Vec<Finding>,
}

/// What becomes of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The message that is being put together.
    Message,
    /// A Ping, Pong or Close.
    Control,
    /// Nothing: the frame has no meaning, or comes after Close.
    Dropped,
}

impl Incoming {
    pub fn new(header: Header, offset: u64) -> Self {
        Self { header, offset, destination: Destination::Dropped, taken: 0, prepared: 0, findings: Vec::new() }
    }

    /// The header as it was on the wire.
    pub fn header_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Header::LONGEST);
        self.header.write(&mut bytes);
        bytes
    }

    /// Payload bytes that have not been used.
    pub fn remaining(&self) -> u64 {
        self.header.length - self.taken
    }
}
