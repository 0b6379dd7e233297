//! The last of what has happened, in memory: recorded after the fact.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp as Moment;
use memchr::{memchr, memmem};

use crate::event::{Direction, Event, EventSink, Flow, FlushError, Origin, Timestamp, Wants};
use crate::output::{Options, Output};
use crate::recording::{JsonLines, Recorder};
use crate::wire::{self, TextBatch};

/// How many bytes of JSON Lines are kept.
const LIMIT: usize = 64 << 20;

/// Lines are thrown away so many bytes at a time, and what is behind up to the end of a line.
const BLOCK: usize = 256 << 10;

/// Where no line ends before it, a block ends here. No line about how a connection opened is so long.
const LONGEST_BLOCK: usize = 1 << 20;

/// What stands before the time in a line.
const TIME: &[u8] = b"\"time\":\"";

/// What stands in the place of what was thrown away.
const GAP: &str = "what happened before is not kept, but for how the connection opened";

/// The last 64 MiB of a recording. Clones are the same.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// The first line of the recording.
    first: Vec<u8>,
    /// How the connection opened that is open at the first of the blocks, as far as that was thrown away.
    opening: Opening,
    has_thrown_away: bool,
    /// Whether there was a message that was too long.
    has_left_out: bool,
    /// What was written since, in order.
    blocks: VecDeque<Block>,
    /// Their bytes.
    size: usize,
    /// The block behind them, which grows.
    last: Block,
    /// The payload of the last message that was received.
    last_payload: Option<Vec<u8>>,
}

/// Whole lines, or a piece of a line that is very long.
#[derive(Default)]
struct Block {
    /// Shared with the snapshots.
    bytes: Arc<Vec<u8>>,
    /// Whether it begins in the middle of a line.
    continues_line: bool,
}

/// What is kept at a moment.
pub struct Snapshot {
    pieces: VecDeque<Arc<Vec<u8>>>,
    /// The time from which everything is kept; `None`, where that is all that has happened.
    pub begins_at: Option<SystemTime>,
    /// Whether a message was too long to be kept.
    pub has_left_out: bool,
}

impl Memory {
    /// The sink that fills it; `options` say what it hides.
    pub fn sink(&self, options: &Options) -> impl EventSink + use<> {
        MemorySink {
            recorder: Recorder::json_lines(options, Box::new(self.clone()), "memory".as_ref()),
            memory: self.clone(),
        }
    }

    /// What is kept now.
    pub fn snapshot(&self) -> Snapshot {
        let kept = self.lock();
        let begins_at = kept.begins_at();
        let before = [kept.first.clone(), kept.opening.lines.clone(), gap(begins_at)].map(Arc::new);
        let pieces = before.into_iter().chain(kept.whole_blocks().map(|block| Arc::clone(&block.bytes))).collect();
        Snapshot { pieces, begins_at, has_left_out: kept.has_left_out }
    }

    /// The payload of the last message that was received.
    pub fn last_payload(&self) -> Option<Vec<u8>> {
        self.lock().last_payload.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    /// A message with a longer payload is not kept: its line alone would be most of what is.
    pub const LONGEST_PAYLOAD: usize = LIMIT / 2;

    /// It as JSON Lines.
    pub fn json_lines(&self) -> impl Read + Send + use<> {
        Pieces(self.pieces.iter().cloned().map(Piece).map(Cursor::new).collect())
    }

    /// It as records.
    pub fn records(&self) -> JsonLines {
        JsonLines::new(Box::new(self.json_lines()))
    }
}

impl Output for Memory {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.lock().write(bytes);
        Ok(())
    }
}

impl Kept {
    fn keep_last(&mut self, payload: &[u8]) {
        let last = self.last_payload.get_or_insert_default();
        last.clear();
        last.extend_from_slice(payload);
    }

    fn write(&mut self, mut bytes: &[u8]) {
        if !self.first.ends_with(b"\n") {
            let (line, rest) = split_behind_line(bytes);
            self.first.extend_from_slice(line);
            bytes = rest;
        }
        if self.last.ends_with_next_line() {
            let (line, rest) = split_behind_line(bytes);
            self.last.append(line);
            bytes = rest;
            if line.ends_with(b"\n") {
                self.end_block(Block::default());
            }
        }
        self.last.append(bytes);
        if self.last.bytes.len() >= LONGEST_BLOCK {
            self.end_block(Block { continues_line: !self.last.bytes.ends_with(b"\n"), ..Block::default() });
        }
    }

    fn end_block(&mut self, next: Block) {
        let block = mem::replace(&mut self.last, next);
        self.size += block.bytes.len();
        self.blocks.push_back(block);
        self.throw_away();
    }

    /// Keeps no more than the limit.
    fn throw_away(&mut self) {
        while self.size > LIMIT
            && let Some(block) = self.blocks.pop_front()
        {
            self.size -= block.bytes.len();
            self.has_thrown_away = true;
            block.whole_lines().for_each(|line| self.opening.follow(line));
        }
    }

    /// The blocks without those whose line has lost its beginning.
    fn whole_blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().chain([&self.last]).skip_while(|block| block.continues_line)
    }

    /// The time from which everything is kept, where something was thrown away. The line of that time may be still to come.
    fn begins_at(&self) -> Option<SystemTime> {
        let first = || self.whole_blocks().find_map(|block| first_time(&block.bytes));
        self.has_thrown_away.then(|| first().unwrap_or_else(SystemTime::now))
    }
}

impl Block {
    fn append(&mut self, bytes: &[u8]) {
        Arc::make_mut(&mut self.bytes).extend_from_slice(bytes);
    }

    /// Whether the next end of a line is its end: it is long enough, or it ends a line that is very long.
    fn ends_with_next_line(&self) -> bool {
        self.continues_line || self.bytes.len() >= BLOCK
    }

    /// The lines that begin and end in it.
    fn whole_lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.bytes.split_inclusive(|&byte| byte == b'\n');
        lines.skip(usize::from(self.continues_line)).filter(|line| line.ends_with(b"\n"))
    }
}

/// `bytes` up to the end of the first line, and those behind.
fn split_behind_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1))
}

/// The time of the first line, of which the end may be missing. It stands in front of all that a peer sent.
fn first_time(lines: &[u8]) -> Option<SystemTime> {
    let (_, time) = lines.split_at_checked(memmem::find(lines, TIME)? + TIME.len())?;
    let time = str::from_utf8(&time[..memchr(b'"', time)?]).ok()?;
    time.parse().ok().map(Moment::into)
}

/// The line that says that something was thrown away, where what is kept has a beginning.
fn gap(begins_at: Option<SystemTime>) -> Vec<u8> {
    let time = begins_at.and_then(|time| Moment::try_from(time).ok());
    time.map(|time| format!("{{\"type\":\"note\",\"time\":\"{time:.6}\",\"text\":\"{GAP}\"}}\n").into_bytes())
        .unwrap_or_default()
}

/// The lines about how a connection opened.
#[derive(Default)]
struct Opening {
    lines: Vec<u8>,
    is_open: bool,
}

impl Opening {
    /// Follows what happened, line by line.
    fn follow(&mut self, line: &[u8]) {
        let begins =
            |kind: &str| line.strip_prefix(b"{\"type\":\"").is_some_and(|rest| rest.starts_with(kind.as_bytes()));
        let is_about_opening = ["step\"", "tls\"", "head\"", "open\""].into_iter().any(begins);
        if (self.is_open && (is_about_opening || begins("close\""))) || (!self.is_open && begins("error\"")) {
            *self = Self::default();
        }
        if is_about_opening {
            self.lines.extend_from_slice(line);
            self.is_open = begins("open\"");
        }
    }
}

struct MemorySink {
    recorder: Recorder,
    memory: Memory,
}

impl EventSink for MemorySink {
    fn wants(&self) -> Wants {
        self.recorder.wants()
    }

    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        if let Event::Wire { direction, event: wire::Event::Message { payload, .. }, .. } = event {
            if *direction == Direction::Received {
                self.memory.lock().keep_last(payload);
            }
            if payload.len() > Snapshot::LONGEST_PAYLOAD {
                self.memory.lock().has_left_out = true;
                let done = if *direction == Direction::Sent { "sent" } else { "received" };
                let note = format!("{done}: a message of {} bytes, which is too long to be kept", payload.len());
                return self.recorder.event(origin, at, &Event::Note(&note));
            }
        }
        if is_long_frame(event) { Flow::Continue } else { self.recorder.event(origin, at, event) }
    }

    fn texts(&mut self, origin: Origin, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) -> Flow {
        if let Some(frame) = texts.frames().last().filter(|_| direction == Direction::Received) {
            self.memory.lock().keep_last(frame.text);
        }
        self.recorder.texts(origin, at, direction, texts)
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        self.recorder.flush()
    }

    /// Memory is never waited for.
    fn blocked(&self) -> Duration {
        Duration::ZERO
    }
}

/// Whether it is a frame that is too long to be kept. What is said of its message is enough.
fn is_long_frame(event: &Event<'_>) -> bool {
    match event {
        Event::Wire { event: wire::Event::Frame(frame), .. } => {
            frame.payload.len().max(frame.inflation.len()) > Snapshot::LONGEST_PAYLOAD
        }
        _ => false,
    }
}

struct Piece(Arc<Vec<u8>>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One piece after the other.
struct Pieces(VecDeque<Cursor<Piece>>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(piece) = self.0.front_mut() {
            let count = piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.0.pop_front();
        }
        Ok(0)
    }
}
