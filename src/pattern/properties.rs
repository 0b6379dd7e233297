//! What holds for all expressions and all messages.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Expressions that have something to do with the messages below.
const EXPRESSIONS: [&str; 9] = [
    r#"{"a":{"b":[1,"c"]}}"#,
    "[1.0,{}]",
    "a.*b",
    "hex:00 ff",
    ".a.b > 1",
    "$size > 3 and .[0] == 1",
    "[..] | length > 2",
    "jq:tojson | fromjson",
    "jq:(.a * .b), (.a + .b), (.a - .b), (.a / .b), (.a % .b) | true",
];

fn judged(expression: &str, payload: &[u8]) -> Option<Verdict> {
    Expression::parse(expression).ok().map(|expression| judged_by(&expression, payload))
}

fn judged_by(expression: &Expression, payload: &[u8]) -> Verdict {
    let kind = if str::from_utf8(payload).is_ok() { Kind::Text } else { Kind::Binary };
    let message = Message { direction: Direction::Received, kind, payload, note: None };
    expression.judge(&message)
}

proptest! {
    #[test]
    fn every_text_is_an_expression_or_told_in_one_line(
        text in r#"(not:|re:|json:|jq:|hex:|)[{}\[\]():,."'\\a-c0-9|*+?^$!<>=&é -]{0,24}"#,
        payload in r#"[{}\[\]:,"a-c0-9\\ .-]{0,24}"#,
    ) {
        match Expression::parse(&text) {
            Ok(expression) => prop_assert_eq!(expression.to_string(), text.clone()),
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{}", error),
        }
        let opposite = judged(&format!("not:{text}"), payload.as_bytes());
        prop_assert_eq!(judged(&text, payload.as_bytes()).map(|verdict| !verdict.matches), opposite.map(|verdict| verdict.matches));
    }

    #[test]
    fn every_message_is_judged(payload in vec(any::<u8>(), 0..40), text in r#"[{}\[\]:,"a-c0-9\\ .eE-]{0,40}"#) {
        // Compiled once: that takes longer than to judge.
        static COMPILED: LazyLock<Vec<Expression>> =
            LazyLock::new(|| EXPRESSIONS.map(|text| Expression::parse(text).unwrap()).into());
        for expression in COMPILED.iter() {
            judged_by(expression, &payload);
            judged_by(expression, text.as_bytes());
        }
    }

    #[test]
    fn what_is_looked_for_is_found(a in any::<i64>(), b in ".{0,12}", c in any::<f64>().prop_filter("JSON", |c| c.is_finite())) {
        let json = serde_json::json!({ "a": a, "b": { "c": [b, c] } }).to_string();
        let verdict = judged(&json, format!(" {{\"x\":{{\"a\":0}},{}", &json[1..]).as_bytes()).unwrap();
        prop_assert!(verdict.matches);
        let path = JsonPath::plain(".b.c[1]").unwrap();
        prop_assert_eq!(path.value(json.as_bytes()).unwrap(), serde_json::json!(c).to_string());
    }
}
