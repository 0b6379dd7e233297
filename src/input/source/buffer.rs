//! The bytes that were read and not yet sent.

use std::io::{self, ErrorKind, Read};
use std::ops::{Deref, Range};

use memchr::{memchr, memrchr};

/// Room for one read. Large, since one read becomes few writes to the socket (measured: 16 KiB costs 1.5 times as much,
/// and 256 KiB no less).
const ROOM: usize = 128 * 1024;

/// The least room that is worth a read; below it, what waits is moved to the front, or the buffer grows.
const LEAST_ROOM: usize = 64 * 1024;

/// A buffer that grows when what waits in it fills it. Dereferences to all its bytes: the ranges that it hands out
/// stay good until the next read.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// What waits is `bytes[start..end]`.
    start: usize,
    end: usize,
    /// No terminator lies before this, so that a long line is searched once.
    searched: usize,
}

/// A place in a buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    start: usize,
    searched: usize,
}

impl Position {
    /// So many bytes further on.
    pub(super) fn plus(self, count: usize) -> Self {
        Self { start: self.start + count, ..self }
    }
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; ROOM], start: 0, end: 0, searched: 0 }
    }

    /// One read. `Ok(0)`: the end.
    pub(super) fn read_from(&mut self, reader: &mut dyn Read) -> io::Result<usize> {
        self.make_room();
        loop {
            match reader.read(&mut self.bytes[self.end..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => {
                    let count = result?;
                    self.end += count;
                    return Ok(count);
                }
            }
        }
    }

    fn make_room(&mut self) {
        if self.bytes.len() - self.end >= LEAST_ROOM && !self.is_empty() {
            return;
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.searched = self.searched.saturating_sub(self.start);
        self.end -= self.start;
        self.start = 0;
        if self.bytes.len() - self.end < LEAST_ROOM {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// What comes before the next `terminator`; takes both.
    pub(super) fn take_until(&mut self, terminator: u8) -> Option<Range<usize>> {
        let from = self.searched.max(self.start);
        let Some(position) = memchr(terminator, &self.bytes[from..self.end]) else {
            self.searched = self.end;
            return None;
        };
        let piece = self.start..from + position;
        self.start = piece.end + 1;
        Some(piece)
    }

    /// All that comes before the last `terminator`, and that itself; takes both.
    pub(super) fn take_through_last(&mut self, terminator: u8) -> Option<Range<usize>> {
        let from = self.searched.max(self.start);
        let last = memrchr(terminator, &self.bytes[from..self.end]);
        self.searched = self.end;
        let pieces = self.start..from + last? + 1;
        self.start = pieces.end;
        Some(pieces)
    }

    /// What comes before the next `\n` or `\r\n`.
    pub(super) fn take_line(&mut self) -> Option<Range<usize>> {
        let line = self.take_until(b'\n')?;
        let has_return = self.bytes[line.clone()].last() == Some(&b'\r');
        Some(line.start..line.end - usize::from(has_return))
    }

    /// Where it stands; good until the next read.
    pub(super) fn position(&self) -> Position {
        Position { start: self.start, searched: self.searched }
    }

    /// Goes back to where it stood, with no read in between.
    pub(super) fn go_back(&mut self, position: Position) {
        Position { start: self.start, searched: self.searched } = position;
    }

    /// All that waits, but not more than `count` bytes; `None` when nothing does.
    pub(super) fn take_at_most(&mut self, count: usize) -> Option<Range<usize>> {
        if self.is_empty() {
            return None;
        }
        let piece = self.start..self.start + self.len().min(count);
        self.start = piece.end;
        Some(piece)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
