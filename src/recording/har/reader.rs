//! A HAR as the records of a recording.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use serde_core::de::DeserializeSeed;
use serde_json::Deserializer;
use url::Url;

use super::index::{Entry, Head, Index, Message, MessageKind};
use super::json::Bytes;
use crate::error::{Error, Phase};
use crate::event::{Direction, Opened, Origin, PeerAddress, Step, StepDetail, Timestamp};
use crate::http::redact::{Part, Secrets};
use crate::recording::{ReadError, Record, RecordedEvent, RecordedWire, Records};
use crate::wire::{CloseCode, CloseReason, Kind, MessageFacts, Role};

/// Reads a HAR: its connections, and all their messages in the order in which they came. Several connections have
/// numbers from 1 on. Of the messages only their places are kept, 40 bytes each.
///
/// # Errors
/// [`ReadError::Malformed`] names the byte at which it is no HAR, or at which it is cut off; [`ReadError::NoWebSocket`], where
/// all it has is pages.
pub fn read(file: impl Read + Seek + Send + 'static) -> Result<Records, ReadError> {
    let mut file = BufReader::new(file);
    let index = Index::read(file.by_ref())?;
    if index.entries.is_empty() {
        return Err(ReadError::NoWebSocket);
    }
    let openings: Vec<_> = (0..).zip(&index.entries).map(|(place, entry)| entry.opening(place, &index)).collect();
    let start = openings.iter().map(|opening| opening.0).chain(index.messages.first().map(|first| first.at)).min();
    let messages = HarMessages { file, index, start: start.unwrap_or_default(), next: 0 };
    Ok(Box::new(Reader { openings, opened: 0, messages, has_failed: false }))
}

/// When a connection was open, since the Unix epoch, and what there is to say of that.
type Opening = (Duration, VecDeque<RecordedEvent>);

struct Reader<F> {
    openings: Vec<Opening>,
    /// How many of the openings are told.
    opened: usize,
    messages: HarMessages<F>,
    has_failed: bool,
}

impl<F: Read + Seek> Iterator for Reader<F> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        // The connections come in the order in which they began; all up to the one that the next message needs are told.
        let message = self.messages.index.messages.get(self.messages.next).copied();
        let is_due = |place: usize, at: Duration| {
            message.is_none_or(|message| at <= message.at || place <= message.entry as usize)
        };
        while let Some((at, events)) =
            self.openings.get_mut(self.opened).filter(|opening| is_due(self.opened, opening.0))
        {
            if let Some(event) = events.pop_front() {
                return Some(Ok(self.messages.record(u32::try_from(self.opened).ok()?, *at, event)));
            }
            self.opened += 1;
        }
        let read = self.messages.read(message?);
        self.has_failed = read.is_err();
        Some(read)
    }
}

/// The messages of a HAR, read one after the other.
struct HarMessages<F> {
    file: BufReader<F>,
    index: Index,
    /// When the first record was, since the Unix epoch.
    start: Duration,
    next: usize,
}

impl<F: Read + Seek> HarMessages<F> {
    fn record(&self, entry: u32, at: Duration, event: RecordedEvent) -> Record {
        let client = (self.index.entries.len() > 1).then_some(u64::from(entry) + 1);
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH + at, elapsed: at.saturating_sub(self.start) };
        Record { origin: Origin { client }, at, event }
    }

    fn read(&mut self, message: Message) -> Result<Record, ReadError> {
        self.next += 1;
        let malformed = |why: &str| ReadError::Malformed { offset: message.place, why: why.to_owned() };
        let here = self.file.stream_position()?;
        match i64::try_from(i128::from(message.place) - i128::from(here)) {
            Ok(distance) => self.file.seek_relative(distance)?,
            Err(_) => drop(self.file.seek(SeekFrom::Start(message.place))?),
        }
        let data = Bytes.deserialize(&mut Deserializer::from_reader(self.file.by_ref()));
        let data = data.map_err(|_| malformed("the data of a message is no string"))?;
        let event = match message.kind {
            MessageKind::Error => {
                let said = format!("the browser says: {}", String::from_utf8_lossy(&data));
                RecordedEvent::Error(Box::new(Error::new(Phase::Session, said)))
            }
            MessageKind::Frame { direction, opcode } => {
                let payload = if opcode == TEXT { Ok(data) } else { BASE64.decode(&data) };
                let payload = payload.map_err(|_| malformed("the data of a binary message is no Base64"))?;
                frame(direction, opcode, payload)
            }
        };
        Ok(self.record(message.entry, message.at, event))
    }
}

/// The opcode of a text message (RFC 6455 section 11.8).
const TEXT: u8 = 1;

fn frame(direction: Direction, opcode: u8, payload: Vec<u8>) -> RecordedEvent {
    let facts = MessageFacts { length: payload.len() as u64, compressed: None, fragments: 1 };
    let event = match opcode {
        TEXT => RecordedWire::Message { kind: Kind::Text, payload, facts },
        8 => RecordedWire::Close(close(&payload)),
        9 => RecordedWire::Ping(payload),
        10 => RecordedWire::Pong(payload),
        _ => RecordedWire::Message { kind: Kind::Binary, payload, facts },
    };
    RecordedEvent::Wire { direction, event, round_trip: None }
}

fn close(payload: &[u8]) -> CloseReason {
    match payload.split_first_chunk() {
        Some((code, reason)) => {
            CloseReason { code: Some(CloseCode::from(u16::from_be_bytes(*code))), reason: reason.to_vec() }
        }
        None => CloseReason { code: None, reason: Vec::new() },
    }
}

impl Entry {
    /// When it was open, and what there is to say of that. Without a time of its own it is that of its first message.
    fn opening(&self, place: u32, index: &Index) -> Opening {
        let first = || index.messages.iter().find(|message| message.entry == place).map(|message| message.at);
        let took = Duration::try_from_secs_f64(self.took / 1000.0).unwrap_or_default();
        let at = self.started_at().or_else(first).unwrap_or_default();
        // The length of the entry may be that of the whole connection.
        let at = first().map_or(at, |first| (at + took).min(first.max(at)));
        let mut events = VecDeque::new();
        if self.response.status == 0 {
            let url = Secrets::Hidden.text(Part::Text(self.request.url.as_bytes()));
            let note = format!("{url} was not opened, or there is no response in this HAR");
            events.push_back(RecordedEvent::Note(note));
        } else {
            let opened = self.opened(took);
            let head = |direction, bytes: &[u8]| RecordedEvent::Head { direction, bytes: bytes.to_vec() };
            events.push_back(head(Direction::Sent, &opened.request_head));
            events.push_back(head(Direction::Received, &opened.response_head));
            events.push_back(RecordedEvent::Open(Box::new(opened)));
        }
        events.extend(self.missing().map(RecordedEvent::Warning));
        (at, events)
    }

    /// What is said where messages are not in the file, or cannot be read.
    fn missing(&self) -> Option<String> {
        match (self.has_messages, self.left_out) {
            (true, 0) => None,
            (true, 1) => Some("a message in this HAR lacks its direction, opcode or data, and is left out".to_owned()),
            (true, count) => {
                Some(format!("{count} messages in this HAR lack their direction, opcode or data, and are left out"))
            }
            (false, _) => {
                Some("the messages of this connection are not in this HAR: not every program writes them".to_owned())
            }
        }
    }

    fn opened(&self, took: Duration) -> Opened {
        let Entry { request, response, .. } = self;
        let (url, target, port) = web_socket_url(&request.url);
        let status_line = format!("HTTP/1.1 {} {}", response.status, response.reason);
        // Chromium does not tell it of WebSockets: then it is known where the URL has it.
        let host = Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let ip = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let address = ip(&self.address).or_else(|| ip(host.as_deref().unwrap_or_default()));
        let address = address.map_or(PeerAddress::Unknown, |ip| SocketAddr::new(ip, port).into());
        Opened {
            role: Role::Client,
            request_head: request.bytes(&format!("{} {target} HTTP/1.1", request.method)),
            response_head: response.bytes(&status_line),
            url,
            target,
            address,
            status: response.status,
            headers: response.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect(),
            subprotocol: response.get("sec-websocket-protocol"),
            extensions: response.get("sec-websocket-extensions"),
            tls: None,
            steps: vec![Step { took, detail: StepDetail::Upgraded { status_line } }],
            verified: Vec::new(),
        }
    }
}

/// The URL with a scheme of WebSocket's (mitmproxy writes `http`) and without userinfo, its path and query, and its port.
/// Otherwise it stays as it was: something in it may be hidden.
fn web_socket_url(text: &str) -> (String, String, u16) {
    let text = text.split('#').next().unwrap_or_default();
    let text = text.replacen("http", "ws", usize::from(text.starts_with("http")));
    let Some((scheme, rest)) = text.split_once("://") else { return (text, "/".to_owned(), 0) };
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
    let slash = if target.starts_with('/') { "" } else { "/" };
    let port = Url::parse(&text).ok().and_then(|url| url.port_or_known_default()).unwrap_or_default();
    (format!("{scheme}://{authority}{slash}{target}"), format!("{slash}{target}"), port)
}

impl Head {
    /// The value of the first header of this name.
    pub fn get(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| header.1.clone())
    }

    /// The head as it may have been: a HAR has no more of it.
    fn bytes(&self, first_line: &str) -> Vec<u8> {
        // What HTTP/2 has in place of a first line.
        let headers = self.headers.iter().filter(|(name, _)| !name.starts_with(':'));
        let lines = headers.map(|(name, value)| format!("{}: {}", one_line(name), one_line(value)));
        let lines: Vec<_> = [one_line(first_line)].into_iter().chain(lines).collect();
        format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
    }
}

/// A text that cannot end its line: any program may have made the HAR.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ")
}
