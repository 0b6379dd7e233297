//! Makes a HAR of a recording.
//!
//! An entry has all messages of its connection in one place, and a recording has them in the order in which they came. So
//! the recording is read more than once: first to know its connections, then once for as many connections as fit in
//! memory together.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use data_encoding::BASE64;

use crate::decode;
use crate::dialect::{Annotator, Choice};
use crate::event::{Direction, Event, Opened, PeerAddress, Timestamp};
use crate::http::redact::{Part, Secrets};
use crate::output::Perspective;
use crate::output::json::{Members, object};
use crate::output::redacted::{hidden_places, without};
use crate::recording::{ReadError, Record, RecordedEvent, RecordedWire, Recording, Records};
use crate::wire::{self, Kind, Role};

/// Bytes of payloads that are held at a time: of the connections that are written after another one.
const HELD: u64 = 32 << 20;
/// What waits is written when it has grown beyond this.
const FLUSH_AT: usize = 64 << 10;

/// What a HAR does not show.
#[derive(Debug, Clone, Copy)]
pub struct HarOptions {
    /// Whether secrets are hidden: in heads and URLs, and in messages of a dialect that is recognised.
    pub secrets: Secrets,
    /// Which dialect is looked for.
    pub dialect: Choice,
}

/// Writes the recording that `open` gives, each time from its beginning. One that ends early is written up to there: why
/// it does.
///
/// # Errors
/// When it cannot be read, or `output` not be written.
pub fn write(
    output: &mut impl Write,
    open: &mut dyn FnMut() -> io::Result<Recording>,
    options: HarOptions,
) -> io::Result<Option<ReadError>> {
    let (connections, early_end) = survey(open()?);
    output.write_all(b"{\"log\":{\"version\":\"1.2\",")?;
    let creator = concat!("\"creator\":{\"name\":\"wscope\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"},");
    output.write_all(creator.as_bytes())?;
    output.write_all(b"\"pages\":[],\"entries\":[")?;
    let mut first = 0;
    while first < connections.len() {
        let last = end_of_group(&connections, first);
        write_group(output, open()?.records, &connections, first..last, options)?;
        first = last;
    }
    output.write_all(b"]}}\n")?;
    Ok(early_end)
}

/// A connection of the recording.
struct Connection {
    opened: Box<Opened>,
    /// The server's address, if that is known.
    server: Option<IpAddr>,
    /// When it was open.
    at: SystemTime,
    /// Until when something of it was recorded.
    until: SystemTime,
    /// Bytes of its payloads.
    size: u64,
}

/// Which connection a record belongs to: each opening begins another.
#[derive(Default)]
struct Assignment {
    current: HashMap<Option<u64>, usize>,
    opened: usize,
}

impl Assignment {
    fn of(&mut self, record: &Record) -> Option<usize> {
        if let RecordedEvent::Open(_) = record.event {
            self.current.insert(record.origin.client, self.opened);
            self.opened += 1;
        }
        self.current.get(&record.origin.client).copied()
    }
}

/// The connections, and why the recording ends early, if it does.
fn survey(Recording { perspective, records }: Recording) -> (Vec<Connection>, Option<ReadError>) {
    let mut assignment = Assignment::default();
    let mut connections: Vec<Connection> = Vec::new();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => return (connections, Some(error)),
        };
        let place = assignment.of(&record);
        if let RecordedEvent::Open(opened) = record.event {
            let server = match (&opened.address, opened.role, perspective) {
                (PeerAddress::Tcp(address), Role::Client, Perspective::End) => Some(address.ip()),
                // A server, and what stands in between, know the client's.
                _ => None,
            };
            connections.push(Connection { opened, server, at: record.at.wall, until: record.at.wall, size: 0 });
        } else if let Some(connection) = place.and_then(|place| connections.get_mut(place)) {
            connection.until = record.at.wall;
            if let RecordedEvent::Wire { event: RecordedWire::Message { payload, .. }, .. } = &record.event {
                connection.size += payload.len() as u64;
            }
        }
    }
    (connections, None)
}

/// The end of the connections that are written in one go, `first` among them: it is not held, and the others are.
fn end_of_group(connections: &[Connection], first: usize) -> usize {
    let mut held = 0;
    let others = connections[first + 1..].iter().take_while(|connection| {
        held += connection.size;
        held <= HELD
    });
    first + 1 + others.count()
}

fn write_group(
    output: &mut impl Write,
    records: Records,
    connections: &[Connection],
    group: Range<usize>,
    HarOptions { secrets, dialect }: HarOptions,
) -> io::Result<()> {
    let mut annotator = Annotator::new(dialect, decode::Choice::None);
    let mut entries: Vec<_> = connections[group.clone()].iter().map(|connection| connection.start(secrets)).collect();
    if group.start > 0 {
        output.write_all(b",")?;
    }
    let mut assignment = Assignment::default();
    // It ends where the survey has ended.
    for record in records.map_while(Result::ok) {
        let Some(place) = assignment.of(&record).and_then(|place| place.checked_sub(group.start)) else { continue };
        let Some(entry) = entries.get_mut(place) else { continue };
        let connection = &connections[group.start + place];
        record.event.lend(|event| {
            let event = annotator.annotated(record.origin, record.at, event);
            connection.message(entry, record.at, &event, secrets);
        });
        if place == 0 && entry.len() > FLUSH_AT {
            output.write_all(entry)?;
            entry.clear();
        }
    }
    for (place, entry) in entries.iter().enumerate() {
        output.write_all(if place > 0 { b"," } else { b"" })?;
        output.write_all(entry)?;
        output.write_all(b"\n]}")?;
    }
    Ok(())
}

impl Connection {
    /// The entry up to its first message.
    fn start(&self, secrets: Secrets) -> Vec<u8> {
        let opened = &self.opened;
        let timings = Timings::of(self);
        let started = self.at.checked_sub(timings.until_open()).unwrap_or(self.at);
        let mut entry = b"\n".to_vec();
        object(&mut entry, |members| {
            members.string("startedDateTime", &date(started));
            members.prepared(format!("\"time\":{:.3}", timings.total()).as_bytes());
            members.object("request", |members| request(members, opened, secrets));
            members.object("response", |members| response(members, opened, secrets));
            members.object("cache", |_| {});
            members.object("timings", |members| timings.write(members));
            if let Some(server) = self.server {
                members.string("serverIPAddress", &server.to_string());
            }
            members.string("_resourceType", "websocket");
            members.prepared(b"\"_webSocketMessages\":[");
        });
        // The object goes on.
        entry.pop();
        entry
    }

    /// Adds an event to its entry, if it is a message.
    fn message(&self, entry: &mut Vec<u8>, at: Timestamp, event: &Event<'_>, secrets: Secrets) {
        let Event::Wire { direction, event: wire::Event::Message { kind, payload, .. }, annotation, .. } = event else {
            return;
        };
        let payload = without(*kind, payload, hidden_places(*annotation, secrets));
        let from_client = (*direction == Direction::Sent) == (self.opened.role == Role::Client);
        entry.extend_from_slice(if entry.last() == Some(&b'[') { b"\n" } else { b",\n" });
        object(entry, |members| {
            members.string("type", if from_client { "send" } else { "receive" });
            members.seconds("time", at.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
            match kind {
                Kind::Text => {
                    members.number("opcode", 1);
                    members.string("data", &String::from_utf8_lossy(&payload));
                }
                Kind::Binary => {
                    members.number("opcode", 2);
                    members.string("data", &BASE64.encode(&payload));
                }
            }
        });
    }
}

/// The names and values of a head's headers.
fn headers(members: &mut Members<'_>, head: &[u8]) {
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    members.array("headers", lines, |output, (name, value)| pair(output, name, value.trim()));
    members.array("cookies", [], |_, ()| {});
}

fn pair(output: &mut Vec<u8>, name: &str, value: &str) {
    object(output, |members| {
        members.string("name", name);
        members.string("value", value);
    });
}

fn request(members: &mut Members<'_>, opened: &Opened, secrets: Secrets) {
    let head = secrets.bytes(Part::Head(&opened.request_head));
    let url = secrets.text(Part::Text(opened.url.as_bytes()));
    members.string("method", "GET");
    members.string("url", &url);
    members.string("httpVersion", "HTTP/1.1");
    headers(members, &head);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    members.array("queryString", parameters, |output, parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        pair(output, name, value);
    });
    members.number("headersSize", opened.request_head.len() as u64);
    members.number("bodySize", 0);
}

fn response(members: &mut Members<'_>, opened: &Opened, secrets: Secrets) {
    let head = secrets.bytes(Part::Head(&opened.response_head));
    let first_line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    members.number("status", opened.status.into());
    members.string("statusText", first_line.splitn(3, ' ').nth(2).unwrap_or_default());
    members.string("httpVersion", "HTTP/1.1");
    headers(members, &head);
    members.object("content", |members| {
        members.number("size", 0);
        members.string("mimeType", "x-unknown");
    });
    members.string("redirectURL", "");
    members.number("headersSize", opened.response_head.len() as u64);
    members.number("bodySize", 0);
}

/// How long each part of a connection took, in milliseconds; `None`: there was none.
struct Timings {
    resolve: Option<f64>,
    /// With TLS, as HAR wants it.
    connect: Option<f64>,
    tls: Option<f64>,
    wait: f64,
    receive: f64,
}

impl Timings {
    fn of(connection: &Connection) -> Self {
        let of = |names: &[&str]| {
            let steps = connection.opened.steps.iter().filter(|step| names.contains(&step.detail.name()));
            steps.map(|step| step.took.as_secs_f64() * 1000.0).reduce(|sum, took| sum + took)
        };
        let open_for = connection.until.duration_since(connection.at).unwrap_or_default();
        Self {
            resolve: of(&["resolve"]),
            connect: of(&["connect", "proxy", "tls"]),
            tls: of(&["tls"]),
            wait: of(&["upgrade"]).unwrap_or_default(),
            receive: open_for.as_secs_f64() * 1000.0,
        }
    }

    fn until_open(&self) -> Duration {
        let milliseconds = self.resolve.unwrap_or_default() + self.connect.unwrap_or_default() + self.wait;
        Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
    }

    fn total(&self) -> f64 {
        self.until_open().as_secs_f64() * 1000.0 + self.receive
    }

    fn write(&self, members: &mut Members<'_>) {
        let rows = [
            ("blocked", None),
            ("dns", self.resolve),
            ("connect", self.connect),
            ("ssl", self.tls),
            ("send", Some(0.0)),
            ("wait", Some(self.wait)),
            ("receive", Some(self.receive)),
        ];
        for (name, took) in rows {
            members.prepared(
                format!("\"{name}\":{}", took.map_or("-1".to_owned(), |took| format!("{took:.3}"))).as_bytes(),
            );
        }
    }
}

/// A time as HAR wants it (ISO 8601).
fn date(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| jiff::Timestamp::UNIX_EPOCH.to_string(), |moment| format!("{moment:.6}"))
}
