//! What `check` sends, in all its connections.

use std::sync::{Arc, Mutex};

use super::check;
use super::rude::{refuses_tls, say};
use crate::support::certificates::Authority;
use crate::support::frame::opcode;
use crate::support::head::response;
use crate::support::server::serve_tls;
use crate::support::{Connection, Server, serve};

const SECRETS: [&str; 8] = [
    "--bearer",
    "hush-bearer",
    "--cookie",
    "id=hush-cookie",
    "-H",
    "X-Thing: hush-header",
    "-s",
    "bearer.hushhushhush",
];

type Heads = Arc<Mutex<Vec<String>>>;

/// Keeps the head of each request, and answers it with what `answer` makes of its place.
fn note_all<A: Fn(usize) -> String>(heads: &Heads, answer: A) -> impl Fn(Connection) + use<A> {
    let heads = Arc::clone(heads);
    move |mut connection| {
        let request = connection.request();
        let place = {
            let mut heads = heads.lock().unwrap();
            heads.push(request.0.clone());
            heads.len()
        };
        say(&mut connection, answer(place));
    }
}

fn has_secret(head: &str) -> bool {
    head.to_lowercase().contains("hush")
}

#[test]
fn no_variation_carries_a_secret_without_tls() {
    for (status, body) in
        [("400 x", ""), ("403 x", ""), ("200 OK", "<p>page</p>"), ("404 x", ""), ("400 x", "who knows")]
    {
        let heads = Heads::default();
        let server: Server<()> = serve(note_all(&heads, move |_| response(status, "", body)));
        let url = format!("ws://127.0.0.1:{}/x?token=hush-token-of-the-url", server.port());
        check(&url, &SECRETS).run().exits(5);
        let heads = heads.lock().unwrap();
        assert!(heads.len() > 1 && heads.len() <= 10, "{status}: {} requests", heads.len());
        assert!(has_secret(&heads[0]), "the first request is the user's own");
        for head in &heads[1..] {
            assert!(!has_secret(head), "{status}: {head}");
        }
    }
}

#[test]
fn no_variation_carries_a_secret_after_it_was_refused() {
    let authority = Authority::new();
    let heads = Heads::default();
    // The first variation goes without them, and the second is refused for them.
    let answer = |place| response(if place == 3 { "401 x" } else { "403 x" }, "", "");
    let server = serve_tls(authority.issue().config(), note_all(&heads, answer));
    let file = authority.file();
    let flags = [&SECRETS[..], &["--cacert", file.to_str().unwrap()]].concat();
    check(&format!("{}/x", server.url()), &flags).run().exits(5);
    let heads = heads.lock().unwrap();
    let carried: Vec<_> = heads.iter().map(|head| has_secret(head)).collect();
    assert_eq!(carried[..3], [true, false, true]);
    assert!(carried.len() > 4 && carried[3..].iter().all(|carried| !carried), "{carried:?}");
}

#[test]
fn no_variation_carries_a_secret_to_a_port_without_tls_or_with_another_host() {
    let heads = Heads::default();
    let server: Server<()> = serve({
        let note = note_all(&heads, |_| response("400 x", "", "Invalid Host header"));
        move |mut connection: Connection| {
            if !refuses_tls(&mut connection) {
                note(connection);
            }
        }
    });
    let url = format!("wss://127.0.0.1:{}/x?token=hush-token-of-the-url", server.port());
    check(&url, &SECRETS).run().exits(4);
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    assert!(!has_secret(&heads[0]), "{}", heads[0]);
}

#[test]
fn no_message_is_sent_without_a_probe() {
    let opcodes = |flags: &[&str]| {
        let server = serve(|mut connection| {
            connection.accept();
            let mut opcodes = Vec::new();
            while let Some(frame) = connection.frame_or_end() {
                opcodes.push(frame.opcode);
                match frame.opcode {
                    opcode::PING => connection.send_frame(&crate::support::Frame::pong(&frame.payload)),
                    _ => connection.send_frame(&frame.unmasked()),
                }
                if opcodes.last() == Some(&opcode::CLOSE) {
                    break;
                }
            }
            opcodes
        });
        check(&server.url(), flags).run().exits(0);
        server.outcome()
    };
    assert_eq!(opcodes(&[]), [opcode::PING, opcode::CLOSE]);
    assert_eq!(opcodes(&["--probe", "hi"]), [opcode::PING, opcode::TEXT, opcode::CLOSE]);
}

#[test]
fn a_port_without_tls_sees_nothing_of_the_url_or_the_flags() {
    let heads = Heads::default();
    let server: Server<()> = serve({
        let note = note_all(&heads, |_| response("404 x", "", ""));
        move |mut connection: Connection| {
            if !refuses_tls(&mut connection) {
                note(connection);
            }
        }
    });
    let url = format!("wss://127.0.0.1:{}/ws/8f3kQx2v9LmPz7?tkt=abc123", server.port());
    check(&url, &["--origin", "https://tenant.example", "-s", "room-4711"]).run().exits(4);
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    assert!(heads[0].starts_with("GET / HTTP/1.1\r\n"), "{}", heads[0]);
    for secret in ["8f3kQx2v9LmPz7", "abc123", "tenant", "4711"] {
        assert!(!heads[0].contains(secret), "{secret}: {}", heads[0]);
    }
}

#[test]
fn the_session_without_extensions_carries_no_secret_without_tls_and_no_message() {
    let heads = Heads::default();
    let server = serve({
        let heads = Arc::clone(&heads);
        move |mut connection: Connection| {
            let request = connection.request();
            heads.lock().unwrap().push(request.0.clone());
            if request.header("Sec-WebSocket-Extensions").is_none() {
                connection.send(request.acceptance(""));
                return connection.echo_until_close();
            }
            connection.send(request.acceptance("Sec-WebSocket-Extensions: permessage-deflate\r\n"));
            connection.send_frame(&crate::support::Frame::close(1002, ""));
            None
        }
    });
    check(&server.url(), &SECRETS[..6]).run().exits(1);
    let heads = heads.lock().unwrap();
    let carried: Vec<_> = heads.iter().map(|head| has_secret(head)).collect();
    assert_eq!(carried, [true, false]);
}
