//! The same rules from the other side: a scripted client against `wscope listen`.

use std::net::SocketAddr;

use nix::sys::signal::Signal;

use super::*;
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::program::Running;

/// Starts it, lets `misbehave` do something, and checks that a well-behaved client is served afterwards.
#[track_caller]
fn survives(misbehave: impl FnOnce(SocketAddr, &Running)) -> Output {
    let program = Wscope::new().args(["listen", "0", "--echo"]).spawn();
    program.wait_stderr("ws://");
    program.wait_stderr("\n");
    let stderr = program.stderr();
    let address = stderr.split("ws://").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    let address: SocketAddr = address.trim_end_matches('/').parse().unwrap();
    misbehave(address, &program);
    let (mut polite, _) = Connection::open(address);
    polite.send_frame(&Frame::text("still there?"));
    assert_eq!(polite.frame(), Frame::text("still there?"));
    program.signal(Signal::SIGTERM);
    let output = program.finish();
    output.exits(143).never_says("panicked").stays_below(MOST_MEMORY);
    output
}

#[test]
fn every_breach_is_closed_with_its_code_and_named() {
    let mask = [9, 8, 7, 6];
    let breaches = [
        (Frame::text("unmasked"), 1002, "RFC 6455 section 5.1"),
        (Frame::text("").rsv(2).masked(mask), 1002, "RFC 6455 section 5.2"),
        (Frame::new(0x5, "").masked(mask), 1002, "RFC 6455 section 5.2"),
        (Frame::ping("").more().masked(mask), 1002, "RFC 6455 section 5.5"),
        (Frame::ping([0; 126]).masked(mask), 1002, "RFC 6455 section 5.5"),
        (Frame::text("hi").length_in_16_bits().masked(mask), 1002, "RFC 6455 section 5.2"),
        (Frame::text("").declaring(1 << 63).masked(mask), 1002, "RFC 6455 section 5.2"),
        (Frame::continuation("").masked(mask), 1002, "RFC 6455 section 5.4"),
        (Frame::text([0xFF]).masked(mask), 1007, "RFC 6455 section 8.1"),
        (Frame::new(opcode::CLOSE, [3]).masked(mask), 1002, "RFC 6455 section 5.5.1"),
        (Frame::close(1005, "").masked(mask), 1002, "RFC 6455 section 7.4"),
        (Frame::text("").declaring(10 << 30).masked(mask), 1009, "1009"),
    ];
    survives(|address, program| {
        for (frame, code, said) in breaches {
            let (mut client, _) = Connection::open(address);
            client.send_frame(&Frame::text("before"));
            assert_eq!(client.frame(), Frame::text("before"));
            client.send(frame.bytes());
            assert_eq!(client.close_frame().0, Some(code), "{frame:?}\n{}", program.stderr());
            client.expect_end();
            program.wait_stderr(said);
        }
    });
}

#[test]
fn requests_that_are_none_are_answered_with_what_is_wrong() {
    let upgrade = UPGRADE_REQUEST;
    let requests = [
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        (upgrade.replace("GET", "POST"), "HTTP/1.1 405 "),
        (upgrade.replace("HTTP/1.1", "HTTP/1.0"), "HTTP/1.1 "),
        (upgrade.replace("Upgrade: websocket\r\n", ""), "HTTP/1.1 426 "),
        (upgrade.replace("Connection: Upgrade\r\n", ""), "HTTP/1.1 4"),
        (upgrade.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), "HTTP/1.1 400 "),
        (upgrade.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "HTTP/1.1 400 "),
        (upgrade.replace("Host: localhost\r\n", ""), "HTTP/1.1 400 "),
    ];
    survives(|address, program| {
        for (request, status) in requests {
            let mut client = Connection::connect(address);
            client.send(&request);
            let response = client.head();
            assert!(response.starts_with(status), "{request}\n{response}\n{}", program.stderr());
            client.rest();
        }
    });
}

#[test]
fn heads_without_end_are_cut_off() {
    survives(|address, _| {
        for filler in ["x".repeat(4096), "X-Filler: x\r\n".repeat(300)] {
            let mut client = Connection::connect(address);
            client.send("GET / HTTP/1.1\r\nX-Endless: \r\n");
            let mut sent = 0;
            while sent < 16 * MIB && client.try_send(&filler).is_ok() {
                sent += filler.len();
            }
            assert!(sent < 16 * MIB, "it took everything");
        }
    });
}

#[test]
fn resets_and_ends_at_each_stage_are_survived() {
    survives(|address, _| {
        Connection::connect(address).reset();
        let mut client = Connection::connect(address);
        client.send(&UPGRADE_REQUEST[..50]);
        client.reset();
        let mut client = Connection::connect(address);
        client.send(&UPGRADE_REQUEST[..50]);
        client.half_close();
        client.rest();
        let (client, _) = Connection::open(address);
        client.reset();
        let (mut client, _) = Connection::open(address);
        client.send(&Frame::text("never whole").masked([1, 2, 3, 4]).bytes()[..7]);
        client.half_close();
        client.rest();
    });
}

#[test]
fn a_request_dripped_byte_by_byte_is_accepted() {
    survives(|address, _| {
        let mut client = Connection::connect(address);
        client.drip(UPGRADE_REQUEST);
        assert!(client.head().starts_with("HTTP/1.1 101 "));
        client.drip(Frame::text("slowly").masked([1, 2, 3, 4]).bytes());
        assert_eq!(client.frame(), Frame::text("slowly"));
    });
}
