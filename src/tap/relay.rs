//! Passes on what two streams bring, byte for byte: each direction on a thread of its own.
//!
//! The end of one direction is passed on as that, and the other goes on. A reset is passed on as a reset.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::observer::Observer;
use crate::event::Direction;
use crate::net::{Stream, StreamReader, StreamWriter};

/// Bytes that are read at a time.
const READ_SIZE: usize = 128 * 1024;

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

/// What both directions share.
struct Link {
    client: Arc<Stream>,
    server: Arc<Stream>,
    /// Without one nothing is decoded.
    observer: Option<Arc<Observer>>,
    /// Everything is to end.
    is_over: AtomicBool,
    /// One end takes nothing any more: what it has sent is still passed on, and then the other end is reset.
    is_refused: AtomicBool,
}

/// Passes on what both ends send, until both have ended, or one of them broke.
///
/// # Errors
/// When the process may have no more threads, or a socket refuses its settings, because the peer is gone already.
pub(super) fn relay(client: End, server: End, observer: Option<Arc<Observer>>) -> io::Result<RelayEnd> {
    for stream in [&client.stream, &server.stream] {
        stream.set_read_timeout(None)?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    }
    let link = Arc::new(Link {
        client: Arc::clone(&client.stream),
        server: Arc::clone(&server.stream),
        observer,
        is_over: AtomicBool::new(false),
        is_refused: AtomicBool::new(false),
    });
    let up = Pump::new(Direction::Sent, client, &link);
    let down = Pump::new(Direction::Received, server, &link);
    let (ends, ended) = mpsc::channel();
    let other = ends.clone();
    thread::Builder::new().spawn(move || {
        let end = up.run();
        // The other thread waits for it.
        let _ = other.send((Direction::Sent, end));
    })?;
    let end = down.run();
    let _ = ends.send((Direction::Received, end));
    drop(ends);
    let all: Vec<_> = ended.iter().collect();
    // Where one direction had to stop, or could not go on, it is the other that tells why.
    let telling = all.iter().find(|(_, end)| matches!(end, PumpEnd::Ended | PumpEnd::Broken)).or_else(|| all.first());
    let (first, how) = telling.copied().unwrap_or((Direction::Received, PumpEnd::Stopped));
    Ok(RelayEnd { first, how })
}

/// Passes on one direction.
struct Pump {
    direction: Direction,
    reader: StreamReader,
    head: Vec<u8>,
    leftover: Vec<u8>,
    writer: StreamWriter,
    link: Arc<Link>,
}

impl Pump {
    fn new(direction: Direction, from: End, link: &Arc<Link>) -> Self {
        let to = match direction {
            Direction::Sent => &link.server,
            Direction::Received => &link.client,
        };
        let writer = StreamWriter::new(Arc::clone(to));
        let End { reader, head, leftover, .. } = from;
        Self { direction, reader, head, leftover, writer, link: Arc::clone(link) }
    }

    /// Passes on, to the end.
    fn run(mut self) -> PumpEnd {
        let end = self.pass_all();
        let (from, to) = match self.direction {
            Direction::Sent => (&self.link.client, &self.link.server),
            Direction::Received => (&self.link.server, &self.link.client),
        };
        match end {
            PumpEnd::Ended if self.link.is_refused.load(Ordering::Acquire) => to.reset_when_closed(),
            PumpEnd::Ended => {
                self.writer.close_notify();
                to.shut_down_writing();
            }
            PumpEnd::Refused => {
                self.link.is_refused.store(true, Ordering::Release);
                from.reset_when_closed();
            }
            PumpEnd::Broken => {
                self.link.is_over.store(true, Ordering::Release);
                to.reset_when_closed();
                to.stop_reading();
            }
            PumpEnd::Stopped => {}
        }
        self.note(b"");
        self.show();
        end
    }

    fn note(&self, bytes: &[u8]) {
        if let Some(observer) = &self.link.observer {
            observer.pass(self.direction, bytes);
        }
    }

    fn show(&self) {
        if let Some(observer) = &self.link.observer {
            observer.show();
        }
    }

    fn pass_all(&mut self) -> PumpEnd {
        let (head, leftover) = (mem::take(&mut self.head), mem::take(&mut self.leftover));
        if let Err(end) = self.write(&head).and_then(|()| self.pass(&leftover)) {
            return end;
        }
        drop((head, leftover));
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let read = self.reader.read(&mut buffer);
            if self.link.is_over.load(Ordering::Acquire) {
                return PumpEnd::Stopped;
            }
            match read {
                Ok(0) => return PumpEnd::Ended,
                Ok(count) => {
                    if let Err(end) = self.pass(&buffer[..count]) {
                        return end;
                    }
                }
                Err(_) => return PumpEnd::Broken,
            }
        }
    }

    /// Passes bytes on, and shows them.
    fn pass(&mut self, bytes: &[u8]) -> Result<(), PumpEnd> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.note(bytes);
        let written = self.write(bytes);
        self.show();
        written
    }

    /// Writes all of `bytes`. Where the other end does not take them at once, what was noted is shown first.
    fn write(&mut self, bytes: &[u8]) -> Result<(), PumpEnd> {
        let link = Arc::clone(&self.link);
        let mut is_shown = false;
        let mut show = || {
            if let Some(observer) = link.observer.as_ref().filter(|_| !mem::replace(&mut is_shown, true)) {
                observer.show();
            }
        };
        write_all(&mut self.writer, bytes, &link.is_over, &mut show)
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
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => wait(),
            Err(_) => return Err(PumpEnd::Refused),
        }
        if is_over.load(Ordering::Acquire) {
            return Err(PumpEnd::Stopped);
        }
    }
}
