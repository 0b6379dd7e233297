//! `wscope URL`.

use std::io::{self, IsTerminal};

use crate::cli::SessionArgs;
use crate::client::report;
use crate::error::ExitStatus;
use crate::frontend::{pipe, repl, script};

/// Opens a session, talks, and tells how it ended.
pub fn run(url: &str, args: &SessionArgs) -> ExitStatus {
    let status = match &args.execute.script {
        Some(file) => script::run(url, args, file),
        None if is_interactive(args) => repl::run(url, args),
        None => pipe::run(url, args),
    };
    status.unwrap_or_else(|error| report::early(&error, &args.view, &args.input))
}

/// Whether the lines come from a person at a terminal.
fn is_interactive(args: &SessionArgs) -> bool {
    io::stdin().is_terminal() && args.reads_stdin() && !args.input.format.is_data()
}
