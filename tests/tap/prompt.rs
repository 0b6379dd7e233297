//! The console of a tap: at a terminal, and commands that are piped in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::listen::{listening_at, stop};
use crate::support::program::Running;
use crate::support::terminal::Terminal;
use crate::support::{Connection, Frame, Server, Wscope, serve};

fn echo() -> Server<Option<u16>> {
    serve(|mut connection| {
        connection.accept();
        connection.echo_until_close()
    })
}

/// A tap that commands are piped into.
fn piped(url: &str) -> (Running, SocketAddr) {
    let program = Wscope::new().args(["tap", "0"]).arg(url).stdin_held().spawn();
    let address = listening_at(&program, " at ws://");
    (program, address)
}

fn at_terminal(url: &str) -> (Terminal, SocketAddr) {
    let terminal = Wscope::new().args(["tap", "0"]).arg(url).terminal(24, 100);
    terminal.wait(" at ws://");
    terminal.wait("to quit)");
    let screen = terminal.screen();
    let (_, rest) = screen.split_once(" at ws://").unwrap();
    let end = rest.find('/').unwrap();
    (terminal, rest[..end].parse().unwrap())
}

#[test]
fn a_close_goes_to_the_client_in_the_servers_place() {
    let server = echo();
    let (mut program, address) = piped(&server.url());
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::text("a"));
    assert_eq!(client.frame(), Frame::text("a"));
    program.write("/to 1 /close 1012 back soon\n");
    assert_eq!(client.close_frame(), (Some(1012), "back soon".to_owned()));
    program.write("/to 1 /close 1012 again\n");
    program.wait_stderr("not closed: the client was sent a Close before");
    client.send_frame(&Frame::text("dropped echo"));
    client.send_frame(&Frame::close(1012, ""));
    assert_eq!(server.outcome(), Some(1012));
    client.expect_end();
    drop(client);
    program.wait_stderr("[1] Disconnected (code: 1012");
    stop(program);
}

#[test]
fn a_cut_resets_both_ends() {
    let server = echo();
    let (mut program, address) = piped(&server.url());
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::text("a"));
    client.frame();
    program.write("/to 1 /cut\n");
    client.expect_end();
    program.wait_stderr("[1] Disconnected (code: 1006, reason: \"\"): cut at this prompt");
    program.write("/to 1 /cut\n");
    program.wait_stderr("connection 1 is not open");
    stop(program);
}

#[test]
fn what_is_stalled_goes_on_where_it_was() {
    let server = echo();
    let (mut program, address) = piped(&server.url());
    let (mut client, _) = Connection::open(address);
    let (mut other, _) = Connection::open(address);
    program.write("/to 1 /stall\n/list\n");
    program.wait_stderr("[2] 127.0.0.1:");
    client.send_frame(&Frame::text("late"));
    other.send_frame(&Frame::text("at once"));
    assert_eq!(other.frame(), Frame::text("at once"));
    client.socket().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(client.socket().peek(&mut [0]).is_err(), "nothing passes");
    client.socket().set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    program.write("/to 1 /stall off\n");
    assert_eq!(client.frame(), Frame::text("late"));
    stop(program);
}

#[test]
fn no_end_passes_a_connection_that_is_stalled() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.expect_end();
    });
    let (mut program, address) = piped(&server.url());
    let (mut client, _) = Connection::open(address);
    program.write("/to 1 /stall\n/list\n");
    program.wait_stderr(", stalled\n");
    client.half_close();
    client.socket().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(client.socket().peek(&mut [0]).is_err(), "the server has not ended its side");
    client.socket().set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    program.write("/to 1 /stall off\n");
    client.expect_end();
    server.outcome();
    stop(program);
}

#[test]
fn a_cut_ends_at_once_what_waits() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.expect_end();
    });
    let (mut program, address) = piped(&server.url());
    for (held, listed) in [("/latency 3600", ", 3600 s late\n"), ("/stall", ", stalled\n")] {
        let (mut client, _) = Connection::open(address);
        program.write(format!("{held}\n/list\n"));
        program.wait_stderr(listed);
        client.send_frame(&Frame::text("never passed on"));
        client.half_close();
        program.write("/cut\n");
        client.expect_end();
    }
    program.wait_stderr("[1] Disconnected (code: 1006, reason: \"\"): cut at this prompt");
    program.wait_stderr("[2] Disconnected (code: 1006, reason: \"\"): cut at this prompt");
    stop(program).prints("");
}

#[test]
fn latency_holds_back_each_way_and_keeps_the_order() {
    let server = echo();
    let (mut program, address) = piped(&server.url());
    let (mut client, _) = Connection::open(address);
    program.write("/to 1 /latency 0.2\n/list\n");
    program.wait_stderr("[1] 127.0.0.1:");
    let since = Instant::now();
    for number in 0..20 {
        client.send_frame(&Frame::text(format!("{number}")));
    }
    for number in 0..20 {
        assert_eq!(client.frame(), Frame::text(format!("{number}")));
    }
    assert!(since.elapsed() >= Duration::from_millis(400));
    client.send_frame(&Frame::close(1000, ""));
    assert_eq!(client.close_frame().0, Some(1000));
    stop(program);
}

#[test]
fn what_is_no_command_is_refused_and_quit_leaves() {
    let server = echo();
    let (mut program, _) = piped(&server.url());
    program.write("hello\n/only x\n/expect y\n/list\n/quit\n");
    let output = program.finish();
    output.exits(0);
    for text in ["a tap sends no messages", "usage: /only N", "no WebSocket is open"] {
        output.says(text);
    }
}

#[test]
fn the_prompt_lists_connections_and_shows_only_one() {
    let server = echo();
    let (mut terminal, address) = at_terminal(&server.url());
    let (mut first, _) = Connection::open(address);
    let (mut second, _) = Connection::open(address);
    first.send_frame(&Frame::text("from the first"));
    first.frame();
    terminal.wait("[1] < from the first");
    terminal.enter("/only 2");
    terminal.enter("/stats");
    terminal.wait("[2] * open for ");
    first.send_frame(&Frame::text("unseen"));
    first.frame();
    second.send_frame(&Frame::text("from the second"));
    second.frame();
    terminal.wait("[2] < from the second");
    terminal.enter("/all");
    first.send_frame(&Frame::ping("there?"));
    first.frame();
    terminal.enter("/list");
    terminal.wait(", > 2 < 2, last ");
    assert!(!terminal.screen().contains("unseen"), "{}", terminal.screen());
    terminal.enter("/quit");
    terminal.exits(0);
}

#[test]
fn a_terminal_that_stands_still_holds_up_nothing() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.echo_until_close()
    });
    let (mut terminal, address) = at_terminal(&server.url());
    let (mut client, _) = Connection::open(address);
    terminal.pause();
    let message = Frame::text("x".repeat(60_000));
    for _ in 0..400 {
        client.send_frame(&message);
        assert_eq!(client.frame(), message);
    }
    terminal.resume();
    terminal.wait("events were not shown: the terminal took nothing");
    client.send_frame(&Frame::text("shown again"));
    client.frame();
    terminal.wait("[1] < shown again");
    terminal.enter("/quit");
    terminal.exits(0);
}
