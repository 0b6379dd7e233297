//! The first look at a HAR: which connections it has, and where in the file the data of each message stands. Of the data
//! itself, and of the bodies of pages, nothing is kept.

use std::io::{self, BufRead, Seek, SeekFrom};
use std::time::Duration;

use serde_core::de::{DeserializeSeed, Error, MapAccess, SeqAccess};
use serde_json::Deserializer;

use super::json::{Array, Counted, Elements, Members, Object, Place, Position, skip};
use crate::event::Direction;
use crate::recording::ReadError;
use crate::recording::source::{compression, skip_byte_order_mark};

/// A HAR without the data of its messages.
#[derive(Debug, Default)]
pub struct Index {
    /// Its WebSocket connections, in the order of the file.
    pub entries: Vec<Entry>,
    /// Their messages in the order in which they came.
    pub messages: Vec<Message>,
}

/// A WebSocket connection.
#[derive(Debug, Default)]
pub struct Entry {
    /// When the request began, as the file says it.
    pub started: String,
    /// How long the opening took, in milliseconds.
    pub took: f64,
    /// The server's IP address, if it is known.
    pub address: String,
    /// The request.
    pub request: Head,
    /// The response.
    pub response: Head,
    /// Whether the messages of a WebSocket connection are in the file: not every program writes them.
    pub has_messages: bool,
    /// How many messages lack what makes one: their direction, opcode or data.
    pub left_out: u64,
    is_web_socket: bool,
}

impl Entry {
    /// When it began, since the Unix epoch.
    pub fn started_at(&self) -> Option<Duration> {
        let moment: jiff::Timestamp = self.started.parse().ok()?;
        Duration::try_from(moment.as_duration()).ok()
    }

    fn is_web_socket(&self) -> bool {
        let scheme = self.request.url.split(':').next().unwrap_or_default();
        let upgrades = || self.response.get("upgrade").is_some_and(|name| name.eq_ignore_ascii_case("websocket"));
        self.is_web_socket || matches!(scheme, "ws" | "wss") || self.response.status == 101 && upgrades()
    }
}

/// What a HAR keeps of a head.
#[derive(Debug, Default)]
pub struct Head {
    /// The method of a request.
    pub method: String,
    /// The URL of a request.
    pub url: String,
    /// The status of a response; 0 where there was none.
    pub status: u16,
    /// The reason phrase of a response.
    pub reason: String,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
}

/// A message: what is known of it before its data is read.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// The place of its connection in [`Index::entries`].
    pub entry: u32,
    /// When, since the Unix epoch. Within a connection it never decreases.
    pub at: Duration,
    /// Where its data begins, with white space before it.
    pub place: u64,
    /// What it is.
    pub kind: MessageKind,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A frame.
    Frame {
        /// Which way, seen from the client.
        direction: Direction,
        /// Its opcode.
        opcode: u8,
    },
    /// What the browser said of an error.
    Error,
}

impl Index {
    /// Reads it to its end.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] with the byte from which on it is no HAR; where it is cut, that is its length.
    pub fn read(mut reader: impl BufRead + Seek) -> Result<Self, ReadError> {
        let begun = skip_byte_order_mark(&mut reader)?;
        let position = Position::from(begun);
        let mut json = Deserializer::from_reader(Counted::new(reader.by_ref(), position.clone()));
        let mut file = File { position: &position, log: None };
        let read = Object(&mut file).deserialize(&mut json).and_then(|()| json.end());
        match (read, file.log) {
            (Ok(()), Some(mut index)) => {
                // A stable sort: messages of one time stay in the order of the file.
                index.messages.sort_by_key(|message| message.at);
                Ok(index)
            }
            (Ok(()), None) => Err(malformed(0, "this is JSON without a `log`, so it is no HAR".to_owned())),
            (Err(error), _) if error.is_io() => Err(ReadError::Io(error.into())),
            (Err(error), log) => Err(explain(&error, log.is_some(), begun, reader)?),
        }
    }
}

/// The error with its place as a byte: the parser, which has `begun` there, has it as a line and a column.
fn explain(
    error: &serde_json::Error,
    is_behind_log: bool,
    begun: u64,
    mut reader: impl BufRead + Seek,
) -> io::Result<ReadError> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    if let Some(format) = compression(reader.fill_buf()?) {
        return Ok(malformed(0, format.to_owned()));
    }
    let mut read = reader.seek(SeekFrom::Start(begun))?;
    for _ in 1..error.line() {
        read += reader.skip_until(b'\n')? as u64;
    }
    let end = read + error.column() as u64;
    // A number that is cut is none to the parser.
    if error.is_eof() || (end >= length && !is_behind_log) {
        return Ok(malformed(length, "this HAR is cut off".to_owned()));
    }
    let text = error.to_string();
    let why = text.split(" at line").next().unwrap_or_default();
    Ok(malformed(end.saturating_sub(1), format!("this is no HAR: {why}")))
}

fn malformed(offset: u64, why: String) -> ReadError {
    ReadError::Malformed { offset, why }
}

struct File<'a> {
    position: &'a Position,
    log: Option<Index>,
}

impl<'de> Members<'de> for File<'_> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error> {
        if name != "log" {
            return skip(values);
        }
        let mut log = Log { position: self.position, index: Index::default() };
        values.next_value_seed(Object(&mut log))?;
        self.log = Some(log.index);
        Ok(())
    }
}

struct Log<'a> {
    position: &'a Position,
    index: Index,
}

impl<'de> Members<'de> for Log<'_> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error> {
        if name == "entries" { values.next_value_seed(Array(self)) } else { skip(values) }
    }
}

impl<'de> Elements<'de> for Log<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, values: &mut A) -> Result<bool, A::Error> {
        let number = u32::try_from(self.index.entries.len()).map_err(Error::custom)?;
        let first = self.index.messages.len();
        let mut reader = EntryReader {
            position: self.position,
            number,
            entry: Entry::default(),
            messages: &mut self.index.messages,
        };
        let is_read = values.next_element_seed(Object(&mut reader))?.is_some();
        let entry = reader.entry;
        // A message without a time, and none before it that has one.
        let started = entry.started_at().unwrap_or_default();
        for message in self.index.messages[first..].iter_mut().take_while(|message| message.at.is_zero()) {
            message.at = started;
        }
        if is_read && entry.is_web_socket() {
            self.index.entries.push(entry);
        }
        Ok(is_read)
    }
}

struct EntryReader<'a> {
    position: &'a Position,
    number: u32,
    entry: Entry,
    messages: &'a mut Vec<Message>,
}

impl<'de> Members<'de> for EntryReader<'_> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error> {
        let entry = &mut self.entry;
        match name {
            "startedDateTime" => entry.started = values.next_value()?,
            "time" => entry.took = values.next_value::<Option<f64>>()?.unwrap_or_default(),
            "serverIPAddress" => entry.address = values.next_value::<Option<String>>()?.unwrap_or_default(),
            "request" => values.next_value_seed(Object(&mut entry.request))?,
            "response" => values.next_value_seed(Object(&mut entry.response))?,
            "_resourceType" => {
                entry.is_web_socket |= values.next_value::<Option<String>>()?.as_deref() == Some("websocket");
            }
            "_webSocketMessages" => {
                (entry.is_web_socket, entry.has_messages) = (true, true);
                values.next_value_seed(Array(self))?;
            }
            _ => skip(values)?,
        }
        Ok(())
    }
}

impl<'de> Elements<'de> for EntryReader<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, values: &mut A) -> Result<bool, A::Error> {
        let mut reader =
            MessageReader { position: self.position, kind: String::new(), time: None, opcode: None, place: None };
        if values.next_element_seed(Object(&mut reader))?.is_none() {
            return Ok(false);
        }
        let kind = reader.opcode.and_then(|opcode| MessageKind::of(&reader.kind, opcode));
        let (Some(kind), Some(place)) = (kind, reader.place) else {
            self.entry.left_out += 1;
            return Ok(true);
        };
        let before = self.messages.last().filter(|message| message.entry == self.number);
        let time = reader.time.and_then(|time| Duration::try_from_secs_f64(time).ok()).unwrap_or_default();
        let time = microseconds(time.min(LATEST));
        let at = before.map_or(time, |before| before.at.max(time));
        self.messages.push(Message { entry: self.number, at, place, kind });
        Ok(true)
    }
}

/// The latest time that a message can have: the last second of the year 9999.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// The time to the next microsecond: a number of JSON has no more of it.
fn microseconds(time: Duration) -> Duration {
    let time = time + Duration::from_nanos(500);
    Duration::new(time.as_secs(), time.subsec_micros() * 1000)
}

impl MessageKind {
    fn of(kind: &str, opcode: i64) -> Option<Self> {
        let direction = match kind {
            "send" => Direction::Sent,
            "receive" => Direction::Received,
            "error" => return Some(Self::Error),
            _ => return None,
        };
        Some(Self::Frame { direction, opcode: u8::try_from(opcode).ok()? })
    }
}

struct MessageReader<'a> {
    position: &'a Position,
    kind: String,
    time: Option<f64>,
    opcode: Option<i64>,
    place: Option<u64>,
}

impl<'de> Members<'de> for MessageReader<'_> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = values.next_value()?,
            "time" => self.time = values.next_value()?,
            "opcode" => self.opcode = values.next_value()?,
            "data" => self.place = Some(values.next_value_seed(Place(self.position))?),
            _ => skip(values)?,
        }
        Ok(())
    }
}

impl<'de> Members<'de> for Head {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error> {
        match name {
            "method" => self.method = values.next_value()?,
            "url" => self.url = values.next_value()?,
            "status" => self.status = u16::try_from(values.next_value::<i64>()?).unwrap_or_default(),
            "statusText" => self.reason = values.next_value::<Option<String>>()?.unwrap_or_default(),
            "headers" => values.next_value_seed(Array(&mut self.headers))?,
            _ => skip(values)?,
        }
        Ok(())
    }
}

impl<'de> Elements<'de> for Vec<(String, String)> {
    fn element<A: SeqAccess<'de>>(&mut self, values: &mut A) -> Result<bool, A::Error> {
        let mut header = (String::new(), String::new());
        let is_read = values.next_element_seed(Object(&mut header))?.is_some();
        if is_read {
            self.push(header);
        }
        Ok(is_read)
    }
}

impl<'de> Members<'de> for (String, String) {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, values: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.0 = values.next_value()?,
            "value" => self.1 = values.next_value()?,
            _ => skip(values)?,
        }
        Ok(())
    }
}
