//! `wscope ping`: round-trip times, as ping(8) tells them.
//!
//! | file | what |
//! |---|---|
//! | `round_tracker`, `pacing` | what becomes of each round, and when the next begins: pure functions of the time |
//! | `statistics`, `plot` | what many round trips amount to, and look like |
//! | `probe` | what is sent, and how its answer is known |
//! | `shared_state` | what the threads share; a sink writes down answers there |
//! | `sender`, `driver` | the thread that sends and reports, and what the runner is told |
//! | `report`, `json` | the report as text and as JSON Lines |
//! | `progress` | how far a flood is, on a terminal |

mod driver;
mod json;
mod pacing;
mod plot;
mod probe;
mod progress;
mod report;
mod round_tracker;
mod sender;
mod shared_state;
mod statistics;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use json::SCHEMA;

use crate::cli::{Ping, ReportFormat, RoundArgs};
use crate::client::plan::Plan;
use crate::client::reconnect::ReconnectPolicy;
use crate::client::report::{self as last_words, Totals};
use crate::client::runner::Runner;
use crate::client::{setup_error, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{FlushError, OutputStream};
use crate::output::{Charset, Fanout, FdOutput};
use crate::session::ExpectedAnswers;
use driver::{ConnectionUse, PingDriver};
use json::Lines;
use pacing::Pacing;
use probe::Probe;
use progress::FloodProgress;
use report::{Form, PingReport, ReportDetail, ReportOptions};
use round_tracker::{Answers, Counts, RoundTracker};
use sender::{SharedReport, report_new_items};
use shared_state::{AnswerSink, SharedState};
use statistics::Statistics;

/// How long the server may be silent before it has answered our Close, however short `-W` is.
const CLOSE_QUIET: Duration = Duration::from_secs(1);

/// Time since the start of the run.
pub type RunTime = Duration;

/// Measures round trips, and reports them.
///
/// # Errors
/// What is wrong with the command line, or with stdout or stderr.
pub fn run(args: &Ping) -> Result<ExitStatus> {
    let mut plan = Plan::reported(&args.url, &args.session)?;
    let fanout = Fanout::new(view::direct(view::beside_a_report(&args.session.report))?);
    let (probe, rounds) = (probe(&args.rounds), &args.rounds);
    // A server that lets pongs wait for that long is not waited for any longer when it owes its Close.
    plan.settings.close_quiet = plan.settings.close_quiet.min(rounds.answer_timeout.max(CLOSE_QUIET));
    let report = new_report(args, probe.clone(), &fanout)?;
    let (answers, expected) = match rounds.message {
        None => (Answers::AllOlder, ExpectedAnswers::ToPings),
        Some(_) => (Answers::One, ExpectedAnswers::ToMessages),
    };
    plan.settings.expected_answers = expected;
    let state = Arc::new(SharedState::new(fanout.clone(), probe, RoundTracker::new(answers, rounds.answer_timeout)));
    fanout.add(Box::new(AnswerSink(Arc::clone(&state))));
    let pacing = Pacing { interval: (!rounds.flood).then_some(rounds.interval), count: rounds.count() };
    let connections = if rounds.fresh { ConnectionUse::OneEach } else { ConnectionUse::One };
    let mut runner =
        Runner::new(Arc::new(plan), fanout.clone(), ReconnectPolicy::never(), Totals::of_report(&args.session.report))?;
    let notifier = runner.poller.notifier();
    let mut driver = PingDriver::new(Arc::clone(&state), Arc::clone(&report), connections, pacing, notifier);
    let end = runner.run(&mut driver);
    if !driver.has_connected() {
        return Ok(end.status);
    }
    let is_stopped = end.status == ExitStatus::Interrupted || driver.is_out_of_time();
    let status = status(end.status, is_stopped, rounds.count(), state.counts());
    Ok(summarize(&report, state, fanout, status))
}

fn probe(rounds: &RoundArgs) -> Probe {
    match &rounds.message {
        Some(text) => Probe::Message { text: text.clone() },
        None => Probe::Ping { run: rand::random(), size: rounds.size },
    }
}

fn new_report(args: &Ping, probe: Probe, fanout: &Fanout) -> Result<SharedReport> {
    let (rounds, view) = (&args.rounds, &args.session.report);
    let options = ReportOptions {
        probe,
        wait: rounds.answer_timeout,
        detail: match (view.quiet, rounds.flood && !view.verbose) {
            (true, _) => ReportDetail::Summary,
            (false, true) => ReportDetail::Misses,
            (false, false) => ReportDetail::Rounds,
        },
        is_fresh: rounds.fresh,
        progress: (rounds.flood && !view.quiet).then(|| FloodProgress::on_terminal(fanout.clone())).flatten(),
        plot: rounds.plot.then(|| Charset::of_locale(|name| std::env::var_os(name))),
        secrets: view.secrets(),
    };
    let form = match view.output {
        ReportFormat::Text => Form::Text,
        ReportFormat::Json => Form::Json(Box::new(Lines::new())),
    };
    let output = FdOutput::new(&io::stdout()).map_err(|error| setup_error("cannot use stdout", error))?;
    let statistics = Statistics::new()
        .map_err(|error| Error::new(Phase::Session, "cannot collect times").caused_by(io::Error::other(error)))?;
    Ok(Arc::new(Mutex::new(PingReport::new(options, form, Box::new(output), statistics))))
}

/// What the shell is told. Ctrl-C and the time limit of the run are how one without a count ends; a round that is under way
/// then is neither answered nor missed.
fn status(status: ExitStatus, is_stopped: bool, count: Option<u64>, counts: Counts) -> ExitStatus {
    let is_cut_short = count.is_some_and(|count| counts.sent < count || counts.waiting() > 0);
    match (counts.missed() > 0, is_stopped) {
        (true, true) => ExitStatus::TimedOut,
        (true, false) => status.max(ExitStatus::TimedOut),
        (false, true) if counts.answered > 0 && !is_cut_short => ExitStatus::Success,
        (false, _) => status,
    }
}

/// Writes the summary, within a time limit: the reader of stdout may take nothing.
fn summarize(report: &SharedReport, state: Arc<SharedState>, fanout: Fanout, status: ExitStatus) -> ExitStatus {
    let shared = Arc::clone(report);
    let blocked = last_words::write_within_limit(move || {
        report_new_items(&shared, &state);
        let mut report = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plot) = report.finish(fanout.now(), state.counts(), status) {
            // That stderr cannot be written cannot be told anywhere.
            let _ = io::stderr().lock().write_all(plot.as_bytes());
        }
    });
    if blocked.is_some() {
        return status;
    }
    let error = report.lock().unwrap_or_else(PoisonError::into_inner).take_error();
    let failure = error.and_then(|error| FlushError { stream: OutputStream::Data, error }.remarkable());
    failure.map_or(status, |error| status.max(last_words::alone(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_are_a_success() {
        let stopped = |counts: Counts, count| status(ExitStatus::Interrupted, true, count, counts);
        let answered = |sent, answered| Counts { sent, answered, ..Counts::default() };
        assert_eq!(stopped(answered(3, 2), None), ExitStatus::Success, "one is under way");
        assert_eq!(stopped(answered(3, 3), Some(3)), ExitStatus::Success);
        for (counts, count) in
            [(answered(0, 0), None), (answered(1, 0), None), (answered(3, 3), Some(4)), (answered(3, 2), Some(3))]
        {
            assert_eq!(stopped(counts, count), ExitStatus::Interrupted, "{counts:?} of {count:?}");
            assert_eq!(status(ExitStatus::TimedOut, true, count, counts), ExitStatus::TimedOut);
        }
        let missed = Counts { lost: 1, ..answered(3, 2) };
        assert_eq!(stopped(missed, None), ExitStatus::TimedOut);
        assert_eq!(status(ExitStatus::Success, false, Some(3), missed), ExitStatus::TimedOut);
        assert_eq!(status(ExitStatus::Terminated, false, None, answered(1, 1)), ExitStatus::Terminated);
    }
}
