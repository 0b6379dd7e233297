//! Proxies that lead nowhere: each is named, with what it said, and the exit status says where it failed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::program::Output;
use crate::support::proxy::{Protocol, leading_to};
use crate::support::server::{serve_sockets, unused_port};
use crate::support::{Server, Wscope, websocket};

/// Reads what CONNECT says, answers with this, and ends the stream.
fn answers(answer: impl Into<Vec<u8>>) -> Server<()> {
    let answer = answer.into();
    serve_sockets("http", move |mut socket| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && socket.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        // The program may have seen enough before all of it is sent.
        let _ = socket.write_all(&answer);
        rest(&mut socket);
    })
}

fn rest(socket: &mut TcpStream) {
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.read_to_end(&mut Vec::new());
}

fn run(scheme: &str, server: &Server<()>) -> Output {
    let proxy = format!("{scheme}://127.0.0.1:{}", server.port());
    let output = Wscope::new().args(["--proxy", &proxy, "ws://host.invalid/"]).run();
    output.says(&format!("the proxy `127.0.0.1:{}`", server.port())).says("as `--proxy` says");
    output
}

#[test]
fn a_proxy_that_refuses_is_heard_and_named() {
    let refusal =
        |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}Content-Length: 10\r\n\r\nnot today\n");
    for (status, header, says) in [
        ("403 Forbidden", "Via: 1.1 corp\r\n", "`--noproxy HOST`"),
        ("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"x\"\r\n", "--proxy-user NAME"),
        ("407 Proxy Authentication Required", "Proxy-Authenticate: NTLM\r\n", "another login than Basic"),
        // As tinyproxy answers wrong credentials.
        ("401 Unauthorized", "Server: tinyproxy/1.11.1\r\n", "--proxy-user NAME"),
        ("405 Method Not Allowed", "", "knows CONNECT"),
        ("502 Bad Gateway", "Server: squid\r\n", "the proxy got no connection to the server"),
    ] {
        let output = run("http", &answers(refusal(status, header)));
        output.exits(3).says("refused to connect us to `host.invalid:80`").says(status).says("| not today").says(says);
        output.says(header.trim_end());
    }
}

#[test]
fn a_proxy_that_does_not_answer_as_http_asks_is_named() {
    let long = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; 2 << 20]].concat();
    for (answer, says) in [
        (Vec::new(), "closed the connection without sending a response"),
        (b"HTTP/1.1 200 OK\r\nX: y".to_vec(), "closed the connection inside the head"),
        (long, "is longer than 65536 bytes"),
        (b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), "speaks SSH, not HTTP"),
    ] {
        run("http", &answers(answer)).exits(3).says("did not answer CONNECT host.invalid:80").says(says);
    }
}

#[test]
fn a_dead_proxy_is_named() {
    let proxy = format!("http://127.0.0.1:{}", unused_port());
    let output = Wscope::new().args(["--proxy", &proxy, "ws://host.invalid/"]).run();
    output.exits(3).says("cannot connect to the proxy `127.0.0.1:").says("connection refused");
}

/// Grants CONNECT after `pause`, and says nothing more.
fn silent_behind(pause: Duration) -> Server<()> {
    serve_sockets("http", move |mut socket| {
        let _ = socket.read(&mut [0; 4096]).expect("a request");
        thread::sleep(pause);
        socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("it is read");
        let _ = socket.read_to_end(&mut Vec::new());
    })
}

fn runs_out_of_time(proxy: &str, url: &str) -> Output {
    Wscope::new().args(["--connect-timeout", "0.3", "--proxy", proxy, url]).run()
}

#[test]
fn a_time_limit_names_the_phase_and_the_hop() {
    let silent = serve_sockets("http", |mut socket| drop(socket.read_to_end(&mut Vec::new())));
    let connecting = silent_behind(Duration::ZERO);
    for (scheme, proxy, url, says) in [
        (
            "http",
            &silent,
            "ws://host.invalid/",
            "the proxy `PROXY` did not connect us to `host.invalid:80` within 0.3 s",
        ),
        (
            "socks5h",
            &silent,
            "ws://host.invalid/",
            "the proxy `PROXY` did not connect us to `host.invalid:80` within 0.3 s",
        ),
        ("https", &silent, "ws://host.invalid/", "no TLS handshake with the proxy `PROXY` within 0.3 s"),
        ("http", &connecting, "wss://host.invalid/", "no TLS handshake with `host.invalid:443` within 0.3 s"),
        (
            "http",
            &connecting,
            "ws://host.invalid/",
            "`host.invalid:80` accepted the connection and sent nothing within",
        ),
    ] {
        let peer = format!("127.0.0.1:{}", proxy.port());
        let output = runs_out_of_time(&format!("{scheme}://{peer}"), url);
        output.exits(7).says(&says.replace("PROXY", &peer)).says("through the proxy");
        output.says("of the 0.3 s that `--connect-timeout` gives to all steps together");
    }
    let proxy = format!("http://127.0.0.1:{}", silent.port());
    let output = Wscope::new().args(["--max-time", "0.3", "--proxy", &proxy, "ws://host.invalid/"]).run();
    output.exits(7).says("did not connect us").says("of the 0.3 s that `--max-time` gives to the whole run");
}

#[test]
fn a_time_limit_says_how_long_its_last_step_has_waited() {
    let proxy = silent_behind(Duration::from_millis(600));
    let proxy = format!("http://127.0.0.1:{}", proxy.port());
    let output = Wscope::new().args(["--connect-timeout", "1.5", "--proxy", &proxy, "ws://host.invalid/"]).run();
    let (_, waited) = output.exits(7).stderr.split_once("waited ").expect("how long it waited");
    let (waited, _) = waited.split_once(" s for it, of the 1.5 s that").expect("and of how much");
    assert!(waited.parse::<f64>().expect("seconds") <= 0.9, "{output:?}");
}

#[test]
fn wrong_credentials_are_told_as_such() {
    for (protocol, scheme) in [(Protocol::Connect, "http"), (Protocol::Socks5, "socks5h")] {
        let server = websocket::sink();
        let proxy = leading_to(protocol, server.address()).wanting("ann:right").start();
        let wrong = proxy.url(scheme, Some("ann:wr0ng"));
        let output = Wscope::new().args(["--proxy", &wrong, "ws://host.invalid/"]).run();
        output.exits(3).says("did not accept the credentials").never_says("wr0ng");
        let none = proxy.url(scheme, None);
        Wscope::new().args(["--proxy", &none, "ws://host.invalid/"]).run().exits(3).says("`--proxy-user NAME`");
    }
}

/// Dante accepts any login first, and finds no rule for a wrong one then.
#[test]
fn a_refusal_after_a_login_may_be_for_the_credentials() {
    let dante = serve_sockets("socks5h", |mut socket| {
        socket.read_exact(&mut [0; 4]).expect("a greeting");
        socket.write_all(&[5, 2]).expect("it is read");
        socket.read_exact(&mut [0; 2 + 3 + 1 + 5]).expect("a login");
        socket.write_all(&[1, 0]).expect("it is read");
        socket.read_exact(&mut [0; 5 + 12 + 2]).expect("a request for a name of 12 bytes");
        socket.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it is read");
        rest(&mut socket);
    });
    let proxy = format!("socks5h://ann:wr0ng@127.0.0.1:{}", dante.port());
    let output = Wscope::new().args(["--proxy", &proxy, "ws://host.invalid/"]).run();
    output.exits(3).says("connection not allowed by ruleset").says("wrong credentials").never_says("wr0ng");
    run("socks5h", &replies(2)).never_says("credentials");
}

/// Answers like a SOCKS proxy without a login, with this reply.
fn replies(reply: u8) -> Server<()> {
    serve_sockets("socks5h", move |mut socket| {
        socket.read_exact(&mut [0; 3]).expect("a greeting");
        socket.write_all(&[5, 0]).expect("it is read");
        socket.read_exact(&mut [0; 5 + 12 + 2]).expect("a request for a name of 12 bytes");
        socket.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).expect("it is read");
        rest(&mut socket);
    })
}

#[test]
fn every_reply_of_socks_is_named() {
    for (reply, meaning) in [
        (1, "general SOCKS server failure"),
        (2, "connection not allowed by ruleset"),
        (3, "network unreachable"),
        (4, "host unreachable"),
        (5, "connection refused"),
        (6, "TTL expired"),
        (7, "command not supported"),
        (8, "address type not supported"),
        (9, "unassigned"),
        (255, "unassigned"),
    ] {
        let output = run("socks5h", &replies(reply));
        output.exits(3).says(&format!("did not connect us to `host.invalid:80`: {meaning} (SOCKS reply {reply})"));
    }
}

#[test]
fn what_is_no_socks_proxy_is_told() {
    let http = serve_sockets("http", |mut socket| {
        socket.read_exact(&mut [0; 3]).expect("a greeting");
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("it is read");
        rest(&mut socket);
    });
    run("socks5h", &http).exits(3).says("does not speak SOCKS 5").says("use `http://127.0.0.1:");
}
