//! What the receiver saw, in wire order.

use std::borrow::Cow;

use super::{CloseCode, Finding, Header, mask};

/// Text or binary (RFC 6455 section 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opcode 0x1.
    Text,
    /// Opcode 0x2.
    Binary,
}

/// How a message came over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageFacts {
    /// Payload bytes after unmasking and inflating.
    pub length: u64,
    /// Payload bytes on the wire, when the message was compressed (RSV1, RFC 7692 section 6).
    pub compressed: Option<u64>,
    /// Frames that carried it, 1 when it was not fragmented.
    pub fragments: u32,
}

/// Where a frame stands in its message (RFC 6455 section 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A control frame, or the only frame of a message.
    Whole,
    /// The first frame of a fragmented message.
    First,
    /// A continuation that is not the last; 2 for the second frame.
    Middle(u32),
    /// The last continuation.
    Last(u32),
}

/// How much of each frame to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observe {
    /// No [`Event::Frame`] at all: the fast path.
    Nothing,
    /// Headers and sizes: [`Frame::payload`] and [`Frame::inflation`] are empty.
    Headers,
    /// Every byte.
    Bytes,
}

/// One frame as it was on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The header, decoded.
    pub header: Header,
    /// The header's bytes exactly as they were.
    pub header_bytes: &'a [u8],
    /// Offset of its first byte in this direction's stream of frames (0 is the first byte after the HTTP head).
    pub offset: u64,
    /// Where it stands in its message.
    pub position: Position,
    /// The payload exactly as it was on the wire: masked where it was masked, compressed where it was compressed.
    /// Shorter than `header.length` when the stream, or a breach, ended inside the frame, and never longer than the
    /// largest message that the receiver accepts.
    pub payload: &'a [u8],
    /// What the payload inflates to, when the frame's message was compressed; otherwise empty.
    pub inflation: &'a [u8],
    /// How long `inflation` is (or would be, when only headers are observed), when the frame's message was compressed.
    pub inflated: Option<u64>,
    /// Payload bytes that arrived; less than `header.length` when the stream, or a breach, ended inside the frame.
    pub received: u64,
}

impl<'a> Frame<'a> {
    /// The payload unmasked and inflated, in pieces of `length` bytes: what is masked is unmasked on the way, rather
    /// than held twice.
    pub fn plain(&self, length: usize) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let (bytes, key) = match self.inflated {
            Some(_) => (self.inflation, None),
            None => (self.payload, self.header.mask),
        };
        bytes.chunks(length).enumerate().map(move |(number, piece)| match key {
            None => Cow::Borrowed(piece),
            Some(key) => {
                let mut piece = piece.to_vec();
                mask::apply(key, (number * length) as u64, &mut piece);
                Cow::Owned(piece)
            }
        })
    }
}

/// The body of a Close frame (RFC 6455 section 5.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close<'a> {
    /// The status code; `None` for an empty body (1005 in APIs, never on the wire).
    pub code: Option<CloseCode>,
    /// The reason as it is on the wire, empty when there was none. UTF-8, unless the peer broke that rule.
    pub reason: &'a [u8],
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A frame is complete (only where frames are observed), or nothing more comes of it. It comes before what the
    /// frame gives rise to, except for [`Event::Part`]s that could go ahead, and before what is wrong with it.
    Frame(Frame<'a>),
    /// A whole message. Text is valid UTF-8 unless the receiver is lenient.
    Message {
        /// Text or binary.
        kind: Kind,
        /// Unmasked, inflated, put together.
        payload: &'a [u8],
        /// How it came.
        facts: MessageFacts,
    },
    /// A piece of a binary message that is streamed, because it is larger than the receiver was told to hold.
    Part {
        /// The next bytes of the message.
        payload: &'a [u8],
        /// `Some` with the last piece.
        last: Option<MessageFacts>,
    },
    /// A Ping's payload.
    Ping(&'a [u8]),
    /// A Pong's payload.
    Pong(&'a [u8]),
    /// The peer's Close frame. What comes after it is discarded, with a finding if it is a data frame.
    Close(Close<'a>),
    /// The peer broke a rule. Unless the receiver is lenient and the rule permits it, nothing follows: the caller of
    /// the receiver is to send Close with [`Rule::close_code`](super::Rule::close_code) and to end the connection.
    Finding(Finding),
}
