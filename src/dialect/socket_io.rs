//! Socket.IO 5, as Engine.IO carries it: `<type>[<attachments>-][<namespace>,][<id>][JSON]`.

use super::engine_io::SOCKET_IO;
use super::json::{self, Array, Object};
use super::pending::Pending;
use super::{Message, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::Role;

const SOURCE: AnnotationSource = AnnotationSource::Dialect(SOCKET_IO.name);

/// The longest namespace, event or id under which something is kept, in bytes.
const LONGEST_KEY: usize = 256;

/// So many attachments socket.io-parser takes.
const MOST_ATTACHMENTS: u64 = 10;

/// The state of all namespaces.
#[derive(Default)]
pub struct SocketIo {
    /// Events by the end that wants an answer, namespace and id.
    asked: Pending<(Role, String, String), String>,
    /// Namespaces that the client asked for.
    connecting: Pending<String, ()>,
    /// What each end still owes of attachments.
    client: Attachments,
    server: Attachments,
}

/// Binary messages that belong to a packet.
#[derive(Default)]
struct Attachments {
    /// Which are still to come.
    left: u64,
    count: u64,
    bytes: usize,
    /// What is said of the packet.
    packet: Option<Annotation>,
}

/// The parts of a packet.
struct Packet<'a> {
    kind: u8,
    attachments: u64,
    /// `/` where none is named; without a query.
    namespace: &'a str,
    /// Version 3 has tokens in it.
    query: Option<&'a str>,
    id: Option<&'a str>,
    json: &'a str,
}

impl<'a> Packet<'a> {
    fn of(text: &'a [u8]) -> Result<Self, &'static str> {
        let text = str::from_utf8(text).map_err(|_| "a packet that is not UTF-8")?;
        let kind = *text
            .as_bytes()
            .first()
            .filter(|kind| matches!(**kind, b'0'..=b'6'))
            .ok_or("no packet of Socket.IO: its type is none of 0 to 6")?;
        let mut rest = &text[1..];
        let mut attachments = 0;
        if matches!(kind, b'5' | b'6') {
            let (count, after) = rest.split_once('-').ok_or("a binary packet without a number of attachments")?;
            attachments = count.parse().map_err(|_| "a binary packet without a number of attachments")?;
            rest = after;
        }
        let mut name = "/";
        if rest.starts_with('/') {
            // What is behind it is a part of the payload too where it is empty: it has a place there.
            (name, rest) = rest.split_once(',').unwrap_or((rest, &rest[rest.len()..]));
        }
        let (namespace, query) = match name.split_once('?') {
            Some((namespace, query)) => (namespace, Some(query)),
            None => (name, None),
        };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, json) = rest.split_at(digits);
        let id = (!id.is_empty()).then_some(id);
        Ok(Self { kind, attachments, namespace, query, id, json })
    }

    /// ` in /admin`.
    fn place(&self) -> String {
        if self.namespace == "/" { String::new() } else { format!(" in {}", quote(self.namespace)) }
    }
}

impl SocketIo {
    /// Takes a packet, which begins behind the `4` of `message`, and says what it is.
    pub fn packet(&mut self, message: &Message<'_>, text: &[u8]) -> Annotation {
        let owed = std::mem::take(self.attachments(message.from));
        let packet = match Packet::of(text) {
            Ok(packet) => packet,
            Err(fault) => return Annotation::breach(SOURCE, fault),
        };
        let mut annotation = self.say(message, &packet);
        if owed.left > 0 {
            let fault = format!("{} of {} attachments did not come before it", owed.left, owed.count);
            annotation.error.get_or_insert(fault);
        }
        annotation.secrets.extend(packet.query.map(|query| json::span(message.payload, query.as_bytes())));
        annotation.secrets.sort_unstable_by_key(|secret| secret.start);
        if packet.attachments > 0 {
            let (left, count) = (packet.attachments, packet.attachments);
            if count > MOST_ATTACHMENTS {
                let fault = format!("more than {MOST_ATTACHMENTS} attachments: servers refuse it");
                annotation.error.get_or_insert(fault);
            }
            let unit = if count == 1 { "attachment" } else { "attachments" };
            let said = Annotation { secrets: Vec::new(), ..annotation.clone() };
            annotation.text = format!("{} and {count} binary {unit}", annotation.text);
            *self.attachments(message.from) = Attachments { left, count, bytes: 0, packet: Some(said) };
        }
        annotation
    }

    /// A binary message: an attachment of the packet before it.
    pub fn attachment(&mut self, from: Role, length: usize) -> Annotation {
        let attachments = self.attachments(from);
        if attachments.left == 0 {
            return Annotation::breach(SOURCE, "a binary message, and no packet announced it");
        }
        attachments.left -= 1;
        attachments.bytes += length;
        let Attachments { left, count, bytes, .. } = *attachments;
        if left > 0 {
            return Annotation::new(SOURCE, "attachment", format!("attachment {} of {count}", count - left));
        }
        match attachments.packet.take() {
            Some(packet) => {
                let text = format!("{}, with {}", packet.text, super::bytes(bytes));
                Annotation { text, error: None, ..packet }
            }
            None => Annotation::new(SOURCE, "attachment", ""),
        }
    }

    fn attachments(&mut self, from: Role) -> &mut Attachments {
        match from {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    fn say(&mut self, message: &Message<'_>, packet: &Packet<'_>) -> Annotation {
        match (packet.kind, message.from) {
            (b'0', Role::Client) => self.connect(message, packet),
            (b'0', Role::Server) => self.connected(message, packet),
            (b'1', _) => Annotation::new(SOURCE, "disconnect", format!("leaves {}", quote(packet.namespace))),
            (b'2' | b'5', _) => self.event(message, packet),
            (b'3' | b'6', _) => self.acknowledged(message, packet),
            (b'4', Role::Server) => self.refused(message, packet),
            _ => Annotation::breach(SOURCE, "a refusal that a client sends"),
        }
    }

    fn connect(&mut self, message: &Message<'_>, packet: &Packet<'_>) -> Annotation {
        if packet.namespace.len() <= LONGEST_KEY {
            self.connecting.open(packet.namespace.to_owned(), (), message.at);
        }
        let is_object = !packet.json.is_empty() && packet.json != "{}";
        let secrets = is_object.then(|| json::span(message.payload, packet.json.as_bytes())).into_iter().collect();
        let text = format!("Socket.IO connects to {}", quote(packet.namespace));
        Annotation { secrets, ..Annotation::new(SOURCE, "connect", text) }
    }

    fn connected(&mut self, message: &Message<'_>, packet: &Packet<'_>) -> Annotation {
        let took = self.connecting.close(&packet.namespace.to_owned(), message.at).map(|((), took)| took);
        let object = Object::of(packet.json.as_bytes()).unwrap_or_default();
        let names = ["sid", "pid"].into_iter().filter_map(|name| object.get(name));
        let mut secrets: Vec<_> = names.map(|value| json::place(message.payload, value)).collect();
        secrets.sort_unstable_by_key(|secret| secret.start);
        let text = format!("connected to {}", quote(packet.namespace));
        Annotation { took, secrets, ..Annotation::new(SOURCE, "connected", text) }
    }

    fn refused(&mut self, message: &Message<'_>, packet: &Packet<'_>) -> Annotation {
        let took = self.connecting.close(&packet.namespace.to_owned(), message.at).map(|((), took)| took);
        let said = Object::of(packet.json.as_bytes()).and_then(|object| object.text("message"));
        let error = said.or_else(|| json::text(packet.json)).unwrap_or_else(|| "without a message".to_owned());
        let text = format!("{} is refused", quote(packet.namespace));
        Annotation { took, error: Some(quote(&error)), ..Annotation::new(SOURCE, "connect_error", text) }
    }

    fn event(&mut self, message: &Message<'_>, packet: &Packet<'_>) -> Annotation {
        let first = Array::of(packet.json.as_bytes()).and_then(|event| event.get(0));
        let name =
            first.filter(|name| name.starts_with(|start: char| start == '"' || start == '-' || start.is_ascii_digit()));
        let Some(name) = name else {
            let fault =
                json::fault(message.payload, packet.json.as_bytes(), "array that begins with the name of an event");
            return Annotation::breach(SOURCE, fault);
        };
        let event = format!("event {}", quote(&json::plain(name)));
        let wants = packet.id.map(|id| format!(", wants ack {}", quote(id))).unwrap_or_default();
        let text = format!("Socket.IO {event}{}{wants}", packet.place());
        if let Some(id) = packet.id.filter(|id| id.len() + packet.namespace.len() <= LONGEST_KEY) {
            self.asked.open((message.from, packet.namespace.to_owned(), id.to_owned()), event, message.at);
        }
        Annotation { id: packet.id.map(quote), ..Annotation::new(SOURCE, "event", text) }
    }

    fn acknowledged(&mut self, message: &Message<'_>, packet: &Packet<'_>) -> Annotation {
        let Some(id) = packet.id else { return Annotation::breach(SOURCE, "an ack without an id") };
        if Array::of(packet.json.as_bytes()).is_none() {
            let fault = json::fault(message.payload, packet.json.as_bytes(), "array of the arguments of an ack");
            return Annotation::breach(SOURCE, fault);
        }
        let key = (message.from.peer(), packet.namespace.to_owned(), id.to_owned());
        let asked = self.asked.close(&key, message.at);
        let unasked = if asked.is_none() { " of nothing that was seen" } else { "" };
        let text = format!("ack {}{unasked}", quote(id));
        let took = asked.map(|(_, took)| took);
        Annotation { answers: Some(quote(id)), took, ..Annotation::new(SOURCE, "ack", text) }
    }
}
