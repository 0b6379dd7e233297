//! A proxy together with the other flags that say where to connect, and with redirects.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::support::head::Request;
use crate::support::proxy::Proxy;
use crate::support::server::serve_sockets;

/// A server behind an HTTP proxy.
fn behind_a_proxy() -> (Server<String>, Proxy) {
    let server = echo();
    let proxy = leading_to(Protocol::Connect, server.address()).start();
    (server, proxy)
}

#[test]
fn the_proxy_is_asked_for_what_connect_to_says() {
    let (server, proxy) = behind_a_proxy();
    let rule = ["--connect-to", "example.com:80:elsewhere.invalid:8080"];
    one_message(&proxy.url("http", None), "ws://example.com/").args(rule).run().exits(0).prints("hi\n");
    assert_eq!(proxy.asked()[0].target, "elsewhere.invalid:8080");
    assert!(server.outcome().contains("Host: example.com\r\n"));
}

#[test]
fn the_name_of_the_proxy_can_be_given_an_address() {
    let (server, proxy) = behind_a_proxy();
    let port = proxy.address().port();
    let pin = format!("proxy.invalid:{port}:127.0.0.1");
    let output =
        one_message(&format!("http://proxy.invalid:{port}"), "ws://host.invalid/").args(["--resolve", &pin]).run();
    output.exits(0).prints("hi\n");
    server.outcome();
    let output = one_message("http://proxy.invalid:1", "ws://host.invalid/").run();
    output.exits(3).says("cannot resolve the name `proxy.invalid` of the proxy");
}

#[test]
fn one_family_alone_is_tried_of_the_proxy() {
    let (server, proxy) = behind_a_proxy();
    let port = proxy.address().port();
    one_message(&format!("http://localhost:{port}"), "ws://host.invalid/").arg("-4").run().exits(0).prints("hi\n");
    server.outcome();
    let output = one_message(&proxy.url("http", None), "ws://host.invalid/").arg("-6").run();
    output.exits(3).says(&format!("the proxy `127.0.0.1:{port}` has no IPv6 address, and `-6` wants one"));
}

#[test]
fn one_family_alone_is_asked_for_where_names_are_looked_up_here() {
    let server = echo();
    let proxy = leading_to(Protocol::Socks5, server.address()).start();
    one_message(&proxy.url("socks5", None), "ws://localhost:8000/").arg("-4").run().exits(0).prints("hi\n");
    server.outcome();
    assert_eq!(proxy.asked()[0].target, "127.0.0.1:8000");
}

/// A server that redirects one host to `location`, and accepts all others.
fn redirecting(host: &'static str, location: &'static str) -> Server<Request> {
    serve(move |mut connection| {
        let request = connection.request();
        if request.header("Host") == Some(host) {
            let port = connection.socket().local_addr().expect("a bound socket").port().to_string();
            let location = location.replace("PORT", &port);
            connection.send(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"));
        } else {
            connection.send(request.acceptance(""));
            bulk::echo(&mut connection, bulk::Pings::None);
        }
        request
    })
}

#[test]
fn a_redirect_is_followed_through_the_proxy() {
    let server = redirecting("first.invalid", "http://second.invalid:8080/x");
    let proxy = leading_to(Protocol::Connect, server.address()).wanting("ann:pass").start();
    let url = proxy.url("http", Some("ann:pass"));
    one_message(&url, "ws://first.invalid/").arg("-L").run().exits(0).prints("hi\n");
    let asked = proxy.asked();
    let targets: Vec<_> = asked.iter().map(|asked| asked.target.as_str()).collect();
    assert_eq!(targets, ["first.invalid:80", "second.invalid:8080"]);
    // The login is the proxy's, whichever server lies behind it.
    assert!(asked.iter().all(|asked| asked.login.as_deref() == Some("ann:pass")));
}

#[test]
fn a_redirect_to_a_host_without_proxy_goes_past_it() {
    let server = redirecting("first.invalid", "http://127.0.0.1:PORT/");
    let proxy = leading_to(Protocol::Connect, server.address()).start();
    let wscope = one_message(&proxy.url("http", None), "ws://first.invalid/").args(["-L", "--noproxy", "127.0.0.1"]);
    wscope.run().exits(0).prints("hi\n");
    assert_eq!(proxy.asked().len(), 1);
}

/// A SOCKS proxy that does not reach 192.0.2.1, and is the server at every other address. The outcomes are the addresses.
fn reaching_all_but_one() -> Server<[u8; 4]> {
    serve_sockets("socks5", |mut socket| {
        socket.read_exact(&mut [0; 3]).expect("a greeting");
        socket.write_all(&[5, 0]).expect("it is read");
        let mut request = [0; 10];
        socket.read_exact(&mut request).expect("a request for an IPv4 address");
        let [5, 1, 0, 1, address @ .., _, _] = request else { panic!("{request:?}") };
        let reply = if address == [192, 0, 2, 1] { 4 } else { 0 };
        socket.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it is read");
        if reply == 0 {
            let mut connection = Connection::plain(socket);
            connection.accept();
            bulk::echo(&mut connection, bulk::Pings::None);
        }
        address
    })
}

#[test]
fn an_address_that_the_proxy_does_not_reach_is_followed_by_the_next() {
    let server = reaching_all_but_one();
    let wscope =
        one_message(&server.url(), "ws://host.invalid/").args(["--resolve", "host.invalid:80:192.0.2.1,192.0.2.2"]);
    wscope.run().exits(0).prints("hi\n");
    assert_eq!([server.outcome(), server.outcome()], [[192, 0, 2, 1], [192, 0, 2, 2]]);
}

#[test]
fn addresses_that_the_proxy_does_not_reach_are_all_told() {
    let replies = [4, 5];
    let turn = AtomicUsize::new(0);
    let proxy = serve_sockets("socks5", move |mut socket| {
        let reply = replies[turn.fetch_add(1, Ordering::Relaxed)];
        socket.read_exact(&mut [0; 3]).expect("a greeting");
        socket.write_all(&[5, 0]).expect("it is read");
        socket.read_exact(&mut [0; 10]).expect("a request for an IPv4 address");
        socket.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it is read");
    });
    let addresses = ["--resolve", "host.invalid:80:192.0.2.1,192.0.2.2"];
    let output = one_message(&proxy.url(), "ws://host.invalid/").args(addresses).run();
    output.exits(3).says("did not connect us to `host.invalid:80`: connection refused (SOCKS reply 5)");
    output
        .says("192.0.2.1:80: host unreachable (SOCKS reply 4)")
        .says("192.0.2.2:80: connection refused (SOCKS reply 5)");
}
