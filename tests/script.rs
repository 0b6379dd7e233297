//! Scripts: what they send and expect, and what is said when it doesn't come.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::frame::opcode;
use crate::support::program::Output;
use crate::support::server::unused_port;
use crate::support::{Connection, Event, Frame, MIB, Server, Wscope, serve, websocket};

/// Logs in, takes the token from the reply, subscribes, and sees it through.
const LOGIN: &str = r#"#!/usr/bin/env -S wscope --script
# Log in, subscribe, see three pushes.
{"op":"login","user":"${env:LOGIN}"}
/expect "ok":true
/capture token json:/auth/token

{"op":"subscribe","token":"${json:token}"}
/expect within=2 "push":1,"for":"${token}"
/expect within=2 "push":2
/expect within=2 "push":3
/expect-close 4001
"#;

/// A script in a file `test.ws`.
struct Script {
    folder: TempDir,
}

impl Script {
    fn new(text: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        fs::write(folder.path().join("test.ws"), text).expect("a file can be written");
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("test.ws")
    }
}

/// Runs `script` against `url`.
#[track_caller]
fn run(script: &str, url: String) -> Output {
    let script = Script::new(script);
    Wscope::new().arg("--script").arg(script.path()).arg(url).env("LOGIN", "ann").run()
}

/// Runs `script` without a server: only what is wrong with it can be found.
#[track_caller]
fn check(script: &str) -> Output {
    run(script, format!("ws://127.0.0.1:{}", unused_port()))
}

/// Accepts, then does as `talk` says, then sees the session end.
fn server(talk: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        connection.accept();
        talk(&mut connection);
        while connection.frame_or_end().is_some() {}
    })
}

/// Accepts, sends `messages` in the same segment so that they are there when the session opens, and answers the Close.
fn push(messages: &'static [&'static str]) -> Server<()> {
    serve(move |mut connection| {
        let mut segment = connection.request().acceptance("").into_bytes();
        segment.extend(messages.iter().flat_map(|message| Frame::text(message).bytes()));
        connection.send(segment);
        connection.answer_close();
        while connection.frame_or_end().is_some() {}
    })
}

/// Closes in this way as soon as the session is open.
fn close(code: u16, reason: &'static str) -> Server<()> {
    server(move |connection| connection.send_frame(&Frame::close(code, reason)))
}

#[track_caller]
fn text(connection: &mut Connection) -> String {
    let frame = connection.frame();
    assert_eq!(frame.opcode, opcode::TEXT);
    String::from_utf8(frame.payload).expect("text")
}

/// The server that [`LOGIN`] is for.
fn login_server() -> Server<()> {
    server(|connection| {
        assert_eq!(text(connection), r#"{"op":"login","user":"ann"}"#);
        connection.send_frame(&Frame::text(r#"{"auth":{"token":"a\"(b"},"ok":true}"#));
        assert_eq!(text(connection), r#"{"op":"subscribe","token":"a\"(b"}"#);
        for number in 1..=3 {
            connection.send_frame(&Frame::text(format!(r#"{{"push":{number},"for":"a"(b"}}"#)));
        }
        connection.send_frame(&Frame::close(4001, "enough"));
    })
}

#[test]
fn a_script_logs_in_captures_a_token_subscribes_and_sees_the_close() {
    let server = login_server();
    let output = run(LOGIN, server.url());
    output.exits(0).is_silent();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4);
    server.outcome();
}

#[test]
fn a_script_is_run_by_its_name() {
    let server = login_server();
    let script = Script::new(LOGIN);
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_wscope"));
    let path = format!("{}:/usr/bin:/bin", bin.parent().expect("it is in a folder").display());
    // A copy: this process may still have the original open for writing, which cannot be run then.
    let output = Command::new("/bin/sh")
        .args(["-c", "cp test.ws run.ws && chmod +x run.ws && exec ./run.ws \"$0\"", &server.url()])
        .current_dir(script.folder.path())
        .env("PATH", path)
        .env("LOGIN", "ann")
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    server.outcome();
}

#[test]
fn a_close_goes_out_before_what_stands_behind_it() {
    for _ in 0..5 {
        let server = websocket::echo();
        let output = Wscope::new().args(["--script", "-"]).arg(server.url()).stdin("one\n/close\ntwo\n").run();
        output.exits(1).says("stdin:3: not sent: ");
        assert_eq!(server.outcome().texts(), ["one"]);
    }
}

#[test]
fn a_close_without_a_code_is_a_normal_one() {
    let server = websocket::echo();
    let script = "/close\n/expect-close 1000\n";
    Wscope::new().args(["--script", "-"]).arg(server.url()).stdin(script).run().exits(0);
}

#[test]
fn a_script_whose_output_is_not_read_any_more_has_not_failed() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("first"));
        connection.answer_close()
    });
    let script = "/expect within=60 never\n";
    Wscope::new()
        .args(["--script", "-"])
        .arg(server.url())
        .stdin(script)
        .stdout_head(1)
        .run()
        .exits(0)
        .prints("first\n");
}

#[test]
fn a_script_comes_from_stdin_too() {
    let server = login_server();
    Wscope::new().args(["--script", "-"]).arg(server.url()).env("LOGIN", "ann").stdin(LOGIN).run().exits(0);
    server.outcome();
}

#[test]
fn each_kind_of_line_sends_what_it_says() {
    let script = "# a comment\n\n   \nplain\n//slash\n/text # text\n/text\n/text  /two\n#/quit\n$${x} ${env:LOGIN}\n\
                  {\n \"a\": 1\n}\n/binary 00 ff\n/quit\nnever\n";
    let server = serve(|mut connection| {
        connection.accept();
        let mut sent = Vec::new();
        loop {
            let frame = connection.frame();
            if frame.opcode == opcode::CLOSE {
                connection.send_frame(&frame.unmasked());
                return sent;
            }
            sent.push(String::from_utf8_lossy(&frame.payload).into_owned());
        }
    });
    // `/quit` ends the session though the end of the input would not.
    let script = Script::new(script);
    let wscope = Wscope::new().args(["-w", "-1", "--script"]).arg(script.path()).env("LOGIN", "ann");
    wscope.arg(server.url()).run().exits(0).is_silent();
    let expected = ["plain", "/slash", "# text", "", " /two", "${x} ann", "{\n \"a\": 1\n}", "\0\u{fffd}"];
    assert_eq!(server.outcome(), expected);
}

#[test]
fn what_came_before_the_command_is_looked_at_and_used_up() {
    let server = push(&["a 1", "b", "a 2", "c"]);
    let script = "/expect c\n";
    run(script, server.url()).exits(0);
    let server = push(&["a 1", "b", "a 2", "c"]);
    run("/wait 0.1\n/expect a\n/expect a (?P<n>.)\n/capture n re:a (.)\n/expect within=0.1 b", server.url())
        .exits(8)
        .says("test.ws:5: no message matched `b` within 0.1 s\n  what came instead:\n    c\n");
}

#[test]
fn a_message_that_does_not_come_in_time_fails_with_what_came_instead() {
    let server = push(&["{\"error\":\"bad\npassword\"}", "a", "b", "c\u{1b}[2J"]);
    let output = run("hello\n\n/expect within=1 ^welcome\nnever\n", server.url());
    output.exits(8).says(
        "test.ws:3: no message matched `^welcome` within 1 s\n  4 messages came instead, the last 3 of \
         them:\n    a\n    b\n    c\\x1b[2J\n",
    );
}

#[test]
fn nothing_that_comes_is_said_too() {
    let server = push(&[]);
    run("/expect within=0.1 x", server.url()).exits(8).says("within 0.1 s\n  no other message came\n");
}

#[test]
fn a_file_that_is_larger_than_a_message_may_be_is_not_sent() {
    for command in ["/file /dev/zero", "/binary @/dev/zero"] {
        let output = run(command, push(&[]).url());
        output.exits(2).says("`/dev/zero` is longer than a message may be").says("`--max-message`");
    }
}

#[test]
fn values_of_the_environment_are_not_told() {
    let output = run("/expect within=0.1 for ${env:LOGIN}$", push(&[]).url());
    output.exits(8).says("no message matched `for ${env:LOGIN}$` within").never_says("ann");
    check("/expect ${env:LOGIN}(").exits(2).says("`/expect ${env:LOGIN}(`").never_says("ann");
    check("/wait ${env:LOGIN}").exits(2).says("`/wait ${env:LOGIN}`").never_says("ann");
    let output = run("/expect b\n/capture t re:for ${env:LOGIN}(.)", push(&["b"]).url());
    output.exits(8).says("`for ${env:LOGIN}(.)` does not match").never_says("ann");
}

#[test]
fn a_session_that_ends_instead_fails_at_once_and_says_how() {
    let server = close(4001, "bad token");
    let output = run("/expect within=3600 welcome", server.url());
    output.exits(8).says("test.ws:1: no message matched `welcome` before the server closed with 4001 (bad token)");

    let server = serve(|mut connection| drop(connection.accept()));
    run("/expect within=3600 welcome", server.url()).exits(8).says("before the connection ended without Close");

    let server = server_that_breaks_a_rule();
    run("/expect within=3600 welcome", server.url()).exits(8 - 2).says("before the server broke the protocol (");
}

fn server_that_breaks_a_rule() -> Server<()> {
    server(|connection| connection.send_frame(&Frame::text("x").rsv(2)))
}

#[test]
fn a_close_is_expected_by_its_code() {
    run("/expect-close", close(4001, "").url()).exits(0).is_silent();
    run("/expect-close 1011", close(1011, "").url()).exits(0).is_silent();
    let server = server(|connection| connection.send_frame(&Frame::new(opcode::CLOSE, [])));
    run("/expect-close 1005", server.url()).exits(0);
    let server = serve(|mut connection| drop(connection.accept()));
    run("/expect-close 1006", server.url()).exits(0);
    let server = server_that_answers_close();
    run("/close 4000 done\n/expect-close 4000", server.url()).exits(0);
}

fn server_that_answers_close() -> Server<()> {
    server(|connection| {
        connection.answer_close();
    })
}

#[test]
fn an_unexpected_close_counts() {
    run("/wait 0.1", close(4001, "").url()).exits(1);
    run("/expect-close\nmore", close(4001, "").url())
        .exits(1)
        .says("test.ws:2: not sent: the server closed with 4001\n")
        .never_says("of the input");
}

#[test]
fn another_close_than_expected_fails() {
    run("/expect-close 4001", close(1000, "done").url())
        .exits(8)
        .says("test.ws:1: expected a Close with 4001, but the server closed with 1000 (done)\n");
    let server = serve(|mut connection| drop(connection.accept()));
    run("/expect-close", server.url()).exits(8).says("expected a Close, but the connection ended without Close");
    run("/expect-close within=0.2 4001", push(&["still here"]).url())
        .exits(8)
        .says("test.ws:1: the server did not close with 4001 within 0.2 s\n  what came instead:\n    still here\n");
}

#[test]
fn quiet_is_kept_or_broken() {
    run("/expect b\n/expect-quiet 0.2", push(&["a", "b"]).url()).exits(0).is_silent();
    // Whatever comes right behind the match is not quiet, however soon it comes.
    run("/expect a\n/expect-quiet 0.2", push(&["a", "b"]).url())
        .exits(8)
        .says("test.ws:2: a message came after 0.")
        .says(" where 0.2 s of quiet were expected\n  b\n");
}

#[test]
fn a_capture_that_finds_nothing_fails_with_the_message() {
    let says = |script: &str, message: &'static str, says: &str| {
        let server = server(move |connection| {
            connection.send_frame(&Frame::text(message));
            connection.answer_close();
        });
        run(&format!("/expect .\n/capture t {script}"), server.url()).exits(8).says(says);
    };
    says("json:/token", r#"{"a":1}"#, "test.ws:2: no `t`: nothing is at `/token`\n  in: {\"a\":1}\n");
    says("json:/token", "oops", "no `t`: the message is not JSON");
    says("re:id=(\\d+)", "id=x", "no `t`: `id=(\\d+)` does not match\n  in: id=x\n");
    run("/capture t re:x", push(&[]).url()).exits(8).says("test.ws:1: no `t`: no message has been received yet");
}

#[test]
fn a_ping_waits_for_its_pong() {
    let peer = server(|connection| {
        assert_eq!(connection.frame().payload, b"there?");
        connection.send_frame(&Frame::pong("other"));
        connection.send_frame(&Frame::pong("there?"));
        connection.answer_close();
    });
    let script = Script::new("/ping there?");
    let output = Wscope::new().arg("-v").arg("--script").arg(script.path()).arg(peer.url()).run();
    output.exits(0).says("test.ws:1: pong after 0.");
    let peer = server(|connection| {
        assert_eq!(connection.frame().opcode, opcode::PING);
        connection.send_frame(&Frame::close(1001, ""));
    });
    run("/ping", peer.url()).exits(8).says("no pong came before the server closed with 1001");
}

#[test]
fn what_is_wrong_with_a_script_is_found_before_anything_is_sent() {
    check("hi\n\n{\"t\":\"${tken}\"}").exits(2).says("test.ws:3: nothing before captures `${tken}`");
    check("${token}\n/capture token re:x").exits(2).says("test.ws:1: nothing before captures `${token}`");
    check("${env:NO_SUCH}").exits(2).says("test.ws:1: `${env:NO_SUCH}` is not in the environment");
    check("hi\n/expect (").exits(2).says("test.ws:2: `(` is not a regular expression: unclosed group");
    check("hi\n/exect x").exits(2).says("test.ws:2: unknown command `/exect`, did you mean `/expect`?");
    check("/expect within=soon x").exits(2).says("test.ws:1: `soon` is not a number of seconds");
    check("/capture t json:token").exits(2).says("test.ws:1: `token` is not a JSON pointer");
    Wscope::new().args(["--script", "/no/such", "ws://127.0.0.1:1"]).run().exits(2).says("cannot read `/no/such`");
    for clash in [&["-x", "hi"][..], &["--echo"], &["-N"], &["-b"], &["--until", "x"]] {
        Wscope::new().args(["--script", "x", "ws://127.0.0.1:1"]).args(clash).run().exits(2);
    }
}

#[test]
fn a_value_makes_no_command_and_no_file() {
    let server = server(|connection| {
        connection.send_frame(&Frame::text("/quit"));
        connection.send_frame(&Frame::text("@/etc/passwd"));
        assert_eq!(text(connection), "/quit");
        connection.answer_close();
    });
    let script = "/expect quit\n/capture x re:.*\n${x}\n/expect @\n/capture x re:.*\n/binary ${x}";
    run(script, server.url()).exits(2).says("test.ws:6: no value makes a file of a payload");
}

#[test]
fn a_script_connects_again_and_knows_what_it_captured() {
    let connections = AtomicUsize::new(0);
    let server = server(move |connection| {
        if connections.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.send_frame(&Frame::text("ticket 7"));
            connection.send_frame(&Frame::close(1012, "restart"));
        } else {
            assert_eq!(text(connection), "resume 7");
            connection.send_frame(&Frame::text("welcome back"));
            connection.answer_close();
        }
    });
    let script = "/expect ticket\n/capture ticket re:\\d\n/expect-close 1012\n/wait 0.1\n/reconnect\nresume ${ticket}\n\
                  /expect back\n/quit";
    run(script, server.url()).exits(0).is_silent().prints("ticket 7\nwelcome back\n");
    server.outcome();
    server.outcome();
}

#[test]
fn a_script_says_where_it_could_not_connect_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
    let url = format!("ws://{}", listener.local_addr().expect("a bound socket"));
    let server = std::thread::spawn(move || {
        let mut connection = Connection::plain(listener.accept().expect("a connection").0);
        drop(listener);
        connection.accept();
        connection.answer_close();
    });
    run("hello\n/reconnect\nnever", url).exits(3).says("test.ws:2: cannot connect to ");
    server.join().expect("the server saw it through");
}

#[test]
fn a_signal_ends_a_script_between_two_sessions_too() {
    let script = Script::new("/expect-close\n/wait 60\n/reconnect");
    let server = close(1000, "");
    let program = Wscope::new().arg("-v").arg("--script").arg(script.path()).arg(server.url()).spawn();
    program.wait_stderr("the server closed with 1000");
    program.signal(Signal::SIGINT);
    program.finish().exits(130);
}

#[test]
fn when_the_script_ends_the_rule_for_the_end_of_input_applies() {
    let server = server(|connection| {
        assert_eq!(text(connection), "go");
        connection.send_frame(&Frame::text("later"));
        connection.answer_close();
    });
    run("go", server.url()).exits(0).prints("later\n").takes_at_least(Duration::from_secs(2));
}

#[test]
fn a_time_limit_of_the_run_ends_a_script() {
    let server = push(&[]);
    let script = Script::new("hi\n/expect within=3600 x");
    let output = Wscope::new().args(["-m", "0.5", "--script"]).arg(script.path()).arg(server.url()).run();
    output.exits(7).says("test.ws:2: no message matched `x` before the server answered our Close with 1000");
}

#[test]
fn a_flood_that_nothing_matches_neither_fills_the_memory_nor_blocks_the_script() {
    let server = server(|connection| {
        assert_eq!(text(connection), "go");
        let frame = Frame::binary(vec![0; MIB]).bytes();
        for _ in 0..200 {
            connection.send(&frame);
        }
        connection.send_frame(&Frame::text("end"));
        connection.answer_close();
    });
    let script = Script::new("go\n/expect within=60 ^end$\n/expect-quiet 0");
    let output = Wscope::new().arg("--script").arg(script.path()).arg(server.url()).run();
    output.exits(0).stays_below(110 * MIB);
}

mod at_the_prompt {
    use super::*;
    use crate::support::terminal::{Terminal, key};

    fn open(url: String) -> Terminal {
        let terminal = Wscope::new().arg(url).env("LOGIN", "ann").terminal(24, 80);
        terminal.wait_line(">");
        terminal
    }

    #[test]
    fn expectations_say_what_came_of_them_and_end_nothing() {
        let server = websocket::echo();
        let mut terminal = open(server.url());
        terminal.enter("hello ${env:LOGIN} $${x}");
        terminal.enter("/expect hello (.*) ");
        terminal.wait("matched `hello (.*) ` after 0.");
        terminal.enter("/capture name re:o (.*?) ");
        terminal.wait("captured `name`, 3 bytes");
        terminal.enter("again: ${name}");
        terminal.wait("< again: ann");
        terminal.enter("/expect within=0.1 never");
        terminal.wait("no message matched `never` within 0.1 s");
        terminal.enter("${nme}");
        terminal.wait("`${nme}` has not been captured");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome().texts(), ["hello ann ${x}", "again: ann"]);
    }

    #[test]
    fn what_comes_is_shown_and_keys_are_taken_while_an_expectation_waits() {
        let typed = Event::new();
        let go_on = typed.clone();
        let server = server(move |connection| {
            assert_eq!(text(connection), "start");
            connection.send_frame(&Frame::text("meanwhile"));
            go_on.wait();
            connection.send_frame(&Frame::text("at last"));
            assert_eq!(text(connection), "typed ahead");
            connection.answer_close();
        });
        let mut terminal = open(server.url());
        terminal.enter("start");
        terminal.enter("/expect within=60 at last");
        terminal.wait("< meanwhile");
        terminal.enter("typed ahead");
        terminal.enter("/quit");
        typed.happens();
        terminal.exits(0);
        server.outcome();
    }

    #[test]
    fn ctrl_c_gives_up_an_expectation_and_ctrl_d_leaves_it() {
        let server = websocket::echo();
        let mut terminal = open(server.url());
        terminal.enter("/expect within=60 never");
        terminal.enter("one");
        terminal.press(key::CTRL_C);
        terminal.wait("no message matched `never` before you gave up");
        terminal.wait("< one");
        terminal.enter("/expect within=60 never");
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome().texts(), ["one"]);
    }

    #[test]
    fn what_was_typed_is_saved_as_a_script_that_does_the_same() {
        let server = login_server();
        let mut terminal = open(server.url());
        for line in LOGIN.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            terminal.enter(line);
        }
        terminal.enter("/pnig");
        terminal.wait("did you mean `/ping`?");
        terminal.wait("the server closed with 4001 (enough)");
        let folder = TempDir::new().expect("a temporary folder can be made");
        let path = folder.path().join("saved.ws");
        terminal.enter(&format!("/save {}", path.display()));
        terminal.wait("saved to ");
        terminal.enter(&format!("/save {}", path.display()));
        terminal.wait("exists already");
        terminal.wait("Disconnected (code: 4001");
        terminal.press(key::CTRL_D);
        terminal.exits(1);
        server.outcome();

        let saved = fs::read_to_string(&path).expect("it is there");
        let wanted: Vec<&str> = LOGIN.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()).collect();
        assert_eq!(saved.lines().collect::<Vec<_>>(), wanted);
        let server = login_server();
        Wscope::new().arg("--script").arg(path).arg(server.url()).env("LOGIN", "ann").run().exits(0);
        server.outcome();
    }
}

#[test]
fn a_flood_does_not_put_off_the_end_of_an_expectation() {
    let server = serve(|mut connection| {
        connection.accept();
        let flood = Frame::text("not what is expected").bytes().repeat(10_000);
        while connection.try_send(&flood).is_ok() {}
    });
    let script = Script::new("/expect within=0.5 never\n");
    let wscope = Wscope::new().args(["--close-timeout", "0.5", "--script"]).arg(script.path());
    let output = wscope.arg(server.url()).run();
    output.exits(8).says("no message matched `never` within 0.5 s");
}
