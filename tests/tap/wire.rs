//! What passes, passes untouched: bytes, breaches, ends.

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;

use super::tap;
use crate::listen::stop;
use crate::support::certificates::Authority;
use crate::support::program::Running;
use crate::support::server::serve_tls;
use crate::support::{Connection, Event, Frame, MIB, PATIENCE, Server, serve};

/// A server that accepts, and then reads to the end: what came after its 101.
fn takes_all() -> Server<Vec<u8>> {
    serve(|mut connection| {
        connection.accept();
        connection.rest()
    })
}

fn json(server: &Server<impl Sized>) -> (Running, SocketAddr) {
    tap(&["--output", "json"], &server.url())
}

/// All that a peer may do with frames, right or wrong.
fn odd_frames() -> Vec<u8> {
    let compressed = Frame::text([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]).rsv(4);
    let frames = [
        Frame::text("ab").more(),
        Frame::ping("in between"),
        Frame::continuation("").more(),
        Frame::continuation("cd"),
        compressed,
        Frame::binary(vec![7; 70_000]),
        Frame::text("x").length_in_64_bits(),
        Frame::text([0xFF]),
        Frame::new(3, "reserved"),
        Frame::pong("unasked"),
        Frame::close(1006, "may not be on the wire"),
        Frame::text("after the Close"),
    ];
    frames.iter().flat_map(|frame| frame.clone().masked([1, 2, 3, 4]).bytes()).collect()
}

#[test]
fn every_byte_of_a_client_arrives_whatever_it_breaks() {
    let server = takes_all();
    let (program, address) = json(&server);
    let (mut client, _) = Connection::open(address);
    let bytes = odd_frames();
    client.send(&bytes);
    client.half_close();
    assert_eq!(server.outcome(), bytes);
    client.expect_end();
    drop(client);
    program.wait_stdout("\"type\":\"close\"");
    let output = stop(program);
    for finding in
        ["payload length is not in its shortest encoding", "text message is not valid UTF-8", "reserved opcode"]
    {
        output.says(finding);
    }
    output.says("by the client, against RFC 6455 section 5.2");
}

#[test]
fn a_filter_that_calls_itself_for_ever_ends_nothing() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("{}"));
        connection.rest()
    });
    let (program, address) = tap(&["--filter", "jq:def f: 1 + f; f"], &server.url());
    let (mut client, _) = Connection::open(address);
    let bytes = Frame::text("[]").masked([1, 2, 3, 4]).bytes();
    client.send(&bytes);
    assert_eq!(client.frame().payload, b"{}");
    client.half_close();
    assert_eq!(server.outcome(), bytes);
    program.wait_stderr("it calls itself too deeply");
    stop(program);
}

#[test]
fn every_byte_of_a_server_arrives_also_where_the_first_came_with_its_101() {
    let sent = Event::new();
    let done = sent.clone();
    let server = serve(move |mut connection| {
        let request = connection.request();
        let mut bytes = request.acceptance("Sec-WebSocket-Extensions: permessage-deflate\r\n").into_bytes();
        bytes.extend(odd_frames());
        connection.send(bytes);
        done.wait();
    });
    let (program, address) = json(&server);
    let mut client = Connection::connect(address);
    client.send(
        crate::support::connection::UPGRADE_REQUEST
            .replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
    );
    client.head();
    sent.happens();
    assert_eq!(client.rest(), odd_frames());
    drop(client);
    program.wait_stdout("\"type\":\"close\"");
    program.wait_stdout(
        "\"from\":\"server\",\"opcode\":\"text\",\"length\":5,\"fragments\":1,\"compressed\":7,\"text\":\"Hello\"",
    );
    stop(program).says("frame from a server is masked");
}

#[test]
fn past_a_lost_frame_boundary_a_direction_passes_undecoded() {
    let server = takes_all();
    let (program, address) = json(&server);
    let (mut client, _) = Connection::open(address);
    let lost =
        [Frame::text("seen").masked([0; 4]).bytes(), b"\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF".repeat(9)].concat();
    client.send(&lost);
    client.send(vec![0x81; MIB]);
    client.half_close();
    assert_eq!(server.outcome(), [lost, vec![0x81; MIB]].concat());
    program.wait_stderr("what the client sends is passed on undecoded from here on");
    let output = stop(program);
    output.says("most significant bit of the payload length is set");
    assert_eq!(output.stderr.matches("undecoded").count(), 1);
}

#[test]
fn the_end_of_one_direction_is_passed_on_and_the_other_goes_on() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.expect_end();
        connection.send_frame(&Frame::text("still here"));
    });
    let (program, address) = tap(&[], &server.url());
    let (mut client, _) = Connection::open(address);
    client.half_close();
    assert_eq!(client.frame(), Frame::text("still here"));
    client.expect_end();
    drop(client);
    program.wait_stderr("[1] Disconnected (code: 1006, reason: \"\"): the client ended the connection without a Close");
    stop(program).prints("[1] < still here\n");
}

#[test]
fn an_end_before_a_close_was_answered_is_told_as_that() {
    let server = takes_all();
    let (program, address) = tap(&[], &server.url());
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::close(4000, "bye"));
    drop(client);
    server.outcome();
    program.wait_stderr(
        "[1] Disconnected (code: 4000, reason: \"bye\"): the client ended the connection before its Close was answered",
    );
    stop(program);
}

/// Whether the stream of `connection` is reset.
fn is_reset(connection: &Connection) -> bool {
    let mut socket = connection.socket();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    loop {
        match socket.read(&mut [0; 4096]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

#[test]
fn a_reset_by_either_side_is_passed_on_as_one() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("open"));
        is_reset(&connection)
    });
    let (program, address) = tap(&[], &server.url());
    let (mut client, _) = Connection::open(address);
    client.frame();
    client.reset();
    assert!(server.outcome(), "the server sees a reset");
    program.wait_stderr("[1] Disconnected (code: 1006, reason: \"\"): the client broke the connection");
    stop(program);

    let server = serve(|mut connection| {
        connection.accept();
        connection.frame();
        connection.reset();
    });
    let (program, address) = tap(&[], &server.url());
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::text("now"));
    assert!(is_reset(&client), "the client sees a reset");
    program.wait_stderr("the server broke the connection");
    stop(program);
}

#[test]
fn a_server_behind_tls_is_verified_as_the_flags_say() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        connection.echo_until_close();
    });
    let (program, address) = tap(&["--cacert", authority.file().to_str().unwrap()], &server.url());
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::text("secret"));
    assert_eq!(client.frame(), Frame::text("secret"));
    client.send_frame(&Frame::close(1000, ""));
    client.close_frame();
    drop(client);
    program.wait_stderr("Disconnected (code: 1000");
    stop(program);

    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(crate::support::connection::UPGRADE_REQUEST);
    assert!(client.head().starts_with("HTTP/1.1 502 "));
    program.wait_stderr("[1] wscope: error: ");
    stop(program).says("--cacert");
}

#[test]
fn a_client_that_stops_reading_holds_up_its_server_and_no_other() {
    let full = Event::new();
    let told = full.clone();
    let server = serve(move |mut connection| {
        connection.accept();
        if connection.frame().as_text() == "flood" {
            let message = Frame::binary(vec![1; MIB]);
            crate::support::bulk::send_until_full(&mut connection, &message, &told)
        } else {
            connection.echo_until_close();
            0
        }
    });
    let (program, address) = tap(&["--output", "none"], &server.url());
    let (mut stuck, _) = Connection::open(address);
    stuck.send_frame(&Frame::text("flood"));
    full.wait();
    let (mut other, _) = Connection::open(address);
    other.send_frame(&Frame::text("first"));
    for number in 0..100 {
        other.send_frame(&Frame::text(format!("{number}")));
        assert_eq!(other.frame(), Frame::text(format!("{number}")));
    }
    other.send_frame(&Frame::close(1000, ""));
    other.close_frame();
    assert_eq!(server.outcome(), 0);
    let mut taken = 0;
    while stuck.frame_or_end().is_some() {
        taken += 1;
    }
    assert_eq!(server.outcome(), taken);
    drop(stuck);
    stop(program).stays_below(64 * MIB);
}
