//! Parses the commands that take expressions, and puts values of variables into these.

use super::Command;
use super::arguments::{ArgumentError, within};
use crate::error::{Error, Result};
use crate::input::input_error;
use crate::input::variables::{Quoting, is_name};
use crate::pattern::{Expression, ExpressionError, ExpressionKind, JqFilter, JsonPath, RegularExpression, Syntax};

/// The part of a message that `/capture` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// The value at a path.
    Path(JsonPath),
    /// The first group of a regular expression, or the whole match if it has no group.
    Regular(RegularExpression),
    /// The first result of a filter.
    Jq(JqFilter),
}

/// What `/filter` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterChange {
    /// It shows the filters in force.
    None,
    /// Everything is shown.
    Off,
    /// Only what matches is shown.
    To(Expression),
}

impl From<ExpressionError> for Error {
    fn from(error: ExpressionError) -> Self {
        let input = input_error(error.to_string());
        match error.hint_text() {
            Some(hint) => input.hint(hint),
            None => input,
        }
    }
}

impl From<ExpressionError> for ArgumentError {
    fn from(error: ExpressionError) -> Self {
        Error::from(error).into()
    }
}

pub(super) fn expect(rest: &str) -> Result<Command, ArgumentError> {
    let (within, expression) = within(rest)?;
    if expression.is_empty() {
        return Err(ArgumentError::Usage);
    }
    Ok(Command::Expect { within, expression: Expression::parse(expression)? })
}

pub(super) fn find(rest: &str) -> Result<Command, ArgumentError> {
    match rest.trim_start() {
        "" => Err(ArgumentError::Usage),
        expression => Ok(Command::Find(Expression::parse(expression)?)),
    }
}

pub(super) fn filter(rest: &str) -> Result<Command, ArgumentError> {
    Ok(Command::Filter(match rest.trim_start() {
        "" => FilterChange::None,
        off if off.trim_end() == "off" => FilterChange::Off,
        expression => FilterChange::To(Expression::parse(expression)?),
    }))
}

/// `/set jq FILTER`, without `jq`.
pub(super) fn jq(filter: &str) -> Result<Command, ArgumentError> {
    Ok(Command::Jq(match filter.trim() {
        "" => return Err(ArgumentError::Usage),
        "off" => None,
        filter => Some(JqFilter::parse(filter)?),
    }))
}

pub(super) fn capture(rest: &str) -> Result<Command, ArgumentError> {
    let (name, source) = rest.trim_start().split_once(char::is_whitespace).ok_or(ArgumentError::Usage)?;
    let source = source.trim_start();
    let from = match source.split_once(':') {
        Some(("json", pointer)) => Capture::Path(json_pointer(pointer.trim_end())?),
        Some(("re", regex)) => Capture::Regular(RegularExpression::parse(regex)?),
        Some(("jq", filter)) => Capture::Jq(JqFilter::parse(filter)?),
        _ if source.starts_with('.') => match JsonPath::plain(source) {
            Some(path) => Capture::Path(path),
            None => Capture::Jq(JqFilter::parse(source)?),
        },
        _ => return Err(ArgumentError::Usage),
    };
    if !is_name(name) {
        return Err(input_error(format!("`{name}` is not a name: letters, digits and `_`, no digit first")).into());
    }
    Ok(Command::Capture { name: name.to_owned(), from })
}

/// Checks the form of a JSON pointer (RFC 6901 section 3).
fn json_pointer(pointer: &str) -> Result<JsonPath> {
    JsonPath::pointer(pointer).ok_or_else(|| {
        input_error(format!("`{pointer}` is not a JSON pointer"))
            .hint("it starts with `/`: `json:/token`, `json:/items/0/id`")
    })
}

/// Puts values of variables into the arguments of a command.
pub(super) fn expanded(command: &str, rest: &str, expand: &dyn Fn(&str, Quoting) -> Result<String>) -> Result<String> {
    let (plain, written) = rest.split_at(expression_start(command, rest));
    let plain = expand(plain, Quoting::Literal)?;
    let body = match command {
        "capture" => expand(written, Quoting::Regex)?,
        _ if written.is_empty() => String::new(),
        _ => expanded_expression(written, expand)?,
    };
    Ok(plain + &body)
}

/// The index in the arguments of `command` at which an expression starts. Without one it is the end of the arguments.
pub(super) fn expression_start(command: &str, rest: &str) -> usize {
    let trimmed = rest.len() - rest.trim_start().len();
    let start = match command {
        "expect" => within_end(rest),
        "find" | "filter" => Some(trimmed),
        "capture" => source_start(rest).filter(|start| rest[*start..].starts_with("re:")),
        _ => None,
    };
    start.unwrap_or(rest.len())
}

/// The index of the second argument of `/capture`: what to capture.
fn source_start(rest: &str) -> Option<usize> {
    let (_, source) = rest.trim_start().split_once(char::is_whitespace)?;
    Some(rest.len() - source.trim_start().len())
}

/// The index at which what follows `within=SECONDS` starts.
fn within_end(rest: &str) -> Option<usize> {
    let trimmed = rest.trim_start();
    let behind = if trimmed.starts_with("within=") { &trimmed[trimmed.find(char::is_whitespace)?..] } else { trimmed };
    Some(rest.len() - behind.trim_start().len())
}

/// Puts values into an expression. They are quoted in a regular expression and nowhere else, and none of them makes it an
/// expression of another kind: the peer may have chosen them.
fn expanded_expression(written: &str, expand: &dyn Fn(&str, Quoting) -> Result<String>) -> Result<String> {
    let syntax = Syntax::of(written);
    let literal = expand(written, Quoting::Literal)?;
    let is_json = syntax.may_be_json() && Syntax::of(&literal).kind == ExpressionKind::Json;
    let kind = if is_json { ExpressionKind::Json } else { syntax.kind };
    let expanded = if kind == ExpressionKind::Regular { expand(written, Quoting::Regex)? } else { literal };
    let became = Syntax::of(&expanded);
    if (became.kind, became.is_negated, became.is_told_by_start) == (kind, syntax.is_negated, syntax.is_told_by_start) {
        return Ok(expanded);
    }
    // The prefixes hold no variable.
    let body = &expanded[written.len() - syntax.body.len()..];
    let negation = if syntax.is_negated { "not:" } else { "" };
    Ok(format!("{negation}{}{body}", kind.prefix()))
}
