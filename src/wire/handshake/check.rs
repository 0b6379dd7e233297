//! Checking the peer's head, in either role.

use super::{Agreed, HandshakeRule, Strictness};
use crate::http::{Defect, DefectKind, Head};
use crate::wire::{Finding, Role};

/// The result of checking the peer's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Every breach.
    pub findings: Vec<Finding>,
    /// What was checked and held, one line each.
    pub verified: Vec<String>,
    /// What is odd, though no breach, one line each. May hold a peer's bytes, unescaped.
    pub notes: Vec<String>,
    /// What was agreed on; `None` when the findings fail the handshake.
    pub agreed: Option<Agreed>,
}

impl Strictness {
    /// Whether the handshake stands in spite of these findings.
    fn permits(self, findings: &[Finding]) -> bool {
        match self {
            Self::Strict => findings.is_empty(),
            Self::Lenient => findings.iter().all(|finding| finding.rule.can_go_on()),
        }
    }
}

impl HandshakeRule {
    /// The finding for a defect of the syntax in a head that `speaker` sent.
    fn finding_of(defect: &Defect, speaker: Role) -> Finding {
        let rule = match defect.kind {
            DefectKind::HeaderSyntax => Self::HeaderSyntax,
            DefectKind::SpaceBeforeColon => Self::SpaceBeforeColon,
            DefectKind::FoldedHeader => Self::FoldedHeader,
            DefectKind::BareLineFeed => Self::BareLineFeed,
            DefectKind::ControlCharacter => Self::ControlCharacter,
            DefectKind::ReasonPhrase => Self::ReasonPhrase,
            DefectKind::RequestTarget => Self::RequestTarget,
        };
        rule.broken_by(speaker, defect.offset, &defect.bytes, defect.detail.clone())
    }
}

/// The name of no header, so a breach is placed in the first line.
pub(super) const FIRST_LINE: &str = "";

/// A head that is being checked, and what was found so far.
pub(super) struct Check<'a> {
    head: &'a Head,
    speaker: Role,
    findings: Vec<Finding>,
    verified: Vec<String>,
    notes: Vec<String>,
}

impl<'a> Check<'a> {
    /// Of a head that `speaker` sent.
    pub(super) fn new(head: &'a Head, speaker: Role) -> Self {
        let findings = head.defects().iter().map(|defect| HandshakeRule::finding_of(defect, speaker)).collect();
        Self { head, speaker, findings, verified: Vec::new(), notes: head.notes().to_vec() }
    }

    /// Something was checked, and held.
    pub(super) fn verified(&mut self, what: impl Into<String>) {
        self.verified.push(what.into());
    }

    /// Something is odd.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    /// A breach in the first header of that name, or in the first line where there is none.
    pub(super) fn breach(&mut self, rule: HandshakeRule, name: &str, detail: String) {
        let place = self.head.place(name);
        self.findings.push(rule.broken_by(self.speaker, place.start, &self.head.raw()[place], detail));
    }

    /// The header is missing, or its value says something else.
    pub(super) fn breach_of(&mut self, rule: HandshakeRule, name: &str) {
        let detail = match self.head.get(name) {
            None => format!("there is no `{name}`"),
            Some(_) => self.quoted(name),
        };
        self.breach(rule, name, detail);
    }

    /// The header as it is.
    pub(super) fn quoted(&self, name: &str) -> String {
        format!("`{name}: {}`", String::from_utf8_lossy(&self.head.joined(name)))
    }

    /// "MUST NOT appear more than once", in a request or a response (RFC 6455 section 11.3).
    pub(super) fn once(&mut self, name: &str) {
        for again in self.head.all(name).skip(1) {
            let bytes = &self.head.raw()[again.lines.clone()];
            let detail = format!("`{name}` is there more than once");
            self.findings.push(HandshakeRule::RepeatedHeader.broken_by(self.speaker, again.lines.start, bytes, detail));
        }
    }

    /// How many breaches were found so far.
    pub(super) fn breaches(&self) -> usize {
        self.findings.len()
    }

    /// The end of it; what was `agreed` on counts if `strictness` permits what was found.
    pub(super) fn finish(self, strictness: Strictness, agreed: Option<Agreed>) -> CheckResult {
        let Self { findings, verified, notes, .. } = self;
        let agreed = agreed.filter(|_| strictness.permits(&findings));
        CheckResult { findings, verified, notes, agreed }
    }
}
