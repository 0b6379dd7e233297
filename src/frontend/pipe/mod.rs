//! A session without a line editor: `-x` messages, then stdin; what is received goes to stdout.

mod delivery_stats;
mod pace;
mod progress;
mod sender;
pub mod stdin;

pub use pace::Pace;
pub use sender::send_executed;

use std::sync::Arc;
use std::time::Instant;

use crate::cli::{SessionArgs, ViewArgs};
use crate::client::driver::{After, AfterFailure, Driver};
use crate::client::open::OpenSession;
use crate::client::plan::Plan;
use crate::client::reconnect::ReconnectPolicy;
use crate::client::report::{Totals, Unsent};
use crate::client::runner::Runner;
use crate::client::{record, setup_error, view};
use crate::error::{Error, ExitStatus, Result};
use crate::output::Fanout;
use crate::session::backoff::Pause;
use crate::session::{AfterInput, Cause, Handle, Outcome, Settings};
use delivery_stats::DeliveryStats;
use progress::ProgressDisplay;
use sender::{Input, InputSender, SendJob, SendResult, WhenEmpty};

/// Opens a session, sends the input, and tells how it ended.
///
/// # Errors
/// What is wrong with the command line, or with stdin, stdout or stderr.
pub fn run(url: &str, args: &SessionArgs) -> Result<ExitStatus> {
    let plan = Arc::new(Plan::client(url, args, Instant::now())?);
    let stdin = args.reads_stdin().then(|| stdin::source(&args.input.format, args.limits.max_message)).transpose()?;
    let when_empty = match plan.settings.after_input {
        AfterInput::Quiet(_) => WhenEmpty::Receive,
        AfterInput::Fixed(_) | AfterInput::Forever | AfterInput::StopCondition(_) => WhenEmpty::End,
    };
    let input = Input { execute: args.execute.execute.clone(), delay: args.execute.delay, stdin, when_empty };
    let options = view::options(&args.view, &args.input, view::banner_at_terminal());
    let fanout = Fanout::new(view::direct(options.clone())?).annotated(view::client_annotator(args));
    let recording = record::start(&args.record, &args.view, &plan.target.endpoint().host(), &options, &fanout)?;
    let sender =
        InputSender::spawn(input).map_err(|error| setup_error("cannot read stdin beside the session", error))?;
    let mut driver = PipeDriver {
        sender,
        fanout: fanout.clone(),
        shows_progress: args.reads_stdin().then(|| args.view.clone()),
        after_input: plan.settings.after_input,
        stay_until: None,
        current: None,
        stats: DeliveryStats::default(),
    };
    let mut runner = Runner::new(plan, fanout, ReconnectPolicy::new(args), Totals::of(&args.view))?;
    let end = runner.run(&mut driver);
    if let Some(words) = driver.stats.words().filter(|_| args.reconnect.is_some()) {
        runner.announcer.note(words);
    }
    Ok(recording.finish(end.status, &runner.signals))
}

/// Sends the input through one session after the other.
struct PipeDriver {
    sender: InputSender,
    fanout: Fanout,
    /// How progress is shown, where stdin is sent.
    shows_progress: Option<ViewArgs>,
    after_input: AfterInput,
    /// With `--wait`, once the input is over: when there is no point any more in connecting again.
    stay_until: Option<Instant>,
    /// The session that is open.
    current: Option<(Handle, SendJob)>,
    stats: DeliveryStats,
}

impl PipeDriver {
    /// Whether there is still something to send, or to wait for.
    fn has_more_to_do(&mut self, result: SendResult) -> bool {
        match (result.finished, self.after_input) {
            (None, _) | (Some(_), AfterInput::Forever | AfterInput::StopCondition(_)) => true,
            (Some(_), AfterInput::Quiet(_)) => false,
            (Some(since), AfterInput::Fixed(stay)) => {
                self.stay_until = Some(since + stay);
                Instant::now() < since + stay
            }
        }
    }
}

impl Driver for PipeDriver {
    /// It reads stdin, which may be the terminal, from its beginning on.
    fn reads_keys(&self) -> bool {
        self.shows_progress.is_some()
    }

    fn starting(&mut self, settings: &mut Settings) {
        if let (AfterInput::Fixed(_), Some(until)) = (settings.after_input, self.stay_until) {
            settings.after_input = AfterInput::Fixed(until.saturating_duration_since(Instant::now()));
        }
    }

    fn opened(&mut self, session: OpenSession) {
        let handle = session.handle;
        let progress =
            self.shows_progress.as_ref().and_then(|view| ProgressDisplay::start(&handle, &self.fanout, view));
        let job = self.sender.send_through(handle.clone(), progress);
        self.current = Some((handle, job));
    }

    fn closed(&mut self, outcome: &mut Outcome, offer: Option<Pause>) -> Option<After> {
        let (handle, job) = self.current.take()?;
        let result = job.finish();
        let resumes = offer.is_some() && self.has_more_to_do(result);
        self.stats.add(handle.handed());
        if resumes || outcome.cause == Cause::Loss {
            self.stats.add_loss(handle.handed(), outcome.confirmed);
        }
        Some(if resumes { After::Resume } else { After::Over })
    }

    fn failed(&mut self, error: Error) -> (Error, AfterFailure) {
        (error, AfterFailure::Over)
    }

    fn stay_until(&self) -> Option<Instant> {
        self.stay_until
    }

    /// Without any session there is nothing to add to the error that says why.
    fn unsent(&mut self, _ended: Option<&Handle>) -> Unsent {
        if self.stats.connections() == 0 { Unsent::default() } else { self.sender.left_over() }
    }
}
