//! Decides whether a line continues on the next one. The rules are the same at the prompt and in scripts.

use serde_json::value::RawValue;

/// Whether the line ends with an odd number of `\`. Each pair of them is one literal `\`, and the last one means that
/// the line continues.
pub(super) fn goes_on(line: &str) -> bool {
    !trailing(line).is_multiple_of(2)
}

/// The line with one literal `\` for each pair at its end, and without the `\` that continues it.
pub(super) fn unescaped(line: &str) -> &str {
    &line[..line.len() - trailing(line).div_ceil(2)]
}

/// The inverse of [`unescaped`].
pub(super) fn escaped(line: &str) -> String {
    format!("{line}{}", "\\".repeat(trailing(line)))
}

fn trailing(line: &str) -> usize {
    line.len() - line.trim_end_matches('\\').len()
}

/// Whether the line is JSON that starts with `{` or `[` and is correct as far as it goes, but has no end.
pub(super) fn is_incomplete_json(line: &str) -> bool {
    let starts = line.trim_start().starts_with(['{', '[']);
    starts && serde_json::from_str::<&RawValue>(line).is_err_and(|error| error.is_eof())
}

/// Counts the open brackets of JSON that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    open: i64,
    is_in_string: bool,
    is_escaped: bool,
}

impl Brackets {
    /// Reads the next piece.
    pub(super) fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            let is_escaped = std::mem::take(&mut self.is_escaped);
            match byte {
                b'\\' => self.is_escaped = self.is_in_string && !is_escaped,
                b'"' if !is_escaped => self.is_in_string = !self.is_in_string,
                b'{' | b'[' if !self.is_in_string => self.open += 1,
                b'}' | b']' if !self.is_in_string => self.open -= 1,
                _ => {}
            }
        }
    }

    /// Whether more were opened than closed: the text has no end yet, whether it is JSON or not.
    pub(super) fn are_open(&self) -> bool {
        self.open > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_backslash_goes_on_and_two_are_a_literal_one() {
        assert!(!goes_on("a"));
        assert!(goes_on("a\\"));
        assert!(!goes_on("a\\\\"));
        assert!(goes_on("a\\\\\\"));
        assert_eq!(unescaped("a\\b"), "a\\b");
        assert_eq!(unescaped("a\\"), "a");
        assert_eq!(unescaped("a\\\\"), "a\\");
        assert_eq!(unescaped("a\\\\\\"), "a\\");
        for line in ["", "a", "\\", "a\\\\", "a\\\\\\"] {
            assert_eq!(unescaped(&escaped(line)), line);
            assert!(!goes_on(&escaped(line)));
        }
    }

    #[test]
    fn only_json_that_lacks_its_end_goes_on() {
        for incomplete in ["{", "[", " {\"a\":", "[1, 2", "{\"a\": \"b", "{\"a\": [\n"] {
            assert!(is_incomplete_json(incomplete), "{incomplete}");
        }
        for other in ["{}", "[hello", "{a", "\"open", "{} {", "12", "hello {", "", "{\"a\": \"b\nc"] {
            assert!(!is_incomplete_json(other), "{other}");
        }
    }
}
