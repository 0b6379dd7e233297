//! `--filter`, `--jq`, `/filter`, `/find` and expressions elsewhere: what is shown, counted, found and waited for.

use std::fs;
use std::io::Write;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::terminal::key;
use crate::support::{Event, Frame, Server, Wscope, serve, websocket};

const FEED: [&str; 4] =
    [r#"{"id":1,"price":99}"#, r#"{"id":2,"price":1.10e2}"#, "hello", r#"{"id":3,"price":"\ud800"}"#];

/// Sends these in one segment, and a Close. The code of the answer is returned.
fn send(frames: impl IntoIterator<Item = Frame>) -> Server<Option<u16>> {
    let bytes: Vec<u8> = frames.into_iter().flat_map(|frame| frame.bytes()).collect();
    serve(move |mut connection| {
        connection.accept();
        connection.send(&bytes);
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame().0
    })
}

fn feed() -> Server<Option<u16>> {
    send(FEED.map(Frame::text))
}

fn with(flags: &[&str], server: &Server<Option<u16>>) -> Wscope {
    Wscope::new().args(flags.iter().copied()).arg(server.url())
}

#[test]
fn only_what_matches_is_shown_and_the_rest_counted() {
    let output = with(&["--filter", ".price > 100"], &feed()).run();
    output.exits(0).prints("{\"id\":2,\"price\":1.10e2}\n").says("3 messages are not shown: they do not match");
    let output = with(&["--filter", "id", "--filter", r#"not:{"id":1.0}"#], &feed()).run();
    output.exits(0).prints(format!("{}\n{}\n", FEED[1], FEED[3])).says("2 messages are not shown");
    let output = with(&["-q", "--filter", "never"], &feed()).run();
    output.exits(0).prints("").is_silent();
}

#[test]
fn what_cannot_be_judged_is_told_once() {
    let server = send([FEED[3], FEED[3], FEED[0]].map(Frame::text));
    let output = with(&["--filter", ".price == 99"], &server).run();
    output.exits(0).prints(format!("{}\n", FEED[0])).says("a message does not match, because jq cannot read it");
    assert_eq!(output.stderr.matches("said once").count(), 1);
}

/// What is looked for as a regular expression and looks like jq.
#[test]
fn an_expression_that_looks_like_another_language_is_noted() {
    const NOTE: &str = "`price > 100` is looked for as a regular expression: jq begins with `.` or `$`";
    for flag in ["--filter", "--until"] {
        with(&[flag, "price > 100"], &feed()).run().says(NOTE);
        with(&[flag, "re:price > 100"], &feed()).run().never_says(NOTE);
    }
    let server = websocket::echo();
    let mut terminal = Wscope::new().arg(server.url()).terminal(30, 100);
    terminal.wait_line(">");
    for (command, expression) in [("/filter", "a > 1"), ("/find", "b > 1"), ("/expect within=0.01", "c > 1")] {
        terminal.enter(&format!("{command} {expression}"));
        terminal.wait(&format!("`{expression}` is looked for as a regular expression"));
    }
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn what_is_shown_is_counted() {
    let server = websocket::echo();
    let sent = ["-x", r#"{"id":5}"#, "-x", r#"{"id":7}"#, "-x", r#"{"id":7,"n":2}"#];
    let output = Wscope::new().args(["-1", "--filter", ".id==7"]).args(sent).arg(server.url()).run();
    output.exits(0).prints("{\"id\":7}\n").says("1 message is not shown: it does not match");
    let output = with(&["-1", "--filter", "y"], &send([Frame::text("x")])).run();
    output.exits(8).says("0 of 1 message that matches the filter had come when the session ended");
}

#[test]
fn events_and_other_formats_are_filtered_too() {
    let output = with(&["--output", "json", "--filter", ".id == 2"], &feed()).run();
    let stdout = String::from_utf8(output.exits(0).stdout.clone()).unwrap();
    let types: Vec<_> = stdout.lines().filter_map(|line| line.split('"').nth(3)).collect();
    assert_eq!(types, ["open", "message", "close"]);
    let server = send([Frame::binary(b"\x00\xff\x01"), Frame::binary("ab"), Frame::binary(vec![b'x'; 300_000])]);
    let output = with(&["--output", "hex", "--filter", "hex:ff"], &server).run();
    output.exits(0).prints("00ff01\n").says("2 messages are not shown");
    let server = send([Frame::binary(vec![b'x'; 300_000]), Frame::binary(vec![b'y'; 300_000])]);
    with(&["--filter", "^y*$"], &server).run().exits(0).prints(vec![b'y'; 300_000]);
}

#[test]
fn what_is_recorded_does_not_change() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.jsonl", "a.log", "a.har"] {
        let path = folder.path().join(name);
        let record = format!("--record={}", path.display());
        let output = with(&[&record, "--filter", ".id == 2", "--jq", ".price"], &feed()).run();
        output.exits(0).prints("1.10e2\n");
        let recorded = fs::read_to_string(&path).unwrap();
        assert!(["hello", "99", "1.10e2"].iter().all(|part| recorded.contains(part)), "{recorded}");
    }
}

#[test]
fn jq_makes_what_is_shown() {
    let server = send([FEED[0], FEED[1], "hello", r#"{"id":"a\nb"}"#].map(Frame::text));
    let output = with(&["--jq", "select(.id != 1) | .id, .price"], &server).run();
    output
        .exits(0)
        .prints("2\n1.10e2\nhello\na\nb\nnull\n")
        .says("jq fails, and the message is shown as it was: cannot index");
    assert_eq!(output.stderr.matches("said once").count(), 1);
    let server = feed();
    Wscope::new().args(["--jq", ".", "--output", "json"]).arg(server.url()).run().exits(2).says("--output json");
}

#[test]
fn until_takes_every_kind_of_expression() {
    for (until, printed) in [
        (r#"{"price":110}"#, 2),
        (".id == 2", 2),
        ("hex:6c6c6f", 3),
        ("not:price", 3),
        (r#"{"id":2"#, 2),
        ("$size < 6", 3),
    ] {
        let output = with(&["--until", until], &feed()).run();
        output.exits(0).prints(FEED[..printed].join("\n") + "\n");
    }
    let large = [vec![b'x'; 200_000], b"end".to_vec()].concat();
    let server = send([Frame::binary(&large), Frame::text("more")]);
    with(&["--until", "end$"], &server).run().exits(0).prints(large);
}

#[test]
fn a_wrong_expression_is_refused_before_anything_is_sent() {
    for (flag, wrong, said) in [
        ("--filter", ".price >", "term is missing, at the end"),
        ("--until", "a(", "unclosed group, at character 2: `(`"),
        ("--jq", ".a | halt", "no filter ends the program"),
    ] {
        let output = Wscope::new().args([flag, wrong, "ws://127.0.0.1:1"]).run();
        output.exits(2).says(flag).says(said);
    }
}

#[test]
fn a_signal_ends_a_filter_that_does_not_end() {
    for flags in [["--filter", "jq:[until(false; .)] | true"], ["--jq", "until(false; .)"]] {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("1"));
            connection
        });
        let program = Wscope::new().without_waiting().args(["-N", "-v"]).args(flags).arg(server.url()).spawn();
        program.wait_stderr("HTTP/1.1 101");
        program.signal(Signal::SIGINT);
        program.finish().exits(130);
    }
}

#[test]
fn a_script_expects_and_captures_with_expressions() {
    let wscope = Wscope::new();
    let script = wscope.home().join("test.ws");
    let lines = [
        r#"{"auth":{"token":"t\"1","n":1.10},"list":[1]}"#,
        r#"/expect within=5 {"auth":{"n":1.1}}"#,
        "/capture token .auth.token",
        "/capture n .auth.n",
        "/capture half .auth.n | . * 2",
        r#"{"token":"${json:token}","n":${n},"twice":${half}}"#,
        r#"/expect within=5 .token == "${json:token}" and .n == ${n}"#,
        "/binary 63 61",
        "/expect within=5 hex:6361",
    ];
    fs::write(&script, lines.join("\n")).unwrap();
    let server = websocket::echo();
    wscope.arg("--script").arg(script).args(["-w", "0"]).arg(server.url()).run().exits(0);
    assert_eq!(server.outcome().texts()[1], r#"{"token":"t\"1","n":1.10,"twice":2.2}"#);
}

#[test]
fn a_script_expects_and_captures_what_a_dialect_says() {
    let wscope = Wscope::new();
    let script = wscope.home().join("test.ws");
    let lines = [
        r#"{"jsonrpc":"2.0","id":1,"method":"sum"}"#,
        r#"/expect within=5 $note == "answers sum""#,
        "/capture said jq:$note",
        "${said}",
    ];
    fs::write(&script, lines.join("\n")).unwrap();
    let server = serve(|mut connection| {
        connection.accept();
        connection.frame();
        connection.send_frame(&Frame::text(r#"{"jsonrpc":"2.0","id":1,"result":3}"#));
        let said = connection.frame();
        connection.close_frame();
        said.as_text().to_owned()
    });
    wscope.args(["--dialect", "json-rpc", "-w", "0", "--script"]).arg(script).arg(server.url()).run().exits(0);
    assert_eq!(server.outcome(), "answers sum");
}

#[test]
fn the_prompt_filters_finds_and_reshapes() {
    let server = websocket::echo();
    let mut terminal = Wscope::new().arg(server.url()).terminal(30, 80);
    terminal.wait_line(">");
    terminal.enter(r#"{"id":1}"#);
    terminal.wait(r#"< {"id":1}"#);
    terminal.enter("/filter .id > 1");
    terminal.enter("/filter");
    terminal.wait("shown: `.id > 1`");
    terminal.enter(r#"{"id":0}"#);
    terminal.enter(r#"{"id":2}"#);
    terminal.wait(r#"< {"id":2}"#);
    terminal.enter("/stats");
    terminal.wait("1 message is not shown: it does not match");
    terminal.enter(r#"/find {"id":0}"#);
    terminal.wait(r#"#2 {"id":0}"#);
    terminal.wait(r#"1 of 3 messages matches `{"id":0}`"#);
    terminal.enter("/filter off");
    terminal.enter("/set jq \"number \\(.id)\"");
    terminal.enter(r#"{"id":4}"#);
    terminal.wait("< number 4");
    terminal.enter("/filter .id >");
    terminal.wait("term is missing, at the end");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn a_server_shows_only_what_matches() {
    let program = Wscope::new().args(["listen", "0", "--filter", ".n == 2"]).stdin_held().spawn();
    program.wait_stderr("Listening on ");
    let stderr = program.stderr();
    let url = stderr.split_whitespace().find(|word| word.starts_with("ws://")).unwrap().to_owned();
    Wscope::new().args(["-x", r#"{"n":1}"#, "-x", r#"{"n":2}"#, "-w", "0"]).arg(url).run().exits(0);
    program.wait_stdout(r#"{"n":2}"#);
    program.wait_stderr("1 message is not shown");
    program.signal(Signal::SIGINT);
    program.finish().prints("{\"n\":2}\n");
}

#[test]
fn what_passes_between_two_is_filtered_in_both_directions() {
    let server = websocket::echo();
    let program = Wscope::new().args(["tap", "0", &server.url(), "--jq", "$dir", "--filter", ".n == 2"]).spawn();
    program.wait_stderr("Tapping ");
    let stderr = program.stderr();
    let url = stderr.split_whitespace().filter(|word| word.starts_with("ws://")).nth(1).unwrap().to_owned();
    let sent = [r#"{"n":1}"#, r#"{"n":2}"#];
    let client = Wscope::new().args(["--count", "2", "-x", sent[0], "-x", sent[1]]).arg(url).run();
    client.exits(0).prints(format!("{}\n{}\n", sent[0], sent[1]));
    program.wait_stdout("received");
    program.wait_stderr("2 messages are not shown");
    program.signal(Signal::SIGINT);
    program.finish().prints("[1] > sent\n[1] < received\n");
}

/// Sends two messages, and then pongs until the program reads nothing: `stuck` has happened then. When it reads again, its
/// Close is answered.
fn send_until_stuck(stuck: &Event) -> Server<Option<u16>> {
    let stuck = stuck.clone();
    serve(move |mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("first"));
        connection.frame();
        connection.send_frame(&Frame::text("second"));
        let pong = Frame::pong(vec![b'x'; 100]).bytes();
        let mut rest = pong.repeat((32 << 20) / pong.len());
        connection.socket().set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        while let Ok(count) = connection.socket().write(&rest) {
            rest.drain(..count);
        }
        assert!(!rest.is_empty(), "the program reads on");
        stuck.happens();
        connection.socket().set_write_timeout(None).unwrap();
        connection.send(&rest);
        connection.close_frame().0
    })
}

#[test]
fn ctrl_c_interrupts_a_filter_that_does_not_end_and_the_session_goes_on() {
    for (flags, line, said) in [
        (&["--filter", "jq:. == \"first\" or until(false; .)"][..], "", "until(false; .)` was interrupted and is off"),
        (&[][..], "/filter not:jq:last(repeat(1))", "the filter `not:jq:last(repeat(1))` was interrupted and is off"),
        (&[][..], "/set jq [range(infinite)] | 1", "was interrupted: messages are shown as they are"),
        (&["--until", "jq:. != \"first\" and until(false; .)"][..], "", "no message matches it any more"),
    ] {
        let stuck = Event::new();
        let server = send_until_stuck(&stuck);
        let mut terminal = Wscope::new().args(flags).arg(server.url()).terminal(24, 80);
        terminal.wait("< first");
        if !line.is_empty() {
            terminal.enter(line);
        }
        terminal.enter("hello");
        stuck.wait();
        terminal.press(key::CTRL_C);
        terminal.wait_until(said, |screen| {
            screen.contents().split_whitespace().collect::<Vec<_>>().join(" ").contains(said)
        });
        terminal.wait("< second");
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.wait_end();
        assert_eq!(server.outcome(), Some(1000));
    }
}

#[test]
fn ctrl_c_interrupts_a_command_whose_filter_does_not_end() {
    for (line, said) in [
        ("/find jq:until(false; .)", "`jq:until(false; .)` was interrupted"),
        ("/expect jq:def f: f; f", "`jq:def f: f; f` was interrupted"),
        ("/capture x jq:last(repeat(1))", "no `x`: the filter was interrupted"),
    ] {
        let server = websocket::echo();
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait_line(">");
        terminal.enter("hello");
        terminal.wait("< hello");
        terminal.enter(line);
        terminal.wait("Ctrl-C gives up");
        terminal.press(key::CTRL_C);
        terminal.wait(said);
        terminal.enter("again");
        terminal.wait("< again");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }
}
