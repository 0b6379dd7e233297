//! The flags of every command that opens a session as a client.

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
