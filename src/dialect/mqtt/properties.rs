//! What packets are made of: integers, strings, and the properties of MQTT 5.

use std::ops::Range;

/// Why a packet cannot be read.
pub type Error = &'static str;

const SHORT: Error = "it ends too early";

/// Reads the parts of a packet, one after the other.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    body: &'a [u8],
    /// How many bytes have been read.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// Of what follows the fixed header.
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    /// The bytes that follow.
    pub fn rest(&self) -> &'a [u8] {
        &self.body[self.at..]
    }

    /// So many bytes.
    ///
    /// # Errors
    /// There are less, here and below.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let bytes = self.rest().get(..count).ok_or(SHORT)?;
        self.at += count;
        Ok(bytes)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Error> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    /// Two bytes, the high one first.
    pub fn short(&mut self) -> Result<u16, Error> {
        self.bytes(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Bytes behind their length in two bytes.
    pub fn binary(&mut self) -> Result<&'a [u8], Error> {
        let length = self.short()?;
        self.bytes(length.into())
    }

    /// UTF-8 behind its length in two bytes.
    pub fn text(&mut self) -> Result<&'a str, Error> {
        str::from_utf8(self.binary()?).map_err(|_| "a string that is not UTF-8")
    }

    /// An integer of one to four bytes, seven bits in each.
    pub fn variable(&mut self) -> Result<usize, Error> {
        let mut value = 0;
        for index in 0..4 {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("an integer of more than four bytes")
    }

    /// The properties (MQTT 5, section 2.2.2).
    pub fn properties(&mut self) -> Result<Properties, Error> {
        let length = self.variable()?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.body.len()).ok_or(SHORT)?;
        let mut reader = Reader { body: &self.body[..end], at: self.at };
        let mut properties = Properties::default();
        while reader.at < end {
            properties.read_one(&mut reader)?;
        }
        self.at = end;
        Ok(properties)
    }
}

/// The properties that an annotation has use for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Server keep alive, in seconds.
    pub keep_alive: Option<u16>,
    /// Assigned client identifier.
    pub client_id: Option<String>,
    /// Authentication method.
    pub method: Option<String>,
    /// Reason string.
    pub reason: Option<String>,
    /// Topic alias.
    pub alias: Option<u16>,
    /// Where the authentication data stand.
    pub secret: Option<Range<usize>>,
}

impl Properties {
    fn read_one(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        match reader.variable()? {
            1 | 23 | 25 | 36 | 37 | 40 | 41 | 42 => drop(reader.byte()?),
            19 => self.keep_alive = Some(reader.short()?),
            35 => self.alias = Some(reader.short()?),
            33 | 34 => drop(reader.short()?),
            2 | 17 | 24 | 39 => drop(reader.bytes(4)?),
            11 => drop(reader.variable()?),
            18 => self.client_id = Some(reader.text()?.to_owned()),
            21 => self.method = Some(reader.text()?.to_owned()),
            31 => self.reason = Some(reader.text()?.to_owned()),
            3 | 8 | 26 | 28 => drop(reader.text()?),
            9 => drop(reader.binary()?),
            22 => {
                let length = reader.binary()?.len();
                self.secret = Some(reader.at - length..reader.at);
            }
            38 => drop((reader.text()?, reader.text()?)),
            _ => return Err("an unknown property"),
        }
        Ok(())
    }
}
