//! The lines of a file, and where each begins.

use std::io::{BufRead, BufReader, Read};

use memchr::memchr;

use crate::recording::ReadError;
use crate::recording::source::skip_byte_order_mark;

/// The longest line, in bytes. A message of 64 MiB whose bytes all need six characters takes less than half of it.
const LONGEST: usize = 1 << 30;

/// What is kept of the memory of a long line.
const KEPT_CAPACITY: usize = 1 << 20;

/// Reads line after line.
pub struct Lines {
    input: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    /// Where the line begins.
    offset: u64,
    /// Where the next one does.
    next: u64,
}

/// One line, without its end.
pub struct Line<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Where it begins.
    pub offset: u64,
    /// Whether the file goes on behind it: a line without an end is the last, and may be cut.
    pub is_whole: bool,
}

impl Lines {
    /// All lines of `input`.
    pub fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input: BufReader::with_capacity(64 << 10, input), line: Vec::new(), offset: 0, next: 0 }
    }

    /// The next line that is not empty; `None` at the end.
    ///
    /// # Errors
    /// What reading fails with; `Malformed`, if the line is too long for memory.
    pub fn next(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        if self.next == 0 {
            self.next = skip_byte_order_mark(&mut self.input)?;
        }
        loop {
            self.offset = self.next;
            self.line.clear();
            self.line.shrink_to(KEPT_CAPACITY);
            let is_whole = self.read_line()?;
            let is_empty = self.line.iter().all(u8::is_ascii_whitespace);
            match (is_whole, is_empty) {
                (false, true) => return Ok(None),
                (true, true) => {}
                (_, false) => return Ok(Some(Line { bytes: &self.line, offset: self.offset, is_whole })),
            }
        }
    }

    /// Reads up to the end of the line, and tells whether there was one.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        loop {
            let read = self.input.fill_buf()?;
            let end = memchr(b'\n', read);
            let piece = &read[..end.unwrap_or(read.len())];
            if self.line.len() + piece.len() > LONGEST {
                let why = format!("a line of more than {LONGEST} bytes");
                return Err(ReadError::Malformed { offset: self.offset, why });
            }
            self.line.extend_from_slice(piece);
            let consumed = piece.len() + usize::from(end.is_some());
            self.input.consume(consumed);
            self.next += consumed as u64;
            if end.is_some() || consumed == 0 {
                return Ok(end.is_some());
            }
        }
    }
}
