//! Passwords and passphrases, asked for on the terminal itself, whatever stdin is.

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
    loop {
        match ask_on(&device, question).map_err(failed)? {
            Answer::Given(bytes) => {
                return String::from_utf8(bytes)
                    .map_err(|_| Error::new(Phase::Usage, format!("the answer is not UTF-8: {subject}")));
            }
            Answer::Suspended => platform::suspend(),
            answer @ (Answer::Interrupted | Answer::Declined) => {
                if answer == Answer::Interrupted {
                    // There is no session yet, and so nothing to end but the program.
                    platform::interrupt();
                }
                return Err(Error::new(Phase::Usage, format!("not answered: {subject}")));
            }
        }
    }
}

/// What comes of a question.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Given(Vec<u8>),
    /// Ctrl-D, or there is nobody.
    Declined,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-Z: it is to be asked again.
    Suspended,
}

fn ask_on(device: &Device, question: &str) -> io::Result<Answer> {
    let quiet = Quiet::new(device)?;
    let mut output = device.output()?;
    output.write_all(question.as_bytes())?;
    let answer = read_line(device.file());
    drop(quiet);
    output.write_all(b"\n")?;
    answer
}

/// Echo is off while this lives.
struct Quiet<'a>(&'a Device);

impl<'a> Quiet<'a> {
    fn new(device: &'a Device) -> io::Result<Self> {
        device.set_raw()?;
        Ok(Self(device))
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Nothing better can be done about a terminal that is gone.
        let _ = self.0.restore();
    }
}

/// Reads keys up to Enter, or to one that gives no answer.
fn read_line(mut keys: impl Read) -> io::Result<Answer> {
    let mut line = Vec::new();
    let mut key = [0];
    loop {
        match keys.read(&mut key) {
            Ok(0) => return Ok(Answer::Declined),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            b'\r' | b'\n' => return Ok(Answer::Given(line)),
            INTERRUPT => return Ok(Answer::Interrupted),
            SUSPEND => return Ok(Answer::Suspended),
            END_OF_FILE if line.is_empty() => return Ok(Answer::Declined),
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

    fn typed(keys: &[u8]) -> Answer {
        read_line(keys).unwrap()
    }

    fn given(text: &str) -> Answer {
        Answer::Given(text.into())
    }

    #[test]
    fn a_secret_can_be_corrected_while_it_is_typed() {
        assert_eq!(typed(b"secret\r"), given("secret"));
        assert_eq!(typed("se\u{e9}\x7fcret\n".as_bytes()), given("secret"));
        assert_eq!(typed(b"wrong\x15right\r"), given("right"));
        assert_eq!(typed(b"\x7f\r"), given(""));
    }

    #[test]
    fn who_declines_gives_no_secret() {
        assert_eq!(typed(b"half\x03"), Answer::Interrupted);
        assert_eq!(typed(b"half\x1A"), Answer::Suspended);
        assert_eq!(typed(b"\x04"), Answer::Declined);
        assert_eq!(typed(b"half"), Answer::Declined);
    }
}
