//! Whoever types: reads lines from the editor and does what they say.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;

use super::open;
use crate::error::{Error, Phase, Result};
use crate::event::{Direction, Event};
use crate::input::command::{self, COMMANDS, Command, Line};
use crate::input::{Editor, Entry};
use crate::output::{Origin, Printer};
use crate::session::view::lock;
use crate::wire::{CloseCode, Outgoing};

/// Whom one talks to: a server, or the clients of one's own.
pub trait Peer: Send {
    /// Sends a message or a frame.
    ///
    /// # Errors
    /// When nobody is there, or it cannot be framed.
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()>;

    /// Sends a ping whose pong will be timed.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    fn ping(&self, payload: &[u8]) -> Result<()>;

    /// Starts the closing handshake.
    ///
    /// # Errors
    /// When nobody is there.
    fn close(&self, close: Option<(CloseCode, String)>) -> Result<()>;

    /// The heads of the handshake, raw: our request and the response.
    ///
    /// # Errors
    /// When there are none.
    fn heads(&self) -> Result<Arc<(Vec<u8>, Vec<u8>)>>;

    /// Shows the totals so far.
    ///
    /// # Errors
    /// When nobody is there.
    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()>;

    /// Closes, if need be, and connects again.
    ///
    /// # Errors
    /// When that is not ours to do.
    fn reconnect(&self) -> Result<()>;

    /// Ends everything.
    fn leave(&self);
}

/// Reads lines on a thread of its own, until told to leave.
pub fn spawn(editor: Editor, peer: impl Peer + 'static, printer: Arc<Mutex<Printer>>) {
    let typist = Typist { peer: Box::new(peer), printer };
    thread::spawn(move || typist.run(editor));
}

struct Typist {
    peer: Box<dyn Peer>,
    printer: Arc<Mutex<Printer>>,
}

/// Whether to read another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Stay,
    Leave,
}

impl Typist {
    fn run(&self, mut editor: Editor) {
        loop {
            let flow = match editor.read() {
                Ok(Entry::Line(line)) => self.line(&line).unwrap_or_else(|error| {
                    self.show(Origin::default(), &Event::Error(&error));
                    Flow::Stay
                }),
                Ok(Entry::Interrupted | Entry::Eof) => Flow::Leave,
                Err(error) => {
                    self.show(Origin::default(), &Event::Error(&error));
                    Flow::Leave
                }
            };
            if flow == Flow::Leave {
                break;
            }
        }
        self.peer.leave();
        // The terminal may be gone; then there is nobody to be told.
        let _ = editor.finish();
    }

    fn line(&self, line: &str) -> Result<Flow> {
        match command::parse(line)? {
            Line::Empty => {}
            Line::Text(text) => self.peer.send(Outgoing::Text(&text))?,
            Line::Command(Command::Quit) => return Ok(Flow::Leave),
            Line::Command(command) => self.command(command)?,
        }
        Ok(Flow::Stay)
    }

    fn command(&self, command: Command) -> Result<()> {
        let mut show = |origin, event: &Event<'_>| self.show(origin, event);
        match command {
            Command::Help => {
                for usage in COMMANDS {
                    show(Origin::default(), &Event::Note(&format!("{:<44} {}", usage.synopsis(), usage.summary)));
                }
                Ok(())
            }
            Command::Ping(data) => self.peer.ping(data.as_bytes()),
            Command::Pong(data) => self.peer.send(Outgoing::Pong(data.as_bytes())),
            Command::Close(close) => self.peer.close(close),
            Command::Text(text) => self.peer.send(Outgoing::Text(&text)),
            Command::Binary(payload) => self.peer.send(Outgoing::Binary(&payload.load()?)),
            Command::File(path) => {
                let text = fs::read_to_string(&path).map_err(|error| {
                    Error::new(Phase::Input, format!("cannot read `{}` as text", path.display()))
                        .caused_by(error)
                        .hint("`/binary @FILE` sends any file")
                })?;
                self.peer.send(Outgoing::Text(&text))
            }
            Command::Frame(frame) => {
                let payload = frame.payload.clone().load()?;
                self.peer.send(Outgoing::Frame(frame.raw(&payload)))
            }
            Command::Headers => {
                let heads = self.peer.heads()?;
                let mut printer = lock(&self.printer);
                printer.head(Origin::default(), Direction::Sent, &heads.0);
                printer.head(Origin::default(), Direction::Received, &heads.1);
                // A terminal that is gone is noticed by the editor.
                let _ = printer.flush();
                Ok(())
            }
            Command::Stats => self.peer.stats(&mut show),
            Command::Set { setting, on } => {
                lock(&self.printer).set(setting, on);
                Ok(())
            }
            Command::Reconnect => self.peer.reconnect(),
            other => Err(Error::new(Phase::Usage, format!("{other:?}: not at the prompt"))),
        }
    }

    fn show(&self, origin: Origin, event: &Event<'_>) {
        open::show(&self.printer, origin, event);
    }
}
