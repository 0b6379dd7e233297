//! Whoever types: one thread reads lines from the editor, another does what they say. So an expectation that waits holds
//! up neither keys nor what is shown.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::open;
use super::peer::Peer;
use super::performer::{Author, Performer};
use super::script::variables;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::input::command::{self, Command, Line};
use crate::input::{Editor, Entry, Script};
use crate::output::{Origin, Printer};

/// How many lines may be typed ahead.
const AHEAD: usize = 1000;
/// How long what was typed ahead may take once somebody leaves.
const LEAVE_LIMIT: Duration = Duration::from_millis(200);

/// Reads lines, and does what they say, on threads of its own, until told to leave.
pub fn spawn(editor: Editor, peer: impl Peer + 'static, printer: Arc<Mutex<Printer>>) {
    let peer: Arc<dyn Peer> = Arc::new(peer);
    let performer = Performer::new(Arc::clone(&peer), Arc::clone(&printer), variables(), Author::Typist);
    let typist = Typist { performer, typed: Vec::new() };
    let (lines, ahead) = mpsc::sync_channel(AHEAD);
    let (busy, done) = mpsc::channel();
    thread::spawn(move || typist.work(&ahead, busy));
    thread::spawn(move || read(editor, lines, &done, &*peer, &printer));
}

/// How somebody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// When everything that was typed before is done: `/quit`.
    InTurn,
    /// Now: Ctrl-C (unless there is an expectation to give up), Ctrl-D.
    AtOnce,
}

/// Passes lines on until somebody leaves.
fn read(mut editor: Editor, lines: SyncSender<String>, done: &Receiver<()>, peer: &dyn Peer, printer: &Mutex<Printer>) {
    let leaving = pass_on(&mut editor, &lines, peer, printer);
    drop(lines);
    // Puts the terminal back as it was found: before the Close goes out Ctrl-C is a signal, which doesn't wait for the
    // answer.
    drop(editor);
    // Either way the worker is done, or too busy to be waited for.
    let _ = match leaving {
        Leaving::InTurn => done.recv().map_err(RecvTimeoutError::from),
        Leaving::AtOnce => done.recv_timeout(LEAVE_LIMIT),
    };
    peer.leave();
}

fn pass_on(editor: &mut Editor, lines: &SyncSender<String>, peer: &dyn Peer, printer: &Mutex<Printer>) -> Leaving {
    loop {
        match editor.read() {
            Ok(Entry::Line(line)) => {
                if command::parse(&line).is_ok_and(|line| line == Line::Command(Command::Quit)) {
                    return Leaving::InTurn;
                }
                if lines.send(line).is_err() {
                    return Leaving::AtOnce;
                }
            }
            Ok(Entry::Interrupted) if has_given_up(peer) => {}
            Ok(Entry::Interrupted | Entry::Eof) => return Leaving::AtOnce,
            Err(error) => {
                complain(printer, &error);
                return Leaving::AtOnce;
            }
        }
    }
}

/// Whether there was an expectation to give up.
fn has_given_up(peer: &dyn Peer) -> bool {
    let session = peer.session().ok();
    session.and_then(|session| Some(session.expecting()?.give_up())).unwrap_or(false)
}

/// Does what is typed.
struct Typist {
    performer: Performer,
    /// What was done so far.
    typed: Vec<String>,
}

impl Typist {
    /// Works until no line comes any more, then lets go of `_busy`.
    fn work(mut self, lines: &Receiver<String>, _busy: mpsc::Sender<()>) {
        for line in lines {
            if let Err(error) = self.line(line) {
                complain(&self.performer.printer, &error);
            }
        }
    }

    fn line(&mut self, line: String) -> Result<()> {
        let variables = &self.performer.variables;
        match command::parse_with(&line, |text, quoting| variables.expand(text, quoting))? {
            Line::Command(Command::Save(path)) => self.save(&path),
            Line::Command(Command::Help) => self.performer.perform("", Line::Command(Command::Help)).map(drop),
            understood => {
                self.typed.push(line);
                self.performer.perform("", understood).map(drop)
            }
        }
    }

    fn save(&self, path: &Path) -> Result<()> {
        Script::save(path, &self.typed)?;
        let left_out = self.typed.iter().filter(|line| line.starts_with(' ')).count();
        let but = match left_out {
            0 => String::new(),
            _ => format!(", but for what starts with a space ({left_out})"),
        };
        let note = format!("saved to `{}`{but}", path.display());
        open::show(&self.performer.printer, Origin::default(), &Event::Note(&note));
        Ok(())
    }
}

fn complain(printer: &Mutex<Printer>, error: &Error) {
    open::show(printer, Origin::default(), &Event::Error(error));
}
