//! What one session shows: the printer, and a queue for those who must never wait for it.
//!
//! The printer's lock is taken with no other lock of the session held. The supervisor never takes it: what the supervisor has to show is told by a thread that starts when there is something to tell.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::event::{Direction, Event, Timestamp};
use crate::output::{FlushError, Origin, Printer};
use crate::wire::{self, Observe, Receiver, ReceiverOptions};

/// Something to show that is not a borrowed [`Event`].
type Deferred = Box<dyn FnOnce(&mut Printer, Origin) + Send>;

/// Bytes of our own output that are read back at a time.
const DECODED_AT_ONCE: usize = 64 * 1024;
/// Bytes of our own output that may wait to be shown before no more is sent.
const UNSHOWN: usize = 1024 * 1024;

/// How one session shows things. The printer is shared: `listen` has many sessions.
pub struct SessionOutput {
    printer: Arc<Mutex<Printer>>,
    origin: Origin,
    /// Whether our own output is read back.
    follows_sent: bool,
    backlog: Mutex<Backlog>,
    told: Condvar,
    /// Reads our own output back, so that what is shown is what was on the wire.
    sent_decoder: Mutex<Receiver>,
}

/// Whether our own output is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowSent {
    /// From the first frame on: the printer may be told to show it later, and could not decode it from the middle.
    Always,
    /// If the printer shows it.
    WhenShown,
}

#[derive(Default)]
struct Backlog {
    sent: Vec<u8>,
    /// When the first of them was handed over.
    sent_at: Option<Timestamp>,
    tellings: VecDeque<Deferred>,
    /// A thread is telling what is in the backlog.
    teller: bool,
    /// What telling has come to, where it could not be written.
    failure: Option<FlushError>,
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.tellings.is_empty()
    }
}

impl SessionOutput {
    /// A view of a session whose sent frames are decoded by `sent_decoder` (the peer's role, lenient).
    pub fn new(
        printer: Arc<Mutex<Printer>>,
        origin: Origin,
        sent_decoder: ReceiverOptions,
        follow: FollowSent,
    ) -> Arc<Self> {
        let follows_sent = follow == FollowSent::Always || lock(&printer).wants_sent();
        Arc::new(Self {
            printer,
            origin,
            follows_sent,
            backlog: Mutex::default(),
            told: Condvar::new(),
            sent_decoder: Mutex::new(Receiver::new(sent_decoder)),
        })
    }

    /// Whether what is sent must be given to [`sent`](Self::sent).
    pub fn follows_sent(&self) -> bool {
        self.follows_sent
    }

    /// Whether so much of what was sent is not shown yet that nothing more is to be sent: nobody reads what we print.
    pub fn is_behind(&self) -> bool {
        self.follows_sent && lock(&self.backlog).sent.len() > UNSHOWN
    }

    /// Notes the bytes of frames that are about to be sent; they are shown by whoever shows next. Never waits for the
    /// printer.
    pub fn sent(&self, frames: &[u8]) {
        let mut backlog = lock(&self.backlog);
        backlog.sent_at.get_or_insert_with(Timestamp::now);
        backlog.sent.extend_from_slice(frames);
    }

    /// The printer for a batch of events; what waited in the backlog has been shown first. May block.
    pub fn printer(&self) -> OutputGuard<'_> {
        let began = Instant::now();
        let printer = lock(&self.printer);
        let waited = began.elapsed();
        let mut shown = OutputGuard { waited, blocked_before: printer.blocked(), printer, view: self };
        shown.backlog();
        shown
    }

    /// Shows what is in the backlog, in place. May block.
    pub fn show_backlog(&self) {
        let _ = self.flush();
    }

    fn flush(&self) -> Result<(), FlushError> {
        self.printer().flush()
    }

    /// Why what was [told](Self::tell) could not be written, once.
    pub fn failure(&self) -> Option<FlushError> {
        lock(&self.backlog).failure.take()
    }

    /// Shows one event. May block.
    pub fn show(&self, event: &Event<'_>) {
        let mut shown = self.printer();
        shown.event(Timestamp::now(), event);
        let _ = shown.flush();
    }

    /// Shows something later, without waiting for the printer.
    pub fn tell(self: &Arc<Self>, telling: impl FnOnce(&mut Printer, Origin) + Send + 'static) {
        lock(&self.backlog).tellings.push_back(Box::new(telling));
        self.tell_backlog();
    }

    /// Has the backlog shown by a thread of its own, if anything is in it.
    pub fn tell_backlog(self: &Arc<Self>) {
        let mut backlog = lock(&self.backlog);
        if backlog.teller || backlog.is_empty() {
            return;
        }
        backlog.teller = true;
        drop(backlog);
        let view = Arc::clone(self);
        let tell = move || {
            loop {
                let told = view.flush();
                let mut backlog = lock(&view.backlog);
                backlog.failure = backlog.failure.take().or(told.err());
                if backlog.is_empty() {
                    backlog.teller = false;
                    break;
                }
            }
            view.told.notify_all();
        };
        if thread::Builder::new().spawn(tell).is_err() {
            // The process may have no more threads: it will be tried again.
            lock(&self.backlog).teller = false;
        }
    }

    /// Waits until everything has been told, or `limit` has passed; tells whether it has.
    pub fn finish(self: &Arc<Self>, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        loop {
            self.tell_backlog();
            let backlog = lock(&self.backlog);
            if !backlog.teller {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            drop(self.told.wait_timeout(backlog, left).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// The printer, held for one batch.
pub struct OutputGuard<'a> {
    printer: MutexGuard<'a, Printer>,
    view: &'a SessionOutput,
    /// How long somebody else had the printer.
    waited: Duration,
    /// How long the printer had been blocked before.
    blocked_before: Duration,
}

impl OutputGuard<'_> {
    /// How much of each received frame the printer wants.
    pub fn observe(&self) -> Observe {
        self.printer.observe()
    }

    /// Formats an event.
    pub fn event(&mut self, at: Timestamp, event: &Event<'_>) {
        self.printer.event(self.view.origin, at, event);
    }

    /// Formats something received.
    pub fn received(&mut self, at: Timestamp, event: &wire::Event<'_>, round_trip: Option<Duration>) {
        self.event(at, &Event::Wire { direction: Direction::Received, event, round_trip });
    }

    /// Shows as many text messages as can be shown without a look at each.
    pub fn take_texts(&mut self, at: Timestamp, receiver: &mut Receiver) {
        self.printer.take_texts(self.view.origin, at, receiver);
    }

    /// Writes everything out. Blocks as long as the reader of the output does.
    ///
    /// # Errors
    /// When a stream cannot be written.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        self.printer.flush()
    }

    /// For how long whoever reads our output was waited for so far.
    pub fn blocked(&self) -> Duration {
        self.waited + self.printer.blocked().saturating_sub(self.blocked_before)
    }

    fn backlog(&mut self) {
        let (sent, sent_at, tellings) = {
            let mut backlog = lock(&self.view.backlog);
            let sent = std::mem::take(&mut backlog.sent);
            (sent, backlog.sent_at.take(), std::mem::take(&mut backlog.tellings))
        };
        if let Some(at) = sent_at {
            self.sent(at, &sent);
        }
        for telling in tellings {
            telling(&mut self.printer, self.view.origin);
        }
    }

    fn sent(&mut self, at: Timestamp, frames: &[u8]) {
        let mut sent_decoder = lock(&self.view.sent_decoder);
        sent_decoder.observe(self.printer.observe());
        for piece in frames.chunks(DECODED_AT_ONCE) {
            sent_decoder.feed(piece);
            while let Some(event) = sent_decoder.next() {
                let event = Event::Wire { direction: Direction::Sent, event: &event, round_trip: None };
                self.printer.event(self.view.origin, at, &event);
            }
        }
    }
}

/// A poisoned lock is still a lock: the thread that panicked has been reported already.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
