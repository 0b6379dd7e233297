//! A session at the prompt of a terminal. The line editor has a thread of its own, and keeps its line through every
//! reconnect; the main thread runs the sessions.

pub mod kept_session;
mod line_executor;
pub mod line_reader;
mod terminal_end;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::{ExecuteArgs, SessionArgs};
use crate::client::driver::{After, AfterFailure, Driver};
use crate::client::open::OpenSession;
use crate::client::plan::Plan;
use crate::client::reconnect::ReconnectPolicy;
use crate::client::report::{Totals, Unsent};
use crate::client::runner::Runner;
use crate::client::{record, thread_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::frontend::interpreter::variables;
use crate::frontend::pipe::{Pace, send_executed};
use crate::frontend::script;
use crate::frontend::session_slot::{Losses, SessionSlot};
use crate::input::slash::Prompt;
use crate::input::{Editor, PromptHandle, Script};
use crate::output::terminal::Terminal;
use crate::output::{Banner, Fanout, FollowSent, Options};
use crate::session::backoff::Pause;
use crate::session::{Cause, Handle, Outcome, Settings};

use self::kept_session::KeptSession;
use self::line_executor::Work;
use self::line_reader::WorkQueue;

/// Bytes of received messages that are kept for an `/expect`: more lines than a terminal scrolls back.
const MEMORY: usize = 1024 * 1024;

/// How long to wait until what `-x` sends has noticed that the session is over, so that it can be counted.
const EXECUTED_LIMIT: Duration = Duration::from_millis(500);

/// Opens a session and talks until the user leaves.
///
/// # Errors
/// What is wrong with the command line, or with the terminal.
pub fn run(url: &str, args: &SessionArgs) -> Result<ExitStatus> {
    let started = Instant::now();
    let script = args.execute.script.as_deref().map(|path| script::read(path, &variables())).transpose()?;
    let plan = Arc::new(Plan::client(url, args, started)?.remembering(MEMORY));
    let options = view::options(&args.view, &args.input, Banner::Shown);
    let options = Options { follow_sent: FollowSent::Always, ..options };
    let fanout = Fanout::new(view::direct(options.clone())?).annotated(view::client_annotator(args));
    let kept = KeptSession::start(&args.view, &options, &fanout);
    let recording = record::start(&args.record, &args.view, &plan.target.endpoint().host(), &options, &fanout)?;
    let max_message = plan.protocol.max_message;
    let mut runner = Runner::new(plan, fanout.clone(), ReconnectPolicy::new(args), Totals::of(&args.view))?;
    let slot = Arc::new(SessionSlot::new(runner.poller.notifier(), Losses::Final));
    let execute = args.execute.clone();
    let mut driver =
        ReplDriver { slot, fanout, options, kept, max_message, execute, script, place: None, current: None };
    let end = runner.run(&mut driver);
    let status = match driver.place {
        Some(Place { terminal, .. }) => terminal_end::show_what_is_left(&terminal, end, &mut runner),
        None => end.status,
    };
    Ok(recording.finish(status, &runner.signals))
}

/// Lets the user talk through one session after the other.
struct ReplDriver {
    slot: Arc<SessionSlot>,
    fanout: Fanout,
    options: Options,
    /// What has happened.
    kept: KeptSession,
    /// The largest message that is made of a file, in bytes.
    max_message: u64,
    execute: ExecuteArgs,
    /// What the first session begins with.
    script: Option<Script>,
    /// The terminal, once there is something to talk to or to wait for: until then it stays as it is.
    place: Option<Place>,
    /// The session that is open, and what tells when all of `-x` is sent: its sender is gone then.
    current: Option<(Handle, Receiver<()>)>,
}

/// The terminal with a line editor on it.
struct Place {
    terminal: Terminal,
    prompt: PromptHandle,
    queue: WorkQueue,
    /// Has the thread that reads lines begin.
    begin: Sender<()>,
}

impl ReplDriver {
    /// Whether the user can type something now: the keys are not those of another job.
    fn has_keys(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.terminal.device().is_in_foreground())
    }

    fn set_prompt(&self, prompt: &str) {
        if let Some(place) = &self.place {
            place.prompt.set(prompt);
        }
    }

    /// Has the thread of the editor begin, if it has not yet.
    fn read_lines(&mut self) {
        if let Some(place) = &self.place {
            // What comes after the first is not received.
            let _ = place.begin.send(());
        }
    }

    /// Sends what `-x` says before anything that is typed; or, where there are to be pauses, beside it. On a thread: the
    /// peer may take nothing. When that is done, the sender of the receiver is dropped.
    fn send_executed(&self, session: OpenSession) -> Receiver<()> {
        let (slot, messages, delay) = (Arc::clone(&self.slot), self.execute.execute.clone(), self.execute.delay);
        let handle = session.handle.clone();
        slot.started(handle.clone());
        let (busy, done) = mpsc::channel();
        let opened = session.clone();
        let send = move || {
            let _busy: Sender<()> = busy;
            if delay.is_some() {
                slot.opened(opened);
                send_executed(&messages, &mut Pace::new(&handle, delay));
            } else {
                send_executed(&messages, &mut Pace::new(&handle, None));
                slot.opened(opened);
            }
        };
        if let Err(error) = thread::Builder::new().spawn(send) {
            self.slot.opened(session);
            line_reader::show_error(&self.fanout, &thread_error(Phase::Session, "to send what `-x` says", error));
        }
        done
    }
}

impl Driver for ReplDriver {
    fn attach(&mut self) -> Result<()> {
        if self.place.is_none() {
            let (editor, terminal) = Editor::open(Prompt::Client, self.options.escape_marks())?;
            *self.fanout.lock().printer() = view::beside(&terminal, self.options.clone())?;
            let prompt = editor.prompt();
            let (begin, queue) = line_reader::spawn(
                editor,
                Arc::clone(&self.slot),
                self.fanout.clone(),
                self.max_message,
                Some(self.kept.clone()),
            )?;
            self.place = Some(Place { terminal, prompt, queue, begin });
        }
        Ok(())
    }

    fn reads_keys(&self) -> bool {
        self.place.is_some()
    }

    fn connecting(&mut self) {
        self.set_prompt("(connecting) > ");
    }

    fn starting(&mut self, _settings: &mut Settings) {
        self.slot.opening();
        // Before anything is said of it, so that the line is drawn with it.
        self.set_prompt("> ");
    }

    fn opened(&mut self, session: OpenSession) {
        let handle = session.handle.clone();
        let executed = self.send_executed(session);
        self.current = Some((handle, executed));
        if let (Some(place), Some(script)) = (&self.place, self.script.take()) {
            place.queue.push(Work::Script(script));
        }
        self.read_lines();
    }

    fn closed(&mut self, outcome: &mut Outcome, offer: Option<Pause>) -> Option<After> {
        let (_, executed) = self.current.take()?;
        // It sends no more now that the session is over, but it may have to wait for the terminal.
        let _ = executed.recv_timeout(EXECUTED_LIMIT);
        self.slot.ended(outcome.summary.clone());
        let is_over = outcome.output_gone || matches!(outcome.cause, Cause::Enough | Cause::Abort);
        Some(match offer {
            _ if self.slot.has_left() => After::Over,
            Some(_) => After::Resume,
            None if is_over || !self.has_keys() => After::Over,
            None => After::Stay,
        })
    }

    fn failed(&mut self, error: Error) -> (Error, AfterFailure) {
        let next = if self.has_keys() { AfterFailure::Stay } else { AfterFailure::Over };
        (error, next)
    }

    fn closed_until(&mut self, pause: Option<Pause>) {
        self.set_prompt(match pause {
            Some(_) => "(waiting) > ",
            None => "(closed) > ",
        });
    }

    fn told(&mut self) {
        self.slot.failed(None);
        self.read_lines();
    }

    fn take_reconnect(&mut self) -> bool {
        self.slot.take_request().is_some()
    }

    fn has_left(&mut self) -> bool {
        self.slot.has_left()
    }

    fn unsent(&mut self, ended: Option<&Handle>) -> Unsent {
        Unsent { messages: ended.map_or(0, Handle::unsent), more: false }
    }

    /// A user who left is content, but for what was to be waited for.
    fn status(&self, status: ExitStatus) -> ExitStatus {
        if self.slot.has_left() && status != ExitStatus::Expectation { ExitStatus::Success } else { status }
    }
}
