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

mod at_the_prompt;
mod expectations;

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

/// Such a stdin, and `@-`, come from parents that wait for events.
#[test]
fn a_non_blocking_stdin_is_waited_for() {
    for (arguments, input, header, texts) in [
        (&["--script", "-"][..], "\u{feff}hello\n", None, &["hello"][..]),
        (&["-w", "0"], "\u{feff}hello\n", None, &["hello"]),
        (&["-H", "@-", "-x", "hello", "-w", "0"], "\u{feff}X-Name: value\n", Some("value"), &["hello"]),
    ] {
        let server = websocket::sink();
        let (stdin, mut parent) = std::os::unix::net::UnixStream::pair().unwrap();
        stdin.set_nonblocking(true).unwrap();
        let stdin = std::fs::File::from(std::os::fd::OwnedFd::from(stdin));
        let program = Wscope::new().args(arguments).arg(server.url()).stdin_file(stdin).spawn();
        std::thread::sleep(std::time::Duration::from_millis(100));
        std::io::Write::write_all(&mut parent, input.as_bytes()).unwrap();
        drop(parent);
        program.finish().exits(0);
        let seen = server.outcome();
        assert_eq!(seen.texts(), texts, "{arguments:?}");
        assert_eq!(seen.header("x-name").first().copied(), header, "{arguments:?}");
    }
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
fn what_is_wrong_with_a_script_is_found_before_anything_is_sent() {
    check("hi\n\n{\"t\":\"${tken}\"}").exits(2).says("test.ws:3: nothing before captures `${tken}`");
    check("${token}\n/capture token re:x").exits(2).says("test.ws:1: nothing before captures `${token}`");
    check("${env:NO_SUCH}").exits(2).says("test.ws:1: `${env:NO_SUCH}` is not in the environment");
    check("hi\n/expect (").exits(2).says("test.ws:2: `(` is not a regular expression: unclosed group");
    check("hi\n/exect x").exits(2).says("test.ws:2: unknown command `/exect`, did you mean `/expect`?");
    check("/expect within=soon x").exits(2).says("test.ws:1: `soon` is not a number of seconds");
    for command in ["/file ${x}", "/file a/${json:x}.json", "/binary @${x}", "/frame op=text @/etc/${x}"] {
        check(&format!("/capture x re:.*\n{command}")).exits(2).says("test.ws:2: the peer chose `${x}`");
    }
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
    run(script, server.url()).exits(2).says("test.ws:6: the peer chose `${x}`, and it must not choose a file");
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
