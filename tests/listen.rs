//! `wscope listen`, against clients of the tests' own.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::certificates::Authority;
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::frame::opcode;
use crate::support::program::Running;
use crate::support::{Connection, Frame, MIB, PATIENCE, Wscope};

mod clients;

/// Starts it on a free port and waits until it listens. Returns where.
#[track_caller]
pub fn listen(wscope: Wscope) -> (Running, SocketAddr) {
    let program = wscope.spawn();
    let address = listening_at(&program, "ws://");
    (program, address)
}

#[track_caller]
pub fn listening_at(program: &Running, scheme: &str) -> SocketAddr {
    program.wait_stderr(scheme);
    program.wait_stderr("\n");
    let stderr = program.stderr();
    let (_, rest) = stderr.split_once(scheme).unwrap();
    let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || ".:[]".contains(c))).unwrap_or(rest.len());
    rest[..end].parse().unwrap_or_else(|error| panic!("{error} in {stderr}"))
}

/// Ends it and checks that it goes in order.
#[track_caller]
pub fn stop(program: Running) -> crate::support::program::Output {
    program.signal(Signal::SIGTERM);
    let output = program.finish();
    output.exits(143);
    output
}

#[test]
fn a_port_that_the_system_picks_is_told_with_quiet_too() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "-q"]));
    let port = address.port().to_string();
    assert!(stop(program).stderr.lines().count() == 1);
    let tap = Wscope::new().args(["tap", "-q", "0", "ws://127.0.0.1:9/"]).spawn();
    listening_at(&tap, "at ws://");
    assert!(stop(tap).stderr.lines().count() == 1);
    let proxy = Wscope::new().args(["tap", "-q", "0"]).spawn();
    listening_at(&proxy, "Proxy at http://");
    assert!(stop(proxy).stderr.lines().count() == 1);
    // A port that the user has named is known.
    Wscope::new().args(["listen", "-q", "--max-time", "0.1", &port]).run().never_says("ws://");
}

#[test]
fn it_listens_on_loopback_and_prints_what_clients_send() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    assert!(address.ip().is_loopback());
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::text("hello"));
    client.send_frame(&Frame::close(1000, ""));
    assert_eq!(client.close_frame().0, Some(1000));
    client.expect_end();
    program.wait_stdout("hello\n");
    stop(program);
}

#[test]
fn echo_sends_back_what_comes() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--echo", "--no-input"]));
    let (mut client, response) = Connection::open(address);
    assert!(response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{response}");
    let messages = [Frame::text("text"), Frame::binary([0, 0xFF]), Frame::text(""), Frame::text("x".repeat(70_000))];
    for message in &messages {
        client.send_frame(message);
        let echoed = client.frame();
        assert_eq!((echoed.mask, &echoed), (None, message));
    }
    client.send_frame(&Frame::ping("there?"));
    assert_eq!(client.frame(), Frame::pong("there?"));
    client.send_frame(&Frame::close(4000, "bye"));
    assert_eq!(client.close_frame().0, Some(4000));
    client.expect_end();
    stop(program);
}

#[test]
fn a_session_with_itself_brings_lines_back() {
    let (server, address) = listen(Wscope::new().args(["listen", "0", "--echo"]));
    let output = Wscope::new().args(["-w", "0"]).arg(format!("ws://{address}")).stdin("one\ntwo\n").run();
    output.exits(0).prints("one\ntwo\n");
    stop(server);
}

#[test]
fn stdin_goes_to_every_client_and_its_end_ends_nothing() {
    let (mut program, address) = listen(Wscope::new().args(["listen", "0"]).stdin_held());
    let mut clients = [Connection::open(address).0, Connection::open(address).0];
    for client in &mut clients {
        // Once it answers it is among those that get what is piped.
        client.send_frame(&Frame::ping(""));
        assert_eq!(client.frame().opcode, opcode::PONG);
    }
    program.write("to all\n");
    for client in &mut clients {
        assert_eq!(client.frame(), Frame::text("to all"));
    }
    program.close_stdin();
    for client in &mut clients {
        client.send_frame(&Frame::text("still here"));
        client.send_frame(&Frame::ping(""));
        assert_eq!(client.frame().opcode, opcode::PONG);
    }
    program.wait_stdout("still here");
    stop(program);
}

#[test]
fn clients_are_told_apart_by_number() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let (mut first, _) = Connection::open(address);
    first.send_frame(&Frame::text("from the first"));
    program.wait_stdout("from the first");
    let (mut second, _) = Connection::open(address);
    second.send_frame(&Frame::text("from the second"));
    program.wait_stdout("from the second");
    program.wait_stderr("1");
    program.wait_stderr("2");
    stop(program);
}

#[test]
fn it_pushes_by_itself() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--push", "tick", "--every", "0.05"]));
    let (mut client, _) = Connection::open(address);
    for _ in 0..3 {
        assert_eq!(client.frame(), Frame::text("tick"));
    }
    stop(program);
}

#[test]
fn a_signal_closes_the_clients() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::ping(""));
    client.frame();
    program.signal(Signal::SIGINT);
    assert_eq!(client.close_frame().0, Some(1001));
    program.finish().exits(130);
}

#[test]
fn it_serves_tls_with_a_certificate() {
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue());
    let wscope = Wscope::new().args(["listen", "0", "--echo", "--cert"]).arg(certificate).arg("--key").arg(key);
    let program = wscope.spawn();
    let address = listening_at(&program, "wss://");
    let client = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file());
    client.arg(format!("wss://localhost:{}", address.port())).stdin("hi\n").run().exits(0).prints("hi\n");
    stop(program);
}

#[test]
fn it_ends_the_tls_session_in_order() {
    let authority = Authority::new();
    let (certificate, key) = authority.files_of(&authority.issue());
    let wscope = Wscope::new().args(["listen", "0", "--cert"]).arg(certificate).arg("--key").arg(key);
    let program = wscope.spawn();
    let address = listening_at(&program, "wss://");
    let mut stream = authority.connect(TcpStream::connect(address).unwrap());
    stream.write_all(UPGRADE_REQUEST.as_bytes()).unwrap();
    stream.write_all(&Frame::close(1000, "").masked([1, 2, 3, 4]).bytes()).unwrap();
    // Without `close_notify` the end would be an error.
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(received.ends_with(&Frame::close(1000, "").bytes()));
    stop(program);
}

/// Far longer than a push is awaited.
const STALLED: Duration = Duration::from_secs(1);

/// Far more than a client's queue and every socket buffer hold, 1 KiB each.
const LINES: usize = 64 * 1024;

#[test]
fn a_client_that_does_not_read_is_closed_and_the_others_are_served() {
    let (mut program, address) = listen(Wscope::new().args(["listen", "0"]).stdin_held());
    let (mut slow, _) = Connection::open(address);
    let (mut quick, _) = Connection::open(address);
    for client in [&mut slow, &mut quick] {
        client.send_frame(&Frame::ping(""));
        assert_eq!(client.frame().opcode, opcode::PONG);
    }
    // No faster than the quick one takes it: a queue of its own overflows as well.
    let batch = [&[b'x'; 1023][..], b"\n"].concat().repeat(64);
    for _ in 0..LINES / 64 {
        program.write(&batch);
        for _ in 0..64 {
            assert_eq!(quick.frame().payload.len(), 1023);
        }
    }
    program.wait_stderr("1013");
    let output = stop(program);
    output.stays_below(64 * MIB);
}

#[test]
fn a_subprotocol_and_a_request_without_upgrade_are_dealt_with() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let mut browser = Connection::connect(address);
    browser.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(browser.head().starts_with("HTTP/1.1 426 "));
    let mut old = Connection::connect(address);
    old.send(UPGRADE_REQUEST.replace("Version: 13", "Version: 8"));
    let response = old.head();
    assert!(response.starts_with("HTTP/1.1 426 ") && response.contains("Sec-WebSocket-Version: 13"), "{response}");
    stop(program);
}

/// RFC 6455 section 5.1: a server closes when a client's frame is not masked.
#[test]
fn an_unmasked_frame_is_a_breach() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let (mut client, _) = Connection::open(address);
    client.send_frame(&Frame::text("fine"));
    client.send(Frame::text("not masked").bytes());
    assert_eq!(client.close_frame().0, Some(1002));
    client.expect_end();
    program.wait_stdout("fine\n");
    program.wait_stderr("RFC 6455 section 5.1");
    stop(program).never_says("panicked");
}

#[test]
fn a_client_that_says_nothing_is_let_go() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let mut client = Connection::connect(address);
    client.expect_end();
    stop(program);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let output = Wscope::new().args(["listen", &address.port().to_string()]).run();
    output.exits(3).says(&address.to_string());
    stop(program);
}

#[test]
fn a_window_that_no_client_could_be_granted_is_an_error() {
    let output = Wscope::new().args(["listen", "0", "--deflate", "server_max_window_bits=8"]).run();
    output.exits(2).says("no window of 8 bits").says("server_max_window_bits=9");
}

#[test]
fn many_clients_are_served_at_once() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--echo"]));
    let mut clients: Vec<Connection> = (0..50).map(|_| Connection::open(address).0).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send_frame(&Frame::text(number.to_string()));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.frame(), Frame::text(number.to_string()));
    }
    stop(program);
}

#[test]
fn what_is_piped_in_waits_for_the_first_client() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]).stdin("one\ntwo\n"));
    let (mut client, _) = Connection::open(address);
    assert_eq!([client.frame(), client.frame()], [Frame::text("one"), Frame::text("two")]);
    stop(program);
}

#[test]
fn what_is_piped_in_is_read_no_faster_than_a_client_takes_it() {
    let line = [&[b'x'; 1023][..], b"\n"].concat();
    let (program, address) = listen(Wscope::new().args(["listen", "0"]).stdin(line.repeat(LINES)));
    let (mut client, _) = Connection::open(address);
    let mut frames = 0;
    while frames < LINES {
        assert_eq!(client.frame().payload.len(), 1023);
        frames += 1;
    }
    stop(program).never_says("1013");
}

#[test]
fn unsolicited_pongs_are_forgotten_once_they_are_sent() {
    const PONGS: usize = 200_000;
    // More in all than may wait for a client.
    let line = format!("{{\"pong\":\"{}\"}}\n", "x".repeat(100));
    let input = line.repeat(PONGS) + "{\"text\":\"the end\"}\n";
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--input", "json"]).stdin(input));
    let (mut client, _) = Connection::open(address);
    for _ in 0..PONGS {
        assert_eq!(client.frame().opcode, opcode::PONG);
    }
    assert_eq!(client.frame(), Frame::text("the end"));
    stop(program).never_says("1013");
}

#[test]
fn what_was_piped_in_and_not_sent_is_counted() {
    let (program, _) = listen(Wscope::new().args(["listen", "0"]).stdin("line\n".repeat(1000)));
    stop(program).says("1000 messages of the input were not sent");
}

#[test]
fn a_head_request_gets_no_content() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let mut client = Connection::connect(address);
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    let response = String::from_utf8(client.rest()).unwrap();
    assert!(response.starts_with("HTTP/1.1 405 ") && response.ends_with("\r\n\r\n"), "{response}");
    stop(program);
}

#[test]
fn a_refusal_arrives_though_a_body_lies_unread() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    for length in [100_000, 500_000] {
        let mut client = Connection::connect(address);
        client.send(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"));
        let response = client.head();
        assert!(response.starts_with("HTTP/1.1 405 "), "{response}");
        // The answer was there while the body was still on its way.
        client.send("x".repeat(length));
        client.half_close();
        let mut body = String::new();
        client.socket().read_to_string(&mut body).expect("no reset");
    }
    stop(program).says("method is not GET");
}

#[test]
fn its_time_limit_is_told() {
    Wscope::new().args(["listen", "0", "--max-time", "0.1"]).run().exits(7).says("was not stopped within 0.1 s");
}

#[test]
fn a_token_in_a_request_that_breaks_off_is_not_told() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let mut client = Connection::connect(address);
    client.socket().write_all(b"GET /?token=secret HTTP/1.1\r\nHost: x\r\n").unwrap();
    client.socket().shutdown(Shutdown::Write).unwrap();
    client.rest();
    program.wait_stderr("GET /?token=[hidden]");
    stop(program).never_says("secret");
}

#[test]
fn json_goes_out_in_order_whatever_it_asks_for() {
    let lines = "{\"text\":\"one\"}\n{\"ping\":\"p\"}\n{\"text\":\"two\"}\n{\"close\":{\"code\":1000}}\n";
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--input", "json"]).stdin(lines));
    let (mut client, _) = Connection::open(address);
    assert_eq!([client.frame(), client.frame()], [Frame::text("one"), Frame::ping("p")]);
    assert_eq!(client.frame(), Frame::text("two"));
    assert_eq!(client.close_frame().0, Some(1000));
    stop(program);
}

#[test]
fn what_is_sent_waits_while_what_is_shown_of_it_is_not_read() {
    let push = "x".repeat(100_000);
    let arguments = ["listen", "0", "--output", "json", "--frames", "--every", "0.001", "--push", &push];
    let (mut program, address) = listen(Wscope::new().args(arguments).stdout_unread());
    let (client, _) = Connection::open(address);
    client.socket().set_read_timeout(Some(STALLED)).unwrap();
    let (started, mut buffer) = (Instant::now(), vec![0; MIB]);
    while client.socket().read(&mut buffer).is_ok() {
        assert!(started.elapsed() < PATIENCE, "it is sent all the same");
    }
    program.read_stdout();
    stop(program).stays_below(64 * MIB);
}

/// The answer to a page of `origin`.
pub fn answer_to_a_page(address: SocketAddr, origin: &str) -> String {
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST.replace("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n")));
    if origin.contains("localhost") { client.head() } else { String::from_utf8(client.rest()).unwrap() }
}

#[test]
fn a_page_of_another_origin_is_not_let_in() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--lenient"]));
    assert!(answer_to_a_page(address, "http://localhost:3000").starts_with("HTTP/1.1 101 "));
    for (origin, flag) in
        [("https://evil.example", "--allow-origin https://evil.example`"), ("null", "--allow-origin null`")]
    {
        let answer = answer_to_a_page(address, origin);
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains(flag), "{answer}");
        program.wait_stderr(flag);
    }
    stop(program).says("a web page of another origin").says("file:// page");
}

#[test]
fn a_page_that_is_allowed_is_let_in() {
    let flags = ["--allow-origin", "https://localhost.example", "--allow-origin", "null"];
    let (program, address) = listen(Wscope::new().args(["listen", "0"]).args(flags));
    assert!(answer_to_a_page(address, "https://localhost.example").starts_with("HTTP/1.1 101 "));
    assert!(answer_to_a_page(address, "https://other.example").starts_with("HTTP/1.1 403 "));
    stop(program);
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--allow-origin", "*"]));
    assert!(answer_to_a_page(address, "https://any.localhost.example").starts_with("HTTP/1.1 101 "));
    stop(program);
    let refused = Wscope::new().args(["listen", "0", "--allow-origin", "example.com"]).run();
    refused.exits(2).says("https://example.com");
}

#[test]
fn every_address_that_is_not_loopback_is_announced() {
    let (program, _) = listen(Wscope::new().args(["listen", "0.0.0.0:0"]));
    stop(program).says("for other machines too").never_says("a phone");
    let (program, _) = listen(Wscope::new().args(["listen", "127.0.0.2:0"]));
    stop(program).never_says("other machines");
}

#[test]
fn where_it_listens_on_loopback_it_says_how_others_reach_it() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    stop(program).says(&format!("a phone or container needs `0.0.0.0:{}`", address.port()));
}

#[test]
fn times_in_what_goes_to_a_pipe_are_told() {
    let note = "`-t` puts the time in front of each message";
    let (program, _) = listen(Wscope::new().args(["listen", "0", "-t"]));
    assert_eq!(stop(program).says(note).stderr.matches(note).count(), 1);
    let (program, _) = listen(Wscope::new().args(["listen", "0", "-t=local"]));
    stop(program).never_says(note);
}
