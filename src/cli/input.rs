//! The flags for outgoing messages: where they come from.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::format::FormatArgs;
use super::value::{self, Wait};

/// The flags for stdin.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Send back every message
    ///
    /// As it came. A client then doesn't read stdin, and stays until the server closes.
    #[arg(long, hide_short_help = true)]
    pub echo: bool,

    /// Don't read stdin
    ///
    /// Receive until the other side closes.
    #[arg(short = 'N', long, alias = "unidirectional")]
    pub no_input: bool,

    /// How stdin is split into messages.
    #[command(flatten)]
    pub format: FormatArgs,
}

/// The flags for messages that a client sends by itself, and for how long it stays.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct ExecuteArgs {
    /// Send this message once open, don't read stdin
    ///
    /// Repeatable; sent in the order given, as text with `-b` too.
    #[arg(short = 'x', long, value_name = "MESSAGE", allow_hyphen_values = true, conflicts_with = "echo")]
    #[arg(group = "first")]
    pub execute: Vec<String>,

    /// Go on with stdin after `-x` or `--script`
    ///
    /// Typed or piped, as without `-x`. After `--script` at a terminal only: in the session of the script, also where that
    /// has failed.
    #[arg(short, long, hide_short_help = true, requires = "first", conflicts_with = "no_input")]
    pub interactive: bool,

    /// Wait between two messages
    ///
    /// Of the input: those of `-x`, and what stdin is cut into.
    #[arg(long, value_name = "SECONDS", value_parser = value::some_seconds, hide_short_help = true)]
    pub delay: Option<Duration>,

    /// Run a script: what would be typed at the prompt
    ///
    /// With `-`, from stdin. Its first line may be `#!/usr/bin/env -S wscope --script`. It sends, waits for what it
    /// expects, and fails with status 8 when that doesn't come; see Scripts.
    #[arg(long, value_name = "FILE", group = "first")]
    #[arg(conflicts_with_all = ["execute", "delay", "echo", "no_input", "input", "binary", "StopArgs"])]
    pub script: Option<PathBuf>,

    /// How long to stay after the last input; -1: for ever
    ///
    /// Counted from when the last input was sent (with `-N`, from the opening), whatever comes meanwhile. Without this
    /// flag, up to 10 seconds for the first data that comes after it, and then until none has come for 2 seconds; with
    /// `--count` or `--until`, for ever.
    #[arg(short, long, alias = "eof-wait", value_name = "SECONDS", value_parser = value::wait, allow_negative_numbers = true)]
    pub wait: Option<Wait>,
}
