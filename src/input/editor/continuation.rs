//! When Enter sends, and when it goes on with the next line.

use serde_json::value::RawValue;

/// A single `\` at the end: one that no other `\` makes literal.
pub(super) fn ends_with_continuation(line: &str) -> bool {
    !trailing(line).is_multiple_of(2)
}

/// `\\` at the end is a literal `\`.
pub(super) fn without_escape(line: &str) -> &str {
    let is_escaped = trailing(line) > 0 && !ends_with_continuation(line);
    if is_escaped { &line[..line.len() - 1] } else { line }
}

fn trailing(line: &str) -> usize {
    line.len() - line.trim_end_matches('\\').len()
}

/// JSON that starts with `{` or `[` and only lacks its end.
pub(super) fn is_incomplete_json(line: &str) -> bool {
    let starts = line.trim_start().starts_with(['{', '[']);
    starts && serde_json::from_str::<&RawValue>(line).is_err_and(|error| error.is_eof())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_backslash_continues_and_two_are_a_literal_one() {
        assert!(ends_with_continuation("a\\"));
        assert!(!ends_with_continuation("a\\\\"));
        assert!(!ends_with_continuation("a"));
        assert_eq!(without_escape("a\\\\"), "a\\");
        assert_eq!(without_escape("a\\b"), "a\\b");
    }

    #[test]
    fn only_json_that_lacks_its_end_continues() {
        for incomplete in ["{", "[", " {\"a\":", "[1, 2", "{\"a\": \"b", "{\"a\": [\n"] {
            assert!(is_incomplete_json(incomplete), "{incomplete}");
        }
        for other in ["{}", "[hello", "{a", "\"open", "{} {", "12", "hello {", "", "{\"a\": \"b\nc"] {
            assert!(!is_incomplete_json(other), "{other}");
        }
    }
}
