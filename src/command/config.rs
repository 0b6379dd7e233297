//! `--show-config`: what is in force on stdout.

use std::io::{self, Write};

use crate::client::report;
use crate::error::ExitStatus;

/// Prints it.
pub fn run(text: &str) -> ExitStatus {
    report::printed(io::stdout().lock().write_all(text.as_bytes()))
}
