//! The `wscope` program: parse, run, exit.

use std::process::ExitCode;

use wscope::error::ExitStatus;
use wscope::{cli, command};

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(invocation) => command::run(invocation).into(),
        Err(error) => {
            let printed = error.print();
            if error.use_stderr() { ExitStatus::Usage.into() } else { command::printed(printed).into() }
        }
    }
}
