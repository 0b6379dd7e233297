//! Whoever types: reads lines from the editor and does what they say.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;

use super::open;
use super::repl::{Desk, Open};
use crate::error::{Error, Phase, Result};
use crate::event::{Direction, Event};
use crate::input::command::{self, COMMANDS, Command, Line};
use crate::input::{Editor, Entry};
use crate::output::{Origin, Printer};
use crate::session::NotSent;
use crate::session::view::lock;
use crate::wire::{CloseCode, Outgoing};

/// What only the thread that keeps the session can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Connect again.
    Reconnect,
    /// Leave the program.
    Leave,
}

/// Somebody at an editor.
pub struct Typist {
    editor: Editor,
    desk: Arc<Desk>,
    printer: Arc<Mutex<Printer>>,
}

/// Whether to read another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Stay,
    Leave,
}

impl Typist {
    /// At `editor`.
    pub fn new(editor: Editor, desk: Arc<Desk>, printer: Arc<Mutex<Printer>>) -> Self {
        Self { editor, desk, printer }
    }

    /// Reads on a thread of its own, until told to leave.
    pub fn spawn(self) {
        thread::spawn(move || self.run());
    }

    fn run(mut self) {
        loop {
            let flow = match self.editor.read() {
                Ok(Entry::Line(line)) => self.line(&line).unwrap_or_else(|error| {
                    self.show(&Event::Error(&error));
                    Flow::Stay
                }),
                Ok(Entry::Interrupted | Entry::Eof) => Flow::Leave,
                Err(error) => {
                    self.show(&Event::Error(&error));
                    Flow::Leave
                }
            };
            if flow == Flow::Leave {
                break;
            }
        }
        self.desk.wish(Wish::Leave);
        if let Some(open) = self.desk.open() {
            open.handle.close(Some((CloseCode::Normal, String::new())));
        }
        // The terminal may be gone; then there is nobody to be told.
        let _ = self.editor.finish();
    }

    fn line(&self, line: &str) -> Result<Flow> {
        match command::parse(line)? {
            Line::Empty => {}
            Line::Text(text) => self.send(Outgoing::Text(&text))?,
            Line::Command(Command::Quit) => return Ok(Flow::Leave),
            Line::Command(command) => self.command(command)?,
        }
        Ok(Flow::Stay)
    }

    fn command(&self, command: Command) -> Result<()> {
        match command {
            Command::Help => {
                for usage in COMMANDS {
                    self.show(&Event::Note(&format!("{:<44} {}", usage.synopsis(), usage.summary)));
                }
                Ok(())
            }
            Command::Ping(data) => self.open()?.handle.ping(data.as_bytes()).map_err(|error| not_sent(&error)),
            Command::Pong(data) => self.send(Outgoing::Pong(data.as_bytes())),
            Command::Close(close) => {
                self.open()?.handle.close(close);
                Ok(())
            }
            Command::Text(text) => self.send(Outgoing::Text(&text)),
            Command::Binary(payload) => self.send(Outgoing::Binary(&payload.load()?)),
            Command::File(path) => {
                let text = fs::read_to_string(&path).map_err(|error| {
                    Error::new(Phase::Input, format!("cannot read `{}` as text", path.display()))
                        .caused_by(error)
                        .hint("`/binary @FILE` sends any file")
                })?;
                self.send(Outgoing::Text(&text))
            }
            Command::Frame(frame) => {
                let payload = frame.payload.clone().load()?;
                self.send(Outgoing::Frame(frame.raw(&payload)))
            }
            Command::Headers => {
                let heads = self.open()?.heads;
                self.show(&Event::Head { direction: Direction::Sent, bytes: &heads.0 });
                self.show(&Event::Head { direction: Direction::Received, bytes: &heads.1 });
                Ok(())
            }
            Command::Stats => {
                let summary = self.open()?.handle.summary();
                self.show(&Event::Summary(&summary));
                Ok(())
            }
            Command::Set { setting, on } => {
                lock(&self.printer).set(setting, on);
                if let Some(open) = self.desk.open() {
                    open.handle.view_changed();
                }
                Ok(())
            }
            Command::Reconnect => {
                if let Some(open) = self.desk.open() {
                    open.handle.close(Some((CloseCode::Normal, String::new())));
                }
                self.desk.wish(Wish::Reconnect);
                Ok(())
            }
            other => Err(Error::new(Phase::Usage, format!("{other:?}: not at the prompt"))),
        }
    }

    fn open(&self) -> Result<Open> {
        self.desk.open().ok_or_else(not_open)
    }

    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        self.open()?.handle.send(outgoing).map_err(|error| not_sent(&error))
    }

    fn show(&self, event: &Event<'_>) {
        open::show(&self.printer, Origin::default(), event);
    }
}

fn not_open() -> Error {
    Error::new(Phase::Session, "not sent: no session is open").hint("`/reconnect` opens one, `/quit` leaves")
}

fn not_sent(error: &NotSent) -> Error {
    match error {
        NotSent::Closed => not_open(),
        NotSent::Refused(error) => Error::new(Phase::Input, format!("not sent: {error}")),
    }
}
