//! The last of what has happened, in memory: recorded after the fact.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use memchr::memrchr;

use crate::event::{Direction, Event, EventSink, Flow, FlushError, Origin, Timestamp, Wants};
use crate::output::{Options, Output};
use crate::recording::json_lines::Fields;
use crate::recording::{JsonLines, Recorder};
use crate::wire::{self, TextBatch};

/// How many bytes of JSON Lines are kept.
const LIMIT: usize = 64 << 20;

/// Lines are thrown away so many bytes at a time, or one that is longer.
const BLOCK: usize = 256 << 10;

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
    /// Whole lines, in order.
    blocks: VecDeque<Arc<Vec<u8>>>,
    /// Their bytes.
    size: usize,
    /// What waits to be a block; its last line may be incomplete.
    tail: Vec<u8>,
    /// Where the whole lines of `tail` end. A line may be as long as a message and comes in pieces: each is looked through once.
    lines_end: usize,
    /// The payload of the last message that was received.
    last_payload: Option<Vec<u8>>,
}

impl Memory {
    /// The sink that fills it; `options` say what it hides.
    pub fn sink(&self, options: &Options) -> impl EventSink + use<> {
        MemorySink {
            recorder: Recorder::json_lines(options, Box::new(self.clone()), "memory".as_ref()),
            memory: self.clone(),
        }
    }

    /// What is kept, as JSON Lines.
    pub fn json_lines(&self) -> impl Read + Send + use<> {
        let kept = self.lock();
        let pieces = [kept.first.clone(), kept.opening.lines.clone(), kept.gap()].map(Arc::new);
        let pieces = pieces.into_iter().chain(kept.blocks.iter().cloned()).chain([Arc::new(kept.tail.clone())]);
        Pieces(pieces.map(Piece).map(Cursor::new).collect())
    }

    /// What is kept, as records.
    pub fn records(&self) -> JsonLines {
        JsonLines::new(Box::new(self.json_lines()))
    }

    /// The time from which everything is kept; `None`, where that is all that has happened.
    pub fn begins_at(&self) -> Option<SystemTime> {
        let kept = self.lock();
        Fields::of(kept.first_after_gap()?)?.time("time").ok()
    }

    /// The payload of the last message that was received.
    pub fn last_payload(&self) -> Option<Vec<u8>> {
        self.lock().last_payload.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn write(&mut self, bytes: &[u8]) {
        if let Some(end) = memrchr(b'\n', bytes) {
            self.lines_end = self.tail.len() + end + 1;
        }
        self.tail.extend_from_slice(bytes);
        if self.first.is_empty() {
            let end = self.tail.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            self.first = self.tail.drain(..end).collect();
            self.lines_end -= end;
        }
        if self.tail.len() >= BLOCK && self.lines_end > 0 {
            let rest = self.tail.split_off(mem::take(&mut self.lines_end));
            let block = mem::replace(&mut self.tail, rest);
            self.size += block.len();
            self.blocks.push_back(Arc::new(block));
        }
        // The last block stays, whatever its size.
        while self.size > LIMIT && self.blocks.len() > 1 {
            let Some(block) = self.blocks.pop_front() else { return };
            self.size -= block.len();
            self.has_thrown_away = true;
            block.split_inclusive(|&byte| byte == b'\n').for_each(|line| self.opening.follow(line));
        }
    }

    /// The first line that is kept behind what was thrown away.
    fn first_after_gap(&self) -> Option<&[u8]> {
        let block = self.blocks.front().filter(|_| self.has_thrown_away)?;
        block.split_inclusive(|&byte| byte == b'\n').next()
    }

    /// The line that says that something was thrown away, if anything was.
    fn gap(&self) -> Vec<u8> {
        let time = self.first_after_gap().and_then(Fields::of).and_then(|fields| fields.raw("time").map(str::to_owned));
        time.map(|time| format!("{{\"type\":\"note\",\"time\":{time},\"text\":\"{GAP}\"}}\n").into_bytes())
            .unwrap_or_default()
    }
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
        if let Event::Wire { direction: Direction::Received, event, .. } = event
            && let wire::Event::Message { payload, .. } = event
        {
            self.memory.lock().keep_last(payload);
        }
        self.recorder.event(origin, at, event)
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::recording::RecordedEvent;

    const TIME: &str = "2026-11-21T14:23:07Z";

    fn write(memory: &mut Memory, kind: &str, members: &str) {
        let line = format!("{{\"type\":\"{kind}\",\"time\":\"{TIME}\",{members}}}\n");
        let (one, other) = line.as_bytes().split_at(line.len() / 2);
        memory.write_all(one).unwrap();
        memory.write_all(other).unwrap();
    }

    /// What stands first in each line that is kept.
    fn lines(memory: &Memory) -> Vec<String> {
        let mut bytes = Vec::new();
        memory.json_lines().read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() <= LIMIT + (2 << 20), "{}", bytes.len());
        let start = |line: &[u8]| String::from_utf8_lossy(&line[..line.len().min(100)]).replace(TIME, "T");
        bytes.split(|&byte| byte == b'\n').map(start).collect()
    }

    #[test]
    fn the_last_is_kept_with_how_its_connection_opened() {
        let mut memory = Memory::default();
        write(&mut memory, "recording", "\"version\":1");
        for connection in 1..=2 {
            write(&mut memory, "head", &format!("\"refused\":{connection}"));
            write(&mut memory, "error", "\"is\":\"refused\"");
            write(&mut memory, "head", &format!("\"sent\":{connection}"));
            write(&mut memory, "head", &format!("\"received\":{connection}"));
            write(&mut memory, "open", &format!("\"lost\":{connection}"));
            write(&mut memory, "error", "\"is\":\"none of the session\"");
            if connection == 1 {
                write(&mut memory, "close", "\"code\":1000");
            }
        }
        assert_eq!(memory.begins_at(), None);
        let text = "x".repeat(1 << 20);
        for number in 0..100 {
            write(&mut memory, "note", &format!("\"text\":\"{number} {text}\""));
        }
        let lines = lines(&memory);
        assert_eq!(
            lines[..4],
            [
                "{\"type\":\"recording\",\"time\":\"T\",\"version\":1}",
                "{\"type\":\"head\",\"time\":\"T\",\"sent\":2}",
                "{\"type\":\"head\",\"time\":\"T\",\"received\":2}",
                "{\"type\":\"open\",\"time\":\"T\",\"lost\":2}",
            ]
        );
        assert!(
            lines[4].starts_with("{\"type\":\"note\",\"time\":\"T\",\"text\":\"what happened before"),
            "{}",
            lines[4]
        );
        assert!(lines[lines.len() - 2].contains("\"99 x"), "{}", lines[lines.len() - 2]);
        assert!(memory.begins_at().is_some());
    }

    #[test]
    fn of_a_connection_that_is_closed_nothing_is_kept() {
        let mut memory = Memory::default();
        write(&mut memory, "recording", "\"version\":1");
        write(&mut memory, "open", "\"lost\":1");
        write(&mut memory, "close", "\"code\":1000");
        let text = "x".repeat(1 << 20);
        for number in 0..100 {
            write(&mut memory, "note", &format!("\"text\":\"{number} {text}\""));
        }
        assert!(lines(&memory)[1].contains("what happened before"));
    }

    #[test]
    fn what_is_kept_can_be_read() {
        let memory = Memory::default();
        let mut sink = memory.sink(&Options::default());
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO };
        let _ = sink.event(Origin::default(), at, &Event::Note("kept"));
        sink.flush().unwrap();
        let events: Vec<_> = memory.records().map(|record| record.unwrap().event).collect();
        assert!(matches!(&events[..], [RecordedEvent::Note(note)] if note == "kept"), "{events:?}");
    }
}
