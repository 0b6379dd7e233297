//! The PAYLOAD argument of `/binary` and `/frame`.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use super::input_error;
use super::path::path;
use crate::diagnosis::Diagnosis;
use crate::error::{Error, Result};
use crate::platform::{open_regular_file, read_at_most};

/// Bytes, or the file that holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The bytes themselves.
    Bytes(Vec<u8>),
    /// `@FILE`: the content that the file has when [`load`](Self::load) is called.
    File(PathBuf),
}

/// Which files messages and scripts may be read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKinds {
    /// All that can be read. A FIFO is waited for.
    Any,
    /// Regular files, which are never waited for.
    Regular,
}

impl FileKinds {
    /// Opens a file to read it.
    ///
    /// # Errors
    /// The error of the system call; `InvalidInput`, if it is none of these.
    pub(super) fn open(self, path: &Path) -> io::Result<File> {
        match self {
            Self::Any => File::open(path),
            Self::Regular => open_regular_file(path),
        }
    }
}

impl Payload {
    /// Parses hex (spaces are allowed), a JSON string, `@FILE`, `base64:…`, or an empty text.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), if `text` is none of these. The message says what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some(name) = text.strip_prefix('@') {
            return match name {
                "" => Err(input_error("`@` wants the name of a file")),
                name => Ok(Self::File(path(name))),
            };
        }
        if text.starts_with('"') {
            let string: String =
                serde_json::from_str(text).map_err(|cause| input_error("not a JSON string").caused_by(cause))?;
            return Ok(Self::Bytes(string.into_bytes()));
        }
        match text.strip_prefix("base64:") {
            Some(encoded) => base64(encoded).map(Self::Bytes),
            None => hex(text).map(Self::Bytes).map_err(|error| {
                error.hint("a payload is hex, a JSON string in quotes, `@FILE`, or `base64:` and Base64")
            }),
        }
    }

    /// The bytes. A [`File`](Self::File) is read now.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), if the file cannot be read, is not of `kinds`, or holds more than
    /// `most` bytes.
    pub fn load(self, kinds: FileKinds, most: u64) -> Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::File(path) => read(&path, kinds, most),
        }
    }
}

/// The content of a file that becomes a message.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if the file cannot be read, is not of `kinds`, or holds more than `most`
/// bytes.
pub fn read(path: &Path, kinds: FileKinds, most: u64) -> Result<Vec<u8>> {
    let name = path.display().to_string();
    let read = kinds.open(path).and_then(|file| read_at_most(most, file));
    read.map_err(|cause| match cause.kind() {
        ErrorKind::FileTooLarge => too_long(&format!("`{name}`"), most),
        _ => unreadable(&name, cause),
    })
}

/// The error for input that is longer than a message may be.
pub(super) fn too_long(what: &str, most: u64) -> Error {
    input_error(format!("{what} is longer than a message may be, {most} bytes")).diagnosed(Diagnosis::InputTooLong)
}

/// The error for a file that cannot be read.
pub(super) fn unreadable(path: &str, cause: io::Error) -> Error {
    input_error(format!("cannot read `{path}`")).caused_by(cause)
}

/// Decodes hex digits, upper or lower case, with white space anywhere.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if the number of digits is odd, or a character is no hex digit.
pub(super) fn hex(text: &str) -> Result<Vec<u8>> {
    let digits: String = text.split_whitespace().collect();
    if let Some(odd_one) = digits.chars().find(|character| !character.is_ascii_hexdigit()) {
        return Err(input_error(format!("`{odd_one}` is not a hex digit")));
    }
    HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .map_err(|_| input_error(format!("an odd number of hex digits ({})", digits.len())))
}

/// Decodes Base64 with the usual alphabet or the one for URLs, padded or not, with white space anywhere.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if `text` is no Base64.
pub(super) fn base64(text: &str) -> Result<Vec<u8>> {
    let mut symbols: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        })
        .collect();
    while !symbols.len().is_multiple_of(4) {
        symbols.push(b'=');
    }
    BASE64.decode(&symbols).map_err(|cause| input_error("not Base64").caused_by(cause))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        Payload::parse(text).unwrap().load(FileKinds::Any, 1000).unwrap()
    }

    #[test]
    fn every_notation_gives_its_bytes() {
        assert_eq!(bytes(""), b"");
        assert_eq!(bytes("00 fF\t7a"), [0x00, 0xff, 0x7a]);
        assert_eq!(bytes(r#""a\n\u00e9""#), "a\né".as_bytes());
        assert_eq!(bytes("base64:AAEC/w=="), [0, 1, 2, 255]);
        assert_eq!(bytes("base64:AAEC_w"), [0, 1, 2, 255]);
    }

    #[test]
    fn a_file_is_read_when_it_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a file");
        let payload = Payload::parse(&format!("@{}", path.display())).unwrap();
        fs::write(&path, [1, 2, 3]).unwrap();
        assert_eq!(payload.clone().load(FileKinds::Regular, 3).unwrap(), [1, 2, 3]);
        assert!(
            payload.load(FileKinds::Any, 2).unwrap_err().to_string().contains("longer than a message may be, 2 bytes")
        );
    }

    #[test]
    fn mistakes_say_what_is_wrong() {
        let message = |text: &str| Payload::parse(text).unwrap_err().to_string();
        assert_eq!(message("abc"), "an odd number of hex digits (3)");
        assert_eq!(message("hello"), "`h` is not a hex digit");
        assert_eq!(message(r#""open"#), "not a JSON string");
        assert_eq!(message("base64:a"), "not Base64");
        assert_eq!(message("@"), "`@` wants the name of a file");
    }
}
