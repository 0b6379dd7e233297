//! The rules of the opening handshake, with the sections that state them.

use crate::http::DefectKind;
use crate::wire::{Finding, Role, Rule};

/// A rule that a handshake can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandshakeRule {
    /// One of the grammar of HTTP.
    Syntax(DefectKind),
    /// Not HTTP/1.1.
    HttpVersion,
    /// Not status 101, though everything else says that the upgrade was accepted.
    Status,
    /// The method is not GET.
    Method,
    /// `Host` is missing, or there twice.
    Host,
    /// `Upgrade` is missing or does not say `websocket`.
    Upgrade,
    /// `Connection` is missing or does not list `upgrade`.
    Connection,
    /// `Sec-WebSocket-Key` is missing or is not the Base64 form of 16 bytes.
    Key,
    /// `Sec-WebSocket-Version` is missing or is not 13.
    Version,
    /// `Sec-WebSocket-Accept` is missing or does not fit the key.
    Accept,
    /// A header that may be there once is there again.
    RepeatedHeader,
    /// `Sec-WebSocket-Protocol` is not what the grammar allows.
    SubprotocolSyntax,
    /// A subprotocol was chosen that was not offered.
    SubprotocolNotOffered,
    /// `Sec-WebSocket-Extensions` is not what the grammar allows.
    ExtensionSyntax,
    /// An extension was accepted that was not offered.
    ExtensionNotOffered,
    /// An extension was accepted twice.
    ExtensionRepeated,
    /// permessage-deflate with a parameter that it does not have.
    DeflateParameterUnknown,
    /// permessage-deflate with a parameter given twice.
    DeflateParameterRepeated,
    /// permessage-deflate with a value that the parameter cannot have.
    DeflateParameterValue,
    /// `client_max_window_bits` in an answer, though it was not offered.
    DeflateParameterNotOffered,
    /// A parameter of the offer that the answer had to repeat is missing.
    DeflateParameterMissing,
    /// The answer's `server_max_window_bits` is larger than what was offered.
    DeflateWindowTooLarge,
}

impl HandshakeRule {
    /// All but those of HTTP's grammar.
    const OWN: [Self; 21] = [
        Self::HttpVersion,
        Self::Status,
        Self::Method,
        Self::Host,
        Self::Upgrade,
        Self::Connection,
        Self::Key,
        Self::Version,
        Self::Accept,
        Self::RepeatedHeader,
        Self::SubprotocolSyntax,
        Self::SubprotocolNotOffered,
        Self::ExtensionSyntax,
        Self::ExtensionNotOffered,
        Self::ExtensionRepeated,
        Self::DeflateParameterUnknown,
        Self::DeflateParameterRepeated,
        Self::DeflateParameterValue,
        Self::DeflateParameterNotOffered,
        Self::DeflateParameterMissing,
        Self::DeflateWindowTooLarge,
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        DefectKind::ALL.into_iter().map(Self::Syntax).chain(Self::OWN)
    }

    /// Where the rule is written.
    pub fn section(self) -> &'static str {
        match self {
            Self::Syntax(kind) => kind.section(),
            Self::HttpVersion
            | Self::Status
            | Self::Method
            | Self::Host
            | Self::Upgrade
            | Self::Connection
            | Self::Key
            | Self::Version
            | Self::Accept
            | Self::SubprotocolSyntax
            | Self::SubprotocolNotOffered
            | Self::ExtensionNotOffered => "RFC 6455 section 4.1",
            Self::RepeatedHeader => "RFC 6455 section 11.3",
            Self::ExtensionSyntax => "RFC 6455 section 9.1",
            Self::ExtensionRepeated => "RFC 7692 section 5",
            Self::DeflateParameterUnknown
            | Self::DeflateParameterRepeated
            | Self::DeflateParameterValue
            | Self::DeflateParameterMissing => "RFC 7692 section 7.1",
            Self::DeflateWindowTooLarge => "RFC 7692 section 7.1.2.1",
            Self::DeflateParameterNotOffered => "RFC 7692 section 7.1.2.2",
        }
    }

    /// What went against the rule, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Syntax(kind) => kind.summary(),
            Self::HttpVersion => "HTTP version is not 1.1",
            Self::Status => "status is not 101",
            Self::Method => "method is not GET",
            Self::Host => "not exactly one `Host` header",
            Self::Upgrade => "no `Upgrade: websocket`",
            Self::Connection => "no `Connection: Upgrade`",
            Self::Key => "bad `Sec-WebSocket-Key`",
            Self::Version => "`Sec-WebSocket-Version` is not 13",
            Self::Accept => "wrong `Sec-WebSocket-Accept`",
            Self::RepeatedHeader => "header repeated",
            Self::SubprotocolSyntax => "malformed `Sec-WebSocket-Protocol`",
            Self::SubprotocolNotOffered => "subprotocol that was not offered",
            Self::ExtensionSyntax => "malformed `Sec-WebSocket-Extensions`",
            Self::ExtensionNotOffered => "extension that was not offered",
            Self::ExtensionRepeated => "extension accepted twice",
            Self::DeflateParameterUnknown => "unknown parameter of permessage-deflate",
            Self::DeflateParameterRepeated => "parameter of permessage-deflate given twice",
            Self::DeflateParameterValue => "bad value of a parameter of permessage-deflate",
            Self::DeflateParameterNotOffered => "parameter of permessage-deflate that was not offered",
            Self::DeflateParameterMissing => "parameter of permessage-deflate missing from the answer",
            Self::DeflateWindowTooLarge => "window of permessage-deflate larger than what was offered",
        }
    }

    /// Whether the connection can be used in spite of the breach: all but a request that is no WebSocket request.
    pub fn can_go_on(self) -> bool {
        !matches!(self, Self::Method | Self::Key | Self::Version)
    }

    /// The finding that `blame` broke this rule `offset` bytes into its head.
    pub(super) fn broken_by(self, blame: Role, offset: usize, bytes: Vec<u8>, detail: String) -> Finding {
        Finding { rule: Rule::Handshake(self), blame, offset: offset as u64, bytes, detail, diagnosis: None }
    }
}
