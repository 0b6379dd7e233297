//! Passes on what two streams bring, byte for byte: each direction on a thread of its own.
//!
//! The end of one direction is passed on as that, and the other goes on. A reset is passed on as a reset.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::link::{Link, is_timeout};
use crate::event::Direction;
use crate::net::{Stream, StreamReader, StreamWriter};
use crate::platform::thread_for_messages;

/// Bytes that are read at a time.
const READ_SIZE: usize = 128 * 1024;
/// Bytes of one direction that may wait until they are passed on later. No more is read meanwhile.
const MOST_DELAYED: usize = 1024 * 1024;
/// How long a write may block before what is being passed on is shown, and before looking whether the connection was cut.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_millis(100);

/// One end of a relay.
pub(super) struct End {
    /// The stream.
    pub stream: Arc<Stream>,
    /// Its reading end.
    pub reader: StreamReader,
    /// A head that was read and not passed on yet.
    pub head: Vec<u8>,
    /// What was read behind it.
    pub leftover: Vec<u8>,
}

/// How one direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PumpEnd {
    /// Its stream ended, and that was passed on.
    Ended,
    /// Its stream was reset, or broke otherwise.
    Broken,
    /// The other end takes nothing any more.
    Refused,
    /// It was stopped: the other direction broke, or the connection was cut.
    Stopped,
}

/// How a relay ended.
#[derive(Debug)]
pub(super) struct RelayEnd {
    /// The side that ended it first.
    pub first: Direction,
    /// How that one did.
    pub how: PumpEnd,
}

/// Passes on over `link` what both ends send, until both have ended, or one of them broke.
///
/// # Errors
/// When the process may have no more threads, or a socket refuses its settings, because the peer is gone already.
pub(super) fn relay(link: &Arc<Link>, client: End, server: End) -> io::Result<RelayEnd> {
    for stream in [&client.stream, &server.stream] {
        stream.set_read_timeout(None)?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    }
    let (ends, ended) = mpsc::channel();
    let (up, down) = (Pump::new(Direction::Sent, link, ends.clone()), Pump::new(Direction::Received, link, ends));
    thread_for_messages().spawn(move || up.run(client))?;
    down.run(server);
    let all: Vec<_> = ended.iter().collect();
    // Where one direction had to stop, or could not go on, it is the other that tells why.
    let telling = all.iter().find(|(_, end)| matches!(end, PumpEnd::Ended | PumpEnd::Broken)).or_else(|| all.first());
    let (first, how) = telling.copied().unwrap_or((Direction::Received, PumpEnd::Stopped));
    Ok(RelayEnd { first, how })
}

/// Passes on one direction.
struct Pump {
    direction: Direction,
    link: Arc<Link>,
    ends: mpsc::Sender<(Direction, PumpEnd)>,
    /// What is passed on later, and when.
    delayed: VecDeque<(Instant, Vec<u8>)>,
    delayed_bytes: usize,
}

impl Pump {
    fn new(direction: Direction, link: &Arc<Link>, ends: mpsc::Sender<(Direction, PumpEnd)>) -> Self {
        Self { direction, link: Arc::clone(link), ends, delayed: VecDeque::new(), delayed_bytes: 0 }
    }

    /// Passes on, to the end, which it tells before the other side can answer to it: so the first end that is told is the first.
    fn run(mut self, from: End) {
        let End { reader, head, leftover, .. } = from;
        let passed = self.link.pass(self.direction, &head, &leftover);
        drop((head, leftover));
        let end = match passed {
            Ok(()) => self.pass_all(reader),
            Err(end) => end,
        };
        // The thread that receives it waits for both ends.
        let _ = self.ends.send((self.direction, end));
        match end {
            PumpEnd::Ended => self.link.ended(self.direction),
            PumpEnd::Refused => self.link.refused(self.direction),
            PumpEnd::Broken => self.link.broken(self.direction),
            PumpEnd::Stopped => self.link.finish(self.direction),
        }
    }

    fn pass_all(&mut self, mut reader: StreamReader) -> PumpEnd {
        let mut buffer = vec![0; READ_SIZE];
        loop {
            if let Err(end) = self.pass_delayed(Instant::now()) {
                return end;
            }
            let read = self.read(&mut reader, &mut buffer);
            if self.link.is_over() {
                return PumpEnd::Stopped;
            }
            let end = match read {
                Ok(0) => PumpEnd::Ended,
                Ok(count) => match self.take(&buffer[..count]) {
                    Ok(()) => continue,
                    Err(end) => return end,
                },
                Err(error) if is_timeout(&error) => continue,
                Err(_) => PumpEnd::Broken,
            };
            return self.pass_rest().err().unwrap_or(end);
        }
    }

    /// Reads, for no longer than until something delayed is due.
    fn read(&self, reader: &mut StreamReader, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((due, _)) = self.delayed.front() else { return reader.read(buffer) };
        if self.delayed_bytes > MOST_DELAYED {
            // Whether everything is to end is asked after each read.
            let _ = self.link.wait_until(*due);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let left = due.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let stream = self.link.from(self.direction);
        stream.set_read_timeout(Some(left))?;
        let read = reader.read(buffer);
        stream.set_read_timeout(None)?;
        read
    }

    /// Passes on what was read, or keeps it for later.
    fn take(&mut self, bytes: &[u8]) -> Result<(), PumpEnd> {
        let latency = self.link.latency();
        if latency.is_zero() && self.delayed.is_empty() {
            return self.link.pass(self.direction, &[], bytes);
        }
        self.delayed_bytes += bytes.len();
        self.delayed.push_back((Instant::now() + latency, bytes.to_vec()));
        Ok(())
    }

    /// Passes on what is still delayed, each piece when it is due.
    fn pass_rest(&mut self) -> Result<(), PumpEnd> {
        while let Some((due, _)) = self.delayed.front() {
            self.link.wait_until(*due)?;
            self.pass_delayed(Instant::now())?;
        }
        Ok(())
    }

    /// Passes on what was to be passed on by `now`.
    fn pass_delayed(&mut self, now: Instant) -> Result<(), PumpEnd> {
        while let Some((due, _)) = self.delayed.front()
            && *due <= now
            && let Some((_, bytes)) = self.delayed.pop_front()
        {
            self.delayed_bytes -= bytes.len();
            self.link.pass(self.direction, &[], &bytes)?;
        }
        Ok(())
    }
}

/// Writes all of `bytes`, unless it `is_over` meanwhile. `wait` is called as often as the other end takes nothing for a
/// while.
pub(super) fn write_all(
    writer: &mut StreamWriter,
    mut bytes: &[u8],
    is_over: &AtomicBool,
    wait: &mut dyn FnMut(),
) -> Result<(), PumpEnd> {
    loop {
        let written = if bytes.is_empty() { writer.flush().map(|()| 0) } else { writer.write(bytes) };
        match written {
            Ok(_) if bytes.is_empty() => return Ok(()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if is_timeout(&error) => wait(),
            Err(_) => return Err(PumpEnd::Refused),
        }
        if is_over.load(Ordering::Acquire) {
            return Err(PumpEnd::Stopped);
        }
    }
}
