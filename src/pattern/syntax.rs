//! Tells by the start what an expression is.

use super::json::Json;

/// The kinds of expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionKind {
    /// `re:`, a regular expression.
    Regular,
    /// `json:`, JSON that the message contains.
    Json,
    /// `jq:`, a filter that is true.
    Jq,
    /// `hex:`, bytes that the message contains.
    Bytes,
}

/// An expression, told apart and not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax<'a> {
    /// All of it.
    pub text: &'a str,
    /// Whether it starts with `not:`.
    pub is_negated: bool,
    /// What it is.
    pub kind: ExpressionKind,
    /// Whether no prefix says so.
    pub is_told_by_start: bool,
    /// What follows the prefixes.
    pub body: &'a str,
}

/// The prefixes that force a kind.
const PREFIXES: [(&str, ExpressionKind); 4] = [
    ("re:", ExpressionKind::Regular),
    ("json:", ExpressionKind::Json),
    ("jq:", ExpressionKind::Jq),
    ("hex:", ExpressionKind::Bytes),
];

impl ExpressionKind {
    /// What forces it.
    pub fn prefix(self) -> &'static str {
        PREFIXES.iter().find(|(_, kind)| *kind == self).map_or("", |(prefix, _)| prefix)
    }
}

impl<'a> Syntax<'a> {
    /// Tells `text` apart.
    pub fn of(text: &'a str) -> Self {
        let mut is_negated = false;
        let mut body = text;
        while let Some(negated) = body.strip_prefix("not:") {
            is_negated = !is_negated;
            body = negated;
        }
        for (prefix, kind) in PREFIXES {
            if let Some(body) = body.strip_prefix(prefix) {
                return Self { text, is_negated, kind, is_told_by_start: false, body };
            }
        }
        Self { text, is_negated, kind: kind_by_start(body), is_told_by_start: true, body }
    }

    /// Whether it starts as JSON does, so that the rest of it decides.
    pub fn may_be_json(&self) -> bool {
        self.is_told_by_start && self.body.starts_with(['{', '['])
    }
}

fn kind_by_start(body: &str) -> ExpressionKind {
    let mut characters = body.chars();
    let is_letter = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    match characters.next() {
        Some('{' | '[') if Json::of(body.as_bytes()).is_some() => ExpressionKind::Json,
        Some('.') => match characters.next() {
            Some('[' | '"') => ExpressionKind::Jq,
            second if is_letter(second) => ExpressionKind::Jq,
            _ => ExpressionKind::Regular,
        },
        // A `$` alone is the end of the text.
        Some('$') if is_letter(characters.next()) => ExpressionKind::Jq,
        _ => ExpressionKind::Regular,
    }
}
