//! The server as its clients see it: it sends exactly what it says.

use std::io::{Read, Write};
use std::iter;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::{Message, WebSocket};

use crate::digest::Digest;
use crate::flood::CompressedFloods;
use crate::frames::{CLOSE, Incoming};
use crate::inflate::Inflater;
use crate::serve::{connection, read_head};
use crate::task::Task;
use crate::tls::{self, Identity};

fn socket_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Serves one connection; `client_does` is the client. Returns what both have to say.
fn serve_one<T>(client_does: impl FnOnce(TcpStream) -> T) -> (T, serde_json::Value) {
    let (client, mut server) = socket_pair();
    let report = thread::spawn(move || connection(&mut server, &CompressedFloods::default()).unwrap());
    let heard = client_does(client);
    (heard, serde_json::from_str(&report.join().unwrap()).unwrap())
}

fn open<S: Read + Write>(stream: S, path: &str) -> WebSocket<S> {
    tungstenite::client(format!("ws://localhost{path}"), stream).unwrap().0
}

/// Everything up to the server's Close, laid out as a client prints it.
fn read_all<S: Read + Write>(mut socket: WebSocket<S>) -> Vec<u8> {
    let mut printed = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => printed.extend_from_slice(format!("{text}\n").as_bytes()),
            Ok(Message::Binary(bytes)) => printed.extend_from_slice(&bytes),
            Ok(_) => {}
            Err(tungstenite::Error::ConnectionClosed) => return printed,
            Err(error) => panic!("{error}"),
        }
    }
}

fn expected(path: &str) -> Vec<u8> {
    let Task::Flood { flood, .. } = path.parse().unwrap() else { panic!("{path}") };
    let mut printed = Vec::new();
    flood.write_expected(&mut printed).unwrap();
    printed
}

fn digest_of(bytes: &[u8]) -> String {
    let mut digest = Digest::default();
    digest.update(bytes);
    digest.to_string()
}

#[test]
fn a_flood_is_what_it_says() {
    for path in ["/flood/50000/32/text", "/flood/300/65536/binary", "/flood/3/3000000/binary", "/flood/5000/1024/json"]
    {
        let (printed, report) = serve_one(|client| read_all(open(client, path)));
        assert!(printed == expected(path), "{path}");
        assert_eq!(report["closed"], true, "{report}");
    }
}

#[test]
fn a_flood_that_is_cut_is_whole_and_waits_for_no_answer() {
    let (texts, report) = serve_one(|client| {
        let mut socket = open(client, "/flood/1000/32/text/cut");
        iter::from_fn(|| socket.read().ok()).take_while(Message::is_text).count()
    });
    assert_eq!(texts, 1000);
    assert_eq!(report["closed"], false, "{report}");
}

#[test]
fn a_flood_over_tls_is_the_same() {
    let path = "/flood/50000/128/text";
    let identity = Identity::generate().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(identity.authority_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let (client, server) = socket_pair();
    let server_config = Arc::new(identity.config);
    thread::spawn(move || tls::serve(server, &server_config, &CompressedFloods::default()).unwrap());
    let name = "localhost".try_into().unwrap();
    let client = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), client);
    assert!(read_all(open(client, path)) == expected(path));
}

#[test]
fn a_compressed_flood_inflates_to_what_it_says() {
    let path = "/flood/2000/1024/json/deflate";
    let (wire, _) = serve_one(|mut client| {
        write!(
            client,
            "GET {path} HTTP/1.1\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        )
        .unwrap();
        let mut incoming = Incoming::default();
        let head = read_head(&mut client, &mut incoming).unwrap();
        assert!(head.contains("permessage-deflate"), "{head}");
        let mut inflater = Inflater::default();
        let mut printed = Vec::new();
        loop {
            while let Some(frame) = incoming.next_frame() {
                if frame.opcode() == CLOSE {
                    return printed;
                }
                assert!(frame.is_compressed());
                printed.extend_from_slice(inflater.payload(&frame).unwrap());
                printed.push(b'\n');
            }
            assert!(incoming.fill(&mut client).unwrap());
        }
    });
    assert!(wire == expected(path));
}

#[test]
fn raw_bytes_are_the_frames_of_the_same_flood() {
    let path = "/flood/50000/32/text";
    let (frames, _) = serve_one(|mut client| {
        client.write_all(format!("RAW {path}\n").as_bytes()).unwrap();
        let mut frames = Vec::new();
        client.read_to_end(&mut frames).unwrap();
        frames
    });
    assert_eq!(frames.len(), 50_000 * 34);
    assert!(frames.chunks(34).zip(expected(path).chunks(33)).all(|(frame, line)| frame[2..] == line[..32]));
}

#[test]
fn a_sink_acknowledges_what_it_was_sent_and_knows_it_exactly() {
    let (heard, report) = serve_one(|client| {
        let mut socket = open(client, "/sink/24");
        for text in ["message 1", "message 2", "", "mess 3"] {
            socket.send(Message::text(text)).unwrap();
        }
        String::from_utf8(read_all(socket)).unwrap()
    });
    assert_eq!(heard, "received 4 messages, 24 bytes\n");
    assert_eq!(report["digest"], digest_of(b"message 1\nmessage 2\n\nmess 3\n"));
    assert_eq!(report["messages"], 4);
}

#[test]
fn a_client_that_closes_early_leaves_a_sink_short() {
    let (_, report) = serve_one(|client| {
        let mut socket = open(client, "/sink/24");
        socket.send(Message::text("message 1")).unwrap();
        socket.close(None).unwrap();
        read_all(socket)
    });
    assert_eq!(report["messages"], 1);
    assert_eq!(report["closed"], true);
}

#[test]
fn an_echo_sends_back_every_message_before_it_answers_close() {
    let sent = ["one", "", "three"].map(Message::text).into_iter().chain([Message::binary(vec![7; 200_000])]);
    let (heard, report) = serve_one(|client| {
        let mut socket = open(client, "/echo");
        for message in sent.clone() {
            socket.write(message).unwrap();
        }
        socket.close(None).unwrap();
        read_all(socket)
    });
    assert!(heard == [b"one\n\nthree\n".as_slice(), &vec![7; 200_000]].concat());
    assert_eq!(report["messages"], 4);
}

#[test]
fn a_raw_sink_and_a_raw_echo_pass_every_byte() {
    let (acknowledgement, report) = serve_one(|mut client| {
        client.write_all(b"RAW /sink/6\nab\nc\n\n").unwrap();
        let mut acknowledgement = String::new();
        client.read_to_string(&mut acknowledgement).unwrap();
        acknowledgement
    });
    assert_eq!(acknowledgement, "received\n");
    assert_eq!(report["digest"], digest_of(b"ab\nc\n\n"));

    let (echoed, _) = serve_one(|mut client| {
        client.write_all(b"RAW /echo\nhello\n").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let mut echoed = String::new();
        client.read_to_string(&mut echoed).unwrap();
        echoed
    });
    assert_eq!(echoed, "hello\n");
}
