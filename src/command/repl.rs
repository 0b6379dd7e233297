//! A session with somebody at the terminal. The editor has a thread of its own; this one connects, keeps the session,
//! and connects again when asked to.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::front_end;
use super::open::{self, Ready, Session};
use super::pace::Pace;
use super::peer::{Peer, Server};
use super::plan::Plan;
use super::redial::{self, Redial};
use super::report::{self, Totals, Unsent};
use super::show;
use super::typist;
use crate::cli::{ExecuteArgs, SessionArgs};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::input::{Editor, EditorOptions, History, Prompt, PromptHandle};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Origin, Printer};
use crate::session::backoff::Pause;
use crate::session::view::{Follow, lock};
use crate::session::{Handle, Signal, Signals, Sleeper, Waker};
use crate::wire::{CloseCode, Outgoing};

/// Bytes of received messages that are kept for an `/expect`: more lines than a terminal scrolls back.
const MEMORY: usize = 1024 * 1024;

/// What the editor's thread and this one share.
struct Desk {
    sessions: Mutex<Sessions>,
    /// Notified when an attempt to open another session has come to an end.
    attempted: Condvar,
    /// The session that is open, or the one that was open before: what it received can still be expected.
    latest: Mutex<Option<Handle>>,
    wishes: Mutex<Vec<Wish>>,
    waker: Waker,
}

/// What came of connecting so far.
#[derive(Default)]
struct Sessions {
    /// The session that is open.
    open: Option<Server>,
    /// Wishes for another session that have been granted, or have failed.
    answered: u64,
    /// Somebody waits for one.
    is_awaited: bool,
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
        lock(&self.sessions).open.clone().ok_or_else(not_open)
    }

    /// An attempt has failed. One that began before a wish is not what was wished for.
    fn failed(&self) {
        let mut sessions = lock(&self.sessions);
        if !self.wished(Wish::Reconnect) {
            sessions.answered += 1;
            self.attempted.notify_all();
        }
    }

    fn wish(&self, wish: Wish) {
        lock(&self.wishes).push(wish);
        self.waker.wake();
    }

    fn wished(&self, wish: Wish) -> bool {
        lock(&self.wishes).contains(&wish)
    }

    /// One that has ended already needs no Close.
    fn end_session(&self) {
        if let Ok(server) = self.open() {
            server.leave();
        }
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

    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        self.open()?.close(code, reason)
    }

    fn heads(&self) -> Result<Arc<(Vec<u8>, Vec<u8>)>> {
        Ok(self.open()?.heads)
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        self.open()?.stats(show);
        Ok(())
    }

    fn session(&self) -> Result<Handle> {
        lock(&self.latest).clone().ok_or_else(not_open)
    }

    /// Waits until the session is there, or could not be had: what is typed behind it is meant for that session.
    fn reconnect(&self) -> Result<()> {
        let mut sessions = lock(&self.sessions);
        let before = sessions.answered;
        self.wish(Wish::Reconnect);
        *lock(&self.latest) = None;
        if let Some(server) = &sessions.open {
            server.leave();
        }
        sessions.is_awaited = true;
        while sessions.answered == before {
            sessions = self.attempted.wait(sessions).unwrap_or_else(PoisonError::into_inner);
        }
        sessions.is_awaited = false;
        Ok(())
    }

    fn is_reconnecting(&self) -> bool {
        lock(&self.sessions).is_awaited
    }

    fn leave(&self) {
        self.wish(Wish::Leave);
        self.end_session();
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
    open::announce(&plan, &before);
    let mut redial = Redial::new(&args.connection.request);
    // The terminal stays as it is until there is something to talk to, or to wait for.
    let first = match open::connect(&plan, &before) {
        Ok(ready) => Next::Session(Box::new(ready)),
        Err(error) => {
            let Some(pause) = redial.after_failure(&error) else {
                open::show(&before, Origin::default(), &Event::Error(&error));
                return Ok(error.exit_status());
            };
            announce(&before, Some(&redial::in_a_line(&error)), pause);
            Next::Wait(error.exit_status(), Some(pause))
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
        sessions: Mutex::default(),
        attempted: Condvar::new(),
        latest: Mutex::default(),
        wishes: Mutex::default(),
        waker: sleeper.waker(),
    });
    let room = Room { plan, desk, printer, terminal, prompt: prompt_handle, totals: Totals::of(&args.view) };
    let mut talk = Talk { room, sleeper, signals, redial, editor: Some(editor), matched: 0 };
    Ok(talk.run(first, &args.execute))
}

fn announce(printer: &Arc<Mutex<Printer>>, why: Option<&str>, pause: Pause) {
    open::show(printer, Origin::default(), &Event::Note(&redial::announcement(why, pause)));
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
    redial: Redial,
    /// Until its thread starts.
    editor: Option<Editor>,
    /// Messages so far that counted towards `--count`.
    matched: u64,
}

/// What to do next.
enum Next {
    Session(Box<Ready>),
    /// To wait for a wish, or until the pause is over; the status of the last session or attempt.
    Wait(ExitStatus, Option<Pause>),
    /// To connect again; the status of the last session or attempt.
    Connect(ExitStatus),
    Leave(ExitStatus),
}

impl Talk {
    fn run(&mut self, first: Next, args: &ExecuteArgs) -> ExitStatus {
        let mut next = first;
        loop {
            next = match next {
                Next::Session(ready) => self.session(*ready, args),
                Next::Wait(status, pause) => self.wait(status, pause),
                Next::Connect(status) => self.connect(status),
                Next::Leave(status) => return status,
            };
        }
    }

    fn session(&mut self, ready: Ready, args: &ExecuteArgs) -> Next {
        let heads = Arc::new((ready.request.clone(), ready.response.clone()));
        let Room { plan, printer, desk, .. } = &self.room;
        let mut settings = plan.settings.clone();
        if let Some(goal) = &mut settings.goal {
            goal.before = self.matched;
        }
        let waker = self.sleeper.waker();
        // Held until the session is on the desk: whoever sees that it is open may type at once.
        let (mut sessions, mut latest) = (lock(&desk.sessions), lock(&desk.latest));
        // Before anything is said of it, so that the line is drawn with it.
        self.room.prompt.set(Prompt::from("> "));
        let session = match open::start(ready, plan, settings, printer, Follow::Always, waker) {
            Ok(session) => session,
            Err(error) => {
                drop((sessions, latest));
                return self.failed(&error);
            }
        };
        let Session { handle, keeper, view } = session;
        *latest = Some(handle.clone());
        drop(latest);
        execute(&handle, args);
        desk.take(Wish::Reconnect);
        sessions.open = Some(Server { handle: handle.clone(), heads });
        sessions.answered += 1;
        drop(sessions);
        desk.attempted.notify_all();
        self.listen();
        let stdout = io::stdout();
        let watched = (!stdout.is_terminal()).then(|| stdout.as_fd());
        let outcome = keeper.run(&mut self.sleeper, Some(&self.signals), watched);
        lock(&self.room.desk.sessions).open = None;
        let hurried = outcome.ended.status >= ExitStatus::TimedOut || outcome.output_gone;
        let enough = outcome.enough;
        self.matched = outcome.matched;
        let left = self.room.desk.wished(Wish::Leave);
        let again = self.redial.after_session(&outcome).filter(|_| !left);
        if let Some(pause) = again {
            let (why, status) = (redial::loss(&outcome), outcome.ended.status);
            report::followed(&view, outcome, self.room.totals);
            self.room.prompt.set(without_session(again));
            announce(&self.room.printer, why.as_deref(), pause);
            return Next::Wait(status, Some(pause));
        }
        self.room.prompt.set(without_session(None));
        let unsent = Unsent { messages: handle.unsent(), more: false };
        let status = report::ended(&view, outcome, unsent, self.room.totals);
        if left {
            // Somebody who leaves is content, but for what was to be waited for.
            let missed = (status == ExitStatus::Expectation).then_some(status);
            return self.leave(missed.unwrap_or(ExitStatus::Success));
        }
        if enough {
            return self.leave(status);
        }
        if hurried {
            self.room.terminal.abandon();
            return Next::Leave(status);
        }
        Next::Wait(status, None)
    }

    /// Lets the editor's thread start, once there is something to talk to or to wait for.
    fn listen(&mut self) {
        if let Some(editor) = self.editor.take() {
            typist::spawn(editor, Arc::clone(&self.room.desk), Arc::clone(&self.room.printer));
        }
    }

    /// Whoever sat there leaves: everything is shown before the process ends.
    fn leave(&self, status: ExitStatus) -> Next {
        // Nobody is left to be told that the terminal is gone.
        let _ = self.room.terminal.finish();
        Next::Leave(status)
    }

    /// Waits, with no session, for a wish, a signal or the end of the pause.
    fn wait(&mut self, status: ExitStatus, pause: Option<Pause>) -> Next {
        let limit = self.room.plan.settings.max_time.filter(|_| pause.is_some());
        let over = pause.map(|pause| Instant::now() + pause.length);
        let until = over.map(|over| limit.map_or(over, |(until, _)| until.min(over)));
        self.room.prompt.set(without_session(pause));
        self.listen();
        let (desk, signals) = (&self.room.desk, &self.signals);
        let wished = redial::wait(&mut self.sleeper, until, None, |_| {
            let reconnect = desk.take(Wish::Reconnect).then_some(Next::Connect(status));
            reconnect.or_else(|| leaving(desk, signals, status))
        });
        match (wished, limit) {
            (Some(Next::Leave(status)), _) => self.leave(status),
            (Some(next), _) => next,
            (None, Some((until, limit))) if Instant::now() >= until => {
                let message = format!("no connection to `{}`", self.room.plan.target.peer());
                let error = Error::timed_out(Phase::Connect, limit, message);
                open::show(&self.room.printer, Origin::default(), &Event::Error(&error));
                self.leave(error.exit_status())
            }
            (None, _) => Next::Connect(status),
        }
    }

    /// Connects again, while whoever sits there can still leave.
    fn connect(&mut self, status: ExitStatus) -> Next {
        self.room.prompt.set(Prompt::from("(connecting) > ").or_briefly("~ "));
        let Room { plan, printer, desk, .. } = &self.room;
        let signals = &self.signals;
        let connected = redial::connect(plan, printer, &mut self.sleeper, None, |_| leaving(desk, signals, status));
        match connected {
            Ok(Ok(ready)) => Next::Session(Box::new(ready)),
            Err(Next::Leave(status)) => self.leave(status),
            Err(next) => next,
            Ok(Err(error)) => self.failed(&error),
        }
    }

    /// What follows an attempt that failed.
    fn failed(&mut self, error: &Error) -> Next {
        let pause = self.redial.after_failure(error);
        self.room.prompt.set(without_session(pause));
        match pause {
            Some(pause) => announce(&self.room.printer, Some(&redial::in_a_line(error)), pause),
            None => open::show(&self.room.printer, Origin::default(), &Event::Error(error)),
        }
        self.room.desk.failed();
        Next::Wait(error.exit_status(), pause)
    }
}

/// The prompt while no session is open; one will follow by itself after a pause.
fn without_session(pause: Option<Pause>) -> Prompt {
    match pause {
        Some(_) => Prompt::from("(waiting) > ").or_briefly("~ "),
        None => Prompt::from("(closed) > ").or_briefly("x "),
    }
}

/// Whether to leave: as wished, with `status`, or because of a signal.
fn leaving(desk: &Desk, signals: &Signals, status: ExitStatus) -> Option<Next> {
    if desk.wished(Wish::Leave) {
        return Some(Next::Leave(status));
    }
    signals.take().map(|signal| {
        Next::Leave(match signal {
            Signal::Interrupt => ExitStatus::Interrupted,
            Signal::Terminate => ExitStatus::Terminated,
        })
    })
}
