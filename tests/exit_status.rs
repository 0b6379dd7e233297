//! The exit status, each by the failure that it stands for.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use nix::sys::signal::Signal;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::support::certificates::Identity;
use crate::support::server::{serve_tls, unused_port};
use crate::support::{Frame, Wscope, serve, websocket};

fn because(code: CloseCode) -> CloseFrame {
    CloseFrame { code, reason: "because".into() }
}

#[test]
fn status_0_when_the_server_closes_normally() {
    for frame in [Some(because(CloseCode::Normal)), Some(because(CloseCode::Away)), None] {
        let server = websocket::close(frame);
        Wscope::new().arg("-N").arg(server.url()).run().exits(0);
    }
}

#[test]
fn status_1_when_the_server_closes_with_any_other_code() {
    for code in [CloseCode::Error, CloseCode::Policy, CloseCode::Restart, CloseCode::Library(4001)] {
        let server = websocket::close(Some(because(code)));
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(1).says(&u16::from(code).to_string()).says("because");
    }
}

#[test]
fn status_1_when_the_stream_ends_without_a_close() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("last"));
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(1).prints("last\n").says("1006");
}

#[test]
fn status_1_when_the_connection_is_reset() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("last"));
        connection.frame();
        connection.reset();
    });
    let mut program = Wscope::new().arg(server.url()).stdin_held().spawn();
    program.wait_stdout("last\n");
    program.write("go\n");
    program.finish().exits(1).prints("last\n");
}

#[test]
fn status_1_when_stdout_cannot_be_written() {
    // Linux: every write fails as on a full disk.
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let server = websocket::push([tungstenite::Message::text("lost")]);
    Wscope::new().arg("-N").arg(server.url()).stdout_file(full).run().exits(1).says("stdout");
}

#[test]
fn status_1_when_not_even_the_first_event_can_be_written() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    Wscope::new().arg("--manual").stdout_file(full.try_clone().unwrap()).run().exits(1).says("stdout");
    let server = websocket::sink();
    let wscope = Wscope::new().args(["-N", "--output", "json"]).arg(server.url());
    wscope.stdout_file(full).run().exits(1).says("stdout");
}

#[test]
fn status_2_for_usage() {
    Wscope::new().arg("--no-such-flag").arg("ws://127.0.0.1:1/").run().exits(2).prints("").says("--no-such-flag");
    Wscope::new().arg("ws://127.0.0.1:99999/").run().exits(2).prints("");
    Wscope::new().arg("ftp://127.0.0.1/").run().exits(2).says("ftp");
    Wscope::new().arg("ws://127.0.0.1/#fragment").run().exits(2).says("fragment");
}

#[test]
fn status_2_for_bad_input_beats_a_bad_close_code() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.close_frame();
        connection.send_frame(&Frame::close(4000, ""));
    });
    Wscope::new().args(["-w", "0"]).arg(server.url()).stdin(*b"\xFF\n").run().exits(2);
    server.outcome();
}

#[test]
fn status_3_when_nothing_listens() {
    let port = unused_port();
    let output = Wscope::new().arg(format!("ws://127.0.0.1:{port}/")).run();
    output.exits(3).prints("").says(&format!("127.0.0.1:{port}")).says("refused");
}

#[test]
fn status_3_names_each_address_of_a_name_with_its_reason() {
    let port = unused_port();
    let output = Wscope::new().arg(format!("ws://localhost:{port}/")).run();
    output.exits(3).says("localhost").says(&format!("127.0.0.1:{port}"));
}

#[test]
fn status_4_when_no_authority_signed_the_certificate() {
    let server = serve_tls(Identity::self_signed().config(), |_| ());
    Wscope::new().arg(server.url()).run().exits(4).prints("").says("hint:");
    assert!(server.outcome().is_err());
}

#[test]
fn status_5_when_the_upgrade_is_refused() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno such x");
    });
    Wscope::new().arg(server.url()).run().exits(5).prints("").says("404 Not Found").says("no such x");
}

#[test]
fn status_6_when_the_server_masks_a_frame() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("fine"));
        connection.send_frame(&Frame::text("masked").masked([1, 2, 3, 4]));
        connection.close_frame()
    });
    Wscope::new().arg("-N").arg(server.url()).run().exits(6).prints("fine\n").says("RFC 6455 section 5.1");
    assert_eq!(server.outcome().0, Some(1002));
}

#[test]
fn status_7_when_the_handshake_takes_too_long() {
    let server = serve(|mut connection| {
        connection.request();
        connection.expect_end();
    });
    let output = Wscope::new().args(["--connect-timeout", "0.3"]).arg(server.url()).run();
    output.exits(7).prints("").takes_at_least(Duration::from_millis(300));
    server.outcome();
}

#[test]
fn status_7_when_the_run_takes_too_long() {
    let server = websocket::sink();
    let program = Wscope::new().args(["-m", "0.5", "-x", "hi", "-w", "-1"]).arg(server.url()).run();
    program.exits(7).takes_at_least(Duration::from_millis(500));
}

#[test]
fn status_7_when_pings_are_not_answered() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.rest();
    });
    let arguments = ["-N", "--ping-interval", "0.1", "--ping-timeout", "0.3"];
    Wscope::new().args(arguments).arg(server.url()).run().exits(7).says("did not answer a ping");
}

#[test]
fn status_130_after_sigint_and_143_after_sigterm() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let server = websocket::push([tungstenite::Message::text("open")]);
        let program = Wscope::new().arg("-N").arg(server.url()).spawn();
        program.wait_stdout("open");
        program.signal(signal);
        let output = program.finish();
        output.exits(status);
        assert_eq!(output.status.signal(), Some(signal as i32), "a shell ends the loop around it: {output:?}");
    }
}
