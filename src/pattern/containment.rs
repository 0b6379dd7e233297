//! JSON that a message contains: its objects may have more members, in any order; arrays, strings and numbers are equal.

use super::error::Mistake;
use super::json::{Json, JsonKind};

/// How deep what is looked for may be nested: matching takes stack for it, never for the message.
const DEEPEST: usize = 128;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Word(String),
    Number(Decimal),
    String(String),
    Array(Vec<Expected>),
    Object(Vec<(String, Expected)>),
}

impl Expected {
    /// Parses JSON.
    pub fn parse(body: &str) -> Result<Self, Mistake> {
        if body.starts_with('/') && body.len() > 1 {
            return Err(Mistake::new(0, "a value is missing")
                .hint("a path is for `/capture`; as an expression it is written `.a.b == 1`"));
        }
        let Some(json) = Json::of(body.as_bytes()) else { return Err(not_json(body)) };
        if json.extent().depth > DEEPEST {
            return Err(Mistake::new(0, format!("it is nested deeper than {DEEPEST}"))
                .hint("jq reaches a deep value: `.a.b.c`"));
        }
        Self::of(json).map_err(|part| {
            let at = part.text().as_ptr().addr() - body.as_ptr().addr();
            Mistake::new(at, "half of a surrogate pair").hint("both halves are one character: `\\ud83d\\ude00`")
        })
    }

    /// `Err`: the string in it that is no text.
    fn of(json: Json<'_>) -> Result<Self, Json<'_>> {
        let text = |string: Json<'_>| string.string();
        Ok(match json.kind() {
            JsonKind::Word => Self::Word(json.text().to_owned()),
            JsonKind::Number => Self::Number(Decimal::of(json.text())),
            JsonKind::String => Self::String(text(json).ok_or(json)?),
            JsonKind::Array => Self::Array(json.elements().map(Self::of).collect::<Result<_, _>>()?),
            JsonKind::Object => {
                let members = json.members().map(|(key, value)| Ok((text(key).ok_or(key)?, Self::of(value)?)));
                Self::Object(members.collect::<Result<_, _>>()?)
            }
        })
    }

    /// Whether `json` contains it. A key that comes twice counts each time.
    pub fn is_in(&self, json: Json<'_>) -> bool {
        match (self, json.kind()) {
            (Self::Word(word), JsonKind::Word) => word == json.text(),
            (Self::Number(number), JsonKind::Number) => *number == Decimal::of(json.text()),
            (Self::String(string), JsonKind::String) => json.is_string(string),
            (Self::Array(wanted), JsonKind::Array) => {
                let mut elements = json.elements();
                let all = wanted.iter().all(|wanted| elements.next().is_some_and(|element| wanted.is_in(element)));
                all && elements.next().is_none()
            }
            (Self::Object(wanted), JsonKind::Object) => {
                let mut found = vec![false; wanted.len()];
                for (key, value) in json.members() {
                    for ((name, wanted), found) in wanted.iter().zip(&mut found) {
                        *found = *found || key.is_string(name) && wanted.is_in(value);
                    }
                }
                found.into_iter().all(|found| found)
            }
            _ => false,
        }
    }
}

/// A number by its value: `1`, `1.0` and `10e-1` are equal, whatever their size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// Of the last digit. Where it would not fit, it is the exponent as it was written.
    exponent: Result<i64, String>,
}

impl Decimal {
    fn of(text: &str) -> Self {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = format!("{whole}{fraction}");
        let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let before = digits.len();
        digits.truncate(digits.trim_end_matches('0').len());
        let zeros = i64::try_from(before - digits.len()).unwrap_or(i64::MAX);
        let digits = digits.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Self { is_negative: false, digits, exponent: Ok(0) };
        }
        let sum = exponent.parse::<i64>().ok().and_then(|exponent| exponent.checked_sub(fraction)?.checked_add(zeros));
        Self { is_negative, digits, exponent: sum.ok_or_else(|| exponent.to_owned()) }
    }
}

/// What is wrong with `body`, and where.
fn not_json(body: &str) -> Mistake {
    let Err(error) = serde_json::from_str::<&serde_json::value::RawValue>(body) else {
        return Mistake::new(0, "it is not UTF-8");
    };
    let before: usize = body.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = if error.is_eof() { body.len() } else { (before + error.column().saturating_sub(1)).min(body.len()) };
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or(&said).to_owned();
    let hint = match body[body.floor_char_boundary(at)..].chars().next() {
        Some('\'') => "JSON has `\"` around its strings",
        Some('}' | ']') => "there is no comma before a closing bracket",
        None => "it is cut short; `re:` takes it as a regular expression",
        Some(_) => "`re:` takes it as a regular expression; strings and keys stand in `\"`",
    };
    Mistake::new(at, what).hint(hint)
}
