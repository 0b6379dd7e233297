//! The writing end: what is encoded waits here until the connection takes it.

use std::io;
use std::mem;
use std::ops::Range;
use std::sync::TryLockError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::output::lock;
use super::queue::QueuedItem;
use super::{NotSent, Shared, WRITE_TIMEOUT};
use crate::event::{Event, Timestamp};
use crate::net::StreamWriter;
use crate::wire::{Close, Counters, Data, Header, Kind, OpCode, Outgoing, Sender};

/// Frames are written when so many bytes of them are waiting, even when more is at hand. Measured, four times as much
/// is no faster.
const WRITE_AT: usize = 64 * 1024;
/// So much of the queue is encoded at a time, and so much room is kept. A message that is larger is encoded alone, and
/// where it lies.
const KEPT_CAPACITY: usize = 1024 * 1024;

/// What is left to be sent when a turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlushState {
    /// Nothing, or the thread that is writing sends it.
    None,
    /// The socket was still taking it.
    Moving,
    /// The socket takes nothing, or what was sent before is not shown yet.
    Stuck,
}

/// The writing end. The thread that writes has its lock.
pub(super) struct SendBuffer {
    sender: Sender,
    writer: StreamWriter,
    /// Encoded frames.
    buffer: Vec<u8>,
    /// The time of all frames that the next write will take: one for each frame would cost as much as the frame.
    sent_at: Option<Timestamp>,
    /// How much of `buffer` the stream has taken over.
    written: usize,
    /// Where in `buffer` raw frames lie, whose headers may lie.
    raw: Vec<Range<usize>>,
    /// Something in `buffer` comes from the queue in `conn`.
    has_queued: bool,
    /// Messages that were encoded and that the stream did not take over as a whole.
    cut_off: u64,
    /// Data messages of the queue that were dropped: the session was closing, or the stream did not take them over.
    dropped: u64,
}

impl Shared {
    /// Something is in the queue: the thread that is writing sees it, and where none is, the supervisor.
    pub(super) fn wake_for_queue(&self) {
        self.queued.store(true, Ordering::Release);
        self.notifier.notify();
    }

    pub(super) fn encode(&self, out: &mut SendBuffer, outgoing: Outgoing<'_>) -> Result<(), NotSent> {
        if self.over.load(Ordering::Acquire) {
            return Err(NotSent::Closed);
        }
        let before = out.buffer.len();
        let result = out.sender.send(outgoing, &mut out.buffer);
        if let Outgoing::Frame(..) = outgoing {
            out.raw.push(before..out.buffer.len());
        }
        if self.output.follows_sent() {
            let at = *out.sent_at.get_or_insert_with(|| self.output.now());
            self.output.sent(at, &out.buffer[before..]);
        }
        result?;
        self.note_sent(outgoing, out.handed());
        Ok(())
    }

    /// Encodes what was taken from the queue, while the buffer is empty.
    fn encode_queued(&self, out: &mut SendBuffer, taken: Vec<QueuedItem>) {
        let (mut refused, mut dropped) = (None, 0);
        let mut encoded = |is_data: bool, result| match result {
            Ok(()) => {}
            // After our Close nothing can be sent.
            Err(NotSent::Closed) => dropped += u64::from(is_data),
            Err(NotSent::Refused(error)) => refused = Some(error),
        };
        for waiting in taken {
            match waiting {
                QueuedItem::Data(batch)
                    if batch.size() > KEPT_CAPACITY
                        && let Some(kind) = batch.only() =>
                {
                    encoded(true, self.encode_in_place(out, kind, batch.into_bytes()));
                }
                waiting => waiting.for_each(|outgoing| {
                    encoded(matches!(outgoing, Outgoing::Message(..)), self.encode(out, outgoing));
                }),
            }
        }
        out.dropped += dropped;
        if let Some(error) = refused {
            let note = format!("something that waited was not sent: {error}");
            self.output.defer(move |shown| shown.event(shown.now(), &Event::Note(&note)));
        }
    }

    /// Encodes a message that is not to be copied.
    fn encode_in_place(&self, out: &mut SendBuffer, kind: Kind, payload: Vec<u8>) -> Result<(), NotSent> {
        if self.over.load(Ordering::Acquire) {
            return Err(NotSent::Closed);
        }
        out.buffer = out.sender.send_in_place(kind, payload)?;
        if self.output.follows_sent() {
            self.output.sent(self.output.now(), &out.buffer);
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
                conn.closing.sent(Close { code, reason: reason.as_bytes() });
                drop(conn);
                self.notifier.notify();
            }
            _ => {}
        }
    }

    /// Writes what is in the buffer, looking every now and then whether the session is over.
    pub(super) fn write(&self, out: &mut SendBuffer) -> Result<(), NotSent> {
        loop {
            match out.write_some(self) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.over.load(Ordering::Acquire) {
                        continue;
                    }
                }
                Err(error) => self.write_failed(error),
            }
            // What an earlier failure left unconfirmed has been counted, and was of a buffer that is gone.
            let cut_off = out.not_taken();
            out.cut_off += cut_off;
            self.unsent.fetch_add(cut_off, Ordering::Relaxed);
            out.clear(self);
            return Err(NotSent::Closed);
        }
    }

    fn write_failed(&self, error: io::Error) {
        lock(&self.conn).write_error.get_or_insert(error);
        self.notifier.notify();
    }

    /// Sends what is queued, and what is left over, as far as the socket takes it in a turn.
    fn send_queue(&self, out: &mut SendBuffer) -> FlushState {
        // What waits is bounded in the queue, not in the buffer: no more of it before the socket has taken that.
        let is_held = self.is_held_back();
        if out.buffer.is_empty() && !is_held && self.queued.swap(false, Ordering::AcqRel) {
            out.has_queued = true;
            let taken = {
                let mut conn = lock(&self.conn);
                let taken = conn.queue.take(KEPT_CAPACITY);
                self.queued.store(!conn.queue.is_empty(), Ordering::Release);
                taken
            };
            self.encode_queued(out, taken);
        }
        let before = out.written;
        match out.write_some(self) {
            Ok(()) if is_held && self.queued.load(Ordering::Acquire) => FlushState::Stuck,
            Ok(()) => FlushState::None,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && out.written > before => FlushState::Moving,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => FlushState::Stuck,
            Err(error) => {
                out.dropped += out.not_taken();
                out.clear(self);
                self.write_failed(error);
                FlushState::None
            }
        }
    }

    /// Whether what was sent before is to be shown first. A Close is never held back.
    fn is_held_back(&self) -> bool {
        self.output.is_behind() && lock(&self.conn).close_queued.is_none()
    }

    /// Sends what is queued (and what an earlier call left, as its `flush_state` says), unless another thread is writing:
    /// that one looks into the queue afterwards.
    pub(super) fn send_queue_if_free(&self, mut flush_state: FlushState) -> FlushState {
        while flush_state != FlushState::None || self.queued.load(Ordering::Acquire) || self.stream.wants_write() {
            let mut out = match self.out.try_lock() {
                Ok(out) => out,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return FlushState::None,
            };
            flush_state = self.send_queue(&mut out);
            if flush_state != FlushState::None {
                break;
            }
        }
        flush_state
    }
}

impl SendBuffer {
    pub fn new(sender: Sender, writer: StreamWriter) -> Self {
        Self {
            sender,
            writer,
            buffer: Vec::new(),
            sent_at: None,
            written: 0,
            raw: Vec::new(),
            has_queued: false,
            cut_off: 0,
            dropped: 0,
        }
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

    /// Messages that were encoded, but for those that the stream is known not to have taken over.
    pub fn handed(&self) -> u64 {
        self.sender.counters().messages - self.cut_off
    }

    /// Data messages in the buffer that the stream has not taken over as a whole.
    fn not_taken(&self) -> u64 {
        count_messages(&self.buffer, &self.raw, self.written.saturating_sub(self.writer.unconfirmed()))
    }

    /// Data messages that came from the queue and that the stream has not taken over, at the end of the session.
    pub fn dropped(&self) -> u64 {
        self.dropped + if self.has_queued { self.not_taken() } else { 0 }
    }

    /// Tells a TLS peer that nothing more comes.
    pub fn close_notify(&mut self) {
        self.writer.close_notify();
    }

    /// Writes until everything is taken, a write times out, or the turn is over (`WouldBlock`, too).
    fn write_some(&mut self, shared: &Shared) -> io::Result<()> {
        self.sent_at = None;
        shared.send_progress.count(0, self.buffer.len() - self.written);
        let began = Instant::now();
        while self.written < self.buffer.len() {
            // A peer that takes little at a time must not keep this thread from looking up either.
            if began.elapsed() >= WRITE_TIMEOUT {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let taken = self.writer.write(&self.buffer[self.written..])?;
            self.written += taken;
            shared.send_progress.count(taken, self.buffer.len() - self.written);
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
        self.raw.clear();
        self.written = 0;
        if mem::take(&mut self.has_queued) {
            lock(&shared.conn).queue.written();
            shared.room.notify_all();
        }
    }
}

/// Data messages in `frames` whose last byte lies beyond the first `sent` bytes; `raw` frames are none.
fn count_messages(frames: &[u8], raw: &[Range<usize>], sent: usize) -> u64 {
    let (mut messages, mut offset) = (0, 0);
    let mut raw = raw.iter().peekable();
    while let Some((header, header_length)) = frames.get(offset..).and_then(Header::read) {
        if let Some(frame) = raw.next_if(|frame| frame.start == offset) {
            offset = frame.end;
            continue;
        }
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        offset = offset.saturating_add(header_length).saturating_add(length);
        let is_data = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary | Data::Continue));
        messages += u64::from(is_data && header.fin && offset > sent);
    }
    messages
}
