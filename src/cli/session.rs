//! The flags of every command that opens a session as a client.

use std::path::Path;

use clap::Args;

use super::connection::ConnectionArgs;
use super::input::{ExecuteArgs, InputArgs};
use super::limits::LimitArgs;
use super::protocol::ProtocolArgs;
use super::stop::StopArgs;
use super::view::ViewArgs;

/// All that shapes a client's session, apart from with whom.
#[derive(Debug, Clone, Args)]
pub struct SessionArgs {
    /// What to send by itself.
    #[command(flatten)]
    pub execute: ExecuteArgs,
    /// When enough has been received.
    #[command(flatten)]
    pub stop: StopArgs,
    /// What stdin becomes.
    #[command(flatten)]
    pub input: InputArgs,
    /// What to show.
    #[command(flatten)]
    pub view: ViewArgs,
    /// How to connect.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// When to give up.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Exact control.
    #[command(flatten)]
    pub protocol: ProtocolArgs,
}

impl SessionArgs {
    /// Whether stdin is what is sent, or the script that says what is.
    pub fn reads_stdin(&self) -> bool {
        let Self { input, execute, .. } = self;
        match &execute.script {
            Some(script) => script == Path::new("-"),
            None => !input.no_input && !input.echo && (execute.execute.is_empty() || execute.interactive),
        }
    }
}
