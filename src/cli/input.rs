//! The flags that say where outgoing messages come from.

use clap::Args;

use super::value::{self, Wait};

/// How stdin becomes messages, and messages become output.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and any may stand beside the others")]
pub struct InputArgs {
    /// Send back every message
    ///
    /// As it came. A client then doesn't read stdin, and stays until the server closes.
    #[arg(long, conflicts_with = "no_input")]
    pub echo: bool,

    /// Don't read stdin
    ///
    /// Receive until the other side closes.
    #[arg(short = 'N', long)]
    pub no_input: bool,

    /// Send stdin as binary messages
    ///
    /// In chunks as it arrives, no byte added or removed; with `-0`, each piece that ends with NUL is one message.
    /// `-x` and typed lines stay text.
    #[arg(short, long)]
    pub binary: bool,

    /// Messages in and out end with NUL, not newline
    ///
    /// For messages that have newlines in them: `find -print0`, `xargs -0`, `jq --raw-output0`.
    #[arg(short = '0', long, hide_short_help = true)]
    pub null: bool,
}

/// What a client sends by itself, and how long it stays.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct ExecuteArgs {
    /// Send this message once open, don't read stdin
    ///
    /// Repeatable; sent in the order given.
    #[arg(short = 'x', long, value_name = "MESSAGE", allow_hyphen_values = true, conflicts_with = "echo")]
    pub execute: Vec<String>,

    /// Go on with stdin after `-x`
    ///
    /// Typed or piped, as without `-x`.
    #[arg(short, long, hide_short_help = true, requires = "execute", conflicts_with = "no_input")]
    pub interactive: bool,

    /// How long to stay after the last input; -1: for ever
    ///
    /// Counted from when the last input was sent (with `-N`, from the opening), whatever comes meanwhile. Without this
    /// flag, until no data has come for 2 seconds.
    #[arg(short, long, value_name = "SECONDS", value_parser = value::wait, allow_negative_numbers = true)]
    pub wait: Option<Wait>,
}
