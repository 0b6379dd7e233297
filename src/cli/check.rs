//! `wscope check`: find out why it does not work.

use std::time::Duration;

use clap::Args;

use super::help;
use super::session::ReportedSessionArgs;
use super::value;

/// Find out why a connection does not work
///
/// Goes through name, TCP, TLS, upgrade, subprotocol, extensions, a ping and the closing handshake, and says of each how it
/// went. Where the upgrade fails, it tries variations of the request that tell causes apart, at most nine, one at a time.
/// Then it says what is wrong, the most likely cause first, with what was seen, what was tried, and what to do. It sends no
/// message, except with --probe.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "wscope check [OPTIONS] URL", after_help = help::examples(help::CHECK_EXAMPLES))]
pub struct Check {
    /// The server to check, as in `wscope URL`
    #[arg(value_name = "URL")]
    pub url: String,

    /// What is checked.
    #[command(flatten)]
    pub scope: ScopeArgs,

    /// The flags of its sessions.
    #[command(flatten)]
    pub session: ReportedSessionArgs,
}

/// What is checked, and what is made of it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Check")]
pub struct ScopeArgs {
    /// Find out how long a connection may be silent
    ///
    /// Up to MAX seconds, 600 by default; that and nothing else. Eight connections are open side by side, silent for growing
    /// times, or kept alive by an unsolicited pong or a ping. It tells when and how a silent one is cut, what keeps one
    /// open, and how often to ping. Ctrl-C ends it with what is known.
    #[arg(long, value_name = "MAX", num_args = 0..=1, require_equals = true, default_missing_value = "600")]
    #[arg(value_parser = value::some_seconds, conflicts_with_all = ["no_variations", "strict", "probe"])]
    pub idle: Option<Duration>,

    /// Make one connection only
    ///
    /// Without it, up to nine more are made: when the upgrade fails, each with one thing changed; when the session fails and
    /// compression may be why, without extensions; to other addresses of the name; and with TLS, to see whether HTTP/2 is
    /// picked where it is offered too (ALPN). None of them carries credentials, cookies or headers of `-H` without TLS, to
    /// another host, or after they were refused.
    #[arg(long)]
    pub no_variations: bool,

    /// Take a warning for a failure
    ///
    /// The exit status is 1 then.
    #[arg(long)]
    pub strict: bool,

    /// Send this text message, and wait for an answer
    ///
    /// For up to 5 seconds. It is sent again where the session is tried without extensions. Without it no message is sent.
    #[arg(long, value_name = "TEXT")]
    pub probe: Option<String>,
}
