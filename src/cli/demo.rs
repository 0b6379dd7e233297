//! `wscope demo`: a session with a server of our own.

use clap::Args;

use super::compat::CompatArgs;
use super::help;
use super::session::SessionArgs;

/// Try wscope without a server
///
/// Starts the built-in server on a free loopback port and opens a session with it. It sends back what you send, and
/// pushes a message every 5 seconds.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "wscope demo [OPTIONS]", after_help = help::examples(help::DEMO_EXAMPLES))]
pub(super) struct DemoArgs {
    #[command(flatten)]
    session: SessionArgs,
    #[command(flatten)]
    compat: CompatArgs,
}

/// A session with a server of our own.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The flags for the session.
    pub session: SessionArgs,
}

impl DemoArgs {
    /// Does what flags of other tools say.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn resolve(self) -> Result<Demo, String> {
        let Self { mut session, compat } = self;
        compat.apply(&mut session, false)?;
        Ok(Demo { session })
    }
}
