//! Whom one talks to.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Phase, Result};
use crate::event::Event;
use crate::frontend::interpreter::expectation;
use crate::output::Origin;
use crate::session::{Handle, NotSent};
use crate::wire::{CloseCode, Outgoing};

/// Whom one talks to: a server, or the clients of one's own.
pub trait Peer: Send + Sync {
    /// Sends a message or a frame.
    ///
    /// # Errors
    /// When nobody is there, or it cannot be framed.
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()>;

    /// Sends a ping whose pong will be timed; its number, where there is one session to expect the pong from.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    fn ping(&self, payload: &[u8]) -> Result<Option<u64>>;

    /// Starts the closing handshake.
    ///
    /// # Errors
    /// When nobody is there.
    fn close(&self, code: CloseCode, reason: &str) -> Result<()>;

    /// The heads of the handshake, raw: our request and the response.
    ///
    /// # Errors
    /// When there are none.
    fn heads(&self) -> Result<Arc<(Vec<u8>, Vec<u8>)>>;

    /// Shows the totals so far.
    ///
    /// # Errors
    /// When nobody is there.
    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()>;

    /// The session from which something can be expected; one that has ended, where no other has followed.
    ///
    /// # Errors
    /// When there is none.
    fn session(&self) -> Result<Handle>;

    /// Closes, if need be, and connects again.
    ///
    /// # Errors
    /// When that is not ours to do.
    fn reconnect(&self) -> Result<()>;

    /// Whether somebody waits in [`reconnect`](Self::reconnect).
    fn is_reconnecting(&self) -> bool {
        false
    }

    /// Ends everything.
    fn leave(&self);
}

/// One session with a server.
#[derive(Clone)]
pub struct Server {
    /// The session.
    pub handle: Handle,
    /// The heads of its handshake: our request, the response.
    pub heads: Arc<(Vec<u8>, Vec<u8>)>,
}

impl Server {
    /// See [`Peer::send`].
    ///
    /// # Errors
    /// How the session has ended; or it cannot be framed.
    pub fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        // A frame that is told exactly may be meant to break the rules.
        if !matches!(outgoing, Outgoing::Frame(..)) {
            self.check_that_it_listens()?;
        }
        self.handle.send(outgoing).map_err(|error| unsendable(&error))
    }

    /// See [`Peer::ping`].
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.check_that_it_listens()?;
        self.handle.ping(payload).map(Some).map_err(|error| unsendable(&error))
    }

    /// Sends Close behind everything that was sent before. Where the session is closing already this changes nothing.
    ///
    /// # Errors
    /// When it cannot be framed.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        match self.handle.send(Outgoing::Close(Some((code, reason)))) {
            Ok(()) | Err(NotSent::Closed) => Ok(()),
            Err(error) => Err(unsendable(&error)),
        }
    }

    /// Shows the totals so far.
    pub fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) {
        show(Origin::default(), &Event::Summary(&self.handle.summary()));
    }

    /// The peer takes nothing that is sent after its Close, even while it could still be sent.
    fn check_that_it_listens(&self) -> Result<()> {
        let parting = self.handle.expecting().and_then(|expecting| expecting.parting(Duration::ZERO).ok());
        parting.map_or(Ok(()), |parting| Err(not_sent(&expectation::words(&parting))))
    }
}

fn not_sent(why: &str) -> Error {
    Error::new(Phase::Session, format!("not sent: {why}"))
}

fn unsendable(error: &NotSent) -> Error {
    match error {
        NotSent::Closed => not_sent("the session is closing"),
        NotSent::Refused(error) => Error::new(Phase::Input, format!("not sent: {error}")),
    }
}
