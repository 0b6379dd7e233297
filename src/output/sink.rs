//! One stream: what waits for it, and where it goes.

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use crate::output::destination::{Output, same_error};
use crate::output::fold::fold_written;
use crate::output::rows::RowBreaker;
use crate::output::theme::{Colors, Palette};

/// Payloads from this size on are written from where they are instead of being copied to the buffer first.
const STRAIGHT: usize = 64 << 10;

/// What waits is written when it has grown beyond this, even when more is ready: memory stays bounded whatever a
/// read's bytes inflate to. Measured, four times as much is no faster.
pub const FLUSH_AT: usize = 64 << 10;

/// Back to the start of the line, and erases it.
const ERASE: &[u8] = b"\r\x1b[K";

/// Where what goes to a stream may be cut into several writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitPolicy {
    /// Anywhere: a pipe or a file doesn't see it.
    Anywhere,
    /// Only where [`Sink::flush_if_large`] is called, as the code that formats for a terminal does.
    BetweenEvents,
}

/// A stream's buffer, its colours and its outlet. After the first error all that goes to it is dropped.
pub struct Sink {
    /// What waits to be written.
    pub buffer: Vec<u8>,
    /// The stream's colours.
    pub palette: Palette,
    outlet: Box<dyn Output>,
    cut: SplitPolicy,
    /// The row of the terminal that the stream may lead to.
    row: RowBreaker,
    at_line_start: bool,
    has_status: bool,
    /// How many bytes were written behind the last multiple of [`FLUSH_AT`].
    in_block: usize,
    /// How long writing has taken so far.
    blocked: Duration,
    writing: Writing,
}

/// What writing has come to.
enum Writing {
    Works,
    /// The first error.
    Failed(io::Error),
}

impl Sink {
    /// A stream with nothing on it yet.
    pub fn new(outlet: Box<dyn Output>, colors: Colors, cut: SplitPolicy) -> Self {
        Self {
            // At once, though the pages are only taken when they are written to: growing leaves the allocator with 90 KiB
            // of earlier buffers.
            buffer: Vec::with_capacity(2 * FLUSH_AT),
            palette: Palette::new(colors),
            outlet,
            cut,
            row: RowBreaker::default(),
            at_line_start: true,
            has_status: false,
            in_block: 0,
            blocked: Duration::ZERO,
            writing: Writing::Works,
        }
    }

    /// How many columns the terminal has now. `None`: the stream leads to none.
    pub fn columns(&self) -> Option<usize> {
        self.outlet.columns()
    }

    /// Folds between words what waits behind `start` and is wider than the terminal: whole lines of our own.
    pub fn fold(&mut self, start: usize) {
        let Some(columns) = self.columns() else { return };
        let lines = self.buffer.split_off(start);
        match str::from_utf8(&lines) {
            Ok(lines) => fold_written(&mut self.buffer, lines, columns),
            Err(_) => self.buffer.extend_from_slice(&lines),
        }
    }

    /// One that keeps what it is given in its buffer.
    #[cfg(test)]
    pub fn kept(colors: Colors) -> Self {
        Self::new(Box::new(crate::output::destination::Discard), colors, SplitPolicy::BetweenEvents)
    }

    /// Whether another event may be shown. A pipe or a file has room for everything.
    pub fn has_room(&self) -> bool {
        self.outlet.has_room()
    }

    /// So many events are not shown, because there is no room for them.
    pub fn skip(&mut self, events: u64) {
        self.outlet.skip(events);
    }

    /// Appends a payload as it is; or, when copying it would cost more, writes what waits and then the payload.
    pub fn payload(&mut self, payload: &[u8]) {
        if payload.len() < STRAIGHT || self.cut == SplitPolicy::BetweenEvents {
            self.buffer.extend_from_slice(payload);
        } else {
            self.flush();
            self.write(payload);
        }
    }

    /// To be called in the middle of something large: writes what waits if it is much, and the stream may be cut here.
    pub fn flush_if_splittable(&mut self) {
        if self.cut == SplitPolicy::Anywhere {
            self.flush_if_large();
        }
    }

    /// To be called between events, or between the pieces of one that is long: writes what waits if it is much.
    pub fn flush_if_large(&mut self) {
        if self.buffer.len() > FLUSH_AT {
            self.flush_large();
        }
    }

    /// The same where much may have been appended at once: all is written, for else much would have to be moved.
    pub fn flush_whole_if_large(&mut self) {
        if self.buffer.len() > FLUSH_AT {
            self.flush();
        }
    }

    /// For how long writing has blocked so far.
    pub fn blocked(&self) -> Duration {
        self.blocked
    }

    /// Writes what waits; where it may be cut, up to where the stream has a multiple of [`FLUSH_AT`] bytes. A file takes a third less
    /// of the processor's time for blocks of 64 KiB than for as many bytes that begin and end between them.
    #[cold]
    fn flush_large(&mut self) {
        if self.cut == SplitPolicy::BetweenEvents {
            return self.flush();
        }
        let mut buffer = mem::take(&mut self.buffer);
        let end = buffer.len() - (self.in_block + buffer.len()) % FLUSH_AT;
        self.write(&buffer[..end]);
        buffer.drain(..end);
        self.buffer = buffer;
    }

    /// Writes what waits.
    pub fn flush(&mut self) {
        let mut buffer = mem::take(&mut self.buffer);
        self.write(&buffer);
        buffer.clear();
        // One large event must not hold its memory for the rest of the session.
        buffer.shrink_to(2 * FLUSH_AT);
        self.buffer = buffer;
    }

    /// Writes what waits, and has it shown: nothing follows for now.
    pub fn flush_through(&mut self) {
        self.flush();
        self.have_output(|outlet| outlet.flush_through());
    }

    /// Shows a line on a terminal that lasts until it is erased, or anything else is written. In the middle of a line
    /// it isn't shown.
    pub fn show_status(&mut self, line: &str) {
        self.flush();
        if self.at_line_start {
            self.write_out(&[ERASE, line.as_bytes()].concat());
            self.has_status = true;
        }
    }

    /// Erases that line.
    pub fn erase_status(&mut self) {
        if std::mem::take(&mut self.has_status) {
            self.write_out(ERASE);
        }
    }

    /// The first error, each time: the thread that met it need not be the one that ends the session for it.
    pub fn error(&self) -> Option<io::Error> {
        match &self.writing {
            Writing::Works => None,
            Writing::Failed(error) => Some(same_error(error)),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last() {
            self.erase_status();
            // The width costs a system call, and only where rows are broken is it needed.
            let columns = if self.cut == SplitPolicy::BetweenEvents { self.outlet.columns() } else { None };
            match columns {
                None => self.write_out(bytes),
                Some(columns) => {
                    let mut rows = Vec::with_capacity(bytes.len() + bytes.len() / columns);
                    self.row.break_rows(&mut rows, bytes, columns);
                    self.write_out(&rows);
                }
            }
            self.at_line_start = *last == b'\n';
            self.in_block = (self.in_block + bytes.len()) % FLUSH_AT;
        }
    }

    fn write_out(&mut self, bytes: &[u8]) {
        self.have_output(|outlet| outlet.write_all(bytes));
    }

    fn have_output(&mut self, act: impl FnOnce(&mut dyn Output) -> io::Result<()>) {
        if let Writing::Works = self.writing {
            let began = Instant::now();
            if let Err(error) = act(&mut *self.outlet) {
                self.writing = Writing::Failed(error);
            }
            self.blocked += began.elapsed();
        }
    }
}
