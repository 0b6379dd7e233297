//! permessage-deflate (RFC 7692).

mod compressor;
mod inflater;
mod offer;
mod window_check;

pub use compressor::Compressor;
pub use inflater::{Excess, Inflated, Inflater};
pub(super) use offer::EXTENSION;
pub use offer::{ClientWindow, DeflateOffer};

/// What a sync flush ends with, and a compressed message goes without (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Bytes that come out of zlib at a time.
const CHUNK: usize = 32 * 1024;

/// The growth of one of zlib's totals in one call; a slice's length, so it fits.
fn count(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

/// What client and server agreed on (RFC 7692 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeflateParameters {
    /// Base-2 logarithm of the window that the client compresses with, 8 to 15.
    pub client_max_window_bits: u8,
    /// Base-2 logarithm of the window that the server compresses with, 8 to 15.
    pub server_max_window_bits: u8,
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
}

impl Default for DeflateParameters {
    /// The parameters of an answer that names none.
    fn default() -> Self {
        Self {
            client_max_window_bits: 15,
            server_max_window_bits: 15,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
        }
    }
}

#[cfg(test)]
mod tests;
