//! Whoever types: one thread reads lines from the editor, another does what they say. So an expectation that waits holds
//! up neither keys nor what is shown.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::open;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::frontend::interpreter::endpoint::Peer;
use crate::frontend::interpreter::{Author, Performer};
use crate::frontend::script::variables;
use crate::input::command::{self, Command, Line};
use crate::input::{Editor, Entry, Script};
use crate::output::{Origin, Printer};
use crate::session::Handle;

/// How many lines may be typed ahead.
const AHEAD: usize = 1000;
/// How long what was typed before may take once somebody leaves: a peer may take nothing.
const LEAVE_LIMIT: Duration = Duration::from_secs(1);
/// How soon to look again whether it is done.
const TICK: Duration = Duration::from_millis(1);

/// Reads lines, and does what they say, on threads of its own, until told to leave. A message that is made of a file has
/// at most `max_message` bytes.
pub fn spawn(editor: Editor, peer: impl Peer + 'static, printer: Arc<Mutex<Printer>>, max_message: u64) {
    let peer: Arc<dyn Peer> = Arc::new(peer);
    let (theirs, shown) = (Arc::clone(&peer), Arc::clone(&printer));
    let performer = Performer::new(theirs, shown, variables(), Author::Typist, max_message);
    let typist = Typist { performer, typed: Vec::new() };
    let (lines, ahead) = mpsc::sync_channel(AHEAD);
    let (busy, done) = mpsc::channel();
    let pending = Arc::new(AtomicUsize::new(0));
    let keys = Keys { lines, pending: Arc::clone(&pending), peer, printer };
    thread::spawn(move || typist.work(&ahead, &pending, busy));
    thread::spawn(move || keys.read(editor, &done));
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
struct Keys {
    lines: SyncSender<String>,
    /// Lines that were passed on and are not done.
    pending: Arc<AtomicUsize>,
    peer: Arc<dyn Peer>,
    printer: Arc<Mutex<Printer>>,
}

impl Keys {
    fn read(self, mut editor: Editor, done: &Receiver<()>) {
        let leaving = self.pass_on(&mut editor);
        // Puts the terminal back as it was found: before the Close goes out Ctrl-C is a signal, which doesn't wait for the
        // answer.
        drop(editor);
        match leaving {
            Leaving::InTurn => {
                drop(self.lines);
                // The worker lets go of it when all is done.
                let _ = done.recv();
            }
            Leaving::AtOnce => {
                self.wait_for_worker(is_waiting);
            }
        }
        self.peer.leave();
    }

    fn pass_on(&self, editor: &mut Editor) -> Leaving {
        loop {
            match editor.read() {
                Ok(Entry::Line(line)) => {
                    if command::parse(&line).is_ok_and(|line| line == Line::Command(Command::Quit)) {
                        return Leaving::InTurn;
                    }
                    self.pending.fetch_add(1, Ordering::Relaxed);
                    if self.lines.send(line).is_err() {
                        return Leaving::AtOnce;
                    }
                }
                Ok(Entry::Interrupted) if self.wait_for_worker(has_given_up) => {}
                Ok(Entry::Interrupted | Entry::Eof) => return Leaving::AtOnce,
                Err(error) => {
                    complain(&self.printer, &error);
                    return Leaving::AtOnce;
                }
            }
        }
    }

    /// Waits until what was typed before is done, or this holds: then `true`.
    fn wait_for_worker(&self, is_there: fn(&Handle) -> bool) -> bool {
        let deadline = Instant::now() + LEAVE_LIMIT;
        loop {
            let is_pending = self.pending.load(Ordering::Acquire) > 0;
            if self.peer.session().is_ok_and(|session| is_there(&session)) {
                return true;
            }
            // Nobody who leaves at once waits for a connection.
            if !is_pending || self.peer.is_reconnecting() || Instant::now() >= deadline {
                return false;
            }
            thread::sleep(TICK);
        }
    }
}

/// Whether the worker waits for something that is expected.
fn is_waiting(session: &Handle) -> bool {
    session.expecting().is_some_and(|expecting| expecting.is_awaited())
}

/// Whether there was an expectation to give up.
fn has_given_up(session: &Handle) -> bool {
    session.expecting().is_some_and(|expecting| expecting.give_up())
}

/// Does what is typed.
struct Typist {
    performer: Performer,
    /// What was done so far.
    typed: Vec<String>,
}

impl Typist {
    /// Works until no line comes any more, then lets go of `_busy`.
    fn work(mut self, lines: &Receiver<String>, pending: &AtomicUsize, _busy: mpsc::Sender<()>) {
        for line in lines {
            if let Err(error) = self.line(line) {
                complain(&self.performer.printer, &error);
            }
            pending.fetch_sub(1, Ordering::Release);
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
