//! jq: what a filter gets, what comes of it, and what no message can do.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::pattern::{Expression, FilterRuns};

/// The stack of the main thread, and half of what the others that judge messages have.
const STACK: usize = 8 << 20;

fn message(payload: &[u8]) -> Message<'_> {
    let kind = if str::from_utf8(payload).is_ok() { Kind::Text } else { Kind::Binary };
    Message { direction: Direction::Received, kind, payload, note: Some("ack 12") }
}

fn holds(filter: &str, payload: &str) -> Result<bool, String> {
    JqFilter::compile_condition(filter).unwrap().holds(&message(payload.as_bytes()))
}

fn applied(filter: &str, payload: &str) -> Result<Vec<String>, String> {
    let texts = JqFilter::parse(filter).unwrap().apply(&message(payload.as_bytes()))?;
    Ok(texts.into_iter().map(|text| String::from_utf8(text).unwrap()).collect())
}

#[test]
fn a_filter_holds_where_any_result_is_true() {
    let payload = r#"{"type":"ticker","data":{"price":101.5},"tags":["a","b"]}"#;
    for filter in [
        ".data.price > 100",
        ".tags[] == \"b\"",
        "select(.type)",
        ".type | test(\"^tick\")",
        ".type | test(\"TICK\"; \"i\")",
        "$size > 10 and $op == \"text\" and $dir == \"received\" and $note == \"ack 12\"",
        ".data | has(\"price\")",
        "[.tags[] | ascii_upcase] == [\"A\",\"B\"]",
    ] {
        assert_eq!(holds(filter, payload), Ok(true), "{filter}");
    }
    for filter in [".data.price > 102", ".nothing", "empty", ".tags[] == \"c\"", "null, false"] {
        assert_eq!(holds(filter, payload), Ok(false), "{filter}");
    }
    assert_eq!(holds(".a", "[1]"), Err("cannot index [1] with \"a\"".to_owned()));
}

#[test]
fn what_is_no_json_is_a_string() {
    assert_eq!(holds("startswith(\"he\")", "hello"), Ok(true));
    assert_eq!(holds(".data.price < 5", "hello"), Ok(false));
    let binary = JqFilter::compile_condition("$op == \"binary\" and $size == 2").unwrap();
    assert_eq!(binary.holds(&message(b"\xff\x00")), Ok(true));
    let negated = Expression::parse("not:.type == \"ping\"").unwrap();
    assert!(negated.judge(&message(b"hello")).matches);
}

#[test]
fn results_are_texts_or_json() {
    let payload = r#"{"n":[1.10,123456789012345678901234567890,1E5],"t":"a\nb","o":{"x":null}}"#;
    assert_eq!(
        applied(".t, .n, .o", payload).unwrap(),
        ["a\nb", "[1.10,123456789012345678901234567890,1E5]", r#"{"x":null}"#]
    );
    assert_eq!(applied("empty", payload).unwrap(), [""; 0]);
    assert_eq!(applied("\"\\(.n[0] + 1) \\($dir)\"", payload).unwrap(), ["2.1 received"]);
    assert_eq!(
        applied(".t | @base64, (@base64 | @base64d), @uri, @json", payload).unwrap(),
        ["YQpi", "a\nb", "a%0Ab", "\"a\\nb\""]
    );
    assert_eq!(applied("0 | todate, (todate | fromdate)", "0").unwrap(), ["1970-01-01T00:00:00Z", "0"]);
    assert_eq!(
        applied("[match(\"(?<x>é)b\"; \"g\") | .offset, .captures[0].name]", "aéb éb").unwrap(),
        [r#"[1,"x",4,"x"]"#]
    );
    assert_eq!(
        applied("sub(\"(?<d>[0-9]+)\"; \"<\\(.d)>\"), [splits(\", *\")], [scan(\"[a-z]\")]", "a1, b2").unwrap(),
        ["a<1>, b2", r#"["a1","b2"]"#, r#"["a","b"]"#]
    );
    assert_eq!(applied("pow(.; 2), sqrt, floor", "9").unwrap(), ["81.0", "3.0", "9"]);
}

#[test]
fn what_jq_cannot_read_is_told() {
    let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(holds(".", &nested(128)), Ok(true));
    assert_eq!(holds(".", &nested(129)), Err("it is nested deeper than 128".to_owned()));
    assert_eq!(holds(".", &"1".repeat(1001)), Err("it has a number of more than 1000 digits".to_owned()));
    assert!(holds(".a", r#"{"a":"\ud800"}"#).unwrap_err().starts_with("jq cannot read it: byte offset "));
    assert_eq!(applied("fromjson", &format!("\"{}\"", nested(129))), Err("it is nested deeper than 128".to_owned()));
    assert_eq!(applied("fromjson", r#""NaN""#), Err("this text is not JSON".to_owned()));
}

#[test]
fn no_message_ends_the_program() {
    for filter in [".s * .n", ".n * .s", ".s *= .n", ". as {$s, $n} | $s * $n", "\"\\(.s * .n)\""] {
        let filter = format!("({filter}), \"end\"");
        for times in ["1000000000000000000", "99999999999999999999999999"] {
            let error = applied(&filter, &format!(r#"{{"s":"abc","n":{times}}}"#)).unwrap_err();
            assert_eq!(error, "a text would become longer than 64 MiB", "{filter}");
        }
    }
    assert_eq!(
        applied(".s * .n, 2 * 3, (.o *= {b:2} | .o)", r#"{"s":"ab","n":2,"o":{"a":1}}"#).unwrap(),
        ["abab", "6", r#"{"a":1,"b":2}"#]
    );
    assert!(applied(".a[.n] = 1", r#"{"a":[],"n":1000000000000}"#).is_err());
    assert_eq!(applied(".a % .b", r#"{"a":-9223372036854775808,"b":-1}"#).unwrap(), ["0"]);
    assert!(applied(".a % .b", r#"{"a":1,"b":0}"#).is_err());
    assert!(applied("implode", "[-9223372036854775807, 1114112]").is_err());
    assert!(applied("todate", "1e300").is_err());
    assert!(applied(".a as $a | .t | test($a)", r#"{"a":"((a{1000}){1000}){1000}","t":"x"}"#).is_err());
    assert_eq!(applied("[.a, .b | floor, round, length]", r#"{"a":1e400,"b":-1.5}"#).unwrap().len(), 1);
}

#[test]
fn a_number_does_not_grow_until_its_product_takes_for_ever() {
    let squares = |count: u32| applied(&format!("reduce range({count}) as $i (10; . * .) | tostring | length"), "1");
    assert_eq!(squares(16), Ok(vec!["65537".to_owned()]));
    assert_eq!(squares(60), Err("a number would become longer than 262144 bits".to_owned()));
    assert_eq!(applied("reduce range(60) as $i (10; . *= .)", "1"), squares(60));
}

#[test]
fn what_is_replaced_takes_memory_and_time_that_grow_with_the_message() {
    // That took 1.4 gigabytes, and a message of 1 MiB all that there was.
    let replaced = applied("gsub(\"a\"; \"b\")", &"a".repeat(50_000)).unwrap();
    assert!(replaced == ["b".repeat(50_000)]);
    assert_eq!(applied("gsub(\"(?<x>a)\"; \"\\(.x)c\")", "ab a").unwrap(), ["acb ac"]);
    assert_eq!(applied("gsub(\"\"; \"-\"), sub(\"a\"; empty), gsub(\"x\"; 1)", "aa").unwrap(), ["-a-a-", "a", "aa"]);
    assert!(applied("sub(\"a\"; 1)", "aa").is_err());
}

#[test]
fn the_deepest_message_leaves_stack_to_the_filters_that_walk() {
    let walking = thread::Builder::new().stack_size(STACK).spawn(walk_the_deepest_message).unwrap();
    assert!(walking.join().is_ok());
}

fn walk_the_deepest_message() {
    let nested = format!("{}1{}", "{\"a\":[".repeat(64), "]}".repeat(64));
    for filter in [
        "[..] | length",
        "walk(.)",
        "[paths] | length",
        "tojson | fromjson",
        "[recurse(.[]?)] | last",
        ". == .",
        "[leaf_paths]",
        "del(..|numbers)",
        "def f: if type == \"number\" then . else (.[] |= f) end; f",
    ] {
        let Ok(filter) = JqFilter::parse(filter) else { continue };
        assert!(filter.apply(&message(nested.as_bytes())).is_ok(), "{filter}");
    }
    let deep = format!("{}1{}", "(".repeat(150), ")".repeat(150));
    assert_eq!(applied(&deep, &nested).unwrap(), ["1"]);
    let chain = vec!["."; 190].join("|");
    assert_eq!(applied(&chain, "1").unwrap(), ["1"]);
    for deep in
        ["(".repeat(10_000), "-".repeat(16_000), "[".repeat(10_000), "if ".repeat(5_000), vec!["."; 8_000].join("|")]
    {
        assert!(JqFilter::parse(&deep).is_err());
    }
}

#[test]
fn too_much_output_is_told() {
    assert_eq!(
        applied("repeat(\"0123456789\" * 100000)", "0"),
        Err("it makes more than 64 MiB of one message".to_owned())
    );
}

#[test]
fn a_filter_that_calls_itself_for_ever_is_an_error() {
    for filter in [
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: f | 1; f",
        "def f: {a: f}; f",
        "def f: try error(\"x\") catch f; f",
        "(.[0] | until(false; .)) |= 2",
    ] {
        let running = thread::Builder::new().stack_size(STACK).spawn(move || applied(filter, "[1,2]")).unwrap();
        assert_eq!(running.join().unwrap(), Err("it calls itself too deeply".to_owned()), "{filter}");
    }
}

/// How soon an interrupted filter ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said of a message with which this filter is busy until it is interrupted.
fn interrupted(filter: &JqFilter) -> Result<Vec<Vec<u8>>, String> {
    let (runs, deadline) = (FilterRuns::default(), Instant::now() + PATIENCE);
    let (ended, result) = mpsc::channel();
    let (judging, with) = (filter.clone(), runs.clone());
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || ended.send(with.apply(&judging, &message(b"[1,2]"))))
        .unwrap();
    while !runs.interrupt(Duration::from_millis(10)) {
        assert!(Instant::now() < deadline, "it does not begin");
    }
    let result = result.recv_timeout(PATIENCE).expect("it does not end");
    assert!(!runs.interrupt(Duration::ZERO));
    result
}

#[test]
fn a_filter_that_does_not_end_is_interrupted() {
    let product = vec!["(.[], .[])"; 60].join(" + ");
    for filter in [
        "def f: f; f",
        "until(false; .)",
        "last(repeat(1))",
        "[limit(1e18; repeat(empty))]",
        "last(range(infinite))",
        "reduce range(0; 1; 0) as $x (0; . + 1)",
        "[.[] | recurse] | [.[] | recurse(.)]",
        "first(repeat(1) | select(. == 2)) // 3",
        "path(last(repeat(.[0])))",
        "[range(40) | [range(10)]] | combinations",
        &product,
        "[repeat(.[]?)] | length",
    ] {
        let filter = JqFilter::parse(filter).unwrap();
        assert_eq!(interrupted(&filter), Err(INTERRUPTED.to_owned()), "{filter}");
        assert_eq!(filter.apply(&message(b"1")), Err(INTERRUPTED.to_owned()), "for good");
        assert!(filter.is_interrupted());
    }
}

#[test]
fn what_could_not_be_judged_because_it_was_interrupted_does_not_match() {
    for written in ["jq:.", "not:jq:."] {
        let expression = Expression::parse(written).unwrap();
        expression.jq().unwrap().interrupt();
        let verdict = expression.judge(&message(b"no json"));
        assert_eq!((verdict.matches, verdict.trouble), (false, Some(INTERRUPTED.to_owned())));
    }
}
