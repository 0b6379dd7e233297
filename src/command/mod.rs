//! One file per command; each puts the other rooms together, and nothing else.

mod connect;
mod demo;
mod desk;
mod expectation;
mod front_end;
pub mod generate;
mod listen;
mod open;
mod operator;
mod pace;
mod peer;
mod performer;
mod plan;
mod progress;
mod redial;
mod repl;
mod report;
mod script;
mod server;
mod show;
mod stage;
mod stdin;
mod teller;
mod typist;

pub use report::printed;

use crate::cli::Invocation;
use crate::error::ExitStatus;

/// Runs a command to its end; everything there is to say has been said when it returns.
pub fn run(invocation: Invocation) -> ExitStatus {
    match invocation {
        Invocation::Connect(connect) => connect::run(&connect.url, &connect.session),
        Invocation::Generate(generate) => generate::run(generate),
        Invocation::Demo(demo) => demo::run(&demo),
        Invocation::Listen(listen) => listen::run(&listen),
    }
}
