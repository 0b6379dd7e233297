//! `wscope demo`: a session with a server of our own.

use clap::Args;

use super::help;
use super::session::SessionArgs;

/// Try wscope without a server
///
/// Starts the built-in server on a free loopback port and opens a session with it. It sends back what you send, and
/// pushes a message every 5 seconds.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "wscope demo [OPTIONS]", after_help = help::examples(help::DEMO_EXAMPLES))]
pub struct Demo {
    /// The flags for the session.
    #[command(flatten)]
    pub session: SessionArgs,
}
