//! The protocol, sans-I/O (RFC 6455 and RFC 7692): bytes in, bytes and events out. No sockets, no threads, no clock.

mod closing;
mod counters;
mod deflate;
mod event;
mod finding;
pub mod handshake;
mod header;
mod mask;
mod receiver;
mod sender;
mod utf8;

pub use closing::{By, CloseReason, Closing, is_sendable};
pub use counters::Counters;
pub use deflate::{ClientWindow, DeflateOffer, DeflateParameters};
pub use event::{Close, Event, Frame, Kind, MessageFacts, Observe, Position};
pub use finding::{Finding, Rule};
pub use header::{Header, LengthEncoding};
pub use receiver::{Ending, Receiver, ReceiverOptions, TextBatch, TextFrame};
pub use sender::{MaskSource, Outgoing, RawHeader, RawMask, SendError, Sender, SenderOptions};
pub use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// The longest payload of a control frame, in bytes (RFC 6455 section 5.5).
pub const LONGEST_CONTROL: usize = 125;

/// Which end of the connection one is (RFC 6455 section 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Opens the connection; masks what it sends.
    Client,
    /// Accepts it; never masks.
    Server,
}

impl Role {
    /// The other end.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
