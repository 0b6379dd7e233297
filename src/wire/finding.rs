//! Every rule that a peer can break: one place for its text, its RFC section and its close code.

use super::handshake::HandshakeRule;
use super::{CloseCode, Role};
use crate::diagnosis::{BrokenFrame, Diagnosis};

/// A breach of a rule: which rule, by which side, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// The side that broke it; our own role where the rule is a limit of ours ([`Rule::is_own_limit`]).
    pub blame: Role,
    /// Offset of the offending bytes in that side's stream of frames, or in its HTTP head.
    pub offset: u64,
    /// The offending bytes, at most 32; a frame's header where it is the frame as a whole, or what it inflates to. A secret
    /// in a head is asterisks.
    pub bytes: Vec<u8>,
    /// The particulars: values seen and expected; of a head without its secrets, and of bounded length. May hold a peer's
    /// bytes, unescaped.
    pub detail: String,
    /// Where it ended the stream of frames, and a setting of ours would have looked past it: which.
    pub diagnosis: Option<Diagnosis>,
}

impl Finding {
    /// The most offending bytes that a finding keeps.
    pub const MOST_BYTES: usize = 32;

    /// As much of the offending bytes, and what follows them, as a finding keeps.
    pub(super) fn excerpt(bytes: &[u8]) -> Vec<u8> {
        bytes[..bytes.len().min(Self::MOST_BYTES)].to_vec()
    }
}

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// One of the opening handshake's.
    Handshake(HandshakeRule),
    /// An RSV bit is set and no extension gives it a meaning.
    ReservedBits,
    /// RSV1 on a control frame or a continuation, although permessage-deflate is in use.
    MisplacedCompressedBit,
    /// Text stands where the first frame should.
    NoFrame,
    /// An opcode that RFC 6455 reserves.
    ReservedOpcode,
    /// A server masked a frame.
    MaskedByServer,
    /// A client did not mask a frame.
    UnmaskedByClient,
    /// A control frame with FIN clear.
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    LongControl,
    /// A payload length that takes more bytes than it needs.
    NonMinimalLength,
    /// A 64-bit payload length whose most significant bit is set.
    LengthOutOfRange,
    /// A continuation frame without a message to continue.
    ContinuationWithoutStart,
    /// A text or binary frame while a fragmented message is not over.
    MessageInsideMessage,
    /// A text message that is not UTF-8.
    InvalidText,
    /// A Close frame whose body is one byte long.
    ShortCloseBody,
    /// A close code that must not be on the wire.
    InvalidCloseCode,
    /// A close reason that is not UTF-8.
    InvalidCloseReason,
    /// A data frame after the Close frame.
    DataAfterClose,
    /// A compressed message that does not inflate.
    CorruptDeflate,
    /// A compressed message that refers to bytes outside of the window agreed on.
    WindowExceeded,
    /// A message larger than we accept: our own limit, not the peer's fault.
    MessageTooBig,
    /// A message of more empty fragments than we accept: our own limit, not the peer's fault.
    TooManyEmptyFragments,
    /// Memory that all connections of a server share is used up: our own limit, not the peer's fault.
    SharedMemory,
}

/// What there is to say about a rule.
struct Particulars {
    section: &'static str,
    summary: &'static str,
    close_code: Option<CloseCode>,
    can_go_on: bool,
}

impl Rule {
    /// Those of frames.
    const OF_FRAMES: [Self; 22] = [
        Self::NoFrame,
        Self::ReservedBits,
        Self::MisplacedCompressedBit,
        Self::ReservedOpcode,
        Self::MaskedByServer,
        Self::UnmaskedByClient,
        Self::FragmentedControl,
        Self::LongControl,
        Self::NonMinimalLength,
        Self::LengthOutOfRange,
        Self::ContinuationWithoutStart,
        Self::MessageInsideMessage,
        Self::InvalidText,
        Self::ShortCloseBody,
        Self::InvalidCloseCode,
        Self::InvalidCloseReason,
        Self::DataAfterClose,
        Self::CorruptDeflate,
        Self::WindowExceeded,
        Self::MessageTooBig,
        Self::TooManyEmptyFragments,
        Self::SharedMemory,
    ];

    /// The rule with this summary.
    pub fn named(summary: &str) -> Option<Self> {
        let of_handshakes = HandshakeRule::all().map(Self::Handshake);
        Self::OF_FRAMES.into_iter().chain(of_handshakes).find(|rule| rule.summary() == summary)
    }

    /// The section that states it: `RFC 6455 section 5.1`.
    pub fn section(self) -> &'static str {
        self.particulars().section
    }

    /// One line for people: lower case, no full stop.
    pub fn summary(self) -> &'static str {
        self.particulars().summary
    }

    /// The code of the Close frame that answers the breach; `None` where no Close frame answers it.
    pub fn close_code(self) -> Option<CloseCode> {
        self.particulars().close_code
    }

    /// Whether a lenient receiver can go on after it.
    pub fn can_go_on(self) -> bool {
        self.particulars().can_go_on
    }

    /// Whether it is a limit of our own rather than a rule of an RFC.
    pub fn is_own_limit(self) -> bool {
        matches!(self, Self::MessageTooBig | Self::TooManyEmptyFragments | Self::SharedMemory)
    }

    /// What would have let a session go on that it has ended, in a frame.
    pub fn diagnosis(self) -> Option<Diagnosis> {
        let cause = match self {
            Self::MessageTooBig => BrokenFrame::LargeMessage,
            Self::SharedMemory => BrokenFrame::SharedMemory,
            rule if rule.can_go_on() => BrokenFrame::Passable,
            _ => return None,
        };
        Some(Diagnosis::BrokenFrame(cause))
    }

    fn particulars(self) -> Particulars {
        match self {
            Self::Handshake(rule) => Particulars {
                section: rule.section(),
                summary: rule.summary(),
                close_code: None,
                can_go_on: rule.can_go_on(),
            },
            Self::ReservedBits => {
                breach("RFC 6455 section 5.2", "reserved bit set although no extension in use defines it")
            }
            Self::MisplacedCompressedBit => {
                breach("RFC 7692 section 6.1", "RSV1 set on a frame that is not the first of a data message")
            }
            Self::NoFrame => {
                last_breach("RFC 6455 section 5.2", "text follows the 101 where the first frame should begin")
            }
            Self::ReservedOpcode => breach("RFC 6455 section 5.2", "reserved opcode"),
            Self::MaskedByServer => breach("RFC 6455 section 5.1", "frame from a server is masked"),
            Self::UnmaskedByClient => breach("RFC 6455 section 5.1", "frame from a client is not masked"),
            Self::FragmentedControl => breach("RFC 6455 section 5.5", "control frame is fragmented"),
            Self::LongControl => breach("RFC 6455 section 5.5", "control frame is longer than 125 bytes"),
            Self::NonMinimalLength => breach("RFC 6455 section 5.2", "payload length is not in its shortest encoding"),
            Self::LengthOutOfRange => {
                last_breach("RFC 6455 section 5.2", "most significant bit of the payload length is set")
            }
            Self::ContinuationWithoutStart => {
                breach("RFC 6455 section 5.4", "continuation frame without a message to continue")
            }
            Self::MessageInsideMessage => {
                breach("RFC 6455 section 5.4", "new message before the fragmented one is over")
            }
            Self::InvalidText => Particulars {
                close_code: Some(CloseCode::Invalid),
                ..breach("RFC 6455 section 8.1", "text message is not valid UTF-8")
            },
            Self::ShortCloseBody => breach("RFC 6455 section 5.5.1", "body of the Close frame is one byte long"),
            Self::InvalidCloseCode => breach("RFC 6455 section 7.4", "close code must not be on the wire"),
            Self::InvalidCloseReason => Particulars {
                close_code: Some(CloseCode::Invalid),
                ..breach("RFC 6455 section 5.5.1", "close reason is not valid UTF-8")
            },
            Self::DataAfterClose => {
                Particulars { close_code: None, ..breach("RFC 6455 section 5.5.1", "data frame after the Close frame") }
            }
            // No RFC says whether 1002 or 1007 is right. npm `ws` sends 1007, which RFC 6455 section 7.4.1 defines for
            // data that is not consistent with the type of the message; the framing itself is right.
            Self::CorruptDeflate => Particulars {
                close_code: Some(CloseCode::Invalid),
                ..breach("RFC 7692 section 7.2.2", "compressed message does not inflate")
            },
            Self::WindowExceeded => {
                breach("RFC 7692 section 7.1.2", "compressed message reaches back beyond the window agreed on")
            }
            Self::MessageTooBig => own_limit(CloseCode::Size, "message is larger than the limit"),
            Self::TooManyEmptyFragments => own_limit(CloseCode::Policy, "message has too many empty fragments"),
            Self::SharedMemory => own_limit(CloseCode::Again, "the clients together hold more than the limit"),
        }
    }
}

/// A breach of the framing rules after which a lenient receiver can go on.
fn breach(section: &'static str, summary: &'static str) -> Particulars {
    Particulars { section, summary, close_code: Some(CloseCode::Protocol), can_go_on: true }
}

/// A breach after which it cannot be told where the next frame begins.
fn last_breach(section: &'static str, summary: &'static str) -> Particulars {
    Particulars { can_go_on: false, ..breach(section, summary) }
}

/// A limit of our own, which section 10.4 asks for.
fn own_limit(close_code: CloseCode, summary: &'static str) -> Particulars {
    Particulars { section: "RFC 6455 section 10.4", summary, close_code: Some(close_code), can_go_on: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_read_like_error_texts() {
        for rule in Rule::OF_FRAMES {
            assert!(rule.section().starts_with("RFC "), "{rule:?}");
            assert!(!rule.summary().ends_with('.'), "{rule:?}");
        }
    }

    #[test]
    fn every_breach_while_open_is_answered_with_a_close_code() {
        for rule in Rule::OF_FRAMES {
            assert_eq!(rule.close_code().is_none(), rule == Rule::DataAfterClose, "{rule:?}");
            assert!(rule.close_code().is_none_or(crate::wire::is_sendable), "{rule:?}");
        }
    }
}
