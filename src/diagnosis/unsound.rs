//! What is wrong with a connection that came about.

use std::net::IpAddr;

/// What is wrong with a connection that came about, or is going to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsound {
    /// An address of the name does not answer, and another does.
    DeadAddress {
        /// The address.
        address: IpAddr,
    },
    /// An address of the name did not answer in time, and another was tried.
    SlowAddress {
        /// The address.
        address: IpAddr,
    },
    /// The certificate that this address shows is not accepted, and that of another is.
    CertificateOfAddress {
        /// The address.
        address: IpAddr,
    },
    /// TLS fails where HTTP/2 is offered beside HTTP/1.1.
    Http2OfferFails,
    /// The server's certificate is not accepted, and `-k` goes on all the same.
    NotVerified,
    /// The server's certificate expires soon.
    ExpiresSoon {
        /// In so many days.
        days: u64,
    },
    /// The bearer token that is sent has expired.
    TokenExpired {
        /// So many seconds ago.
        seconds: u64,
    },
    /// The server chose none of the subprotocols that were offered.
    NoSubprotocol,
    /// The server closed the session by itself.
    ClosedAtOnce {
        /// The close code; 1005 for a Close without one.
        code: u16,
        /// What went before.
        after: LastEvent,
    },
    /// The connection ended without Close.
    EndedAtOnce {
        /// What went before.
        after: LastEvent,
    },
    /// Bytes that are no frame came behind the response.
    BytesBehindUpgrade,
    /// The server masks its frames.
    MaskedFrames,
    /// What the server compresses cannot be inflated.
    BrokenCompression,
    /// The server compresses, and its response does not agree on that.
    CompressionNotAgreed,
    /// A session that agrees on compression fails, and the same one without goes well.
    CompressionFails,
    /// The server breaks another rule of the framing.
    BrokenFrames,
    /// The server sends more than a limit of ours lets in.
    OverLimit,
    /// The server does not answer a ping.
    NoPong,
    /// The server does not answer the probe.
    NoAnswer,
    /// The server does not answer our Close.
    NoCloseReply,
}

/// What had happened last when a server ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEvent {
    /// The upgrade.
    Upgrade,
    /// Our probe had been sent.
    Probe,
}
