//! Escapes bytes that a peer chose, so that they cannot harm a terminal. All such bytes go through this module:
//! payloads, header values, close reasons, certificate names and error texts.
//!
//! Characters that could move the cursor, change the state of the terminal, reorder text or hide in it are replaced by
//! their codes. Control characters and bytes that are not UTF-8 become `\x1b`, other characters `\u{202e}`. Joiners
//! (U+200C, U+200D) stay as they are: emoji and several scripts need them, and alone they do nothing.

use crate::output::digits;

/// Appends `bytes`. Line ends and tabs stay as they are.
pub fn text(output: &mut Vec<u8>, bytes: &[u8]) {
    escape(output, bytes, LineRules::Lines);
}

/// Whether `bytes` are one line that stays as it is: printable ASCII. A pass that looks at all of them takes vector
/// instructions, and one that stops at the first other byte does not.
pub fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'))
}

/// What surrounds what is shown by its code, so that it does not look like the same characters typed: `\x1b` is also a text
/// of four characters. Empty where there are no colours.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// What comes before.
    pub before: String,
    /// What comes after.
    pub after: String,
}

/// The same as [`text`], with `marks` around what is shown by its code.
pub fn marked_text(output: &mut Vec<u8>, bytes: &[u8], marks: &Marks) {
    let mut is_marked = false;
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(first) = rest.chars().next() {
            let is_code = is_replaced(first);
            let end = rest.find(|character| is_replaced(character) != is_code).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            turn(output, &mut is_marked, is_code, marks);
            if is_code {
                text(output, run.as_bytes());
            } else {
                output.extend_from_slice(run.as_bytes());
            }
            rest = behind;
        }
        if !chunk.invalid().is_empty() {
            turn(output, &mut is_marked, true, marks);
            text(output, chunk.invalid());
        }
    }
    turn(output, &mut is_marked, false, marks);
}

/// Opens or closes the marks, unless `is_marked` is `to` already.
fn turn(output: &mut Vec<u8>, is_marked: &mut bool, to: bool, marks: &Marks) {
    if *is_marked != to {
        output.extend_from_slice(if to { marks.before.as_bytes() } else { marks.after.as_bytes() });
        *is_marked = to;
    }
}

/// Whether [`text`] replaces `character`.
fn is_replaced(character: char) -> bool {
    !matches!(character, ' '..='~' | '\n' | '\t') && is_unsafe(character)
}

/// Appends `bytes` as part of one line. Line ends become `\n`, tabs become `\t`.
pub fn line(output: &mut Vec<u8>, bytes: &[u8]) {
    escape(output, bytes, LineRules::OneLine);
}

/// Appends `bytes` of an HTTP head as part of one line. Each byte of a control character is shown by itself, also if
/// the character has two bytes in UTF-8.
pub fn head_line(output: &mut Vec<u8>, bytes: &[u8]) {
    escape(output, bytes, LineRules::HeadLine);
}

/// The same as [`line()`], as a string.
pub fn to_line(bytes: impl AsRef<[u8]>) -> String {
    let mut output = Vec::new();
    line(&mut output, bytes.as_ref());
    String::from_utf8_lossy(&output).into_owned()
}

/// Whether `character` is replaced by its code. ([`text`] keeps `\n` and `\t` all the same.)
pub fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Line and paragraph separators, interlinear annotations.
        | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
        || is_invisible(character)
}

/// Whether Unicode has a terminal show nothing for `character`: the property `Default_Ignorable_Code_Point`, in version 17
/// of DerivedCoreProperties.txt. The joiners are left out.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The length of `bytes` without a character that is incomplete at their end.
pub fn whole_characters(bytes: &[u8]) -> usize {
    /// The longest incomplete character in UTF-8.
    const LONGEST: usize = 3;
    let end = &bytes[bytes.len().saturating_sub(LONGEST)..];
    let invalid = end.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let is_incomplete = str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
    if is_incomplete { bytes.len() - invalid.len() } else { bytes.len() }
}

/// The rules for line ends, tabs and control characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineRules {
    /// Line ends and tabs stay as they are.
    Lines,
    /// Line ends and tabs become `\n` and `\t`.
    OneLine,
    /// The same, and control characters of two bytes are shown byte by byte.
    HeadLine,
}

fn escape(output: &mut Vec<u8>, mut bytes: &[u8], rules: LineRules) {
    output.reserve(bytes.len());
    while !bytes.is_empty() {
        let plain = bytes.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(bytes.len());
        output.extend_from_slice(&bytes[..plain]);
        bytes = &bytes[plain..];
        let special = bytes.iter().position(|byte| matches!(byte, b' '..=b'~')).unwrap_or(bytes.len());
        for chunk in bytes[..special].utf8_chunks() {
            chunk.valid().chars().for_each(|character| escape_character(output, character, rules));
            chunk.invalid().iter().for_each(|byte| hexadecimal(output, *byte));
        }
        bytes = &bytes[special..];
    }
}

fn escape_character(output: &mut Vec<u8>, character: char, rules: LineRules) {
    match character {
        '\n' | '\t' if rules == LineRules::Lines => output.push(character as u8),
        '\n' => output.extend_from_slice(b"\\n"),
        '\t' => output.extend_from_slice(b"\\t"),
        '\r' => output.extend_from_slice(b"\\r"),
        '\0'..='\x7f' => hexadecimal(output, character as u8),
        '\u{80}'..='\u{9f}' if rules == LineRules::HeadLine => {
            character.encode_utf8(&mut [0; 2]).bytes().for_each(|byte| hexadecimal(output, byte));
        }
        _ if is_unsafe(character) => output.extend(character.escape_unicode().map(|character| character as u8)),
        _ => output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn hexadecimal(output: &mut Vec<u8>, byte: u8) {
    output.extend_from_slice(b"\\x");
    digits::hexadecimal(output, byte);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(bytes: &[u8]) -> String {
        let mut output = Vec::new();
        text(&mut output, bytes);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn text_stays_as_it_is() {
        for plain in ["", "Hello, world!", "tab\there", "two\nlines", "Grüße, 世界", "👩\u{200d}👩\u{200d}👧", "a\\b"]
        {
            assert_eq!(escaped(plain.as_bytes()), plain);
        }
    }

    #[test]
    fn a_character_that_is_incomplete_off_is_none() {
        for text in ["", "abc", "é", "世", "🦀", "a🦀", "éé"] {
            assert_eq!(whole_characters(text.as_bytes()), text.len(), "{text}");
        }
        for character in ["é", "世", "🦀"] {
            for length in 1..character.len() {
                let incomplete = [b"ab", &character.as_bytes()[..length]].concat();
                assert_eq!(whole_characters(&incomplete), 2, "{incomplete:x?}");
            }
        }
        for invalid in [&b"a\x80"[..], b"a\x80\x80\x80\x80", b"a\xff", b"\xe0\x80", b"\xe4b"] {
            assert_eq!(whole_characters(invalid), invalid.len(), "{invalid:x?}");
        }
    }

    #[test]
    fn marks_stand_around_what_is_shown_by_its_code() {
        let marks = Marks { before: "<".to_owned(), after: ">".to_owned() };
        for (bytes, shown) in [
            (&b""[..], ""),
            ("Grüße\n".as_bytes(), "Grüße\n"),
            ("é\x1bé\x1b\x07".as_bytes(), r"é<\x1b>é<\x1b\x07>"),
            (b"\x1b\xff\xfea\xc3", r"<\x1b\xff\xfe>a<\xc3>"),
            (b"\xe2\x82\x1b b", r"<\xe2\x82\x1b> b"),
        ] {
            let mut output = Vec::new();
            marked_text(&mut output, bytes, &marks);
            assert_eq!(String::from_utf8(output).unwrap(), shown);
        }
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(escaped(b"\x1b]0;title\x07\x1b[2J"), r"\x1b]0;title\x07\x1b[2J");
        assert_eq!(escaped(b"over\rwritten\0\x7f"), r"over\rwritten\x00\x7f");
    }

    #[test]
    fn c1_controls_are_shown_encoded_and_bare() {
        assert_eq!(escaped("\u{9b}2J\u{85}".as_bytes()), r"\u{9b}2J\u{85}");
        assert_eq!(escaped(b"\x9b2J"), r"\x9b2J");
    }

    #[test]
    fn what_reorders_or_hides_text_is_shown() {
        assert_eq!(escaped("a\u{202e}b\u{2066}c\u{200f}d\u{61c}".as_bytes()), r"a\u{202e}b\u{2066}c\u{200f}d\u{61c}");
        assert_eq!(escaped("\u{feff}a\u{200b}b\u{2028}c\u{2060}".as_bytes()), r"\u{feff}a\u{200b}b\u{2028}c\u{2060}");
        assert_eq!(escaped("\u{e0041}".as_bytes()), r"\u{e0041}");
    }

    #[test]
    fn what_unicode_shows_nothing_for_is_shown() {
        let bounds = "\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180f}\u{3164}\u{fe00}\u{fe0f}\u{ffa0}\u{fff0}\u{fff8}\
                      \u{1bca0}\u{1bca3}\u{1d173}\u{1d17a}\u{e0000}\u{e0100}\u{e01ef}\u{e0fff}";
        for character in bounds.chars() {
            assert_eq!(to_line(character.to_string()), format!("\\u{{{:x}}}", u32::from(character)));
        }
        let beside = "\u{34e}\u{350}\u{115e}\u{1161}\u{17b3}\u{17b6}\u{180a}\u{3163}\u{3165}\u{fe10}\u{ff9f}\u{ffa1}\u{1d172}\u{1d17b}";
        assert_eq!(to_line(beside), beside);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_shown_one_by_one() {
        assert_eq!(escaped(b"a\xffb\xe4\xb8c\xc3"), r"a\xffb\xe4\xb8c\xc3");
        // A surrogate, and an overlong slash.
        assert_eq!(escaped(b"\xed\xa0\x80\xc0\xaf"), r"\xed\xa0\x80\xc0\xaf");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(to_line("a\r\n\tb"), r"a\r\n\tb");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_ever_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            prop_assert!(!escaped(&bytes).chars().any(|character| is_unsafe(character) && !"\n\t".contains(character)));
            prop_assert!(!to_line(&bytes).chars().any(is_unsafe));
        }

        #[test]
        fn marks_change_nothing_else(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let mut output = Vec::new();
            marked_text(&mut output, &bytes, &Marks::default());
            prop_assert_eq!(String::from_utf8(output).unwrap(), escaped(&bytes));
        }

        #[test]
        fn no_character_slips_through(characters in proptest::collection::vec(any::<char>(), 0..64)) {
            let text = String::from_iter(characters);
            prop_assert!(!to_line(&text).chars().any(is_unsafe));
        }
    }
}
