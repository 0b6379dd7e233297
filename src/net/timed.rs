//! A stream that one thread has to itself, read and written within a time limit.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use super::limit::TimeLimit;
use super::stream::Stream;

/// Reads and writes block up to the limit; `TimedOut` says that it has passed. The stream has no time limits of its own
/// before and after.
pub(super) struct Timed<'a> {
    stream: &'a mut Stream,
    limit: TimeLimit,
}

impl<'a> Timed<'a> {
    pub(super) fn new(stream: &'a mut Stream, limit: TimeLimit) -> Self {
        Self { stream, limit }
    }

    /// The same stream, with a limit that is over after `length` at the latest.
    pub(super) fn for_at_most(&mut self, length: Duration) -> Timed<'_> {
        let shorter = TimeLimit::starting_now(length);
        let limit = if shorter.until < self.limit.until { shorter } else { self.limit };
        Timed { stream: self.stream, limit }
    }

    /// Tries again after an interruption, and after a part of a TLS record.
    fn until_done<T>(&mut self, mut attempt: impl FnMut(&mut Stream, Duration) -> io::Result<T>) -> io::Result<T> {
        loop {
            let left = self.limit.left().ok_or(ErrorKind::TimedOut)?;
            match attempt(self.stream, left) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                }
                result => return result,
            }
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.until_done(|stream, left| {
            stream.set_read_timeout(Some(left))?;
            stream.read(into)
        })
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.until_done(|stream, left| {
            stream.set_write_timeout(Some(left))?;
            stream.write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.until_done(|stream, left| {
            stream.set_write_timeout(Some(left))?;
            stream.flush()
        })
    }
}
