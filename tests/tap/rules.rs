//! What is rewritten, what is let in, and what is said of it.

use std::net::UdpSocket;

use super::tap;
use crate::listen::{listening_at, stop};
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::head::response;
use crate::support::server::serve_silently;
use crate::support::{Connection, Event, Server, Wscope, serve};

/// A server that accepts, and hangs up: the request.
fn asked() -> Server<String> {
    serve(|mut connection| connection.accept().0)
}

/// What the server gets of this request.
#[track_caller]
fn passed(flags: &[&str], change: impl FnOnce(String, u16) -> String) -> (String, Server<String>) {
    let server = asked();
    let (program, address) = tap(flags, &server.url());
    let mut client = Connection::connect(address);
    client.send(change(UPGRADE_REQUEST.replace("localhost", &address.to_string()), address.port()));
    client.head();
    let request = server.outcome();
    drop(client);
    stop(program);
    (request, server)
}

#[test]
fn host_and_the_own_origin_become_the_servers_and_nothing_else_changes() {
    let with_origin = |request: String, port| {
        request.replace("\r\n\r\n", &format!("\r\nOrigin: http://127.0.0.1:{port}\r\nx-OWN:  a \r\n\r\n"))
    };
    let (request, server) = passed(&[], with_origin);
    let port = server.port();
    let expected = UPGRADE_REQUEST
        .replace("localhost", &format!("127.0.0.1:{port}"))
        .replace("\r\n\r\n", &format!("\r\nOrigin: http://127.0.0.1:{port}\r\nx-OWN:  a \r\n\r\n"));
    assert_eq!(request, expected);
    let (request, server) = passed(&["--keep-host", "--keep-origin"], with_origin);
    assert!(!request.contains(&server.port().to_string()), "{request}");
}

#[test]
fn flags_add_what_they_say() {
    let (request, _) =
        passed(&["-H", "X-Trace: 1", "-H", "Sec-WebSocket-Version:", "-u", "ann:pass"], |request, _| request);
    assert!(request.contains("\r\nX-Trace: 1\r\n") && !request.contains("Sec-WebSocket-Version"), "{request}");
    assert!(request.contains("\r\nAuthorization: Basic YW5uOnBhc3M=\r\n"), "{request}");
}

/// A browser lets any page connect to this machine, and the credentials are the user's.
#[test]
fn a_tap_that_adds_credentials_lets_in_no_foreign_page() {
    let server = asked();
    let (program, address) = tap(&["--bearer", "s3cret"], &server.url());
    let ask = |head: &str| {
        let mut client = Connection::connect(address);
        client.send(UPGRADE_REQUEST.replace("Host: localhost\r\n", head));
        client.head()
    };
    for foreign in [
        "Host: 127.0.0.1\r\nOrigin: https://evil.example\r\n",
        "Host: evil.example\r\n",
        "Host: evil.example\r\nOrigin: http://evil.example\r\n",
    ] {
        assert!(ask(foreign).starts_with("HTTP/1.1 403 "), "{foreign}");
    }
    program.wait_stderr("wscope's `--allow-origin https://evil.example`");
    assert!(ask("Host: localhost\r\nOrigin: http://localhost:3000\r\n").starts_with("HTTP/1.1 101 "));
    assert!(server.outcome().contains("Bearer s3cret"));
    stop(program).never_says("s3cret");

    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST.replace("localhost", "evil.example"));
    assert!(client.head().starts_with("HTTP/1.1 101 "), "without credentials it is the server's to judge");
    stop(program);
}

#[test]
fn a_server_that_cannot_be_had_is_told_to_both_sides() {
    let port = crate::support::server::unused_port();
    let (program, address) = tap(&[], &format!("ws://127.0.0.1:{port}"));
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST);
    let answer = String::from_utf8(client.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(answer.contains(&format!("127.0.0.1:{port}: connection refused")), "{answer}");
    program.wait_stderr("connection refused");
    stop(program);
}

#[test]
fn a_refusal_is_passed_on_and_explained() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nX-Odd:  y\r\n\r\nnever");
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST);
    assert_eq!(client.rest(), b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nX-Odd:  y\r\n\r\nnever");
    program.wait_stderr("refused the upgrade: HTTP/1.1 403 Forbidden");
    stop(program);
}

#[test]
fn a_server_that_is_silent_is_told_to_both_sides() {
    let requested = Event::new();
    let server = serve_silently(&requested);
    let (program, address) = tap(&["--connect-timeout", "0.3"], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST);
    let answer = String::from_utf8(client.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("sent nothing within 0.3 s"), "{answer}");
    program.wait_stderr("sent nothing within 0.3 s");
    stop(program);
}

#[test]
fn a_redirect_is_left_to_the_client() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send(response("302 Found", "Location: /login\r\n", ""));
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST);
    assert!(client.head().contains("Location: /login\r\n"));
    program.wait_stderr("the client's business");
    stop(program).never_says("`-L`");
}

#[test]
fn a_server_is_judged_by_what_it_was_asked_for() {
    let server = serve(|mut connection| {
        connection.accept_with("Sec-WebSocket-Protocol: chat\r\n");
    });
    let (program, address) = tap(&["-s", "chat"], &server.url());
    Connection::open(address);
    program.wait_stderr("subprotocol chat)");
    stop(program).never_says("finding");

    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST);
    client.head();
    program.wait_stderr(&format!("`--origin http://127.0.0.1:{}`", server.port()));
    stop(program);
}

#[test]
fn a_tap_at_every_address_does_not_ask_itself() {
    // No packet is sent: this only chooses the address from which one would go.
    let chosen = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9").map(|()| socket));
    let Ok(own) = chosen.and_then(|socket| socket.local_addr()) else { return };
    let port = crate::support::server::unused_port();
    let url = format!("http://{}:{port}", own.ip());
    let program = Wscope::new().args(["tap", &format!("0.0.0.0:{port}"), &url]).spawn();
    // The URL is that of a page, and so is the address.
    let mut client = Connection::connect(listening_at(&program, " at http://"));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let answer = String::from_utf8(client.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("leads back to this tap"), "{answer}");
    stop(program);
}

#[test]
fn raw_output_would_mix_what_both_say() {
    let output = Wscope::new().args(["tap", "0", "localhost", "--output", "raw"]).run();
    output.exits(2).says("would mix what clients and servers send");
}
