//! The frame header (RFC 6455 section 5.2), read and written exactly as it is.

use super::{OpCode, mask};

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

/// A frame header, decoded without checking it.
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
    /// RSV1 among the reserved bits: of a message's first frame, the message is compressed (RFC 7692 section 6).
    pub const RSV1: u8 = 4;
    /// RSV2 among the reserved bits.
    pub const RSV2: u8 = 2;
    /// RSV3 among the reserved bits.
    pub const RSV3: u8 = 1;
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
        if let (LengthEncoding::Seven, Some([a, b, c, d])) = (self.length_encoding, self.mask) {
            // Most headers that a client sends, in one piece.
            output.extend_from_slice(&[first, mask | length[7] & 0x7F, a, b, c, d]);
            return;
        }
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

    /// `payload` as it is on the wire behind this header: masked, if that has a key.
    pub fn masked(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = payload.to_vec();
        if let Some(key) = self.mask {
            mask::apply(key, 0, &mut bytes);
        }
        bytes
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tungstenite::protocol::frame::FrameHeader;

    use super::*;
    use crate::wire::{Control, Data};

    const KEYS: [Option<[u8; 4]>; 2] = [None, Some([0x37, 0xFA, 0x21, 0x3D])];
    const LENGTHS: [u64; 10] = [0, 1, 0x7D, 0x7E, 0x7F, 0xFFFF, 0x1_0000, 0x1_0001, 1 << 32, u64::MAX >> 1];

    fn written(header: &Header) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        bytes
    }

    #[test]
    fn every_first_byte_and_length_agrees_with_tungstenite() {
        for first in 0..=0xFF {
            for (mask, length) in KEYS.into_iter().flat_map(|mask| LENGTHS.map(|length| (mask, length))) {
                let header = Header {
                    fin: first & 0x80 != 0,
                    rsv: first >> 4 & 0x7,
                    opcode: OpCode::from(first & 0x0F),
                    mask,
                    length,
                    length_encoding: LengthEncoding::shortest(length),
                };
                let theirs = FrameHeader {
                    is_final: header.fin,
                    rsv1: header.rsv & 0x4 != 0,
                    rsv2: header.rsv & 0x2 != 0,
                    rsv3: header.rsv & 0x1 != 0,
                    opcode: header.opcode,
                    mask,
                };
                let mut formatted = Vec::new();
                theirs.format(length, &mut formatted).unwrap();
                assert_eq!(written(&header), formatted);
                assert_eq!(header.wire_length(), theirs.len(length));
                assert_eq!(Header::read(&formatted), Some((header, formatted.len())));
                let is_reserved =
                    matches!(header.opcode, OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)));
                if is_reserved {
                    // Tungstenite refuses to parse these.
                    continue;
                }
                let parsed = FrameHeader::parse(&mut Cursor::new(&formatted)).unwrap();
                assert_eq!(parsed, Some((theirs, length)));
            }
        }
    }

    #[test]
    fn odd_lengths_are_read_as_they_are_and_written_again() {
        for (bytes, length, encoding) in [
            (&[0x81, 0x7E, 0x00, 0x00][..], 0, LengthEncoding::Sixteen),
            (&[0x81, 0x7E, 0x00, 0x7D], 0x7D, LengthEncoding::Sixteen),
            (&[0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 0xFFFF, LengthEncoding::SixtyFour),
            (&[0x81, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], 1 << 63, LengthEncoding::SixtyFour),
            (&[0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], u64::MAX, LengthEncoding::SixtyFour),
        ] {
            let (header, wire_length) = Header::read(bytes).unwrap();
            assert_eq!((header.length, header.length_encoding, wire_length), (length, encoding, bytes.len()));
            assert_eq!(written(&header), bytes);
        }
    }

    #[test]
    fn only_the_shortest_encoding_is_minimal() {
        for length in LENGTHS {
            for length_encoding in [LengthEncoding::Seven, LengthEncoding::Sixteen, LengthEncoding::SixtyFour] {
                let (header, _) = Header::read(&[0x81, 0x00]).unwrap();
                let header = Header { length, length_encoding, ..header };
                assert_eq!(header.is_minimal(), length_encoding == LengthEncoding::shortest(length));
            }
        }
    }

    #[test]
    fn an_incomplete_header_is_none() {
        let mut longest = vec![0x81, 0xFF];
        longest.resize(Header::LONGEST, 0x01);
        for length in 0..longest.len() {
            assert_eq!(Header::read(&longest[..length]), None);
        }
        assert_eq!(Header::read(&longest).unwrap().1, Header::LONGEST);
    }
}
