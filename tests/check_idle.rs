//! `wscope check --idle`: how long a connection may be silent, against servers that cut what is.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::frame::opcode;
use crate::support::program::Output;
use crate::support::{Connection, Frame, Server, Wscope, serve};

/// How long a connection may be silent here.
const LIMIT: Duration = Duration::from_millis(1500);

/// What counts as a sign of life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Bytes from the client.
    Anything,
    /// What is answered.
    Pings,
}

/// Answers pings and the Close, until the client has been silent for [`LIMIT`]; `false` when it has left.
fn live(connection: &mut Connection, life: Life) -> bool {
    connection.accept();
    let mut until = Instant::now() + LIMIT;
    loop {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        connection.socket().set_read_timeout(Some(left)).expect("a connected socket");
        match connection.socket().peek(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() >= until => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        connection.socket().set_read_timeout(Some(crate::support::PATIENCE)).expect("a connected socket");
        let Some(frame) = connection.frame_or_end() else { return false };
        match frame.opcode {
            opcode::PING => connection.send_frame(&Frame::pong(&frame.payload)),
            opcode::CLOSE => {
                // The program may be gone.
                let _ = connection.try_send(frame.unmasked().bytes());
                return false;
            }
            _ if life == Life::Pings => continue,
            _ => {}
        }
        until = Instant::now() + LIMIT;
    }
    connection.socket().set_read_timeout(Some(crate::support::PATIENCE)).expect("a connected socket");
    true
}

fn survey(server: &Server<()>) -> (Output, Value) {
    let arguments = ["check", "--idle=8", "--output", "json"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).says("8 connections side by side, silent for up to 8 s");
    let line = serde_json::from_slice(&output.stdout).expect("one line of JSON");
    (output, line)
}

/// The limit that was found is that of the server, within a second.
fn found(line: &Value, how: &str) {
    assert_eq!((&line["cut"], &line["complete"]), (&how.into(), &true.into()), "{line}");
    let after = line["cut_after"].as_f64().expect("a number");
    assert!((after - LIMIT.as_secs_f64()).abs() <= 1.0, "{line}");
    let interval = line["interval"].as_f64().expect("a number");
    assert!(interval < LIMIT.as_secs_f64(), "{line}");
}

#[test]
fn a_close_tells_its_code_and_what_keeps_the_connection_open() {
    let server = serve(|mut connection| {
        if live(&mut connection, Life::Anything) {
            connection.send_frame(&Frame::close(1001, "idle, token=hunter2hunter2"));
            connection.close_frame();
        }
    });
    let (_, line) = survey(&server);
    found(&line, "close");
    assert_eq!((&line["code"], &line["reason"]), (&1001.into(), &"idle, token=[hidden]".into()));
    assert_eq!((&line["pongs_keep"], &line["pings_keep"]), (&true.into(), &true.into()), "{line}");
}

#[test]
fn bytes_of_ours_alone_are_told_from_pings_that_are_answered() {
    let server = serve(|mut connection| {
        live(&mut connection, Life::Pings);
    });
    let (_, line) = survey(&server);
    found(&line, "end");
    assert_eq!((&line["pongs_keep"], &line["pings_keep"]), (&false.into(), &true.into()), "{line}");
}

#[test]
fn a_reset_is_told_from_a_silent_death() {
    let resets = serve(|mut connection| {
        if live(&mut connection, Life::Anything) {
            connection.reset();
        }
    });
    let swallows = serve(|mut connection| {
        if live(&mut connection, Life::Anything) {
            connection.rest();
        }
    });
    let other = thread::spawn(move || survey(&resets).1);
    found(&survey(&swallows).1, "silent");
    found(&other.join().expect("the other survey succeeds"), "reset");
}

#[test]
fn what_is_recommended_keeps_a_connection_open_for_ten_times_the_limit() {
    let server = serve(|mut connection| {
        live(&mut connection, Life::Pings);
    });
    let (_, line) = survey(&server);
    let wait = (LIMIT * 10).as_secs_f64().to_string();
    let arguments = ["-N", "-w", &wait, "--ping-interval", &line["interval"].to_string()];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).is_silent().takes_at_least(LIMIT * 10);
}

#[test]
fn ctrl_c_gives_what_is_known_so_far_and_a_server_that_speaks_is_named() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("welcome"));
        connection.echo_until_close();
    });
    let running = Wscope::new().args(["check", "--idle=3600"]).arg(server.url()).spawn();
    running.wait_stderr("silent for up to");
    running.wait_stderr("connections have been silent");
    running.signal(Signal::SIGINT);
    let output = running.finish();
    output.exits(130);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("as far as is known") && text.contains("sends messages by itself"), "{output:?}");
}

#[test]
fn without_a_connection_there_is_an_error_and_no_report() {
    let port = crate::support::server::unused_port();
    let output = Wscope::new().args(["check", "--idle=2"]).arg(format!("ws://127.0.0.1:{port}")).run();
    output.exits(3).prints("").says("refused");
}

#[test]
fn a_flood_does_not_outlast_the_time_limit() {
    let server = serve(|mut connection| {
        connection.accept();
        let flood = Frame::pong("news").bytes().repeat(1000);
        while connection.try_send(&flood).is_ok() {}
    });
    let output = Wscope::new().args(["check", "--idle=3600", "--max-time", "2"]).arg(server.url()).run();
    output.exits(7);
    assert!(output.took < Duration::from_secs(30), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("sends pongs by itself"), "{output:?}");
}

#[test]
fn a_breach_is_no_limit() {
    let server = serve(|mut connection| {
        connection.accept();
        // A frame with a reserved bit.
        connection.send([0xc1, 0x00]);
        connection.echo_until_close();
    });
    let output = Wscope::new().args(["check", "--idle=8"]).arg(server.url()).run();
    output.exits(6).says("that ended a connection, not its silence");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("as far as is known") && !text.contains("cut after"), "{output:?}");
}
