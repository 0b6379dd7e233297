//! HTTP heads: the request as it came, and the answers to it.

use tungstenite::handshake::derive_accept_key;

/// A response with a body of that length, and these header lines, each with its `\r\n`.
pub fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A request head, byte by byte as it was on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request(pub String);

impl Request {
    /// `GET / HTTP/1.1`
    pub fn line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The header lines as they were, without their ends.
    pub fn header_lines(&self) -> Vec<&str> {
        self.0.split("\r\n").skip(1).take_while(|line| !line.is_empty()).collect()
    }

    /// The values of every header of that name, in order, in whatever case the name came.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.header_lines().into_iter().filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    /// The value of the only header of that name.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "more than one {name}:\n{}", self.0);
        all.first().copied()
    }

    /// What `Sec-WebSocket-Accept` must be (RFC 6455 section 4.2.2).
    #[track_caller]
    pub fn accept_key(&self) -> String {
        derive_accept_key(self.header("Sec-WebSocket-Key").expect("a key").as_bytes())
    }

    /// The 101 that accepts it, with `extra` header lines, each with its `\r\n`.
    #[track_caller]
    pub fn acceptance(&self, extra: &str) -> String {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n{extra}\r\n",
            self.accept_key()
        )
    }
}
