//! Regular expressions that are searched for in messages.

use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;

use super::input_error;
use crate::error::Error;

/// A compiled regular expression in the syntax of the `regex` crate. It matches anywhere in a message, text or binary.
/// A search takes time linear in the length of the message, whatever the peer sends.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    /// The text to show in place of the pattern itself.
    shown: Option<String>,
}

impl Pattern {
    /// Whether it matches somewhere in `payload`.
    pub fn is_match(&self, payload: &[u8]) -> bool {
        self.regex.is_match(payload)
    }

    /// What the first match captured. If the pattern has a group, this is the first group; it is empty if the group
    /// took no part in the match. Without a group it is the whole match. `None`: there is no match.
    pub fn capture<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        let captures = self.regex.captures(payload)?;
        let group = usize::from(captures.len() > 1);
        Some(captures.get(group).map_or(&[], |found| found.as_bytes()))
    }

    /// The same pattern, but shown as `written`: the text before the values of variables, perhaps secrets, were put in.
    pub fn shown_as(self, written: &str) -> Self {
        Self { shown: Some(written.to_owned()), ..self }
    }

    /// A pattern that matches `text` and nothing else. It can be a part of a larger pattern.
    pub fn quote(text: &str) -> String {
        regex::escape(text)
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(pattern: &str) -> Result<Self, Error> {
        Regex::new(pattern).map(|regex| Self { regex, shown: None }).map_err(|error| {
            let said = error.to_string();
            // The last line says what is wrong. The lines before it show the pattern and a caret.
            let wrong =
                said.lines().next_back().unwrap_or_default().trim_start_matches("error: ").trim_end_matches('.');
            input_error(format!("`{pattern}` is not a regular expression: {wrong}"))
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.shown.as_deref().unwrap_or(self.regex.as_str()))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, payload: &str) -> Option<String> {
        let pattern: Pattern = pattern.parse().unwrap();
        pattern.capture(payload.as_bytes()).map(|found| String::from_utf8(found.to_vec()).unwrap())
    }

    #[test]
    fn the_first_group_is_captured_or_else_the_match() {
        assert_eq!(captured("id=(\\d+) x=(\\d+)", "<id=12 x=3>").unwrap(), "12");
        assert_eq!(captured("\\d+", "id=12").unwrap(), "12");
        assert_eq!(captured("a(b)?", "a").unwrap(), "");
        assert_eq!(captured("x", "id=12"), None);
    }

    #[test]
    fn it_looks_at_bytes_and_at_characters() {
        let pattern: Pattern = "^.{3}$".parse().unwrap();
        assert!(pattern.is_match("aé世".as_bytes()));
        assert!(!pattern.is_match(b"a\xff\xfe"));
        let pattern: Pattern = r"(?-u)\xff".parse().unwrap();
        assert!(pattern.is_match(b"a\xff\xfe"));
    }

    #[test]
    fn classes_and_cases_are_unicodes() {
        for (pattern, text) in [("^\\w+$", "Straße"), ("(?i)^École$", "éCOLE"), ("^\\d\\s\\p{Lu}\\b", "٣\u{a0}Ä")]
        {
            assert!(pattern.parse::<Pattern>().unwrap().is_match(text.as_bytes()), "{pattern}");
        }
    }

    #[test]
    fn a_quoted_text_matches_itself() {
        let odd = "a.b<c>\"\\d [x] {1} ^$ é";
        assert_eq!(captured(&Pattern::quote(odd), odd).unwrap(), odd);
    }

    #[test]
    fn mistakes_are_told_in_one_line() {
        let error = "foo(".parse::<Pattern>().unwrap_err();
        assert_eq!(error.to_string(), "`foo(` is not a regular expression: unclosed group");
        let error = "a{1000}{1000}{1000}".parse::<Pattern>().unwrap_err().to_string();
        assert!(error.contains("size limit") && !error.contains('\n'), "{error}");
    }
}
