//! `wscope URL`.

use std::io::{self, IsTerminal};

use crate::cli::SessionArgs;
use crate::client::report;
use crate::error::{Error, ExitStatus, Phase};
use crate::frontend::{pipe, repl, script};

/// Opens a session, talks, and tells how it ended.
pub fn run(url: &str, args: &SessionArgs) -> ExitStatus {
    let status = match &args.execute.script {
        Some(file) if !args.execute.interactive => script::run(url, args, file),
        _ if is_interactive(args) => repl::run(url, args),
        Some(_) => Err(Error::new(Phase::Usage, "`-i` after `--script` is for a terminal, and stdin is none")
            .hint("a `/wait` at the end of the script keeps the session open")),
        None => pipe::run(url, args),
    };
    status.unwrap_or_else(|error| report::early(&error, &args.view))
}

/// Whether it only waits for its keys where another job has them: it shows what comes on the same terminal.
pub(super) fn waits_for_keys(args: &SessionArgs) -> bool {
    is_interactive(args) && io::stdout().is_terminal()
}

/// Whether the lines come from a person at a terminal.
fn is_interactive(args: &SessionArgs) -> bool {
    io::stdin().is_terminal() && args.reads_stdin() && !args.input.format.is_data()
}
