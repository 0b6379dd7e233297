//! A message to send that owns its payload.

use crate::wire::{CloseCode, Outgoing};

/// A message to send, kept until it can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Ping.
    Ping(Vec<u8>),
    /// A Pong.
    Pong(Vec<u8>),
    /// A Close.
    Close(Option<(CloseCode, String)>),
}

impl Message {
    /// The same message, borrowed, as the sender takes it.
    pub fn outgoing(&self) -> Outgoing<'_> {
        match self {
            Self::Text(text) => Outgoing::Text(text),
            Self::Binary(payload) => Outgoing::Binary(payload),
            Self::Ping(payload) => Outgoing::Ping(payload),
            Self::Pong(payload) => Outgoing::Pong(payload),
            Self::Close(close) => Outgoing::Close(close.as_ref().map(|(code, reason)| (*code, reason.as_str()))),
        }
    }

    /// The number of payload bytes, without the two bytes of a close code.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(payload) | Self::Ping(payload) | Self::Pong(payload) => payload.len(),
            Self::Close(close) => close.as_ref().map_or(0, |(_, reason)| reason.len()),
        }
    }

    /// Whether there is no payload.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
