//! An expression and a message: whatever both are, there is an answer, and `not:` is the opposite of it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wscope::event::Direction;
use wscope::pattern::{Expression, JsonPath, Message, RegularExpression};
use wscope::wire::Kind;

/// Expressions for a message that was not made for one.
///
/// Compiled once: with the standard library of jq that takes a hundred times as long as to judge a message.
static EXPRESSIONS: LazyLock<Vec<Expression>> = LazyLock::new(|| {
    let texts = [
        r#"{"a":{"b":[1,"x"]}}"#,
        "a.*b",
        "hex:00ff",
        ".a.b | test(.c)",
        "$size > 3 and .a[0] == 1",
        "[..] | length > 2",
        "jq:fromjson | tojson",
        ".a * .b",
    ];
    texts.map(|text| Expression::parse(text).expect("an expression")).into()
});

fuzz_target!(|input: (&str, &[u8], bool)| {
    let (text, payload, is_text) = input;
    let is_text = is_text && std::str::from_utf8(payload).is_ok();
    let kind = if is_text { Kind::Text } else { Kind::Binary };
    let message = Message { direction: Direction::Received, kind, payload, note: None };
    match Expression::parse(text) {
        // What a filter of the user's own does is the user's.
        Ok(_) if text.contains("jq:") || text.contains(['.', '$']) => {}
        Ok(expression) => {
            let Ok(negated) = Expression::parse(&format!("not:{text}")) else { panic!("{text} cannot be negated") };
            assert_ne!(expression.judge(&message).matches, negated.judge(&message).matches);
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
    for expression in EXPRESSIONS.iter() {
        let _ = expression.judge(&message);
    }
    for path in JsonPath::plain(text).into_iter().chain(JsonPath::pointer(text)) {
        let _ = path.value(payload);
    }
    let _ = RegularExpression::parse(text).map(|regex| regex.capture(payload).map(<[u8]>::len));
});
