//! `wscope check URL`.

use crate::check;
use crate::cli::Check;
use crate::client::report;
use crate::error::ExitStatus;

/// Checks, and reports.
pub fn run(args: &Check) -> ExitStatus {
    check::run(args).unwrap_or_else(|error| report::alone(&error))
}
