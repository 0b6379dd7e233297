//! The flags for the output of commands that write a report.

use clap::{Args, ValueEnum};

use super::view::ColorArgs;
use crate::http::redact::Secrets;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// JSON Lines.
    Json,
}

/// The flags for a report on stdout, and for what is said beside it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "View")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and any may stand beside the others")]
pub struct ReportArgs {
    /// Print text or json
    ///
    /// With `json` each line is an object, with the fields that the man page lists.
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true, hide_default_value = true)]
    pub output: ReportFormat,

    /// Show how the connection came about, and its heads
    #[arg(short, long)]
    pub verbose: bool,

    /// Don't hide credentials
    #[arg(long, hide_short_help = true)]
    show_secrets: bool,

    /// Show each frame in a line
    #[arg(long)]
    pub frames: bool,

    /// Show the bytes on the wire
    #[arg(long)]
    pub hex: bool,

    /// Print only the summary, say nothing but errors and warnings
    #[arg(short, long, conflicts_with_all = ["verbose", "frames", "hex"])]
    pub quiet: bool,

    /// The flags for colours.
    #[command(flatten)]
    pub color: ColorArgs,
}

impl ReportArgs {
    /// Whether secrets are shown.
    pub fn secrets(&self) -> Secrets {
        if self.show_secrets { Secrets::Shown } else { Secrets::Hidden }
    }
}
