//! A session with somebody at the terminal. The editor has a thread of its own; this one connects, keeps the session,
//! and connects again when asked to.

pub mod line_executor;

use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::{ExecuteArgs, SessionArgs};
use crate::client::announcer::Teller;
use crate::client::open::{self, Ready, Session};
use crate::client::plan::Plan;
use crate::client::reconnect::{self as redial, Redial};
use crate::client::report::{self, Totals, Unsent};
use crate::client::view as show;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::frontend::interpreter::endpoint::Server;
use crate::frontend::pipe::pace::Pace;
use crate::frontend::pipe::sender as front_end;
use crate::frontend::repl::line_executor as typist;
use crate::frontend::session_slot::{Desk, Wish};
use crate::input::{Editor, EditorOptions, History, Prompt, PromptHandle};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Origin, Printer};
use crate::session::backoff::Pause;
use crate::session::view::Follow;
use crate::session::{Cause, Signals, Sleeper};

/// Bytes of received messages that are kept for an `/expect`: more lines than a terminal scrolls back.
const MEMORY: usize = 1024 * 1024;

/// How long it may take to show what is left when a signal or a time limit ends the run.
const HURRY: Duration = Duration::from_secs(1);

/// How long to wait until what `-x` sends has noticed that the session is over, so that it can be counted.
const EXECUTED_LIMIT: Duration = Duration::from_millis(500);

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
            let note = redial::announcement(Some(&redial::in_a_line(&error)), pause);
            open::show(&before, Origin::default(), &Event::Note(&note));
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
    let desk = Arc::new(Desk::new(sleeper.waker()));
    let room = Room { plan, desk, printer, terminal, prompt: prompt_handle, totals: Totals::of(&args.view) };
    let teller = Teller::new(Arc::clone(&room.printer));
    let mut talk = Talk { room, sleeper, signals, redial, teller, editor: Some(editor), matched: 0 };
    Ok(talk.run(first, &args.execute))
}

fn cannot(what: &str, error: io::Error) -> Error {
    Error::new(Phase::Session, format!("cannot {what}")).caused_by(error)
}

/// Sends what `-x` says before anything that is typed; or, where there are to be pauses, beside it. On a thread: the peer
/// may take nothing. When that is done, the receiver is left alone.
fn execute(desk: &Arc<Desk>, server: Server, args: &ExecuteArgs) -> Receiver<()> {
    let (desk, messages, delay) = (Arc::clone(desk), args.execute.clone(), args.delay);
    let handle = server.handle.clone();
    desk.started(handle.clone());
    let (busy, done) = mpsc::channel();
    thread::spawn(move || {
        let _busy: Sender<()> = busy;
        if delay.is_some() {
            desk.opened(server);
            front_end::execute(&messages, &mut Pace::new(&handle, delay));
        } else {
            front_end::execute(&messages, &mut Pace::new(&handle, None));
            desk.opened(server);
        }
    });
    done
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
    teller: Teller,
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
        desk.opening();
        // Before anything is said of it, so that the line is drawn with it.
        self.room.prompt.set(Prompt::from("> "));
        let session = match open::start(ready, plan, settings, printer, Follow::Always, waker) {
            Ok(session) => session,
            Err(error) => return self.failed(error),
        };
        let Session { handle, keeper, view } = session;
        let executed = execute(desk, Server { handle: handle.clone(), heads }, args);
        self.listen();
        let stdout = io::stdout();
        let watched = (!stdout.is_terminal()).then(|| stdout.as_fd());
        let outcome = keeper.run(&mut self.sleeper, Some(&self.signals), watched);
        // It sends no more now that the session is over, but it may have to wait for the terminal.
        let _ = executed.recv_timeout(EXECUTED_LIMIT);
        self.room.desk.ended();
        let hurried = outcome.cause == Cause::Haste || outcome.output_gone;
        let enough = outcome.cause == Cause::Enough;
        self.matched = outcome.matched;
        let left = self.room.desk.wished(Wish::Leave);
        let again = self.redial.after_session(&outcome).filter(|_| !left);
        if let Some(pause) = again {
            let (why, status) = (redial::loss(&outcome), outcome.ended.status);
            report::followed(&view, outcome, self.room.totals);
            self.room.prompt.set(without_session(again));
            self.teller.note(redial::announcement(why.as_deref(), pause));
            return Next::Wait(status, Some(pause));
        }
        self.room.prompt.set(without_session(None));
        let unsent = Unsent { messages: handle.unsent(), more: false };
        let status = report::ended(&view, outcome, unsent, self.room.totals);
        if left {
            // Somebody who leaves is content, but for what was to be waited for.
            let missed = (status == ExitStatus::Expectation).then_some(status);
            return self.leave(missed.unwrap_or(ExitStatus::Success), None);
        }
        if enough {
            return self.leave(status, None);
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
            let Room { plan, desk, printer, .. } = &self.room;
            typist::spawn(editor, Arc::clone(desk), Arc::clone(printer), plan.framing.max_message);
        }
    }

    /// Whoever sat there leaves: everything is shown before the process ends, as far as a signal permits, or as `patience`
    /// goes.
    fn leave(&mut self, status: ExitStatus, patience: Option<Duration>) -> Next {
        let until = patience.map(|patience| Instant::now() + patience);
        let (terminal, waker) = (self.room.terminal.clone(), self.sleeper.waker());
        let (tell, told) = mpsc::channel::<Infallible>();
        thread::spawn(move || {
            // Nobody is left to be told that the terminal is gone.
            let _ = terminal.finish();
            drop(tell);
            waker.wake();
        });
        let signals = &self.signals;
        let ended = redial::wait(&mut self.sleeper, until, None, |_| match told.try_recv() {
            Err(TryRecvError::Empty) => signals.take().map(Err),
            _ => Some(Ok(())),
        });
        let status = match ended {
            Some(Ok(())) => return Next::Leave(status),
            Some(Err(signal)) => signal.into(),
            None => status,
        };
        self.room.terminal.abandon();
        Next::Leave(status)
    }

    /// Waits, with no session, for a wish, a signal or the end of the pause.
    fn wait(&mut self, status: ExitStatus, pause: Option<Pause>) -> Next {
        let limit = self.room.plan.settings.max_time;
        let over = pause.map(|pause| Instant::now() + pause.length);
        let until = [over, limit.map(|(until, _)| until)].into_iter().flatten().min();
        self.room.prompt.set(without_session(pause));
        self.listen();
        let (desk, signals) = (&self.room.desk, &self.signals);
        let wished = redial::wait(&mut self.sleeper, until, None, |_| {
            let reconnect = desk.take(Wish::Reconnect).then_some(Next::Connect(status));
            reconnect.or_else(|| leaving(desk, signals, status))
        });
        match (wished, limit) {
            (Some(Next::Leave(status)), _) => self.leave(status, patience(status)),
            (Some(next), _) => next,
            (None, Some((until, limit))) if Instant::now() >= until => {
                let error = match pause {
                    Some(_) => {
                        let message = format!("no connection to `{}`", self.room.plan.route.endpoint.peer());
                        Error::timed_out(Phase::Connect, limit, message)
                    }
                    None => Error::timed_out(Phase::Session, limit, "the prompt was not left"),
                };
                let status = error.exit_status();
                self.teller.error(error);
                self.leave(status, Some(HURRY))
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
            Err(Next::Leave(status)) => self.leave(status, patience(status)),
            Err(next) => next,
            Ok(Err(error)) => self.failed(error),
        }
    }

    /// What follows an attempt that failed.
    fn failed(&mut self, error: Error) -> Next {
        let status = error.exit_status();
        let pause = self.redial.after_failure(&error);
        self.room.prompt.set(without_session(pause));
        match pause {
            Some(pause) => self.teller.note(redial::announcement(Some(&redial::in_a_line(&error)), pause)),
            None => self.teller.error(error),
        }
        self.room.desk.failed();
        Next::Wait(status, pause)
    }
}

/// The prompt while no session is open; one will follow by itself after a pause.
fn without_session(pause: Option<Pause>) -> Prompt {
    match pause {
        Some(_) => Prompt::from("(waiting) > ").or_briefly("~ "),
        None => Prompt::from("(closed) > ").or_briefly("x "),
    }
}

/// For how long what is left may be shown: after a signal not for long.
fn patience(status: ExitStatus) -> Option<Duration> {
    matches!(status, ExitStatus::Terminated | ExitStatus::Interrupted).then_some(HURRY)
}

/// Whether to leave: as wished, with `status`, or because of a signal.
fn leaving(desk: &Desk, signals: &Signals, status: ExitStatus) -> Option<Next> {
    if desk.wished(Wish::Leave) {
        return Some(Next::Leave(status));
    }
    signals.take().map(|signal| Next::Leave(signal.into()))
}
