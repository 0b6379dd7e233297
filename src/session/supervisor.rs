//! The supervisor: carries out what the life cycle of a session asks for, and learns how the session ends.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::cause::Cause;
use super::conn::{Conn, Reading};
use super::inbox::Disconnect;
use super::lifecycle::{Abort, Action, Facts, Lifecycle, Now, Output, Peer, PingFacts, Sending, Showing, Unanswered};
use super::outcome::{Outcome, Over, ended};
use super::output::lock;
use super::queue::{MessageBatch, QueuedItem};
use super::writer::FlushState;
use super::{HeartbeatPolicy, Shared};
use crate::diagnosis::Diagnosis;
use crate::dialect::Heartbeat;
use crate::error::{Error, ExitStatus, Phase};
use crate::event::{Ended, Event};
use crate::platform::{Descriptor, Poller, Signals, Wakeup};
use crate::wire::CloseCode;

/// How long it may take to show what is still to be shown.
const SHOW_LIMIT: Duration = Duration::from_secs(1);
/// The same after an abort.
const SHOW_LIMIT_AFTER_ABORT: Duration = Duration::from_millis(100);

/// Supervises a session, on the thread that wants to know how it ends: asks the `Lifecycle` what is to be done, and does
/// it.
pub struct Supervisor {
    shared: Arc<Shared>,
    lifecycle: Lifecycle,
    flush_state: FlushState,
    /// It has been said that the dialect demands heartbeats.
    has_told_heartbeat: bool,
}

/// What a turn came to.
enum Turn {
    /// Something was done, and there may be more.
    Acted,
    /// There is nothing to do for so long.
    Wait(Option<Duration>),
    /// The session is over.
    Over(Over),
}

impl Supervisor {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let lifecycle = Lifecycle::new(&shared.settings);
        Self { shared, lifecycle, flush_state: FlushState::None, has_told_heartbeat: false }
    }

    /// Supervises the session until it is over and everything that arrived has been shown. `signals` end it at once; in
    /// `listen`, where they end the server, a session has none. `watched` is a descriptor whose reader may go away: the
    /// session then ends in order.
    pub fn run(mut self, poller: &mut Poller, signals: Option<&Signals>, watched: Option<Descriptor<'_>>) -> Outcome {
        let over = loop {
            self.send_queue();
            // Without a thread it is tried again next time.
            let _ = self.shared.output.start_showing();
            match self.turn(signals) {
                Turn::Over(over) => break over,
                Turn::Acted => {}
                Turn::Wait(_) if self.is_queued() && self.send_queue() => {}
                Turn::Wait(limit) => {
                    let watched = watched.filter(|_| !lock(&self.shared.conn).sink_gone);
                    if let Ok(Wakeup::WatchedGone) = poller.wait(limit, watched) {
                        lock(&self.shared.conn).sink_gone = true;
                    }
                }
            }
        };
        self.wind_up(over, poller, signals)
    }

    fn is_queued(&self) -> bool {
        self.shared.queued.load(Ordering::Acquire)
    }

    /// Sends what is queued, as far as the socket takes it and no other thread is writing; tells whether the queue is
    /// empty then.
    fn send_queue(&mut self) -> bool {
        self.flush_state = self.shared.send_queue_if_free(self.flush_state);
        !self.is_queued()
    }

    /// Does what is due now.
    fn turn(&mut self, signals: Option<&Signals>) -> Turn {
        let shared = Arc::clone(&self.shared);
        let mut conn = lock(&shared.conn);
        let now = Now { session: shared.clock.now(), busy: shared.clock.busy_now(), wall: Instant::now() };
        let facts = self.facts(&conn, signals);
        let action = self.lifecycle.next(&facts, now);
        match action {
            Action::Wait(_) | Action::Over(_) => {}
            Action::Close => conn.close(now.session, Some((CloseCode::Normal, String::new()))),
            Action::TellStaying => {
                if let Some(note) = shared.settings.staying {
                    shared.output.defer(move |shown| shown.event(shown.now(), &Event::Note(note)));
                }
            }
            Action::Ping => {
                let ping = conn.pings.queued(now.session);
                conn.queue.push(QueuedItem::Ping(ping));
            }
            Action::Heartbeat => self.heartbeat(&mut conn),
            Action::FailPing(timeout, unanswered) => {
                conn.errors.push(ping_error(timeout, unanswered));
                conn.close(now.session, Some((CloseCode::Normal, "ping timeout".to_owned())));
            }
            Action::HangUp => {
                drop(conn);
                self.hang_up();
                return Turn::Acted;
            }
        }
        if !conn.queue.is_empty() {
            shared.queued.store(true, Ordering::Release);
        }
        match action {
            Action::Wait(limit) => Turn::Wait(limit),
            Action::Over(over) => Turn::Over(over),
            Action::Close
            | Action::TellStaying
            | Action::Ping
            | Action::Heartbeat
            | Action::FailPing(..)
            | Action::HangUp => Turn::Acted,
        }
    }

    /// A heartbeat is due that the dialect demands.
    fn heartbeat(&mut self, conn: &mut Conn) {
        let shared = &self.shared;
        match (shared.settings.heartbeats, shared.output.take_heartbeat()) {
            (HeartbeatPolicy::Send, Some(Heartbeat { kind, payload, .. })) => {
                conn.queue.push(QueuedItem::Data(MessageBatch::whole(kind, payload)));
            }
            (HeartbeatPolicy::Tell(note), Some(_)) => {
                self.has_told_heartbeat = true;
                shared.output.defer(move |shown| shown.event(shown.now(), &Event::Note(note)));
            }
            (_, None) => {}
        }
    }

    fn facts(&self, conn: &Conn, signals: Option<&Signals>) -> Facts {
        let (shared, clock) = (&self.shared, &self.shared.clock);
        let peer = match (&conn.reading, conn.closing.peers()) {
            (Reading::Ended(_), _) => Peer::Ended,
            (Reading::Going, Some(_)) => Peer::Closed,
            (Reading::Going, None) => Peer::Open,
        };
        let is_idle = || conn.queue.is_empty() && shared.out.try_lock().is_ok_and(|out| out.is_empty());
        Facts {
            // After the end a signal is for the run, not for the session.
            signal: signals.filter(|_| peer != Peer::Ended).and_then(Signals::take),
            input: conn.input,
            has_errors: !conn.errors.is_empty(),
            output: if conn.sink_gone {
                Output::Gone
            } else if self.has_enough(conn) {
                Output::Enough
            } else if shared.output.is_stopped() {
                Output::Stopped
            } else {
                Output::Wanted
            },
            has_breach: conn.breach.is_some(),
            peer,
            close_queued: conn.close_queued,
            close_sent: conn.closing.ours().is_some(),
            sending: if conn.write_error.is_some() {
                Sending::Failed
            } else if is_idle() {
                Sending::Done
            } else {
                Sending::Pending(self.flush_state)
            },
            pings: PingFacts {
                queued: conn.pings.queued_since(),
                unanswered: conn.pings.oldest_unanswered(),
                last: conn.pings.last_sent,
            },
            heartbeat: shared.output.heartbeat_due().filter(|_| !self.has_told_heartbeat),
            last_byte: clock.last_byte(),
            last_data: clock.last_data(),
            last_asked: clock.last_asked(),
            last_written: clock.last_written(),
        }
    }

    fn hang_up(&self) {
        if let Ok(mut out) = self.shared.out.try_lock() {
            out.close_notify();
        }
        self.shared.stream.shut_down_writing();
    }

    /// Whether what was waited for has come: nothing more is shown.
    fn has_enough(&self, conn: &Conn) -> bool {
        let condition = self.shared.settings.stop_condition.as_ref();
        condition.is_some_and(|condition| condition.is_reached_by(conn.matched))
    }

    /// Ends the connection, lets the reader show what has arrived, and sums up.
    fn wind_up(mut self, over: Over, poller: &mut Poller, signals: Option<&Signals>) -> Outcome {
        let shared = Arc::clone(&self.shared);
        {
            // Under the lock: a reader that has just looked at `over` is waiting when it is notified.
            let _conn = lock(&shared.conn);
            shared.over.store(true, Ordering::Release);
            shared.room.notify_all();
        }
        if let Some(inbox) = &shared.inbox {
            inbox.disconnected(Disconnect::Left);
        }
        if let Ok(mut out) = shared.out.try_lock() {
            out.close_notify();
        }
        shared.stream.shut_down();
        self.lifecycle.wind_up(Instant::now());
        let unprinted = !self.wait_for_reader(poller, signals);
        let abort = self.lifecycle.abort();
        shared.output.finish(if abort.is_some() { SHOW_LIMIT_AFTER_ABORT } else { SHOW_LIMIT });
        let summary = shared.summary();
        let dropped = shared.out.try_lock().map_or(0, |out| out.dropped());
        let conn = mem::take(&mut *lock(&shared.conn));
        let dropped = conn.queue.messages() + dropped;
        let is_reset = conn.is_reset();
        let (output_gone, matched, confirmed) = (conn.sink_gone, conn.matched, conn.pings.confirmed);
        let cause = match abort {
            _ if self.has_enough(&conn) => Cause::Enough,
            Some(_) => Cause::Abort,
            None => Cause::of(&conn, self.lifecycle.pong_overdue()),
        };
        let unanswered = self.lifecycle.vain_wait().filter(|_| !shared.clock.is_answered());
        let (ended, errors) = self.sum_up(over, conn);
        Outcome {
            ended,
            cause,
            is_reset,
            errors,
            unprinted,
            output_gone,
            matched,
            confirmed,
            dropped,
            unanswered,
            summary,
        }
    }

    /// Waits until everything has been shown; a signal or the time limit of the run cuts it short.
    fn wait_for_reader(&mut self, poller: &mut Poller, signals: Option<&Signals>) -> bool {
        loop {
            if matches!(lock(&self.shared.conn).reading, Reading::Ended(_)) {
                return true;
            }
            match self.lifecycle.still_showing(signals.and_then(Signals::take), Instant::now()) {
                Showing::For(limit) => drop(poller.wait(limit, None)),
                Showing::NoLonger => return false,
            }
        }
    }

    fn sum_up(&self, over: Over, mut conn: Conn) -> (Ended, Vec<Error>) {
        let mut ended = ended(over, &mut conn);
        if self.has_enough(&conn) && ended.is_failure() {
            ended.status = ExitStatus::Success;
        }
        match self.lifecycle.abort() {
            Some(Abort::Signal(signal)) => {
                ended.status = signal.into();
            }
            Some(Abort::MaxTime) => {
                let error = self.out_of_time(&conn);
                conn.errors.push(error);
            }
            None => {}
        }
        for error in &conn.errors {
            ended.status = ended.status.max(error.exit_status());
        }
        if let Some(stop_condition) = &self.shared.settings.stop_condition
            && !self.has_enough(&conn)
            && !conn.sink_gone
            && ended.status == ExitStatus::Success
        {
            ended.status = ExitStatus::Expectation;
            conn.errors.push(stop_condition.missed(conn.matched));
        }
        (ended, conn.errors)
    }

    /// The time limit of the run has passed: says what has not come until then, if that was waited for.
    fn out_of_time(&self, conn: &Conn) -> Error {
        let settings = &self.shared.settings;
        let limit = settings.max_time.map_or(Duration::ZERO, |(_, limit)| limit);
        let error = Error::timed_out(Phase::Session, limit, "the session was not over");
        match &settings.stop_condition {
            Some(condition) if !self.has_enough(conn) => error.evidence(condition.missed(conn.matched).to_string()),
            _ => error,
        }
    }
}

fn ping_error(timeout: Duration, unanswered: Unanswered) -> Error {
    let silence = match unanswered {
        Unanswered::NotTaken => "the peer took nothing, not even a ping",
        Unanswered::NoPong => "the peer did not answer a ping",
    };
    Error::timed_out(Phase::Session, timeout, silence).diagnosed(Diagnosis::SilentPeer)
}
