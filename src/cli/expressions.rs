//! The section on expressions in the manual.

use std::fmt::Write as _;

/// How many columns an example takes.
const COLUMNS: usize = 26;

/// Each example with what it means. Each is run by a test.
const EXAMPLES: [(&str, &str); 15] = [
    ("price", "a regular expression, anywhere in the text"),
    ("^(?i)error|^[45][0-9]{2}$", "its syntax: https://docs.rs/regex"),
    (r#"{"type":"done""#, "no whole JSON, so it is this text: a { means itself"),
    (r#"{"op":1}"#, "JSON that contains this; order, spacing and other fields don't matter"),
    (r#"{"a":{"b":[1,2]}}"#, "arrays and numbers are equal (1 is 1.0)"),
    (".data.price > 100", "jq that is true; what is no JSON is a string"),
    (r#".tags[] == "b""#, "one true result is enough"),
    (r#".text | test("^hi"; "i")"#, "jq has regular expressions too"),
    (r#"$op == "binary""#, "beside the message: $op (text, binary),"),
    (r#"$dir == "received""#, "$dir (sent, received),"),
    ("$size > 125 and $note", "$size in bytes, $note (by --dialect, or null)"),
    (r#"not:.type == "ping""#, "what does not match; also what cannot be judged"),
    ("re:.*", "a regular expression, whatever its start;"),
    ("jq:length > 3", "so are jq:, json: and"),
    ("hex:00 ff", "these bytes, anywhere"),
];

/// The section, folded nowhere: one screen of it.
pub(super) fn section() -> String {
    let mut section = "  What --filter, --until, /filter, /find and /expect take is told by its start:\n\n".to_owned();
    for (example, meaning) in EXAMPLES {
        let _ = writeln!(section, "  {example:COLUMNS$}{}{meaning}", if example.len() >= COLUMNS { "  " } else { "" });
    }
    section.push_str(
        "\n  /capture takes a value by its path: .auth.token, .items[0].id, json:/auth/token; \
         the first group of re:...; or the first result of jq. --jq shows what a filter makes of each \
         message. The filters of jq are those of jaq, without files, input, halt and the environment. \
         Ctrl-C interrupts one that does not end: at a prompt it is off then, and the session goes on.",
    );
    section
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Direction;
    use crate::pattern::{Expression, Message};
    use crate::wire::Kind;

    /// For each example a message that matches, and one that doesn't.
    const MESSAGES: [(&[u8], &[u8]); EXAMPLES.len()] = [
        (b"the price is 5", b"the cost is 5"),
        (b"ERROR: no", b"no error: 404"),
        (br#"x{"type":"done","id":7}"#, br#"{"type": "done"}"#),
        (br#"{ "d":null, "op":1.0 }"#, br#"{"op":"1"}"#),
        (br#"{"a":{"b":[1.0,2],"c":0}}"#, br#"{"a":{"b":[1,2,3]}}"#),
        (br#"{"data":{"price":100.5}}"#, br#"{"data":{"price":99}}"#),
        (br#"{"tags":["a","b"]}"#, br#"{"tags":["a"]}"#),
        (br#"{"text":"Hi there"}"#, br#"{"text":"oh, hi"}"#),
        (b"\xff", b"text"),
        (b"anything", b""),
        (&[b'x'; 126], b"x"),
        (b"hello", br#"{"type":"ping"}"#),
        (b".", b"\xff"),
        (b"[1,2,3,4]", b"[1]"),
        (b"a\x00\xffb", b"\x00"),
    ];

    #[test]
    fn each_example_matches_what_it_says() {
        for ((example, _), (matching, other)) in EXAMPLES.iter().zip(MESSAGES) {
            let expression = Expression::parse(example).unwrap();
            let matches = |payload, direction| {
                let kind = if str::from_utf8(payload).is_ok() { Kind::Text } else { Kind::Binary };
                let verdict = expression.judge(&Message { direction, kind, payload, note: Some("ack") });
                assert_eq!(verdict.trouble, None, "{example}");
                verdict.matches
            };
            assert!(matches(matching, Direction::Received), "{example}");
            assert!(!matches(other, Direction::Sent), "{example}");
        }
    }

    #[test]
    fn the_section_is_one_screen() {
        let folded = crate::output::fold::fold(&section(), 80);
        assert!(folded.lines().count() <= 24, "{folded}");
        assert!(folded.lines().all(|line| line.chars().count() <= 80), "{folded}");
    }
}
