//! `wscope demo`: a session with a server of our own.

use std::net::SocketAddr;

use crate::listen::{answer_to_a_page, listening_at};
use crate::listen_limits::{deflated, open_with_deflate};
use crate::support::frame::opcode;
use crate::support::program::Running;
use crate::support::terminal::key;
use crate::support::{Frame, MIB, Wscope};

/// Starts it, with a client that sends nothing; returns where its server listens.
fn demo() -> (Running, SocketAddr) {
    let program = Wscope::new().args(["demo", "-N", "-v"]).spawn();
    let address = listening_at(&program, "open at ");
    (program, address)
}

#[test]
fn its_server_bounds_what_all_clients_hold() {
    let (mut program, address) = demo();
    let mask = [1, 2, 3, 4];
    let start = Frame::binary(deflated(60)).rsv(4).more().masked(mask).bytes();
    let mut clients: Vec<_> = (0..12).map(|_| open_with_deflate(address)).collect();
    let mut closed = 0;
    for client in &mut clients {
        client.send(&start);
        client.send(Frame::ping("").masked(mask).bytes());
        // A push may come first.
        let frame = std::iter::repeat_with(|| client.frame()).find(|frame| frame.opcode != opcode::TEXT).unwrap();
        if frame.opcode != opcode::PONG {
            assert_eq!(frame.as_close().0, Some(1013));
            closed += 1;
        }
    }
    assert!((7..12).contains(&closed), "{closed} were closed");
    assert!(program.peak_memory() < 400 * MIB as u64, "{}", program.peak_memory());
    drop(clients);
    end(program);
}

#[test]
fn its_server_lets_no_page_of_another_origin_in() {
    let (program, address) = demo();
    assert!(answer_to_a_page(address, "http://localhost:3000").starts_with("HTTP/1.1 101 "));
    let answer = answer_to_a_page(address, "https://evil.example");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    end(program);
}

fn end(program: Running) {
    program.signal(nix::sys::signal::Signal::SIGTERM);
    program.finish().exits(143).never_says("panicked");
}

#[test]
fn a_piped_line_comes_back() {
    let output = Wscope::new().arg("demo").stdin("hi\n").run();
    output.exits(0);
    assert!(output.stdout.split(|&byte| byte == b'\n').any(|line| line == b"hi"), "{output:?}");
}

#[test]
fn a_terminal_shows_full_duplex_at_once() {
    let mut terminal = Wscope::new().arg("demo").terminal(24, 80);
    terminal.wait("Connected (press Ctrl-C to quit)");
    terminal.enter("hello there");
    terminal.wait("< hello there");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
