//! `wscope check --idle`: how long a connection may be silent, how it is cut then, and what keeps it alive.
//!
//! `survey` decides what is done next, and what is known: a pure function of what has happened to each
//! `surveyed_connection`, and when.
//! `connections` holds the connections, `report` tells what was learnt.

mod connections;
mod report;
mod survey;
mod surveyed_connection;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

pub use report::SCHEMA;

use crate::check::text::Look;
use crate::cli::{Check, ReportArgs, ReportFormat};
use crate::client::announcer::Announcer;
use crate::client::plan::Plan;
use crate::client::{open, report as last_words, setup_error, view};
use crate::error::{Error, ExitStatus, Result};
use crate::output::Fanout;
use crate::platform::{Poller, Signal, Signals};
use crate::session::Handle;
use crate::wire::Outgoing;
use connections::{Connections, Message};
use survey::{Fact, Limit, Survey};
use surveyed_connection::Need;

/// Time since the start of a survey.
pub type Time = Duration;

/// How often it is told how things are.
const TELLING: Duration = Duration::from_secs(10);
/// How long connections may take to close at the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Surveys how long a connection may be silent, up to `max`, and reports it.
///
/// # Errors
/// What is wrong with the command line, or with the first connection.
pub fn run(args: &Check, max: Duration) -> Result<ExitStatus> {
    let mut plan = Plan::reported(&args.url, &args.session)?;
    let max_time = plan.settings.max_time.take().map(|(until, _)| until);
    let plan = Arc::new(plan);
    let fanout = Fanout::new(view::direct(view::beside_a_report(&args.session.report))?);
    open::announce(&plan, &fanout);
    let survey = Survey::new(max);
    let poller = Poller::new().map_err(|error| setup_error("cannot make a pipe", error))?;
    let signals = Signals::catch(&poller).map_err(|error| setup_error("cannot catch signals", error))?;
    let (messages, received) = mpsc::channel();
    let notifier = poller.notifier();
    let connections = Connections { plan, fanout: fanout.clone(), messages, notifier, started: Instant::now() };
    let announcer = Announcer::new(fanout);
    let run = Run {
        survey,
        connections,
        received,
        handles: Vec::new(),
        announcer,
        poller,
        signals,
        max_time,
        error: None,
        breach: None,
    };
    run.finish(max, &args.session.report)
}

/// How a survey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// There is nothing more to learn.
    Complete,
    /// A signal came.
    Signal(Signal),
    /// The time limit of the run passed.
    OutOfTime,
}

impl End {
    fn status(self) -> ExitStatus {
        match self {
            Self::Complete => ExitStatus::Success,
            Self::Signal(signal) => signal.into(),
            Self::OutOfTime => ExitStatus::TimedOut,
        }
    }
}

/// A survey that is under way.
struct Run {
    survey: Survey,
    connections: Connections,
    received: Receiver<Message>,
    /// Of the connections by their numbers.
    handles: Vec<Option<Handle>>,
    announcer: Announcer,
    poller: Poller,
    signals: Signals,
    /// When the whole run must be over.
    max_time: Option<Instant>,
    /// Why the first of the connections that could not be opened was not.
    error: Option<Error>,
    /// Why we ended the first of those that we ended, where the server broke a rule.
    breach: Option<Error>,
}

impl Run {
    fn finish(mut self, max: Duration, report: &ReportArgs) -> Result<ExitStatus> {
        self.announcer.note(format!(
            "8 connections side by side, silent for up to {} s; with what follows this takes up to {} s; Ctrl-C ends it with \
             what is known",
            max.as_secs(),
            self.survey.longest().as_secs()
        ));
        let end = self.carry_out();
        self.leave_all();
        if !self.survey.has_opened()
            && let Some(error) = self.error
        {
            return Err(error);
        }
        // What a breach has ended tells nothing of silence.
        let is_complete = end == End::Complete && self.breach.is_none();
        let text = match report.output {
            ReportFormat::Text => report::text(&self.survey, is_complete, &Look::of_stdout(report.color.choice())),
            ReportFormat::Json => report::json(&self.survey, is_complete),
        };
        let printed = last_words::printed(io::stdout().lock().write_all(&text));
        let broken = self.breach.map_or(ExitStatus::Success, |error| {
            let status = error.exit_status();
            self.announcer.error(error);
            status
        });
        Ok(end.status().max(printed).max(broken))
    }

    fn carry_out(&mut self) -> End {
        let mut telling = TELLING;
        let mut is_told = false;
        loop {
            let now = self.connections.now();
            for (number, need) in self.survey.needs(now) {
                self.serve(number, need);
            }
            if self.survey.is_over() {
                return End::Complete;
            }
            // Not only where there is no news: a server may give no end of it.
            if self.max_time.is_some_and(|limit| Instant::now() >= limit) {
                return End::OutOfTime;
            }
            if !is_told && self.survey.limit().upper().is_some() {
                is_told = true;
                self.announcer.note("the silent ones are cut; now what keeps a connection alive".to_owned());
            } else if now >= telling {
                telling = now + TELLING;
                self.tell(now);
            }
            let until = self.survey.wake().map_or(telling, |wake| wake.min(telling));
            let until = self.connections.started + until;
            let until = self.max_time.map_or(until, |limit| limit.min(until));
            let (received, signals) = (&self.received, &self.signals);
            let news = self
                .poller
                .wait_for(Some(until), None, |_| signals.take().map(Err).or_else(|| received.try_recv().ok().map(Ok)));
            match news {
                Some(Ok(message)) => self.take(message),
                Some(Err(signal)) => return End::Signal(signal),
                None => {}
            }
        }
    }

    fn tell(&mut self, now: Time) {
        let (count, longest) = self.survey.silent(now);
        let known = match self.survey.limit() {
            Limit::AtLeast(time) if time.is_zero() => String::new(),
            limit => format!("; {} s are no harm", limit.lower().as_secs()),
        };
        if count > 0 {
            self.announcer
                .note(format!("{count} connections have been silent for up to {} s{known}", longest.as_secs()));
        }
    }

    fn take(&mut self, message: Message) {
        let (number, at, fact) = match message {
            Message::Opened(number, at, handle) => {
                if self.handles.len() <= number {
                    self.handles.resize_with(number + 1, || None);
                }
                self.handles[number] = Some(handle);
                (number, at, Fact::Opened)
            }
            Message::Fact(number, at, fact) => (number, at, fact),
            Message::Spoke(number, at, speech, token) => {
                // From now on the connection may tell more.
                drop(token);
                (number, at, Fact::Spoke(speech))
            }
            Message::Failed(number, at, error) => {
                self.error.get_or_insert(error);
                (number, at, Fact::Failed)
            }
            Message::Broken(number, at, error) => {
                self.breach.get_or_insert(error);
                (number, at, Fact::Broken)
            }
        };
        if let Some(need) = self.survey.observe(number, at, fact) {
            self.serve(number, need);
        }
    }

    /// Does what a connection needs. Where nothing can be sent any more, its end is about to be told.
    fn serve(&self, number: usize, need: Need) {
        let handle = self.handles.get(number).and_then(Option::as_ref);
        match (need, handle) {
            (Need::Open, _) => self.connections.open(number),
            (Need::Ping, Some(handle)) => drop(handle.ping(b"is it still open?")),
            (Need::Pong, Some(handle)) => drop(handle.send(Outgoing::Pong(b""))),
            (Need::Leave, Some(handle)) => handle.leave(),
            (_, None) => {}
        }
    }

    /// Closes what is still open, and gives it a moment for that.
    fn leave_all(&mut self) {
        let handles: Vec<&Handle> = self.handles.iter().flatten().collect();
        for handle in &handles {
            handle.leave();
        }
        let until = Instant::now() + FAREWELL;
        self.poller.wait_for(Some(until), None, |_| handles.iter().all(|handle| handle.is_over()).then_some(()));
    }
}
