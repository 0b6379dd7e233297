//! What a recording holds: the events of a run with data of their own.

use std::time::Duration;

use crate::error::Error;
use crate::event::{Direction, Ended, Event, Opened, Origin, Step, Summary, Timestamp, TlsFacts};
use crate::wire::{self, Close, CloseReason, Finding, Frame, Header, Kind, MessageFacts, Position};

/// One event of a recording.
#[derive(Debug)]
pub struct Record {
    /// Whose it is: the number of the connection, where the recording has many.
    pub origin: Origin,
    /// When it happened. [`Timestamp::elapsed`] counts from the first record.
    pub at: Timestamp,
    /// What happened.
    pub event: RecordedEvent,
}

/// An [`Event`] with data of its own.
#[derive(Debug)]
pub enum RecordedEvent {
    /// [`Event::Step`]
    Step(Step),
    /// [`Event::Tls`]
    Tls(TlsFacts),
    /// [`Event::Head`]
    Head {
        /// Which way.
        direction: Direction,
        /// Its bytes; secrets are hidden, unless the recording was made to show them.
        bytes: Vec<u8>,
    },
    /// [`Event::Open`]: a connection, with its heads. Secrets as in [`Head`](Self::Head).
    Open(Box<Opened>),
    /// [`Event::Wire`]
    Wire {
        /// Which way.
        direction: Direction,
        /// What.
        event: RecordedWire,
        /// For a pong that answers a ping: how long it took.
        round_trip: Option<Duration>,
    },
    /// [`Event::Finding`]: a breach, in the handshake or in a frame.
    Finding(Box<Finding>),
    /// [`Event::Ended`]
    Ended(Ended),
    /// [`Event::Summary`]
    Summary(Summary),
    /// [`Event::Error`]
    Error(Box<Error>),
    /// [`Event::Warning`]
    Warning(String),
    /// [`Event::Note`]
    Note(String),
    /// [`Event::Detail`]
    Detail(String),
}

/// A [`wire::Event`] with data of its own. A frame comes before the message that it is a part of, as from a receiver. A
/// large message comes whole, never in parts; a breach is a [`RecordedEvent::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedWire {
    /// [`wire::Event::Frame`]
    Frame(Box<RecordedFrame>),
    /// [`wire::Event::Message`]
    Message {
        /// Text or binary.
        kind: Kind,
        /// Unmasked, inflated, put together.
        payload: Vec<u8>,
        /// How it came.
        facts: MessageFacts,
    },
    /// [`wire::Event::Ping`]
    Ping(Vec<u8>),
    /// [`wire::Event::Pong`]
    Pong(Vec<u8>),
    /// [`wire::Event::Close`]
    Close(CloseReason),
}

/// A [`Frame`] with data of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFrame {
    /// The header, decoded.
    pub header: Header,
    /// The header's bytes exactly as they were.
    pub header_bytes: Vec<u8>,
    /// Offset of its first byte in this direction's stream of frames.
    pub offset: u64,
    /// Where it stands in its message.
    pub position: Position,
    /// The payload exactly as it was on the wire.
    pub payload: Vec<u8>,
    /// What the payload inflates to, if it was compressed; otherwise empty.
    pub inflation: Vec<u8>,
    /// How long `inflation` is, if it was compressed.
    pub inflated: Option<u64>,
    /// Payload bytes that arrived.
    pub received: u64,
}

impl RecordedEvent {
    /// Lends it to `take` as the event that it was.
    pub fn lend<T>(&self, take: impl FnOnce(&Event<'_>) -> T) -> T {
        let event = match self {
            Self::Step(step) => Event::Step(step),
            Self::Tls(facts) => Event::Tls(facts),
            Self::Head { direction, bytes } => Event::Head { direction: *direction, bytes },
            Self::Open(opened) => Event::Open(opened),
            Self::Wire { direction, event, round_trip } => {
                let event = &event.borrow();
                return take(&Event::Wire { direction: *direction, event, round_trip: *round_trip, annotation: None });
            }
            Self::Finding(finding) => Event::Finding(finding),
            Self::Ended(ended) => Event::Ended(ended),
            Self::Summary(summary) => Event::Summary(summary),
            Self::Error(error) => Event::Error(error),
            Self::Warning(warning) => Event::Warning(warning),
            Self::Note(note) => Event::Note(note),
            Self::Detail(detail) => Event::Detail(detail),
        };
        take(&event)
    }
}

impl RecordedWire {
    /// It as a receiver would give it.
    fn borrow(&self) -> wire::Event<'_> {
        match self {
            Self::Frame(frame) => wire::Event::Frame(frame.borrow()),
            Self::Message { kind, payload, facts } => wire::Event::Message { kind: *kind, payload, facts: *facts },
            Self::Ping(payload) => wire::Event::Ping(payload),
            Self::Pong(payload) => wire::Event::Pong(payload),
            Self::Close(close) => wire::Event::Close(Close { code: close.code, reason: &close.reason }),
        }
    }
}

impl RecordedFrame {
    fn borrow(&self) -> Frame<'_> {
        Frame {
            header: self.header,
            header_bytes: &self.header_bytes,
            offset: self.offset,
            position: self.position,
            payload: &self.payload,
            inflation: &self.inflation,
            inflated: self.inflated,
            received: self.received,
        }
    }
}
