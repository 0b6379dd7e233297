//! JSON, written straight into the output: no tree, no allocation.

use std::time::Duration;

use data_encoding::{BASE64, Encoding, HEXLOWER};

use crate::output::sink::Sink;
use crate::output::{digits, escape, timestamp};

/// Bytes of a message that are encoded at a time; a multiple of three, so that pieces of Base64 fit together.
const PIECE: usize = 48 << 10;

/// Appends one object, whose members `members` writes.
pub fn object(output: &mut Vec<u8>, members: impl FnOnce(&mut Members<'_>)) {
    output.push(b'{');
    members(&mut Members { output, first: true });
    output.push(b'}');
}

/// The members of an object, written one after the other.
pub struct Members<'a> {
    output: &'a mut Vec<u8>,
    first: bool,
}

impl Members<'_> {
    /// Members as they were written before, without a comma at either end.
    pub fn prepared(&mut self, members: &[u8]) {
        self.comma();
        self.output.extend_from_slice(members);
    }

    /// A string.
    pub fn string(&mut self, name: &str, value: &str) {
        string(self.name(name), value);
    }

    /// A string, where there is one.
    pub fn optional_string(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(name, value);
        }
    }

    /// A string of hexadecimal digits.
    pub fn hexadecimal(&mut self, name: &str, bytes: &[u8]) {
        self.string(name, &HEXLOWER.encode(bytes));
    }

    /// A string in Base64.
    pub fn base64(&mut self, name: &str, bytes: &[u8]) {
        self.string(name, &BASE64.encode(bytes));
    }

    /// A whole number.
    pub fn number(&mut self, name: &str, value: u64) {
        digits::decimal(self.name(name), value);
    }

    /// A duration in seconds.
    pub fn seconds(&mut self, name: &str, value: Duration) {
        timestamp::seconds(self.name(name), value);
    }

    /// A duration in milliseconds.
    pub fn milliseconds(&mut self, name: &str, value: Duration) {
        let microseconds = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        let output = self.name(name);
        digits::decimal(output, microseconds / 1000);
        output.extend_from_slice(format!(".{:03}", microseconds % 1000).as_bytes());
    }

    /// A boolean.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.name(name).extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// An object.
    pub fn object(&mut self, name: &str, members: impl FnOnce(&mut Members<'_>)) {
        object(self.name(name), members);
    }

    /// An array, whose elements `element` writes.
    pub fn array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut element: impl FnMut(&mut Vec<u8>, T),
    ) {
        let output = self.name(name);
        output.push(b'[');
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                output.push(b',');
            }
            element(output, item);
        }
        output.push(b']');
    }

    fn comma(&mut self) {
        if !self.first {
            self.output.push(b',');
        }
        self.first = false;
    }

    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        self.comma();
        self.output.push(b'"');
        self.output.extend_from_slice(name.as_bytes());
        self.output.extend_from_slice(b"\":");
        self.output
    }
}

/// Appends a string with its quotes. What [`escape`] finds unsafe is escaped, so that a line can't drive a terminal.
pub fn string(output: &mut Vec<u8>, text: &str) {
    output.push(b'"');
    inside(output, text);
    output.push(b'"');
}

/// Appends a string of any length, giving the sink room to write between the pieces.
pub fn long_string(sink: &mut Sink, text: &str) {
    sink.buffer.push(b'"');
    long_inside(sink, text);
    sink.buffer.push(b'"');
}

/// The same without its quotes.
pub fn long_inside(sink: &mut Sink, mut text: &str) {
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE));
        inside(&mut sink.buffer, piece);
        text = rest;
        sink.flush_if_splittable();
    }
}

/// Appends `bytes` in Base64, giving the sink room to write between the pieces.
pub fn long_base64(sink: &mut Sink, bytes: &[u8]) {
    encoded(sink, bytes, &BASE64);
}

/// Appends `bytes` as hexadecimal digits, giving the sink room to write between the pieces.
pub fn long_hexadecimal(sink: &mut Sink, bytes: &[u8]) {
    encoded(sink, bytes, &HEXLOWER);
}

fn encoded(sink: &mut Sink, bytes: &[u8], encoding: &Encoding) {
    for piece in bytes.chunks(PIECE) {
        let start = sink.buffer.len();
        sink.buffer.resize(start + encoding.encode_len(piece.len()), 0);
        encoding.encode_mut(piece, &mut sink.buffer[start..]);
        sink.flush_if_splittable();
    }
}

/// Bytes that are looked at together.
const WORD: usize = size_of::<u64>();

/// Bytes that are copied together where nothing in them needs a look.
const BLOCK: usize = 32;

/// Appends the start of `text`, as far as it is known to stand between the quotes as it is, and gives what is left.
pub fn plain_start<'a>(output: &mut Vec<u8>, text: &'a [u8]) -> &'a [u8] {
    let rest = plain_blocks(output, text);
    if rest.is_empty() || rest.len() >= BLOCK {
        return rest;
    }
    let mut block = [b' '; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    if !is_plain_block(&block) {
        return rest;
    }
    output.extend_from_slice(rest);
    &[]
}

/// Appends the blocks at the start of `text` that need no look, and gives what is left.
fn plain_blocks<'a>(output: &mut Vec<u8>, mut text: &'a [u8]) -> &'a [u8] {
    while let Some((block, rest)) = text.split_first_chunk::<BLOCK>()
        && is_plain_block(block)
    {
        output.extend_from_slice(block);
        text = rest;
    }
    text
}

/// Whether all bytes of a block are printable ASCII, and none is a quote or a backslash. The compiler makes vector instructions
/// of it.
fn is_plain_block(block: &[u8; BLOCK]) -> bool {
    let needs_look = |byte: u8| byte.wrapping_sub(b' ') > b'~' - b' ' || byte == b'"' || byte == b'\\';
    !block.iter().fold(false, |any, &byte| any | needs_look(byte))
}

/// Appends the text between the quotes. Words are copied before they are looked at, and what was too much is taken
/// back: short copies of unknown length would take three times as long.
fn inside(output: &mut Vec<u8>, mut text: &str) {
    while let Some(word) = text.as_bytes().first_chunk::<WORD>() {
        output.extend_from_slice(word);
        let plain = special(*word).trailing_zeros() as usize / 8;
        output.truncate(output.len() - WORD + plain);
        text = &text[plain..];
        text = if plain == WORD {
            &text[text.len() - plain_blocks(output, text.as_bytes()).len()..]
        } else {
            special_characters(output, text)
        };
    }
    for character in text.chars() {
        escaped(output, character);
    }
}

/// Appends the first character of `text`; where it is one beyond ASCII that stays as it is, all of those that follow,
/// for they seldom come alone. Gives what is left.
fn special_characters<'a>(output: &mut Vec<u8>, text: &'a str) -> &'a str {
    let ends = |character: char| character.is_ascii() || escape::is_unsafe(character);
    let (foreign, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    output.extend_from_slice(foreign.as_bytes());
    let mut characters = rest.chars();
    if foreign.is_empty() {
        characters.by_ref().take(1).for_each(|character| escaped(output, character));
    }
    characters.as_str()
}

/// Sets the high bit of each byte of `word` (in little-endian order) that needs a look: all but printable ASCII, and
/// quotes and backslashes. Above the first such byte others may be set wrongly.
fn special(word: [u8; WORD]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; WORD]);
    const HIGHS: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    let below = |limit: u8, word: u64| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(1, word ^ (ONES * u64::from(byte)));
    // Adding one makes a high bit of 0x7f.
    (word | below(b' ', word) | equal(b'"') | equal(b'\\') | word.wrapping_add(ONES)) & HIGHS
}

fn escaped(output: &mut Vec<u8>, character: char) {
    match character {
        ' ' | '!' | '#'..='[' | ']'..='~' => output.push(character as u8),
        '"' => output.extend_from_slice(b"\\\""),
        '\\' => output.extend_from_slice(b"\\\\"),
        '\n' => output.extend_from_slice(b"\\n"),
        '\r' => output.extend_from_slice(b"\\r"),
        '\t' => output.extend_from_slice(b"\\t"),
        _ if escape::is_unsafe(character) => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                output.extend_from_slice(b"\\u");
                let [high, low] = unit.to_be_bytes();
                digits::hexadecimal(output, high);
                digits::hexadecimal(output, low);
            }
        }
        _ => output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        let mut output = Vec::new();
        string(&mut output, text);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_json_wants_it_and_as_a_terminal_needs_it() {
        assert_eq!(quoted("a\"b\\c\n\r\t\0\x1b"), r#""a\"b\\c\n\r\t\u0000\u001b""#);
        assert_eq!(quoted("\u{7f}\u{9b}\u{202e}\u{feff}\u{e0041}"), r#""\u007f\u009b\u202e\ufeff\udb40\udc41""#);
        assert_eq!(quoted("Grüße, 世界 👩‍👧"), "\"Grüße, 世界 👩‍👧\"");
    }

    #[test]
    fn members_are_separated_by_commas() {
        let mut output = Vec::new();
        object(&mut output, |members| {
            members.string("a", "b");
            members.optional_string("c", None);
            members.number("d", 1);
            members.seconds("e", Duration::from_millis(1_500));
            members.milliseconds("j", Duration::from_micros(84_007));
            members.boolean("f", true);
            members.array("g", [1, 2], digits::decimal);
            members.object("h", |members| members.hexadecimal("i", &[0xff, 0]));
        });
        assert_eq!(
            String::from_utf8(output).unwrap(),
            r#"{"a":"b","d":1,"e":1.500000,"j":84.007,"f":true,"g":[1,2],"h":{"i":"ff00"}}"#
        );
    }

    #[test]
    fn each_byte_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let special = !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == b'\\';
            for length in [1, WORD, BLOCK, BLOCK + 1, 2 * BLOCK + 3] {
                for place in 0..length {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    let mut output = Vec::new();
                    let rest = plain_start(&mut output, &text);
                    assert_eq!(rest.is_empty(), !special, "{byte:#x} at {place} of {length}");
                    assert_eq!([&output, rest].concat(), text);
                }
            }
            for place in 0..WORD {
                let mut word = [b'x'; WORD];
                word[place] = byte;
                let first = super::special(word).trailing_zeros() as usize / 8;
                assert_eq!(first, if special { place } else { WORD }, "{byte:#x} at {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_string_reads_back_as_it_was(characters in proptest::collection::vec(any::<char>(), 0..200)) {
            let text = String::from_iter(characters);
            prop_assert_eq!(&serde_json::from_str::<String>(&quoted(&text)).unwrap(), &text);
            prop_assert!(!quoted(&text).chars().any(escape::is_unsafe));
        }
    }
}
