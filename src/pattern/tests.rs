//! What expressions match, and what is said of those that are none.

use super::*;

fn message(payload: &[u8]) -> Message<'_> {
    let kind = if str::from_utf8(payload).is_ok() { Kind::Text } else { Kind::Binary };
    Message { direction: Direction::Received, kind, payload, note: None }
}

fn matches(expression: &str, payload: &str) -> bool {
    Expression::parse(expression).unwrap().judge(&message(payload.as_bytes())).matches
}

fn kind(text: &str) -> ExpressionKind {
    Syntax::of(text).kind
}

#[test]
fn the_start_tells_what_an_expression_is() {
    for text in ["price", "", ".", ".*", "..", "$", "^$", "[a-z]", "[", "{2}", r#"{"type":"done""#, "a.b", ".5", "\\.a"]
    {
        assert_eq!(kind(text), ExpressionKind::Regular, "{text}");
    }
    for text in [r#"{"op":1}"#, "[1, 2]", "[]", r#"{ "a" : 1e400 } "#] {
        assert_eq!(kind(text), ExpressionKind::Json, "{text}");
    }
    for text in [".data.price > 100", ".[0]", r#"."a b""#, "$size > 5", "$dir == \"sent\"", "._x"] {
        assert_eq!(kind(text), ExpressionKind::Jq, "{text}");
    }
    let syntax = Syntax::of("not:not:not:hex:ff");
    assert_eq!((syntax.is_negated, syntax.kind, syntax.body), (true, ExpressionKind::Bytes, "ff"));
    assert_eq!(
        (kind("re:.a"), kind("jq:length"), kind("json:5")),
        (ExpressionKind::Regular, ExpressionKind::Jq, ExpressionKind::Json)
    );
}

#[test]
fn a_brace_that_is_no_repetition_means_itself() {
    assert!(matches(r#"{"type":"done""#, r#"x{"type":"done","id":7}"#));
    assert!(matches("^a{2}$", "aa") && !matches("^a{2}$", "a{2}"));
    assert!(matches("^a{ 2 , 3 }b{2,}$", "aabbb") && matches("a{,2}", "a{,2}"));
    assert!(matches("a{x}|{1}(?:{2})", "a{x}") && matches("a{x}|{1}(?:{2})", "{1}{2}"));
    assert!(matches(r"^\x{41}\p{L}[{2}]\{{$", "Aé{{{"));
    assert!(matches("(?i){A}", "{a}"));
    assert!(matches(r"[]{a]{3}", "]{a") && matches("{", "{") && matches("a{", "a{"));
}

#[test]
fn a_regular_expression_matches_binary_messages_that_are_text() {
    let expression = Expression::parse("a.c").unwrap();
    let binary = |payload| expression.judge(&Message { kind: Kind::Binary, ..message(payload) }).matches;
    assert!(binary("aéc".as_bytes()));
    assert!(!binary(b"abc\xff"));
    let bytes = Expression::parse(r"(?-u)\xff$").unwrap();
    assert!(bytes.judge(&message(b"abc\xff")).matches);
}

#[test]
fn json_is_contained() {
    let all = [
        (r#"{"op":1}"#, r#"{"d":null, "op" : 1.0}"#, true),
        (r#"{"op":1}"#, r#"{"op":"1"}"#, false),
        (r#"{"op":1}"#, r#"{"OP":1}"#, false),
        (r#"{"op":1}"#, r#"[{"op":1}]"#, false),
        (r#"{"op":1}"#, "op 1", false),
        ("{}", r#"{"a":1}"#, true),
        ("{}", "[]", false),
        (r#"{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"x":0,"b":[1e0,{"d":3,"c":20e-1}]}}"#, true),
        (r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, false),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
        (r#"{"a":"\u00e9"}"#, r#"{"\u0061":"é"}"#, true),
        (r#"{"a":"é"}"#, r#"{"x":"\ud800","a":"\u00E9"}"#, true),
        (r#"{"a":1}"#, r#"{"a":2,"a":1}"#, true),
        (r#"{"a":1e400}"#, r#"{"a":10E399}"#, true),
        (r#"{"a":123456789012345678901234567890}"#, r#"{"a":123456789012345678901234567891}"#, false),
        (r#"{"a":-0.0}"#, r#"{"a":0e9}"#, true),
        (r#"{"a":-1}"#, r#"{"a":1}"#, false),
        (r#"{"a":1e99999999999999999999}"#, r#"{"a":1e99999999999999999999}"#, true),
        (r#"{"a":null}"#, r#"{"b":null}"#, false),
        (r#"json:"x""#, r#" "x" "#, true),
        ("json:5", "5.0", true),
        (r#"{"a":1,"b":2}"#, r#"{"c":"}, \"a\":1","b":2}"#, false),
    ];
    for (expression, payload, expected) in all {
        assert_eq!(matches(expression, payload), expected, "{expression} in {payload}");
        assert_eq!(matches(&format!("not:{expression}"), payload), !expected, "not {expression} in {payload}");
    }
}

#[test]
fn a_message_of_any_depth_is_looked_into() {
    let deep = format!(r#"{{"deep":{}1{},"op":1}}"#, "[".repeat(200_000), "]".repeat(200_000));
    assert!(matches(r#"{"op":1}"#, &deep));
    assert!(!matches(r#"{"deep":1}"#, &deep));
    assert_eq!(JsonPath::plain(".op").unwrap().value(deep.as_bytes()).unwrap(), "1");
}

#[test]
fn bytes_are_found_anywhere() {
    let expression = Expression::parse("hex:00 ffE2").unwrap();
    assert!(expression.judge(&message(b"a\x00\xff\xe2b")).matches);
    assert!(!expression.judge(&message(b"\x00\xff")).matches);
}

#[test]
fn all_of_several_must_match() {
    let expressions: Vec<_> = ["a", "not:b", r#"{"c":1}"#].map(|text| Expression::parse(text).unwrap()).into();
    let runs = FilterRuns::default();
    let matches = |payload: &str| runs.judge_all(&expressions, &message(payload.as_bytes())).matches;
    assert!(matches(r#"{"a":0,"c":1}"#));
    assert!(!matches(r#"{"a":0,"c":1,"b":0}"#));
    assert!(runs.judge_all(&[], &message(b"x")).matches);
}

#[test]
fn a_path_gives_a_value_as_it_was_written() {
    let payload = r#"{"auth":{"token":"a\"b"},"n":[1.10, 123456789012345678901234567890, 1E5, 1e400],"o":{ "x" : [ 1, "a b" ] },
        "bad":"\ud800","a b":true,"a/b":{"~":null},"twice":1,"twice":2}"#;
    let all = [
        (".auth.token", "a\"b"),
        (".n[0]", "1.10"),
        (".n[1]", "123456789012345678901234567890"),
        (".n.[2]", "1E5"),
        (".n[-1]", "1e400"),
        (".o", r#"{"x":[1,"a b"]}"#),
        (r#".["a b"]"#, "true"),
        (r#"."a/b"["~"]"#, "null"),
        (".twice", "2"),
    ];
    for (path, expected) in all {
        assert_eq!(JsonPath::plain(path).unwrap().value(payload.as_bytes()).unwrap(), expected, "{path}");
    }
    for (pointer, expected) in [("/auth/token", "a\"b"), ("/n/0", "1.10"), ("/a~1b/~0", "null"), ("/o/x/1", "a b")] {
        assert_eq!(JsonPath::pointer(pointer).unwrap().value(payload.as_bytes()).unwrap(), expected, "{pointer}");
    }
    for (path, why) in
        [(".x", "nothing is at `.x`"), (".n[4]", "nothing is at `.n[4]`"), (".n[-5]", "nothing is at `.n[-5]`")]
    {
        assert_eq!(JsonPath::plain(path).unwrap().value(payload.as_bytes()).unwrap_err(), why);
    }
    assert_eq!(JsonPath::pointer("/n/00").unwrap().value(payload.as_bytes()).unwrap_err(), "nothing is at `/n/00`");
    assert!(JsonPath::plain(".bad").unwrap().value(payload.as_bytes()).unwrap_err().contains("surrogate"));
    assert_eq!(JsonPath::plain(".a").unwrap().value(b"hello").unwrap_err(), "the message is not JSON");
    for text in
        ["", "a", "..", ".a | .b", ".a[]", ".a?", ".a.", ".0", ".a b", ".[", r#"."a"#, ".a[1", ".[1:2]", ".a..b"]
    {
        assert_eq!(JsonPath::plain(text), None, "{text}");
    }
}

/// Those that are wrong, each with what must be said of it: where, and what may be meant.
const WRONG: [(&str, &str, &str); 73] = [
    ("foo(", "unclosed group, at character 4: `(`", "`\\(`"),
    ("foo)", "unopened group, at character 4: `)`", "`\\(`"),
    ("[abc", "unclosed character class, at character 1: `[abc`", "`\\[`"),
    ("[z-a]", "invalid character class range, the start must be <= the end, at character 2: `z-a]`", "[a-z]"),
    ("*a", "repetition operator missing expression, at character 1: `*a`", "`\\*`"),
    ("*price*", "at character 1: `*price*`", "`price` is found within"),
    ("$.price", "`$` is the end of the text, and more follows, at character 1: `$.price`", "`.price`"),
    ("$..price", "more follows, at character 1: `$..price`", "`.price`"),
    ("$[0].a", "more follows, at character 1: `$[0].a`", "no `$`"),
    ("$['a']", "more follows, at character 1: `$['a']`", "no `$`"),
    ("a|+b", "repetition operator missing expression, at character 3: `+b`", "`\\+`"),
    ("a{5,2}", "invalid repetition count range, the start must be <= the end, at character 2: `{5,2}`", "{2,5}"),
    (
        "(?=a)b",
        "look-around, including look-ahead and look-behind, is not supported, at character 1: `(?=a)b`",
        "`not:`",
    ),
    (r"(a)\1", r"backreferences are not supported, at character 4: `\1`", "jq compares"),
    (r"a\", r"incomplete escape sequence, reached end of pattern prematurely, at character 2: `\`", "`\\\\`"),
    (r"\y", r"unrecognized escape sequence, at character 1: `\y`", "`\\\\`"),
    (r"\p{Foo}", r"Unicode property not found, at character 1: `\p{Foo}`", "\\p{L}"),
    ("(?z)a", "unrecognized flag, at character 3: `z)a`", "(?i)"),
    ("{\"a\":1} (", "unclosed group, at character 9: `(`", "`\\(`"),
    ("a{1000}{1000}{1000}", "it is too large, at character 1", "smaller"),
    ("not:re:x(", "unclosed group, at character 9: `(`", "`\\(`"),
    ("json:{\"a\":1", "EOF while parsing an object, at the end", "cut short"),
    ("json:{'a':1}", "key must be a string, at character 7: `'a':1}`", "`\"`"),
    ("json:{\"a\":1,}", "key must be a string, at character 13: `}`", "no comma"),
    ("json:{a:1}", "key must be a string, at character 7: `a:1}`", "`\"`"),
    ("json:abc", "expected value, at character 6: `abc`", "`re:`"),
    ("json:", "EOF while parsing a value, at the end", "cut short"),
    ("json:/auth/token", "a value is missing, at character 6: `/auth/token`", "`/capture`"),
    (r#"{"a":"\ud800"}"#, r#"half of a surrogate pair, at character 6: `"\ud800"}`"#, "both halves"),
    ("hex:abc", "a digit is missing, at the end", "two digits"),
    ("hex:0x00", "this is no hexadecimal digit, at character 6: `x00`", "two digits"),
    ("hex:", "the bytes are missing, at the end", "two digits"),
    (".a.price >", "term is missing, at the end", "follows each operator"),
    (".a = 1", "`=` changes a value, at character 4: `= 1`", "`==` compares"),
    (".a === 1", "this does not belong here, at character 4: `=== 1`", "`==` compares"),
    (".a && .b", "this is no jq, at character 4: `&& .b`", "`and`"),
    (".a || .b", "this does not belong here, at character 4: `|| .b`", "`or`"),
    (".a == 'x'", "this is no jq, at character 7: `'x'`", "`\"`"),
    (".a == \"x", "this is not closed by `\"`, at character 7: `\"x`", "missing at the end"),
    (".a[", "this is not closed by `]`, at character 3: `[`", "missing at the end"),
    (".a | (.b", "this is not closed by `)`, at character 6: `(.b`", "missing at the end"),
    (".a | halt", "there is no such filter, at character 6: `halt`", "no filter ends the program"),
    (".a | lenght > 1", "there is no such filter, at character 6: `lenght > 1`", "`length` may be meant"),
    (".a == price", "there is no such filter, at character 7: `price`", "`.price`"),
    ("$direction == 1", "there is no such variable, at character 1: `$direction == 1`", "`$dir`"),
    (".a | contains", "`contains` needs an argument, at character 6: `contains`", "it takes 1"),
    ("not:.a | !.b", "term is missing, at character 10: `!.b`", "`| not`"),
    ("jq:if .a then", "term is missing, at the end", "follows each operator"),
    (".a is null", "does not belong here, at character 4: `is null`", "`==`"),
    (".a in (1,2)", "does not belong here, at character 4: `in (1,2)`", "one of them"),
    (".a contains \"x\"", "at character 4: `contains \"x\"`", "follows `|`"),
    (".a like \"x%\"", "at character 4: `like \"x%\"`", "test("),
    (".a between 1 and 2", "at character 4: `between 1 and 2`", "`.a >= 1"),
    (".a == 1 AND .b", "at character 9: `AND .b`", "lower case"),
    (".a == 1 OR .b", "at character 9: `OR .b`", "lower case"),
    (".a.startsWith(\"x\")", "at character 14: `(\"x\")`", "follows `|`"),
    (".a.length() > 3", "at character 10: `() > 3`", "`.list | length`"),
    (".a:\"x\"", "at character 3: `:\"x\"`", "`==`"),
    (".a == 1;", "at character 8: `;`", "between arguments"),
    (".a..b", "at character 3: `..b`", "any depth"),
    (".a@b", "at character 3: `@b`", "in quotes"),
    (".a-b", "there is no such filter, at character 4: `b`", "`.\"a-b\"`"),
    (".a.0", "key is missing, at character 4: `0`", "`.list[0]`"),
    (".a.0.b", "a digit is missing, at character 6: `b`", "`.list[0]`"),
    (".a.*", "key is missing, at character 4: `*`", "`.list[]`"),
    (".a[*].b", "term is missing, at character 4: `*].b`", "`.list[]`"),
    (".a[?(@.b > 1)]", "a name is missing, at character 7: `.b > 1)]`", "asks each element"),
    (".a == “x”", "this is no jq, at character 7: `“x”`", "around its strings"),
    (".a == undefined", "there is no such filter, at character 7: `undefined`", "`null`"),
    (".a == TRUE", "there is no such filter, at character 7: `TRUE`", "lower case"),
    (".a | @csv", "there is no such filter, at character 6: `@csv`", "`@base64`"),
    (".a =~ /x/", "this is no jq, at character 5: `~ /x/`", "test("),
    (".a | test(\"\\d\")", "this is no escape, at character 13: `d\")`", "also in a regular expression"),
];

#[test]
fn wrong_ones_are_told_where_and_what_may_be_meant() {
    let mut said = Vec::new();
    for (text, what, mend) in WRONG {
        let error = Expression::parse(text).expect_err(text);
        let (message, hint) = (error.to_string(), error.hint_text().unwrap_or_default().to_owned());
        if !message.contains(what) || !hint.contains(mend) || message.contains('\n') {
            said.push(format!("{text}\n  {message}\n  {hint}"));
        }
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn what_looks_like_another_language_is_doubted() {
    for (text, meant) in [
        ("price > 100", "jq begins with"),
        ("data.type == \"ping\"", "jq begins with"),
        ("select(.a)", "jq begins with"),
        ("not .a", "jq begins with"),
        ("not:| .a", "jq begins with"),
        ("//price", "jq looks at any depth"),
        ("..price", "jq looks at any depth"),
        ("/regex/i", "slashes are a part"),
        ("{op:1}", "no JSON"),
        ("{ 'op' : 1 }", "no JSON"),
        ("'.type == 1'", "quotes are a part"),
    ] {
        let doubt = Expression::parse(text).unwrap().doubt().unwrap_or_default();
        assert!(doubt.contains(meant), "{text}: {doubt}");
    }
    for text in [
        "price",
        "re:price > 100",
        ".price > 100",
        "/api/v1",
        "/price/",
        "//",
        "{\"type\":\"done\"",
        "{2}",
        "{a",
        "a|.b",
        "<b> > ",
        "it's",
        "..",
        ".*",
        "error: x < y",
        "[a-z]+ == ",
        "hex:00",
    ] {
        assert_eq!(Expression::parse(text).unwrap().doubt(), None, "{text}");
    }
}

#[test]
fn the_place_is_told_in_characters_and_long_ones_are_shortened() {
    let error = Expression::parse("éé(").unwrap_err().to_string();
    assert!(error.ends_with("unclosed group, at character 3: `(`"), "{error}");
    let error = Expression::parse(&format!("{}(", "x".repeat(10_000))).unwrap_err().to_string();
    assert!(error.len() < 200 && error.contains("at character 10001"), "{error}");
    let error = Expression::parse("{({(").unwrap_err().to_string();
    assert!(error.contains("at character 4"), "{error}");
}
