//! Expressions that match a message: a regular expression, JSON that it contains, jq, or bytes. Pure: messages in, answers out.
//!
//! [`Expression::parse`] tells by the start which of them a text is; `re:`, `json:`, `jq:` and `hex:` say it, `not:` negates.

mod containment;
mod doubt;
mod error;
mod jq;
mod json;
mod path;
#[cfg(test)]
mod properties;
mod regular;
mod runs;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use memchr::memmem::Finder;

use crate::event::Direction;
use crate::wire::Kind;

use self::containment::Expected;
pub use self::error::ExpressionError;
use self::error::Mistake;
pub use self::jq::JqFilter;
pub use self::path::JsonPath;
pub use self::regular::RegularExpression;
pub use self::runs::FilterRuns;
pub use self::syntax::{ExpressionKind, Syntax};

/// What an expression is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// Text or binary.
    pub kind: Kind,
    /// The whole of it.
    pub payload: &'a [u8],
    /// What a dialect or a decoder says of it.
    pub note: Option<&'a str>,
}

/// What an expression answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the message matches. What could not be judged does not; negated, it does, unless it was interrupted.
    pub matches: bool,
    /// Why the message could not be judged. To be told once, not for each message.
    pub trouble: Option<String>,
}

/// An expression that matches some messages and others not. A clone is the same expression, not compiled anew.
#[derive(Debug, Clone)]
pub struct Expression {
    is_negated: bool,
    matcher: Matcher,
    /// As it is shown.
    written: String,
}

#[derive(Debug, Clone)]
enum Matcher {
    Regular(RegularExpression),
    Json(Arc<Expected>),
    Jq(JqFilter),
    Bytes(Arc<Finder<'static>>),
}

impl Expression {
    /// Parses an expression, and compiles it.
    ///
    /// # Errors
    /// Where it is wrong, and what may be meant.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let syntax = Syntax::of(text);
        let Syntax { is_negated, kind, body, .. } = syntax;
        let matcher = match kind {
            ExpressionKind::Regular => RegularExpression::compile(body).map(Matcher::Regular),
            ExpressionKind::Json => Expected::parse(body).map(|expected| Matcher::Json(Arc::new(expected))),
            ExpressionKind::Jq => JqFilter::compile_condition(body).map(Matcher::Jq),
            ExpressionKind::Bytes => {
                hexadecimal(body).map(|bytes| Matcher::Bytes(Arc::new(Finder::new(&bytes).into_owned())))
            }
        };
        let matcher = matcher.map_err(|mistake| ExpressionError::new(&syntax, mistake))?;
        Ok(Self { is_negated, matcher, written: text.to_owned() })
    }

    /// The same, but shown as `written`: the text before the values of variables, perhaps secrets, were put in.
    pub fn shown_as(self, written: &str) -> Self {
        Self { written: written.to_owned(), ..self }
    }

    /// What may be meant instead, where it is a regular expression that looks like something else. In one line, to be told once.
    pub fn doubt(&self) -> Option<String> {
        let meant = doubt::about(&Syntax::of(&self.written))?;
        Some(format!("`{}` is looked for as a regular expression: {meant}", self.written))
    }

    /// Whether it is a jq filter that was interrupted.
    pub fn is_interrupted(&self) -> bool {
        self.jq().is_some_and(JqFilter::is_interrupted)
    }

    fn jq(&self) -> Option<&JqFilter> {
        match &self.matcher {
            Matcher::Jq(filter) => Some(filter),
            Matcher::Regular(_) | Matcher::Json(_) | Matcher::Bytes(_) => None,
        }
    }

    /// Whether `message` matches.
    pub fn judge(&self, message: &Message<'_>) -> Verdict {
        let answer = match &self.matcher {
            Matcher::Regular(regex) => Ok(regex.matches(message)),
            Matcher::Json(expected) => Ok(json::Json::of(message.payload).is_some_and(|json| expected.is_in(json))),
            Matcher::Jq(filter) => filter.holds(message),
            Matcher::Bytes(bytes) => Ok(bytes.find(message.payload).is_some()),
        };
        match answer {
            Ok(matches) => Verdict { matches: matches != self.is_negated, trouble: None },
            Err(trouble) => Verdict { matches: self.is_negated && !self.is_interrupted(), trouble: Some(trouble) },
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

/// Two are equal that are written alike.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Expression {}

/// The bytes of hexadecimal digits, with white space between any of them.
fn hexadecimal(body: &str) -> Result<Vec<u8>, Mistake> {
    let example = "two digits are a byte: `hex:de ad be ef`";
    let mut digits = Vec::new();
    for (at, character) in body.char_indices().filter(|(_, character)| !character.is_whitespace()) {
        match character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) {
            Some(digit) => digits.push(digit),
            None => return Err(Mistake::new(at, "this is no hexadecimal digit").hint(example)),
        }
    }
    if digits.len() % 2 == 1 {
        return Err(Mistake::new(body.len(), "a digit is missing").hint(example));
    }
    if digits.is_empty() {
        return Err(Mistake::new(body.len(), "the bytes are missing").hint(example));
    }
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
