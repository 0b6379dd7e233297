//! How fast the input is sent: all that is at hand in one write, or one message after the other with pauses.

use std::time::Duration;

use crate::session::{Batch, Handle, NotSent};
use crate::wire::Outgoing;

/// Sends the messages of the input.
pub struct Pace<'a> {
    handle: &'a Handle,
    delay: Option<Duration>,
    has_sent: bool,
    batch: Option<Batch<'a>>,
}

impl<'a> Pace<'a> {
    /// With a pause of `delay` between two messages.
    pub fn new(handle: &'a Handle, delay: Option<Duration>) -> Self {
        Self { handle, delay, has_sent: false, batch: None }
    }

    /// Sends a message: with a delay when it is due, else at the latest with [`flush`](Self::flush).
    ///
    /// # Errors
    /// See [`NotSent`].
    pub fn send(&mut self, outgoing: Outgoing<'_>) -> Result<(), NotSent> {
        let Some(delay) = self.delay else {
            return self.batch.get_or_insert_with(|| self.handle.batch()).send(outgoing);
        };
        if self.has_sent {
            self.handle.pause(delay);
            if !self.handle.is_open() {
                return Err(NotSent::Closed);
            }
        }
        self.has_sent = true;
        self.handle.send(outgoing)
    }

    /// Writes what waits, and lets others send.
    ///
    /// # Errors
    /// [`NotSent::Closed`] when the session ended before everything was taken by the socket.
    pub fn flush(&mut self) -> Result<(), NotSent> {
        self.batch.take().map_or(Ok(()), Batch::finish)
    }
}
