//! The frame header (RFC 6455 section 5.2), read and written exactly as it is.

use super::OpCode;

/// Which of the three encodings of the payload length a header uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthEncoding {
    /// 7 bits: up to 125.
    Seven,
    /// 7+16 bits.
    Sixteen,
    /// 7+64 bits; the most significant bit must be 0.
    SixtyFour,
}

/// A frame header, decoded without judging it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Final fragment of a message.
    pub fin: bool,
    /// The reserved bits: 4 is RSV1, 2 is RSV2, 1 is RSV3.
    pub rsv: u8,
    /// What the payload is.
    pub opcode: OpCode,
    /// The masking key, when the mask bit is set.
    pub mask: Option<[u8; 4]>,
    /// Payload length in bytes, as announced.
    pub length: u64,
    /// How the length is encoded.
    pub length_encoding: LengthEncoding,
}
