//! The flags that limit the time of a session and the size of its messages.

use std::time::Duration;

use clap::Args;

use super::value;

/// The flags that limit a session.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct LimitArgs {
    /// Limit the whole run
    #[arg(short, long, alias = "timeout", value_name = "SECONDS", value_parser = value::some_seconds, hide_short_help = true)]
    pub max_time: Option<Duration>,

    /// Limit the closing handshake
    ///
    /// How long to wait for the answer to our Close. It ends sooner when 5 seconds pass without a byte.
    #[arg(long, value_name = "SECONDS", value_parser = value::seconds, default_value = "30", hide_short_help = true)]
    pub close_timeout: Duration,

    /// Limit a message
    ///
    /// A larger one that comes in is refused with close code 1009; a larger line of input, or file, is an error before
    /// any of it is sent. Compressed messages count as what they inflate to. Units: k, M, G (of 1024), kB, MB, GB (of
    /// 1000).
    #[arg(long, alias = "max-ws-message-length", value_name = "SIZE", value_parser = value::some_bytes)]
    #[arg(default_value = "64MiB", hide_short_help = true)]
    pub max_message: u64,
}

/// The flags for pings that a session sends by itself.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct KeepaliveArgs {
    /// Ping this often
    #[arg(long, value_name = "SECONDS", value_parser = value::some_seconds, hide_short_help = true)]
    pub ping_interval: Option<Duration>,

    /// Give up when a ping stays unanswered
    ///
    /// This long. The session then ends as timed out.
    #[arg(long, value_name = "SECONDS", value_parser = value::some_seconds, requires = "ping_interval")]
    #[arg(hide_short_help = true)]
    pub ping_timeout: Option<Duration>,
}
