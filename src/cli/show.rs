//! `wscope show`: what a recording has.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;

use super::help;
use super::view::ViewArgs;
use crate::recording::{Moment, Selection};

/// Show a recording as if it were live
///
/// Prints what `--record` has written, with the flags for the output as in a session: messages, frames, bytes, heads. A
/// recording that was cut off is shown up to there. What was sent is shown beside what was received, at a terminal; in a
/// pipe, messages are data as in a session.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::examples(help::SHOW_EXAMPLES), override_usage = "wscope show [OPTIONS] FILE")]
pub struct Show {
    /// The recording; `-` is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which part of it.
    #[command(flatten)]
    pub part: PartArgs,
    /// What becomes of it.
    #[command(flatten)]
    pub save: SaveArgs,
    /// Print figures, and a time line
    ///
    /// Messages, bytes and rates a direction, sizes, gaps, the time to the first reply, of the messages that match `--filter`;
    /// nothing else is shown. With `--output json`, one line of JSON.
    #[arg(long, help_heading = "Recording", conflicts_with_all = ["save", "follow"])]
    pub stats: bool,
    /// The flags for the output.
    #[command(flatten)]
    pub view: ViewArgs,
}

/// The flags for a part of a recording.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Recording")]
pub struct PartArgs {
    /// Show this connection alone (repeatable)
    ///
    /// By the number in front of its lines; where there is none, the first is 1. Given several times, it shows these connections.
    #[arg(long, value_name = "N")]
    pub connection: Vec<u64>,

    /// Begin here
    ///
    /// Seconds after the first record, or a time with its date (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Moment>,

    /// End here
    ///
    /// The same.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Moment>,

    /// Go on with what is written to the file, until Ctrl-C
    #[arg(long, conflicts_with = "save")]
    pub follow: bool,
}

/// The flags for writing a recording in another form.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Recording")]
pub struct SaveArgs {
    /// Write it to another file
    ///
    /// In the format of its ending, as for `--record`, or as `.html`: a page with all messages, to be read in a browser.
    /// Nothing is shown. What is hidden in `.log` and `.har` is hidden in `.html` too.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// Write over a file that is there
    #[arg(long, requires = "save", hide_short_help = true)]
    pub overwrite: bool,
}

impl PartArgs {
    /// What is to be shown.
    pub fn selection(&self) -> Selection {
        Selection { connections: self.connection.clone(), from: self.from, to: self.to }
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    let elapsed = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let wall = || text.parse::<jiff::Timestamp>().ok().map(|time| Moment::Wall(SystemTime::from(time)));
    let moment = elapsed.map(Moment::Elapsed).or_else(wall);
    moment.ok_or_else(|| "neither seconds nor a time such as 2026-01-31T12:00:00Z".to_owned())
}
