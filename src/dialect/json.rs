//! JSON as the dialects read it: the outermost members of a message, each as it was written. What is kept of it is bounded,
//! whatever the message holds.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde_core::Deserializer;
use serde_core::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// So many members of an object are kept, the first ones.
const MOST_MEMBERS: usize = 64;

/// So many elements of an array are kept, the first ones.
const MOST_ELEMENTS: usize = 1024;

/// The longest text that is looked for inside a string, in bytes.
const LONGEST_INNER: usize = 1024 * 1024;

/// A JSON value as it was written.
pub type Raw<'a> = &'a str;

/// The members of a JSON object.
#[derive(Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Raw<'a>)>,
}

impl<'a> Object<'a> {
    /// Reads all of `text`. `None`: it is no JSON object.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        if text.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let members = (&mut reader).deserialize_map(Members).ok()?;
        reader.end().ok()?;
        Some(Self { members })
    }

    /// Names and values, in order.
    pub fn members(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, *value))
    }

    /// The last member of this name.
    pub fn get(&self, name: &str) -> Option<Raw<'a>> {
        self.members.iter().rfind(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// The last member of this name, if it is a string.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    /// The last member of this name, if it is a whole number that is not negative.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(number)
    }

    /// The last member of this name, if it is an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.get(name)?.as_bytes())
    }
}

/// The elements of a JSON array.
#[derive(Debug, Default)]
pub struct Array<'a> {
    /// The first ones.
    pub elements: Vec<Raw<'a>>,
    /// How many there are.
    pub len: usize,
}

impl<'a> Array<'a> {
    /// Reads all of `text`. `None`: it is no JSON array.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        if text.trim_ascii_start().first() != Some(&b'[') {
            return None;
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let array = (&mut reader).deserialize_seq(Elements).ok()?;
        reader.end().ok()?;
        Some(array)
    }

    /// An element.
    pub fn get(&self, index: usize) -> Option<Raw<'a>> {
        self.elements.get(index).copied()
    }

    /// An element, if it is a string.
    pub fn text(&self, index: usize) -> Option<String> {
        self.get(index).and_then(text)
    }

    /// An element, if it is a whole number that is not negative.
    pub fn number(&self, index: usize) -> Option<u64> {
        self.get(index).and_then(number)
    }
}

/// The text of a JSON string.
pub fn text(value: Raw<'_>) -> Option<String> {
    value.starts_with('"').then(|| serde_json::from_str(value).ok()).flatten()
}

/// The JSON text that a JSON string holds, where it may be one.
pub fn inner(value: Raw<'_>) -> Option<String> {
    text(value).filter(|text| text.len() <= LONGEST_INNER && text.starts_with(['{', '[']))
}

/// A whole number that is not negative.
pub fn number(value: Raw<'_>) -> Option<u64> {
    value.parse().ok()
}

/// A value as people read it: a string without its quotation marks, anything else as it was written.
pub fn plain(value: Raw<'_>) -> String {
    text(value).unwrap_or_else(|| value.to_owned())
}

/// Why `part` of `payload` is no JSON value of the wanted type, and where in `payload` it stops to be JSON.
pub fn fault(payload: &[u8], part: &[u8], wanted: &str) -> String {
    let Err(error) = serde_json::from_slice::<IgnoredAny>(part) else { return format!("no JSON {wanted}") };
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default();
    let lines = part.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let in_part = lines.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(usize::from(!error.is_eof()));
    format!("no JSON {wanted}: {what}, at byte {}", span(payload, part).start + in_part)
}

/// Where `value`, which is a part of `payload`, stands in it: a string without its quotation marks.
pub fn place(payload: &[u8], value: Raw<'_>) -> Range<usize> {
    let Range { start, end } = span(payload, value.as_bytes());
    let quote = usize::from(value.starts_with('"'));
    start + quote..end - quote
}

/// Where `part`, which is a part of `payload`, stands in it.
pub fn span(payload: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - payload.as_ptr() as usize;
    start..start + part.len()
}

struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Vec<(Cow<'a, str>, Raw<'a>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while members.len() < MOST_MEMBERS {
            let Some((key, value)) = map.next_entry::<Cow<'a, str>, &'a RawValue>()? else { return Ok(members) };
            members.push((key, value.get()));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(members)
    }
}

struct Elements;

impl<'a> Visitor<'a> for Elements {
    type Value = Array<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut array = Array::default();
        while array.elements.len() < MOST_ELEMENTS {
            let Some(value) = list.next_element::<&'a RawValue>()? else { break };
            array.elements.push(value.get());
        }
        array.len = array.elements.len();
        if array.len == MOST_ELEMENTS {
            while list.next_element::<IgnoredAny>()?.is_some() {
                array.len = array.len.checked_add(1).ok_or_else(|| A::Error::custom("too many elements"))?;
            }
        }
        Ok(array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_as_they_were_written() {
        let object = Object::of(br#" {"a": 1.10 ,"b":"x\n","a":{"c":[1, 2]},"n":7} "#).expect("an object");
        assert_eq!(object.get("a"), Some(r#"{"c":[1, 2]}"#));
        assert_eq!(object.text("b").as_deref(), Some("x\n"));
        assert_eq!(object.number("n"), Some(7));
        assert_eq!(object.object("a").and_then(|inner| inner.get("c")), Some("[1, 2]"));
        assert_eq!((object.number("b"), object.text("n"), object.get("d")), (None, None, None));
    }

    #[test]
    fn only_whole_json_is_read() {
        for text in ["", "1", "[1]", "{", r#"{"a":1} x"#, r#"{"a":}"#, "{\"a\":\"\u{1}\"}"] {
            assert!(Object::of(text.as_bytes()).is_none(), "{text}");
        }
        for text in ["{}", "[", "[1,]", "[1] 2", "[\"\\ud800"] {
            assert!(Array::of(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Object::of(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_rest_is_counted() {
        let many = format!("[{}1]", "1,".repeat(99_999));
        let array = Array::of(many.as_bytes()).expect("an array");
        assert_eq!((array.elements.len(), array.len), (MOST_ELEMENTS, 100_000));
        let many: Vec<_> = (0..1000).map(|number| format!("\"{number}\":{number}")).collect();
        let object = format!("{{{}}}", many.join(","));
        let object = Object::of(object.as_bytes()).expect("an object");
        assert_eq!((object.members.len(), object.number("63")), (MOST_MEMBERS, Some(63)));
    }

    #[test]
    fn deep_json_ends_neither_the_stack_nor_the_time() {
        let deep = format!("{{\"id\":1,\"a\":{}{}}}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(Object::of(deep.as_bytes()).and_then(|object| object.number("id")), Some(1));
    }

    #[test]
    fn where_json_breaks_is_told() {
        for (part, said) in [
            ("[1]", "no JSON object"),
            ("{\"a\":1 \"b\":2}", "no JSON object: expected `,` or `}`, at byte 10"),
            ("{\"a\":\n\n x}", "no JSON object: expected value, at byte 11"),
            ("{\"a\":", "no JSON object: EOF while parsing a value, at byte 8"),
            ("hello", "no JSON object: expected value, at byte 3"),
            ("", "no JSON object: EOF while parsing a value, at byte 3"),
            ("{} x", "no JSON object: trailing characters, at byte 6"),
        ] {
            let payload = format!("abc{part}");
            assert_eq!(fault(payload.as_bytes(), &payload.as_bytes()[3..], "object"), said, "{part}");
        }
    }

    #[test]
    fn a_place_is_that_of_the_value() {
        let payload = br#"{"a":"secret","b":[1]}"#;
        let object = Object::of(payload).expect("an object");
        let shown = |name| &payload[place(payload, object.get(name).expect("a member"))];
        assert_eq!((shown("a"), shown("b")), (&b"secret"[..], &b"[1]"[..]));
    }
}
