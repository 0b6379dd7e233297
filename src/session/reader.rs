//! The reader thread: reads, decodes, and prints in place; what one read brought is written together.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::budget::{Budget, Share};
use super::clock::SessionTime;
use super::conn::{Input, Reading, StreamEnd};
use super::inbox::Disconnect;
use super::output::{OutputGuard, lock};
use super::queue::MessageBatch;
use super::reactions::Reaction;
use super::stop_condition::{MatchCounter, StopCondition};
use super::{ECHO_BUDGET, Echo, Shared};
use crate::event::{Direction, Event, FlushError, OutputStream, Texts, Timestamp};
use crate::net::StreamReader;
use crate::platform::thread_for_messages;
use crate::wire::{self, CloseCode, Ending, Finding, Kind, Receiver, Rule};

/// Starts the thread. It ends when the stream does, or when the session is over.
///
/// # Errors
/// When the process may have no more threads.
pub(super) fn spawn(shared: Arc<Shared>, stream: StreamReader, receiver: Receiver) -> io::Result<()> {
    let read = move || {
        let settings = &shared.settings;
        let reader = Reader {
            counter: MatchCounter::new(shared.settings.stop_condition.as_ref()),
            shared: Arc::clone(&shared),
            stream,
            receiver,
            only_shows: settings.stop_condition.is_none() && settings.echo == Echo::Off && settings.remember.is_none(),
            echoes: MessageBatch::default(),
            share: settings.budget.as_ref().map(Budget::share),
            faulted: false,
        };
        let end = reader.run();
        if let Some(inbox) = &shared.inbox {
            inbox.disconnected(Disconnect::Dropped(end.describe()));
        }
        lock(&shared.conn).reading = Reading::Ended(end);
        shared.notifier.notify();
    };
    thread_for_messages().spawn(read).map(drop)
}

struct Reader {
    shared: Arc<Shared>,
    stream: StreamReader,
    receiver: Receiver,
    /// Messages are only shown: they are neither counted, nor echoed, nor remembered.
    only_shows: bool,
    echoes: MessageBatch,
    /// What the receiver holds of the memory of all sessions, where there is a limit.
    share: Option<Share>,
    counter: MatchCounter,
    /// The peer broke a rule: what follows is read and thrown away until the stream ends.
    faulted: bool,
}

/// Why no more is shown for now.
enum Stop {
    /// More has to be read.
    Read,
    /// Many echoes have gathered.
    Echoes,
    /// The peer broke a rule, and the session cannot go on.
    Fault(Finding),
}

impl Reader {
    /// Reads to the end of the stream.
    fn run(mut self) -> StreamEnd {
        // Bytes that came in the same segment as the 101 are in the receiver already.
        self.show_batch(self.shared.output.now());
        loop {
            match self.stream.read(self.receiver.space()) {
                Ok(0) => return self.stream_ended(),
                Ok(count) => {
                    let before = (self.receiver.unfinished_frame(), self.shared.clock.last_byte());
                    self.receiver.filled(count);
                    self.shared.clock.heard();
                    let heard = self.shared.clock.last_byte();
                    self.show_batch(self.shared.output.now());
                    if let (Some(frame), since) = before {
                        self.note_frame_went_on(frame, since, heard);
                    }
                }
                Err(error) => {
                    self.stream_ended();
                    return StreamEnd::Failed(error);
                }
            }
        }
    }

    /// In the middle of `frame` bytes were read at `heard`, for the first time since `since`. If they were of that frame
    /// alone, no pong of the peer could come between the two.
    fn note_frame_went_on(&self, frame: u64, since: SessionTime, heard: SessionTime) {
        let is_same = match self.receiver.unfinished_frame() {
            Some(unfinished) => unfinished == frame,
            None => self.receiver.counters().frames == frame + 1,
        };
        if is_same {
            lock(&self.shared.conn).pings.held_up(since, heard);
        }
    }

    fn stream_ended(&mut self) -> StreamEnd {
        let ending = self.receiver.end();
        self.show_batch(self.shared.output.now());
        match ending {
            _ if self.faulted => StreamEnd::Clean,
            Ending::Boundary => StreamEnd::Clean,
            Ending::InsideFrame => StreamEnd::Truncated("in the middle of a frame"),
            Ending::InsideMessage => StreamEnd::Truncated("in the middle of a fragmented message"),
        }
    }

    /// Shows everything that is complete, and reacts to it. On the way it waits whenever too many echoes have gathered:
    /// what one read brings may inflate to a thousand times as much.
    fn show_batch(&mut self, at: Timestamp) {
        if self.faulted {
            while self.receiver.next().is_some() {}
            return;
        }
        loop {
            let stop = self.show_some(at);
            if let Stop::Fault(finding) = stop {
                return self.fail(finding);
            }
            if self.is_over_budget(&stop) {
                return self.fail_over_budget(at);
            }
            if self.shared.settings.echo == Echo::On {
                self.wait_for_room();
            }
            if let Stop::Read = stop {
                return;
            }
        }
    }

    /// Shows what is complete, up to the first reason to stop, and reacts to it. The session's clock stands still
    /// meanwhile: the printer may block.
    fn show_some(&mut self, at: Timestamp) -> Stop {
        let data_before = self.receiver.data_bytes();
        let shared = Arc::clone(&self.shared);
        let (stop, flushed) = shared.clock.stalled_while(|| {
            let mut shown = shared.output.lock();
            let stop = self.drain(&mut shown, at);
            let flushed = shown.flush();
            ((stop, flushed), shown.blocked())
        });
        self.after_showing(data_before, flushed);
        stop
    }

    /// Does what is due when something was shown.
    fn after_showing(&mut self, data_before: u64, flushed: Result<(), FlushError>) {
        let shared = Arc::clone(&self.shared);
        let is_answer = self.receiver.data_bytes() != data_before && shared.clock.heard_data();
        if let Err(error) = flushed {
            self.sink_failed(error);
        }
        let mut conn = lock(&shared.conn);
        conn.received = self.receiver.counters();
        conn.matched = self.counter.matched;
        let is_awaited = is_answer && matches!(conn.input, Input::Ended(..));
        drop(conn);
        if is_awaited {
            // The supervisor waits for as long as an answer may take; now it is to wait for silence.
            shared.notifier.notify();
        }
        shared.queue_echoes(&mut self.echoes);
        if shared
            .settings
            .stop_condition
            .as_ref()
            .is_some_and(|stop_condition| stop_condition.is_reached_by(self.counter.matched))
        {
            lock(&shared.conn).close(shared.clock.now(), Some((CloseCode::Normal, String::new())));
            shared.wake_for_queue();
        }
    }

    /// Hands complete events to the printer, up to the first reason to stop.
    ///
    /// `shown` holds the lock of the sinks: no other session of the process receives meanwhile.
    fn drain(&mut self, shown: &mut OutputGuard<'_>, at: Timestamp) -> Stop {
        if let Some(share) = &self.share {
            self.receiver.limit_collected(share.most());
        }
        let wants = shown.wants();
        self.receiver.observe(wants.observe());
        let takes_texts = self.only_shows && wants.texts == Texts::InBulk;
        loop {
            if takes_texts && self.receiver.is_before_text() {
                self.show_texts(shown, at);
            }
            let next = self.receiver.next();
            let Some(event) = &next else { return Stop::Read };
            if let Some(stop_condition) = &self.shared.settings.stop_condition
                && !self.counter.admits(stop_condition, event)
            {
                continue;
            }
            let mut large = None;
            let reaction = match event {
                wire::Event::Message { kind, payload, .. } if self.shared.settings.echo == Echo::On => {
                    large = add_echo(&mut self.echoes, *kind, payload);
                    Reaction::default()
                }
                wire::Event::Close(close) => {
                    self.shared.queue_echoes(&mut self.echoes);
                    self.shared.closed_by_peer(close);
                    Reaction::default()
                }
                event => self.shared.react_to(event),
            };
            shown.received(at, event, reaction.round_trip);
            if let (Some(inbox), wire::Event::Message { kind, payload, .. }) = (&self.shared.inbox, event) {
                // Only now it is known what a dialect says of it.
                inbox.message(*kind, payload, shown.note());
            }
            if let Some(stop_condition) = &self.shared.settings.stop_condition {
                count(stop_condition, &mut self.counter, shown, at, event);
            }
            if let Some(note) = &reaction.note {
                shown.event(at, &Event::Note(note));
            }
            if let wire::Event::Finding(finding) = event
                && self.receiver.is_broken()
            {
                return Stop::Fault(finding.clone());
            }
            if let Some(kind) = large {
                self.shared.queue_echoes(&mut self.echoes);
                self.echoes = MessageBatch::whole(kind, self.receiver.take_collected());
            }
            if self.echoes.size() > ECHO_BUDGET {
                return Stop::Echoes;
            }
        }
    }

    /// Hands over the texts that come next, in bulk.
    fn show_texts(&mut self, shown: &mut OutputGuard<'_>, at: Timestamp) {
        shown.copy_texts(&mut self.receiver);
        while let Some(texts) = self.receiver.take_texts() {
            shown.texts(at, Direction::Received, &texts);
        }
    }

    /// Notes what the receiver holds, or what is to be echoed. Whether that is more than this session may hold.
    fn is_over_budget(&mut self, stop: &Stop) -> bool {
        let Some(share) = &mut self.share else { return false };
        if let Stop::Read = stop {
            self.receiver.shrink();
        }
        share.hold(self.receiver.held());
        let conn = lock(&self.shared.conn);
        conn.close_queued.is_none() && (share.is_over() || conn.queue.is_over_budget())
    }

    /// The clients together hold too much, and this one more than its part.
    fn fail_over_budget(&mut self, at: Timestamp) {
        let finding = self.receiver.refuse(Rule::SharedMemory, "nothing is left for this one".to_owned());
        let flushed = {
            let mut shown = self.shared.output.lock();
            shown.received(at, &wire::Event::Finding(finding.clone()), None);
            shown.flush()
        };
        if let Err(error) = flushed {
            self.sink_failed(error);
        }
        self.fail(finding);
    }

    /// Waits while too many echoes are waiting to be sent.
    fn wait_for_room(&self) {
        let mut conn = lock(&self.shared.conn);
        while conn.queue.size() > ECHO_BUDGET && !self.shared.over.load(Ordering::Acquire) {
            conn = self.shared.room.wait(conn).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The session cannot go on: says so to the peer, and to the user.
    fn fail(&mut self, finding: Finding) {
        self.faulted = true;
        if let Some(inbox) = &self.shared.inbox {
            inbox.disconnected(Disconnect::Breach(finding.rule.summary().to_owned()));
        }
        self.receiver.release();
        if let Some(share) = &mut self.share {
            share.hold(self.receiver.held());
        }
        let mut conn = lock(&self.shared.conn);
        if let Some(close) = self.receiver.close() {
            // Also one that breaks a rule: it is the peer's last word.
            conn.closing.received(close);
        }
        if finding.rule == Rule::SharedMemory {
            conn.queue.clear();
        }
        if let Some(code) = finding.rule.close_code() {
            conn.close(self.shared.clock.now(), Some((code, finding.rule.summary().to_owned())));
        }
        conn.breach = Some(finding);
        drop(conn);
        self.shared.wake_for_queue();
    }

    fn sink_failed(&self, error: FlushError) {
        let mut conn = lock(&self.shared.conn);
        if conn.sink_gone || error.stream == OutputStream::Diagnostics {
            return;
        }
        conn.sink_gone = true;
        conn.errors.extend(error.remarkable());
        drop(conn);
        self.shared.notifier.notify();
    }
}

/// Adds a message to those that are sent back, unless it is large: then its kind, since the receiver's own buffer is sent.
fn add_echo(echoes: &mut MessageBatch, kind: Kind, payload: &[u8]) -> Option<Kind> {
    if payload.len() > ECHO_BUDGET {
        return Some(kind);
    }
    echoes.push(kind, payload);
    None
}

/// Counts a message that has been shown, where there are enough at some time.
fn count(
    stop_condition: &StopCondition,
    counter: &mut MatchCounter,
    shown: &mut OutputGuard<'_>,
    at: Timestamp,
    event: &wire::Event<'_>,
) {
    if stop_condition.is_filtered && shown.has_hidden_last() {
        return;
    }
    if let Some(told) = counter.count(shown.filter_runs(), stop_condition.until.as_ref(), event, shown.note()) {
        shown.event(at, &Event::Note(&told));
    }
}
