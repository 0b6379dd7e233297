//! Messages that are compressed as a whole.

use std::io::{self, Read};

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use super::stream::{FLUSH, Format, Inflater, Lost, ZSTD_MAGIC, is_zlib};
use super::{Decoded, Description, Failure, content};
use crate::wire::Kind;

/// gzip (RFC 1952).
pub const GZIP: Description = Description {
    name: "gzip",
    title: "gzip",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.starts_with(&GZIP_MAGIC)),
    decode: |payload| {
        if !payload.starts_with(&GZIP_MAGIC) {
            return Err("it does not begin so, at byte 0".into());
        }
        let mut rest = payload;
        inflated(MultiGzDecoder::new(&mut rest)).map_err(|error| Failure::Broken(fault(&error, payload, rest)))
    },
};

/// What a member of gzip begins with: its two bytes, and deflate (RFC 1952 section 2.3.1).
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// zlib (RFC 1950).
pub const ZLIB: Description = Description {
    name: "zlib",
    title: "zlib",
    kind: Kind::Binary,
    is_sign: Some(|payload| is_zlib(payload) && !payload.ends_with(&FLUSH)),
    decode: |payload| {
        if !is_zlib(payload) {
            return Err("it does not begin so, at byte 0".into());
        }
        let mut rest = payload;
        inflated(ZlibDecoder::new(&mut rest)).map_err(|error| Failure::Other(fault(&error, payload, rest)))
    },
};

/// Zstandard (RFC 8878).
pub const ZSTD: Description = Description {
    name: "zstd",
    title: "zstd",
    kind: Kind::Binary,
    is_sign: Some(|payload| payload.starts_with(&ZSTD_MAGIC)),
    decode: |payload| {
        if !payload.starts_with(&ZSTD_MAGIC) {
            return Err("no frame begins, at byte 0".into());
        }
        let mut inner = Vec::new();
        match Inflater::new(Format::Zstd).inflate(payload, MOST, &mut inner, &mut 0) {
            Ok(true) => Ok(content(&inner, true).into()),
            Ok(false) => Ok(format!("unfinished, {}", content(&inner, true)).into()),
            Err(Lost::TooMuch) => Ok(content(&inner, false).into()),
            Err(lost) => Err(lost.into()),
        }
    },
};

/// So much of what was compressed is looked at, in bytes.
pub const MOST: usize = 1024 * 1024;

fn inflated(decoder: impl Read) -> io::Result<Decoded> {
    let mut inner = Vec::new();
    let limit = u64::try_from(MOST).unwrap_or(u64::MAX);
    decoder.take(limit).read_to_end(&mut inner)?;
    let is_all = inner.len() < MOST;
    Ok(content(&inner, is_all).into())
}

/// Why `payload` cannot be inflated, of which `rest` was not read.
fn fault(error: &io::Error, payload: &[u8], rest: &[u8]) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("it is cut short, at byte {}", payload.len()),
        _ => format!("it is damaged before byte {}", payload.len() - rest.len()),
    }
}
