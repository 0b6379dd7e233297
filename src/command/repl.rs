//! A session with somebody at the terminal. The editor has a thread of its own; this one connects, keeps the session,
//! and connects again when asked to.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::open::{self, Ready, Session};
use super::plan::Plan;
use super::report::{self, Totals, Unsent};
use super::show;
use super::typist::{Typist, Wish};
use crate::cli::SessionArgs;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::input::{Editor, EditorOptions, History, Prompt, PromptHandle};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Options, Origin, Printer};
use crate::session::view::lock;
use crate::session::{Handle, Signal, Signals, Sleeper, Waker};
use crate::wire::Outgoing;

/// What the editor's thread and this one share.
pub struct Desk {
    open: Mutex<Option<Open>>,
    wishes: Mutex<Vec<Wish>>,
    waker: Waker,
}

/// The session that is open, for those who type.
#[derive(Clone)]
pub struct Open {
    /// Sends.
    pub handle: Handle,
    /// The heads of its handshake: our request, the response.
    pub heads: Arc<(Vec<u8>, Vec<u8>)>,
}

impl Desk {
    /// The session that is open, if one is.
    pub fn open(&self) -> Option<Open> {
        lock(&self.open).clone()
    }

    /// Asks for something that only the thread that keeps the session can do.
    pub fn wish(&self, wish: Wish) {
        lock(&self.wishes).push(wish);
        self.waker.wake();
    }

    fn wished(&self, wish: Wish) -> bool {
        lock(&self.wishes).contains(&wish)
    }

    fn take(&self, wish: Wish) -> bool {
        let mut wishes = lock(&self.wishes);
        let before = wishes.len();
        wishes.retain(|other| *other != wish);
        wishes.len() < before
    }
}

/// Opens a session and lets somebody talk until they leave.
///
/// # Errors
/// What is wrong with the command line, or with the terminal.
pub fn run(url: &str, args: &SessionArgs) -> Result<ExitStatus> {
    let plan = Arc::new(Plan::client(url, args, Instant::now())?);
    let options = show::options(&args.view, &args.input, Banner::Shown);
    let before = show::direct(options.clone())?;
    if let Some(note) = args.connection.request.note() {
        open::show(&before, Origin::default(), &Event::Note(&note));
    }
    // The terminal stays as it is until there is something to talk to.
    let ready = match open::connect(&plan, &before) {
        Ok(ready) => ready,
        Err(error) => {
            open::show(&before, Origin::default(), &Event::Error(&error));
            return Ok(error.exit_status());
        }
    };
    drop(before);
    let sleeper = Sleeper::new().map_err(|error| cannot("make a pipe", error))?;
    let signals = Signals::catch(&sleeper).map_err(|error| cannot("catch signals", error))?;
    let history = History::at(History::usual_path(std::env::var_os("WSCOPE_HISTORY")));
    let (editor, terminal) = Editor::open(EditorOptions { history, prompt: prompt(&options, "> ") })?;
    let printer = show::beside(&terminal, options.clone())?;
    let prompt_handle = editor.prompt();
    let desk = Arc::new(Desk { open: Mutex::default(), wishes: Mutex::default(), waker: sleeper.waker() });
    let room = Room { plan, desk, printer, terminal, prompt: prompt_handle, options, totals: Totals::of(&args.view) };
    let mut talk = Talk { room, sleeper, signals };
    talk.run(ready, editor, &args.execute.execute)
}

fn cannot(what: &str, error: io::Error) -> Error {
    Error::new(Phase::Session, format!("cannot {what}")).caused_by(error)
}

fn prompt(_options: &Options, text: &str) -> Prompt {
    Prompt::from(text)
}

/// Everything around the session that stays when it ends.
struct Room {
    plan: Arc<Plan>,
    desk: Arc<Desk>,
    printer: Arc<Mutex<Printer>>,
    terminal: Terminal,
    prompt: PromptHandle,
    options: Options,
    totals: Totals,
}

struct Talk {
    room: Room,
    sleeper: Sleeper,
    signals: Signals,
}

/// What to do when a session is over.
enum Then {
    Leave(ExitStatus),
    Connect,
}

impl Talk {
    fn run(&mut self, ready: Ready, editor: Editor, execute: &[String]) -> Result<ExitStatus> {
        let mut editor = Some(editor);
        let mut next = Some(ready);
        let mut status = ExitStatus::Success;
        loop {
            if let Some(ready) = next.take() {
                let heads = Arc::new((ready.request.clone(), ready.response.clone()));
                let Session { handle, keeper, view } =
                    open::start(ready, &self.room.plan, &self.room.printer, self.sleeper.waker())?;
                for message in execute {
                    // One that cannot be sent is counted by the session.
                    let _ = handle.send(Outgoing::Text(message));
                }
                *lock(&self.room.desk.open) = Some(Open { handle: handle.clone(), heads });
                self.room.prompt.set(prompt(&self.room.options, "> "));
                if let Some(editor) = editor.take() {
                    Typist::new(editor, Arc::clone(&self.room.desk), Arc::clone(&self.room.printer)).spawn();
                }
                let stdout = io::stdout();
                let watched = (!stdout.is_terminal()).then(|| stdout.as_fd());
                let outcome = keeper.run(&mut self.sleeper, Some(&self.signals), watched);
                *lock(&self.room.desk.open) = None;
                let hurried = outcome.ended.status >= ExitStatus::TimedOut || outcome.output_gone;
                let left = self.room.desk.wished(Wish::Leave);
                self.room.prompt.set(prompt(&self.room.options, "(closed) > "));
                let unsent = Unsent { messages: handle.unsent(), more: false };
                status = report::ended(&view, outcome, unsent, self.room.totals);
                if left {
                    return Ok(self.left(ExitStatus::Success));
                }
                if hurried {
                    self.room.terminal.abandon();
                    return Ok(status);
                }
            }
            match self.wait(status) {
                Then::Leave(status) => return Ok(self.left(status)),
                Then::Connect => next = self.connect()?,
            }
        }
    }

    /// Whoever sat there has left: everything is shown before the process ends.
    fn left(&self, status: ExitStatus) -> ExitStatus {
        // Nobody is left to be told that the terminal is gone.
        let _ = self.room.terminal.finish();
        status
    }

    /// Waits, with no session, for a wish or a signal.
    fn wait(&mut self, status: ExitStatus) -> Then {
        loop {
            if self.room.desk.take(Wish::Reconnect) {
                return Then::Connect;
            }
            if self.room.desk.wished(Wish::Leave) {
                return Then::Leave(status);
            }
            if let Some(status) = self.interrupted() {
                return Then::Leave(status);
            }
            // A sleep that fails only makes the look come earlier.
            let _ = self.sleeper.sleep(None, None);
        }
    }

    /// Connects again, on a thread of its own, so that whoever sits there can still leave.
    fn connect(&mut self) -> Result<Option<Ready>> {
        self.room.prompt.set(prompt(&self.room.options, "(connecting) > "));
        let (tell, told) = mpsc::channel();
        let (plan, printer) = (Arc::clone(&self.room.plan), Arc::clone(&self.room.printer));
        let waker = self.sleeper.waker();
        thread::spawn(move || {
            let _ = tell.send(open::connect(&plan, &printer));
            waker.wake();
        });
        loop {
            match told.try_recv() {
                Ok(Ok(ready)) => return Ok(Some(ready)),
                Ok(Err(error)) => {
                    open::show(&self.room.printer, Origin::default(), &Event::Error(&error));
                    self.room.prompt.set(prompt(&self.room.options, "(closed) > "));
                    return Ok(None);
                }
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) => {}
            }
            if self.room.desk.wished(Wish::Leave) {
                return Ok(None);
            }
            let _ = self.sleeper.sleep(None, None);
        }
    }

    fn interrupted(&self) -> Option<ExitStatus> {
        self.signals.take().map(|signal| match signal {
            Signal::Interrupt => ExitStatus::Interrupted,
            Signal::Terminate => ExitStatus::Terminated,
        })
    }
}
