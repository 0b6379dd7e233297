//! SIGINT and SIGTERM in a pipe: a Close is tried, nothing is waited for.

use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::frame::opcode;
use crate::support::{Frame, PATIENCE, Wscope, bulk, serve};

/// Generous where the issue says 100 ms: a loaded machine must not fail a test.
const AT_ONCE: Duration = Duration::from_secs(3);

#[test]
fn a_signal_says_goodbye_and_does_not_wait_for_the_answer() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("open"));
            let close = connection.frame();
            connection.expect_end();
            close
        });
        let program = Wscope::new().arg("-v").arg(server.url()).stdin_held().spawn();
        program.wait_stdout("open\n");
        program.signal(signal);
        let signalled = Instant::now();
        program.finish().exits(status).prints("open\n").says("left without waiting for the answer to our Close");
        assert!(signalled.elapsed() < AT_ONCE);
        assert_eq!(server.outcome().opcode, opcode::CLOSE);
    }
}

#[test]
fn a_signal_ends_the_handshake() {
    let (tell, requested) = mpsc::channel();
    let server = serve(move |mut connection| {
        connection.request();
        tell.send(()).unwrap();
        connection.expect_end();
    });
    let program = Wscope::new().arg(server.url()).spawn();
    requested.recv_timeout(PATIENCE).unwrap();
    program.signal(Signal::SIGINT);
    program.finish().exits(130).takes_less_than(AT_ONCE * 2);
    server.outcome();
}

#[test]
fn a_signal_ends_a_send_that_the_server_does_not_take() {
    let (over, end) = mpsc::channel();
    let end = Mutex::new(end);
    let server = serve(move |mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("open"));
        end.lock().unwrap().recv().unwrap();
    });
    let stdin = format!("{}\n", "x".repeat(1023)).repeat(32 * 1024);
    let program = Wscope::new().arg(server.url()).stdin(stdin).spawn();
    program.wait_stdout("open\n");
    program.signal(Signal::SIGINT);
    let signalled = Instant::now();
    program.finish().exits(130);
    assert!(signalled.elapsed() < AT_ONCE);
    over.send(()).unwrap();
}

#[test]
fn a_signal_that_leaves_received_data_unprinted_says_so() {
    let (tell, stuffed) = mpsc::channel();
    let server = serve(move |mut connection| {
        connection.accept();
        tell.send(bulk::stuff(&mut connection, &Frame::text("x".repeat(1023)).bytes())).unwrap();
        connection.rest();
    });
    let program = Wscope::new().arg("-N").arg(server.url()).stdout_unread().spawn();
    stuffed.recv_timeout(PATIENCE).unwrap();
    program.signal(Signal::SIGTERM);
    let signalled = Instant::now();
    let output = program.finish();
    assert!(signalled.elapsed() < AT_ONCE);
    output.exits(143);
    assert!(!output.stderr.is_empty(), "it says that not everything was printed");
}
