//! Servers that go wrong.

use std::net::Shutdown;

use crate::support::head::{Request, response};
use crate::support::{Connection, Server, serve};

/// Sends `bytes`, and ends the stream.
pub fn say(connection: &mut Connection, bytes: impl AsRef<[u8]>) {
    // The program may have seen enough before everything is sent.
    let _ = connection.try_send(bytes);
    let _ = connection.socket().shutdown(Shutdown::Write);
    connection.rest();
}

/// Whether the client speaks TLS: then it is told that this port does not.
pub fn refuses_tls(connection: &mut Connection) -> bool {
    let mut first = [0];
    connection.socket().peek(&mut first).expect("a request, or a ClientHello");
    let is_tls = first == [0x16];
    if is_tls {
        say(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
    }
    is_tls
}

/// The request; `None` where the client speaks TLS.
fn hear(connection: &mut Connection) -> Option<Request> {
    (!refuses_tls(connection)).then(|| connection.request())
}

/// Answers every request so.
pub fn answers(status: &str, headers: &str, body: &str) -> Server<()> {
    let response = response(status, headers, body);
    chooses(move |_| Some(response.clone()))
}

/// Accepts a request of which `choose` makes `None`, and answers others with what it makes of them.
pub fn chooses(choose: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        let Some(request) = hear(&mut connection) else { return };
        match choose(&request) {
            Some(response) => say(&mut connection, response),
            None => accept(&mut connection, &request),
        }
    })
}

/// Accepts, with the first subprotocol that is offered, and is polite to the end.
pub fn accept(connection: &mut Connection, request: &Request) {
    let offered = request.header("Sec-WebSocket-Protocol").and_then(|names| names.split(',').next());
    let chosen = offered.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {}\r\n", name.trim()));
    connection.send(request.acceptance(&chosen));
    polite(connection);
}

/// Answers pings and the Close; a client that hangs up is none of its business.
pub fn polite(connection: &mut Connection) {
    use crate::support::Frame;
    use crate::support::frame::opcode;
    while let Some(frame) = connection.frame_or_end() {
        let reply = match frame.opcode {
            opcode::PING => Frame::pong(&frame.payload),
            opcode::PONG => continue,
            _ => frame.clone().unmasked(),
        };
        if connection.try_send(reply.bytes()).is_err() || frame.opcode == opcode::CLOSE {
            return;
        }
    }
}

/// Accepts, does this, and reads to the end.
pub fn accepts_then(talk: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        connection.accept();
        talk(&mut connection);
        connection.rest();
    })
}

/// Says this in place of an answer.
pub fn says(bytes: &'static [u8]) -> Server<()> {
    serve(move |mut connection| {
        if hear(&mut connection).is_some() {
            say(&mut connection, bytes);
        }
    })
}

/// Says this where a client begins with that byte, and hangs up on others.
pub fn greeted(byte: u8, answer: &'static [u8]) -> Server<()> {
    serve(move |mut connection| {
        let mut first = [0];
        connection.socket().peek(&mut first).expect("a first byte");
        say(&mut connection, if first == [byte] { answer } else { b"" });
    })
}

/// Answers every upgrade with a right answer that `spoil` has altered.
pub fn spoils(spoil: impl Fn(String) -> String + Send + Sync + 'static) -> Server<()> {
    serve(move |mut connection| {
        let request = connection.request();
        say(&mut connection, spoil(request.acceptance("")));
    })
}
