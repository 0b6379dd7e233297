//! An independent peer: tungstenite's own `WebSocket`, which shares no frame code with the program.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket, accept_hdr_with_config};

use super::PATIENCE;
use super::server::{Server, serve_sockets};

/// What the peer saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// `/path?query`
    pub target: String,
    /// Request headers in the order of arrival by name, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Text and binary messages.
    pub messages: Vec<Message>,
    /// The Close, where it had a body.
    pub close: Option<CloseFrame>,
}

impl Seen {
    /// The values of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The messages as text.
    #[track_caller]
    pub fn texts(&self) -> Vec<&str> {
        self.messages.iter().map(|message| message.to_text().expect("a text message")).collect()
    }
}

/// Sends back every message until the client closes.
pub fn echo() -> Server<Seen> {
    serve(None, |socket, message| match message {
        Some(message) => socket.send(message),
        None => Ok(()),
    })
}

/// Swallows every message until the client closes.
pub fn sink() -> Server<Seen> {
    serve(None, |_, _| Ok(()))
}

/// Sends these as soon as the session is open, then swallows everything until the client closes.
pub fn push(messages: impl Into<Vec<Message>>) -> Server<Seen> {
    let messages = messages.into();
    serve(None, move |socket, message| match message {
        Some(_) => Ok(()),
        None => messages.iter().try_for_each(|message| socket.send(message.clone())),
    })
}

/// Closes in this manner as soon as the session is open.
pub fn close(frame: Option<CloseFrame>) -> Server<Seen> {
    serve(None, move |socket, message| match message {
        Some(_) => Ok(()),
        None => socket.close(frame.clone()),
    })
}

/// Echoes, and answers the upgrade with this subprotocol whatever was offered.
pub fn echo_with_subprotocol(subprotocol: &'static str) -> Server<Seen> {
    serve(Some(subprotocol), |socket, message| match message {
        Some(message) => socket.send(message),
        None => Ok(()),
    })
}

/// Runs `react` once with `None` when the session is open, and with each message; until the session is over.
fn serve(
    subprotocol: Option<&'static str>,
    react: impl Fn(&mut WebSocket<TcpStream>, Option<Message>) -> tungstenite::Result<()> + Send + Sync + 'static,
) -> Server<Seen> {
    serve_sockets("ws", move |stream| {
        let (mut socket, mut seen) = accept(stream, subprotocol);
        let mut outcome = react(&mut socket, None);
        while outcome.is_ok() {
            outcome = match socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    seen.messages.push(message.clone());
                    react(&mut socket, Some(message))
                }
                Ok(Message::Close(frame)) => {
                    seen.close = frame;
                    Ok(())
                }
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
        }
        assert!(matches!(outcome, Err(Error::ConnectionClosed)), "the peer sees {outcome:?} after {seen:?}");
        seen
    })
}

fn accept(stream: TcpStream, subprotocol: Option<&'static str>) -> (WebSocket<TcpStream>, Seen) {
    stream.set_nodelay(true).expect("a connected socket");
    stream.set_read_timeout(Some(PATIENCE)).expect("a connected socket");
    let seen = Arc::new(Mutex::new(Seen::default()));
    let noting = Arc::clone(&seen);
    #[expect(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
    let callback = move |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let headers = request.headers().iter();
        let readable = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let mut seen = noting.lock().expect("no thread panics while it holds the lock");
        seen.target = request.uri().to_string();
        seen.headers = headers.map(|(name, value)| (name.to_string(), readable(value.as_bytes()))).collect();
        if let Some(subprotocol) = subprotocol {
            response.headers_mut().insert("Sec-WebSocket-Protocol", subprotocol.parse().expect("a header value"));
        }
        Ok(response)
    };
    let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
    let socket = accept_hdr_with_config(stream, callback, Some(config)).expect("a proper upgrade");
    let seen = seen.lock().expect("no thread panics while it holds the lock").clone();
    (socket, seen)
}
