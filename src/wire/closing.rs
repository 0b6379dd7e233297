//! The closing handshake (RFC 6455 section 7), as a small pure state machine.

use super::{Close, CloseCode};

/// Whose Close frame it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Ours.
    Us,
    /// The peer's.
    Peer,
}

/// One side's Close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye {
    /// Its code; `None` for an empty body.
    pub code: Option<CloseCode>,
    /// Its reason, empty when there was none.
    pub reason: String,
}

impl From<Close<'_>> for Goodbye {
    fn from(close: Close<'_>) -> Self {
        Self { code: close.code, reason: close.reason.to_owned() }
    }
}

/// How far the closing handshake has come. Starts open; only the first Close frame of each side counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    first: Option<By>,
    ours: Option<Goodbye>,
    peers: Option<Goodbye>,
}

impl Closing {
    /// Our Close frame has been handed to the sender.
    pub fn sent(&mut self, close: Close<'_>) {
        self.first.get_or_insert(By::Us);
        self.ours.get_or_insert_with(|| close.into());
    }

    /// The peer's Close frame has arrived.
    pub fn received(&mut self, close: Close<'_>) {
        self.first.get_or_insert(By::Peer);
        self.peers.get_or_insert_with(|| close.into());
    }

    /// Whose Close frame was first, from where we stand; `None` while none has gone either way.
    pub fn first(&self) -> Option<By> {
        self.first
    }

    /// What we sent.
    pub fn ours(&self) -> Option<&Goodbye> {
        self.ours.as_ref()
    }

    /// What the peer sent.
    pub fn peers(&self) -> Option<&Goodbye> {
        self.peers.as_ref()
    }

    /// No Close frame has gone either way.
    pub fn is_open(&self) -> bool {
        self.first.is_none()
    }

    /// Close frames have gone both ways: the TCP connection may end (by the server first, section 7.1.1).
    pub fn is_done(&self) -> bool {
        self.ours.is_some() && self.peers.is_some()
    }

    /// The Close frame that we owe (section 5.5.1): the peer's code comes back, without its reason. `None` when none
    /// is owed.
    pub fn reply(&self) -> Option<Close<'static>> {
        let code = match (&self.peers, &self.ours) {
            (Some(peers), None) => peers.code,
            _ => return None,
        };
        let allowed = |code: CloseCode| if is_sendable(code) { code } else { CloseCode::Protocol };
        Some(Close { code: code.map(allowed), reason: "" })
    }
}

/// Whether a close code may be on the wire (RFC 6455 section 7.4, with the IANA registry's 1012 to 1014).
pub fn is_sendable(code: CloseCode) -> bool {
    matches!(u16::from(code), 1000..=1003 | 1007..=1014 | 3000..=4999)
}
