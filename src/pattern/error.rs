//! What is wrong with an expression: where, and what may be meant.

use std::borrow::Cow;
use std::fmt;

use super::syntax::{ExpressionKind, Syntax};

/// How much of an expression is shown, in characters.
const SHOWN: usize = 60;
/// How much of it is shown from where it is wrong on, in characters.
const SHOWN_OF_PLACE: usize = 16;

/// What is wrong with the body of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Where, in bytes from the start of the body.
    pub at: usize,
    /// What.
    pub what: Cow<'static, str>,
    /// What may be meant.
    pub hint: Option<Cow<'static, str>>,
}

impl Mistake {
    pub fn new(at: usize, what: impl Into<Cow<'static, str>>) -> Self {
        Self { at, what: what.into(), hint: None }
    }

    pub fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// An expression that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    message: String,
    hint: Option<Cow<'static, str>>,
}

impl ExpressionError {
    pub(super) fn new(syntax: &Syntax<'_>, mistake: Mistake) -> Self {
        let what = match syntax.kind {
            ExpressionKind::Regular => "not a regular expression",
            ExpressionKind::Json => "not JSON",
            ExpressionKind::Jq => "not a jq filter",
            ExpressionKind::Bytes => "not bytes in hex",
        };
        let place = place(syntax, mistake.at);
        let text = shortened(syntax.text, SHOWN);
        Self { message: format!("`{text}` is {what}: {}, {place}", mistake.what), hint: mistake.hint }
    }

    /// What may be meant.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// One line: what is wrong, and where.
impl fmt::Display for ExpressionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ExpressionError {}

/// Where in the whole expression `at` is, a position in its body.
fn place(syntax: &Syntax<'_>, at: usize) -> String {
    let text = syntax.text;
    let at = text.floor_char_boundary((text.len() - syntax.body.len()).saturating_add(at));
    match &text[at..] {
        "" => "at the end".to_owned(),
        rest => {
            let number = text[..at].chars().count() + 1;
            format!("at character {number}: `{}`", shortened(rest, SHOWN_OF_PLACE))
        }
    }
}

/// At most `limit` characters, on one line.
fn shortened(text: &str, limit: usize) -> String {
    let mut characters = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    let mut short: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
