//! What is said of messages whose dialect is known, and the heartbeats of one.

use serde_json::Value;

use crate::listen::listening_at;
use crate::support::program::Output;
use crate::support::{Frame, Server, Wscope, serve};

const CONNECTED: &str = "Connected (press";
const OPEN: &str = r#"0{"sid":"secret-id","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// A server of Socket.IO: opens, pings twice, asks something, and closes with the number of heartbeats that came.
fn socket_io() -> Server<usize> {
    serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(OPEN));
        connection.send_frame(&Frame::text("2"));
        let heartbeats = usize::from(connection.frame().as_text() == "3");
        connection.send_frame(&Frame::text(r#"42/admin,12["chat","hi"]"#));
        connection.send_frame(&Frame::text("2"));
        let heartbeats = heartbeats + usize::from(connection.frame().as_text() == "3");
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        heartbeats
    })
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn heartbeats_are_sent_and_json_says_what_messages_mean() {
    let server = socket_io();
    let output =
        Wscope::new().args(["-N", "--heartbeat", "--dialect", "auto", "--output", "json"]).arg(server.url()).run();
    output.exits(0);
    assert_eq!(server.outcome(), 2);
    let events: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let event = events.iter().find(|event| event["annotation"]["kind"] == "event").expect("an event");
    assert_eq!(event["annotation"]["dialect"], "socket.io");
    assert_eq!(event["annotation"]["text"], "Socket.IO event chat in /admin, wants ack 12");
    assert_eq!(event["annotation"]["id"], "12");
    let pongs = events.iter().filter(|event| event["annotation"]["kind"] == "pong" && event["direction"] == "sent");
    assert_eq!(pongs.filter(|event| event["annotation"]["took_ms"].is_number()).count(), 2);
}

#[test]
fn heartbeats_are_sent_where_nothing_is_said_of_messages() {
    let server = socket_io();
    let output = Wscope::new().args(["-N", "--heartbeat"]).arg(server.url()).run();
    output.exits(0).is_silent();
    assert_eq!(stdout(&output), format!("{OPEN}\n2\n42/admin,12[\"chat\",\"hi\"]\n2\n"), "a pipe gets everything");
    assert_eq!(server.outcome(), 2);
}

#[test]
fn a_pipe_without_the_flag_is_told_nothing() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(OPEN));
        connection.send_frame(&Frame::text("2"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints(format!("{OPEN}\n2\n")).is_silent();
    server.outcome();
}

#[test]
fn a_terminal_says_what_messages_mean_hides_secrets_and_counts_heartbeats() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(OPEN));
        connection.send_frame(&Frame::text("2"));
        connection.send_frame(&Frame::text(r#"42/admin,12["chat","hi"]"#));
        let acknowledgement = connection.frame();
        connection.close_frame();
        acknowledgement.as_text().to_owned()
    });
    let terminal = Wscope::new().arg(server.url()).terminal(24, 120);
    terminal.wait(CONNECTED);
    terminal.wait("Socket.IO event chat in /admin, wants ack 12");
    terminal.wait("`--heartbeat` sends them");
    terminal.press("43/admin,12[\"ok\"]\r");
    terminal.wait("ack 12 after ");
    terminal.press("/stats\r");
    terminal.wait("1 heartbeat is not shown: `-P` shows it");
    let transcript = terminal.transcript().join("\n");
    assert!(transcript.contains(r#"< 0{"sid":"[hidden]","upgrades""#), "{transcript}");
    assert!(!transcript.contains("secret-id") && !transcript.contains("\n< 2"), "{transcript}");
    terminal.press("/quit\r");
    assert_eq!(server.outcome(), r#"43/admin,12["ok"]"#);
}

#[test]
fn in_listen_what_is_received_is_the_clients() {
    let program = Wscope::new().args(["listen", "--once", "--dialect", "auto", "0"]).spawn();
    let address = listening_at(&program, "Listening on ws://");
    let client = Wscope::new().args(["-x", r#"{"jsonrpc":"2.0","id":1,"method":"sum"}"#, "-x", "x", "-w", "0"]);
    client.arg(format!("ws://{address}/")).run().exits(0);
    program.finish().says("no JSON object");
}

#[test]
fn a_close_code_has_the_meaning_of_its_dialect() {
    let server = serve(|mut connection| {
        connection.accept_with("Sec-WebSocket-Protocol: graphql-transport-ws\r\n");
        connection.send_frame(&Frame::close(4408, "late"));
        connection.close_frame();
    });
    let arguments = ["-N", "--dialect", "auto", "-s", "graphql-transport-ws"];
    Wscope::new().args(arguments).arg(server.url()).run().exits(1).says("connection_init did not come in time");
    server.outcome();
}

#[test]
fn a_dialect_that_is_unknown_or_none_for_heartbeats_is_a_usage_error() {
    Wscope::new().args(["--dialect", "klingon", "ws://localhost"]).run().exits(2).says("stomp");
    Wscope::new().args(["--dialect", "none", "--heartbeat", "ws://localhost"]).run().exits(2).says("`--dialect none`");
}
