//! What both directions of a relay share, and what is done to a connection at the prompt.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::observer::Observer;
use super::relay::{PumpEnd, write_all};
use crate::event::Direction;
use crate::net::{Stream, StreamWriter};
use crate::session::output::lock;

/// A connection that is passed on.
pub(super) struct Link {
    client: Arc<Stream>,
    server: Arc<Stream>,
    /// Held while a piece is noted and written. A direction's thread, and what is sent in its sender's place, take it.
    to_client: Mutex<StreamWriter>,
    to_server: Mutex<StreamWriter>,
    /// Without one nothing is decoded.
    observer: Option<Arc<Observer>>,
    /// Everything is to end. Set with `tampering` held: no thread that waits for a change misses it.
    is_over: AtomicBool,
    /// One end takes nothing any more: what it has sent is still passed on, and then the other end is reset.
    is_refused: AtomicBool,
    /// What the server sends is dropped: the client was sent a Close in its place.
    is_closed: AtomicBool,
    tampering: Mutex<Tampering>,
    /// Signalled when `tampering` changes, and when everything is to end.
    changed: Condvar,
}

/// What was asked for at the prompt.
#[derive(Default)]
struct Tampering {
    /// Nothing is passed on.
    is_stalled: bool,
    /// How much later everything is passed on.
    latency: Duration,
    /// The frame that the client gets in the server's place, once no frame is under way.
    close: Option<Vec<u8>>,
    /// What ended the connection, or will.
    end: Option<&'static str>,
}

impl Link {
    /// Between two streams. `observer` is shown what passes.
    pub(super) fn new(client: Arc<Stream>, server: Arc<Stream>, observer: Option<Arc<Observer>>) -> Self {
        Self {
            to_client: Mutex::new(StreamWriter::new(Arc::clone(&client))),
            to_server: Mutex::new(StreamWriter::new(Arc::clone(&server))),
            client,
            server,
            observer,
            is_over: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            tampering: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The stream that a direction comes from.
    pub(super) fn from(&self, direction: Direction) -> &Arc<Stream> {
        if direction == Direction::Sent { &self.client } else { &self.server }
    }

    /// The stream that it goes to.
    pub(super) fn to(&self, direction: Direction) -> &Arc<Stream> {
        if direction == Direction::Sent { &self.server } else { &self.client }
    }

    fn writer(&self, direction: Direction) -> &Mutex<StreamWriter> {
        if direction == Direction::Sent { &self.to_server } else { &self.to_client }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// How much later everything is passed on.
    pub(super) fn latency(&self) -> Duration {
        lock(&self.tampering).latency
    }

    /// What is done to it at the prompt, for people.
    pub(super) fn note(&self) -> Option<String> {
        let tampering = lock(&self.tampering);
        let stalled = tampering.is_stalled.then(|| "stalled".to_owned());
        let late = (!tampering.latency.is_zero()).then(|| format!("{} s late", tampering.latency.as_secs_f64()));
        stalled.or(late)
    }

    /// What ended it at the prompt.
    pub(super) fn end(&self) -> Option<&'static str> {
        lock(&self.tampering).end
    }

    /// Passes bytes on and shows them. A `head` is not decoded.
    pub(super) fn pass(&self, direction: Direction, head: &[u8], bytes: &[u8]) -> Result<(), PumpEnd> {
        if head.is_empty() && bytes.is_empty() {
            return Ok(());
        }
        self.wait_while_stalled()?;
        if direction == Direction::Received && self.is_closed.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut writer = lock(self.writer(direction));
        if !bytes.is_empty() {
            self.observe(direction, bytes);
        }
        let written = self.write(&mut writer, head).and_then(|()| self.write(&mut writer, bytes));
        drop(writer);
        self.show();
        if direction == Direction::Received {
            self.send_close();
        }
        written
    }

    /// Waits as long as nothing is to be passed on.
    fn wait_while_stalled(&self) -> Result<(), PumpEnd> {
        let is_held = |tampering: &mut Tampering| tampering.is_stalled && !self.is_over();
        drop(self.changed.wait_while(lock(&self.tampering), is_held).unwrap_or_else(PoisonError::into_inner));
        if self.is_over() { Err(PumpEnd::Stopped) } else { Ok(()) }
    }

    /// Waits until something that is passed on later is `due`.
    pub(super) fn wait_until(&self, due: Instant) -> Result<(), PumpEnd> {
        let is_waiting = |_: &mut Tampering| !self.is_over();
        let left = due.saturating_duration_since(Instant::now());
        drop(self.changed.wait_timeout_while(lock(&self.tampering), left, is_waiting));
        if self.is_over() { Err(PumpEnd::Stopped) } else { Ok(()) }
    }

    /// Writes all of `bytes`. Where the other end does not take them at once, what was noted is shown first.
    fn write(&self, writer: &mut StreamWriter, bytes: &[u8]) -> Result<(), PumpEnd> {
        let mut is_shown = false;
        let mut show = || {
            if !mem::replace(&mut is_shown, true) {
                self.show();
            }
        };
        write_all(writer, bytes, &self.is_over, &mut show)
    }

    fn observe(&self, direction: Direction, bytes: &[u8]) {
        if let Some(observer) = &self.observer {
            observer.pass(direction, bytes);
        }
    }

    fn show(&self) {
        if let Some(observer) = &self.observer {
            observer.show();
        }
    }

    /// A direction has ended: that is passed on, unless the other end was broken before.
    pub(super) fn ended(&self, direction: Direction) {
        let to = self.to(direction);
        if self.wait_while_stalled().is_err() || self.is_refused.load(Ordering::Acquire) {
            to.reset_when_closed();
        } else {
            lock(self.writer(direction)).close_notify();
            to.shut_down_writing();
        }
        self.finish(direction);
    }

    /// The end that a direction goes to takes nothing any more.
    pub(super) fn refused(&self, direction: Direction) {
        self.is_refused.store(true, Ordering::Release);
        self.from(direction).reset_when_closed();
        self.finish(direction);
    }

    /// A direction broke: so does everything.
    pub(super) fn broken(&self, direction: Direction) {
        self.end_all(lock(&self.tampering));
        self.to(direction).reset_when_closed();
        self.to(direction).stop_reading();
        self.finish(direction);
    }

    /// Nothing more comes of a direction.
    pub(super) fn finish(&self, direction: Direction) {
        self.observe(direction, b"");
        self.show();
    }

    /// Resets both ends.
    pub(super) fn cut(&self) {
        let mut tampering = lock(&self.tampering);
        tampering.end = Some("cut at this prompt");
        self.end_all(tampering);
        for stream in [&self.client, &self.server] {
            stream.reset_when_closed();
            stream.stop_reading();
        }
    }

    /// Ends everything, also what waits.
    fn end_all(&self, tampering: MutexGuard<'_, Tampering>) {
        self.is_over.store(true, Ordering::Release);
        drop(tampering);
        self.changed.notify_all();
    }

    /// Passes nothing on from now on, or everything again.
    pub(super) fn stall(&self, is_stalled: bool) {
        lock(&self.tampering).is_stalled = is_stalled;
        self.changed.notify_all();
    }

    /// Passes everything on so much later.
    pub(super) fn delay(&self, latency: Duration) {
        lock(&self.tampering).latency = latency;
    }

    /// Sends the client this frame in the server's place, as soon as no other is under way, and nothing of the server's after
    /// it.
    ///
    /// # Errors
    /// Why that cannot be done, for people.
    pub(super) fn close(&self, frame: Vec<u8>) -> Result<(), &'static str> {
        let Some(observer) = self.observer.as_ref().filter(|observer| !observer.is_given_up(Direction::Received))
        else {
            return Err("where frames begin is not known here; `/cut` resets it");
        };
        let has_closed = observer.has_closed(Direction::Received);
        let mut tampering = lock(&self.tampering);
        if has_closed || tampering.close.is_some() || self.is_closed.load(Ordering::Acquire) {
            return Err("the client was sent a Close before; `/cut` resets it");
        }
        tampering.close = Some(frame);
        tampering.end = Some("closed at this prompt");
        drop(tampering);
        self.send_close();
        Ok(())
    }

    /// Sends the frame that the client is to get in the server's place, if no other is under way.
    fn send_close(&self) {
        if lock(&self.tampering).close.is_none() {
            return;
        }
        // Where a thread writes to the client, it comes here when it has done that.
        let Some(mut writer) = try_lock(&self.to_client) else { return };
        if self.observer.as_ref().is_some_and(|observer| !observer.is_between_frames(Direction::Received)) {
            return;
        }
        let Some(frame) = lock(&self.tampering).close.take() else { return };
        self.is_closed.store(true, Ordering::Release);
        // A client that is gone is noticed by the threads of the relay.
        let _ = self.write(&mut writer, &frame);
    }
}

fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Whether a read or a write only took too long.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
