//! Passwords and passphrases, asked for on the terminal itself, whatever stdin is.

use std::io::{self, ErrorKind, Read};

use crate::error::{Error, Phase, Result};
use crate::output::Outlet;
use crate::output::terminal::Device;

const INTERRUPT: u8 = 0x03;
const END_OF_FILE: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const DELETE: u8 = 0x7F;

/// Asks `question` ("Password of user: ") without showing what is typed. The terminal is left as it was, whatever
/// happens.
///
/// # Errors
/// When there is no terminal to ask on, or whoever sits there declines (Ctrl-C, Ctrl-D).
pub fn ask(question: &str) -> Result<String> {
    let subject = question.trim_end_matches([':', ' ']);
    let device = Device::open().map_err(|cause| {
        Error::new(Phase::Usage, format!("no terminal to ask on: {subject}"))
            .caused_by(cause)
            .hint("`@FILE` reads a secret from a file")
    })?;
    let failed = |cause| Error::new(Phase::Usage, format!("cannot ask: {subject}")).caused_by(cause);
    match ask_on(&device, question).map_err(failed)? {
        Some(bytes) => String::from_utf8(bytes)
            .map_err(|_| Error::new(Phase::Usage, format!("the answer is not UTF-8: {subject}"))),
        None => Err(Error::new(Phase::Usage, format!("not answered: {subject}"))),
    }
}

fn ask_on(device: &Device, question: &str) -> io::Result<Option<Vec<u8>>> {
    let quiet = Quiet::new(device)?;
    let mut outlet = device.outlet()?;
    outlet.write_all(question.as_bytes())?;
    let answer = read_line(device.file());
    drop(quiet);
    outlet.write_all(b"\n")?;
    answer
}

/// Echo is off while this lives.
struct Quiet<'a>(&'a Device);

impl<'a> Quiet<'a> {
    fn new(device: &'a Device) -> io::Result<Self> {
        device.calm()?;
        Ok(Self(device))
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Nothing better can be done about a terminal that is gone.
        let _ = self.0.restore();
    }
}

/// Reads keys up to Enter; `None` when there will be no answer.
fn read_line(mut keys: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut key = [0];
    loop {
        match keys.read(&mut key) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            b'\r' | b'\n' => return Ok(Some(line)),
            INTERRUPT => return Ok(None),
            END_OF_FILE if line.is_empty() => return Ok(None),
            BACKSPACE | DELETE => remove_character(&mut line),
            KILL_LINE => line.clear(),
            byte => line.push(byte),
        }
    }
}

/// The last character, with all its bytes.
fn remove_character(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<String> {
        read_line(keys).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_secret_can_be_corrected_while_it_is_typed() {
        assert_eq!(typed(b"secret\r").unwrap(), "secret");
        assert_eq!(typed("se\u{e9}\x7fcret\n".as_bytes()).unwrap(), "secret");
        assert_eq!(typed(b"wrong\x15right\r").unwrap(), "right");
        assert_eq!(typed(b"\x7f\r").unwrap(), "");
    }

    #[test]
    fn who_declines_gives_no_secret() {
        assert_eq!(typed(b"half\x03"), None);
        assert_eq!(typed(b"\x04"), None);
        assert_eq!(typed(b"half"), None);
    }
}
