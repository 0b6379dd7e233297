//! `${NAME}`: values that `/capture` took from messages, or that come from the environment.

use std::collections::HashMap;

use super::input_error;
use crate::error::Result;
use crate::pattern::RegularExpression;

/// The values that were captured so far.
#[derive(Debug, Clone)]
pub struct Variables {
    captured: HashMap<String, String>,
    environment: fn(&str) -> Option<String>,
}

/// How a value is written into a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// As it is.
    Literal,
    /// As a regular expression that matches the value and nothing else.
    Regex,
}

/// One `${…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reference<'a> {
    /// `json:`: the value is escaped as in a JSON string, without the quotes.
    is_json: bool,
    from: ValueSource<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueSource<'a> {
    Capture(&'a str),
    Environment(&'a str),
}

/// A part of a line.
enum Piece<'a> {
    Literal(&'a str),
    Reference(Reference<'a>),
}

impl Variables {
    /// No value is captured yet. `environment` returns the value of an environment variable.
    pub fn new(environment: fn(&str) -> Option<String>) -> Self {
        Self { captured: HashMap::new(), environment }
    }

    /// Gives a variable its value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.captured.insert(name.into(), value.into());
    }

    /// Whether a value of this name was captured.
    pub fn has(&self, name: &str) -> bool {
        self.captured.contains_key(name)
    }

    /// Replaces each `${…}` by its value. A `${…}` inside a value stays as it is. `$${` becomes `${`.
    ///
    /// # Errors
    /// [`Phase::Input`](crate::error::Phase::Input), if a name has no value, or if the text in `${…}` is no name.
    pub fn expand(&self, text: &str, quoting: Quoting) -> Result<String> {
        let mut expanded = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece? {
                Piece::Literal(literal) => expanded.push_str(literal),
                Piece::Reference(reference) => {
                    let mut value = self.value(reference.from)?;
                    if reference.is_json {
                        value = in_json(&value);
                    }
                    if quoting == Quoting::Regex {
                        value = RegularExpression::quote(&value);
                    }
                    expanded.push_str(&value);
                }
            }
        }
        Ok(expanded)
    }

    fn value(&self, from: ValueSource<'_>) -> Result<String> {
        match from {
            ValueSource::Capture(name) => self.captured.get(name).cloned().ok_or_else(|| {
                input_error(format!("`${{{name}}}` has not been captured")).hint("`$${` is a literal `${`")
            }),
            ValueSource::Environment(name) => (self.environment)(name)
                .ok_or_else(|| input_error(format!("`${{env:{name}}}` is not in the environment, or not UTF-8"))),
        }
    }
}

/// The names in `text` whose values `/capture` must have set.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if the text in a `${…}` is no name.
pub(super) fn captures_in(text: &str) -> Result<Vec<&str>> {
    let mut names = Vec::new();
    for piece in pieces(text) {
        if let Piece::Reference(Reference { from: ValueSource::Capture(name), .. }) = piece? {
            names.push(name);
        }
    }
    Ok(names)
}

/// Whether `name` consists of letters, digits and `_`, and does not start with a digit.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn pieces(text: &str) -> impl Iterator<Item = Result<Piece<'_>>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, tail) = match rest.find("${") {
            Some(0) => match reference(rest) {
                Ok((reference, tail)) => (Ok(Piece::Reference(reference)), tail),
                Err(error) => (Err(error), ""),
            },
            // `$${` stands for a literal `${`: the first `$` is dropped.
            Some(start) if rest[..start].ends_with('$') => match start {
                1 => (Ok(Piece::Literal("${")), &rest[start + 2..]),
                _ => (Ok(Piece::Literal(&rest[..start - 1])), &rest[start - 1..]),
            },
            Some(start) => (Ok(Piece::Literal(&rest[..start])), &rest[start..]),
            None => (Ok(Piece::Literal(rest)), ""),
        };
        rest = tail;
        Some(piece)
    })
}

/// The reference at the start of `text`, and the text after it.
fn reference(text: &str) -> Result<(Reference<'_>, &str)> {
    let no_name = |shown: &str| input_error(format!("`{shown}` is no variable")).hint("`$${` is a literal `${`");
    let (inside, tail) = text[2..].split_once('}').ok_or_else(|| no_name("${"))?;
    let (is_json, name) = inside.strip_prefix("json:").map_or((false, inside), |name| (true, name));
    let from = match name.strip_prefix("env:") {
        Some(name) if !name.is_empty() && !name.contains(['=', '\0']) => ValueSource::Environment(name),
        None if is_name(name) => ValueSource::Capture(name),
        _ => return Err(no_name(&text[..inside.len() + 3])),
    };
    Ok((Reference { is_json, from }, tail))
}

fn in_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::new(|name| (name == "HOME").then(|| "/root".into()));
        variables.set("token", "a.b\"c");
        variables.set("nested", "${token}");
        variables
    }

    fn expanded(text: &str) -> String {
        variables().expand(text, Quoting::Literal).unwrap()
    }

    fn message(text: &str) -> String {
        variables().expand(text, Quoting::Literal).unwrap_err().to_string()
    }

    #[test]
    fn values_are_put_in_once() {
        assert_eq!(expanded("auth ${token}!"), "auth a.b\"c!");
        assert_eq!(expanded("${nested}${nested}"), "${token}${token}");
        assert_eq!(expanded("${env:HOME}/x"), "/root/x");
        assert_eq!(expanded("$ $$ {} $5"), "$ $$ {} $5");
    }

    #[test]
    fn two_dollars_are_a_literal_one() {
        assert_eq!(expanded("$${token}"), "${token}");
        assert_eq!(expanded("a$${x} ${token} $${"), "a${x} a.b\"c ${");
    }

    #[test]
    fn values_are_escaped_for_where_they_go() {
        assert_eq!(expanded(r#"{"t":"${json:token}"}"#), r#"{"t":"a.b\"c"}"#);
        assert_eq!(variables().expand("^${token}.$", Quoting::Regex).unwrap(), r#"^a\.b"c.$"#);
    }

    #[test]
    fn names_without_a_value_are_mistakes() {
        assert_eq!(message("${tok}"), "`${tok}` has not been captured");
        assert_eq!(message("${env:NO}"), "`${env:NO}` is not in the environment, or not UTF-8");
        assert_eq!(message("${a b}"), "`${a b}` is no variable");
        assert_eq!(message("${}"), "`${}` is no variable");
        assert_eq!(message("${open"), "`${` is no variable");
    }
}
