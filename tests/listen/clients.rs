//! Clients of `wscope listen` that are spoken to one by one, and the only one of `--once`.

use std::os::unix::process::ExitStatusExt;

use super::*;
use crate::support::terminal::{Terminal, key};

/// A terminal in which it listens, and where.
fn listen_at_a_prompt() -> (Terminal, SocketAddr) {
    let terminal = Wscope::new().args(["listen", "0"]).terminal(40, 140);
    terminal.wait("press Ctrl-C to quit)");
    terminal.wait_line(">");
    let screen = terminal.screen();
    let (_, rest) = screen.split_once("ws://").unwrap();
    let end = rest.find("/ ").unwrap();
    (terminal, rest[..end].parse().unwrap())
}

/// A client of this number, once it is connected.
fn client(terminal: &Terminal, address: SocketAddr, number: u64) -> Connection {
    let (client, _) = Connection::open(address);
    terminal.wait(&format!("[{number}] Connected ("));
    client
}

#[test]
fn sigterm_at_the_prompt_closes_the_clients() {
    let (mut terminal, address) = listen_at_a_prompt();
    let mut client = client(&terminal, address, 1);
    terminal.signal(Signal::SIGTERM);
    assert_eq!(client.close_frame().0, Some(1001));
    client.send_frame(&Frame::close(1001, ""));
    assert_eq!(terminal.wait_end().signal(), Some(Signal::SIGTERM as i32));
}

#[test]
fn a_line_for_one_client_goes_to_no_other() {
    let (mut terminal, address) = listen_at_a_prompt();
    let mut first = client(&terminal, address, 1);
    let mut second = client(&terminal, address, 2);
    terminal.enter("/to 2 only for you");
    assert_eq!(second.frame(), Frame::text("only for you"));
    terminal.enter("/to 1 /binary CAFE");
    assert_eq!(first.frame(), Frame::binary([0xCA, 0xFE]));
    terminal.enter("/to 1 /to 2 hello");
    terminal.wait("`/to` is for no single client");
    terminal.enter("/to 3 hello");
    terminal.wait("client 3 is not connected");
    terminal.enter("for all");
    for client in [&mut first, &mut second] {
        assert_eq!(client.frame(), Frame::text("for all"));
    }
    terminal.enter("/to 2 /close 1012");
    assert_eq!(second.close_frame().0, Some(1012));
    second.send_frame(&Frame::close(1012, ""));
    terminal.wait("[2] Disconnected (code: 1012");
    terminal.enter("still for the first");
    assert_eq!(first.frame(), Frame::text("still for the first"));
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn all_lines_are_for_one_client_until_that_is_taken_back() {
    let (mut terminal, address) = listen_at_a_prompt();
    let mut first = client(&terminal, address, 1);
    let mut second = client(&terminal, address, 2);
    terminal.enter("/to 2");
    terminal.wait_line("2>");
    for line in ["one", "two"] {
        terminal.enter(line);
        assert_eq!(second.frame(), Frame::text(line));
    }
    terminal.enter("/to 1 across");
    assert_eq!(first.frame(), Frame::text("across"));
    terminal.wait_line("2>");
    second.send_frame(&Frame::close(1000, ""));
    terminal.wait("[2] Disconnected");
    // What was meant for one client goes to no other when that has left.
    terminal.enter("lost");
    terminal.wait("client 2 is not connected");
    terminal.enter("/to all");
    terminal.wait_line(">");
    terminal.enter("for all");
    assert_eq!(first.frame(), Frame::text("for all"));
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn clients_are_listed_with_what_they_asked_for() {
    let (mut terminal, address) = listen_at_a_prompt();
    terminal.enter("/list");
    terminal.wait("no client is connected");
    let mut client = Connection::connect(address);
    let asked = "GET /chat?room=7&token=secretsecretsecretsecret HTTP/1.1\r\n";
    client.send(UPGRADE_REQUEST.replace("GET /chat HTTP/1.1\r\n", asked));
    client.head();
    let facts = format!("{}, /chat?room=7&token=[hidden, 24 characters]", client.socket().local_addr().unwrap());
    terminal.wait(&format!("[1] Connected ({facts})"));
    terminal.enter("/list");
    terminal.wait(&format!("[1] {facts}"));
    assert!(!terminal.screen().contains("secretsecret"), "{}", terminal.screen());
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn help_lists_what_works_at_this_prompt() {
    let (mut terminal, _) = listen_at_a_prompt();
    terminal.enter("/help");
    terminal.wait("/quit");
    let transcript = terminal.transcript().join("\n");
    for (command, works) in [("/to N|all", true), ("/list", true), ("/text", true), ("/expect", false)] {
        assert_eq!(transcript.contains(command), works, "{command}\n{transcript}");
    }
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}

#[test]
fn it_ends_with_the_first_client() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--once"]).stdin("one\ntwo\n"));
    // Who brings no session is not the first client.
    let mut browser = Connection::connect(address);
    browser.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    browser.rest();
    let (mut client, _) = Connection::open(address);
    assert_eq!([client.frame(), client.frame()], [Frame::text("one"), Frame::text("two")]);
    let (mut other, _) = Connection::open(address);
    assert_eq!(other.close_frame().0, Some(1013));
    other.send_frame(&Frame::close(1013, ""));
    other.expect_end();
    client.send_frame(&Frame::text("answer"));
    client.send_frame(&Frame::close(1000, ""));
    assert_eq!(client.close_frame().0, Some(1000));
    let output = program.finish();
    output.exits(0).prints("answer\n").says("one client is served (`--once`)").never_says("not sent");
}

#[test]
fn what_the_only_client_did_not_take_is_counted() {
    const LINES: usize = 100_000;
    let input = format!("{}\n", "x".repeat(1023)).repeat(LINES);
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--once", "--no-deflate"]).stdin(input));
    let (mut client, _) = Connection::open(address);
    assert_eq!(client.frame().payload.len(), 1023);
    client.reset();
    let output = program.finish();
    output.exits(1).says("messages of the input were not sent: the client left first");
    let stderr = &output.stderr;
    let (before, _) = stderr.split_once(" messages of the input").unwrap();
    let count: usize = before.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((1..LINES).contains(&count), "{stderr}");
}
