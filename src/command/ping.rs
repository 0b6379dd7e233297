//! `wscope ping`.

use crate::cli::Ping;
use crate::client::report;
use crate::error::ExitStatus;
use crate::ping;

/// Measures round trips until enough have been, or until a signal.
pub fn run(args: &Ping) -> ExitStatus {
    ping::run(args).unwrap_or_else(|error| report::alone(&error))
}
