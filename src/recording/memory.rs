//! The last of what has happened, in memory: recorded after the fact.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memchr::memrchr;

use crate::event::{Direction, Event, EventSink, Flow, FlushError, Origin, Timestamp, Wants};
use crate::output::{Options, Output};
use crate::recording::{JsonLines, Recorder};
use crate::wire::{self, TextBatch};

/// How many bytes of JSON Lines are kept.
const LIMIT: usize = 64 << 20;

/// Lines are thrown away so many bytes at a time, or one that is longer.
const BLOCK: usize = 256 << 10;

/// What an opening begins with: the last that was thrown away is kept, for what follows is about its connection.
const OPENING: &[u8] = b"{\"type\":\"open\",";

/// The last 64 MiB of a recording. Clones are the same.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// The first line of the recording.
    first: Vec<u8>,
    /// The opening that was thrown away last.
    opening: Vec<u8>,
    /// Whole lines, in order.
    blocks: VecDeque<Arc<Vec<u8>>>,
    /// Their bytes.
    size: usize,
    /// What waits to be a block; its last line may be incomplete.
    tail: Vec<u8>,
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
        let pieces = [&kept.first, &kept.opening].map(|line| Arc::new(line.clone()));
        let pieces = pieces.into_iter().chain(kept.blocks.iter().cloned()).chain([Arc::new(kept.tail.clone())]);
        Pieces(pieces.map(Piece).map(Cursor::new).collect())
    }

    /// What is kept, as records.
    pub fn records(&self) -> JsonLines {
        JsonLines::new(Box::new(self.json_lines()))
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
        self.tail.extend_from_slice(bytes);
        if self.first.is_empty() {
            let end = self.tail.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            self.first = self.tail.drain(..end).collect();
        }
        if self.tail.len() >= BLOCK
            && let Some(end) = memrchr(b'\n', &self.tail)
        {
            let rest = self.tail.split_off(end + 1);
            let block = std::mem::replace(&mut self.tail, rest);
            self.size += block.len();
            self.blocks.push_back(Arc::new(block));
        }
        // The last block stays, whatever its size.
        while self.size > LIMIT && self.blocks.len() > 1 {
            let Some(block) = self.blocks.pop_front() else { return };
            self.size -= block.len();
            let mut openings = block.split_inclusive(|&byte| byte == b'\n').filter(|line| line.starts_with(OPENING));
            if let Some(opening) = openings.next_back() {
                self.opening = opening.to_vec();
            }
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

    #[test]
    fn the_last_is_kept_with_the_opening_of_its_connection() {
        let mut memory = Memory::default();
        memory.write_all(b"{\"type\":\"recording\",\"time\":\"2026-11-21T14:23:07Z\",\"version\":1}\n").unwrap();
        memory.write_all(b"{\"type\":\"open\",\"time\":\"2026-11-21T14:23:07Z\",\"lost\":1}\n").unwrap();
        let text = "x".repeat(1 << 20);
        for number in 0..100 {
            let line =
                format!("{{\"type\":\"note\",\"time\":\"2026-11-21T14:23:07Z\",\"text\":\"{number} {text}\"}}\n");
            let (one, other) = line.as_bytes().split_at(line.len() / 2);
            memory.write_all(one).unwrap();
            memory.write_all(other).unwrap();
        }
        let mut bytes = Vec::new();
        memory.json_lines().read_to_end(&mut bytes).unwrap();
        let lines: Vec<_> =
            bytes.split(|&byte| byte == b'\n').map(|line| line[..line.len().min(60)].to_vec()).collect();
        assert!(bytes.len() <= LIMIT + (2 << 20), "{}", bytes.len());
        assert!(lines[0].starts_with(b"{\"type\":\"recording\"") && lines[1].starts_with(OPENING));
        let last = String::from_utf8_lossy(&lines[lines.len() - 2]);
        assert!(last.contains("\"99 x"), "{last}");
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
