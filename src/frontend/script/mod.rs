//! Running a script: it has a thread of its own; this one connects, keeps the session, and connects again when asked to.

mod stage;

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::SessionArgs;
use crate::client::open::{self, Session};
use crate::client::plan::Plan;
use crate::client::report::{self, Totals, Unsent};
use crate::client::{reconnect as redial, view as show};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::frontend::interpreter::endpoint::{Peer, Server};
use crate::frontend::interpreter::{Author, Flow, Performer};
use crate::frontend::script::stage::{Cue, Ending, Stage};
use crate::input::{Script, Variables};
use crate::output::{Banner, Origin, Printer};
use crate::session::view::Follow;
use crate::session::{Cause, Outcome, Signal, Signals, Sleeper};

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
    let banner = if io::stdout().is_terminal() { Banner::Shown } else { Banner::Hidden };
    let printer = show::direct(show::options(&args.view, &args.input, banner))?;
    let cannot = |what: &str, error: io::Error| Error::new(Phase::Session, what.to_owned()).caused_by(error);
    let sleeper = Sleeper::new().map_err(|error| cannot("cannot make a pipe", error))?;
    let signals = Signals::catch(&sleeper).map_err(|error| cannot("cannot catch signals", error))?;
    open::announce(&plan, &printer);
    let run = Run { plan, printer, sleeper, signals, totals: Totals::of(&args.view) };
    Ok(run.run(script, variables))
}

/// Reads a script and checks it; `-` is stdin.
fn read(path: &Path, variables: &Variables) -> Result<Script> {
    if path != Path::new("-") {
        return Script::read(path, variables);
    }
    let text = io::read_to_string(io::stdin())
        .map_err(|cause| Error::new(Phase::Input, "cannot read the script from stdin").caused_by(cause))?;
    Script::parse("stdin", &text, variables)
}

/// Nothing captured, and our environment.
pub fn variables() -> Variables {
    Variables::new(|name| std::env::var(name).ok())
}

/// A run from its first attempt to its last word.
struct Run {
    plan: Arc<Plan>,
    printer: Arc<Mutex<Printer>>,
    sleeper: Sleeper,
    signals: Signals,
    totals: Totals,
}

/// Why there is no session.
enum NotOpen {
    Failed(Error),
    Signal(Signal),
}

/// What ends the wait for the script's next cue.
enum Stop {
    Signal(Signal),
    Overdue(Error),
}

impl Run {
    fn run(mut self, script: Script, variables: Variables) -> ExitStatus {
        let (first, server) = match self.open() {
            Ok(opened) => opened,
            Err(not_open) => return self.fail(not_open),
        };
        let (cues, wanted) = mpsc::channel();
        let (next, waiting) = mpsc::channel();
        let stage = Stage::new(server, cues, waiting, self.sleeper.waker());
        let (printer, max_message) = (Arc::clone(&self.printer), self.plan.framing.max_message);
        match thread::Builder::new().spawn(move || perform(&script, stage, variables, printer, max_message)) {
            Ok(_) => self.keep(first, &wanted, &next),
            Err(error) => {
                let error = Error::new(Phase::Session, "cannot start a thread for the script").caused_by(error);
                self.fail(NotOpen::Failed(error))
            }
        }
    }

    /// Keeps one session after the other, as the script wants them.
    fn keep(mut self, first: Session, wanted: &Receiver<Cue>, next: &Sender<Result<Server>>) -> ExitStatus {
        let mut session = first;
        loop {
            let Session { handle, keeper, view } = session;
            let mut outcome = keeper.run(&mut self.sleeper, Some(&self.signals), Some(io::stdout().as_fd()));
            let mut cue = self.cue(wanted, &outcome);
            if matches!(cue, Ok(Cue::Reconnect)) {
                // Another session makes up for a lost one, but not for a breach of the protocol or a time limit.
                if outcome.ended.status <= ExitStatus::Session {
                    report::followed(&view, outcome, self.totals);
                    session = match self.follow(wanted, next) {
                        Ok(following) => following,
                        Err(not_open) => return self.fail(not_open),
                    };
                    continue;
                }
                // The script hears of it, and fails.
                let _ = next.send(Err(Error::new(Phase::Session, "no session follows one that ended like this")));
                cue = self.cue(wanted, &outcome);
            }
            let said = judge(cue, &mut outcome);
            let messages = if said == Said::Yes { 0 } else { handle.unsent() };
            return report::ended(&view, outcome, Unsent { messages, more: false }, self.totals);
        }
    }

    /// Opens the next session, and hands it to the script; where that fails, it is for the script to say.
    fn follow(&mut self, wanted: &Receiver<Cue>, next: &Sender<Result<Server>>) -> Result<Session, NotOpen> {
        match self.open() {
            Ok((session, server)) => {
                let _ = next.send(Ok(server));
                Ok(session)
            }
            Err(NotOpen::Failed(error)) => {
                let _ = next.send(Err(error));
                let until = Some(Instant::now() + NOTICE_LIMIT);
                let said = redial::wait(&mut self.sleeper, until, None, |_| wanted.try_recv().ok());
                Err(NotOpen::Failed(match said {
                    Some(Cue::End(Err(error))) => error,
                    _ => Error::new(Phase::Connect, "cannot connect again"),
                }))
            }
            signal => signal.map(|(session, _)| session),
        }
    }

    fn open(&mut self) -> Result<(Session, Server), NotOpen> {
        let (plan, printer, signals) = (&self.plan, &self.printer, &self.signals);
        let ready = redial::connect(plan, printer, &mut self.sleeper, None, |_| signals.take())
            .map_err(NotOpen::Signal)?
            .map_err(NotOpen::Failed)?;
        let heads = Arc::new((ready.request.clone(), ready.response.clone()));
        let waker = self.sleeper.waker();
        let session =
            open::start(ready, plan, plan.settings.clone(), printer, Follow::Always, waker).map_err(NotOpen::Failed)?;
        let server = Server { handle: session.handle.clone(), heads };
        Ok((session, server))
    }

    /// Waits, with no session any more, for what the script does next.
    fn cue(&mut self, wanted: &Receiver<Cue>, outcome: &Outcome) -> Result<Cue, Stop> {
        let is_hurried = outcome.output_gone || outcome.cause == Cause::Haste;
        let notice = is_hurried.then(|| Instant::now() + NOTICE_LIMIT);
        let until = notice.or_else(|| self.plan.settings.max_time.map(|(until, _)| until));
        let signals = &self.signals;
        let found = redial::wait(&mut self.sleeper, until, None, |_| match wanted.try_recv() {
            Ok(cue) => Some(Ok(cue)),
            Err(_) => signals.take().map(|signal| Err(Stop::Signal(signal))),
        });
        found.unwrap_or_else(|| {
            Err(Stop::Overdue(match self.plan.settings.max_time.filter(|_| !is_hurried) {
                Some((_, limit)) => Error::timed_out(Phase::Session, limit, "the script was not over"),
                None => Error::new(Phase::Expectation, "the script was not over when the session was"),
            }))
        })
    }

    fn fail(&self, not_open: NotOpen) -> ExitStatus {
        match not_open {
            NotOpen::Signal(signal) => signal.into(),
            NotOpen::Failed(error) => {
                open::show(&self.printer, Origin::default(), &Event::Error(&error));
                error.exit_status()
            }
        }
    }
}

/// Whether the script has said itself what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Yes,
    No,
}

/// Adds to the outcome of the last session what the script makes of it.
fn judge(cue: Result<Cue, Stop>, outcome: &mut Outcome) -> Said {
    match cue {
        Ok(Cue::End(Ok(Ending::Expected))) => outcome.end_was_expected(),
        Ok(Cue::Reconnect | Cue::End(Ok(Ending::Plain))) => {}
        Err(Stop::Signal(signal)) => outcome.ended.status = outcome.ended.status.max(signal.into()),
        // Whoever sent the signal knows why the script went no further, and so does whoever stopped reading.
        Ok(Cue::End(Err(_))) | Err(Stop::Overdue(_))
            if outcome.output_gone || outcome.ended.status >= ExitStatus::Terminated => {}
        Ok(Cue::End(Err(error))) | Err(Stop::Overdue(error)) => {
            outcome.add(error);
            return Said::Yes;
        }
    }
    Said::No
}

/// Does everything that the script says, then ends it.
fn perform(script: &Script, stage: Stage, variables: Variables, printer: Arc<Mutex<Printer>>, max_message: u64) {
    let stage = Arc::new(stage);
    let peer: Arc<dyn Peer> = Arc::<Stage>::clone(&stage);
    let mut performer = Performer::new(peer, printer, variables, Author::Script, max_message);
    stage.end(perform_steps(script, &mut performer));
}

fn perform_steps(script: &Script, performer: &mut Performer) -> Result<Ending> {
    for step in &script.steps {
        let line = step.understand(&performer.variables)?;
        match performer.perform(&step.place, line).map_err(|error| error.at(&step.place))? {
            Flow::Stay => {}
            Flow::Leave => {
                performer.peer.leave();
                break;
            }
        }
    }
    Ok(if performer.end_was_expected { Ending::Expected } else { Ending::Plain })
}
