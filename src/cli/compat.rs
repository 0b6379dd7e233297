//! Flags of other tools that mean something here: their command lines work unchanged. What has no such flag is in
//! `other_tools`. Where only the name differs, the flag itself has an alias.

use std::num::NonZeroU64;

use clap::Args;

use super::session::SessionArgs;
use super::value::{self, Wait};
use crate::input::Format;
use crate::output::DataFormat;

/// The one version of the protocol (RFC 6455 section 4.1).
const VERSION: &str = "13";

/// Hidden flags of wscat, websocat, wsdump and curl.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and any may stand beside the others")]
pub(super) struct CompatArgs {
    /// Nothing: slash commands are always understood
    #[arg(long, hide = true)]
    slash: bool,

    /// Nothing: compression is offered anyway. A browser's "Copy as cURL" ends with it.
    #[arg(long, hide = true)]
    compressed: bool,

    /// Beside `-c` wscat's `--no-check`, otherwise websocat's `--no-close`: verification is never lost by mistake
    #[arg(short = 'n', hide = true)]
    no: bool,

    /// `--wait -1`
    #[arg(long, hide = true)]
    no_close: bool,

    /// Nothing: messages are text
    #[arg(long, hide = true)]
    text: bool,

    /// Nothing: the end of one direction ends the session
    #[arg(short = 'E', long, hide = true)]
    exit_on_eof: bool,

    /// `--output none`
    #[arg(short = 'U', long, hide = true)]
    unidirectional_reverse: bool,

    /// `--max-message`, where that is less: a buffer's size cuts no message here
    #[arg(short = 'B', long, hide = true, value_parser = value::some_bytes)]
    buffer_size: Option<u64>,

    /// `--input lines`, which needs no line editor at a terminal
    #[arg(short, long, hide = true)]
    raw: bool,

    /// `--max-redirs`; without a number nothing
    #[arg(long, hide = true, num_args = 0..=1)]
    max_redirects: Vec<u32>,

    /// The version of the protocol
    #[arg(short = 'p', long, hide = true)]
    websocket_version: Option<String>,

    /// websocat's `--subprotocol`; a number is the version, which wscat calls so
    #[arg(long, hide = true, value_parser = value::subprotocol)]
    protocol: Vec<String>,
}

/// What other tools say beside the URL, or beside a port.
#[derive(Debug, Clone, Args)]
pub(super) struct CompatTargetArgs {
    /// The address to listen on with `-l`; otherwise the Host header
    #[arg(long, hide = true)]
    pub host: Option<String>,

    /// `-` beside the URL: websocat names stdin and stdout so
    #[arg(hide = true)]
    second: Option<String>,
}

impl CompatTargetArgs {
    /// The word after the first one.
    pub(super) fn second(&self) -> Option<&str> {
        self.second.as_deref()
    }

    /// The word that is neither the URL nor a name for stdin and stdout.
    pub(super) fn surplus(&self, first: Option<&str>) -> Option<&str> {
        self.second().filter(|second| *second != "-" && first != Some("-"))
    }

    /// The URL, of the two words.
    pub(super) fn url(&mut self, first: Option<String>) -> Option<String> {
        first.filter(|word| word != "-").or_else(|| self.second.take().filter(|word| word != "-"))
    }
}

impl CompatArgs {
    /// Does what these flags say to `session`, which wscat's `-c` opens or doesn't.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn apply(self, session: &mut SessionArgs, opened_by_connect: bool) -> Result<(), String> {
        session.connection.route.tls.insecure |= self.no && opened_by_connect;
        if (self.no && !opened_by_connect) || self.no_close {
            session.execute.wait.get_or_insert(Wait::Forever);
        }
        if self.unidirectional_reverse {
            session.view.output = DataFormat::None;
        }
        if let Some(size) = self.buffer_size {
            session.limits.max_message = session.limits.max_message.max(size);
        }
        if let Some(most) = self.max_redirects.last() {
            session.connection.redirects.max_redirs = *most;
        }
        if self.raw {
            session.input.format.read_unless_named(Format::Lines);
        }
        let is_number = |name: &String| name.parse::<NonZeroU64>().is_ok();
        let (versions, subprotocols): (Vec<_>, Vec<_>) = self.protocol.into_iter().partition(is_number);
        session.connection.request.subprotocols.extend(subprotocols);
        match self.websocket_version.into_iter().chain(versions).find(|version| version != VERSION) {
            None => Ok(()),
            Some(_) => Err(format!(
                "`-p` is the version of the protocol, as in wscat, and {VERSION} is the only one; a text to begin with is \
                 sent with `-x TEXT -i`"
            )),
        }
    }
}
