//! `wscope check URL`.

use crate::check;
use crate::cli::Check;
use crate::client::report;
use crate::error::ExitStatus;

/// Checks, and reports.
pub fn run(args: &Check) -> ExitStatus {
    let checked = match args.scope.idle {
        Some(max) => check::idle::run(args, max),
        None => check::run(args),
    };
    checked.unwrap_or_else(|error| report::alone(&error))
}
