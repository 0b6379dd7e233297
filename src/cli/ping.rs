//! `wscope ping`: round-trip times.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;

use super::help;
use super::session::ReportedSessionArgs;
use super::value;

/// Measure round-trip times
///
/// As ping(8): sends a WebSocket ping every second and times its pong, until Ctrl-C or `--max-time`. The exit status is
/// 0 when there were answers and all came in time, 7 when some did not; ended before any answer, or before the `--count`,
/// it is 130 by Ctrl-C and 7 by `--max-time`.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "wscope ping [OPTIONS] URL", after_help = help::examples(help::PING_EXAMPLES))]
pub struct Ping {
    /// Where to connect, as in `wscope URL`
    #[arg(value_name = "URL")]
    pub url: String,
    /// What is sent, how often, and how it is judged.
    #[command(flatten)]
    pub rounds: RoundArgs,
    /// The flags of its sessions.
    #[command(flatten)]
    pub session: ReportedSessionArgs,
}

/// The flags for the rounds.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rounds")]
pub struct RoundArgs {
    /// Wait so long from ping to ping
    #[arg(short, long, value_name = "SECONDS", value_parser = value::some_seconds, default_value = "1")]
    pub interval: Duration,

    /// Stop after so many pings
    ///
    /// Without it they go on until Ctrl-C, after which the summary comes.
    #[arg(short, long, value_name = "N", value_parser = value::at_least_one::<NonZeroU64>)]
    count: Option<NonZeroU64>,

    /// How long a pong may take
    ///
    /// What comes later is told as late. Where the pong to a newer ping comes first, the older one is not lost: a peer need
    /// answer only the newest (RFC 6455 section 5.5.3).
    #[arg(short = 'W', long, value_name = "SECONDS", value_parser = value::some_seconds, default_value = "10")]
    pub answer_timeout: Duration,

    /// Send each ping as soon as the last is answered
    ///
    /// Or given up. Rounds that are answered in time are lines only with `-v` and in JSON.
    #[arg(short, long, conflicts_with = "interval")]
    pub flood: bool,

    /// Send pings of so many bytes
    #[arg(long, value_name = "BYTES", value_parser = value::ping_size, default_value = "16")]
    pub size: usize,

    /// Send this text, and time its echo
    ///
    /// For a server that sends messages back, where a proxy in front of it answers pings. The echo is the first message that
    /// has the text in it; `{number}` in the text is the number of the round, and tells one echo from another.
    #[arg(long, value_name = "TEXT", conflicts_with = "size")]
    pub message: Option<String>,

    /// Use a new connection for each ping
    ///
    /// The summary then has the times of the phases of connecting, too. A connection that cannot be made is a round without
    /// an answer, but for the first.
    #[arg(long)]
    pub fresh: bool,

    /// Draw a histogram and a time line at the end
    ///
    /// As text, behind the summary; with `--output json` on stderr.
    #[arg(long)]
    pub plot: bool,
}

impl RoundArgs {
    /// After how many rounds to stop; `None` is never.
    pub fn count(&self) -> Option<u64> {
        self.count.map(NonZeroU64::get)
    }
}
