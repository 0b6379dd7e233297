//! How the server ends: what is told of it, and the exit status.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::clients::Clients;
use super::console::ServerConsole;
use crate::client::announcer::Announcer;
use crate::client::report::Unsent;
use crate::error::{Error, ExitStatus};
use crate::platform::{Descriptor, Poller, Signals, Wakeup};
use crate::wire::CloseCode;

/// How long clients have to answer our Close when the server ends.
const FAREWELL_LIMIT: Duration = Duration::from_millis(500);

/// Why the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerEnd {
    /// The user left, or the reader of stdout went away: that one has seen enough.
    Left,
    /// The only client has left, with so many messages on the way to it.
    Served(u64),
    /// A signal, or the time limit.
    Stopped(ExitStatus),
}

impl ServerEnd {
    /// Waits for it, until the time limit of the run.
    pub fn wait(
        console: &ServerConsole,
        clients: &Clients,
        signals: &Signals,
        poller: &mut Poller,
        until: Option<Instant>,
    ) -> Self {
        let stdout = io::stdout();
        let watched = (!stdout.is_terminal()).then(|| Descriptor::from(&stdout));
        let ended = poller.wait_for(until, watched, |wakeup| match signals.take() {
            Some(signal) => Some(Self::Stopped(signal.into())),
            None if console.has_left() || wakeup == Wakeup::WatchedGone => Some(Self::Left),
            None => clients.dropped_by_only().map(Self::Served),
        });
        ended.unwrap_or(Self::Stopped(ExitStatus::TimedOut))
    }

    /// Closes all sessions, tells what was not sent, and leaves the terminal as it was found; the exit status.
    pub fn carry_out(self, console: &ServerConsole, clients: &Clients, announcer: &mut Announcer) -> ExitStatus {
        clients.dismiss(CloseCode::Away, "the server is going away");
        clients.wait_until_gone(FAREWELL_LIMIT);
        let status = match self {
            Self::Left => ExitStatus::Success,
            Self::Served(dropped) => {
                let left = console.left_over();
                let on_the_way = if console.is_only_source() { dropped } else { 0 };
                let unsent = Unsent { messages: left.messages + on_the_way, ..left };
                let error = unsent.error_because("the client left first");
                let status = error.as_ref().map_or(ExitStatus::Success, Error::exit_status);
                if let Some(error) = error {
                    announcer.error(error);
                }
                status
            }
            Self::Stopped(status) => {
                report_unsent(console.left_over(), clients, announcer);
                status
            }
        };
        match self {
            Self::Left | Self::Served(_) => console.finish(),
            Self::Stopped(_) => console.abandon(),
        }
        status
    }
}

/// Tells what was piped in and not sent; what is still on its way to clients cannot be counted.
fn report_unsent(unsent: Unsent, clients: &Clients, announcer: &mut Announcer) {
    let are_behind = clients.are_behind();
    match (Unsent { more: unsent.more || are_behind, ..unsent }).error_because("the server was stopped first") {
        Some(error) => announcer.error(error),
        None if are_behind => announcer.note("clients had not taken everything that was sent to them".to_owned()),
        None => {}
    }
}
