//! The flags of all commands that open a session as a client.

use std::num::NonZeroU32;
use std::path::Path;

use clap::Args;

use super::connection::ConnectionArgs;
use super::input::{ExecuteArgs, InputArgs};
use super::limits::{KeepaliveArgs, LimitArgs};
use super::protocol::ProtocolArgs;
use super::record::RecordArgs;
use super::report::ReportArgs;
use super::stop::StopArgs;
use super::value;
use super::view::ViewArgs;
use crate::dialect::Choice;

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
    /// The flags for a recording.
    #[command(flatten)]
    pub record: RecordArgs,
    /// The flags for connecting.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Connect again when the connection is lost
    ///
    /// And when it can't be made: after a second or less, then after longer and longer, up to 30 seconds; a session of
    /// a minute starts that anew. With a number it gives up after so many attempts in a row. `-x` messages are sent
    /// again each time; stdin goes on where it was, and what was read and never handed to a connection is sent first.
    /// So it goes on after 1001 (the server goes away), 1012 (it restarts), 1013 (it is too busy) and a lost connection.
    /// There is no other attempt after an end of ours or with close code 1000 or none, nor after 1002, 1003, 1007,
    /// 1008, 1010, an HTTP status of 300 to 499, or a certificate that is refused; nor when all input was sent and
    /// only an answer, or the end of them, was waited for. A script goes on with the next session: what it sends or expects
    /// when the connection is lost is sent or waited for there.
    #[arg(long, value_name = "N", help_heading = "Connection", num_args = 0..=1, require_equals = true)]
    #[arg(value_parser = value::at_least_one::<NonZeroU32>)]
    pub reconnect: Option<Option<NonZeroU32>>,
    /// The limits of a session.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The pings of the client's own.
    #[command(flatten)]
    pub keepalive: KeepaliveArgs,
    /// Send the heartbeats that a dialect demands
    ///
    /// As `--dialect` recognises it, whatever is shown: without them the server closes the connection.
    #[arg(long, help_heading = "Connection", hide_short_help = true)]
    pub heartbeat: bool,
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
    /// Refuses flags that contradict each other.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.view.dialect {
            Some(Choice::None) if self.heartbeat => {
                Err("`--heartbeat` sends what a dialect demands, and `--dialect none` looks for none".into())
            }
            _ => Ok(()),
        }
    }

    /// Whether stdin is read: as messages, or as a script.
    pub fn reads_stdin(&self) -> bool {
        let Self { input, execute, .. } = self;
        match &execute.script {
            Some(script) => execute.interactive || script == Path::new("-"),
            None => !input.no_input && !input.echo && (execute.execute.is_empty() || execute.interactive),
        }
    }
}

/// The flags of a session that is reported on.
#[derive(Debug, Clone, Args)]
pub struct ReportedSessionArgs {
    /// What has to be said about the file of profiles.
    #[arg(skip)]
    pub warning: Option<String>,
    /// How the report is shown.
    #[command(flatten)]
    pub report: ReportArgs,
    /// The flags of the session itself.
    #[command(flatten)]
    pub session: PlainSessionArgs,
}

/// The flags of a session that takes no input and sends nothing by itself.
#[derive(Debug, Clone, Args)]
pub struct PlainSessionArgs {
    /// The flags for connecting.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// The limits of a session.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The flags for exact control of the protocol.
    #[command(flatten)]
    pub protocol: ProtocolArgs,
}
