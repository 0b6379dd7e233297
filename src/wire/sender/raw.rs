//! A frame's header under exact control, for breaking rules on purpose.

use super::SendError;
use crate::wire::{Header, LengthEncoding, OpCode};

/// A header that goes out exactly as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawHeader {
    /// The FIN bit.
    pub fin: bool,
    /// The reserved bits: 4 is RSV1, 2 is RSV2, 1 is RSV3. Higher bits are ignored.
    pub rsv: u8,
    /// The opcode, 0x0 to 0xF. Higher bits are ignored.
    pub opcode: u8,
    /// Whether and how to mask.
    pub mask: RawMask,
    /// The length to announce; `None` is the payload's own.
    pub declared_length: Option<u64>,
    /// How to encode the length; `None` is the shortest way.
    pub length_encoding: Option<LengthEncoding>,
}

impl Default for RawHeader {
    /// That of a whole text message.
    fn default() -> Self {
        Self { fin: true, rsv: 0, opcode: 0x1, mask: RawMask::Random, declared_length: None, length_encoding: None }
    }
}

/// How a raw frame is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawMask {
    /// As any frame of the sender: a client takes a key from its [`MaskSource`](super::MaskSource), a server does not
    /// mask.
    Random,
    /// With this key, whatever the role.
    Key([u8; 4]),
    /// Not at all, whatever the role.
    None,
}

impl RawHeader {
    /// What it comes to before a payload of so many bytes.
    pub(super) fn header(
        &self,
        payload_length: usize,
        usual_key: impl FnOnce() -> Option<[u8; 4]>,
    ) -> Result<Header, SendError> {
        let length = self.declared_length.unwrap_or(payload_length as u64);
        let length_encoding = self.length_encoding.unwrap_or(LengthEncoding::shortest(length));
        if length > length_encoding.largest() {
            return Err(SendError::Length(length));
        }
        let mask = match self.mask {
            RawMask::Random => usual_key(),
            RawMask::Key(key) => Some(key),
            RawMask::None => None,
        };
        let opcode = OpCode::from(self.opcode & 0x0F);
        Ok(Header { fin: self.fin, rsv: self.rsv & 0x7, opcode, mask, length, length_encoding })
    }
}
