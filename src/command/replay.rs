//! `wscope replay FILE [URL]`.

use crate::cli::Replay;
use crate::client::report;
use crate::error::ExitStatus;
use crate::frontend::replay;

/// Sends the client's side of a recording again, and tells how it ended.
pub fn run(args: &Replay) -> ExitStatus {
    replay::run(args).unwrap_or_else(|error| report::early(&error, &args.view))
}
