//! The other end of what is typed or scripted: the session with a server, or all clients of a server of our own.

use std::sync::Arc;

use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::session_slot::SessionSlot;
use crate::input::slash::{ClientSelector, Prompt, TapCommand};
use crate::wire::{CloseCode, Outgoing};

/// Where the lines of a front end go.
pub trait Endpoint: Send + Sync {
    /// Sends a message or a frame.
    ///
    /// # Errors
    /// When nothing is connected, or it cannot be framed.
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()>;

    /// Sends a ping whose pong will be timed; its number, where there is one session to expect the pong from.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    fn ping(&self, payload: &[u8]) -> Result<Option<u64>>;

    /// Starts the closing handshake.
    ///
    /// # Errors
    /// When nothing is connected.
    fn close(&self, code: CloseCode, reason: &str) -> Result<()>;

    /// Shows the totals so far.
    ///
    /// # Errors
    /// When nothing is connected.
    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()>;

    /// The same clients as an endpoint of which those that `selector` selects get what is sent.
    ///
    /// # Errors
    /// When there is no such client, or where there is one peer.
    fn to(&self, _selector: ClientSelector) -> Result<Arc<dyn Endpoint>> {
        Err(one_peer())
    }

    /// Shows the clients.
    ///
    /// # Errors
    /// Where there is one peer.
    fn list(&self, _show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        Err(one_peer())
    }

    /// Does something to connections that are passed on, or to what is shown of them. What there is to tell of it.
    ///
    /// # Errors
    /// Where nothing is passed on, or there is no such connection.
    fn relayed(&self, _command: TapCommand) -> Result<Option<String>> {
        Err(Error::new(Phase::Usage, "this is for the prompt of `wscope tap`, which passes connections on"))
    }

    /// At which prompt it is spoken to.
    fn prompt(&self) -> Prompt {
        if self.client().is_some() { Prompt::Client } else { Prompt::Server }
    }

    /// Ends everything.
    fn leave(&self);

    /// The session with a server, for what only a client can do: expect, reconnect, show its heads.
    fn client(&self) -> Option<&SessionSlot>;
}

fn one_peer() -> Error {
    Error::new(Phase::Usage, "this is for the prompt of `wscope listen` or `wscope tap`, which have many clients")
}
