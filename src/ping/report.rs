//! The report: a line for each connection and each round, and a summary; as text or as JSON Lines.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use crate::error::ExitStatus;
use crate::event::{Opened, Timestamp};
use crate::http::redact::{Part, Secrets};
use crate::output::{Charset, Output, Timeline, escape};
use crate::ping::RunTime;
use crate::ping::json::Lines;
use crate::ping::plot::{self, Rounds};
use crate::ping::probe::Probe;
use crate::ping::progress::FloodProgress;
use crate::ping::round_tracker::{Counts, Round, RoundOutcome};
use crate::ping::shared_state::ReportItem;
use crate::ping::statistics::{Moments, Statistics};

/// What is known of a run, and where it is reported.
pub struct PingReport {
    options: ReportOptions,
    form: Form,
    output: Box<dyn Output>,
    /// What is not written yet.
    buffer: Vec<u8>,
    /// Why the output could not be written.
    error: Option<io::Error>,
    results: Results,
    /// The connection that is open.
    connection: Connection,
}

/// What a report has to know of the run.
pub struct ReportOptions {
    /// What is sent.
    pub probe: Probe,
    /// How long an answer may take.
    pub wait: Duration,
    /// How much is reported.
    pub detail: ReportDetail,
    /// Each round has a connection of its own.
    pub is_fresh: bool,
    /// How far it is, where that is shown.
    pub progress: Option<FloodProgress>,
    /// With a plot of these characters at the end.
    pub plot: Option<Charset>,
    /// Whether secrets are shown.
    pub secrets: Secrets,
}

/// How much a report for people has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportDetail {
    /// The summary.
    Summary,
    /// Also what was not answered in time.
    Misses,
    /// A line for each round.
    Rounds,
}

/// How a report is written.
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json(Box<Lines>),
}

/// What a run has brought so far.
pub struct Results {
    /// The round trips.
    pub round_trips: Statistics,
    /// The same over time.
    pub timeline: Timeline<Rounds>,
    /// How long each step of connecting took, in order.
    pub steps: Vec<(&'static str, Moments)>,
}

/// The connection that is open.
#[derive(Default)]
struct Connection {
    address: String,
    /// `connect 0.2 ms, upgrade 1.1 ms`
    steps: String,
}

impl PingReport {
    /// An empty report, to be written to `output`.
    pub fn new(options: ReportOptions, form: Form, output: Box<dyn Output>, round_trips: Statistics) -> Self {
        let results = Results { round_trips, timeline: Timeline::default(), steps: Vec::new() };
        Self { options, form, output, buffer: Vec::new(), error: None, results, connection: Connection::default() }
    }

    /// Reports what has happened. May block. Whether the output takes it.
    pub fn take(&mut self, items: Vec<ReportItem>, counts: Counts) -> bool {
        for item in items {
            match item {
                ReportItem::Connected(at, opened) => self.connected(at, &opened),
                ReportItem::Round(at, round) => self.round(at, round),
            }
        }
        self.flush();
        if let Some(progress) = &mut self.options.progress {
            progress.show(counts);
        }
        self.error.is_none()
    }

    /// Reports how it ended; the plot, where it is not a part of the report.
    pub fn finish(&mut self, at: Timestamp, counts: Counts, status: ExitStatus) -> Option<String> {
        let plot =
            self.options.plot.map(|charset| plot::draw(&self.results.round_trips, &self.results.timeline, charset));
        let apart = match &mut self.form {
            Form::Json(lines) => {
                lines.summary(&mut self.buffer, at, counts, &self.results, status);
                plot
            }
            Form::Text => {
                let mut text = summary(&self.options.probe, counts, &self.results, at.elapsed);
                if let Some(plot) = plot.filter(|plot| !plot.is_empty()) {
                    let _ = write!(text, "\n{plot}");
                }
                self.buffer.extend_from_slice(text.as_bytes());
                None
            }
        };
        self.flush();
        apart
    }

    /// Why the report could not be written, once.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    fn flush(&mut self) {
        if self.error.is_none() && !self.buffer.is_empty() {
            if let Some(progress) = &self.options.progress {
                progress.erase();
            }
            self.error = self.output.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }

    fn connected(&mut self, at: Timestamp, opened: &Opened) {
        let is_first = self.results.steps.is_empty();
        for step in &opened.steps {
            self.results.add_step(step.detail.name(), step.took);
        }
        let steps: Vec<_> =
            opened.steps.iter().map(|step| format!("{} {} ms", step.detail.name(), short(step.took))).collect();
        self.connection = Connection { address: opened.address.to_string(), steps: steps.join(", ") };
        let url = self.options.secrets.text(Part::Text(opened.url.as_bytes()));
        match &mut self.form {
            Form::Json(lines) => lines.connected(&mut self.buffer, at, &url, opened),
            Form::Text if is_first => {
                let (size, address) = (self.options.probe.size(1), &self.connection.address);
                self.line(&format!("PING {url} ({address}): {size} bytes"));
                if !self.options.is_fresh {
                    self.line(&format!("connected: {}", self.connection.steps.clone()));
                }
            }
            Form::Text => {}
        }
    }

    fn round(&mut self, at: Timestamp, round: Round) {
        self.results.add_round(round);
        if let Form::Json(lines) = &mut self.form {
            return lines.round(&mut self.buffer, at, round);
        }
        let detail = match round.outcome {
            RoundOutcome::Answered(_) | RoundOutcome::Superseded => ReportDetail::Rounds,
            RoundOutcome::Late(_) | RoundOutcome::Lost | RoundOutcome::Failed => ReportDetail::Misses,
        };
        if self.options.detail >= detail {
            self.line(&self.told(at, round));
        }
    }

    fn told(&self, at: Timestamp, round: Round) -> String {
        let Round { number, sent, outcome } = round;
        let answer = self.options.probe.answer();
        match outcome {
            RoundOutcome::Answered(took) | RoundOutcome::Late(took) => {
                let (size, address) = (self.options.probe.size(number), &self.connection.address);
                let late = if let RoundOutcome::Late(_) = outcome { " (late)" } else { "" };
                let steps = if self.options.is_fresh { format!(" ({})", self.connection.steps) } else { String::new() };
                format!("{size} bytes from {address}: seq={number} time={} ms{late}{steps}", short(took))
            }
            RoundOutcome::Lost if at.elapsed.saturating_sub(sent) >= self.options.wait => {
                format!("seq={number}: no {answer} within {} s", self.options.wait.as_secs_f64())
            }
            RoundOutcome::Lost => format!("seq={number}: no {answer} before the connection was lost"),
            RoundOutcome::Superseded => format!("seq={number}: a newer pong stands for this one"),
            RoundOutcome::Failed => format!("seq={number}: no connection"),
        }
    }

    /// A line of text; what a peer or the user chose in it is shown escaped.
    fn line(&mut self, text: &str) {
        self.buffer.extend_from_slice(escape::to_line(text).as_bytes());
        self.buffer.push(b'\n');
    }
}

impl Results {
    fn add_step(&mut self, name: &'static str, took: Duration) {
        let place = self.steps.iter().position(|(other, _)| *other == name);
        let place = place.unwrap_or_else(|| {
            self.steps.push((name, Moments::default()));
            self.steps.len() - 1
        });
        self.steps[place].1.add(took);
    }

    fn add_round(&mut self, round: Round) {
        match round.outcome {
            RoundOutcome::Answered(took) | RoundOutcome::Late(took) => {
                self.round_trips.add(took);
                self.timeline.add(round.sent, Rounds::answered(took));
            }
            RoundOutcome::Lost | RoundOutcome::Failed => self.timeline.add(round.sent, Rounds::MISSED),
            RoundOutcome::Superseded => {}
        }
    }
}

fn summary(probe: &Probe, counts: Counts, results: &Results, elapsed: RunTime) -> String {
    let optional = [
        (counts.late, "late"),
        (counts.failed, "without a connection"),
        (counts.superseded, "answered by a newer pong (RFC 6455 section 5.5.3)"),
        (counts.waiting(), "under way"),
        (counts.foreign, "foreign pongs"),
    ];
    let mut text = format!("\n--- {} statistics ---\n", probe.question());
    // Writing to a `String` cannot fail.
    let _ = write!(text, "{} sent, {} answered, {} lost", counts.sent, counts.answered, counts.lost);
    for (count, name) in optional.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, ", {count} {name}");
    }
    let _ = writeln!(text, ", time {:.3} s", elapsed.as_secs_f64());
    if results.round_trips.moments().count() > 0 {
        let _ = writeln!(text, "round trip {}", moments(results.round_trips.moments()));
        let (names, times): (Vec<_>, Vec<_>) =
            results.round_trips.percentiles().map(|(percentile, time)| (percentile.name, exact(time))).unzip();
        let _ = writeln!(text, "round trip {} = {} ms", names.join("/"), times.join("/"));
    }
    for (name, step) in results.steps.iter().filter(|(_, step)| step.count() > 1) {
        let _ = writeln!(text, "{name} {}", moments(step));
    }
    text
}

/// As ping(8) has it.
fn moments(moments: &Moments) -> String {
    let times = [moments.least(), moments.mean(), moments.most(), moments.deviation()].map(exact);
    format!("min/avg/max/mdev = {} ms", times.join("/"))
}

/// Milliseconds, to the microsecond.
pub fn exact(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1e3)
}

/// Milliseconds with three digits, as ping(8) has them.
fn short(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    let decimals = match milliseconds {
        0.0..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{milliseconds:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_ping_gives_them() {
        let shown = [45, 1_234, 20_345, 312_800].map(|micros| short(Duration::from_micros(micros)));
        assert_eq!(shown, ["0.045", "1.23", "20.3", "313"]);
    }

    #[test]
    fn a_summary_tells_what_there_is() {
        let round_trips = Statistics::new().unwrap();
        let mut results = Results { round_trips, timeline: Timeline::default(), steps: Vec::new() };
        let mut counts = Counts { sent: 1, lost: 1, ..Counts::default() };
        let probe = Probe::Ping { run: 1, size: 16 };
        let second = Duration::from_secs(1);
        assert_eq!(
            summary(&probe, counts, &results, second),
            "\n--- ping statistics ---\n1 sent, 0 answered, 1 lost, time 1.000 s\n"
        );
        let sent = Duration::ZERO;
        results.add_round(Round { number: 2, sent, outcome: RoundOutcome::Late(second) });
        (counts.sent, counts.late, counts.foreign) = (3, 1, 2);
        let text = summary(&probe, counts, &results, second);
        assert!(text.contains("3 sent, 0 answered, 1 lost, 1 late, 1 under way, 2 foreign pongs, time"), "{text}");
        assert!(text.ends_with("round trip p50/p90 = 1000.000/1000.000 ms\n"), "{text}");
    }
}
