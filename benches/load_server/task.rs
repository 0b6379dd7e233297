//! What a client asks for in its request's path.

use std::str::FromStr;

use crate::flood::{Flood, Kind};

/// One connection's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// `/flood/COUNT/SIZE/text|binary|json[/deflate|/cut]`: so many messages of so many bytes, then Close.
    Flood {
        /// The messages.
        flood: Flood,
        /// Compressed, where the client offers it.
        compressed: bool,
        /// What follows Close.
        ending: Ending,
    },
    /// `/sink/BYTES[/deflate]`: takes messages until so many bytes of payload have come, says so in a text message, and closes.
    Sink {
        /// How many bytes.
        bytes: u64,
        /// Accept compressed messages.
        compressed: bool,
    },
    /// `/echo`: every message comes back as it was, until the client closes.
    Echo,
}

/// How a flood ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With the client's answer to Close.
    Answered,
    /// With the connection's end, for clients that answer no Close: curl.
    Cut,
}

impl Task {
    /// Whether permessage-deflate is to be accepted.
    pub fn compressed(self) -> bool {
        match self {
            Self::Flood { compressed, .. } | Self::Sink { compressed, .. } => compressed,
            Self::Echo => false,
        }
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let refused = || format!("no such task: {path}");
        let whole = path.strip_suffix("/cut");
        let ending = if whole.is_some() { Ending::Cut } else { Ending::Answered };
        let path = whole.unwrap_or(path);
        let plain = path.strip_suffix("/deflate");
        let compressed = plain.is_some();
        let words: Vec<&str> = plain.unwrap_or(path).split('/').skip(1).collect();
        match words[..] {
            ["echo"] if !compressed => Ok(Self::Echo),
            ["sink", bytes] => Ok(Self::Sink { bytes: bytes.parse().map_err(|_| refused())?, compressed }),
            ["flood", count, size, kind] => {
                let kind = match kind {
                    "text" => Kind::Text,
                    "binary" => Kind::Binary,
                    "json" => Kind::Json,
                    _ => return Err(refused()),
                };
                let count = count.parse().map_err(|_| refused())?;
                let size = size.parse().map_err(|_| refused())?;
                let flood = Flood::new(count, size, kind).ok_or_else(refused)?;
                Ok(Self::Flood { flood, compressed, ending })
            }
            _ => Err(refused()),
        }
    }
}
