//! What is wrong with the syntax of a head.

/// A breach of HTTP's grammar that does not keep the head from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Which rule is broken.
    pub kind: DefectKind,
    /// Offset of the offending bytes in the head.
    pub offset: usize,
    /// The offending bytes, at most 32.
    pub bytes: Vec<u8>,
    /// The particulars: of bounded length, and without any value. May hold a peer's bytes, unescaped.
    pub detail: String,
}

/// The rules of HTTP's grammar that a head can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefectKind {
    /// A header line is no `name: value`.
    HeaderSyntax,
    /// White space stands between a header's name and its colon.
    SpaceBeforeColon,
    /// A header goes on in the next line (obs-fold).
    FoldedHeader,
    /// A line ends with LF alone.
    BareLineFeed,
    /// A header's value holds a control character.
    ControlCharacter,
    /// The reason phrase holds a control character.
    ReasonPhrase,
    /// The request target is none for a GET, or holds what it may not.
    RequestTarget,
}

impl DefectKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HeaderSyntax,
        Self::SpaceBeforeColon,
        Self::FoldedHeader,
        Self::BareLineFeed,
        Self::ControlCharacter,
        Self::ReasonPhrase,
        Self::RequestTarget,
    ];

    /// Where the rule is written.
    pub fn section(self) -> &'static str {
        match self {
            Self::HeaderSyntax => "RFC 9112 section 5",
            Self::SpaceBeforeColon => "RFC 9112 section 5.1",
            Self::FoldedHeader => "RFC 9112 section 5.2",
            Self::BareLineFeed => "RFC 9112 section 2.2",
            Self::ControlCharacter => "RFC 9110 section 5.5",
            Self::ReasonPhrase => "RFC 9112 section 4",
            Self::RequestTarget => "RFC 9112 section 3.2",
        }
    }

    /// What went against the rule, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::HeaderSyntax => "malformed header line",
            Self::SpaceBeforeColon => "white space before a header's colon",
            Self::FoldedHeader => "folded header",
            Self::BareLineFeed => "line that ends with LF alone",
            Self::ControlCharacter => "control character in a header",
            Self::ReasonPhrase => "control character in the reason phrase",
            Self::RequestTarget => "bad request target",
        }
    }
}

impl Defect {
    /// The most offending bytes that a defect keeps.
    const MOST_BYTES: usize = 32;

    /// A defect in `bytes`, which begin `offset` bytes into the head.
    pub(super) fn new(kind: DefectKind, offset: usize, bytes: &[u8], detail: impl Into<String>) -> Self {
        Self { kind, offset, bytes: bytes[..bytes.len().min(Self::MOST_BYTES)].to_vec(), detail: detail.into() }
    }
}
