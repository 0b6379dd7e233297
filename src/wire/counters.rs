//! What passed in one direction.

/// Totals of one direction since the session opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames of every kind.
    pub frames: u64,
    /// Whole text and binary messages.
    pub messages: u64,
    /// Bytes of all frames on the wire, headers and control frames included.
    pub wire_bytes: u64,
    /// Bytes of all messages, after unmasking and inflating.
    pub message_bytes: u64,
    /// Payload bytes on the wire of the messages that were compressed.
    pub compressed_bytes: u64,
    /// What those messages inflate to.
    pub inflated_bytes: u64,
}
