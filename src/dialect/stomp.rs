//! STOMP 1.0, 1.1 and 1.2: text frames, of which a message holds one, several or a part.

mod frame;

use std::mem;
use std::ops::Range;
use std::time::Duration;

use super::pending::Pending;
use super::{Description, Dialect, Heartbeat, Message, bytes, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

use frame::{Frame, Stream, Version};

/// STOMP (<https://stomp.github.io>), as `RabbitMQ`, `ActiveMQ` and Spring speak it over WebSocket.
pub const STOMP: Description = Description {
    name: "stomp",
    subprotocols: &["v12.stomp", "v11.stomp", "v10.stomp"],
    is_target: |_| false,
    is_message: is_begun_by,
    start: |opening| Box::new(Stomp::new(opening.at)),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(STOMP.name);

/// The longest id under which something is kept, in bytes.
const LONGEST_ID: usize = 256;

/// So many frames of a message are told of.
const MOST_FRAMES: usize = 3;

/// Whether a message is the first frame of an end, or the start of it.
fn is_begun_by(message: &Message<'_>) -> bool {
    let (commands, names): (&[&[u8]], &[&[u8]]) = match message.from {
        Role::Client => {
            (&[b"CONNECT", b"STOMP"], &[b"accept-version:", b"host:", b"login:", b"passcode:", b"heart-beat:"])
        }
        Role::Server => (&[b"CONNECTED"], &[b"version:", b"session:", b"server:", b"heart-beat:"]),
    };
    let mut lines = message.payload.splitn(2, |byte| *byte == b'\n');
    let command = lines.next().map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let (Some(command), Some(rest)) = (command, lines.next()) else { return false };
    let is_whole = rest.trim_ascii_end().ends_with(b"\0");
    let is_header = |name: &&[u8]| rest.starts_with(name) || name.starts_with(rest);
    commands.contains(&command) && (is_whole || names.iter().any(is_header))
}

struct Stomp {
    client: Stream,
    server: Stream,
    version: Version,
    /// How often the client can send a beat, and the server wants one; 0 is never.
    client_beat: (u32, u32),
    connect: Option<Duration>,
    last_sent: Duration,
    is_connected: bool,
    /// Commands that ask for a receipt, by its id.
    receipts: Pending<String, String>,
    /// Destinations by the id of their subscription.
    subscriptions: Pending<String, String>,
    /// Destinations of messages, by the id that acknowledges them.
    messages: Pending<String, String>,
}

impl Stomp {
    fn new(at: Duration) -> Self {
        Self {
            client: Stream::default(),
            server: Stream::default(),
            version: Version::V10,
            client_beat: (0, 0),
            connect: None,
            last_sent: at,
            is_connected: false,
            receipts: Pending::default(),
            subscriptions: Pending::default(),
            messages: Pending::default(),
        }
    }
}

impl Dialect for Stomp {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.from == Role::Client {
            self.last_sent = message.at;
        }
        let stream = self.stream(message.from);
        if stream.begun().is_empty() && message.payload.iter().copied().all(is_line_end) {
            let is_beat = !message.payload.is_empty();
            return Some(if is_beat {
                Annotation::heartbeat(SOURCE, "heartbeat")
            } else {
                Annotation::breach(SOURCE, "an empty message: a heartbeat is a line end")
            });
        }
        let mut stream = mem::take(stream);
        let secrets = match message.from {
            Role::Client => passcodes(&stream, message.payload),
            Role::Server => Vec::new(),
        };
        let mut told = Told::default();
        let read = stream.add(message.payload, |frame| told.add(self.frame(message, frame)));
        *self.stream(message.from) = stream;
        let annotation = match read {
            Ok(()) => told.together(),
            Err(fault) => Annotation::breach(SOURCE, fault),
        };
        Some(Annotation { secrets, ..annotation })
    }

    fn close_code(&self, code: u16) -> Option<&'static str> {
        match code {
            1002 => Some("a breach of STOMP, as the ERROR before it says (Spring)"),
            1007 => Some("a frame could not be read (RabbitMQ)"),
            4500 => Some("the client takes what is sent too slowly (Spring)"),
            _ => None,
        }
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let interval = Duration::from_millis(self.interval().filter(|_| self.is_connected)?.into());
        // A little early: it takes time to arrive.
        Some(Heartbeat { due: self.last_sent + interval * 9 / 10, kind: Kind::Text, payload: b"\n".to_vec() })
    }
}

impl Stomp {
    fn stream(&mut self, from: Role) -> &mut Stream {
        match from {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// How many milliseconds the client may be silent, if it has promised beats and the server wants them.
    fn interval(&self) -> Option<u32> {
        let (can, wants) = self.client_beat;
        (can > 0 && wants > 0).then_some(can.max(wants))
    }

    fn frame(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        let mut annotation = match (message.from, frame.command) {
            (Role::Client, "CONNECT" | "STOMP") => self.connect(message, frame),
            (Role::Server, "CONNECTED") => self.connected(message, frame),
            (Role::Client, "SUBSCRIBE") => self.subscribe(message, frame),
            (Role::Client, "UNSUBSCRIBE") => self.unsubscribe(message, frame),
            (Role::Client, "ACK" | "NACK") => self.acknowledge(message, frame),
            (Role::Client, "SEND" | "BEGIN" | "COMMIT" | "ABORT" | "DISCONNECT") => said(frame, String::new()),
            (Role::Server, "MESSAGE") => self.delivered(message, frame),
            (Role::Server, "RECEIPT") => self.receipt(message, frame, None),
            (Role::Server, "ERROR") => {
                let error = frame.header("message", self.version).unwrap_or_else(|| frame.first_line());
                self.receipt(message, frame, Some(quote(&error)))
            }
            (from, command) => {
                let end = if from == Role::Client { "client" } else { "server" };
                return Annotation::breach(SOURCE, format!("{command} is nothing that a {end} sends"));
            }
        };
        if let Some(receipt) = frame.header("receipt", self.version).filter(|_| message.from == Role::Client) {
            let separator = if annotation.text.is_empty() { "" } else { ", " };
            annotation.text = format!("{}{separator}wants receipt {}", annotation.text, quote(&receipt));
            if receipt.len() <= LONGEST_ID {
                self.receipts.open(receipt, frame.command.to_owned(), message.at);
            }
        }
        let fault = frame.fault(self.version);
        annotation.error = annotation.error.or(fault);
        annotation
    }

    fn connect(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        self.connect = Some(message.at);
        self.client_beat.0 = beats(frame).0;
        let text = match frame.raw_header("login") {
            Some(login) => format!("STOMP, as {}", quote(login.trim())),
            None => "STOMP".to_owned(),
        };
        said(frame, text)
    }

    fn connected(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        self.version = match frame.raw_header("version") {
            Some("1.2") => Version::V12,
            Some("1.1") => Version::V11,
            _ => Version::V10,
        };
        self.is_connected = true;
        self.client_beat.1 = beats(frame).1;
        let took = self.connect.map(|since| message.at.saturating_sub(since));
        let beats = self.interval().map(|interval| format!(", the client owes a beat every {}", seconds(interval)));
        let text = format!("STOMP {}{}", self.version.name(), beats.unwrap_or_default());
        Annotation { took, ..said(frame, text) }
    }

    fn subscribe(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        let destination = frame.header("destination", self.version).unwrap_or_default();
        let id = frame.header("id", self.version);
        let mut annotation = said(frame, String::new());
        if let Some(id) = &id
            && id.len() <= LONGEST_ID
            && !self.subscriptions.open(id.clone(), quote(&destination), message.at)
        {
            annotation.error = Some("a subscription with this id is open already".to_owned());
        }
        Annotation { id: id.as_deref().map(quote), ..annotation }
    }

    fn unsubscribe(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        let id = frame.header("id", self.version).unwrap_or_default();
        let text = match self.subscriptions.close(&id, message.at) {
            Some((destination, _)) => format!("from {destination}"),
            None => String::new(),
        };
        said(frame, text)
    }

    fn delivered(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        let destination = quote(&frame.header("destination", self.version).unwrap_or_default());
        let id = frame.header("message-id", self.version);
        let acknowledged_by = match self.version {
            Version::V12 => frame.header("ack", self.version),
            Version::V10 | Version::V11 => id.clone(),
        };
        if let Some(key) = acknowledged_by.filter(|key| key.len() <= LONGEST_ID) {
            self.messages.open(key, destination.clone(), message.at);
        }
        let subscription = frame.header("subscription", self.version);
        let is_unknown = subscription.is_some_and(|id| self.subscriptions.get(&id, message.at).is_none());
        let of_none = if is_unknown { ", of a subscription that was not seen" } else { "" };
        let shown = id.as_deref().map(quote).unwrap_or_default();
        let text = format!("{shown} from {destination}, {}{of_none}", bytes(frame.body.len()));
        Annotation { id: id.as_deref().map(quote), ..said(frame, text) }
    }

    fn acknowledge(&mut self, message: &Message<'_>, frame: &Frame<'_>) -> Annotation {
        let name = if self.version == Version::V12 { "id" } else { "message-id" };
        let id = frame.header(name, self.version).unwrap_or_default();
        let (text, took) = match self.messages.close(&id, message.at) {
            Some((destination, took)) => (format!("of a MESSAGE from {destination}"), Some(took)),
            None => ("of no MESSAGE that was seen".to_owned(), None),
        };
        Annotation { answers: Some(quote(&id)), took, ..said(frame, text) }
    }

    /// A receipt, or an error that may be of a frame that wanted one.
    fn receipt(&mut self, message: &Message<'_>, frame: &Frame<'_>, error: Option<String>) -> Annotation {
        let id = frame.header("receipt-id", self.version);
        let asked = id.as_ref().and_then(|id| self.receipts.close(id, message.at));
        let text = match (&asked, &id) {
            (Some((command, _)), _) => format!("answers {command}"),
            (None, Some(_)) => "answers nothing that was seen".to_owned(),
            (None, None) => String::new(),
        };
        let took = asked.map(|(_, took)| took);
        Annotation { answers: id.as_deref().map(quote), took, error, ..said(frame, text) }
    }
}

fn said(frame: &Frame<'_>, text: String) -> Annotation {
    Annotation::new(SOURCE, frame.command.to_owned(), text)
}

/// What is said of the frames of a message.
#[derive(Default)]
struct Told {
    /// The first ones.
    frames: Vec<Annotation>,
    count: usize,
    /// The first error.
    error: Option<String>,
}

impl Told {
    fn add(&mut self, frame: Annotation) {
        self.count += 1;
        if self.error.is_none() {
            self.error.clone_from(&frame.error);
        }
        if self.frames.len() < MOST_FRAMES {
            self.frames.push(frame);
        }
    }

    fn together(mut self) -> Annotation {
        match self.count {
            0 => Annotation::new(SOURCE, "part", "a part of a frame"),
            1 => self.frames.remove(0),
            count => {
                let names = self.frames.iter().map(|frame| match &*frame.text {
                    "" => frame.kind.to_string(),
                    text => format!("{} {text}", frame.kind),
                });
                let more = if count > MOST_FRAMES { "; …" } else { "" };
                let text = format!("{count} frames: {}{more}", names.collect::<Vec<_>>().join("; "));
                Annotation { error: self.error, ..Annotation::new(SOURCE, "frames", text) }
            }
        }
    }
}

/// The two numbers of `heart-beat`.
fn beats(frame: &Frame<'_>) -> (u32, u32) {
    let numbers = frame.raw_header("heart-beat").and_then(|value| value.split_once(','));
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    numbers.map_or((0, 0), |(sends, wants)| (number(sends), number(wants)))
}

fn seconds(milliseconds: u32) -> String {
    if milliseconds.is_multiple_of(1000) { format!("{} s", milliseconds / 1000) } else { format!("{milliseconds} ms") }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The longest start of a header's line that is looked at, in bytes.
const LONGEST_NAME: usize = 64;

/// Where the passcodes stand in a message of the client, which goes on with what has come in `stream`.
fn passcodes(stream: &Stream, message: &[u8]) -> Vec<Range<usize>> {
    let command: Vec<u8> = stream
        .begun()
        .iter()
        .chain(message)
        .copied()
        .skip_while(|byte| is_line_end(*byte))
        .take("CONNECT".len())
        .collect();
    if !command.starts_with(b"CONNECT") && !command.starts_with(b"STOMP") {
        return Vec::new();
    }
    // The line in which the message begins may be that of the passcode.
    let line = stream.begun_line();
    let line = &line[..line.len().min(LONGEST_NAME)];
    let text = [line, message].concat();
    let lines = text.split(|&byte| byte == b'\n');
    let values = lines.filter_map(|line| line.strip_prefix(b"passcode")?.trim_ascii_start().strip_prefix(b":"));
    let places = values.map(|value| {
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        let start = value.as_ptr() as usize - text.as_ptr() as usize;
        start.saturating_sub(line.len())..(start + value.len()).saturating_sub(line.len())
    });
    places.filter(|place| !place.is_empty()).collect()
}

#[cfg(test)]
mod tests;
