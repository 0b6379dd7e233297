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

impl LengthEncoding {
    /// The encoding that RFC 6455 section 5.2 demands: the shortest that can hold `length`.
    pub fn shortest(length: u64) -> Self {
        match length {
            0..=0x7D => Self::Seven,
            0x7E..=0xFFFF => Self::Sixteen,
            _ => Self::SixtyFour,
        }
    }

    /// The largest length that it can hold.
    pub fn largest(self) -> u64 {
        match self {
            Self::Seven => 0x7D,
            Self::Sixteen => 0xFFFF,
            Self::SixtyFour => u64::MAX,
        }
    }

    /// Bytes that follow the second byte of the header.
    fn extended_bytes(self) -> usize {
        match self {
            Self::Seven => 0,
            Self::Sixteen => 2,
            Self::SixtyFour => 8,
        }
    }
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

impl Header {
    /// The most bytes that a header takes.
    pub const LONGEST: usize = 14;

    /// Reads a header from the front of `bytes` and says how many bytes it took; `None` when it is not complete.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let &[first, second, ref rest @ ..] = bytes else { return None };
        let (length, length_encoding, rest) = match second & 0x7F {
            0x7E => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*length)), LengthEncoding::Sixteen, rest)
            }
            0x7F => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*length), LengthEncoding::SixtyFour, rest)
            }
            length => (u64::from(length), LengthEncoding::Seven, rest),
        };
        let mask = if second & 0x80 == 0 { None } else { Some(*rest.first_chunk()?) };
        let header = Self {
            fin: first & 0x80 != 0,
            rsv: first >> 4 & 0x7,
            opcode: OpCode::from(first & 0x0F),
            mask,
            length,
            length_encoding,
        };
        Some((header, header.wire_length()))
    }

    /// How many bytes the header takes on the wire.
    #[inline]
    pub fn wire_length(&self) -> usize {
        2 + self.length_encoding.extended_bytes() + if self.mask.is_some() { 4 } else { 0 }
    }

    /// Appends the header's bytes. A length that is too large for the encoding loses its upper bits.
    #[inline]
    pub fn write(&self, output: &mut Vec<u8>) {
        let fin = if self.fin { 0x80 } else { 0 };
        let mask = if self.mask.is_some() { 0x80 } else { 0 };
        let first = fin | (self.rsv & 0x7) << 4 | u8::from(self.opcode) & 0x0F;
        let length = self.length.to_be_bytes();
        match self.length_encoding {
            LengthEncoding::Seven => output.extend_from_slice(&[first, mask | length[7] & 0x7F]),
            LengthEncoding::Sixteen => output.extend_from_slice(&[first, mask | 0x7E, length[6], length[7]]),
            LengthEncoding::SixtyFour => {
                output.extend_from_slice(&[first, mask | 0x7F]);
                output.extend_from_slice(&length);
            }
        }
        if let Some(key) = self.mask {
            output.extend_from_slice(&key);
        }
    }

    /// Whether the length takes no more bytes than it needs, as section 5.2 demands.
    #[inline]
    pub fn is_minimal(&self) -> bool {
        self.length_encoding == LengthEncoding::shortest(self.length)
    }

    /// Whether this is a control frame (section 5.5), reserved ones included.
    #[inline]
    pub fn is_control(&self) -> bool {
        matches!(self.opcode, OpCode::Control(_))
    }
}
