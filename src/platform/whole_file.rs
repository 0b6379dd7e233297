//! Reads a file, or another input, as a whole, and never more of it than a limit.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The largest file that is read as a whole and is no message, in bytes: a script, certificates, headers, a secret.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// The content of the file, which has at most 16 MiB.
///
/// # Errors
/// The error of the system call; `FileTooLarge`, if it has more.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_all(File::open(path)?)
}

/// The same as text.
///
/// # Errors
/// Those of [`read_file`]; `InvalidData`, if it is not UTF-8.
pub fn read_text_file(path: &Path) -> io::Result<String> {
    text(read_file(path)?)
}

/// All of an input of text that has no name, with the same limit.
pub(super) fn read_all_text(input: impl Read) -> io::Result<String> {
    text(read_all(input)?)
}

/// All of `input`, which has at most `most` bytes.
///
/// # Errors
/// The error of the system call; `FileTooLarge`, if it has more.
pub fn read_at_most(most: u64, input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// All of `input`, which has at most 16 MiB.
///
/// # Errors
/// The error of the system call; `FileTooLarge`, if it has more.
pub fn read_all(input: impl Read) -> io::Result<Vec<u8>> {
    read_at_most(LARGEST_FILE, input)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_limit() {
        assert_eq!(read_at_most(3, &b"abc"[..]).unwrap(), b"abc");
        assert_eq!(read_at_most(2, &b"abc"[..]).unwrap_err().kind(), ErrorKind::FileTooLarge);
        let endless = read_file(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(endless.to_string(), "it has more than 16777216 bytes");
    }

    #[test]
    fn text_is_utf8() {
        assert_eq!(read_all_text("é".as_bytes()).unwrap(), "é");
        assert_eq!(read_all_text(&b"\xff"[..]).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
