//! `wscope listen`: the built-in server.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::connection::IdentityArgs;
use super::help;
use super::input::InputArgs;
use super::limits::{KeepaliveArgs, LimitArgs};
use super::protocol::ProtocolArgs;
use super::record::RecordArgs;
use super::replay::PlayingArgs;
use super::value;
use super::view::ViewArgs;
use crate::net::ListenAddress;
use crate::wire::handshake::AllowedOrigin;

/// Be the server, and show what clients send
///
/// Takes many clients, shows what they send with the client's number, and sends what is typed or piped to all of them.
/// At the prompt, `/to N LINE` speaks to client N alone, and `/list` shows the clients. It runs until a signal, whatever
/// becomes of stdin, or, with `--once`, until the first client has left.
#[derive(Debug, Clone, Args)]
#[command(after_help = help::examples(help::LISTEN_EXAMPLES), override_usage = "wscope listen [OPTIONS] [ADDR:]PORT|unix:PATH")]
pub struct Listen {
    /// Where to listen; loopback unless an address is given
    ///
    /// `0.0.0.0:PORT` is every IPv4 interface, `[::]:PORT` every one: a phone, a container or another machine needs that.
    /// Port 0 takes any that is free, and says which, with -q too. `unix:PATH` is a Unix domain socket that only your own programs can use
    /// (`unix:@NAME`, without a file, is for every user of the machine).
    #[arg(value_name = "[ADDR:]PORT", value_parser = value::listen_address)]
    pub address: ListenAddress,
    /// What is let in.
    #[command(flatten)]
    pub access: AccessArgs,
    /// How many clients there may be.
    #[command(flatten)]
    pub clients: ClientArgs,
    /// The messages that the server sends by itself.
    #[command(flatten)]
    pub push: PushArgs,
    /// Play the server's side of a recording to each client
    ///
    /// With its own timing; each message waits for as many of the client's as came before it in the recording, for 10 seconds
    /// at most. It closes as the server did. Of a recording of several connections, the first client gets the first one, and
    /// so on.
    #[arg(long, value_name = "FILE", help_heading = "Input", conflicts_with_all = ["echo", "push"])]
    pub replay: Option<PathBuf>,
    /// What is played of it, and how fast.
    #[command(flatten)]
    pub playing: PlayingArgs,
    /// The flags for stdin.
    #[command(flatten)]
    pub input: InputArgs,
    /// The flags for the output.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The flags for a recording.
    #[command(flatten)]
    pub record: RecordArgs,
    /// The certificate for `wss`.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// The limits of a session.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The pings of the server's own.
    #[command(flatten)]
    pub keepalive: KeepaliveArgs,
    /// The flags for exact control of the protocol.
    #[command(flatten)]
    pub protocol: ProtocolArgs,
}

/// The flags for messages that a server sends by itself.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Input")]
pub struct PushArgs {
    /// Push this text to every client
    ///
    /// From when it has connected, as often as `--every` says.
    #[arg(long, value_name = "TEXT", requires = "every", allow_hyphen_values = true)]
    pub push: Option<String>,

    /// How often to push
    #[arg(long, value_name = "SECONDS", value_parser = value::some_seconds, requires = "push")]
    pub every: Option<Duration>,
}

/// The flags for how many clients a server has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct ClientArgs {
    /// Serve this many clients at once
    ///
    /// More are closed with code 1013.
    #[arg(long, value_name = "N", value_parser = value::at_least_one::<NonZeroUsize>, hide_short_help = true)]
    #[arg(default_value = MAX_CLIENTS)]
    pub max_clients: NonZeroUsize,

    /// End with the first client
    ///
    /// When it has left. Others are closed with code 1013.
    #[arg(long, conflicts_with = "max_clients")]
    pub once: bool,
}

/// The flags for what is let in: web pages, and what clients hold in memory.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct AccessArgs {
    /// Let web pages of this origin in
    ///
    /// Such as `https://example.com`; repeatable. `*` lets every page in, `null` those without an origin (a file:// page,
    /// a sandboxed frame). Always let in are clients that send no Origin, as no browser does, pages of this machine
    /// (`http://localhost:3000`), and pages that the server's own IP address served. Others get 403: a browser lets any
    /// page that you visit connect to this machine, and it would read and write what you do.
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<AllowedOrigin>,

    /// Limit what all clients hold in memory
    ///
    /// Messages that are not whole yet, and what waits to be sent, of all clients together. A client that needs more is
    /// closed with code 1013, unless it holds little. Units as for `--max-message`.
    #[arg(long, value_name = "SIZE", value_parser = value::some_size, hide_short_help = true)]
    #[arg(default_value = MAX_BUFFERED)]
    pub max_buffered: NonZeroUsize,
}

const MAX_CLIENTS: &str = "1000";
const MAX_BUFFERED: &str = "256MiB";

impl Default for ClientArgs {
    /// As without flags.
    fn default() -> Self {
        Self { max_clients: number(MAX_CLIENTS), once: false }
    }
}

impl Default for AccessArgs {
    /// As without flags.
    fn default() -> Self {
        Self { allow_origin: Vec::new(), max_buffered: number(MAX_BUFFERED) }
    }
}

fn number(text: &str) -> NonZeroUsize {
    value::some_size(text).unwrap_or(NonZeroUsize::MIN)
}
