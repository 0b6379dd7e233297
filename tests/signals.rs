//! SIGINT and SIGTERM in a pipe: a Close is tried, nothing is waited for.

use nix::sys::signal::Signal;

use crate::support::frame::opcode;
use crate::support::server::serve_silently;
use crate::support::{Event, Frame, Wscope, bulk, serve};

#[test]
fn a_signal_sends_a_close_and_does_not_wait_for_the_answer() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("open"));
            let close = connection.frame();
            connection.expect_end();
            close
        });
        let program = Wscope::new().without_waiting().arg("-v").arg(server.url()).stdin_held().spawn();
        program.wait_stdout("open\n");
        program.signal(signal);
        program.finish().exits(status).prints("open\n").says("left without waiting for the answer to our Close");
        assert_eq!(server.outcome().opcode, opcode::CLOSE);
    }
}

#[test]
fn a_signal_ends_the_handshake() {
    let requested = Event::new();
    let server = serve_silently(&requested);
    let program = Wscope::new().without_waiting().arg(server.url()).spawn();
    requested.wait();
    program.signal(Signal::SIGINT);
    program.finish().exits(130);
    server.outcome();
}

#[test]
fn a_signal_ends_a_send_that_the_server_does_not_take() {
    // Kept open, and unread, as long as the server is kept.
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("open"));
        connection
    });
    let stdin = format!("{}\n", "x".repeat(1023)).repeat(32 * 1024);
    let program = Wscope::new().without_waiting().arg(server.url()).stdin(stdin).spawn();
    program.wait_stdout("open\n");
    program.signal(Signal::SIGINT);
    program.finish().exits(130);
}

#[test]
fn a_signal_that_leaves_received_data_unprinted_says_so() {
    let full = Event::new();
    let server = serve({
        let full = full.clone();
        move |mut connection| {
            connection.accept();
            bulk::write_until_stalled(&mut connection, &Frame::text("x".repeat(1023)).bytes());
            full.happens();
            connection.rest();
        }
    });
    let program = Wscope::new().without_waiting().arg("-N").arg(server.url()).stdout_unread().spawn();
    full.wait();
    program.signal(Signal::SIGTERM);
    let output = program.finish();
    output.exits(143);
    assert!(!output.stderr.is_empty(), "it says that not everything was printed");
}
