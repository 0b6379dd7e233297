//! Ordinary HTTP through `wscope tap`: byte for byte, and an upgrade among it is seen.

use std::net::TcpStream;

use crate::listen::{listening_at, stop};
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::head::response;
use crate::support::{Connection, Frame, Wscope, serve};
use crate::tap::tap;

/// A request with the `Host` of the tap, which the server does not get.
fn request(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

#[test]
fn requests_and_responses_on_one_connection_pass_as_they_are() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Odd:\tvalue \r\n\r\n\
                   5;a=\"b\"\r\nhello\r\n0\r\nTrailer: t\r\n\r\n";
    let exchanges = [
        (request("GET /page", ""), response("200 OK", "", "<html>")),
        (request("HEAD /page", ""), "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_owned()),
        (
            request("GET /cached", "If-None-Match: x\r\n"),
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n".to_owned(),
        ),
        (request("POST /form", "Content-Length: 4\r\n") + "a=b&", response("201 Created", "x-lower: CASE\r\n", "made")),
        (request("PUT /stream", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n", chunked.to_owned()),
        (
            request("GET /early", ""),
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_owned() + &response("200 OK", "", ""),
        ),
        (request("DELETE /thing", ""), "HTTP/1.1 204 No Content\r\n\r\n".to_owned()),
    ];
    let script = exchanges.clone();
    let server = serve(move |mut connection| {
        let host = format!("Host: {}\r\n", connection.socket().local_addr().unwrap());
        for (request, response) in &script {
            let expected = request.replace("Host: localhost\r\n", &host);
            assert_eq!(String::from_utf8(connection.bytes(expected.len())).unwrap(), expected);
            connection.send(response);
        }
        connection.expect_end();
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    for (request, response) in &exchanges {
        client.send(request);
        assert_eq!(String::from_utf8(client.bytes(response.len())).unwrap(), *response);
    }
    client.half_close();
    client.expect_end();
    server.outcome();
    let output = stop(program);
    output.prints("");
    assert!(!output.stderr.contains("/page"), "{}", output.stderr);
}

#[test]
fn a_redirect_past_the_tap_is_told_once_and_passes_as_it_is() {
    let server = serve(|mut connection| {
        let own = connection.socket().local_addr().unwrap();
        let tap = connection.request().header("Referer").unwrap().to_owned();
        let locations = [
            "/path?to=http://x/".to_owned(),
            tap,
            "http://elsewhere.test/".into(),
            format!("http://{own}/a?token=s3cret"),
        ];
        for (number, location) in locations.iter().chain(&locations).enumerate() {
            connection.send(response("302 Found", &format!("Location: {location}\r\n"), ""));
            if number < 7 {
                connection.request();
            }
        }
        (own, locations)
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    let received: Vec<_> = (0..8)
        .map(|_| {
            client.send(request("GET /", &format!("Referer: http://{address}/\r\n")));
            client.head()
        })
        .collect();
    let (own, locations) = server.outcome();
    for (head, location) in received.iter().zip(locations.iter().chain(&locations)) {
        assert!(head.contains(&format!("Location: {location}\r\n")), "{head}");
    }
    drop(client);
    let stderr = stop(program).stderr;
    let told: Vec<_> = stderr.lines().filter(|line| line.contains("redirect")).collect();
    let expected = format!("the server redirects browsers to http://{own}, past this tap: with `--keep-host`");
    assert!(told.len() == 1 && told[0].contains(&expected), "{stderr}");
}

#[test]
fn a_redirect_to_another_scheme_of_the_same_host_is_told() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send(response("301 Moved Permanently", "Location: https://127.0.0.1/\r\n", ""));
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send(request("GET /", ""));
    client.head();
    program.wait_stderr("the server redirects browsers to https://127.0.0.1, past this tap: give the tap that URL");
    stop(program);
}

#[test]
fn requests_that_are_sent_at_once_get_their_responses_in_order() {
    let server = serve(|mut connection| {
        for number in 0..3 {
            assert_eq!(connection.request().line(), format!("GET /{number} HTTP/1.1"));
        }
        for number in 0..3 {
            connection.send(response("200 OK", "", &number.to_string()));
        }
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send((0..3).map(|number| request(&format!("GET /{number}"), "")).collect::<String>());
    let expected: String = (0..3).map(|number| response("200 OK", "", &number.to_string())).collect();
    assert_eq!(String::from_utf8(client.rest()).unwrap(), expected);
    stop(program);
}

#[test]
fn a_client_that_waits_for_100_gets_it() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(connection.bytes(4), b"body");
        connection.send(response("200 OK", "", ""));
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send(request("POST /", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    server.outcome();
    stop(program);
}

#[test]
fn an_upgrade_late_on_a_connection_is_seen() {
    let server = serve(|mut connection| {
        let first = connection.request();
        if first.line().starts_with("POST") {
            assert_eq!(connection.bytes(2), b"hi");
            connection.send(response("200 OK", "", "page"));
            connection.expect_end();
        } else {
            connection.send(first.acceptance(""));
            connection.echo_until_close();
        }
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(request("POST /page", "Content-Length: 2\r\n") + "hi" + UPGRADE_REQUEST);
    let page = response("200 OK", "", "page");
    assert_eq!(String::from_utf8(client.bytes(page.len())).unwrap(), page);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.send_frame(&Frame::text("late"));
    assert_eq!(client.frame(), Frame::text("late"));
    program.wait_stdout("[1] > late\n[1] < late\n");
    client.send_frame(&Frame::close(1000, ""));
    client.close_frame();
    client.expect_end();
    stop(program);
}

#[test]
fn an_upgrade_behind_one_that_was_refused_is_seen() {
    let refusal = response("403 Forbidden", "", "not yet");
    let (page, refused) = (response("200 OK", "", "page"), refusal.clone());
    let server = serve(move |mut connection| {
        let first = connection.request();
        if first.line().contains("/chat") {
            connection.send(first.acceptance(""));
            connection.echo_until_close();
        } else {
            connection.send(&refused);
            assert_eq!(connection.request().line(), "GET /login HTTP/1.1");
            connection.send(&page);
            connection.expect_end();
        }
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST.replacen("GET /chat", "GET /early", 1));
    assert_eq!(String::from_utf8(client.bytes(refusal.len())).unwrap(), refusal);
    client.send(request("GET /login", ""));
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(client.bytes(4), b"page");
    client.send(UPGRADE_REQUEST);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.send_frame(&Frame::text("late"));
    assert_eq!(client.frame(), Frame::text("late"));
    program.wait_stdout("[2] > late\n[2] < late\n");
    client.send_frame(&Frame::close(1000, ""));
    client.close_frame();
    client.expect_end();
    stop(program).says("[1] wscope: error: ");
}

#[test]
fn pages_show_with_v_alone_and_without_secrets() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send(response("404 Not Found", "", "gone"));
    });
    let program = Wscope::new().args(["tap", "-v", "0"]).arg(server.url()).spawn();
    let address = listening_at(&program, " at ws://");
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send(request("GET /x?token=abcdefghijklmnopqrstuvwxyz", ""));
    client.rest();
    program.wait_stderr(": HTTP/1.1 404 Not Found\n");
    let output = stop(program);
    assert!(output.stderr.contains(": GET /x?token=[hidden"), "{}", output.stderr);
}

#[test]
fn a_request_that_others_may_read_otherwise_is_not_passed_on() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send(response("200 OK", "", "first"));
        String::from_utf8(connection.rest()).unwrap()
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    let smuggling = request("POST /", "Content-Length: 44\r\nTransfer-Encoding: chunked\r\n")
        + "0\r\n\r\n"
        + &request("GET /admin", "");
    client.send(request("GET /", "") + &smuggling);
    let answer = String::from_utf8(client.rest()).unwrap();
    let (first, refusal) = answer.split_once("first").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 ") && refusal.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(refusal.contains("both Transfer-Encoding and Content-Length (RFC 9112 section 6.1)"), "{answer}");
    assert_eq!(server.outcome(), "");
    program.wait_stderr("both Transfer-Encoding and Content-Length");
    stop(program);
}

#[test]
fn a_response_that_others_may_read_otherwise_is_told() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send(request("GET /", ""));
    let answer = String::from_utf8(client.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("Content-Length"), "{answer}");
    stop(program);
}

/// Also where its request asks for HTTP/2, as those of Java's client do, and the response goes on and on.
#[test]
fn a_client_that_leaves_is_missed_by_the_server() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        connection.expect_end();
    });
    let (program, address) = tap(&[], &server.url());
    for headers in ["", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"] {
        let mut client = Connection::connect(address);
        client.send(request("GET /events", headers));
        client.head();
        assert_eq!(client.bytes(9), b"data: 1\n\n");
        drop(client);
        server.outcome();
    }
    stop(program);
}

#[test]
fn another_protocol_passes_undecoded() {
    let server = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nready");
        assert_eq!(connection.bytes(3), b"\0\x01\x02");
        connection.send(b"\xff");
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send(request("GET /raw", "Connection: Upgrade\r\nUpgrade: raw\r\n"));
    assert!(client.head().contains("Upgrade: raw"));
    assert_eq!(client.bytes(5), b"ready");
    client.send(b"\0\x01\x02");
    assert_eq!(client.rest(), b"\xff");
    server.outcome();
    stop(program);
}

/// Java's HTTP client asks so for HTTP/2 in its first request, and curl does with `--http2`; most servers just answer.
#[test]
fn what_follows_a_refused_upgrade_to_another_protocol_is_read_as_requests() {
    let server = serve(|mut connection| {
        let host = format!("\r\nHost: {}\r\n", connection.socket().local_addr().unwrap());
        for _ in 0..2 {
            let request = connection.request();
            if request.header("Upgrade") == Some("websocket") {
                connection.send(request.acceptance(""));
                connection.echo_until_close();
                return;
            }
            assert!(request.0.contains(&host), "{request:?}");
            connection.send(response("200 OK", "", request.line()));
        }
        connection.expect_end();
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client
        .send(request("GET /1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"));
    client.send(request("GET /2", ""));
    for line in ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1"] {
        client.head();
        assert_eq!(String::from_utf8(client.bytes(line.len())).unwrap(), line);
    }
    client.send(UPGRADE_REQUEST);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.send_frame(&Frame::text("behind them"));
    program.wait_stdout("[1] > behind them\n[1] < behind them\n");
    stop(program);
}

/// As gRPC's clients do, and `curl --http2-prior-knowledge`.
#[test]
fn http_2_that_is_not_asked_for_passes_undecoded() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let server = serve(|mut connection| {
        assert_eq!(connection.bytes(PREFACE.len()), PREFACE);
        connection.send(SETTINGS);
        connection.rest()
    });
    let (program, address) = tap(&["-v"], &server.url());
    let mut client = Connection::connect(address);
    client.send(PREFACE);
    assert_eq!(client.bytes(SETTINGS.len()), SETTINGS);
    client.send(SETTINGS);
    drop(client);
    assert_eq!(server.outcome(), SETTINGS);
    program.wait_stderr("HTTP/2, which is passed on undecoded");
    stop(program);
}

#[test]
fn what_a_proxy_behind_the_tap_tunnels_passes_undecoded() {
    let server = serve(|mut connection| {
        assert!(connection.request().line().starts_with("CONNECT h:443 "));
        connection.send("HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(connection.bytes(3), b"\x16\x03\x01");
        connection.send(b"\x16\x03\x03");
    });
    let (program, address) = tap(&["-v"], &server.url());
    let mut client = Connection::connect(address);
    client.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 200 "));
    client.send(b"\x16\x03\x01");
    assert_eq!(client.rest(), b"\x16\x03\x03");
    server.outcome();
    program.wait_stderr("another protocol follows");
    stop(program);
}

#[test]
fn an_upgrade_with_a_body_reaches_the_server_whole() {
    let server = serve(|mut connection| {
        let request = connection.request();
        assert_eq!(connection.bytes(4), b"body");
        connection.send(request.acceptance(""));
        connection.echo_until_close();
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST.replacen("Host: ", "Content-Length: 4\r\nHost: ", 1) + "body");
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.send_frame(&Frame::close(1000, ""));
    assert_eq!(client.close_frame().0, Some(1000));
    stop(program);
}

#[test]
fn a_large_body_passes_both_ways() {
    let body: Vec<u8> = (0..3_000_000_u32).map(|index| index.to_le_bytes()[(index % 3) as usize]).collect();
    let expected = body.clone();
    let server = serve(move |mut connection| {
        connection.request();
        assert!(connection.bytes(expected.len()) == expected, "the body was changed");
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", expected.len()));
        connection.send(&expected);
    });
    let (program, address) = tap(&[], &server.url());
    let mut client = Connection::plain(TcpStream::connect(address).unwrap());
    client.send(request("POST /", &format!("Content-Length: {}\r\n", body.len())));
    client.send(&body);
    client.head();
    assert!(client.bytes(body.len()) == body, "the body was changed");
    server.outcome();
    stop(program);
}
