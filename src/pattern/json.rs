//! Looks into JSON without changing it. All that RFC 8259's grammar allows is JSON here: numbers of any size, half a surrogate
//! pair, any depth.

use serde_json::value::RawValue;

/// A JSON value, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Json<'a>(&'a str);

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonKind {
    Object,
    Array,
    String,
    Number,
    /// `true`, `false` or `null`.
    Word,
}

impl<'a> Json<'a> {
    /// `payload`, if it is JSON. Takes time that grows with its length, and no stack.
    pub fn of(payload: &'a [u8]) -> Option<Self> {
        let text = simdutf8::basic::from_utf8(payload).ok()?;
        serde_json::from_str::<&RawValue>(text).ok()?;
        Some(Self(text.trim_ascii()))
    }

    /// The text of it.
    pub fn text(self) -> &'a str {
        self.0
    }

    pub fn kind(self) -> JsonKind {
        match self.0.as_bytes().first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b'-' | b'0'..=b'9') => JsonKind::Number,
            _ => JsonKind::Word,
        }
    }

    /// The members of an object, in order: the keys as they are written, with their quotes.
    pub fn members(self) -> impl Iterator<Item = (Json<'a>, Json<'a>)> {
        let mut values = Values { rest: inside(self.0) };
        std::iter::from_fn(move || Some((values.next()?, values.next()?)))
    }

    /// The elements of an array.
    pub fn elements(self) -> impl Iterator<Item = Json<'a>> {
        Values { rest: inside(self.0) }
    }

    /// A string without quotes and escapes. `None`, if it is no string, or has half a surrogate pair.
    pub fn string(self) -> Option<String> {
        serde_json::from_str(self.0).ok()
    }

    /// Whether it is the string `wanted`.
    pub fn is_string(self, wanted: &str) -> bool {
        match self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            None => false,
            Some(plain) if !plain.contains('\\') => plain == wanted,
            Some(_) => self.string().is_some_and(|string| string == wanted),
        }
    }

    /// The same without white space between its tokens.
    pub fn compact(self) -> String {
        let mut compact = String::with_capacity(self.0.len());
        let mut rest = self.0;
        while let Some(first) = rest.chars().next() {
            let length = if first == '"' { string_length(rest) } else { first.len_utf8() };
            let (token, behind) = rest.split_at(length);
            if !token.starts_with(is_space) {
                compact.push_str(token);
            }
            rest = behind;
        }
        compact
    }

    /// How deep it is nested, and the length of its longest run of digits.
    pub fn extent(self) -> Extent {
        let mut extent = Extent::default();
        let (mut depth, mut digits) = (0_usize, 0);
        let mut in_string = false;
        let mut bytes = self.0.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' if in_string => {
                    bytes.next();
                }
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => {
                    depth += 1;
                    extent.depth = extent.depth.max(depth);
                }
                b'}' | b']' => depth -= 1,
                b'0'..=b'9' => {
                    digits += 1;
                    extent.digits = extent.digits.max(digits);
                    continue;
                }
                _ => {}
            }
            digits = 0;
        }
        extent
    }
}

/// How large the parts of a JSON text are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Extent {
    /// Objects and arrays inside each other.
    pub depth: usize,
    /// Digits in a row.
    pub digits: usize,
}

/// The values of an object or array, keys included. What separates them is passed over, for the text is known to be JSON.
struct Values<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Values<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let rest = self.rest.trim_start_matches(|character| is_space(character) || matches!(character, ',' | ':'));
        let (value, behind) = rest.split_at(value_length(rest));
        self.rest = behind;
        (!value.is_empty()).then_some(Json(value))
    }
}

/// What is between the brackets.
fn inside(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default()
}

/// The length of the value at the start of `text`.
fn value_length(text: &str) -> usize {
    match text.as_bytes().first() {
        None => 0,
        Some(b'"') => string_length(text),
        Some(b'{' | b'[') => container_length(text),
        Some(_) => text.find([',', ':', ' ', '\t', '\n', '\r']).unwrap_or(text.len()),
    }
}

fn container_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => at += string_length(&text[at..]) - 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the string at the start of `text`, with both quotes.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}
