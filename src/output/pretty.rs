//! Shows JSON with colours, and laid out over several lines if the options ask for it. It works on the tokens of the
//! original text, so numbers, strings, duplicate keys and their order stay exactly as they were.

use serde_json::value::RawValue;

use crate::output::escape;
use crate::output::options::View;
use crate::output::sink::Sink;
use crate::output::theme::Style;

/// Texts that are nested deeper are shown as they are: the indentation of `[[[[…` grows with the square of its depth.
pub const DEEPEST: usize = 32;

/// The indentation of each level, in columns.
const INDENT: usize = 2;

/// Where the line ends of a JSON text are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// White space stays as it is.
    AsItIs,
    /// Each member and each element has a line.
    LaidOut,
}

/// `payload` as JSON text. `None`, if it is no JSON object or array, or if it is too deep.
pub fn json(payload: &[u8]) -> Option<&str> {
    valid(payload).filter(|text| !is_too_deep(text))
}

/// Whether `text`, which must be a result of [`valid`], is shown as it is, because it is too deep.
pub fn is_too_deep(text: &str) -> bool {
    depth(text) > DEEPEST
}

/// `payload` as JSON text. `None`, if it is no JSON object or array.
pub fn valid(payload: &[u8]) -> Option<&str> {
    if !matches!(payload.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return None;
    }
    let text = str::from_utf8(payload).ok()?;
    serde_json::from_str::<&RawValue>(text).ok()?;
    Some(text)
}

/// Appends `text`, which must be a result of [`json`], without a line end. All lines after the first are indented by
/// `indent` columns more. `view` decides whether the text is escaped.
pub fn write(sink: &mut Sink, text: &str, layout: Layout, view: View, indent: usize) {
    write_start(sink, text, layout, view, indent, text.len());
}

/// The same, but at most the first `limit` bytes of `text`. Returns how many these are.
pub fn write_start(sink: &mut Sink, text: &str, layout: Layout, view: View, indent: usize, limit: usize) -> usize {
    let limit = text.floor_char_boundary(limit);
    let mut writer = JsonWriter { sink, layout, view, indent, depth: 0, before: None };
    let mut left = limit;
    for (token, text) in (Tokens { rest: text }) {
        if left == 0 {
            break;
        }
        let shown = &text[..text.len().min(left)];
        writer.token(token, shown);
        left -= shown.len();
    }
    limit
}

/// The lexical elements of JSON (RFC 8259 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    Colon,
    Key,
    String,
    Number,
    Literal,
    Space,
}

/// The tokens of a valid JSON text.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (Token, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let run = |wanted: fn(u8) -> bool| self.rest.bytes().take_while(|&byte| wanted(byte)).count();
        let (token, length) = match self.rest.as_bytes().first()? {
            b'{' | b'[' => (Token::Open, 1),
            b'}' | b']' => (Token::Close, 1),
            b',' => (Token::Comma, 1),
            b':' => (Token::Colon, 1),
            b'"' => string(self.rest),
            b' ' | b'\t' | b'\n' | b'\r' => (Token::Space, run(is_space)),
            b'a'..=b'z' => (Token::Literal, run(|byte| byte.is_ascii_lowercase())),
            _ => (Token::Number, run(|byte| !is_space(byte) && !matches!(byte, b',' | b']' | b'}'))),
        };
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some((token, text))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The token of the string at the start of `text`, and its length with both quotes. A string before a colon is a key.
fn string(text: &str) -> (Token, usize) {
    let mut escaped = false;
    let inside = text.bytes().skip(1).take_while(|&byte| {
        let more = escaped || byte != b'"';
        escaped = !escaped && byte == b'\\';
        more
    });
    let length = inside.count() + 2;
    let key = text.as_bytes()[length..].trim_ascii_start().starts_with(b":");
    (if key { Token::Key } else { Token::String }, length)
}

/// How deep objects and arrays are nested.
fn depth(text: &str) -> usize {
    let mut depth = 0;
    let mut deepest = 0;
    for (token, _) in (Tokens { rest: text }) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Appends one token after the other.
struct JsonWriter<'a> {
    sink: &'a mut Sink,
    layout: Layout,
    view: View,
    indent: usize,
    depth: usize,
    /// The last token that was not white space.
    before: Option<Token>,
}

impl JsonWriter<'_> {
    fn token(&mut self, token: Token, text: &str) {
        if token == Token::Space {
            return self.space(text);
        }
        if token == Token::Close {
            self.depth -= 1;
        }
        if self.layout == Layout::LaidOut {
            self.lay_out(token);
        }
        match token {
            Token::Key => self.paint(Style::Key, text),
            Token::String => self.paint(Style::String, text),
            Token::Number => self.paint(Style::Number, text),
            Token::Literal => self.paint(Style::Literal, text),
            Token::Open | Token::Close | Token::Comma | Token::Colon | Token::Space => {
                self.sink.buffer.extend_from_slice(text.as_bytes());
            }
        }
        if token == Token::Open {
            self.depth += 1;
        }
        self.before = Some(token);
        self.sink.flush_if_large();
    }

    /// Appends the white space between the token before and this one.
    fn lay_out(&mut self, token: Token) {
        match (self.before, token) {
            (Some(Token::Colon), _) => self.sink.buffer.push(b' '),
            (Some(Token::Open), Token::Close) => {}
            (Some(Token::Open | Token::Comma), _) | (Some(_), Token::Close) => self.line_end(self.depth * INDENT),
            _ => {}
        }
    }

    fn space(&mut self, text: &str) {
        if self.layout == Layout::LaidOut {
            return;
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.line_end(0);
            }
            self.put(line);
        }
    }

    fn line_end(&mut self, columns: usize) {
        let output = &mut self.sink.buffer;
        output.push(b'\n');
        output.resize(output.len() + self.indent + columns, b' ');
    }

    fn paint(&mut self, style: Style, text: &str) {
        let view = self.view;
        let Sink { buffer, palette, .. } = &mut *self.sink;
        palette.paint(buffer, style, |output| put(output, view, text));
    }

    fn put(&mut self, text: &str) {
        put(&mut self.sink.buffer, self.view, text);
    }
}

fn put(output: &mut Vec<u8>, view: View, text: &str) {
    match view {
        View::Terminal => escape::text(output, text.as_bytes()),
        View::Exact => output.extend_from_slice(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::theme::Colors;

    fn set(text: &str, layout: Layout, colors: Colors, indent: usize) -> String {
        let mut sink = Sink::kept(colors);
        write(&mut sink, json(text.as_bytes()).unwrap(), layout, View::Terminal, indent);
        String::from_utf8(sink.buffer).unwrap()
    }

    #[test]
    fn members_and_elements_get_a_line_each() {
        assert_eq!(
            set(r#"{"a":[1,{"b":null}],"c":{},"d":[ ]}"#, Layout::LaidOut, Colors::Off, 0),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}"
        );
    }

    #[test]
    fn lines_stand_below_the_first_one() {
        assert_eq!(set(r"[true]", Layout::LaidOut, Colors::Off, 2), "[\n    true\n  ]");
    }

    #[test]
    fn numbers_strings_order_and_duplicates_stay_what_they_were() {
        assert_eq!(
            set(
                r#"{"z":1.0e+400,"a":-0,"z":12345678901234567890123,"s":"\u00e9\/\ud800"}"#,
                Layout::LaidOut,
                Colors::Off,
                0
            ),
            "{\n  \"z\": 1.0e+400,\n  \"a\": -0,\n  \"z\": 12345678901234567890123,\n  \"s\": \"\\u00e9\\/\\ud800\"\n}"
        );
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let text = "{\"k\" : \"a:\\\"b\\\\\", \"n\":\t[1.5, false]}";
        assert_eq!(set(text, Layout::AsItIs, Colors::Off, 0), text);
        assert_eq!(
            set(text, Layout::AsItIs, Colors::On, 0),
            "{\x1b[36m\"k\"\x1b[0m : \x1b[32m\"a:\\\"b\\\\\"\x1b[0m, \x1b[36m\"n\"\x1b[0m:\t\
             [\x1b[33m1.5\x1b[0m, \x1b[35mfalse\x1b[0m]}"
        );
    }

    #[test]
    fn strings_are_escaped_for_a_terminal_and_left_alone_in_a_pipe() {
        assert_eq!(set("[\"\u{9b}2J\"]", Layout::AsItIs, Colors::Off, 0), "[\"\\u{9b}2J\"]");
        let mut sink = Sink::kept(Colors::Off);
        write(&mut sink, "[\"\u{9b}\"]", Layout::LaidOut, View::Exact, 0);
        assert_eq!(sink.buffer, "[\n  \"\u{9b}\"\n]".as_bytes());
    }

    #[test]
    fn what_is_no_object_or_array_is_no_json_to_us() {
        for text in ["", "1", "\"a\"", "[1", "{\"a\":}", "[1] x", "hello [1]", "{'a':1}"] {
            assert_eq!(json(text.as_bytes()), None, "{text}");
        }
        assert_eq!(json(b"[\"\xff\"]"), None);
    }

    #[test]
    fn depth_that_would_blow_up_is_left_alone() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(json(nested(DEEPEST).as_bytes()).is_some());
        assert!(json(nested(DEEPEST + 1).as_bytes()).is_none());
        assert!(json(nested(1 << 20).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn laying_out_changes_white_space_only(bytes in "[\\[\\]{}:,\"a1 ]{0,12}", value in any::<Vec<(String, f64)>>()) {
            let object = serde_json::to_string(&value).unwrap();
            for text in [bytes, object] {
                let Some(text) = json(text.as_bytes()) else { continue };
                let mut sink = Sink::kept(Colors::Off);
                write(&mut sink, text, Layout::LaidOut, View::Exact, 0);
                let tokens = |text| Tokens { rest: text }.filter(|(token, _)| *token != Token::Space).collect::<Vec<_>>();
                prop_assert_eq!(tokens(str::from_utf8(&sink.buffer).unwrap()), tokens(text));
            }
        }
    }
}
