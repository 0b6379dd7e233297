//! The flags that end a session when enough messages have been received.

use std::num::NonZeroU64;

use clap::Args;

use super::value;
use crate::pattern::Expression;

/// The flags that end a session when the client has received enough.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct StopArgs {
    /// Stop after so many messages (`-1` alone: after one)
    ///
    /// Closes as soon as they have come, and prints nothing that comes after them. If the session ends in order before
    /// that, the exit status is 8; where it fails, the status tells how. Without `--wait`, they are waited for as long as
    /// it takes, or as `--max-time` says.
    #[arg(long, alias = "max-messages-rev", value_name = "NUMBER", value_parser = value::at_least_one::<NonZeroU64>)]
    count: Option<NonZeroU64>,

    /// The same as `--count 1`
    #[arg(short = '1', alias = "one-message", hide_short_help = true, conflicts_with = "count")]
    one: bool,

    /// Stop after a message that matches
    ///
    /// A regular expression, JSON that it contains, or jq: see Expressions. `--count` then says how many must match.
    #[arg(long, value_name = "EXPRESSION", value_parser = value::expression)]
    pub until: Option<Expression>,
}

impl StopArgs {
    /// How many messages are enough; `None`: the number does not matter.
    pub fn count(&self) -> Option<NonZeroU64> {
        let one = (self.one || self.until.is_some()).then_some(NonZeroU64::MIN);
        self.count.or(one)
    }
}
