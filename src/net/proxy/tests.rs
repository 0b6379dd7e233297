//! What proxies answer, over a socket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use super::*;
use crate::http::HeadFault;
use crate::net::target::{Credentials, Target};

const SOCKS_FROM: &str = "connected from 127.0.0.1:4660";

/// Has a proxy asked that sends all of `answer`, whatever it is asked, and ends the stream. Gives what came of it, and what
/// can be read behind that.
fn asked(protocol: ProxyProtocol, answer: &[u8]) -> (Result<String, ProxyFailure>, Vec<u8>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut proxy, _) = listener.accept().unwrap();
    proxy.write_all(answer).unwrap();
    proxy.shutdown(Shutdown::Write).unwrap();
    let mut stream = Stream::new(client);
    let endpoint = |url: &str| Target::parse(url).unwrap().endpoint().clone();
    let destination = endpoint("ws://host.invalid/");
    let proxy = Proxy { endpoint: endpoint("ws://proxy/"), tls: None, protocol, setting: String::new() };
    let limit = TimeLimit::starting_now(Duration::from_secs(10));
    let outcome = proxy.ask(&mut stream, TunnelTarget::Host(&destination), limit, &mut |_| {});
    let mut behind = Vec::new();
    stream.read_to_end(&mut behind).unwrap();
    (outcome, behind)
}

fn connect(answer: &str) -> (Result<String, ProxyFailure>, Vec<u8>) {
    asked(ProxyProtocol::Connect(ConnectRequest::new(None, Vec::new())), answer.as_bytes())
}

fn socks(credentials: Option<Credentials>, answer: &[u8]) -> (Result<String, ProxyFailure>, Vec<u8>) {
    asked(ProxyProtocol::Socks5(Socks5::new(credentials, NameLookup::AtProxy).unwrap()), answer)
}

fn login() -> Credentials {
    Credentials { user: "ann".to_owned(), password: Some("pass".to_owned()) }
}

/// Why a SOCKS proxy with this answer does not connect us.
#[track_caller]
fn socks_failure(credentials: Option<Credentials>, answer: &[u8]) -> SocksFailure {
    match socks(credentials, answer).0 {
        Err(ProxyFailure::Socks(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_comes_behind_the_answer_is_the_servers() {
    let (answer, behind) = connect("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nfrom the server");
    assert_eq!(answer.unwrap(), "HTTP/1.1 200 Connection established");
    assert_eq!(behind, b"from the server");
    // A 2xx has no body, whatever it says of one (RFC 9110 section 9.3.6).
    let (answer, behind) = connect("HTTP/1.0 204 x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\x01\x02");
    assert_eq!((answer.unwrap().as_str(), behind.as_slice()), ("HTTP/1.0 204 x", &[1, 2][..]));
    let (answer, behind) = socks(None, b"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34from the server");
    assert_eq!((answer.unwrap().as_str(), behind.as_slice()), (SOCKS_FROM, &b"from the server"[..]));
}

#[test]
fn each_kind_of_address_is_read_to_its_end() {
    for (address, shown) in [
        (&b"\x01\x7f\x00\x00\x01\x12\x34"[..], SOCKS_FROM),
        (b"\x03\x05proxy\x12\x34", "connected from proxy:4660"),
        (b"\x03\x00\x12\x34", "connected from :4660"),
        (b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34", "connected from [::1]:4660"),
    ] {
        let (answer, behind) = socks(None, &[b"\x05\x00\x05\x00\x00", address, b"x"].concat());
        assert_eq!((answer.unwrap().as_str(), behind.as_slice()), (shown, &b"x"[..]));
    }
}

#[test]
fn a_login_is_sent_where_it_is_wanted_and_its_answer_read() {
    let reply = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34";
    for choice in [&b"\x05\x00"[..], b"\x05\x02\x01\x00"] {
        assert_eq!(socks(Some(login()), &[choice, reply].concat()).0.unwrap(), SOCKS_FROM);
    }
    assert_eq!(socks_failure(Some(login()), b"\x05\x02\x01\x01"), SocksFailure::CredentialsRefused);
    assert_eq!(socks_failure(Some(login()), b"\x05\xff"), SocksFailure::NoMethod);
    assert_eq!(socks_failure(Some(login()), b"\x05\x01"), SocksFailure::OtherMethod(1));
    // It was not offered.
    assert_eq!(socks_failure(None, b"\x05\x02"), SocksFailure::OtherMethod(2));
}

#[test]
fn what_is_no_reply_of_socks_is_told_with_its_bytes() {
    for (answer, bytes) in [
        (&b"HTTP/1.1 400 x"[..], &b"HT"[..]),
        (b"\x04\x5a", b"\x04\x5a"),
        (b"\x05\x00\x04\x00", b"\x04\x00"),
        (b"\x05\x00\x05\x00\x00\x02", b"\x05\x00\x00\x02"),
    ] {
        assert_eq!(socks_failure(None, answer), SocksFailure::NotSocks { bytes: bytes.to_vec() });
    }
}

#[test]
fn an_end_within_a_reply_of_socks_is_told_wherever_it_comes() {
    let whole = b"\x05\x02\x01\x00\x05\x00\x00\x03\x05proxy\x12\x34";
    socks(Some(login()), whole).0.unwrap();
    for end in 0..whole.len() {
        assert_eq!(socks_failure(Some(login()), &whole[..end]), SocksFailure::Ended, "after {end} bytes");
    }
}

#[test]
fn an_end_within_a_head_is_told_wherever_it_comes() {
    let whole = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";
    for end in 0..whole.len() {
        let Err(ProxyFailure::NoHead(error)) = connect(&whole[..end]).0 else { panic!("after {end} bytes") };
        assert_eq!((error.fault, error.received), (HeadFault::Ended, end));
    }
}

#[test]
fn a_name_that_socks_cannot_say_is_not_sent() {
    let name = vec!["a".repeat(50); 6].join(".");
    let endpoint = Target::parse(&format!("ws://{name}/")).unwrap().endpoint().clone();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut stream = Stream::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let mut timed = Timed::new(&mut stream, TimeLimit::starting_now(Duration::from_secs(10)));
    let socks = Socks5::new(None, NameLookup::AtProxy).unwrap();
    let outcome = socks.ask(&mut timed, TunnelTarget::Host(&endpoint));
    assert!(matches!(outcome, Err(ProxyFailure::Socks(SocksFailure::NameTooLong))), "{outcome:?}");
}

#[test]
fn a_login_that_socks_cannot_say_is_refused() {
    let long = |user: usize, password: usize| {
        Some(Credentials { user: "u".repeat(user), password: Some("p".repeat(password)) })
    };
    Socks5::new(long(255, 255), NameLookup::Here).unwrap();
    Socks5::new(long(256, 0), NameLookup::Here).unwrap_err();
    Socks5::new(long(1, 256), NameLookup::Here).unwrap_err();
}
