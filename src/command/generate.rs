//! `wscope generate`: man pages and completions on stdout.

use std::io::{self, Write};

use crate::cli::Generate;
use crate::command::report;
use crate::error::{Error, ExitStatus, Phase};

/// Prints what is asked for.
pub fn run(generate: Generate) -> ExitStatus {
    let written = generate.what.render().and_then(|text| io::stdout().lock().write_all(&text));
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            report::alone(&Error::new(Phase::Session, "cannot write to stdout").caused_by(error))
        }
        _ => ExitStatus::Success,
    }
}
