//! `--delay`: the input in its own time.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::{Duration, Instant};

use crate::support::{AN_HOUR, Frame, Wscope, serve};

const DELAY: Duration = Duration::from_millis(300);

#[test]
fn messages_leave_one_by_one() {
    let server = serve(|mut connection| {
        connection.accept();
        let arrivals: Vec<_> = (0..4).map(|_| (connection.frame().as_text().to_owned(), Instant::now())).collect();
        connection.answer_close();
        arrivals
    });
    let started = Instant::now();
    let flags = ["--delay", "0.3", "-x", "one", "-x", "two", "-i", "-w", "0"];
    Wscope::new().args(flags).arg(server.url()).stdin("three\nfour\n").run().exits(0);
    let arrivals = server.outcome();
    let texts: Vec<_> = arrivals.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three", "four"]);
    for (number, (text, arrival)) in (0..).zip(&arrivals) {
        let after = *arrival - started;
        assert!(after >= DELAY * number, "{text} after {after:?}");
    }
}

#[test]
fn nothing_is_waited_for_before_the_first_and_after_the_last() {
    let server = crate::support::websocket::echo();
    let output = Wscope::new().args(["--delay", AN_HOUR, "-w", "0", "-x", "only", &server.url()]).run();
    output.exits(0).prints("only\n");
}

#[test]
fn a_session_that_ends_ends_the_pause() {
    let server = serve(|mut connection| {
        connection.accept();
        let first = connection.frame();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        first
    });
    let mut lines = tempfile::tempfile().unwrap();
    lines.write_all(b"one\ntwo\nthree\n").unwrap();
    lines.rewind().unwrap();
    let lines: File = lines;
    let output = Wscope::new().args(["--delay", AN_HOUR, &server.url()]).stdin_file(lines).run();
    output.exits(1).says("2 messages of the input were not sent");
    assert_eq!(server.outcome().as_text(), "one");
}

#[test]
fn a_terminal_can_be_typed_in_meanwhile() {
    let server = crate::support::websocket::echo();
    let flags = ["--delay", AN_HOUR, "-x", "one", "-x", "two", "-i"];
    let mut terminal = Wscope::new().args(flags).arg(server.url()).terminal(24, 80);
    terminal.wait("< one");
    terminal.enter("typed");
    terminal.wait("< typed");
    terminal.enter("/quit");
    terminal.exits(0);
}
