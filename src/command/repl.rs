//! A session with somebody at the terminal. The editor has a thread of its own; this one connects, keeps the session,
//! and connects again when asked to.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::front_end;
use super::open::{self, Ready, Session};
use super::pace::Pace;
use super::peer::{Peer, Server};
use super::plan::Plan;
use super::report::{self, Totals, Unsent};
use super::show;
use super::typist;
use crate::cli::{ExecuteArgs, SessionArgs};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::input::{Editor, EditorOptions, History, Prompt, PromptHandle};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Origin, Printer};
use crate::session::view::{Follow, lock};
use crate::session::{Handle, Signal, Signals, Sleeper, Waker};
use crate::wire::{CloseCode, Outgoing};

/// Bytes of received messages that are kept for an `/expect`.
const MEMORY: usize = 16 * 1024 * 1024;

/// What the editor's thread and this one share.
struct Desk {
    /// The session that is open.
    open: Mutex<Option<Server>>,
    /// It, or the one that was open before: what it received can still be expected.
    latest: Mutex<Option<Handle>>,
    wishes: Mutex<Vec<Wish>>,
    waker: Waker,
}

/// What only the thread that keeps the session can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Connect again.
    Reconnect,
    /// Leave the program.
    Leave,
}

impl Desk {
    fn open(&self) -> Result<Server> {
        lock(&self.open).clone().ok_or_else(not_open)
    }

    fn wish(&self, wish: Wish) {
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

impl Peer for Arc<Desk> {
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        self.open()?.send(outgoing)
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.open()?.ping(payload)
    }

    fn close(&self, close: Option<(CloseCode, String)>) -> Result<()> {
        self.open()?.close(close)
    }

    fn heads(&self) -> Result<Arc<(Vec<u8>, Vec<u8>)>> {
        self.open()?.heads()
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        self.open()?.stats(show)
    }

    fn session(&self) -> Result<Handle> {
        lock(&self.latest).clone().ok_or_else(not_open)
    }

    fn reconnect(&self) -> Result<()> {
        self.wish(Wish::Reconnect);
        *lock(&self.latest) = None;
        // One that has ended already needs no Close.
        let _ = self.close(Some((CloseCode::Normal, String::new())));
        Ok(())
    }

    fn leave(&self) {
        self.wish(Wish::Leave);
        let _ = self.close(Some((CloseCode::Normal, String::new())));
    }
}

fn not_open() -> Error {
    Error::new(Phase::Session, "no session is open").hint("`/reconnect` opens one, `/quit` leaves")
}

/// Opens a session and lets somebody talk until they leave.
///
/// # Errors
/// What is wrong with the command line, or with the terminal.
pub fn run(url: &str, args: &SessionArgs) -> Result<ExitStatus> {
    let plan = Arc::new(Plan::client(url, args, Instant::now())?.remembering(MEMORY));
    let options = show::options(&args.view, &args.input, Banner::Shown);
    let before = show::direct(options.clone())?;
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
    let (editor, terminal) = Editor::open(EditorOptions { history, prompt: Prompt::from("> ") })?;
    let printer = show::beside(&terminal, options)?;
    let prompt_handle = editor.prompt();
    let desk = Arc::new(Desk {
        open: Mutex::default(),
        latest: Mutex::default(),
        wishes: Mutex::default(),
        waker: sleeper.waker(),
    });
    let room = Room { plan, desk, printer, terminal, prompt: prompt_handle, totals: Totals::of(&args.view) };
    let mut talk = Talk { room, sleeper, signals };
    talk.run(ready, editor, &args.execute)
}

fn cannot(what: &str, error: io::Error) -> Error {
    Error::new(Phase::Session, format!("cannot {what}")).caused_by(error)
}

/// Sends what `-x` says before anything that is typed; or, where there are to be pauses, beside it.
fn execute(handle: &Handle, args: &ExecuteArgs) {
    let (handle, messages, delay) = (handle.clone(), args.execute.clone(), args.delay);
    let send = move || front_end::execute(&messages, &mut Pace::new(&handle, delay));
    if delay.is_some() {
        thread::spawn(send);
    } else {
        send();
    }
}

/// Everything around the session that stays when it ends.
struct Room {
    plan: Arc<Plan>,
    desk: Arc<Desk>,
    printer: Arc<Mutex<Printer>>,
    terminal: Terminal,
    prompt: PromptHandle,
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
    fn run(&mut self, ready: Ready, editor: Editor, args: &ExecuteArgs) -> Result<ExitStatus> {
        let mut editor = Some(editor);
        let mut next = Some(ready);
        let mut status = ExitStatus::Success;
        loop {
            if let Some(ready) = next.take() {
                let heads = Arc::new((ready.request.clone(), ready.response.clone()));
                let Session { handle, keeper, view } =
                    open::start(ready, &self.room.plan, &self.room.printer, Follow::Always, self.sleeper.waker())?;
                execute(&handle, args);
                *lock(&self.room.desk.latest) = Some(handle.clone());
                *lock(&self.room.desk.open) = Some(Server { handle: handle.clone(), heads });
                self.room.prompt.set(Prompt::from("> "));
                if let Some(editor) = editor.take() {
                    typist::spawn(editor, Arc::clone(&self.room.desk), Arc::clone(&self.room.printer));
                }
                let stdout = io::stdout();
                let watched = (!stdout.is_terminal()).then(|| stdout.as_fd());
                let outcome = keeper.run(&mut self.sleeper, Some(&self.signals), watched);
                *lock(&self.room.desk.open) = None;
                let hurried = outcome.ended.status >= ExitStatus::TimedOut || outcome.output_gone;
                let enough = outcome.enough;
                let left = self.room.desk.wished(Wish::Leave);
                self.room.prompt.set(Prompt::from("(closed) > "));
                let unsent = Unsent { messages: handle.unsent(), more: false };
                status = report::ended(&view, outcome, unsent, self.room.totals);
                if left {
                    // Somebody who leaves is content, but for what was to be waited for.
                    let missed = (status == ExitStatus::Expectation).then_some(status);
                    return Ok(self.left(missed.unwrap_or(ExitStatus::Success)));
                }
                if enough {
                    return Ok(self.left(status));
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
        self.room.prompt.set(Prompt::from("(connecting) > "));
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
                    self.room.prompt.set(Prompt::from("(closed) > "));
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
