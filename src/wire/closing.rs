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

/// What one side's Close frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReason {
    /// Its code; `None` for an empty body.
    pub code: Option<CloseCode>,
    /// Its reason as it is on the wire, empty when there was none.
    pub reason: Vec<u8>,
}

impl CloseReason {
    /// 1000, 1001, or no code.
    pub fn is_normal(&self) -> bool {
        matches!(self.code, None | Some(CloseCode::Normal | CloseCode::Away))
    }
}

impl From<Close<'_>> for CloseReason {
    fn from(close: Close<'_>) -> Self {
        Self { code: close.code, reason: close.reason.to_owned() }
    }
}

/// How far the closing handshake has come. Starts open; only the first Close frame of each side counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    first: Option<By>,
    ours: Option<CloseReason>,
    peers: Option<CloseReason>,
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
    pub fn ours(&self) -> Option<&CloseReason> {
        self.ours.as_ref()
    }

    /// What the peer sent.
    pub fn peers(&self) -> Option<&CloseReason> {
        self.peers.as_ref()
    }

    /// Close frames have gone both ways: the TCP connection may end (by the server first, section 7.1.1).
    pub fn is_done(&self) -> bool {
        self.ours.is_some() && self.peers.is_some()
    }

    /// The Close frame that answers the peer's (section 5.5.1): with its code, without its reason. `None` while the
    /// peer has sent none, and when ours has gone out already.
    pub fn reply(&self) -> Option<Close<'static>> {
        let code = match (&self.peers, &self.ours) {
            (Some(peers), None) => peers.code,
            _ => return None,
        };
        let allowed = |code: CloseCode| if is_sendable(code) { code } else { CloseCode::Protocol };
        Some(Close { code: code.map(allowed), reason: b"" })
    }
}

/// Whether a close code may be on the wire (RFC 6455 section 7.4, with the IANA registry's 1012 to 1014).
pub fn is_sendable(code: CloseCode) -> bool {
    matches!(u16::from(code), 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: Close<'static> = Close { code: Some(CloseCode::Normal), reason: b"bye" };
    const EMPTY: Close<'static> = Close { code: None, reason: b"" };

    #[test]
    fn we_close_first_and_the_peer_answers() {
        let mut closing = Closing::default();
        assert_eq!(closing.first(), None);
        closing.sent(NORMAL);
        assert_eq!((closing.first(), closing.is_done()), (Some(By::Us), false));
        closing.received(EMPTY);
        assert!(closing.is_done());
        assert_eq!(closing.first(), Some(By::Us));
        assert_eq!(closing.reply(), None);
        assert_eq!(closing.ours().unwrap().reason, b"bye");
        assert_eq!(closing.peers().unwrap().code, None);
    }

    #[test]
    fn the_peer_closes_first_and_gets_its_code_back_without_the_reason() {
        let mut closing = Closing::default();
        closing.received(NORMAL);
        let reply = closing.reply().unwrap();
        assert_eq!(reply, Close { code: Some(CloseCode::Normal), reason: b"" });
        closing.sent(reply);
        assert!(closing.is_done());
        assert_eq!((closing.first(), closing.reply()), (Some(By::Peer), None));
    }

    #[test]
    fn a_close_without_code_is_answered_without_code() {
        let mut closing = Closing::default();
        closing.received(EMPTY);
        assert_eq!(closing.reply(), Some(EMPTY));
    }

    #[test]
    fn a_code_that_must_not_be_on_the_wire_is_not_sent_back() {
        let mut closing = Closing::default();
        closing.received(Close { code: Some(CloseCode::Abnormal), reason: b"" });
        assert_eq!(closing.reply().unwrap().code, Some(CloseCode::Protocol));
    }

    #[test]
    fn both_close_at_once() {
        let mut closing = Closing::default();
        closing.sent(NORMAL);
        closing.received(EMPTY);
        assert!(closing.is_done());
        assert_eq!((closing.first(), closing.reply()), (Some(By::Us), None));
    }

    #[test]
    fn only_the_first_close_of_each_side_counts() {
        let mut closing = Closing::default();
        closing.received(NORMAL);
        closing.received(EMPTY);
        closing.sent(EMPTY);
        closing.sent(NORMAL);
        assert_eq!(closing.peers(), Some(&CloseReason::from(NORMAL)));
        assert_eq!(closing.ours(), Some(&CloseReason::from(EMPTY)));
    }
}
