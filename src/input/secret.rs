//! Asks for passwords and passphrases, and for the names that go with them, on the terminal itself, even if stdin is
//! something else.

use std::io::{self, ErrorKind, Read};

use crate::error::{Error, Phase, Result};
use crate::output::Output;
use crate::output::escape;
use crate::output::terminal::{Device, RequestEnds};
use crate::platform;

const INTERRUPT: u8 = 0x03;
const END_OF_FILE: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const SUSPEND: u8 = 0x1A;
const DELETE: u8 = 0x7F;

/// Clears the line in which the cursor is.
const CLEAR_LINE: &str = "\r\x1b[K";

/// What the user answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// This, perhaps nothing.
    Given(String),
    /// Ctrl-D, or the end of the terminal's input.
    Declined,
    /// Ctrl-C.
    Interrupted,
}

/// Whether what is typed is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// It is.
    Shown,
    /// It is a secret.
    Hidden,
}

/// Asks `question` ("Password of user: ") without showing what is typed, before any session is open: Ctrl-C ends the
/// process.
///
/// # Errors
/// As in [`answer`], and if the user gives no answer.
pub fn ask(question: &str) -> Result<String> {
    let declined = || Error::new(Phase::Usage, format!("not answered: {}", subject(question)));
    match answer(question, Typing::Hidden)? {
        Answer::Given(secret) => Ok(secret),
        Answer::Declined => Err(declined()),
        Answer::Interrupted => {
            platform::interrupt();
            Err(declined())
        }
    }
}

/// The question as a part of a message.
fn subject(question: &str) -> &str {
    question.trim_end_matches([':', ' '])
}

/// Asks `question`. The terminal gets its modes back in every case: a signal that ends the process puts it back first.
///
/// # Errors
/// [`Phase::Usage`], if there is no terminal, if the process is in its background, if reading or writing it fails, or
/// if the answer is not UTF-8.
pub fn answer(question: &str, typing: Typing) -> Result<Answer> {
    let subject = subject(question);
    // The user's name may come from a URL that another person wrote.
    let question = &escape::to_line(question);
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
    // After Ctrl-Z it may have been asked again already.
    let again = format!("{CLEAR_LINE}{question}");
    let redraw = move |device: &Device| {
        // This fails only if the terminal is gone.
        let _ = device.output().and_then(|mut output| output.write_all(again.as_bytes()));
    };
    device.watch_signals(RequestEnds::Process, redraw).map_err(failed)?;
    loop {
        return Ok(match ask_on(&device, question, typing).map_err(failed)? {
            Typed::Line(bytes) => Answer::Given(
                String::from_utf8(bytes)
                    .map_err(|_| Error::new(Phase::Usage, format!("the answer is not UTF-8: {subject}")))?,
            ),
            Typed::Suspended => {
                platform::suspend();
                continue;
            }
            Typed::Declined => Answer::Declined,
            Typed::Interrupted => Answer::Interrupted,
        });
    }
}

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    Line(Vec<u8>),
    /// Ctrl-D on an empty line, or the end of the terminal's input.
    Declined,
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-Z: the caller must ask again after the process continues.
    Suspended,
}

fn ask_on(device: &Device, question: &str, typing: Typing) -> io::Result<Typed> {
    let echo_off = EchoOff::new(device)?;
    let mut output = device.output()?;
    output.write_all(question.as_bytes())?;
    let answer = read_line(device.file(), |line| match typing {
        Typing::Shown => output.write_all(format!("{CLEAR_LINE}{question}{}", escape::to_line(line)).as_bytes()),
        Typing::Hidden => Ok(()),
    });
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

/// Reads keys up to Enter, Ctrl-C, Ctrl-Z or Ctrl-D. `show` gets the line after each of the others.
fn read_line(mut keys: impl Read, mut show: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Typed> {
    let mut line = Vec::new();
    let mut key = [0];
    loop {
        match keys.read(&mut key) {
            Ok(0) => return Ok(Typed::Declined),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            b'\r' | b'\n' => return Ok(Typed::Line(line)),
            INTERRUPT => return Ok(Typed::Interrupted),
            SUSPEND => return Ok(Typed::Suspended),
            END_OF_FILE if line.is_empty() => return Ok(Typed::Declined),
            BACKSPACE | DELETE => remove_character(&mut line),
            KILL_LINE => line.clear(),
            byte => line.push(byte),
        }
        show(&line)?;
    }
}

/// Removes the last character, with all bytes of its UTF-8 encoding.
fn remove_character(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Typed {
        read_line(keys, |_| Ok(())).unwrap()
    }

    fn given(text: &str) -> Typed {
        Typed::Line(text.into())
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
        assert_eq!(typed(b"half\x03"), Typed::Interrupted);
        assert_eq!(typed(b"half\x1A"), Typed::Suspended);
        assert_eq!(typed(b"\x04"), Typed::Declined);
        assert_eq!(typed(b"half"), Typed::Declined);
    }
}
