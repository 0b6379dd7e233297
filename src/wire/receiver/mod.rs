//! Bytes in, events out (RFC 6455 sections 5 to 8).

mod assembler;
mod breach;
mod buffer;
mod capture;
mod close;
mod frame;
mod header_rules;
mod message;
mod reading;
mod texts;

use std::collections::VecDeque;
use std::ops::Range;

use self::assembler::Assembler;
use self::buffer::Buffer;
use self::capture::FrameCapture;
use self::frame::Incoming;
pub use self::texts::{TextBatch, TextFrame};
use super::{Close, CloseReason, Counters, DeflateParameters, Event, Finding, Kind, MessageFacts, Observe, Role, Rule};

/// How to receive.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverOptions {
    /// Which end we are; the frames come from the other.
    pub role: Role,
    /// The largest message to accept, in bytes after inflating.
    pub max_message: u64,
    /// Binary messages larger than this come as [`Event::Part`]s; `None` collects every message.
    pub stream_binary_above: Option<u64>,
    /// Report breaches and go on where that is possible.
    pub lenient: bool,
    /// What was agreed on for permessage-deflate.
    pub deflate: Option<DeflateParameters>,
    /// How much of each frame to report.
    pub observe: Observe,
}

/// Where the stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Between messages, or after Close.
    Boundary,
    /// Between two frames of one message.
    InsideMessage,
    /// Inside a frame.
    InsideFrame,
}

/// Turns what the peer sends into events.
///
/// Read into [`space`](Self::space), say how much with [`filled`](Self::filled), then call [`next`](Self::next) until
/// it has nothing more. Memory stays within the receive buffer and `max_message`, whatever the peer announces.
#[derive(Debug)]
pub struct Receiver {
    role: Role,
    max_message: u64,
    is_lenient: bool,
    observe: Observe,
    state: StreamState,
    buffer: Buffer,
    frame: Option<Incoming>,
    assembler: Assembler,
    /// The payload of a control frame.
    control: Vec<u8>,
    /// The peer's Close, right or wrong.
    close: Option<CloseReason>,
    capture: FrameCapture,
    pending: VecDeque<Pending>,
    counters: Counters,
    /// Bytes of control frames, headers included.
    control_bytes: u64,
    /// [`Receiver::copy_texts`] has found that a text before this offset of the stream is not UTF-8.
    bad_text_before: u64,
}

/// How far the stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StreamState {
    /// No Close has come.
    Open,
    /// The peer's Close has come: frames are read, their payloads are dropped.
    Closed,
    /// The stream has ended, or a breach has ended it: all bytes are dropped.
    Over,
}

/// An event that [`Receiver::next`] has not returned yet.
#[derive(Debug)]
enum Pending {
    Frame,
    Message { kind: Kind, bytes: Bytes, facts: MessageFacts },
    Part { bytes: Bytes, last: Option<MessageFacts> },
    Ping,
    Pong,
    Close,
    Finding(Finding),
}

/// Where bytes lie.
#[derive(Debug)]
enum Bytes {
    Buffer(Range<usize>),
    Collected,
}

impl Receiver {
    /// A receiver for a connection that has just been opened.
    pub fn new(options: ReceiverOptions) -> Self {
        Self {
            role: options.role,
            max_message: options.max_message,
            is_lenient: options.lenient,
            observe: options.observe,
            state: StreamState::Open,
            buffer: Buffer::new(),
            frame: None,
            assembler: Assembler::new(&options),
            control: Vec::new(),
            close: None,
            capture: FrameCapture::new(options.max_message),
            pending: VecDeque::new(),
            counters: Counters::default(),
            control_bytes: 0,
            bad_text_before: 0,
        }
    }

    /// Room to read into, never empty. To be called only after [`next`](Self::next) has returned `None`.
    pub fn space(&mut self) -> &mut [u8] {
        debug_assert!(self.pending.is_empty(), "bytes of the buffer are waiting to be lent");
        self.buffer.space()
    }

    /// So many bytes have been read into [`space`](Self::space).
    pub fn filled(&mut self, count: usize) {
        self.buffer.filled(count);
    }

    /// Takes a copy of `bytes`, which were read elsewhere: the first frames may come in one segment with the HTTP head.
    /// To be called only after [`next`](Self::next) has returned `None`.
    pub fn feed(&mut self, bytes: &[u8]) {
        debug_assert!(self.pending.is_empty(), "bytes of the buffer are waiting to be lent");
        self.buffer.push(bytes);
    }

    /// How much of each frame to report, from the next frame on.
    pub fn observe(&mut self, observe: Observe) {
        self.observe = observe;
    }

    /// What has been received so far.
    pub fn counters(&self) -> Counters {
        Counters { wire_bytes: self.buffer.position(), ..self.counters }
    }

    /// Bytes of data frames that have been used so far, headers and incomplete frames included.
    pub fn data_bytes(&self) -> u64 {
        self.buffer.position() - self.control_bytes
    }

    /// The number of the frame, from 0, of which a part has come; `None` between two frames. To be called only after
    /// [`next`](Self::next) has returned `None`.
    pub fn unfinished_frame(&self) -> Option<u64> {
        let is_inside = self.frame.is_some() || !self.buffer.unread().is_empty();
        is_inside.then_some(self.counters.frames)
    }

    /// Whether a breach, or the end of the stream, has ended it: only events that are pending follow.
    pub fn is_broken(&self) -> bool {
        self.state == StreamState::Over
    }

    /// The next event; `None` when more has to be read.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    #[inline]
    pub fn next(&mut self) -> Option<Event<'_>> {
        if let Some((kind, range)) = self.take_whole_message() {
            let facts = MessageFacts { length: range.len() as u64, compressed: None, fragments: 1 };
            if self.observe == Observe::Nothing {
                return Some(Event::Message { kind, payload: self.buffer.taken(range), facts });
            }
            // The range stays valid until more is read, and that is forbidden while an event is pending.
            self.pending.push_back(Pending::Message { kind, bytes: Bytes::Buffer(range), facts });
            return self.capture.frame().map(Event::Frame);
        }
        let pending = self.read_on()?;
        self.lend(pending)
    }

    /// Takes the payload of the message that [`next`](Self::next) has returned last, instead of a copy of it. The
    /// message must be longer than the receive buffer (256 KiB): the payload of a shorter one may lie in that buffer,
    /// and then the result is something else.
    pub fn take_collected(&mut self) -> Vec<u8> {
        self.assembler.take_collected()
    }

    /// Limits the memory for messages that are not whole, from now on: one that needs more ends the stream, with a finding
    /// about [`Rule::SharedMemory`].
    pub fn limit_collected(&mut self, most: usize) {
        self.assembler.limit_collected(most as u64);
    }

    /// Bytes of memory that are held for messages and frames that are not whole, or kept for the next ones.
    pub fn held(&self) -> usize {
        self.assembler.capacity() + self.control.capacity() + self.capture.capacity()
    }

    /// Gives the memory back that no message is in. To be called only after [`next`](Self::next) has returned `None`.
    pub fn shrink(&mut self) {
        self.assembler.shrink();
    }

    /// Drops what is not whole. To be called when nothing more of the stream is wanted.
    pub fn release(&mut self) {
        self.control = Vec::new();
        self.assembler.abandon();
        self.assembler.shrink();
    }

    /// Ends the stream because of a limit that the caller keeps, and drops what is not whole. The finding that says so.
    pub fn refuse(&mut self, rule: Rule, detail: String) -> Finding {
        self.state = StreamState::Over;
        self.frame = None;
        self.release();
        Finding {
            rule,
            blame: self.role,
            offset: self.buffer.position(),
            bytes: Vec::new(),
            detail,
            diagnosis: rule.diagnosis(),
        }
    }

    /// The stream has ended. To be called when [`next`](Self::next) has nothing more; a frame that is incomplete and
    /// observed comes from `next` afterwards.
    pub fn end(&mut self) -> Ending {
        let ending = if self.state != StreamState::Open {
            Ending::Boundary
        } else if self.frame.is_some() || !self.buffer.unread().is_empty() {
            Ending::InsideFrame
        } else if self.assembler.is_in_message() {
            Ending::InsideMessage
        } else {
            Ending::Boundary
        };
        self.report_frame();
        self.state = StreamState::Over;
        ending
    }

    fn lend(&self, pending: Pending) -> Option<Event<'_>> {
        Some(match pending {
            Pending::Frame => Event::Frame(self.capture.frame()?),
            Pending::Message { kind, bytes, facts } => Event::Message { kind, payload: self.bytes(bytes), facts },
            Pending::Part { bytes, last } => Event::Part { payload: self.bytes(bytes), last },
            Pending::Ping => Event::Ping(&self.control),
            Pending::Pong => Event::Pong(&self.control),
            Pending::Close => Event::Close(self.close()?),
            Pending::Finding(finding) => Event::Finding(finding),
        })
    }

    /// The peer's Close, once it has come: also one that breaks a rule, of which there is no event.
    pub fn close(&self) -> Option<Close<'_>> {
        self.close.as_ref().map(|CloseReason { code, reason }| Close { code: *code, reason })
    }

    fn bytes(&self, bytes: Bytes) -> &[u8] {
        match bytes {
            Bytes::Buffer(range) => self.buffer.taken(range),
            Bytes::Collected => self.assembler.collected(),
        }
    }
}

#[cfg(test)]
mod tests;
