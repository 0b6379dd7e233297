//! Checking the peer's head, in either role.

use std::ops::Range;

use super::{Agreed, HandshakeRule, Strictness};
use crate::http::redact::{self, Part, Secret, Secrets};
use crate::http::{DefectKind, Head, StartLine, shortened};
use crate::wire::{Finding, Role, Rule};

/// The result of checking the peer's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// Every breach, but of one rule at most ten: the last of them says how many more there are.
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

/// The name of no header, so a breach is placed in the first line.
pub(super) const FIRST_LINE: &str = "";

/// As many findings of one rule, and as many notes, are made of a head. Of the others only the number is told.
const MOST_OF_A_KIND: usize = 10;

/// The longest text of a finding or a note, in characters.
const LONGEST_TEXT: usize = 300;

/// A head that is being checked, and what was found so far. No text that it makes has a secret in it, unless they are to
/// be shown.
pub(super) struct Check<'a> {
    head: &'a Head,
    speaker: Role,
    secrets: Secrets,
    /// Where in the head they are.
    hidden: Vec<Secret>,
    findings: Vec<Finding>,
    /// How often each rule was broken.
    counts: Vec<(HandshakeRule, usize)>,
    verified: Vec<String>,
    notes: Vec<String>,
    /// Notes that were not made.
    more_notes: usize,
}

impl<'a> Check<'a> {
    /// Of a head that `speaker` sent.
    pub(super) fn new(head: &'a Head, speaker: Role, secrets: Secrets) -> Self {
        let mut check = Self {
            head,
            speaker,
            secrets,
            hidden: secrets.find(Part::Head(head.raw())),
            findings: Vec::new(),
            counts: Vec::new(),
            verified: Vec::new(),
            notes: Vec::new(),
            more_notes: 0,
        };
        for defect in head.defects() {
            let place = defect.offset..defect.offset + defect.bytes.len();
            let detail = || match (defect.kind, head.start_line()) {
                (DefectKind::RequestTarget, StartLine::Request { target, .. }) => {
                    format!("`{}`: {}", secrets.text(Part::Text(target.as_bytes())), defect.detail)
                }
                _ => defect.detail.clone(),
            };
            check.add(HandshakeRule::Syntax(defect.kind), place, detail);
        }
        let kept = head.notes().len().min(MOST_OF_A_KIND);
        check.notes.extend_from_slice(&head.notes()[..kept]);
        check.more_notes = head.notes().len() - kept;
        check
    }

    /// Something was checked, and held.
    pub(super) fn verified(&mut self, what: impl Into<String>) {
        self.verified.push(bounded(&what.into()));
    }

    /// Something is odd.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        // Those of the head's syntax must not keep the others out.
        if self.notes.len() < self.head.notes().len().min(MOST_OF_A_KIND) + MOST_OF_A_KIND {
            self.notes.push(bounded(&what()));
        } else {
            self.more_notes += 1;
        }
    }

    /// A breach in the first header of that name, or in the first line where there is none.
    pub(super) fn breach(&mut self, rule: HandshakeRule, name: &str, detail: impl FnOnce() -> String) {
        // Looking for the place takes time.
        let place = if self.is_full(rule) { 0..0 } else { self.head.place(name) };
        self.add(rule, place, detail);
    }

    /// The header is missing, or its value says something else.
    pub(super) fn breach_of(&mut self, rule: HandshakeRule, name: &str) {
        let detail = match self.head.get(name) {
            None => format!("there is no `{name}`"),
            Some(_) => self.quoted(name),
        };
        self.breach(rule, name, || detail);
    }

    /// The header as it may be shown.
    pub(super) fn quoted(&self, name: &str) -> String {
        let value = self.secrets.text(Part::Value { name, value: &self.head.joined(name) });
        format!("`{name}: {}`", shortened(&value, LONGEST_TEXT))
    }

    /// "MUST NOT appear more than once", in a request or a response (RFC 6455 section 11.3).
    pub(super) fn once(&mut self, name: &str) {
        for again in self.head.all(name).skip(1) {
            self.add(HandshakeRule::RepeatedHeader, again.lines.clone(), || {
                format!("`{name}` is there more than once")
            });
        }
    }

    /// How many breaches were found so far.
    pub(super) fn breaches(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The end of it; what was `agreed` on counts if `strictness` permits what was found.
    pub(super) fn finish(mut self, strictness: Strictness, agreed: Option<Agreed>) -> CheckResult {
        for &(rule, count) in self.counts.iter().filter(|(_, count)| *count > MOST_OF_A_KIND) {
            let last = self.findings.iter_mut().rev().find(|finding| finding.rule == Rule::Handshake(rule));
            if let Some(last) = last {
                let more = with_commas(count - MOST_OF_A_KIND);
                last.detail.extend([", and ", &more, " more"]);
            }
        }
        if self.more_notes > 0 {
            self.notes.push(format!("and {} more of this head", with_commas(self.more_notes)));
        }
        let Self { findings, verified, notes, .. } = self;
        let agreed = agreed.filter(|_| strictness.permits(&findings));
        CheckResult { findings, verified, notes, agreed }
    }

    fn add(&mut self, rule: HandshakeRule, place: Range<usize>, detail: impl FnOnce() -> String) {
        let is_full = self.is_full(rule);
        match self.counts.iter_mut().find(|(other, _)| *other == rule) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((rule, 1)),
        }
        if is_full {
            return;
        }
        let bytes = redact::excerpt(self.head.raw(), place.clone(), Finding::MOST_BYTES, &self.hidden);
        self.findings.push(rule.broken_by(self.speaker, place.start, bytes, bounded(&detail())));
    }

    fn is_full(&self, rule: HandshakeRule) -> bool {
        self.counts.iter().any(|&(other, count)| other == rule && count >= MOST_OF_A_KIND)
    }
}

fn bounded(text: &str) -> String {
    shortened(text, LONGEST_TEXT).into_owned()
}

/// `30,990`
fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 30_990, 1_234_567].map(with_commas), ["0", "999", "1,000", "30,990", "1,234,567"]);
    }
}
