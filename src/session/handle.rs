//! The sending side of a session, for front ends.

use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Shared;
use super::conn::{Conn, Input};
use super::output::lock;
use super::queue::QueuedItem;
use super::send_progress::SendProgress;
use super::writer::{FlushState, SendBuffer};
use crate::error::Error;
use crate::event::{Event, Summary};
use crate::wire::{CloseCode, Outgoing, SendError};

/// Why a message was not sent.
#[derive(Debug)]
pub enum NotSent {
    /// The session is over, or closing.
    Closed,
    /// The message cannot be framed (a control payload over 125 bytes).
    Refused(SendError),
}

impl From<SendError> for NotSent {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Closed => Self::Closed,
            other => Self::Refused(other),
        }
    }
}

/// Why nothing more can be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFull {
    /// Too much waits for this peer.
    Own,
    /// Too much waits for all peers together, and much of it for this one.
    Shared,
}

/// Sends; any thread may hold one.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Takes the writing end for as many messages as are at hand: they leave in one write.
    pub fn batch(&self) -> Batch<'_> {
        Batch { out: Some(lock(&self.shared.out)), shared: &self.shared, holds_message: false }
    }

    /// Sends one message at once.
    ///
    /// # Errors
    /// See [`NotSent`].
    pub fn send(&self, outgoing: Outgoing<'_>) -> Result<(), NotSent> {
        let mut batch = self.batch();
        batch.send(outgoing)?;
        batch.finish()
    }

    /// Sends a ping whose pong will be timed; its number, for [`Expecting::pong`](super::Expecting::pong).
    ///
    /// # Errors
    /// See [`NotSent`].
    pub fn ping(&self, payload: &[u8]) -> Result<u64, NotSent> {
        let mut batch = self.batch();
        batch.send(Outgoing::Ping(payload))?;
        // No other thread sends one before the batch is finished.
        let number = lock(&self.shared.conn).pings.number;
        batch.finish().map(|()| number)
    }

    /// Queues something for the supervisor to send, if no more than `limit` bytes wait; never blocks.
    ///
    /// # Errors
    /// See [`QueueFull`].
    pub fn enqueue(&self, waiting: QueuedItem, limit: usize) -> Result<(), QueueFull> {
        let mut conn = lock(&self.shared.conn);
        if conn.queue.untaken() > limit {
            return Err(QueueFull::Own);
        }
        if conn.queue.is_over_budget() {
            return Err(QueueFull::Shared);
        }
        conn.queue.push(waiting);
        drop(conn);
        self.shared.wake_for_queue();
        Ok(())
    }

    /// Waits until no more than `most` bytes wait to be sent, or the session is closing; `false` when for as long as
    /// `patience` the connection took nothing.
    pub fn wait_for_room(&self, most: usize, patience: Duration) -> bool {
        let is_full = |conn: &Conn| conn.queue.untaken() > most && conn.close_queued.is_none() && !self.is_over();
        let mut conn = lock(&self.shared.conn);
        while is_full(&conn) {
            let before = self.shared.send_progress.read().written;
            let waited = self.shared.room.wait_timeout(conn, patience).unwrap_or_else(PoisonError::into_inner);
            conn = waited.0;
            if waited.1.timed_out() && is_full(&conn) && self.shared.send_progress.read().written == before {
                return false;
            }
        }
        true
    }

    /// Starts the closing handshake; what was sent before goes first.
    pub fn close(&self, close: Option<(CloseCode, String)>) {
        lock(&self.shared.conn).close(self.shared.clock.now(), close);
        self.shared.room.notify_all();
        self.shared.wake_for_queue();
    }

    /// Starts the closing handshake because we have had enough.
    pub fn leave(&self) {
        self.close(Some((CloseCode::Normal, String::new())));
    }

    /// Starts the closing handshake ahead of everything that waits in the queue, which is dropped.
    pub fn cut_off(&self, code: CloseCode, reason: &str) {
        let mut conn = lock(&self.shared.conn);
        conn.queue.clear();
        conn.close(self.shared.clock.now(), Some((code, reason.to_owned())));
        drop(conn);
        self.shared.room.notify_all();
        self.shared.wake_for_queue();
    }

    /// The input has ended: from now on the session goes on only as long as it was told to.
    pub fn input_ended(&self) {
        lock(&self.shared.conn).input = Input::Ended(self.shared.clock.now(), Instant::now());
        self.shared.notifier.notify();
    }

    /// Shows a note soon. Never waits for the sinks.
    pub fn note(&self, note: &'static str) {
        self.shared.output.defer(move |shown| shown.event(shown.now(), &Event::Note(note)));
    }

    /// Waits for `duration`, or until nothing can be sent any more.
    pub fn pause(&self, duration: Duration) {
        let is_open = |conn: &mut Conn| conn.close_queued.is_none() && !self.shared.over.load(Ordering::Acquire);
        drop(self.shared.room.wait_timeout_while(lock(&self.shared.conn), duration, is_open));
    }

    /// Notes an error that decides the exit status when the session is over.
    pub fn report(&self, error: Error) {
        lock(&self.shared.conn).errors.push(error);
    }

    /// Messages that were taken from the input and never reached the peer.
    pub fn unsent(&self) -> u64 {
        self.shared.unsent.load(Ordering::Relaxed)
    }

    /// How much has gone out, and how much is about to. Never waits for the thread that writes.
    pub fn send_progress(&self) -> SendProgress {
        self.shared.send_progress.read()
    }

    /// Messages that the connection has taken over as a whole so far. Whether the peer got them is another matter. Waits
    /// for the thread that writes.
    pub fn handed(&self) -> u64 {
        lock(&self.shared.out).handed()
    }

    /// Whether the session is over.
    pub fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::Acquire)
    }

    /// Whether messages can still be sent.
    pub fn is_open(&self) -> bool {
        !self.is_over() && lock(&self.shared.conn).close_queued.is_none()
    }

    /// Totals so far.
    pub fn summary(&self) -> Summary {
        self.shared.summary()
    }
}

/// The writing end, held. Dropping it without [`finish`](Self::finish) still writes what was taken.
pub struct Batch<'a> {
    out: Option<MutexGuard<'a, SendBuffer>>,
    shared: &'a Arc<Shared>,
    /// A message is in it that is not written yet.
    holds_message: bool,
}

impl Batch<'_> {
    /// Adds a message; writes when much is waiting. One that is not sent is counted.
    ///
    /// # Errors
    /// See [`NotSent`].
    pub fn send(&mut self, outgoing: Outgoing<'_>) -> Result<(), NotSent> {
        let Some(out) = self.out.as_mut() else { return Err(NotSent::Closed) };
        let is_message = matches!(outgoing, Outgoing::Text(_) | Outgoing::Binary(_));
        self.shared.encode(out, outgoing).inspect_err(|_| {
            self.shared.unsent.fetch_add(u64::from(is_message), Ordering::Relaxed);
        })?;
        self.holds_message |= is_message;
        if out.is_much() {
            note_question(self.shared, &mut self.holds_message);
            self.shared.write(out)
        } else {
            Ok(())
        }
    }

    /// Writes everything, and what others have queued meanwhile; then shows it, if sent frames are shown.
    ///
    /// # Errors
    /// [`NotSent::Closed`] when the session ended before everything was taken by the socket; what was not is counted.
    pub fn finish(mut self) -> Result<(), NotSent> {
        self.write_and_release()
    }

    fn write_and_release(&mut self) -> Result<(), NotSent> {
        let Some(mut out) = self.out.take() else { return Ok(()) };
        note_question(self.shared, &mut self.holds_message);
        let result = self.shared.write(&mut out);
        drop(out);
        // No other thread could send what was queued meanwhile. The supervisor sends what is left of it.
        if self.shared.send_queue_if_free(FlushState::None) != FlushState::None {
            self.shared.wake_for_queue();
        }
        if self.shared.output.follows_sent() {
            // The reader meets the same error, and ends the session for it.
            let _ = self.shared.output.show_backlog();
        }
        result
    }
}

/// Notes on the clock that messages are about to be written, if a batch holds any: before the write, so that no answer can
/// come earlier.
fn note_question(shared: &Shared, holds_message: &mut bool) {
    if mem::take(holds_message) {
        shared.clock.asked();
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let _ = self.write_and_release();
    }
}

impl Shared {
    /// Totals so far.
    pub(super) fn summary(&self) -> Summary {
        let (received, round_trips) = {
            let conn = lock(&self.conn);
            (conn.received, conn.pings.round_trips())
        };
        let sent = lock(&self.out).counters();
        Summary { sent, received, round_trips, open_for: self.clock.open_for() }
    }
}
