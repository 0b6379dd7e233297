//! Does what a line says, whoever wrote it: somebody at the prompt, or the author of a script.

pub mod endpoint;
mod expectation;

use std::sync::{Arc, Mutex};

use crate::client::open;
use crate::error::{Error, Phase, Result};
use crate::event::{Direction, Event};
use crate::frontend::interpreter::endpoint::Peer;
use crate::input::command::{COMMANDS, Command, Line};
use crate::input::{Variables, payload};
use crate::output::{Origin, Printer};
use crate::session::view::lock;
use crate::session::{Expecting, Handle};
use crate::wire::Outgoing;

/// Columns that every terminal has.
const COLUMNS: usize = 80;

/// Who wrote the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Somebody who sees what comes.
    Typist,
    /// Somebody who isn't there: a pong is waited for, and what went well is only told with `-v`.
    Script,
}

/// Whether to go on with another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    Stay,
    /// No: leave.
    Leave,
}

/// Does one line after the other.
pub struct Performer {
    /// Whom it talks to.
    pub peer: Arc<dyn Peer>,
    /// Where it says what came of it.
    pub printer: Arc<Mutex<Printer>>,
    /// What was captured.
    pub variables: Variables,
    /// Who wrote the lines.
    pub author: Author,
    /// The largest message that is made of a file, in bytes.
    pub max_message: u64,
    /// Whether the end of the session was expected.
    pub end_was_expected: bool,
}

impl Performer {
    /// One that has done nothing yet.
    pub fn new(
        peer: Arc<dyn Peer>,
        printer: Arc<Mutex<Printer>>,
        variables: Variables,
        author: Author,
        max_message: u64,
    ) -> Self {
        Self { peer, printer, variables, author, max_message, end_was_expected: false }
    }

    /// Does it. `place` goes before what is told of it.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn perform(&mut self, place: &str, line: Line) -> Result<Flow> {
        let told = match line {
            Line::Empty => None,
            Line::Text(text) => self.send(Outgoing::Text(&text))?,
            Line::Command(Command::Quit) => return Ok(Flow::Leave),
            Line::Command(command) => self.command(command)?,
        };
        match (told, self.author) {
            (Some(told), Author::Typist) => self.show(&Event::Note(&told)),
            (Some(told), Author::Script) => self.show(&Event::Detail(&format!("{place}: {told}"))),
            (None, _) => {}
        }
        Ok(Flow::Stay)
    }

    /// What there is to tell, when it went well.
    fn command(&mut self, command: Command) -> Result<Option<String>> {
        match command {
            Command::Text(text) => self.send(Outgoing::Text(&text)),
            Command::Binary(payload) => self.send(Outgoing::Binary(&payload.load(self.max_message)?)),
            Command::File(path) => {
                let text = String::from_utf8(payload::read(&path, self.max_message)?).map_err(|error| {
                    Error::new(Phase::Input, format!("`{}` is not text", path.display()))
                        .caused_by(error.utf8_error())
                        .hint("`/binary @FILE` sends any file")
                })?;
                self.send(Outgoing::Text(&text))
            }
            Command::Frame(header, payload) => self.send(Outgoing::Frame(header, &payload.load(self.max_message)?)),
            Command::Pong(data) => self.send(Outgoing::Pong(data.as_bytes())),
            Command::Ping(data) => self.ping(data.as_bytes()),
            Command::Close(code, reason) => self.peer.close(code, &reason).map(|()| None),
            Command::Reconnect => {
                self.peer.reconnect()?;
                self.end_was_expected = false;
                Ok(None)
            }
            Command::Expect { within, pattern } => {
                self.expecting(|expecting| expectation::message(expecting, within, &pattern)).map(Some)
            }
            Command::ExpectClose { within, code } => {
                let told = self.expecting(|expecting| expectation::close(expecting, within, code))?;
                self.end_was_expected = true;
                Ok(Some(told))
            }
            Command::ExpectQuiet(time) => self.expecting(|expecting| expectation::quiet(expecting, time)).map(Some),
            Command::Wait(time) if self.end_was_expected => self.expecting(|expecting| {
                expecting.rest(time);
                Ok(None)
            }),
            Command::Wait(time) => self.expecting(|expecting| {
                expecting.pause(time);
                expecting.mark();
                Ok(None)
            }),
            Command::Capture { name, from } => {
                let value = self.expecting(|expecting| expectation::capture(expecting, &name, &from))?;
                let told = match value.len() {
                    1 => format!("captured `{name}`, 1 byte"),
                    length => format!("captured `{name}`, {length} bytes"),
                };
                self.variables.set(name, value);
                Ok(Some(told))
            }
            Command::Help | Command::Headers | Command::Stats | Command::Set { .. } => {
                self.look(&command).map(|()| None)
            }
            Command::Save(_) | Command::Quit => Err(Error::new(Phase::Usage, "this is for the prompt")),
        }
    }

    /// What only shows something, or changes what is shown.
    fn look(&self, command: &Command) -> Result<()> {
        match command {
            Command::Headers => {
                let heads = self.peer.heads()?;
                let mut printer = lock(&self.printer);
                printer.head(Origin::default(), Direction::Sent, &heads.0);
                printer.head(Origin::default(), Direction::Received, &heads.1);
                // A terminal that is gone is noticed by the editor.
                let _ = printer.flush();
            }
            Command::Stats => self.peer.stats(&mut |origin, event| open::show(&self.printer, origin, event))?,
            Command::Set { setting, on } => lock(&self.printer).set(*setting, *on),
            _ => {
                for usage in COMMANDS {
                    let line = format!("{:<24} {}", usage.synopsis(), usage.summary);
                    if line.chars().count() <= COLUMNS {
                        self.show(&Event::Note(&line));
                    } else {
                        self.show(&Event::Note(&usage.synopsis()));
                        self.show(&Event::Note(&format!("    {}", usage.summary)));
                    }
                }
            }
        }
        Ok(())
    }

    fn send(&self, outgoing: Outgoing<'_>) -> Result<Option<String>> {
        if let Ok(session) = self.peer.session()
            && let Some(expecting) = session.expecting()
        {
            // Before: an answer may come at once.
            expecting.mark();
        }
        self.peer.send(outgoing).map(|()| None)
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<String>> {
        if self.author == Author::Typist {
            lock(&self.printer).ask(payload);
        }
        match (self.peer.ping(payload)?, self.author) {
            (Some(ping), Author::Script) => self.expecting(|expecting| expectation::pong(expecting, ping)).map(Some),
            _ => Ok(None),
        }
    }

    fn expecting<T>(&self, expect: impl FnOnce(&Expecting<'_>) -> Result<T>) -> Result<T> {
        let session: Handle = self.peer.session()?;
        let expecting = session.expecting().ok_or_else(|| Error::new(Phase::Usage, "nothing is remembered here"))?;
        expect(&expecting)
    }

    fn show(&self, event: &Event<'_>) {
        open::show(&self.printer, Origin::default(), event);
    }
}
