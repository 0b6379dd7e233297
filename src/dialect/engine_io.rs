//! Engine.IO 4 (and what of 3 differs): packets of one digit; in those of kind 4 Socket.IO.

use std::time::Duration;

use super::json::{self, Object};
use super::socket_io::SocketIo;
use super::{Description, Dialect, Heartbeat, Message, Opening};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// Socket.IO 5, which Engine.IO carries (`docs/socket.io-protocol` and `docs/engine.io-protocol` of socketio/socket.io).
pub const SOCKET_IO: Description = Description {
    name: "socket.io",
    subprotocols: &[],
    is_target: |target| !is_plain(target) && (has_version(target) || target.contains("/socket.io/")),
    is_message: |message| message.from == Role::Server && message.payload.starts_with(b"0{\"sid\":"),
    start: |opening| Box::new(EngineIo::new(opening, SOCKET_IO.name, Some(SocketIo::default()))),
};

/// Engine.IO 4 with something else than Socket.IO in it.
pub const ENGINE_IO: Description = Description {
    name: "engine.io",
    subprotocols: &[],
    is_target: is_plain,
    is_message: |_| false,
    start: |opening| Box::new(EngineIo::new(opening, ENGINE_IO.name, None)),
};

struct EngineIo {
    source: AnnotationSource,
    /// In version 3 the client pings, and the server answers.
    is_version_3: bool,
    /// How often the one that pings does so.
    interval: Option<Duration>,
    timeout: Option<Duration>,
    /// When the last ping went that is not answered.
    ping: Option<Duration>,
    /// In version 3: when the client has to ping.
    next_ping: Option<Duration>,
    socket_io: Option<SocketIo>,
}

fn is_plain(target: &str) -> bool {
    target.contains("/engine.io/")
}

fn has_version(target: &str) -> bool {
    parameters(target).any(|parameter| matches!(parameter, "EIO=3" | "EIO=4"))
}

fn parameters(target: &str) -> impl Iterator<Item = &str> {
    target.split_once('?').map_or("", |(_, query)| query).split('&')
}

impl EngineIo {
    fn new(opening: &Opening<'_>, name: &'static str, socket_io: Option<SocketIo>) -> Self {
        Self {
            source: AnnotationSource::Dialect(name),
            is_version_3: parameters(opening.target).any(|parameter| parameter == "EIO=3"),
            interval: None,
            timeout: None,
            ping: None,
            next_ping: None,
            socket_io,
        }
    }

    fn breach(&self, fault: &str) -> Annotation {
        Annotation::breach(self.source, fault)
    }
}

impl Dialect for EngineIo {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.kind == Kind::Binary {
            // Version 3 has the kind of the packet in front.
            let data = message.payload.strip_prefix(b"\x04").filter(|_| self.is_version_3).unwrap_or(message.payload);
            let socket_io = self.socket_io.as_mut();
            return socket_io.map(|socket_io| socket_io.attachment(message.from, data.len()));
        }
        let Some((packet, rest)) = message.payload.split_first() else { return Some(self.breach("an empty message")) };
        match (packet, rest) {
            (b'4', rest) => self.socket_io.as_mut().map(|socket_io| socket_io.packet(message, rest)),
            // Version 3 has attachments so where the client asks for Base64.
            (b'b', [b'4', data @ ..]) if self.is_version_3 => match data_encoding::BASE64.decode(data) {
                Ok(data) => self.socket_io.as_mut().map(|socket_io| socket_io.attachment(message.from, data.len())),
                Err(_) => Some(self.breach("b4 without Base64 behind it")),
            },
            (b'0', rest) if message.from == Role::Server => Some(self.open(message, rest)),
            (b'1', b"") => Some(Annotation::new(self.source, "close", "closes the connection")),
            (b'2', b"probe") => {
                Some(Annotation::new(self.source, "probe", "probes the WebSocket before the upgrade to it"))
            }
            (b'3', b"probe") => Some(Annotation::new(self.source, "probe", "answers the probe")),
            (b'2', _) => Some(self.ping(message)),
            (b'3', _) => Some(self.pong(message)),
            (b'5', b"") => Some(Annotation::new(self.source, "upgrade", "moves the session to this WebSocket")),
            (b'6', b"") => Some(Annotation::new(self.source, "noop", "nothing: it ends a poll")),
            _ => Some(self.breach("no packet of Engine.IO: it begins with none of 0 to 6")),
        }
    }

    fn close_code(&self, code: u16) -> Option<&'static str> {
        // A server that gives a client up sends no code, or no Close.
        (matches!(code, 1005 | 1006) && self.ping.is_some()).then_some("the last ping was not answered")
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let (due, payload) = match self.next_ping {
            Some(due) if self.is_version_3 => (due, b"2"),
            _ if self.is_version_3 => return None,
            _ => (self.ping?, b"3"),
        };
        Some(Heartbeat { due, kind: Kind::Text, payload: payload.to_vec() })
    }
}

impl EngineIo {
    fn open(&mut self, message: &Message<'_>, text: &[u8]) -> Annotation {
        let Some(object) = Object::of(text) else {
            return self.breach(&format!("an open packet: {}", json::fault(message.payload, text, "object")));
        };
        let milliseconds = |name: &str| object.number(name).and_then(|number| u32::try_from(number).ok());
        let duration = |name| milliseconds(name).map(|number| Duration::from_millis(number.into()));
        (self.interval, self.timeout) = (duration("pingInterval"), duration("pingTimeout"));
        self.next_ping = self.interval.map(|interval| message.at + interval);
        let pinger = if self.is_version_3 { "the client" } else { "the server" };
        let mut said = match (self.interval, self.timeout) {
            (Some(interval), Some(timeout)) => format!(
                "{pinger} pings every {} s, and waits {} s for the answer",
                interval.as_secs_f64(),
                timeout.as_secs_f64()
            ),
            _ => "without pingInterval and pingTimeout".to_owned(),
        };
        if self.socket_io.is_some() && !self.is_version_3 {
            said.push_str("; `40` is to follow from the client");
        }
        let secrets = object.get("sid").map(|sid| json::place(message.payload, sid)).into_iter().collect();
        Annotation { secrets, ..Annotation::new(self.source, "open", format!("Engine.IO: {said}")) }
    }

    fn ping(&mut self, message: &Message<'_>) -> Annotation {
        match (message.from, self.is_version_3) {
            (Role::Client, true) | (Role::Server, false) => {}
            (Role::Client, false) => {
                return self.breach("in version 4 the server pings, and the client answers 3: the server closes");
            }
            (Role::Server, true) => return self.breach("in version 3 the client pings, and the server answers 3"),
        }
        self.ping = Some(message.at);
        self.next_ping = self.interval.map(|interval| message.at + interval);
        Annotation::heartbeat(self.source, "ping")
    }

    fn pong(&mut self, message: &Message<'_>) -> Annotation {
        let took = self.ping.take().map(|since| message.at.saturating_sub(since));
        let is_late = took.zip(self.timeout).is_some_and(|(took, timeout)| took > timeout);
        let error = is_late.then(|| "later than pingTimeout".to_owned());
        Annotation { took, error, ..Annotation::heartbeat(self.source, "pong") }
    }
}

#[cfg(test)]
mod tests;
