//! A long send shows how far it is, where the output is a terminal.

use std::fs::File;

use crate::support::terminal::{Stdout, Terminal};
use crate::support::{Connection, Event, MIB, Server, Wscope, bulk, serve, websocket};

/// More than the buffers on the way take.
const LENGTH: usize = 24 * MIB;

/// A server that reads nothing before `start`.
fn sink_after(start: &Event) -> Server<u64> {
    let start = start.clone();
    serve(move |mut connection| {
        connection.accept();
        start.wait();
        bulk::sink(&mut connection).1
    })
}

/// A server that never reads. The connection stays open as long as the server is kept.
fn never_reading() -> Server<Connection> {
    serve(|mut connection| {
        connection.accept();
        connection
    })
}

fn zeros() -> File {
    let file = tempfile::tempfile().unwrap();
    file.set_len(LENGTH as u64).unwrap();
    file
}

#[track_caller]
fn assert_gone(terminal: &Terminal) {
    let transcript = terminal.transcript();
    assert!(!transcript.iter().any(|line| line.contains("sent ")), "{transcript:#?}");
}

#[test]
fn it_comes_after_a_second_and_leaves_nothing_behind() {
    let start = Event::new();
    let server = sink_after(&start);
    let mut terminal = Wscope::new().args(["-b", "-w", "0", &server.url()]).stdin_file(zeros()).terminal(24, 80);
    terminal.wait(" of 24.0 MiB (");
    start.happens();
    terminal.exits(0);
    assert_eq!(server.outcome(), LENGTH as u64);
    assert_gone(&terminal);
}

#[test]
fn without_a_length_it_says_how_much() {
    let start = Event::new();
    let server = sink_after(&start);
    let wscope = Wscope::new().args(["-b", "-w", "0", &server.url()]).stdin(vec![0; LENGTH]);
    let mut terminal = wscope.terminal_with(24, 80, Stdout::File(tempfile::tempfile().unwrap()));
    terminal.wait(" MiB, ");
    assert!(!terminal.screen().contains(" left"), "{}", terminal.screen());
    start.happens();
    terminal.exits(0);
    assert_eq!(server.outcome(), LENGTH as u64);
    assert_gone(&terminal);
}

#[test]
fn it_makes_room_for_what_is_said() {
    let start = Event::new();
    let server = sink_after(&start);
    let flags = ["-b", "-w", "0", "--frames"];
    let mut terminal = Wscope::new().args(flags).arg(server.url()).stdin_file(zeros()).terminal(24, 40);
    terminal.wait("sent ");
    start.happens();
    terminal.exits(0);
    // Frames that are sent have lines of their own: no line has both.
    assert!(terminal.transcript().iter().any(|line| line.contains("close")), "{}", terminal.screen());
    assert_gone(&terminal);
}

#[test]
fn quiet_and_dumb_terminals_see_nothing_of_it() {
    let server = never_reading();
    let wscope = || Wscope::new().args(["-b", "-w", "0", "-m", "2", &server.url()]).stdin_file(zeros());
    for wscope in [wscope().arg("-q"), wscope().env("TERM", "dumb")] {
        let mut terminal = wscope.terminal(24, 80);
        terminal.exits(7);
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(!raw.contains("sent "), "{raw}");
    }
}

#[test]
fn a_session_that_ends_takes_it_along() {
    let server = never_reading();
    let mut terminal = Wscope::new().args(["-b", "-m", "6", &server.url()]).stdin_file(zeros()).terminal(24, 80);
    terminal.wait("sent ");
    terminal.exits(7);
    assert_gone(&terminal);
}

#[test]
fn a_short_send_and_an_idle_pipe_show_nothing() {
    let server = websocket::echo();
    let mut terminal = Wscope::new().args(["-w", "2", &server.url()]).stdin("hi\n").terminal(24, 80);
    terminal.wait("< hi");
    terminal.exits(0);
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("sent "), "{raw}");
    assert_eq!(server.outcome().texts(), ["hi"]);
}
