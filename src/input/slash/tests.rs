//! What lines at the prompt mean, and what is said of those that mean nothing.

use super::*;
use crate::input::Variables;
use crate::pattern::{JsonPath, RegularExpression};

fn command(line: &str) -> Command {
    match parse(line).unwrap() {
        Line::Command(command) => command,
        other => panic!("{line} is {other:?}"),
    }
}

fn message(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn only_a_slash_in_column_one_makes_a_command() {
    assert_eq!(parse("").unwrap(), Line::Empty);
    assert_eq!(parse("hello").unwrap(), Line::Text("hello".into()));
    assert_eq!(parse(" /quit").unwrap(), Line::Text(" /quit".into()));
    assert_eq!(parse("//quit").unwrap(), Line::Text("/quit".into()));
    assert_eq!(parse("///").unwrap(), Line::Text("//".into()));
    assert_eq!(parse("{\n}").unwrap(), Line::Text("{\n}".into()));
    assert_eq!(command("/quit"), Command::Quit);
    assert_eq!(command("/quit  "), Command::Quit);
}

#[test]
fn text_and_control_payloads_are_taken_literally() {
    assert_eq!(command("/text"), Command::Text(String::new()));
    assert_eq!(command("/text  /two spaces "), Command::Text(" /two spaces ".into()));
    assert_eq!(command("/ping"), Command::Ping(String::new()));
    assert_eq!(command("/pong are you there"), Command::Pong("are you there".into()));
    assert_eq!(message(&format!("/ping {}", "x".repeat(126))), "a control frame carries at most 125 bytes, not 126");
}

#[test]
fn close_takes_what_may_be_on_the_wire() {
    assert_eq!(command("/close"), Command::Close(CloseCode::Normal, String::new()));
    assert_eq!(command("/close 1000"), Command::Close(CloseCode::Normal, String::new()));
    assert_eq!(command("/close 4001 good bye"), Command::Close(CloseCode::Library(4001), "good bye".into()));
    assert_eq!(message("/close 1006"), "close code 1006 must not be on the wire");
    assert_eq!(message("/close soon"), "`soon` is not a close code");
    assert_eq!(message(&format!("/close 1000 {}", "é".repeat(62))), "a close reason has at most 123 bytes, not 124");
}

#[test]
fn settings_are_switched_by_name() {
    assert_eq!(command("/set hex on"), Command::Set { setting: Setting::Hex, on: true });
    assert_eq!(command("/set ping-pong off"), Command::Set { setting: Setting::PingPong, on: false });
    let utc = Setting::TimestampKind(crate::output::Timestamps::Utc);
    assert_eq!(command("/set timestamps utc"), Command::Set { setting: utc, on: true });
    assert_eq!(message("/set timestamps x"), "timestamps are on, off, local, utc or relative, not `x`");
    assert_eq!(message("/set hexx on"), "no setting `hexx`, did you mean `hex`?");
    assert_eq!(message("/set hex maybe"), "a setting is `on` or `off`, not `maybe`");
    assert_eq!(message("/set"), "usage: /set frames|hex|timestamps|pretty|ping-pong|jq on|off");
}

#[test]
fn expectations_read_the_rest_of_the_line() {
    let ten = Duration::from_secs(10);
    assert_eq!(
        command("/expect a  b "),
        Command::Expect { within: ten, expression: Expression::parse("a  b ").unwrap() }
    );
    assert_eq!(
        command("/expect within=0.5 within=x"),
        Command::Expect { within: Duration::from_millis(500), expression: Expression::parse("within=x").unwrap() }
    );
    assert_eq!(
        command("/expect-close 4001"),
        Command::ExpectClose { within: ten, code: Some(CloseCode::Library(4001)) }
    );
    assert_eq!(command("/expect-close within=1"), Command::ExpectClose { within: Duration::from_secs(1), code: None });
    for never in ["0", "99", "999", "5000", "65536"] {
        assert_eq!(message(&format!("/expect-close {never}")), format!("`{never}` is not a close code"));
    }
    assert_eq!(command("/expect-quiet 2"), Command::ExpectQuiet(Duration::from_secs(2)));
    assert_eq!(command("/wait 0"), Command::Wait(Duration::ZERO));
    assert_eq!(message("/wait -1"), "`-1` is not a number of seconds");
    assert_eq!(message("/to 1 /latency 1e19"), "1000000000 seconds is the most");
    assert_eq!(message("/expect"), "usage: /expect [within=SECONDS] EXPRESSION");
}

#[test]
fn captures_name_their_variable_and_what_to_take() {
    assert_eq!(
        command("/capture token json:/auth/0/token"),
        Command::Capture { name: "token".into(), from: Capture::Path(JsonPath::pointer("/auth/0/token").unwrap()) }
    );
    assert_eq!(
        command("/capture id re:id=(\\d+) now"),
        Command::Capture {
            name: "id".into(),
            from: Capture::Regular(RegularExpression::parse("id=(\\d+) now").unwrap())
        }
    );
    assert_eq!(message("/capture 1x re:a"), "`1x` is not a name: letters, digits and `_`, no digit first");
    assert_eq!(message("/capture x token"), "usage: /capture NAME PATH|json:POINTER|re:REGEX");
}

#[test]
fn no_captured_value_becomes_a_path_in_any_command() {
    let mut values = Variables::new(|name| (name == "HOME").then(|| "/home/me".into()));
    for captured in ["/etc/passwd", "@/etc/passwd", "op=text @~/x", "1"] {
        values.set("x", captured);
        let written = ["${x}", "@${x}", "${x}@", "@/tmp/${x}", "op=text ${x}", "len=${x} @/tmp/y"];
        for (usage, arguments) in COMMANDS.iter().flat_map(|usage| written.map(|arguments| (usage, arguments))) {
            let line = format!("/{} {arguments}", usage.name);
            let parsed = parse_with(&line, |text, quoting| values.expand(text, quoting));
            let file = parsed.ok().and_then(|line| match line {
                Line::Command(command) => command.file().map(Path::to_path_buf),
                Line::Text(_) | Line::Empty => None,
            });
            assert_eq!(file, None, "{line} with {captured}");
        }
    }
    let own = parse_with("/file ${env:HOME}/$${x}", |text, quoting| values.expand(text, quoting)).unwrap();
    assert_eq!(own, Line::Command(Command::File("/home/me/${x}".into())));
}

#[test]
fn a_misspelt_command_is_told_what_was_meant() {
    assert_eq!(message("/pnig"), "unknown command `/pnig`, did you mean `/ping`?");
    assert_eq!(message("/recon"), "unknown command `/recon`, did you mean `/reconnect`?");
    assert_eq!(message("/usr/bin/env"), "unknown command `/usr/bin/env`, `/help` lists them");
    assert_eq!(message("/"), "unknown command `/`, `/help` lists them");
    assert_eq!(message("/quit now"), "usage: /quit");
}

#[test]
fn no_value_makes_an_expression_another_one() {
    let mut values = Variables::new(|_| None);
    let expression = |values: &Variables, line: &str| match parse_with(line, |text, quoting| {
        values.expand(text, quoting)
    })
    .unwrap()
    {
        Line::Command(Command::Expect { expression, .. } | Command::Find(expression)) => expression.to_string(),
        other => panic!("{other:?}"),
    };
    for (captured, expected) in [
        ("a.b", "a\\.b"),
        ("not:x", "re:not:x"),
        ("jq:halt", "re:jq:halt"),
        ("hex:00", "re:hex:00"),
        (".a", "\\.a"),
        ("{}", "\\{\\}"),
    ] {
        values.set("x", captured);
        assert_eq!(expression(&values, "/expect ${x}"), expected);
        assert_eq!(expression(&values, "/find not:${x}"), format!("not:{expected}"));
    }
    values.set("x", "7");
    assert_eq!(expression(&values, r#"/expect within=1 {"id":${x}}"#), r#"{"id":7}"#);
    assert_eq!(expression(&values, "/expect .id == ${x}"), ".id == 7");
    values.set("x", "7.1");
    assert_eq!(expression(&values, r#"/expect {"id":${x},"#), r#"{"id":7\.1,"#);
}

#[test]
fn filters_and_paths_are_understood() {
    assert_eq!(command("/filter"), Command::Filter(FilterChange::None));
    assert_eq!(command("/filter off "), Command::Filter(FilterChange::Off));
    assert_eq!(command("/filter .a > 1"), Command::Filter(FilterChange::To(Expression::parse(".a > 1").unwrap())));
    assert_eq!(command("/set jq .a | .b"), Command::Jq(Some(JqFilter::parse(".a | .b").unwrap())));
    assert_eq!(command("/set jq off"), Command::Jq(None));
    let path = Capture::Path(JsonPath::plain(".auth.token").unwrap());
    assert_eq!(command("/capture t .auth.token"), Command::Capture { name: "t".into(), from: path });
    let jq = Capture::Jq(JqFilter::parse(".a[] | .b").unwrap());
    assert_eq!(command("/capture t .a[] | .b"), Command::Capture { name: "t".into(), from: jq });
    assert_eq!(message("/find"), "usage: /find EXPRESSION");
    assert!(message("/filter .a >").starts_with("`.a >` is not a jq filter: term is missing, at the end"));
    assert!(message("/set jq .a >").starts_with("`.a >` is not a jq filter"));
}
