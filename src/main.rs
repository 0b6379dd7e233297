//! The `wscope` program: parse, run, exit; after a signal, by that signal.

use std::process::ExitCode;

use clap::error::ErrorKind;
use wscope::error::ExitStatus;
use wscope::platform::Signal;
use wscope::{cli, command, output};

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(invocation) => {
            let status = command::run(invocation);
            match status {
                ExitStatus::Interrupted => Signal::Interrupt.end_process(),
                ExitStatus::Terminated => Signal::Terminate.end_process(),
                _ => {}
            }
            status.into()
        }
        Err(error) if error.use_stderr() => command::usage_error(&error).into(),
        Err(shown) => {
            let printed = match shown.kind() {
                ErrorKind::DisplayHelp if asks_for_manual() => output::pager::print(&shown.to_string()),
                _ => shown.print(),
            };
            command::printed(printed).into()
        }
    }
}

fn asks_for_manual() -> bool {
    std::env::args_os().any(|argument| argument == "-M" || argument == "--manual")
}
