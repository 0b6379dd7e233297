//! What is known of a message whose frames are coming.

use crate::wire::utf8::Utf8;
use crate::wire::{Header, Kind, MessageFacts, Position};

/// A message that has begun and is not over.
#[derive(Debug)]
pub struct Message {
    /// Text or binary.
    pub kind: Kind,
    /// RSV1 was set on its first frame.
    pub is_compressed: bool,
    /// It does not inflate: what is left of it is read and dropped.
    pub is_corrupt: bool,
    /// It is handed out in parts.
    pub is_streamed: bool,
    /// Frames that have begun.
    fragments: u32,
    /// Those among them that announced no payload and no end.
    pub empty_fragments: u32,
    /// Payload bytes announced on the wire.
    wire_length: u64,
    /// How long it becomes; known once its last frame has begun, and if it isn't compressed.
    pub announced: Option<u64>,
    /// Payload bytes so far, after inflating.
    pub length: u64,
    /// `None` for binary messages, and for text that is already known to be wrong.
    pub utf8: Option<Utf8>,
}

impl Message {
    /// One of which no frame has begun.
    pub fn new(kind: Kind, is_compressed: bool) -> Self {
        Self {
            kind,
            is_compressed,
            is_corrupt: false,
            is_streamed: false,
            fragments: 0,
            empty_fragments: 0,
            wire_length: 0,
            announced: None,
            length: 0,
            utf8: (kind == Kind::Text).then(Utf8::default),
        }
    }

    /// Its first or next frame begins; says where that stands in it.
    pub fn begin_frame(&mut self, header: &Header) -> Position {
        self.fragments = self.fragments.saturating_add(1);
        self.wire_length = self.wire_length.saturating_add(header.length);
        if header.fin && !self.is_compressed {
            self.announced = Some(self.wire_length);
        }
        if header.length == 0 && !header.fin {
            self.empty_fragments += 1;
        }
        match (self.fragments, header.fin) {
            (1, true) => Position::Whole,
            (1, false) => Position::First,
            (number, false) => Position::Middle(number),
            (number, true) => Position::Last(number),
        }
    }

    /// How it came, so far.
    pub fn facts(&self) -> MessageFacts {
        let compressed = self.is_compressed.then_some(self.wire_length);
        MessageFacts { length: self.length, compressed, fragments: self.fragments }
    }
}
