//! Regular expressions that are searched for in messages.

use std::fmt;

use regex::bytes::Regex;
use regex_syntax::ast::{self, ErrorKind};

use super::error::Mistake;
use super::syntax::{ExpressionKind, Syntax};
use super::{ExpressionError, Message};
use crate::wire::Kind;

/// A compiled regular expression in the syntax of the `regex` crate, in which a `{` that is no repetition means itself.
/// A search takes time linear in the length of the message, whatever the peer sends.
#[derive(Debug, Clone)]
pub struct RegularExpression {
    regex: Regex,
    /// As it is shown.
    written: String,
    /// Whether all that it can match is UTF-8. Then it is not looked for in what is no text.
    is_of_text: bool,
}

impl RegularExpression {
    /// Parses what stands behind `re:`.
    ///
    /// # Errors
    /// Where it is wrong, and what may be meant.
    pub fn parse(body: &str) -> Result<Self, ExpressionError> {
        let syntax =
            Syntax { text: body, is_negated: false, kind: ExpressionKind::Regular, is_told_by_start: false, body };
        Self::compile(body).map_err(|mistake| ExpressionError::new(&syntax, mistake))
    }

    pub(super) fn compile(body: &str) -> Result<Self, Mistake> {
        if is_json_path(body) {
            return Err(Mistake::new(0, "`$` is the end of the text, and more follows")
                .hint("a path of jq has no `$`: `.price`, `.list[].price`"));
        }
        let braces = LiteralBraces::of(body);
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).build();
        let hir = parser.parse(&braces.pattern).map_err(|error| braces.mistake(&error))?;
        let regex = Regex::new(&braces.pattern)
            .map_err(|_| Mistake::new(0, "it is too large").hint("smaller numbers in `{…}` make it smaller"))?;
        Ok(Self { regex, written: body.to_owned(), is_of_text: hir.properties().is_utf8() })
    }

    pub(super) fn matches(&self, message: &Message<'_>) -> bool {
        let is_text = || message.kind == Kind::Text || simdutf8::basic::from_utf8(message.payload).is_ok();
        (!self.is_of_text || is_text()) && self.regex.is_match(message.payload)
    }

    /// What the first match captured. If there is a group, this is the first group; it is empty if the group took no part in the
    /// match. Without a group it is the whole match. `None`: there is no match.
    pub fn capture<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        let captures = self.regex.captures(payload)?;
        let group = usize::from(captures.len() > 1);
        Some(captures.get(group).map_or(&[], |found| found.as_bytes()))
    }

    /// The same, but shown as `written`: the text before the values of variables, perhaps secrets, were put in.
    pub fn shown_as(self, written: &str) -> Self {
        Self { written: written.to_owned(), ..self }
    }

    /// A pattern that matches `text` and nothing else. It can be a part of a larger pattern.
    pub fn quote(text: &str) -> String {
        regex::escape(text)
    }
}

impl fmt::Display for RegularExpression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

impl PartialEq for RegularExpression {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for RegularExpression {}

/// How long what is between braces may be, in bytes.
const LONGEST_BRACES: usize = 80;

/// A pattern in which each `{` that cannot be a repetition is escaped: people look for JSON.
struct LiteralBraces {
    pattern: String,
    /// Where backslashes were put in.
    added: Vec<usize>,
}

impl LiteralBraces {
    fn of(body: &str) -> Self {
        let mut braces = Self { pattern: String::with_capacity(body.len()), added: Vec::new() };
        let mut rest = body;
        let mut is_after_atom = false;
        while let Some(first) = rest.chars().next() {
            let (length, is_atom) = match first {
                '\\' => (escape_length(rest), true),
                '[' => (class_length(rest), true),
                '(' => (group_start_length(rest), false),
                '|' => (1, false),
                '{' if is_after_atom && repetition_length(rest).is_some() => {
                    (repetition_length(rest).unwrap_or(1), true)
                }
                '{' => {
                    braces.added.push(braces.pattern.len());
                    braces.pattern.push('\\');
                    (1, true)
                }
                other => (other.len_utf8(), true),
            };
            let (token, behind) = rest.split_at(length);
            braces.pattern.push_str(token);
            rest = behind;
            is_after_atom = is_atom;
        }
        braces
    }

    fn mistake(&self, error: &regex_syntax::Error) -> Mistake {
        let (at, what, hint) = match error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string(), hint(error)),
            regex_syntax::Error::Translate(error) => (
                error.span().start.offset,
                error.kind().to_string(),
                "names of classes: `\\p{L}`, `\\p{Greek}` is not known",
            ),
            other => (0, other.to_string(), "a backslash before a character takes it as it is"),
        };
        let added = self.added.iter().filter(|added| **added < at).count();
        Mistake::new(at - added, what).hint(hint)
    }
}

/// Whether this is a path as `JSONPath` writes it. As a regular expression it would match nothing.
fn is_json_path(body: &str) -> bool {
    let mut rest = body.chars();
    let starts = |first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '"' | '\'');
    match (rest.next(), rest.next(), rest.next()) {
        (Some('$'), Some('.'), Some(third)) => starts(third) || third == '.',
        (Some('$'), Some('['), Some(third)) => matches!(third, '*' | '?' | '"' | '\'' | '0'..='9'),
        _ => false,
    }
}

fn hint(error: &ast::Error) -> &'static str {
    match error.kind() {
        ErrorKind::RepetitionMissing if error.pattern().starts_with('*') => {
            "it is looked for anywhere: `price` is found within a text; a star itself is `\\*`"
        }
        ErrorKind::RepetitionMissing => "a backslash before it takes it as it is: `\\*`, `\\?`, `\\+`",
        ErrorKind::RepetitionCountInvalid => "the smaller number comes first: `{2,5}`",
        ErrorKind::UnsupportedLookAround => {
            "there is no look-around; `not:` negates an expression, and several can be given"
        }
        ErrorKind::UnsupportedBackreference => "what a group found cannot be looked for again; jq compares two values",
        ErrorKind::GroupUnclosed | ErrorKind::GroupUnopened => "a parenthesis itself is written `\\(`, `\\)`",
        ErrorKind::ClassUnclosed => "a bracket itself is written `\\[`",
        ErrorKind::ClassRangeInvalid => "the smaller character comes first: `[a-z]`",
        ErrorKind::EscapeUnexpectedEof | ErrorKind::EscapeUnrecognized => "a backslash itself is written `\\\\`",
        ErrorKind::FlagUnrecognized => "flags are i, m, s, R, U, u and x: `(?i)price`",
        _ => "a backslash before a character takes it as it is",
    }
}

/// The length of the escape at the start of `text`, with what stands in its braces.
fn escape_length(text: &str) -> usize {
    let mut characters = text[1..].chars();
    let Some(escaped) = characters.next() else { return 1 };
    let length = 1 + escaped.len_utf8();
    let takes_braces = matches!(escaped, 'p' | 'P' | 'x' | 'u' | 'U' | 'b');
    match text[length..text.floor_char_boundary(LONGEST_BRACES)].find('}') {
        Some(end) if takes_braces && characters.next() == Some('{') => length + end + 1,
        _ => length,
    }
}

/// The length of the class at the start of `text`, with the classes in it.
fn class_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        match first {
            '\\' => at += escape_length(&text[at..]),
            '[' => {
                depth += 1;
                at += 1;
                at += usize::from(text[at..].starts_with('^'));
                // There it is no end.
                at += usize::from(text[at..].starts_with(']'));
            }
            ']' => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return at;
                }
            }
            other => at += other.len_utf8(),
        }
    }
    text.len()
}

/// The length of what opens a group, with its flags or its name.
fn group_start_length(text: &str) -> usize {
    if !text.starts_with("(?") {
        return 1;
    }
    text.find([':', ')', '>']).map_or(text.len(), |end| end + 1)
}

/// The length of the repetition at the start of `text`: `{2}`, `{2,}`, `{2,5}`.
fn repetition_length(text: &str) -> Option<usize> {
    let (bounds, _) = text[..text.floor_char_boundary(LONGEST_BRACES)].strip_prefix('{')?.split_once('}')?;
    let (least, most) = bounds.split_once(',').unwrap_or((bounds, bounds));
    let are_numbers = [least, most].iter().all(|bound| bound.trim().bytes().all(|byte| byte.is_ascii_digit()));
    (are_numbers && !least.trim().is_empty()).then_some(bounds.len() + 2)
}
