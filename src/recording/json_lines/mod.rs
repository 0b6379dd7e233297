//! Reads a recording in JSON Lines: what [`output::json`](crate::output::json) writes, where it writes everything.

mod events;
mod fields;
mod lines;
#[cfg(test)]
mod tests;
mod wire_events;

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::time::{Duration, SystemTime};

use crate::event::{Origin, Timestamp};
use crate::output::Perspective;
use crate::output::json::VERSION;
use crate::recording::source::compression;
use crate::recording::{ReadError, Record, RecordedEvent};

use self::fields::{Fields, Wrong};
use self::lines::{Line, Lines};

/// What every line begins with.
const BEGINNING: &[u8] = b"{\"type\":";

/// How many connections may be in their handshakes at a time; of more, the heads are not kept.
const MOST_HANDSHAKES: usize = 1000;

/// The records of a file. Memory is that of the longest line.
pub struct JsonLines {
    lines: Lines,
    state: State,
    /// Why its first line cannot be read.
    failure: Option<ReadError>,
    is_over: bool,
}

/// What the lines so far have said.
struct State {
    /// Records that were read and not given away.
    ready: VecDeque<Record>,
    /// The wall-clock time of the first record.
    start: Option<SystemTime>,
    /// The last wall-clock time, and how it was written: what came with one read has the same.
    last: Option<(String, SystemTime)>,
    /// When the connections that are open were opened.
    open: HashMap<Origin, Duration>,
    /// The heads of those that are not open yet.
    heads: HashMap<Origin, Heads>,
    perspective: Perspective,
}

/// The last heads of a connection.
#[derive(Default)]
struct Heads {
    request: Vec<u8>,
    response: Vec<u8>,
}

impl JsonLines {
    /// Reads `input`, from its beginning; its first line at once.
    pub fn new(input: Box<dyn Read + Send>) -> Self {
        let state = State {
            ready: VecDeque::new(),
            start: None,
            last: None,
            open: HashMap::new(),
            heads: HashMap::new(),
            perspective: Perspective::End,
        };
        let mut records = Self { lines: Lines::new(input), state, failure: None, is_over: false };
        records.failure = match records.read_line() {
            Ok(true) => None,
            Ok(false) => Some(ReadError::Cut { offset: 0 }),
            Err(error) => Some(error),
        };
        records
    }

    /// Where the recording was made.
    pub fn perspective(&self) -> Perspective {
        self.state.perspective
    }

    /// Reads one line. Whether there was one.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        let Some(line) = self.lines.next()? else {
            return if self.state.open.is_empty() { Ok(false) } else { Err(ReadError::StillOpen) };
        };
        let offset = line.offset;
        let fields = parsed(&line)?;
        self.state.understand(&fields).map_err(|why| ReadError::Malformed { offset, why })?;
        Ok(true)
    }
}

impl State {
    fn understand(&mut self, fields: &Fields<'_>) -> Result<(), Wrong> {
        let kind = fields.text("type")?;
        if kind == "recording" {
            let version = fields.number("version")?;
            if fields.optional_text("perspective")?.as_deref() == Some(Perspective::Between.name()) {
                self.perspective = Perspective::Between;
            }
            return if version <= VERSION { Ok(()) } else { Err(format!("version {version} is not known here")) };
        }
        let origin = Origin { client: fields.optional_number("client")? };
        let at = self.timestamp(origin, fields)?;
        let add = |event| self.ready.push_back(Record { origin, at, event });
        if wire_events::is_one(&kind) {
            return wire_events::events(&kind, fields).map(|events| events.into_iter().for_each(add));
        }
        if let Some(mut event) = events::event(&kind, fields)? {
            self.follow(origin, at, &mut event);
            self.ready.push_back(Record { origin, at, event });
        }
        Ok(())
    }

    /// Times count from the first record, on a clock that is never set, as far as that is in the file: since a connection
    /// opened, but not before.
    fn timestamp(&mut self, origin: Origin, fields: &Fields<'_>) -> Result<Timestamp, Wrong> {
        let wall = self.wall(fields)?;
        let start = *self.start.get_or_insert(wall);
        let elapsed = match (fields.optional_seconds("elapsed")?, self.open.get(&origin)) {
            (Some(elapsed), Some(opened)) => opened.saturating_add(elapsed),
            _ => wall.duration_since(start).unwrap_or_default(),
        };
        Ok(Timestamp { wall, elapsed })
    }

    fn wall(&mut self, fields: &Fields<'_>) -> Result<SystemTime, Wrong> {
        let written = fields.raw("time");
        if let Some((last, wall)) = &self.last
            && written == Some(last)
        {
            return Ok(*wall);
        }
        let wall = fields.time("time")?;
        self.last = written.map(|written| (written.to_owned(), wall));
        Ok(wall)
    }

    /// Keeps what later records depend on, and adds the heads to an opening.
    fn follow(&mut self, origin: Origin, at: Timestamp, event: &mut RecordedEvent) {
        match event {
            RecordedEvent::Head { bytes, .. } if self.heads.len() < MOST_HANDSHAKES => {
                let heads = self.heads.entry(origin).or_default();
                let head = if bytes.starts_with(b"HTTP/") { &mut heads.response } else { &mut heads.request };
                head.clone_from(bytes);
            }
            RecordedEvent::Open(opened) => {
                self.open.insert(origin, at.elapsed);
                let Heads { request, response } = self.heads.remove(&origin).unwrap_or_default();
                (opened.request_head, opened.response_head) = (request, response);
            }
            RecordedEvent::Error(_) => drop(self.heads.remove(&origin)),
            RecordedEvent::Ended(_) => drop(self.open.remove(&origin)),
            _ => {}
        }
    }
}

impl Iterator for JsonLines {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.state.ready.is_empty() && !self.is_over {
            match self.failure.take().map_or_else(|| self.read_line(), Err) {
                Ok(true) => {}
                Ok(false) => self.is_over = true,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        self.state.ready.pop_front().map(Ok)
    }
}

/// The members of a line.
fn parsed<'a>(line: &Line<'a>) -> Result<Fields<'a>, ReadError> {
    let offset = line.offset;
    if offset == 0
        && let Some(why) = foreign_format(line.bytes)
    {
        return Err(ReadError::Malformed { offset, why: why.to_owned() });
    }
    match Fields::of(line.bytes) {
        Some(fields) => Ok(fields),
        None if !line.is_whole && may_begin_line(line.bytes) => Err(ReadError::Cut { offset }),
        None if offset == 0 => Err(ReadError::Malformed { offset, why: "it is no recording of wscope".to_owned() }),
        None => Err(ReadError::Malformed { offset, why: "this line is no JSON object".to_owned() }),
    }
}

/// What a file is that is no recording in JSON Lines, by its first line.
fn foreign_format(first: &[u8]) -> Option<&'static str> {
    let is_har = first.trim_ascii() == b"{" || first.starts_with(b"{\"log\":");
    compression(first).or(is_har.then_some("it looks like a HAR, and the name of one ends in `.har`"))
}

/// Whether `bytes` may be the beginning of a line.
fn may_begin_line(bytes: &[u8]) -> bool {
    let length = bytes.len().min(BEGINNING.len());
    bytes[..length] == BEGINNING[..length]
}
