//! The last words of a run: how it ended, what went wrong, the totals. Written with a time limit: the reader of our
//! output may take nothing.

use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::cli::{ReportArgs, ViewArgs};
use crate::client::advice;
use crate::client::view as show;
use crate::error::{Error, ExitStatus, Phase};
use crate::event::{Event, FlushError, Origin, OutputStream};
use crate::output::fold::fold_written;
use crate::output::theme::{ColorChoice, Colors, Palette};
use crate::output::{Banner, Fanout, FdOutput, Output, write_error};
use crate::session::Outcome;
use crate::session::output::SessionOutput;

/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Reports an error that came before there was a printer, in the way that the flags ask for; its exit status.
pub fn early(error: &Error, view: &ViewArgs) -> ExitStatus {
    match show::direct(show::options_of(view, Banner::Hidden)) {
        Ok(printer) => {
            Fanout::new(printer).show(Origin::default(), &Event::Error(error));
            error.exit_status()
        }
        Err(_) => alone(error),
    }
}

/// Reports an error on stderr alone; its exit status.
pub fn alone(error: &Error) -> ExitStatus {
    let palette = Palette::new(show::colors(ColorChoice::Auto, io::stderr().is_terminal()));
    let mut text = Vec::new();
    write_error(&mut text, &palette, advice, error);
    say(&String::from_utf8_lossy(&text));
    error.exit_status()
}

/// Reports what is wrong with a command line; its exit status.
pub fn usage_error(error: &clap::Error) -> ExitStatus {
    say(&error.render().to_string());
    ExitStatus::Usage
}

/// Writes lines to stderr, folded where that is a terminal.
fn say(lines: &str) {
    let mut text = Vec::new();
    match FdOutput::new(&io::stderr()).ok().and_then(|output| output.columns()) {
        Some(columns) => fold_written(&mut text, lines, columns),
        None => text.extend_from_slice(lines.as_bytes()),
    }
    // That stderr cannot be written cannot be told anywhere.
    let _ = io::stderr().lock().write_all(&text);
}

/// The exit status of a run that only printed something to stdout. A reader that does not read all of it is no failure.
pub fn printed(written: io::Result<()>) -> ExitStatus {
    let failure = written.and_then(|()| io::stdout().flush()).err();
    let failure = failure.and_then(|error| FlushError { stream: OutputStream::Data, error }.remarkable());
    failure.map_or(ExitStatus::Success, |error| alone(&error))
}

/// Reports how a session ended, with `unsent` messages left over from the input; the exit status.
pub fn ended(view: &Arc<SessionOutput>, mut outcome: Outcome, unsent: Unsent, totals: Totals) -> ExitStatus {
    let mut status = outcome.ended.status;
    let mut errors = std::mem::take(&mut outcome.errors);
    if let (Some(error), false) = (unsent.error(), outcome.is_content()) {
        status = status.max(error.exit_status());
        errors.push(error);
    }
    if outcome.unprinted {
        errors.push(Error::new(Phase::Session, "left before everything that was received had been printed"));
    }
    let Outcome { mut ended, summary, output_gone, unanswered, .. } = outcome;
    ended.status = status;
    let errors = Arc::new(errors);
    let told = Arc::clone(&errors);
    view.defer(move |shown| {
        let now = shown.now();
        shown.event(now, &Event::Ended(&ended));
        if let Some(limit) = unanswered {
            shown.event(now, &Event::Note(&no_answer(limit)));
        }
        if totals == Totals::Shown {
            shown.event(now, &Event::Summary(&summary));
        }
        for error in told.iter() {
            shown.event(now, &Event::Error(error));
        }
    });
    if !view.finish(LAST_WORDS) {
        past_the_printer(&errors);
    } else if !output_gone && let Some(error) = view.failure().and_then(FlushError::remarkable) {
        // They were the first that could not be written.
        return status.max(alone(&error));
    }
    status
}

/// What is said of a session that was left without an answer to the last input.
fn no_answer(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    format!(
        "no answer came within {seconds} s after the last input; `-w SECONDS` stays for longer, `-1` until a message has come"
    )
}

/// Reports a session that another will follow: it makes nothing of the exit status.
pub fn followed(view: &Arc<SessionOutput>, outcome: Outcome, totals: Totals) {
    let Outcome { mut ended, summary, .. } = outcome;
    ended.status = ExitStatus::Success;
    view.defer(move |shown| {
        let now = shown.now();
        shown.event(now, &Event::Ended(&ended));
        if totals == Totals::Shown {
            shown.event(now, &Event::Summary(&summary));
        }
    });
    view.finish(LAST_WORDS);
}

/// Whether the totals of a session are shown at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Totals {
    /// With `-v`.
    Shown,
    /// Otherwise.
    Hidden,
}

impl Totals {
    /// As the flags say.
    pub fn of(view: &ViewArgs) -> Self {
        Self::shown_if(view.verbose)
    }

    /// As the flags for a report say.
    pub fn of_report(report: &ReportArgs) -> Self {
        Self::shown_if(report.verbose)
    }

    fn shown_if(verbose: bool) -> Self {
        if verbose { Self::Shown } else { Self::Hidden }
    }
}

/// The sinks are blocked: says what went wrong straight to stderr, if that takes it.
fn past_the_printer(errors: &[Error]) {
    let mut text = Vec::new();
    for error in errors {
        write_error(&mut text, &Palette::new(Colors::Off), advice, error);
    }
    // Where stderr does not take it either, nothing more can be told.
    let _ = write_within_limit(move || {
        let _ = io::stderr().write_all(&text);
    });
}

/// Runs `write` on a thread of its own, and waits for it for a moment. Where it is still blocked on the output then:
/// a receiver whose sender is gone as soon as it is not. Without a thread it is run in place: what went wrong is told, even
/// if that takes longer.
pub fn write_within_limit(write: impl Fn() + Send + Sync + 'static) -> Option<Receiver<Infallible>> {
    let (busy, done) = mpsc::channel();
    let write = Arc::new(write);
    let writing = Arc::clone(&write);
    let started = thread::Builder::new().spawn(move || {
        writing();
        drop(busy);
    });
    if started.is_err() {
        write();
        return None;
    }
    match done.recv_timeout(LAST_WORDS) {
        Err(RecvTimeoutError::Timeout) => Some(done),
        _ => None,
    }
}

/// Messages of the input that never reached the peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsent {
    /// How many.
    pub messages: u64,
    /// There are more, which were not counted.
    pub more: bool,
}

impl Unsent {
    /// The error that tells of them, if there are any.
    pub fn error(self) -> Option<Error> {
        self.error_because("the session was over first")
    }

    /// The same, with another reason.
    pub fn error_because(self, reason: &str) -> Option<Error> {
        if self.messages == 0 {
            return None;
        }
        let at_least = if self.more { "at least " } else { "" };
        let (messages, were) = if self.messages == 1 { ("message", "was") } else { ("messages", "were") };
        Some(Error::new(
            Phase::Session,
            format!("{at_least}{} {messages} of the input {were} not sent: {reason}", self.messages),
        ))
    }
}
