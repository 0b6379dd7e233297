//! Running a script: it has a thread of its own; the main thread runs its sessions.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::cli::SessionArgs;
use crate::client::driver::{After, AfterFailure, Driver};
use crate::client::open::OpenSession;
use crate::client::plan::Plan;
use crate::client::reconnect::ReconnectPolicy;
use crate::client::report::{Totals, Unsent};
use crate::client::runner::Runner;
use crate::client::{record, thread_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::interpreter::{Flow, Interpreter, Mode, variables};
use crate::frontend::session_slot::{Losses, Request, SessionSlot};
use crate::input::payload::FileKinds;
use crate::input::{Script, Variables};
use crate::output::{Fanout, FollowSent, Options};
use crate::platform::{Notifier, Stdin, thread_for_messages};
use crate::session::backoff::Pause;
use crate::session::{Handle, Outcome, Settings};

/// Bytes of received messages that are kept for what the script expects.
const MEMORY: usize = 16 * 1024 * 1024;

/// How long the script may take to notice that it must end.
const NOTICE_LIMIT: Duration = Duration::from_secs(1);

/// Opens a session, does what the script says, and tells how it ended.
///
/// # Errors
/// What is wrong with the script, or with the command line.
pub fn run(url: &str, args: &SessionArgs, path: &Path) -> Result<ExitStatus> {
    let started = Instant::now();
    let variables = variables();
    let script = read(path, &variables)?;
    let plan = Arc::new(Plan::client(url, args, started)?.remembering(MEMORY));
    let options = Options {
        follow_sent: FollowSent::Always,
        ..view::options(&args.view, &args.input, view::banner_at_terminal())
    };
    let fanout = Fanout::new(view::direct(options.clone())?).annotated(view::client_annotator(args));
    let recording = record::start(&args.record, &args.view, &plan.target.endpoint().host(), &options, &fanout)?;
    let max_message = plan.protocol.max_message;
    let mut runner = Runner::new(plan, fanout.clone(), ReconnectPolicy::new(args), Totals::of(&args.view))?;
    let notifier = runner.poller.notifier();
    let losses = if args.reconnect.is_some() { Losses::Bridged } else { Losses::Final };
    let slot = Arc::new(SessionSlot::new(notifier.clone(), losses));
    // The script waits for its first session.
    slot.opening();
    let ends = spawn(script, Arc::clone(&slot), variables, fanout, max_message, notifier)?;
    let mut driver = ScriptDriver { slot, ends, has_opened: false, current: None, error: None, told: Told::Nothing };
    let end = runner.run(&mut driver);
    Ok(recording.finish(end.status, &runner.signals))
}

/// Reads a script and checks it; `-` is stdin.
///
/// # Errors
/// What is wrong with it.
pub fn read(path: &Path, variables: &Variables) -> Result<Script> {
    if path != Path::new("-") {
        return Script::read(path, FileKinds::Any, variables);
    }
    let text = Stdin::read_text()
        .map_err(|cause| Error::new(Phase::Input, "cannot read the script from stdin").caused_by(cause))?;
    Script::parse("stdin", &text, variables)
}

/// What a script that has done everything makes of the end of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SessionEnd {
    /// It was expected.
    Expected,
    /// It speaks for itself.
    Plain,
}

/// Runs the script on a thread of its own. The result comes through the receiver, and the main thread is notified.
fn spawn(
    script: Script,
    slot: Arc<SessionSlot>,
    variables: Variables,
    fanout: Fanout,
    max_message: u64,
    notifier: Notifier,
) -> Result<Receiver<Result<SessionEnd>>> {
    let (ends, end) = mpsc::channel();
    let run = move || {
        let endpoint: Arc<dyn Endpoint> = Arc::new(Arc::clone(&slot));
        let mut interpreter = Interpreter::new(endpoint, fanout, variables, Mode::Script, max_message);
        let result = slot.session().and_then(|_| execute(&script, &mut interpreter));
        finish(&slot, result, &ends);
        notifier.notify();
    };
    let spawned = thread_for_messages().spawn(run);
    spawned.map_err(|error| thread_error(Phase::Session, "for the script", error))?;
    Ok(end)
}

fn execute(script: &Script, interpreter: &mut Interpreter) -> Result<SessionEnd> {
    for step in &script.steps {
        let line = step.understand(&interpreter.variables)?;
        match interpreter.execute(&step.place, line).map_err(|error| error.at(&step.place))? {
            Flow::Stay => {}
            Flow::Leave => {
                interpreter.endpoint.leave();
                break;
            }
        }
    }
    Ok(if interpreter.end_was_expected { SessionEnd::Expected } else { SessionEnd::Plain })
}

/// The script is over: the session ends as it does when its input has, or, after a failure, at once.
fn finish(slot: &SessionSlot, result: Result<SessionEnd>, ends: &Sender<Result<SessionEnd>>) {
    let session = slot.session();
    if let (Err(_), Ok(session)) = (&result, &session) {
        session.leave();
    }
    if let Ok(session) = &session {
        session.input_ended();
    }
    // A run that a signal has ended does not receive it.
    let _ = ends.send(result);
}

/// Gives the script one session after the other, as it wants them.
struct ScriptDriver {
    slot: Arc<SessionSlot>,
    ends: Receiver<Result<SessionEnd>>,
    has_opened: bool,
    /// The session that is open, or was.
    current: Option<OpenSession>,
    /// Why the script ended while no session was open.
    error: Option<Error>,
    told: Told,
}

/// Whether the script has said itself what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Failure,
}

impl ScriptDriver {
    /// Adds to the outcome of the last session what the script makes of it.
    fn add(&mut self, result: Result<SessionEnd>, outcome: &mut Outcome) {
        match result {
            Ok(SessionEnd::Expected) => outcome.end_was_expected(),
            Ok(SessionEnd::Plain) => {}
            // A signal, or the loss of stdout's reader, has ended the run: that the script goes no further is no news.
            Err(_) if outcome.output_gone || outcome.ended.status >= ExitStatus::Terminated => {}
            Err(error) => {
                outcome.add(error);
                self.told = Told::Failure;
            }
        }
    }
}

impl Driver for ScriptDriver {
    fn starting(&mut self, _settings: &mut Settings) {
        self.slot.opening();
    }

    fn opened(&mut self, session: OpenSession) {
        self.has_opened = true;
        self.current = Some(session.clone());
        self.slot.started(session.handle.clone());
        self.slot.opened(session);
    }

    fn closed(&mut self, outcome: &mut Outcome, offer: Option<Pause>) -> Option<After> {
        if let Ok(result) = self.ends.try_recv() {
            self.add(result, outcome);
            return Some(After::Over);
        }
        match self.slot.take_request()? {
            // Another session makes up for a lost one, but not for a breach of the protocol or a time limit.
            Request::Reconnect if outcome.ended.status <= ExitStatus::Session => return Some(After::Reconnect),
            Request::Resume if offer.is_some() => return Some(After::Resume),
            Request::Resume => self.slot.failed(None),
            Request::Reconnect => {
                let error = Error::new(Phase::Session, "no session follows one that ended like this");
                self.slot.failed(Some(error));
            }
        }
        None
    }

    fn overdue(&mut self, limit: Option<Duration>, outcome: &mut Outcome) {
        let error = match limit {
            Some(limit) => Error::timed_out(Phase::Session, limit, "the script was not over"),
            None => Error::new(Phase::Expectation, "the script was not over when the session was"),
        };
        self.add(Err(error), outcome);
    }

    /// A script that waits for another session hears of the failure, and says it with its line.
    fn failed(&mut self, error: Error) -> (Error, AfterFailure) {
        if !self.has_opened {
            return (error, AfterFailure::Over);
        }
        self.slot.failed(Some(error));
        let error = match self.ends.recv_timeout(NOTICE_LIMIT) {
            Ok(Err(error)) => error,
            _ => Error::new(Phase::Connect, "cannot connect again"),
        };
        (error, AfterFailure::Over)
    }

    /// A script that ends while no session is open.
    fn has_left(&mut self) -> bool {
        let result = self.ends.try_recv();
        let has_left = result.is_ok();
        self.error = result.ok().and_then(Result::err);
        has_left
    }

    fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    fn unsent(&mut self, ended: Option<&Handle>) -> Unsent {
        match (ended, self.told) {
            (Some(handle), Told::Nothing) => Unsent { messages: handle.unsent(), more: false },
            _ => Unsent::default(),
        }
    }
}
