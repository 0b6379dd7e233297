//! What clients ask for.

use std::sync::Arc;

use super::client::Client;
use super::relay::End;
use super::upstream::Upstream;
use crate::http::{Framing, Head};

/// What a client has asked for, as it came.
pub(super) struct ReceivedRequest {
    /// Who asks.
    pub client: Client,
    /// The head.
    pub head: Head,
    /// What was read behind it.
    pub leftover: Vec<u8>,
}

/// What a client has asked a server for.
pub(super) struct AddressedRequest {
    /// Who asks.
    pub client: Client,
    /// The head, as it would be without a proxy.
    pub head: Head,
    /// What was read behind it.
    pub leftover: Vec<u8>,
    /// The server.
    pub upstream: Arc<Upstream>,
}

impl AddressedRequest {
    /// The target, as it was on the first line.
    pub(super) fn target(&self) -> &str {
        self.head.target().unwrap_or_default()
    }

    /// The client's end of a relay that begins with what was read behind the head.
    pub(super) fn into_end(self) -> End {
        let Client { stream, reader, .. } = self.client;
        End { stream, reader, head: Vec::new(), leftover: self.leftover }
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// A WebSocket.
    WebSocket,
    /// Nothing: so HTTP/2 begins where the client knows that the server speaks it (RFC 9113 sections 3.3 and 3.4).
    Http2,
    /// Anything else.
    Page,
}

impl RequestKind {
    /// That of the request `head`.
    pub(super) fn of(head: &Head) -> Self {
        if head.method() == Some("PRI") && head.version().major == 2 {
            return Self::Http2;
        }
        let asks = head.lists("Connection", "upgrade") && head.lists("Upgrade", "websocket");
        // The server would wait for the body, and the relay for the server.
        let has_body = Framing::of_request(head).is_ok_and(|framing| framing != Framing::NONE);
        if asks && !has_body { Self::WebSocket } else { Self::Page }
    }
}
