//! Paths to one value: `.auth.token` as jq writes it, `/auth/token` as RFC 6901 does.

use super::json::{Json, JsonKind};

/// A path to a value in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    written: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A member.
    Key(String),
    /// An element; from the end, if it is negative.
    Index(i64),
    /// Whichever the value has: the part of a JSON pointer.
    Token(String),
}

impl JsonPath {
    /// A plain path in jq's syntax: names, strings and numbers, and nothing else. `None` for all other filters.
    pub fn plain(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let written = rest.to_owned();
        if !rest.starts_with('.') {
            return None;
        }
        let mut steps = Vec::new();
        // The message itself.
        if rest == "." {
            rest = "";
        }
        while !rest.is_empty() {
            let (step, behind) = plain_step(rest)?;
            steps.extend(step);
            rest = behind;
        }
        Some(Self { written, steps })
    }

    /// A JSON pointer (RFC 6901): empty, or parts that each start with `/`.
    pub fn pointer(text: &str) -> Option<Self> {
        let steps = match text.strip_prefix('/') {
            None if text.is_empty() => Vec::new(),
            None => return None,
            Some(tokens) => tokens.split('/').map(|token| Step::Token(unescaped(token))).collect(),
        };
        Some(Self { written: text.to_owned(), steps })
    }

    /// The value at this place of `payload`: a string without its quotes, anything else as it is written, without white space.
    ///
    /// # Errors
    /// Why there is none.
    pub fn value(&self, payload: &[u8]) -> Result<String, String> {
        let mut value = Json::of(payload).ok_or("the message is not JSON")?;
        for step in &self.steps {
            value = step.taken_from(value).ok_or_else(|| format!("nothing is at `{}`", self.written))?;
        }
        match value.kind() {
            JsonKind::String => {
                value.string().ok_or_else(|| "it has half of a surrogate pair, which is no text".to_owned())
            }
            _ => Ok(value.compact()),
        }
    }
}

impl Step {
    fn taken_from<'a>(&self, value: Json<'a>) -> Option<Json<'a>> {
        match (self, value.kind()) {
            (Self::Key(key) | Self::Token(key), JsonKind::Object) => {
                // Of a key that comes twice, the last one counts.
                value.members().filter(|(name, _)| name.is_string(key)).last().map(|(_, value)| value)
            }
            (Self::Index(index), JsonKind::Array) => {
                let index = match usize::try_from(*index) {
                    Ok(index) => index,
                    Err(_) => value.elements().count().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
                };
                value.elements().nth(index)
            }
            (Self::Token(token), JsonKind::Array) => {
                let is_index = token == "0" || !token.starts_with(['0', '+']);
                value.elements().nth(token.parse().ok().filter(|_| is_index)?)
            }
            _ => None,
        }
    }
}

/// The step at the start of `text`, and what is behind it. A dot before a bracket is no step.
fn plain_step(text: &str) -> Option<(Option<Step>, &str)> {
    if let Some(inside) = text.strip_prefix('[') {
        let (step, behind) = if inside.starts_with('"') {
            let (key, behind) = quoted(inside)?;
            (Step::Key(key), behind)
        } else {
            let (number, _) = inside.split_once(']')?;
            (Step::Index(number.trim().parse().ok()?), &inside[number.len()..])
        };
        return Some((Some(step), behind.strip_prefix(']')?));
    }
    let text = text.strip_prefix('.')?;
    if text.starts_with('"') {
        let (key, behind) = quoted(text)?;
        return Some((Some(Step::Key(key)), behind));
    }
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let (name, behind) = text.split_at(text.find(|character| !is_part(character)).unwrap_or(text.len()));
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => None,
        Some(_) => Some((Some(Step::Key(name.to_owned())), behind)),
        None if behind.starts_with('[') => Some((None, behind)),
        None => None,
    }
}

/// The JSON string at the start of `text`, and what is behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut is_escaped = true;
    let end = text.char_indices().find(|(_, character)| {
        let is_end = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    });
    let (string, behind) = text.split_at(end?.0 + 1);
    Some((serde_json::from_str(string).ok()?, behind))
}

/// A part of a pointer without its escapes (RFC 6901 section 4).
fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
