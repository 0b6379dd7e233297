//! The message that is being put together.

use crate::wire::utf8::Utf8;
use crate::wire::{Kind, MessageFacts, Position};

/// What is known of a message whose frames are still coming. Its bytes are elsewhere.
#[derive(Debug)]
pub struct Assembly {
    pub kind: Kind,
    /// RSV1 was set on its first frame.
    pub is_compressed: bool,
    /// It is handed out in parts.
    pub is_streamed: bool,
    /// Frames that have begun.
    pub fragments: u32,
    /// Those among them that announced no payload.
    pub empty_fragments: u32,
    /// Payload bytes on the wire.
    pub wire_length: u64,
    /// Payload bytes after inflating.
    pub length: u64,
    /// `None` for binary messages, and for text that a lenient receiver already knows to be wrong.
    pub text: Option<Utf8>,
}

impl Assembly {
    /// A message begins.
    pub fn new(kind: Kind, is_compressed: bool) -> Self {
        Self {
            kind,
            is_compressed,
            is_streamed: false,
            fragments: 0,
            empty_fragments: 0,
            wire_length: 0,
            length: 0,
            text: (kind == Kind::Text).then(Utf8::default),
        }
    }

    /// A frame of it begins; says where it stands.
    pub fn fragment(&mut self, fin: bool, length: u64) -> Position {
        self.fragments = self.fragments.saturating_add(1);
        if length == 0 && !fin {
            self.empty_fragments += 1;
        }
        match (self.fragments, fin) {
            (1, true) => Position::Whole,
            (1, false) => Position::First,
            (number, true) => Position::Last(number),
            (number, false) => Position::Middle(number),
        }
    }

    /// How it came, once it is whole.
    pub fn facts(&self) -> MessageFacts {
        MessageFacts {
            length: self.length,
            compressed: self.is_compressed.then_some(self.wire_length),
            fragments: self.fragments,
        }
    }
}
