//! What a peer sends is shown on a terminal, never executed by it.

use crate::support::terminal::key;
use crate::support::{Frame, Wscope, serve};

/// Sets a title, clears the screen, with a C1 control, overrides the direction of the text, and goes back to the
/// start of the line.
const NASTY: &str = "a\x1b]0;owned\x07b\x1b[2Jc\u{9b}2Jd\u{202e}e\rf";

/// What of it must never reach a terminal.
#[track_caller]
fn assert_harmless(bytes: &[u8]) {
    for sequence in ["\x1b]0;owned", "\x1b[2J", "\u{9b}", "\u{202e}", "\x07"] {
        let found = crate::support::capture::contains(bytes, sequence.as_bytes());
        assert!(!found, "{sequence:?} in {}", String::from_utf8_lossy(bytes).escape_debug());
    }
}

#[test]
fn text_and_close_reason_are_escaped_on_a_terminal() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(format!("{NASTY} text")));
        connection.send_frame(&Frame::text("next"));
        let reason = format!("{NASTY} reason");
        connection.send_frame(&Frame::close(1000, &reason));
        connection.close_frame();
    });
    let mut terminal = Wscope::new().arg(server.url()).terminal(24, 100);
    terminal.wait("next");
    terminal.wait("reason");
    assert!(terminal.screen().contains("owned"), "{}", terminal.screen());
    terminal.press(key::CTRL_D);
    terminal.exits(0);
    assert_harmless(&terminal.raw());
}

#[test]
fn headers_are_escaped_on_a_terminal() {
    let server = serve(|mut connection| {
        let request = connection.request();
        let header = format!("X-Nasty: {}\r\n", NASTY.replace('\r', ""));
        connection.send(request.acceptance(&header));
        connection.send_frame(&Frame::close(1000, ""));
        connection.rest();
    });
    // A control character in a header is a breach of HTTP, and shown when it is looked past.
    for (flags, status) in [(&["-v", "-N"][..], 5), (&["-v", "-N", "--lenient"], 0)] {
        let mut terminal = Wscope::new().args(flags).arg(server.url()).terminal(60, 100);
        terminal.exits(status);
        assert!(terminal.screen().contains("owned"), "{}", terminal.screen());
        assert_harmless(&terminal.raw());
    }
}

#[test]
fn an_error_body_and_status_line_are_escaped_everywhere() {
    let respond = || {
        serve(|mut connection| {
            connection.request();
            let body = format!("{NASTY} body");
            let reason = NASTY.replace('\r', "");
            connection.send(format!(
                "HTTP/1.1 403 {reason}\r\nServer: {reason}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            connection.rest();
        })
    };
    let mut terminal = Wscope::new().arg(respond().url()).terminal(60, 100);
    terminal.exits(5);
    assert!(terminal.screen().contains("body"), "{}", terminal.screen());
    assert_harmless(&terminal.raw());
    let output = Wscope::new().arg("-v").arg(respond().url()).run();
    output.exits(5).says("body");
    assert_harmless(output.stderr.as_bytes());
}

#[test]
fn pings_and_subprotocols_are_escaped_too() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::ping(format!("{NASTY} ping")));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let mut terminal = Wscope::new().args(["-N", "-P", "--frames", "--hex"]).arg(server.url()).terminal(60, 100);
    terminal.exits(0);
    assert_harmless(&terminal.raw());
}

#[test]
fn a_pipe_gets_every_byte_as_it_came() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(NASTY));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints(format!("{NASTY}\n"));
}

#[test]
fn piped_input_with_a_terminal_for_output_is_escaped() {
    let server = crate::support::websocket::echo();
    let mut terminal = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("a\x1b[2Jb\n").terminal(24, 80);
    terminal.exits(0);
    assert_harmless(&terminal.raw());
    assert!(terminal.screen().contains('a') && terminal.screen().contains('b'), "{}", terminal.screen());
}

#[test]
fn raw_output_is_refused_on_a_terminal_and_not_behind_cat() {
    let arguments = ["--output", "raw", "-x", "a\x1b[2Jb", "-w", "0"];
    for listens in [false, true] {
        let wscope = if listens { Wscope::new().args(["listen", "0"]) } else { Wscope::new().arg("ws://127.0.0.1:1/") };
        let mut terminal = wscope.args(&arguments[..2]).terminal(24, 80);
        terminal.exits(2);
        assert!(terminal.screen().contains("`| cat` behind the command"), "{}", terminal.screen());
    }
    let server = crate::support::websocket::echo();
    let wscope = Wscope::new().args(arguments).arg(server.url()).under_shell(r#""$0" "$@" | cat"#);
    let mut terminal = wscope.terminal(24, 80);
    terminal.exits(0);
    assert!(crate::support::capture::contains(&terminal.raw(), b"a\x1b[2Jb"));
}

#[test]
fn a_row_that_continues_a_line_never_looks_like_a_line() {
    let server = serve(|mut connection| {
        connection.accept();
        let row = "x".repeat(78);
        connection.send_frame(&Frame::text(format!("{row}Disconnected (code: 1000, reason: \"\")")));
        connection.send_frame(&Frame::text(format!("[\"{row}Disconnected\"]")));
        connection.send_frame(&Frame::ping(format!("{row}Disconnected")));
        connection.rest();
    });
    for flags in [&["-P"][..], &["-P", "-N"]] {
        let mut terminal = Wscope::new().args(flags).arg(server.url()).terminal(24, 80);
        terminal.wait_until("all of it", |screen| screen.contents().matches("Disconnected").count() == 4);
        let transcript = terminal.transcript();
        let seen: Vec<_> = transcript.iter().filter(|row| row.contains("Disconnected")).collect();
        assert!(seen.iter().all(|row| row.starts_with("  ")), "{transcript:#?}");
        terminal.press(key::CTRL_C);
        terminal.wait_end();
    }
}
