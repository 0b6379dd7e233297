//! The sending side of a session, for front ends.

use std::io;
use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, TryLockError};
use std::time::Duration;

use super::conn::{Conn, Input};
use super::lending::Borrower;
use super::outflow::Outflow;
use super::queue::Waiting;
use super::view::lock;
use super::wake::Waker;
use super::{Out, Shared};
use crate::error::Error;
use crate::event::{Event, Stamp, Summary};
use crate::wire::{Close, CloseCode, Data, Header, Kind, OpCode, Outgoing, SendError};

/// Frames are written when so many bytes of them are waiting, even when more is at hand. Measured, four times as much
/// is no faster.
const WRITE_AT: usize = 64 * 1024;
/// So much of the queue is encoded at a time, and so much room is kept. A message that is larger is encoded alone, and
/// where it lies.
const KEPT_CAPACITY: usize = 1024 * 1024;

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
        Batch { out: Some(lock(&self.shared.out)), shared: &self.shared }
    }

    /// For a front end that waits for input on the sleeper of `waker`, and nowhere else.
    pub fn borrower(&self, waker: Waker) -> Borrower<'_> {
        Borrower::new(&self.shared, waker)
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
        // Nobody else sends one before the batch is finished.
        let number = lock(&self.shared.conn).pings.number;
        batch.finish().map(|()| number)
    }

    /// Queues something for the keeper to send, if no more than `limit` bytes wait; never blocks. `false`
    /// when the queue is full.
    pub fn enqueue(&self, waiting: Waiting, limit: usize) -> bool {
        let mut conn = lock(&self.shared.conn);
        if conn.queue.untaken() > limit {
            return false;
        }
        conn.queue.push(waiting);
        drop(conn);
        self.shared.wake_for_queue();
        true
    }

    /// Starts the closing handshake; what was sent before goes first.
    pub fn close(&self, close: Option<(CloseCode, String)>) {
        lock(&self.shared.conn).close(self.shared.clock.now(), close);
        self.shared.wake_for_queue();
    }

    /// Starts the closing handshake ahead of everything that waits in the queue, which is dropped.
    pub fn cut_off(&self, code: CloseCode, reason: &str) {
        let mut conn = lock(&self.shared.conn);
        conn.queue.clear();
        conn.close(self.shared.clock.now(), Some((code, reason.to_owned())));
        drop(conn);
        self.shared.wake_for_queue();
    }

    /// The input has ended: from now on the session lingers only as long as it was told to.
    pub fn input_ended(&self) {
        lock(&self.shared.conn).input = Input::Ended(self.shared.clock.now());
        self.shared.waker.wake();
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

    /// Counts messages that were read from the input and will never be sent.
    pub fn count_unsent(&self, messages: u64) {
        self.shared.unsent.fetch_add(messages, Ordering::Relaxed);
    }

    /// Messages that were taken from the input and never reached the peer.
    pub fn unsent(&self) -> u64 {
        self.shared.unsent.load(Ordering::Relaxed)
    }

    /// How much has gone out, and how much is about to. Never waits for whoever is writing.
    pub fn outflow(&self) -> Outflow {
        self.shared.outflow.read()
    }

    /// Messages that the connection has taken over as a whole so far. Whether the peer got them is another matter. Waits
    /// for whoever holds the writing end.
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
    out: Option<MutexGuard<'a, Out>>,
    shared: &'a Arc<Shared>,
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
        if out.buffer.len() >= WRITE_AT { self.shared.write(out) } else { Ok(()) }
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
        let result = self.shared.write(&mut out);
        self.shared.send_queue(&mut out);
        drop(out);
        // Something may have been queued between the look at the queue and the release.
        self.shared.send_queue_if_free(false);
        if self.shared.view.follows_sent() && !self.shared.view.show_backlog_at_once() {
            // Somebody has to read while we wait.
            self.shared.lending.recall();
            self.shared.view.show_backlog();
        }
        result
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let _ = self.write_and_release();
    }
}

impl Shared {
    /// Something is in the queue: whoever holds the writing end sees it, and if nobody does, the keeper.
    pub(super) fn wake_for_queue(&self) {
        self.queued.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Totals so far.
    pub(super) fn summary(&self) -> Summary {
        let (received, round_trips) = {
            let conn = lock(&self.conn);
            (conn.received, conn.pings.round_trips())
        };
        let sent = lock(&self.out).sender.counters();
        Summary { sent, received, round_trips, open_for: self.clock.open_for() }
    }

    fn encode(&self, out: &mut Out, outgoing: Outgoing<'_>) -> Result<(), NotSent> {
        if self.over.load(Ordering::Acquire) {
            return Err(NotSent::Closed);
        }
        let before = out.buffer.len();
        let result = out.sender.send(outgoing, &mut out.buffer);
        if self.view.follows_sent() {
            self.view.sent(&out.buffer[before..]);
        }
        result?;
        self.note_sent(outgoing, out.handed());
        Ok(())
    }

    /// Encodes what was taken from the queue, while the buffer is empty.
    fn encode_queued(&self, out: &mut Out, taken: Vec<Waiting>) {
        let mut refused = None;
        let mut encoded = |result| match result {
            // After our Close nothing can be sent, and nothing needs to be.
            Ok(()) | Err(NotSent::Closed) => {}
            Err(NotSent::Refused(error)) => refused = Some(error),
        };
        for waiting in taken {
            match waiting {
                Waiting::Data(packed)
                    if packed.size() > KEPT_CAPACITY
                        && let Some(kind) = packed.only() =>
                {
                    encoded(self.encode_in_place(out, kind, packed.into_bytes()));
                }
                waiting => waiting.for_each(|outgoing| encoded(self.encode(out, outgoing))),
            }
        }
        if let Some(error) = refused {
            let note = format!("something that waited was not sent: {error}");
            self.view.tell(move |printer, origin| printer.event(origin, Stamp::now(), &Event::Note(&note)));
        }
    }

    /// Encodes a message that is not to be copied.
    fn encode_in_place(&self, out: &mut Out, kind: Kind, payload: Vec<u8>) -> Result<(), NotSent> {
        if self.over.load(Ordering::Acquire) {
            return Err(NotSent::Closed);
        }
        out.buffer = out.sender.send_in_place(kind, payload)?;
        if self.view.follows_sent() {
            self.view.sent(&out.buffer);
        }
        Ok(())
    }

    /// Notes the frames whose answer is waited for, and the `messages` that went before.
    fn note_sent(&self, outgoing: Outgoing<'_>, messages: u64) {
        match outgoing {
            Outgoing::Ping(payload) => lock(&self.conn).pings.sent(payload, self.clock.now(), messages),
            Outgoing::Close(close) => {
                let (code, reason) = close.map_or((None, ""), |(code, reason)| (Some(code), reason));
                let mut conn = lock(&self.conn);
                conn.close_queued.get_or_insert(self.clock.now());
                conn.closing.sent(Close { code, reason });
                drop(conn);
                self.waker.wake();
            }
            _ => {}
        }
    }

    /// Writes what is in the buffer, looking every now and then whether the session is over.
    fn write(&self, out: &mut Out) -> Result<(), NotSent> {
        loop {
            match out.write_some(self) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // The peer may wait for us to read.
                    self.lending.recall();
                    if !self.over.load(Ordering::Acquire) {
                        continue;
                    }
                }
                Err(error) => self.write_failed(error),
            }
            // What an earlier failure left unconfirmed has been counted, and was of a buffer that is gone.
            let sent = out.written.saturating_sub(out.writer.unconfirmed());
            let cut_off = count_messages(&out.buffer, sent);
            out.cut_off += cut_off;
            self.unsent.fetch_add(cut_off, Ordering::Relaxed);
            out.clear(self);
            return Err(NotSent::Closed);
        }
    }

    fn write_failed(&self, error: io::Error) {
        lock(&self.conn).write_error.get_or_insert(error);
        self.waker.wake();
    }

    /// Sends what is queued, and what is left over, as far as the socket takes it within its time-out.
    fn send_queue(&self, out: &mut Out) {
        // What waits is bounded in the queue, not in the buffer: no more of it before the socket has taken that.
        if out.buffer.is_empty() && self.queued.swap(false, Ordering::AcqRel) {
            out.has_queued = true;
            let taken = {
                let mut conn = lock(&self.conn);
                let taken = conn.queue.take(KEPT_CAPACITY);
                self.queued.store(!conn.queue.is_empty(), Ordering::Release);
                taken
            };
            self.encode_queued(out, taken);
        }
        match out.write_some(self) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                out.clear(self);
                self.write_failed(error);
            }
            _ => {}
        }
    }

    /// Sends what is queued (and what an earlier call has `leftovers` of), unless somebody is writing: they will see to
    /// it. Tells whether something is left that the socket did not take.
    pub(super) fn send_queue_if_free(&self, mut leftovers: bool) -> bool {
        while leftovers || self.queued.load(Ordering::Acquire) || self.link.wants_write() {
            let mut out = match self.out.try_lock() {
                Ok(out) => out,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return false,
            };
            self.send_queue(&mut out);
            leftovers = !out.buffer.is_empty();
            if leftovers {
                return true;
            }
        }
        false
    }
}

impl Out {
    /// Messages that were encoded, but for those that the link is known not to have taken over.
    fn handed(&self) -> u64 {
        self.sender.counters().messages - self.cut_off
    }

    /// Writes until everything is taken or a write times out.
    fn write_some(&mut self, shared: &Shared) -> io::Result<()> {
        shared.outflow.count(0, self.buffer.len() - self.written);
        while self.written < self.buffer.len() {
            let taken = self.writer.write(&self.buffer[self.written..])?;
            self.written += taken;
            shared.outflow.count(taken, self.buffer.len() - self.written);
            shared.clock.written();
        }
        self.writer.flush()?;
        self.clear(shared);
        Ok(())
    }

    /// Forgets what is in the buffer: it has been written, or never will be.
    fn clear(&mut self, shared: &Shared) {
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_CAPACITY);
        self.written = 0;
        if mem::take(&mut self.has_queued) {
            lock(&shared.conn).queue.settle();
            shared.room.notify_all();
        }
    }
}

/// Data messages in `frames` whose last byte lies beyond the first `sent` bytes.
fn count_messages(frames: &[u8], sent: usize) -> u64 {
    let (mut messages, mut offset) = (0, 0);
    while let Some((header, header_length)) = frames.get(offset..).and_then(Header::read) {
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        offset = offset.saturating_add(header_length).saturating_add(length);
        let is_data = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary | Data::Continue));
        messages += u64::from(is_data && header.fin && offset > sent);
    }
    messages
}
