//! The peers against one another: a scenario that fails should be the program's fault.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket, client};

use super::bulk::{self, Pings};
use super::certificates::Authority;
use super::connection::UPGRADE_REQUEST;
use super::frame::opcode;
use super::head::Request;
use super::server::serve_tls;
use super::{Connection, Frame, Server, Wscope, serve, websocket};

/// tungstenite's client.
fn connect(url: &str) -> WebSocket<TcpStream> {
    let address = url.strip_prefix("ws://").expect("a plain URL");
    let stream = TcpStream::connect(address).expect("the server listens");
    client(url, stream).expect("the server accepts").0
}

#[test]
fn scripted_server_holds_a_whole_session_with_tungstenite() {
    let server = serve(|mut connection| {
        let request = connection.accept();
        assert_eq!(request.line(), "GET / HTTP/1.1");
        let hello = connection.frame();
        assert!(hello.mask.is_some(), "clients mask");
        connection.drip(Frame::text(hello.as_text()).bytes());
        connection.send_frame(&Frame::text("in two ").more());
        connection.send_frame(&Frame::continuation("parts"));
        connection.answer_close()
    });
    let mut client = connect(&server.url());
    client.send(Message::text("hello")).unwrap();
    assert_eq!(client.read().unwrap(), Message::text("hello"));
    assert_eq!(client.read().unwrap(), Message::text("in two parts"));
    client.close(Some(CloseFrame { code: CloseCode::Normal, reason: "bye".into() })).unwrap();
    while client.read().is_ok() {}
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn scripted_client_holds_a_whole_session_with_tungstenite() {
    let server = websocket::echo();
    let (mut client, response) = Connection::open(server.address());
    assert!(response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the accept key of RFC 6455 section 1.3: {response}");
    client.send_frame(&Frame::text("hello"));
    assert_eq!(client.frame(), Frame::text("hello"));
    client.send_frame(&Frame::close(4001, "bye"));
    assert_eq!(client.close_frame().0, Some(4001));
    client.expect_end();
    let seen = server.outcome();
    assert_eq!((seen.texts(), seen.target.as_str()), (vec!["hello"], "/chat"));
    assert_eq!(seen.close, Some(CloseFrame { code: CloseCode::Library(4001), reason: "bye".into() }));
    assert_eq!(seen.header("host"), ["localhost"]);
}

#[test]
fn bulk_server_echoes_and_floods_in_order() {
    const COUNT: usize = 5000;
    let echo = serve(|mut connection| {
        connection.accept();
        bulk::echo(&mut connection, Pings::Mixed)
    });
    let mut client = connect(&echo.url());
    for number in 0..COUNT {
        client.write(Message::text(number.to_string())).unwrap();
    }
    client.flush().unwrap();
    let mut echoed = 0;
    while echoed < COUNT {
        if let Message::Text(text) = client.read().unwrap() {
            assert_eq!(text.as_str(), echoed.to_string());
            echoed += 1;
        }
    }
    client.close(None).unwrap();
    while client.read().is_ok() {}
    assert_eq!(echo.outcome(), COUNT as u64);

    let flood = serve(|mut connection| {
        connection.accept();
        bulk::flood(&mut connection, COUNT);
    });
    let mut client = connect(&flood.url());
    let mut lines = Vec::new();
    while let Ok(Message::Text(text)) = client.read() {
        lines.extend(format!("{text}\n").into_bytes());
    }
    assert!(lines == bulk::numbered_lines(COUNT));
    while client.read().is_ok() {}
    flood.outcome();
}

#[test]
fn sink_counts_what_it_swallows() {
    let server = serve(|mut connection| {
        connection.accept();
        bulk::sink(&mut connection)
    });
    let mut client = connect(&server.url());
    client.send(Message::binary(vec![7; 70_000])).unwrap();
    client.send(Message::text("")).unwrap();
    client.close(None).unwrap();
    while client.read().is_ok() {}
    assert_eq!(server.outcome(), (2, 70_000));
}

#[test]
fn tls_server_shows_a_certificate_of_its_authority() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        connection.echo_until_close()
    });
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let tls = ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
    let stream = StreamOwned::new(tls, TcpStream::connect(server.address()).unwrap());
    let (mut client, _) = client(server.url().as_str(), stream).unwrap();
    client.send(Message::text("hello")).unwrap();
    assert_eq!(client.read().unwrap(), Message::text("hello"));
    client.close(Some(CloseFrame { code: CloseCode::Away, reason: "".into() })).unwrap();
    while client.read().is_ok() {}
    assert_eq!(server.outcome(), Ok(Some(1001)));
}

#[test]
fn reset_is_an_error_to_the_other_side() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.reset();
    });
    let mut client = connect(&server.url());
    assert!(client.read().is_err());
    server.outcome();
}

#[test]
fn requests_are_kept_byte_by_byte() {
    let server: Server<Request> = serve(|mut connection| connection.request());
    let mut client = Connection::connect(server.address());
    client.drip(UPGRADE_REQUEST);
    let request = server.outcome();
    assert_eq!(request.0, UPGRADE_REQUEST);
    assert_eq!(request.header("upgrade"), Some("websocket"));
    assert_eq!(request.header_lines().len(), 5);
    client.expect_end();
}

#[test]
fn the_program_is_found() {
    Wscope::new().arg("--version").run().exits(0);
}

#[test]
fn a_frame_that_isnt_whole_is_waited_for() {
    let bytes = Frame::binary(vec![1; 300]).masked([1, 2, 3, 4]).bytes();
    for end in 0..bytes.len() {
        assert_eq!(Frame::parse(&bytes[..end]), None);
    }
    assert_eq!(Frame::parse(&bytes).unwrap().0.opcode, opcode::BINARY);
}
