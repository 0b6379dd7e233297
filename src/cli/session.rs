//! The flags of all commands that open a session as a client.

use std::path::Path;

use clap::Args;

use super::connection::ConnectionArgs;
use super::input::{ExecuteArgs, InputArgs};
use super::limits::LimitArgs;
use super::protocol::ProtocolArgs;
use super::stop::StopArgs;
use super::view::ViewArgs;

/// All flags of a client's session, except the server.
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    /// The messages that the client sends by itself.
    #[command(flatten)]
    pub execute: ExecuteArgs,
    /// When the client has received enough.
    #[command(flatten)]
    pub stop: StopArgs,
    /// The flags for stdin.
    #[command(flatten)]
    pub input: InputArgs,
    /// The flags for the output.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The flags for connecting.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// The limits of a session.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The flags for exact control of the protocol.
    #[command(flatten)]
    pub protocol: ProtocolArgs,
    /// What has to be said about where the flags come from.
    #[arg(skip)]
    pub warning: Option<String>,
    /// What there is to tell of a command line that was translated.
    #[arg(skip)]
    pub note: Option<String>,
}

impl SessionArgs {
    /// Whether stdin is read: as messages, or as a script.
    pub fn reads_stdin(&self) -> bool {
        let Self { input, execute, .. } = self;
        match &execute.script {
            Some(script) => script == Path::new("-"),
            None => !input.no_input && !input.echo && (execute.execute.is_empty() || execute.interactive),
        }
    }
}
