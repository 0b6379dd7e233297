//! The bytes that were read from the input and are not sent yet.

use std::io::{self, ErrorKind, Read};
use std::ops::{Deref, Range};

use memchr::{memchr, memrchr};

/// The first size of the buffer. It is large because all that one read brings goes to the socket in few writes.
/// Measured: with 16 KiB a run takes 1.5 times as long, and 256 KiB is no faster.
const ROOM: usize = 128 * 1024;

/// The least free space for a read. If there is less, the unsent bytes move to the start of the buffer, or it grows.
const LEAST_ROOM: usize = 64 * 1024;

/// A buffer that grows if unsent bytes fill it. It dereferences to all its bytes. The ranges that its methods return
/// are valid until the next read.
pub(super) struct InputBuffer {
    bytes: Vec<u8>,
    /// The unsent bytes are `bytes[start..end]`.
    start: usize,
    end: usize,
    /// There is no terminator between `start` and this index. So a long line is searched only once.
    searched: usize,
}

/// A position in a buffer, to go back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct BufferPosition {
    start: usize,
    searched: usize,
}

impl BufferPosition {
    /// The position `count` bytes later.
    pub(super) fn plus(self, count: usize) -> Self {
        Self { start: self.start + count, ..self }
    }
}

impl InputBuffer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; ROOM], start: 0, end: 0, searched: 0 }
    }

    /// Reads once from `reader` and returns the number of bytes. `Ok(0)`: the input has ended.
    ///
    /// # Errors
    /// The error of `reader`, except `Interrupted`: then it reads again.
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

    /// Takes the bytes up to the next `terminator` and the terminator. The range is without the terminator.
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

    /// Takes the bytes up to the last `terminator` and the terminator. The range is with the terminator.
    pub(super) fn take_through_last(&mut self, terminator: u8) -> Option<Range<usize>> {
        let from = self.searched.max(self.start);
        let last = memrchr(terminator, &self.bytes[from..self.end]);
        self.searched = self.end;
        let pieces = self.start..from + last? + 1;
        self.start = pieces.end;
        Some(pieces)
    }

    /// Takes the next line. The range is without its `\n` or `\r\n`.
    pub(super) fn take_line(&mut self) -> Option<Range<usize>> {
        let line = self.take_until(b'\n')?;
        let has_return = self.bytes[line.clone()].last() == Some(&b'\r');
        Some(line.start..line.end - usize::from(has_return))
    }

    /// The unsent bytes.
    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The current position. It is valid until the next read.
    pub(super) fn position(&self) -> BufferPosition {
        BufferPosition { start: self.start, searched: self.searched }
    }

    /// Goes back to `position`. There must be no read in between.
    pub(super) fn go_back(&mut self, position: BufferPosition) {
        BufferPosition { start: self.start, searched: self.searched } = position;
    }

    /// Takes all unsent bytes, but at most `count`. `None`, if there are none.
    pub(super) fn take_at_most(&mut self, count: usize) -> Option<Range<usize>> {
        if self.is_empty() {
            return None;
        }
        let piece = self.start..self.start + self.len().min(count);
        self.start = piece.end;
        Some(piece)
    }
}

impl Deref for InputBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}
