//! Frames by the letter of RFC 6455 section 5.2, right or wrong as the scenario wants them.

/// RFC 6455 section 11.8.
pub mod opcode {
    pub const CONTINUATION: u8 = 0x0;
    pub const TEXT: u8 = 0x1;
    pub const BINARY: u8 = 0x2;
    pub const CLOSE: u8 = 0x8;
    pub const PING: u8 = 0x9;
    pub const PONG: u8 = 0xA;
}

/// One frame: unmasked, final and well-formed unless told otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub fin: bool,
    /// Three bits, RSV1 the highest: 4, 2, 1.
    pub rsv: u8,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    /// Unmasked.
    pub payload: Vec<u8>,
    length: Length,
}

/// How the length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Shortest,
    In16,
    In64,
    Declared(u64),
}

impl Frame {
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        Self { fin: true, rsv: 0, opcode, mask: None, payload: payload.as_ref().to_vec(), length: Length::Shortest }
    }

    pub fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::new(opcode::TEXT, payload)
    }

    pub fn binary(payload: impl AsRef<[u8]>) -> Self {
        Self::new(opcode::BINARY, payload)
    }

    pub fn continuation(payload: impl AsRef<[u8]>) -> Self {
        Self::new(opcode::CONTINUATION, payload)
    }

    pub fn ping(payload: impl AsRef<[u8]>) -> Self {
        Self::new(opcode::PING, payload)
    }

    pub fn pong(payload: impl AsRef<[u8]>) -> Self {
        Self::new(opcode::PONG, payload)
    }

    pub fn close(code: u16, reason: &str) -> Self {
        Self::new(opcode::CLOSE, [&code.to_be_bytes()[..], reason.as_bytes()].concat())
    }

    /// Clears FIN: more of the message follows.
    pub fn more(mut self) -> Self {
        self.fin = false;
        self
    }

    /// Without a mask: an echo from the server.
    pub fn unmasked(mut self) -> Self {
        self.mask = None;
        self
    }

    /// Sets the RSV bits: 4 is RSV1.
    pub fn rsv(mut self, bits: u8) -> Self {
        self.rsv = bits;
        self
    }

    /// Masks it.
    pub fn masked(mut self, key: [u8; 4]) -> Self {
        self.mask = Some(key);
        self
    }

    /// Announces a length that isn't the payload's.
    pub fn declaring(mut self, length: u64) -> Self {
        self.length = Length::Declared(length);
        self
    }

    /// Writes the length in 16 bits, needed or not.
    pub fn length_in_16_bits(mut self) -> Self {
        self.length = Length::In16;
        self
    }

    /// Writes the length in 64 bits, needed or not.
    pub fn length_in_64_bits(mut self) -> Self {
        self.length = Length::In64;
        self
    }

    /// The frame on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode];
        let mask_bit = u8::from(self.mask.is_some()) << 7;
        let length = match self.length {
            Length::Declared(length) => length,
            _ => self.payload.len() as u64,
        };
        match (self.length, u8::try_from(length), u16::try_from(length)) {
            (Length::Shortest | Length::Declared(_), Ok(short @ ..=125), _) => bytes.push(mask_bit | short),
            (Length::Shortest | Length::Declared(_) | Length::In16, _, Ok(medium)) => {
                bytes.push(mask_bit | 0x7E);
                bytes.extend(medium.to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 0x7F);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend(self.mask.iter().flatten());
        let start = bytes.len();
        bytes.extend_from_slice(&self.payload);
        apply_mask(&mut bytes[start..], self.mask);
        bytes
    }

    /// The first whole frame in `bytes`, and how many bytes it takes.
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let header = Header::parse(bytes)?;
        let payload = bytes[header.size..].get(..header.length)?;
        let mut frame = Self::new(header.opcode, payload).rsv(header.rsv);
        frame.fin = header.fin;
        frame.mask = header.mask;
        apply_mask(&mut frame.payload, header.mask);
        Some((frame, header.size + header.length))
    }

    /// The payload as text.
    #[track_caller]
    pub fn as_text(&self) -> &str {
        std::str::from_utf8(&self.payload).expect("the payload is UTF-8")
    }

    /// Code and reason of a Close frame (RFC 6455 section 5.5.1).
    #[track_caller]
    pub fn as_close(&self) -> (Option<u16>, String) {
        assert_eq!(self.opcode, opcode::CLOSE, "not a Close: {self:?}");
        let code = self.payload.first_chunk().map(|&code| u16::from_be_bytes(code));
        (code, String::from_utf8_lossy(self.payload.get(2..).unwrap_or_default()).into_owned())
    }
}

/// What stands before the payload.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    pub fin: bool,
    pub rsv: u8,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    /// Of the payload.
    pub length: usize,
    /// Of the header itself.
    pub size: usize,
}

impl Header {
    /// `None`: it isn't whole yet.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (length, rest) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), &rest[2..]),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), &rest[8..]),
            short => (u64::from(short), rest),
        };
        let (mask, rest) = match second >> 7 {
            0 => (None, rest),
            _ => (Some(*rest.first_chunk()?), &rest[4..]),
        };
        let length = usize::try_from(length).expect("the program sends what memory holds");
        let size = bytes.len() - rest.len();
        Some(Self { fin: first >> 7 == 1, rsv: first >> 4 & 0x7, opcode: first & 0x0F, mask, length, size })
    }
}

/// RFC 6455 section 5.3; the same both ways.
pub fn apply_mask(payload: &mut [u8], mask: Option<[u8; 4]>) {
    let Some(key) = mask else { return };
    let mut words = payload.chunks_exact_mut(4);
    for word in &mut words {
        let masked = u32::from_ne_bytes([word[0], word[1], word[2], word[3]]) ^ u32::from_ne_bytes(key);
        word.copy_from_slice(&masked.to_ne_bytes());
    }
    words.into_remainder().iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
}

#[test]
fn frames_are_written_as_the_rfc_shows_them() {
    // RFC 6455 section 5.7.
    assert_eq!(Frame::text("Hello").bytes(), b"\x81\x05Hello");
    let masked = Frame::text("Hello").masked([0x37, 0xFA, 0x21, 0x3D]);
    assert_eq!(masked.bytes(), b"\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58");
    assert_eq!(Frame::parse(&masked.bytes()), Some((masked, 11)));
    assert_eq!(Frame::text("Hel").more().bytes(), b"\x01\x03Hel");
    assert_eq!(Frame::continuation("lo").bytes(), b"\x80\x02lo");
    assert_eq!(Frame::binary([0; 256]).bytes()[..4], *b"\x82\x7E\x01\x00");
    assert_eq!(Frame::binary(vec![0; 65536]).bytes()[..10], *b"\x82\x7F\0\0\0\0\0\x01\0\0");
    assert_eq!(Frame::text("hi").length_in_64_bits().bytes(), b"\x81\x7F\0\0\0\0\0\0\0\x02hi");
    assert_eq!(Frame::close(1001, "bye").bytes(), b"\x88\x05\x03\xE9bye");
}
