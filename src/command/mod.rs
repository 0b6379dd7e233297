//! One file per command; each puts the other rooms together, and nothing else.

mod connect;
mod demo;
pub mod generate;
mod listen;

pub use crate::client::report::printed;

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
