//! MQTT 3.1, 3.1.1 and 5: a stream of packets in binary messages, whose borders mean nothing.

mod packet;
mod properties;
mod reason;
mod stream;

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use packet::{Connect, Packet};
use stream::{Piece, Stream};

use super::pending::Pending;
use super::{Description, Dialect, Heartbeat, Message, bytes, combined, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// MQTT (OASIS standards 3.1.1 and 5.0, section 6: over WebSocket).
pub const MQTT: Description = Description {
    name: "mqtt",
    subprotocols: &["mqtt", "mqttv3.1"],
    is_target: |_| false,
    is_message: |message| {
        message.from == Role::Client && message.kind == Kind::Binary && packet::is_connect(message.payload)
    },
    start: |_| Box::new(Mqtt::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(MQTT.name);

/// So many topic aliases of each direction are remembered.
const MOST_ALIASES: usize = 1024;

/// So many packets of a message are told; the others are read and counted.
const MOST_PACKETS: usize = 100;

#[derive(Default)]
struct Mqtt {
    client: Stream,
    server: Stream,
    version: Version,
    /// Subjects by the end that asked, the type of the answer that ends the exchange, and the packet id.
    exchanges: Pending<(Role, u8, u16), String>,
    /// Topics by the end that set the alias, and the alias.
    aliases: HashMap<(Role, u16), String>,
    keep_alive: Option<Duration>,
    is_accepted: bool,
    last_sent: Duration,
}

/// The version that CONNECT has named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Version {
    V3,
    #[default]
    V4,
    V5,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V3 => "3.1",
            Self::V4 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

impl Dialect for Mqtt {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.kind == Kind::Text {
            return Some(breach("a text message: packets go in binary ones (MQTT-6.0.0-1)"));
        }
        if message.from == Role::Client {
            self.last_sent = message.at;
        }
        let mut stream = std::mem::take(self.stream(message.from));
        let (mut annotations, mut untold, mut at) = (Vec::new(), 0_usize, 0);
        let mut untold_secrets: Option<Range<usize>> = None;
        while let Some(piece) = stream.next(message.payload, &mut at) {
            let annotation = self.piece(message, piece);
            if annotations.len() < MOST_PACKETS {
                annotations.push(annotation);
                continue;
            }
            untold += 1;
            for Range { start, end } in annotation.secrets {
                untold_secrets.get_or_insert(start..end).end = end;
            }
        }
        *self.stream(message.from) = stream;
        let mut said = combined(SOURCE, annotations)?;
        said.secrets.extend(untold_secrets);
        if untold > 0 {
            said.text = format!("{}; {untold} more", said.text);
        }
        Some(said)
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let keep_alive = self.keep_alive.filter(|_| self.is_accepted)?;
        let due = self.last_sent.saturating_add(keep_alive);
        Some(Heartbeat { due, kind: Kind::Binary, payload: vec![packet::PINGREQ << 4, 0] })
    }
}

impl Mqtt {
    fn stream(&mut self, from: Role) -> &mut Stream {
        match from {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    fn piece(&mut self, message: &Message<'_>, piece: Piece) -> Annotation {
        match piece {
            Piece::Broken => breach("a length of more than four bytes: what follows is not read"),
            Piece::Part { name, seen, length, place, is_secret } => Annotation {
                secrets: is_secret.then_some(place).into_iter().collect(),
                ..Annotation::new(SOURCE, "part", format!("part of {name}, {seen} of {length} bytes"))
            },
            Piece::Packet(raw) => {
                let version = packet::version(&raw).unwrap_or(self.version);
                let mut annotation = match Packet::read(&raw, version) {
                    Ok(packet) => {
                        self.version = version;
                        self.packet(message, packet)
                    }
                    Err(error) => breach(&format!("{}: {error}", packet::name(raw.first))),
                };
                annotation.secrets = raw.secrets(version);
                annotation
            }
        }
    }

    fn packet(&mut self, message: &Message<'_>, packet: Packet) -> Annotation {
        match packet {
            Packet::Connect(connect) => self.connect(message, &connect),
            Packet::Connack { is_present, code, keep_alive, client_id } => {
                self.connack(message, is_present, code, keep_alive, client_id)
            }
            Packet::Publish { topic, alias, id, flags, length, text } => {
                let topic = self.topic(message.from, quote(&topic), alias);
                self.publish(message, &topic, id, flags, length, text)
            }
            Packet::Acknowledgement { kind, id, code, text } => self.acknowledged(message, kind, id, code, text),
            Packet::Subscribe { kind, id, filters } => {
                let error = self.open(message, kind + 1, id, filters.clone());
                let text = format!("{} {filters}", packet::name(kind << 4));
                Annotation { id: Some(id.to_string()), error, ..Annotation::new(SOURCE, packet::name(kind << 4), text) }
            }
            Packet::Granted { kind, id, codes } => self.granted(message, kind, id, &codes),
            Packet::Ping => {
                self.exchanges.open((message.from, packet::PINGRESP, 0), String::new(), message.at);
                Annotation::heartbeat(SOURCE, "PINGREQ")
            }
            Packet::Pong => {
                let ping = self.exchanges.close(&(message.from.peer(), packet::PINGRESP, 0), message.at);
                Annotation { took: ping.map(|(_, took)| took), ..Annotation::heartbeat(SOURCE, "PINGRESP") }
            }
            Packet::Disconnect { code, text } => Annotation {
                error: failure(self.version, packet::DISCONNECT, code, text),
                ..Annotation::new(SOURCE, "DISCONNECT", "DISCONNECT")
            },
            Packet::Auth { method } => {
                Annotation::new(SOURCE, "AUTH", format!("AUTH {}", quote(&method)).trim_end().to_owned())
            }
        }
    }

    fn connect(&mut self, message: &Message<'_>, connect: &Connect) -> Annotation {
        self.keep_alive = (connect.keep_alive > 0).then(|| Duration::from_secs(connect.keep_alive.into()));
        self.is_accepted = false;
        self.open(message, packet::CONNACK, 0, String::new());
        Annotation::new(SOURCE, "CONNECT", format!("CONNECT {} {connect}", self.version.name()))
    }

    fn connack(
        &mut self,
        message: &Message<'_>,
        is_present: bool,
        code: u8,
        keep_alive: Option<u16>,
        client_id: Option<String>,
    ) -> Annotation {
        let took = self.exchanges.close(&(message.from.peer(), packet::CONNACK, 0), message.at).map(|(_, took)| took);
        self.is_accepted = code == 0;
        if let Some(seconds) = keep_alive {
            self.keep_alive = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
        }
        let parts = [
            is_present.then(|| "session present".to_owned()),
            client_id.map(|id| format!("as {}", quote(&id))),
            keep_alive.map(|seconds| format!("keep-alive {seconds} s")),
        ];
        let text = parts.into_iter().flatten().fold("CONNACK".to_owned(), |text, part| format!("{text}, {part}"));
        let error = failure(self.version, packet::CONNACK, code, None);
        Annotation { took, error, ..Annotation::new(SOURCE, "CONNACK", text) }
    }

    /// The topic of a PUBLISH, which an alias may stand for.
    fn topic(&mut self, from: Role, topic: String, alias: Option<u16>) -> String {
        let Some(alias) = alias else { return topic };
        let key = (from, alias);
        if topic.is_empty() {
            return self.aliases.get(&key).map_or_else(|| format!("alias {alias}"), String::clone);
        }
        if self.aliases.len() < MOST_ALIASES || self.aliases.contains_key(&key) {
            self.aliases.insert(key, topic.clone());
        }
        topic
    }

    fn publish(
        &mut self,
        message: &Message<'_>,
        topic: &str,
        id: Option<u16>,
        flags: u8,
        length: usize,
        text: Option<String>,
    ) -> Annotation {
        let quality = flags >> 1 & 3;
        let error = id.and_then(|id| {
            let last = if quality == 1 { packet::PUBACK } else { packet::PUBCOMP };
            let is_again = flags & packet::DUPLICATE != 0;
            self.open(message, last, id, topic.to_owned()).filter(|_| !is_again)
        });
        let has_wildcard = topic.contains(['+', '#']);
        let error = error.or(has_wildcard.then(|| "a wildcard in the topic: servers close (MQTT-3.3.2-2)".to_owned()));
        let parts = [
            (quality > 0).then(|| format!(", QoS {quality}")),
            (flags & packet::DUPLICATE != 0).then(|| ", again".to_owned()),
            (flags & packet::RETAIN != 0).then(|| ", retained".to_owned()),
            Some(format!(", {}", bytes(length))),
            text.map(|text| format!(": {}", quote(&text))),
        ];
        let text = parts.into_iter().flatten().fold(format!("PUBLISH {topic}"), |text, part| text + &part);
        Annotation { id: id.map(|id| id.to_string()), error, ..Annotation::new(SOURCE, "PUBLISH", text) }
    }

    /// PUBACK, PUBREC, PUBREL and PUBCOMP.
    fn acknowledged(&mut self, message: &Message<'_>, kind: u8, id: u16, code: u8, text: Option<String>) -> Annotation {
        let publisher = if kind == packet::PUBREL { message.from } else { message.from.peer() };
        let last = if kind == packet::PUBACK { kind } else { packet::PUBCOMP };
        let key = (publisher, last, id);
        let exchange = if kind == last || code >= 0x80 {
            self.exchanges.close(&key, message.at)
        } else {
            self.exchanges.get(&key, message.at).map(|(topic, took)| (topic.clone(), took))
        };
        let name = packet::name(kind << 4);
        let (topic, took) = exchange.unzip();
        let topic = topic.unwrap_or_else(|| "nothing that was seen".to_owned());
        let none = if code == 0x10 { ", which has no subscriber" } else { "" };
        Annotation {
            answers: Some(id.to_string()),
            took,
            error: failure(self.version, kind, code, text),
            ..Annotation::new(SOURCE, name, format!("{name} of {topic}{none}"))
        }
    }

    /// SUBACK and UNSUBACK.
    fn granted(&mut self, message: &Message<'_>, kind: u8, id: u16, codes: &[u8]) -> Annotation {
        let (filters, took) = self.exchanges.close(&(message.from.peer(), kind, id), message.at).unzip();
        let name = packet::name(kind << 4);
        let filters = filters.unwrap_or_else(|| "nothing that was seen".to_owned());
        let qualities: Vec<_> = codes.iter().filter(|code| **code < 3).map(u8::to_string).collect();
        let granted = match kind {
            packet::SUBACK if !qualities.is_empty() => format!(", granted QoS {}", quote(&qualities.join(", "))),
            _ => String::new(),
        };
        let failed = codes.iter().find(|code| **code >= 0x80);
        Annotation {
            answers: Some(id.to_string()),
            took,
            error: failed.and_then(|code| failure(self.version, kind, *code, None)),
            ..Annotation::new(SOURCE, name, format!("{name} of {filters}{granted}"))
        }
    }

    /// An exchange begins; what is wrong with its id.
    fn open(&mut self, message: &Message<'_>, last: u8, id: u16, subject: String) -> Option<String> {
        let is_new = self.exchanges.open((message.from, last, id), subject, message.at);
        (!is_new).then(|| "the packet id is in use".to_owned())
    }
}

/// What a reason code says went wrong, with the text that a peer gave.
fn failure(version: Version, kind: u8, code: u8, text: Option<String>) -> Option<String> {
    let reason = reason::failure(version == Version::V5, kind, code)?;
    Some(match text {
        Some(text) => format!("{reason}: {}", quote(&text)),
        None => reason,
    })
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not MQTT: {error}"))
}

#[cfg(test)]
mod tests;
