//! A session without a line editor: `-x` messages, then stdin.

pub mod pace;
mod progress;
pub mod sender;
pub mod stdin;

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::cli::SessionArgs;
use crate::client::announcer::Teller;
use crate::client::open::{self, Ready, Session};
use crate::client::plan::Plan;
use crate::client::reconnect::{self as redial, Redial, Tally};
use crate::client::report::{self, Totals, Unsent};
use crate::client::view as show;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::frontend::pipe::progress::Watch;
use crate::frontend::pipe::sender::{FrontEnd, Input, Parting};

use crate::output::{Banner, Printer};
use crate::session::backoff::Pause;
use crate::session::view::Follow;
use crate::session::{Cause, Linger, Signal, Signals, Sleeper, Woken};

/// Opens a session, sends the input, and tells how it ended.
///
/// # Errors
/// What is wrong with the command line, or with stdin, stdout or stderr.
pub fn run(url: &str, args: &SessionArgs) -> Result<ExitStatus> {
    let plan = Arc::new(Plan::client(url, args, Instant::now())?);
    let stdin = args.reads_stdin().then(|| stdin::source(&args.input.format, args.limits.max_message)).transpose()?;
    let input = Input { execute: args.execute.execute.clone(), delay: args.execute.delay, stdin };
    let banner = if io::stdout().is_terminal() { Banner::Shown } else { Banner::Hidden };
    let printer = show::direct(show::options(&args.view, &args.input, banner))?;
    let cannot = |what: &str, error: io::Error| Error::new(Phase::Session, what.to_owned()).caused_by(error);
    let sleeper = Sleeper::new().map_err(|error| cannot("cannot make a pipe", error))?;
    let signals = Signals::catch(&sleeper).map_err(|error| cannot("cannot catch signals", error))?;
    let front_end = FrontEnd::spawn(input).map_err(|error| cannot("cannot read stdin beside the session", error))?;
    open::announce(&plan, &printer);
    let teller = Teller::new(Arc::clone(&printer));
    let run = Run {
        plan,
        printer,
        sleeper,
        signals,
        front_end,
        redial: Redial::new(&args.connection.request),
        tally: Tally::default(),
        stay_until: None,
        matched: 0,
        teller,
        totals: Totals::of(&args.view),
        args,
    };
    Ok(run.run())
}

/// A run from its first attempt to its last word.
struct Run<'a> {
    args: &'a SessionArgs,
    plan: Arc<Plan>,
    printer: Arc<Mutex<Printer>>,
    sleeper: Sleeper,
    signals: Signals,
    front_end: FrontEnd,
    redial: Redial,
    tally: Tally,
    /// With `--wait`, once the input is over: when there is no point any more in connecting again.
    stay_until: Option<Instant>,
    /// Messages so far that counted towards `--count`.
    matched: u64,
    teller: Teller,
    totals: Totals,
}

/// What follows a session.
enum Next {
    /// Nothing: how it all ended.
    Over(ExitStatus),
    /// Another one, after a pause; the status that it would have been.
    Again(Pause, ExitStatus),
}

/// What ends a wait between two sessions before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Signal(Signal),
    MaxTime,
    /// The time that `--wait` gave is over.
    Stayed,
    /// Whoever read our output went away.
    OutputGone,
}

impl Run<'_> {
    fn run(mut self) -> ExitStatus {
        let status = loop {
            let (signals, stdout) = (&self.signals, io::stdout());
            let attempt =
                redial::connect(&self.plan, &self.printer, &mut self.sleeper, Some(stdout.as_fd()), |woken| {
                    stop(signals, woken)
                });
            let attempt = match attempt {
                Ok(connected) => connected.and_then(|ready| self.session(ready)),
                Err(stop) => break self.leave(stop, ExitStatus::Success),
            };
            let (pause, status) = match attempt {
                Ok(Next::Over(status)) => break status,
                Ok(Next::Again(pause, status)) => (pause, status),
                Err(error) => match self.after_failure(&error) {
                    Some(pause) => (pause, error.exit_status()),
                    None => break self.fail(error),
                },
            };
            if let Some(stop) = self.pause(pause) {
                break self.leave(stop, status);
            }
        };
        if let Some(words) = self.tally.words().filter(|_| self.redial.is_wanted()) {
            self.teller.note(words);
        }
        status
    }

    /// One session, from its opening to its end.
    fn session(&mut self, ready: Ready) -> Result<Next> {
        let mut settings = self.plan.settings.clone();
        if let (Linger::Fixed(_), Some(until)) = (settings.linger, self.stay_until) {
            settings.linger = Linger::Fixed(until.saturating_duration_since(Instant::now()));
        }
        if let Some(goal) = &mut settings.goal {
            goal.before = self.matched;
        }
        let waker = self.sleeper.waker();
        let Session { handle, keeper, view } =
            open::start(ready, &self.plan, settings, &self.printer, Follow::WhenShown, waker)?;
        let watch = self.args.reads_stdin().then(|| Watch::start(&handle, &self.printer, &self.args.view)).flatten();
        let engagement = self.front_end.engage(handle.clone(), watch);
        let outcome = keeper.run(&mut self.sleeper, Some(&self.signals), Some(io::stdout().as_fd()));
        let parting = engagement.part();
        let again = self.redial.after_session(&outcome).filter(|_| self.has_more_to_do(parting));
        self.matched = outcome.matched;
        self.tally.add(handle.handed());
        if again.is_some() || outcome.cause == Cause::Loss {
            self.tally.add_loss(handle.handed(), outcome.confirmed);
        }
        let Some(pause) = again else {
            // Whoever writes to us is told as by any program that has seen enough: by its end.
            let unsent = if outcome.is_content() { Unsent::default() } else { self.front_end.left_over() };
            return Ok(Next::Over(report::ended(&view, outcome, unsent, self.totals)));
        };
        let (loss, status) = (redial::loss(&outcome), outcome.ended.status);
        report::followed(&view, outcome, self.totals);
        self.announce(loss.as_deref(), pause);
        Ok(Next::Again(pause, status))
    }

    /// Whether there is still something to send, or to wait for.
    fn has_more_to_do(&mut self, parting: Parting) -> bool {
        match (parting.finished, self.plan.settings.linger) {
            (None, _) | (Some(_), Linger::Forever | Linger::Goal(_)) => true,
            (Some(_), Linger::Quiet(_)) => false,
            (Some(since), Linger::Fixed(stay)) => {
                self.stay_until = Some(since + stay);
                Instant::now() < since + stay
            }
        }
    }

    fn after_failure(&mut self, error: &Error) -> Option<Pause> {
        if self.plan.settings.max_time.is_some_and(|(until, _)| Instant::now() >= until) {
            return None;
        }
        let pause = self.redial.after_failure(error)?;
        self.announce(Some(&redial::in_a_line(error)), pause);
        Some(pause)
    }

    fn announce(&mut self, why: Option<&str>, pause: Pause) {
        self.teller.note(redial::announcement(why, pause));
    }

    /// Waits with no session; what ends that before its time.
    fn pause(&mut self, pause: Pause) -> Option<Stop> {
        let over = Instant::now() + pause.length;
        let limits = [
            self.plan.settings.max_time.map(|(until, _)| (until, Stop::MaxTime)),
            self.stay_until.map(|until| (until, Stop::Stayed)),
        ];
        let limit = limits.into_iter().flatten().min_by_key(|(until, _)| *until).filter(|(until, _)| *until <= over);
        let until = limit.map_or(over, |(until, _)| until);
        let signals = &self.signals;
        let stdout = io::stdout();
        let stopped = redial::wait(&mut self.sleeper, Some(until), Some(stdout.as_fd()), |woken| stop(signals, woken));
        stopped.or(limit.map(|(_, stop)| stop))
    }

    /// An attempt failed, and was the last one.
    fn fail(&mut self, error: Error) -> ExitStatus {
        let status = error.exit_status();
        self.teller.error(error);
        self.report_unsent(status)
    }

    /// Leaves with no session open; `status` is that of the last one.
    fn leave(&mut self, stop: Stop, status: ExitStatus) -> ExitStatus {
        match stop {
            Stop::Signal(signal) => self.report_unsent(signal.into()),
            Stop::OutputGone => ExitStatus::Success,
            Stop::Stayed => self.report_unsent(status),
            Stop::MaxTime => {
                let limit = self.plan.settings.max_time.map(|(_, limit)| limit).unwrap_or_default();
                let message = format!("no connection to `{}`", self.plan.route.endpoint.peer());
                self.fail(Error::timed_out(Phase::Connect, limit, message))
            }
        }
    }

    /// Says what was not sent; where there was no session at all, there is nothing to add.
    fn report_unsent(&mut self, status: ExitStatus) -> ExitStatus {
        if self.tally.connections() == 0 {
            return status;
        }
        let Some(error) = self.front_end.left_over().error() else { return status };
        let status = status.max(error.exit_status());
        self.teller.error(error);
        status
    }
}

/// What ends a wait with no session: a signal, or that nobody reads our output any more.
fn stop(signals: &Signals, woken: Woken) -> Option<Stop> {
    let gone = (woken == Woken::WatchedGone).then_some(Stop::OutputGone);
    signals.take().map(Stop::Signal).or(gone)
}
