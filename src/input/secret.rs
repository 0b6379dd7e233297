//! Asks for passwords and passphrases on the terminal itself, even if stdin is something else.

use std::io::{self, ErrorKind, Read};

use crate::error::{Error, Phase, Result};
use crate::output::Output;
use crate::output::terminal::Device;
use crate::platform;

const INTERRUPT: u8 = 0x03;
const END_OF_FILE: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const SUSPEND: u8 = 0x1A;
const DELETE: u8 = 0x7F;

/// Asks `question` ("Password of user: ") without showing what is typed. The terminal gets its modes back in every
/// case.
///
/// # Errors
/// [`Phase::Usage`], if there is no terminal, if the process is in its background, if reading or writing it fails, if the answer is not UTF-8, or if the
/// user answers with Ctrl-C or Ctrl-D.
pub fn ask(question: &str) -> Result<String> {
    let subject = question.trim_end_matches([':', ' ']);
    let device = Device::open().map_err(|cause| {
        Error::new(Phase::Usage, format!("no terminal to ask on: {subject}"))
            .caused_by(cause)
            .hint("`@FILE` reads a secret from a file")
    })?;
    if !device.is_in_foreground() {
        return Err(Error::new(Phase::Usage, format!("cannot ask in the background: {subject}"))
            .hint("`@FILE` reads a secret from a file"));
    }
    let failed = |cause| Error::new(Phase::Usage, format!("cannot ask: {subject}")).caused_by(cause);
    let again = question.to_owned();
    let redraw = move |device: &Device| {
        // This fails only if the terminal is gone.
        let _ = device.output().and_then(|mut output| output.write_all(again.as_bytes()));
    };
    device.watch_signals(redraw).map_err(failed)?;
    loop {
        match ask_on(&device, question).map_err(failed)? {
            TypedSecret::Given(bytes) => {
                return String::from_utf8(bytes)
                    .map_err(|_| Error::new(Phase::Usage, format!("the answer is not UTF-8: {subject}")));
            }
            TypedSecret::Suspended => platform::suspend(),
            answer @ (TypedSecret::Interrupted | TypedSecret::Declined) => {
                if answer == TypedSecret::Interrupted {
                    // No session is open yet, so Ctrl-C ends the process.
                    platform::interrupt();
                }
                return Err(Error::new(Phase::Usage, format!("not answered: {subject}")));
            }
        }
    }
}

/// How the user answered.
#[derive(Debug, PartialEq, Eq)]
enum TypedSecret {
    Given(Vec<u8>),
    /// Ctrl-D on an empty line, or the end of the terminal's input.
    Declined,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-Z: the caller must ask again after the process continues.
    Suspended,
}

fn ask_on(device: &Device, question: &str) -> io::Result<TypedSecret> {
    let echo_off = EchoOff::new(device)?;
    let mut output = device.output()?;
    output.write_all(question.as_bytes())?;
    let answer = read_line(device.file());
    drop(echo_off);
    output.write_all(b"\n")?;
    answer
}

/// Switches the echo of the terminal off, and on again when it is dropped.
struct EchoOff<'a>(&'a Device);

impl<'a> EchoOff<'a> {
    fn new(device: &'a Device) -> io::Result<Self> {
        device.set_raw()?;
        Ok(Self(device))
    }
}

impl Drop for EchoOff<'_> {
    fn drop(&mut self) {
        // This fails only if the terminal is gone, and then there is nothing to restore.
        let _ = self.0.restore();
    }
}

/// Reads keys up to Enter, Ctrl-C, Ctrl-Z or Ctrl-D.
fn read_line(mut keys: impl Read) -> io::Result<TypedSecret> {
    let mut line = Vec::new();
    let mut key = [0];
    loop {
        match keys.read(&mut key) {
            Ok(0) => return Ok(TypedSecret::Declined),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            b'\r' | b'\n' => return Ok(TypedSecret::Given(line)),
            INTERRUPT => return Ok(TypedSecret::Interrupted),
            SUSPEND => return Ok(TypedSecret::Suspended),
            END_OF_FILE if line.is_empty() => return Ok(TypedSecret::Declined),
            BACKSPACE | DELETE => remove_character(&mut line),
            KILL_LINE => line.clear(),
            byte => line.push(byte),
        }
    }
}

/// Removes the last character, with all bytes of its UTF-8 encoding.
fn remove_character(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> TypedSecret {
        read_line(keys).unwrap()
    }

    fn given(text: &str) -> TypedSecret {
        TypedSecret::Given(text.into())
    }

    #[test]
    fn a_secret_can_be_corrected_while_it_is_typed() {
        assert_eq!(typed(b"secret\r"), given("secret"));
        assert_eq!(typed("se\u{e9}\x7fcret\n".as_bytes()), given("secret"));
        assert_eq!(typed(b"wrong\x15right\r"), given("right"));
        assert_eq!(typed(b"\x7f\r"), given(""));
    }

    #[test]
    fn keys_that_decline_give_no_secret() {
        assert_eq!(typed(b"half\x03"), TypedSecret::Interrupted);
        assert_eq!(typed(b"half\x1A"), TypedSecret::Suspended);
        assert_eq!(typed(b"\x04"), TypedSecret::Declined);
        assert_eq!(typed(b"half"), TypedSecret::Declined);
    }
}
