//! The writing end: what is encoded waits here until the connection takes it.

use std::io;
use std::mem;
use std::sync::TryLockError;
use std::sync::atomic::Ordering;

use super::link::LinkWriter;
use super::queue::Waiting;
use super::view::lock;
use super::{NotSent, Shared};
use crate::event::{Event, Stamp};
use crate::wire::{Close, Counters, Data, Header, Kind, OpCode, Outgoing, Sender};

/// Frames are written when so many bytes of them are waiting, even when more is at hand. Measured, four times as much
/// is no faster.
const WRITE_AT: usize = 64 * 1024;
/// So much of the queue is encoded at a time, and so much room is kept. A message that is larger is encoded alone, and
/// where it lies.
const KEPT_CAPACITY: usize = 1024 * 1024;

/// What is held by whoever writes.
pub(super) struct Out {
    sender: Sender,
    writer: LinkWriter,
    /// Encoded frames.
    buffer: Vec<u8>,
    /// How much of `buffer` the link has taken over.
    written: usize,
    /// Something in `buffer` comes from the queue in `conn`.
    has_queued: bool,
    /// Messages that were encoded and that the link did not take over as a whole.
    cut_off: u64,
}

impl Shared {
    /// Something is in the queue: whoever holds the writing end sees it, and if nobody does, the keeper.
    pub(super) fn wake_for_queue(&self) {
        self.queued.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(super) fn encode(&self, out: &mut Out, outgoing: Outgoing<'_>) -> Result<(), NotSent> {
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
    pub(super) fn write(&self, out: &mut Out) -> Result<(), NotSent> {
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
    pub(super) fn send_queue(&self, out: &mut Out) {
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
    pub fn new(sender: Sender, writer: LinkWriter) -> Self {
        Self { sender, writer, buffer: Vec::new(), written: 0, has_queued: false, cut_off: 0 }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether so much waits that it is to be written.
    pub fn is_much(&self) -> bool {
        self.buffer.len() >= WRITE_AT
    }

    /// What was encoded so far.
    pub fn counters(&self) -> Counters {
        self.sender.counters()
    }

    /// Messages that were encoded, but for those that the link is known not to have taken over.
    pub fn handed(&self) -> u64 {
        self.sender.counters().messages - self.cut_off
    }

    /// Tells a TLS peer that nothing more comes.
    pub fn close_notify(&mut self) {
        self.writer.close_notify();
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
