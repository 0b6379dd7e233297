//! Messages that are compressed as a whole.

use std::io::{self, Read};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::{Decoded, Description, Failure, content, zlib_stream};
use crate::wire::Kind;

/// gzip (RFC 1952).
pub const GZIP: Description = Description {
    name: "gzip",
    title: "gzip",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.starts_with(&GZIP_MAGIC)),
    decode: |payload| match inflated(MultiGzDecoder::new(payload)) {
        Err(_) if payload.starts_with(&GZIP_MAGIC) => Err(Failure::Incomplete(DAMAGED)),
        result => result,
    },
};

/// What a member of gzip begins with: its two bytes, and deflate (RFC 1952 section 2.3.1).
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// zlib (RFC 1950).
pub const ZLIB: Description = Description {
    name: "zlib",
    title: "zlib",
    kind: Kind::Binary,
    is_sign: Some(|payload| zlib_stream::is_header(payload) && !payload.ends_with(&zlib_stream::FLUSH)),
    decode: |payload| inflated(ZlibDecoder::new(payload)),
};

/// Zstandard (RFC 8878).
pub const ZSTD: Description = Description {
    name: "zstd",
    title: "zstd",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])),
    decode: |payload| {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        let frame =
            StreamingDecoder::new_with_decoder(payload, decoder).map_err(|error| Failure::Other(error.to_string()))?;
        inflated(frame).map_err(|failure| match failure {
            // What an unfinished frame holds is not given out by the library.
            Failure::Other(_) => Failure::Incomplete("a frame that does not end here (a stream?), or is damaged"),
            incomplete @ Failure::Incomplete(_) => incomplete,
        })
    },
};

/// What is said of what surely is compressed, and cannot be read.
const DAMAGED: &str = "it is cut short, or damaged";

/// So much of what was compressed is looked at, in bytes.
pub const MOST: usize = 1024 * 1024;

/// The largest window of a frame of zstd, in bytes.
const LARGEST_WINDOW: u64 = 8 * 1024 * 1024;

fn inflated(decoder: impl Read) -> Result<Decoded, Failure> {
    let mut inner = Vec::new();
    let limit = u64::try_from(MOST).unwrap_or(u64::MAX);
    decoder.take(limit).read_to_end(&mut inner).map_err(|error: io::Error| Failure::Other(error.to_string()))?;
    let is_all = inner.len() < MOST;
    Ok(content(&inner, is_all).into())
}
