//! Every rule that a peer can break: one place for its text, its RFC section and its close code.

use super::Role;

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
pub enum Rule {}
