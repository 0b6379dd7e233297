//! The command line: the declarations of all flags. Help, man pages and completions are made from them.
//!
//! Each command has a file with its struct. Flags that several commands share are in a struct of their own, which is
//! flattened into each of these. This room only parses values. [`command`](crate::command) and the rooms below it read
//! files, the environment and the terminal.

mod check;
mod compat;
mod completion;
mod connect;
mod connection;
mod curl;
mod demo;
mod destination;
mod expressions;
mod format;
mod generate;
mod help;
mod input;
mod limits;
mod listen;
mod other_tools;
mod ping;
mod profile;
mod protocol;
mod proxy;
mod record;
mod replay;
mod report;
mod session;
mod show;
mod stop;
mod tap;
mod usage_error;
mod value;
mod view;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use check::{Check, ScopeArgs};
pub use connect::Connect;
pub use connection::{ConnectionArgs, IdentityArgs, RedirectArgs, RequestArgs, RouteArgs, TlsArgs};
pub use demo::Demo;
pub use destination::DestinationArgs;
pub use format::FormatArgs;
pub use generate::{Definition, Generate, Generated, Page};
pub use input::{ExecuteArgs, InputArgs};
pub use limits::{KeepaliveArgs, LimitArgs};
pub use listen::{AccessArgs, ClientArgs, Listen, PushArgs};
pub use ping::{Ping, RoundArgs};
pub use profile::Named;
pub use protocol::{FixedArgs, ProtocolArgs};
pub use proxy::ProxyArgs;
pub use record::{RecordArgs, RecordTo};
pub use replay::{PlayingArgs, Replay};
pub use report::{ReportArgs, ReportFormat};
pub use session::{PlainSessionArgs, ReportedSessionArgs, SessionArgs};
pub use show::Show;
pub use stop::StopArgs;
pub use tap::{RewriteArgs, Tap, TowardsClientsArgs};
pub use value::{HeaderSource, SHORTEST_PING, Secret, Speed, Wait};
pub use view::ViewArgs;

use connect::DefaultArgs;
use curl::{Curl, Translation};
use demo::DemoArgs;

/// A parsed command line: the command to run, with its arguments.
#[derive(Debug, Clone)]
pub enum Invocation {
    /// A session with a server.
    Connect(Connect),
    /// A session with a server of our own.
    Demo(Demo),
    /// A server without a session of our own.
    Listen(Listen),
    /// A relay between clients and a server.
    Tap(Box<Tap>),
    /// Round-trip times.
    Ping(Ping),
    /// What is wrong with a connection.
    Check(Box<Check>),
    /// A recording, sent again.
    Replay(Box<Replay>),
    /// The flags of a profile, and those of the command line.
    Profile(Named),
    /// What is in a recording.
    Show(Box<Show>),
    /// Print this: what is in force.
    Config(String),
    /// Print a generated file.
    Generate(Generate),
}

/// An oscilloscope for WebSockets: talk, pipe data through, and see every frame
///
/// Opens a session with a WebSocket server (RFC 6455). In a terminal it is a prompt: what you type is sent, what the
/// server sends is printed above the line that you are typing. In a pipe it is a filter: each line of stdin is sent as
/// a message, each message that comes is written to stdout, byte for byte. With -v, --frames and --hex it shows what is
/// on the wire; when the other side breaks the protocol it says which rule of the RFC, and where.
#[derive(Debug, Parser)]
#[command(name = "wscope", bin_name = "wscope", version, args_override_self = true, max_term_width = help::COLUMNS)]
#[command(disable_help_subcommand = true, disable_help_flag = true)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(override_usage = "wscope [OPTIONS] URL|@PROFILE, or wscope COMMAND [OPTIONS] ...")]
#[command(after_help = help::after_help())]
struct Cli {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    help: help::HelpArgs,
    #[command(flatten)]
    default: DefaultArgs,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    Demo(Box<DemoArgs>),
    Listen(Box<Listen>),
    Tap(Box<Tap>),
    Check(Box<Check>),
    Ping(Box<Ping>),
    Show(Box<Show>),
    Replay(Box<Replay>),
    Curl(Curl),
    #[command(hide = true)]
    Generate(Generate),
}

/// Parses a command line. The first of `arguments` is the name of the program.
///
/// # Errors
///
/// A usage error; or help or the version, which clap returns as errors too. [`clap::Error::use_stderr`] tells them
/// apart.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    spell_help(&mut arguments);
    version_alone(&arguments)?;
    if let Some(text) = other_tools::misread(&arguments) {
        return Err(usage_error::from_text(&text));
    }
    if let Some(named) = profile::asked_for(&arguments) {
        return Ok(Invocation::Profile(named));
    }
    let cli = match parse_session(&arguments) {
        Some(cli) => cli,
        None => Cli::try_parse_from(&arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => help_for(&arguments).unwrap_or(error),
            _ => usage_error::explain(&arguments, error),
        })?,
    };
    if let Some(secrets) = cli.default.show_config() {
        return Ok(Invocation::Config(profile::command_line(&arguments, secrets)));
    }
    understand(cli, &arguments)
}

/// Makes `help` and `help listen` ask for the same as `--help` and `--help listen`; and `--help listen`, or `--manual listen`,
/// for the same as `listen --help`.
fn spell_help(arguments: &mut [OsString]) {
    let [_, word, rest @ ..] = arguments else { return };
    let is_of_command = matches!(rest, [command] if command.to_str().is_some_and(is_command));
    if word == "help" && (rest.is_empty() || is_of_command) {
        *word = "--help".into();
    }
    if is_of_command && ["-h", "--help", "-M", "--manual"].iter().any(|help| word == help) {
        std::mem::swap(word, &mut rest[0]);
    }
}

/// Parses a command line that begins with no command, without the definitions of all commands: to make and to drop them takes
/// 0.85 of the 2.4 million instructions up to the first connection. `None` where all of them are needed: to parse it, or to say
/// what is wrong.
fn parse_session(arguments: &[OsString]) -> Option<Cli> {
    if arguments.get(1).and_then(|word| word.to_str()).is_some_and(is_command) {
        return None;
    }
    let bare =
        clap::Command::new("wscope").args_override_self(true).disable_help_flag(true).arg_required_else_help(true);
    let command = DefaultArgs::augment_args(help::HelpArgs::augment_args(bare));
    let matches = command.try_get_matches_from(arguments).ok()?;
    let (help, default) =
        (FromArgMatches::from_arg_matches(&matches).ok()?, FromArgMatches::from_arg_matches(&matches).ok()?);
    Some(Cli { command: None, help, default })
}

/// Makes the invocation of what clap has parsed, and checks what clap cannot check.
fn understand(cli: Cli, arguments: &[OsString]) -> Result<Invocation, clap::Error> {
    let refused = |text: String| usage_error::from_text(&text);
    let invocation = match cli.command {
        None => without_command(cli.default, arguments).map_err(refused)?,
        Some(Subcommands::Demo(demo)) => Invocation::Demo(demo.resolve().map_err(refused)?),
        Some(Subcommands::Listen(listen)) => Invocation::Listen(*listen),
        Some(Subcommands::Tap(tap)) => Invocation::Tap(tap),
        Some(Subcommands::Check(check)) => Invocation::Check(check),
        Some(Subcommands::Curl(curl)) => translated(&curl)?,
        Some(Subcommands::Ping(ping)) => Invocation::Ping(*ping),
        Some(Subcommands::Replay(replay)) => Invocation::Replay(replay),
        Some(Subcommands::Show(show)) => Invocation::Show(show),
        Some(Subcommands::Generate(generate)) => Invocation::Generate(generate),
    };
    check(&invocation, arguments).map_err(refused)?;
    Ok(invocation)
}

/// The help that is asked for, as clap returns it.
fn help_for(arguments: &[OsString]) -> Option<clap::Error> {
    help::with_help(Cli::command()).try_get_matches_from(arguments).err()
}

/// Answers `--version` without building the definitions of all flags, which takes 0.1 of the 1.2 ms of such a run. The
/// answer is an error, as clap returns it.
fn version_alone(arguments: &[OsString]) -> Result<(), clap::Error> {
    match arguments {
        [name, commands @ .., flag]
            if (flag == "--version" || flag == "-V")
                && commands.len() < 2
                && commands.iter().all(|word| word.to_str().is_some_and(is_command)) =>
        {
            let bare = clap::Command::new("wscope").version(env!("CARGO_PKG_VERSION"));
            bare.try_get_matches_from([name, flag]).map(drop)
        }
        _ => Ok(()),
    }
}

/// Makes the invocation of a command line that begins with no command. `Err` is the text of a usage error.
fn without_command(default: DefaultArgs, arguments: &[OsString]) -> Result<Invocation, String> {
    if let Some(name) = default.bare_url().filter(|url| is_command(url)) {
        return Err(usage_error::command_comes_first(name));
    }
    if let Some(text) = default.bare_url().and_then(|word| usage_error::no_command(word, default.surplus())) {
        return Err(text);
    }
    if let Some(text) = default.words().find_map(other_tools::not_a_url) {
        return Err(text);
    }
    if let Some(surplus) = default.surplus() {
        return Err(usage_error::one_too_many(arguments, surplus));
    }
    default.resolve()
}

/// Makes the invocation of a command line of curl's: that of the one of ours that means the same.
fn translated(curl: &Curl) -> Result<Invocation, clap::Error> {
    let Translation { words, note } = curl.translate().map_err(|text| usage_error::from_text(&text))?;
    let mut invocation = parse(words)?;
    if let Invocation::Connect(connect) = &mut invocation {
        connect.session.note = note;
    }
    Ok(invocation)
}

/// Checks what clap cannot check. `Err` is the text of a usage error.
fn check(invocation: &Invocation, arguments: &[OsString]) -> Result<(), String> {
    match invocation {
        Invocation::Connect(Connect { session, .. }) | Invocation::Demo(Demo { session }) => {
            session.refuse_proxy(arguments)?;
            session.check()?;
            check_formats(&session.input, &session.view)
        }
        Invocation::Listen(Listen { input, view, replay, playing, .. }) => {
            playing.check(replay.as_deref())?;
            check_formats(input, view)
        }
        Invocation::Tap(tap) => {
            tap.view.check()?;
            tap.url.as_deref().map_or(Ok(()), usage_error::refuse_profile)
        }
        Invocation::Replay(replay) => {
            replay.url.as_deref().map_or(Ok(()), usage_error::refuse_profile)?;
            replay.view.check()
        }
        Invocation::Show(show) => show.view.check(),
        Invocation::Ping(_)
        | Invocation::Check(_)
        | Invocation::Generate(_)
        | Invocation::Profile(_)
        | Invocation::Config(_) => Ok(()),
    }
}

fn check_formats(input: &InputArgs, view: &ViewArgs) -> Result<(), String> {
    input.format.check()?;
    view.check()
}

fn is_command(word: &str) -> bool {
    Subcommands::has_subcommand(word)
}

#[cfg(test)]
mod tests;
