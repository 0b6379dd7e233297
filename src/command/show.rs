//! `wscope show`: a recording as if it were live, or in another format.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::Show;
use crate::client::{convert, report, view};
use crate::error::{ExitStatus, Result};
use crate::event::{Event, FlushError, Origin};
use crate::output::{Banner, Fanout, FollowSent, Options};
use crate::recording::{self, Format};

/// How many records are shown before it is looked whether stdout takes them.
const RECORDS_AT_ONCE: usize = 256;

/// Shows it to its end.
pub fn run(args: &Show) -> ExitStatus {
    let shown = match &args.save.save {
        Some(path) => save(args, path),
        None if args.stats => stats(args),
        None => show(args),
    };
    shown.unwrap_or_else(|error| report::early(&error, &args.view))
}

fn save(args: &Show, path: &Path) -> Result<ExitStatus> {
    let early_end = convert::save(args, path)?;
    let is_filtered = !args.view.filter.is_empty() || args.view.jq.is_some();
    if is_filtered && Format::of(path) != Some(Format::Log) {
        let talk = Fanout::new(view::direct(view::options_of(&args.view, Banner::Hidden))?);
        talk.show(
            Origin::default(),
            &Event::Note("all messages are saved: `--filter` and `--jq` are for what is shown"),
        );
    }
    ended_early(args, early_end)
}

fn show(args: &Show) -> Result<ExitStatus> {
    let options =
        Options { follow_sent: FollowSent::Shown, ..view::options_of(&args.view, view::banner_at_terminal()) };
    let fanout = Fanout::new(view::direct(options)?).annotated(view::annotator(&args.view));
    let recording = if args.part.follow {
        let fanout = fanout.clone();
        // Where stdout is gone, the next records find that out.
        recording::follow(&args.file, move || drop(fanout.lock().flush()))?
    } else {
        recording::open(&args.file)?
    };
    fanout.lock().printer().stand(recording.perspective);
    for doubt in view::doubts(&args.view) {
        fanout.show(Origin::default(), &Event::Note(&doubt));
    }
    let mut count = 0;
    for record in args.part.selection().of(recording) {
        let mut sinks = fanout.lock();
        match record {
            Ok(record) => {
                // A recording does not end before its end.
                let _ = record.event.lend(|event| sinks.event(record.origin, record.at, event));
                count += 1;
                if count % RECORDS_AT_ONCE == 0
                    && let Err(error) = sinks.flush()
                {
                    return ended(error);
                }
            }
            Err(error) => {
                drop(sinks);
                return stopped(args, error, &fanout);
            }
        }
    }
    fanout.lock().flush().map_or_else(ended, |()| Ok(ExitStatus::Success))
}

/// A reader of stdout that has seen enough is no failure.
fn ended(error: FlushError) -> Result<ExitStatus> {
    error.remarkable().map_or(Ok(ExitStatus::Success), Err)
}

/// There is nothing more to read: where that is no fault of what was read, it is a note.
fn stopped(args: &Show, error: recording::ReadError, fanout: &Fanout) -> Result<ExitStatus> {
    let is_early_end = error.is_early_end();
    let error = recording::read_error(&args.file, error);
    if !is_early_end {
        fanout.lock().flush().or_else(|error| error.remarkable().map_or(Ok(()), Err))?;
        return Err(error);
    }
    fanout.show(Origin::default(), &Event::Warning(&error.to_string()));
    Ok(ExitStatus::Success)
}

/// Says why the recording ended early, if it did.
fn ended_early(args: &Show, early_end: Option<recording::ReadError>) -> Result<ExitStatus> {
    let Some(error) = early_end else { return Ok(ExitStatus::Success) };
    stopped(args, error, &Fanout::new(view::direct(view::options_of(&args.view, Banner::Hidden))?))
}

fn stats(args: &Show) -> Result<ExitStatus> {
    let (figures, early_end) = convert::to_figures(args)?;
    let printed = report::printed(io::stdout().lock().write_all(&figures));
    ended_early(args, early_end).map(|status| status.max(printed))
}
