//! `wscope URL`.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::time::Instant;

use super::front_end::{self, FrontEnd, Input};
use super::open::{self, Session};
use super::plan::Plan;
use super::progress::Watch;
use super::report::{self, Totals};
use super::{repl, script, show};
use crate::cli::SessionArgs;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::Event;
use crate::input::Source;
use crate::output::{Banner, Origin};
use crate::session::view::Follow;
use crate::session::{Signals, Sleeper};

/// Opens a session, talks, and tells how it ended.
pub fn run(url: &str, args: &SessionArgs) -> ExitStatus {
    let status = match &args.execute.script {
        Some(script) => script::run(url, args, script),
        None if is_interactive(args) => repl::run(url, args),
        None => piped(url, args),
    };
    status.unwrap_or_else(|error| report::early(&error, &args.view, &args.input))
}

/// Whether somebody sits at the terminal and is to be listened to.
fn is_interactive(args: &SessionArgs) -> bool {
    io::stdin().is_terminal() && reads_stdin(args) && !args.input.format.is_data()
}

/// A session without a line editor.
fn piped(url: &str, args: &SessionArgs) -> Result<ExitStatus> {
    let plan = Plan::client(url, args, Instant::now())?;
    let input = Input { execute: args.execute.execute.clone(), delay: args.execute.delay, source: source(args)? };
    let banner = if io::stdout().is_terminal() { Banner::Shown } else { Banner::Hidden };
    let printer = show::direct(show::options(&args.view, &args.input, banner))?;
    let cannot = |what: &str, error: io::Error| Error::new(Phase::Session, what.to_owned()).caused_by(error);
    let mut sleeper = Sleeper::new().map_err(|error| cannot("cannot make a pipe", error))?;
    let session = open::connect(&plan, &printer).and_then(|ready| {
        // Before anything is printed: whoever sees output may send a signal, which a session answers with a Close.
        let signals = Signals::catch(&sleeper).map_err(|error| cannot("cannot catch signals", error))?;
        Ok((signals, open::start(ready, &plan, &printer, Follow::WhenShown, sleeper.waker())?))
    });
    let (signals, Session { handle, keeper, view }) = match session {
        Ok(session) => session,
        Err(error) => {
            open::show(&printer, Origin::default(), &Event::Error(&error));
            return Ok(error.exit_status());
        }
    };
    let watch = input.source.as_ref().and_then(|_| Watch::start(&handle, &printer, &args.view));
    let front_end = FrontEnd::spawn(handle.clone(), input, watch);
    let outcome = keeper.run(&mut sleeper, Some(&signals), Some(io::stdout().as_fd()));
    let mut unsent = front_end.left_over();
    unsent.messages += handle.unsent();
    Ok(report::ended(&view, outcome, unsent, Totals::of(&args.view)))
}

/// Stdin, unless it is not to be read.
fn source(args: &SessionArgs) -> Result<Option<Source>> {
    reads_stdin(args).then(|| front_end::source(&args.input.format, args.limits.max_message)).transpose()
}

fn reads_stdin(args: &SessionArgs) -> bool {
    !args.input.no_input && !args.input.echo && (args.execute.execute.is_empty() || args.execute.interactive)
}
