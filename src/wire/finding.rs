//! Every rule that a peer can break: one place for its text, its RFC section and its close code.

use super::handshake::HandshakeRule;
use super::{CloseCode, Role};

/// A breach: what, where, who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Who broke it.
    pub blame: Role,
    /// Offset of the offending bytes in that side's stream of frames, or in its HTTP head.
    pub offset: u64,
    /// The offending bytes, at most 32.
    pub bytes: Vec<u8>,
    /// The particulars: values seen and expected. May hold a peer's bytes, unescaped.
    pub detail: String,
}

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// One of the opening handshake's.
    Handshake(HandshakeRule),
}

impl Rule {
    /// Where the rule is written, as in `RFC 6455 section 5.1`.
    pub fn section(self) -> &'static str {
        match self {
            Self::Handshake(rule) => rule.section(),
        }
    }

    /// What went against the rule, in a few words: lower case, no full stop.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Handshake(rule) => rule.summary(),
        }
    }

    /// The code that the peer is told in a Close frame; `None` where no session is open yet.
    pub fn close_code(self) -> Option<CloseCode> {
        match self {
            Self::Handshake(_) => None,
        }
    }

    /// Whether one can look past the breach (`--lenient`): what follows still has a meaning.
    pub fn can_go_on(self) -> bool {
        match self {
            Self::Handshake(rule) => rule.can_go_on(),
        }
    }
}
