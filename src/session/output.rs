//! What one session shows: the sinks, and a backlog for threads that must never wait for them.
//!
//! The lock of the sinks is taken with no other lock of the session held. The supervisor never takes it: what the
//! supervisor has to show is shown by a thread that starts when there is something.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, mem};

use super::backlog::Backlog;
use crate::dialect::Heartbeat;
use crate::event::{Direction, Directions, Event, Flow, FlushError, Origin, Texts, Timestamp, Wants};
use crate::output::{Fanout, Sinks};
use crate::pattern::FilterRuns;
use crate::platform::{Notifier, thread_for_messages};
use crate::wire::{self, Receiver, ReceiverOptions, TextBatch};

/// How long after a heartbeat the next is sent at the earliest: a peer may say how often it wants them.
const LEAST_INTERVAL: Duration = Duration::from_millis(20);

/// How one session shows things. The sinks are shared: `listen` has many sessions.
pub struct SessionOutput {
    fanout: Fanout,
    origin: Origin,
    /// What is sent is shown, too.
    follows_sent: AtomicBool,
    /// Wakes the supervisor.
    notifier: Notifier,
    /// A sink has seen what it wanted.
    is_stopped: AtomicBool,
    backlog: Mutex<Backlog>,
    heartbeats: Mutex<Heartbeats>,
    /// Signalled when the thread that shows the backlog has ended.
    shown: Condvar,
}

impl SessionOutput {
    /// For a session whose own frames are decoded as `decoding` says (with the peer's role, lenient), if the sinks want
    /// to see them when it starts. `notifier` wakes its supervisor.
    pub fn new(
        fanout: &Fanout,
        wants: Wants,
        origin: Origin,
        decoding: ReceiverOptions,
        notifier: Notifier,
    ) -> Arc<Self> {
        Arc::new(Self {
            fanout: fanout.clone(),
            origin,
            follows_sent: AtomicBool::new(wants.directions == Directions::Both),
            notifier,
            is_stopped: AtomicBool::new(false),
            backlog: Mutex::new(Backlog::new(decoding)),
            heartbeats: Mutex::default(),
            shown: Condvar::new(),
        })
    }

    /// Whether what is sent must be given to [`sent`](Self::sent).
    pub fn follows_sent(&self) -> bool {
        self.follows_sent.load(Ordering::Acquire)
    }

    /// Whether so much of what was sent is not shown yet that nothing more is to be sent.
    pub fn is_behind(&self) -> bool {
        self.follows_sent() && lock(&self.backlog).sent.is_much()
    }

    /// Whether a sink has seen what it wanted, so that the session is to end.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// When the heartbeat that the dialect demands next is due. Never waits for the sinks.
    pub fn heartbeat_due(&self) -> Option<Instant> {
        let heartbeats = lock(&self.heartbeats);
        let due = heartbeats.next.as_ref().and_then(|heartbeat| self.fanout.instant(heartbeat.due))?;
        Some(heartbeats.last.map_or(due, |last| due.max(last + LEAST_INTERVAL)))
    }

    /// Takes that heartbeat, to be sent now.
    pub fn take_heartbeat(&self) -> Option<Heartbeat> {
        let mut heartbeats = lock(&self.heartbeats);
        heartbeats.taken = heartbeats.next.take();
        heartbeats.last = Some(Instant::now());
        heartbeats.taken.clone()
    }

    /// The dialect demands this heartbeat next, as far as what was sent has been shown.
    fn demand(&self, heartbeat: Option<Heartbeat>) {
        let mut heartbeats = lock(&self.heartbeats);
        let next = heartbeat.filter(|heartbeat| heartbeats.taken.as_ref() != Some(heartbeat));
        let is_news = next != heartbeats.next;
        heartbeats.next = next;
        drop(heartbeats);
        if is_news {
            self.notifier.notify();
        }
    }

    /// Notes the bytes of frames that are about to be sent. The thread that shows something next shows them first. Never
    /// waits for the sinks.
    pub fn sent(&self, at: Timestamp, frames: &[u8]) {
        lock(&self.backlog).sent.push(at, frames);
    }

    /// The time of an event that happens now.
    pub fn now(&self) -> Timestamp {
        self.fanout.now()
    }

    /// The sinks, for some events in a row; what waited in the backlog has been shown first. May block.
    pub fn lock(&self) -> OutputGuard<'_> {
        let began = Instant::now();
        let sinks = self.fanout.lock();
        let waited = began.elapsed();
        let mut guard = OutputGuard { waited, blocked_before: sinks.blocked(), sinks, session: self };
        guard.show_backlog();
        guard
    }

    /// Shows what is in the backlog, in place. May block.
    ///
    /// # Errors
    /// When a stream cannot be written.
    pub fn show_backlog(&self) -> Result<(), FlushError> {
        self.lock().flush()
    }

    /// Why a thread that showed the backlog could not write, once.
    pub fn failure(&self) -> Option<FlushError> {
        lock(&self.backlog).failure.take()
    }

    /// Shows something soon, on a thread of its own. Never waits for the sinks.
    pub fn defer(self: &Arc<Self>, show: impl FnOnce(&mut OutputGuard<'_>) + Send + 'static) {
        lock(&self.backlog).deferred.push_back(Box::new(show));
        // Without a thread, `finish` shows it.
        let _ = self.start_showing();
    }

    /// Has the backlog shown by a thread of its own, if anything is in it.
    ///
    /// # Errors
    /// When the process may have no more threads. It may be tried again.
    pub fn start_showing(self: &Arc<Self>) -> io::Result<()> {
        let mut backlog = lock(&self.backlog);
        if backlog.has_thread || backlog.is_empty() {
            return Ok(());
        }
        backlog.has_thread = true;
        drop(backlog);
        let session = Arc::clone(self);
        let show = move || {
            loop {
                let shown = session.show_backlog();
                let mut backlog = lock(&session.backlog);
                backlog.failure = backlog.failure.take().or(shown.err());
                if backlog.is_empty() {
                    backlog.has_thread = false;
                    break;
                }
            }
            session.shown.notify_all();
        };
        let started = thread_for_messages().spawn(show);
        if started.is_err() {
            lock(&self.backlog).has_thread = false;
        }
        started.map(drop)
    }

    /// Waits until the backlog has been shown, or `limit` has passed; tells whether it has. Without a thread it is shown in
    /// place, whatever time that takes: it is the last word of the session.
    pub fn finish(self: &Arc<Self>, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        loop {
            if self.start_showing().is_err() {
                let shown = self.show_backlog();
                let mut backlog = lock(&self.backlog);
                backlog.failure = backlog.failure.take().or(shown.err());
                return true;
            }
            let backlog = lock(&self.backlog);
            if !backlog.has_thread {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            drop(self.shown.wait_timeout(backlog, left).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// The heartbeats that a dialect demands of us.
#[derive(Debug, Default)]
struct Heartbeats {
    /// The next one.
    next: Option<Heartbeat>,
    /// The last one that was taken: the dialect demands it until it has seen it sent.
    taken: Option<Heartbeat>,
    /// When that was.
    last: Option<Instant>,
}

/// The sinks, held for some events of one session.
pub struct OutputGuard<'a> {
    sinks: MutexGuard<'a, Sinks>,
    session: &'a SessionOutput,
    /// How long another thread had the sinks.
    waited: Duration,
    /// How long the sinks had been blocked before.
    blocked_before: Duration,
}

impl OutputGuard<'_> {
    /// What the sinks want, as long as they are held.
    pub fn wants(&self) -> Wants {
        self.sinks.wants(self.session.origin)
    }

    /// The time of an event that happens now.
    pub fn now(&self) -> Timestamp {
        self.session.now()
    }

    /// Gives an event to the sinks.
    #[inline]
    pub fn event(&mut self, at: Timestamp, event: &Event<'_>) {
        let flow = self.sinks.event(self.session.origin, at, event);
        self.go(flow);
        let is_opening_or_message =
            matches!(event, Event::Open(_) | Event::Wire { event: wire::Event::Message { .. }, .. });
        if is_opening_or_message && self.sinks.may_speak(self.session.origin) {
            self.session.demand(self.sinks.heartbeat(self.session.origin));
        }
    }

    /// Gives something received to the sinks.
    #[inline]
    pub fn received(&mut self, at: Timestamp, event: &wire::Event<'_>, round_trip: Option<Duration>) {
        self.event(at, &Event::Wire { direction: Direction::Received, event, round_trip, annotation: None });
    }

    /// The jq filters that run.
    pub fn filter_runs(&self) -> &FilterRuns {
        self.session.fanout.filter_runs()
    }

    /// Whether the last message that was received has not been shown, because it does not match.
    pub fn has_hidden_last(&mut self) -> bool {
        self.sinks.printer().has_hidden_last()
    }

    /// What was said of the last event.
    pub fn note(&self) -> Option<&str> {
        self.sinks.note()
    }

    /// Gives text messages to the sinks, where they [want](Self::wants) them in bulk.
    pub fn texts(&mut self, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) {
        let flow = self.sinks.texts(self.session.origin, at, direction, texts);
        self.go(flow);
    }

    /// Has text messages that were received copied out of `receiver`, where only their text is wanted.
    pub fn copy_texts(&mut self, receiver: &mut Receiver) {
        self.sinks.copy_texts(self.session.origin, receiver);
    }

    /// Gives what `decoder` has of what was sent to the sinks.
    fn show_sent(&mut self, at: Timestamp, decoder: &mut Receiver) {
        let takes_texts = self.wants().texts == Texts::InBulk;
        loop {
            while takes_texts && let Some(texts) = decoder.take_texts() {
                self.texts(at, Direction::Sent, &texts);
            }
            let Some(event) = &decoder.next() else { return };
            self.event(at, &Event::Wire { direction: Direction::Sent, event, round_trip: None, annotation: None });
        }
    }

    fn go(&self, flow: Flow) {
        if flow == Flow::Stop {
            self.session.is_stopped.store(true, Ordering::Release);
            self.session.notifier.notify();
        }
    }

    /// Writes everything out. Blocks as long as the reader of the output does.
    ///
    /// # Errors
    /// When a stream cannot be written.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        self.sinks.flush()
    }

    /// For how long the reader of our output, or the thread that wrote to it, was waited for so far.
    pub fn blocked(&self) -> Duration {
        self.waited + self.sinks.blocked().saturating_sub(self.blocked_before)
    }

    fn show_backlog(&mut self) {
        let mut backlog = lock(&self.session.backlog);
        let (sent, deferred) = (mem::take(&mut backlog.sent), mem::take(&mut backlog.deferred));
        let decoder = if sent.is_empty() { None } else { backlog.decoder.take() };
        drop(backlog);
        if let Some(mut decoder) = decoder {
            decoder.observe(self.wants().observe());
            sent.decode(&mut decoder, |at, decoder| self.show_sent(at, decoder));
            lock(&self.session.backlog).decoder = Some(decoder);
            // No dialect has been recognised. For good: a decoder cannot begin in the middle of a stream.
            if self.wants().directions == Directions::Received {
                self.session.follows_sent.store(false, Ordering::Release);
            }
        }
        for show in deferred {
            show(self);
        }
    }
}

/// A poisoned lock is still a lock: the thread that panicked has been reported already.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
