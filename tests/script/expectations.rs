//! `/expect`, `/expect-close`, `/expect-quiet`, `/capture` and `/ping` in a script.

use super::*;

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
    output
        .exits(8)
        .says("test.ws:1: no message matched `welcome` before the server closed with 4001 (reason: \"bad token\")");

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
        .says("test.ws:1: expected a Close with 4001, but the server closed with 1000 (reason: \"done\")\n");
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
    run("/ping", peer.url()).exits(8).says("no pong that answers the ping came before the server closed with 1001");
}
