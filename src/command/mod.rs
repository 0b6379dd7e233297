//! One file per command; each puts the other rooms together, and nothing else.

mod check;
mod config;
mod connect;
mod demo;
pub mod generate;
mod listen;
mod ping;
mod profile;
mod replay;
mod show;
mod tap;

use std::io::{self, IsTerminal};

use crate::cli::{Invocation, SessionArgs};
pub use crate::client::report::{printed, usage_error};
use crate::error::ExitStatus;
use crate::platform::is_stdin_in_background;

/// Runs a command to its end; everything there is to say has been said when it returns.
pub fn run(mut invocation: Invocation) -> ExitStatus {
    if is_stdin_in_background() {
        leave_stdin(&mut invocation);
    }
    match invocation {
        Invocation::Connect(connect) => connect::run(&connect.url, &connect.session),
        Invocation::Check(check) => check::run(&check),
        Invocation::Show(args) => show::run(&args),
        Invocation::Generate(generate) => generate::run(generate),
        Invocation::Profile(named) => profile::run(&named),
        Invocation::Config(text) => config::run(&text),
        Invocation::Demo(demo) => demo::run(&demo),
        Invocation::Listen(listen) => listen::run(&listen),
        Invocation::Tap(args) => tap::run(&args),
        Invocation::Ping(args) => ping::run(&args),
        Invocation::Replay(args) => replay::run(&args),
    }
}

/// Has nothing read from a terminal whose keys are for the foreground: as `-N` says. A prompt waits for them.
fn leave_stdin(invocation: &mut Invocation) {
    let leave = |session: &mut SessionArgs| {
        session.input.no_input |= session.reads_stdin() && !connect::waits_for_keys(session);
    };
    match invocation {
        Invocation::Connect(connect) => leave(&mut connect.session),
        Invocation::Demo(demo) => leave(&mut demo.session),
        Invocation::Listen(listen) => {
            listen.input.no_input |= listen.input.format.is_data() || !io::stdout().is_terminal();
        }
        Invocation::Tap(tap) => tap.rewrite.no_input |= !io::stdout().is_terminal(),
        Invocation::Ping(_)
        | Invocation::Check(_)
        | Invocation::Show(_)
        | Invocation::Replay(_)
        | Invocation::Generate(_)
        | Invocation::Profile(_)
        | Invocation::Config(_) => {}
    }
}
