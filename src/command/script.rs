//! The front end of a session that runs a script.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::open::{self, Session};
use super::peer::{Peer, Server};
use super::performer::{Author, Flow, Performer};
use super::plan::Plan;
use super::report::{self, Totals, Unsent};
use super::show;
use crate::cli::SessionArgs;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::input::{Script, Variables};
use crate::output::{Banner, Origin, Printer};
use crate::session::view::Follow;
use crate::session::{Handle, Outcome, Signals, Sleeper};

/// Bytes of received messages that are kept for what the script expects.
const MEMORY: usize = 64 * 1024 * 1024;

/// How long the script may take to notice that the session is over.
const NOTICE_LIMIT: Duration = Duration::from_secs(1);

/// Opens a session, does what the script says, and tells how it ended.
///
/// # Errors
/// What is wrong with the script, or with the command line.
pub fn run(url: &str, args: &SessionArgs, path: &Path) -> Result<ExitStatus> {
    let started = Instant::now();
    let variables = variables();
    let script = read(path, &variables)?;
    let plan = Plan::client(url, args, started)?.remembering(MEMORY);
    let banner = if io::stdout().is_terminal() { Banner::Shown } else { Banner::Hidden };
    let printer = show::direct(show::options(&args.view, &args.input, banner))?;
    let cannot = |what: &str, error: io::Error| Error::new(Phase::Session, what.to_owned()).caused_by(error);
    let mut sleeper = Sleeper::new().map_err(|error| cannot("cannot make a pipe", error))?;
    open::announce(&plan, &printer);
    let session = open::connect(&plan, &printer).and_then(|ready| {
        // Before anything is printed: whoever sees output may send a signal, which a session answers with a Close.
        let signals = Signals::catch(&sleeper).map_err(|error| cannot("cannot catch signals", error))?;
        let heads = Arc::new((ready.request.clone(), ready.response.clone()));
        Ok((
            signals,
            heads,
            open::start(ready, &plan, plan.settings.clone(), &printer, Follow::Always, sleeper.waker())?,
        ))
    });
    let (signals, heads, Session { handle, keeper, view }) = match session {
        Ok(session) => session,
        Err(error) => {
            open::show(&printer, Origin::default(), &Event::Error(&error));
            return Ok(error.exit_status());
        }
    };
    let run = Run::start(script, Server { handle: handle.clone(), heads }, variables, printer);
    let mut outcome = keeper.run(&mut sleeper, Some(&signals), Some(io::stdout().as_fd()));
    let unsent = run.judge(&mut outcome, &handle);
    Ok(report::ended(&view, outcome, unsent, Totals::of(&args.view)))
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

/// A script at work, on a thread of its own.
struct Run {
    result: Receiver<Result<Ending>>,
}

/// What a script that has done everything makes of the session's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It was expected.
    Expected,
    /// It speaks for itself.
    Plain,
}

impl Run {
    /// Starts it. When it has ended, so has the input of the session; when it fails, the session is closed.
    fn start(script: Script, server: Server, variables: Variables, printer: Arc<Mutex<Printer>>) -> Self {
        let (tell, result) = mpsc::channel();
        thread::spawn(move || {
            let performer = Performer::new(Arc::new(server.clone()), printer, variables, Author::Script);
            let ending = perform(&script, performer);
            if ending.is_err() {
                server.leave();
            }
            server.handle.input_ended();
            let _ = tell.send(ending);
        });
        Self { result }
    }

    /// Once the session is over: adds to its outcome what the script makes of it. What was not sent, where the script
    /// hasn't said so.
    fn judge(self, outcome: &mut Outcome, handle: &Handle) -> Unsent {
        let result = self.result.recv_timeout(NOTICE_LIMIT).unwrap_or_else(|_| {
            Err(Error::new(Phase::Expectation, "the script was not through when the session ended"))
        });
        match result {
            Ok(Ending::Expected) => outcome.end_was_expected(),
            Ok(Ending::Plain) => {}
            // Whoever sent the signal knows why the script went no further.
            Err(_) if outcome.ended.status >= ExitStatus::Terminated => {}
            Err(error) => {
                outcome.add(error);
                return Unsent::default();
            }
        }
        Unsent { messages: handle.unsent(), more: false }
    }
}

fn perform(script: &Script, mut performer: Performer) -> Result<Ending> {
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
