//! The supervisor: sleeps until a deadline or until it is notified, sees to what the reader queued, and learns the outcome.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::cause::Cause;
use super::conn::{Conn, Input, Reading};
use super::inbox::Disconnect;
use super::outcome::{Outcome, Over, ended};
use super::output::lock;
use super::queue::QueuedItem;
use super::writer::FlushState;
use super::{AfterInput, Shared};
use crate::error::{Error, ExitStatus, Phase};
use crate::event::Ended;
use crate::platform::{Descriptor, Poller, Signal, Signals, Wakeup};
use crate::session::clock::SessionTime;
use crate::wire::{CloseCode, Role};

/// How long the peer has to end the TCP connection once Close has gone both ways, or once we have failed it.
const HANG_UP_LIMIT: Duration = Duration::from_secs(1);
/// How long a Close is tried when we must leave at once.
const HURRY: Duration = Duration::from_millis(100);
/// How long what the socket did not take waits before it is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// How long it may take to show what is still to be shown.
const SHOW_LIMIT: Duration = Duration::from_secs(1);

/// What makes the supervisor leave without waiting for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abort {
    Signal(Signal),
    MaxTime,
}

/// What to do next.
enum Next {
    Sleep(Option<Duration>),
    HangUp,
    Over(Over),
}

/// Runs on the thread that owns the outcome.
pub struct Supervisor {
    shared: Arc<Shared>,
    abort: Option<(Abort, Instant)>,
    flush_state: FlushState,
    /// When Close had gone both ways, or we had failed the connection.
    finished_at: Option<SessionTime>,
    has_hung_up: bool,
    /// When an answer to our Close was waited for first, on the clock that goes on while we are busy.
    closing_since: Option<SessionTime>,
    pong_overdue: bool,
}

impl Supervisor {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            abort: None,
            flush_state: FlushState::None,
            finished_at: None,
            has_hung_up: false,
            closing_since: None,
            pong_overdue: false,
        }
    }

    /// Keeps the session until it is over and everything that arrived has been shown. `watched` is a descriptor whose
    /// reader may go away: the session then ends politely.
    pub fn run(mut self, poller: &mut Poller, signals: Option<&Signals>, watched: Option<Descriptor<'_>>) -> Outcome {
        let over = loop {
            self.flush_state = self.shared.send_queue_if_free(self.flush_state);
            let mut next = self.next(signals);
            if self.shared.queued.load(Ordering::Acquire) {
                self.flush_state = self.shared.send_queue_if_free(self.flush_state);
                if !self.shared.queued.load(Ordering::Acquire) {
                    next = self.next(signals);
                }
            }
            self.shared.output.start_showing();
            match next {
                Next::Over(over) => break over,
                Next::HangUp => self.hang_up(),
                Next::Sleep(limit) => {
                    let watched = watched.filter(|_| !lock(&self.shared.conn).sink_gone);
                    if let Ok(Wakeup::WatchedGone) = poller.wait(limit, watched) {
                        lock(&self.shared.conn).sink_gone = true;
                    }
                }
            }
        };
        self.wind_up(over, poller, signals)
    }

    fn next(&mut self, signals: Option<&Signals>) -> Next {
        let shared = Arc::clone(&self.shared);
        let mut conn = lock(&shared.conn);
        if matches!(conn.reading, Reading::Ended(_)) {
            return Next::Over(Over::Stream);
        }
        let now = shared.clock.now();
        let mut deadlines = Deadlines::new(now);
        self.look_for_abort(&mut conn, signals, &mut deadlines);
        if let Some((_, until)) = self.abort {
            if Instant::now() >= until || self.has_said_all(&conn) {
                return Next::Over(Over::Abort);
            }
            deadlines.wall(until);
        }
        if conn.sink_gone || shared.output.is_stopped() {
            conn.close(now, Some((CloseCode::Normal, String::new())));
        }
        if conn.close_queued.is_none() {
            self.look_at_input(&mut conn, &mut deadlines);
            self.keep_alive(&mut conn, &mut deadlines);
        }
        if self.is_to_hang_up(&conn) {
            return Next::HangUp;
        }
        if let Some(over) = self.look_at_closing(&conn, &mut deadlines) {
            return Next::Over(over);
        }
        if !conn.queue.is_empty() {
            shared.queued.store(true, Ordering::Release);
        }
        match self.flush_state {
            FlushState::None => {}
            FlushState::Moving => deadlines.after(Duration::ZERO),
            FlushState::Stuck => deadlines.after(RETRY),
        }
        Next::Sleep(deadlines.first)
    }

    fn look_for_abort(&mut self, conn: &mut Conn, signals: Option<&Signals>, deadlines: &mut Deadlines) {
        let abort = if let Some(signal) = signals.and_then(Signals::take) {
            if self.abort.is_some() {
                // A second signal: at once.
                self.abort = Some((Abort::Signal(signal), Instant::now()));
                return;
            }
            Abort::Signal(signal)
        } else {
            match self.shared.settings.max_time {
                Some((until, _)) if self.abort.is_none() => {
                    if Instant::now() < until {
                        deadlines.wall(until);
                        return;
                    }
                    Abort::MaxTime
                }
                _ => return,
            }
        };
        conn.close(self.shared.clock.now(), Some((CloseCode::Normal, String::new())));
        self.abort = Some((abort, Instant::now() + HURRY));
    }

    fn look_at_input(&self, conn: &mut Conn, deadlines: &mut Deadlines) {
        let Input::Ended(ended, on_the_wall) = conn.input else { return };
        let is_over = match self.shared.settings.after_input {
            AfterInput::Forever => return,
            AfterInput::StopCondition(_) if conn.errors.is_empty() => return,
            AfterInput::Fixed(stay) => deadlines.passed_on_the_wall(on_the_wall + stay),
            AfterInput::Quiet(quiet) | AfterInput::StopCondition(quiet) => {
                deadlines.passed(self.shared.clock.last_data().max(ended) + quiet)
            }
        };
        if is_over {
            conn.close(deadlines.now, Some((CloseCode::Normal, String::new())));
        }
    }

    fn keep_alive(&mut self, conn: &mut Conn, deadlines: &mut Deadlines) {
        let settings = &self.shared.settings;
        // A ping that cannot go out yet is as good as unanswered, unless the peer takes what goes before it.
        let queued = conn.pings.queued_since().map(|queued| queued.max(self.shared.clock.last_written()));
        let waiting = conn.pings.oldest_unanswered().into_iter().chain(queued).min();
        if let (Some(timeout), Some(since)) = (settings.ping_timeout, waiting)
            && deadlines.passed(since + timeout)
            && !self.pong_overdue
        {
            self.pong_overdue = true;
            let silence = if queued == waiting {
                "the peer took nothing, not even a ping"
            } else {
                "the peer did not answer a ping"
            };
            conn.errors.push(Error::timed_out(Phase::Session, timeout, silence).hint(
                "the connection is dead, or something between drops what is idle: try a shorter --ping-interval",
            ));
            conn.close(deadlines.now, Some((CloseCode::Normal, "ping timeout".to_owned())));
            return;
        }
        if let Some(interval) = settings.ping_interval
            && conn.pings.queued_since().is_none()
            && deadlines.passed(conn.pings.last_sent + interval)
        {
            let ping = conn.pings.queued(deadlines.now);
            conn.queue.push(QueuedItem::Ping(ping));
            deadlines.after(interval);
        }
    }

    /// Whether nothing waits to be sent, and nobody is sending.
    fn is_all_written(&self, conn: &Conn) -> bool {
        conn.queue.is_empty() && self.shared.out.try_lock().is_ok_and(|out| out.is_empty())
    }

    fn is_failed(&self, conn: &Conn) -> bool {
        conn.breach.is_some() || self.pong_overdue
    }

    /// Whether nothing of ours is still to go out.
    fn has_said_all(&self, conn: &Conn) -> bool {
        let is_at_end = conn.closing.is_done() || self.is_failed(conn);
        conn.write_error.is_some() || (is_at_end && self.is_all_written(conn))
    }

    /// The server ends the TCP connection first (RFC 6455 section 7.1.1).
    fn is_to_hang_up(&self, conn: &Conn) -> bool {
        self.shared.settings.role == Role::Server
            && !self.has_hung_up
            && self.finished_at.is_none()
            && self.has_said_all(conn)
    }

    fn hang_up(&mut self) {
        self.has_hung_up = true;
        if let Ok(mut out) = self.shared.out.try_lock() {
            out.close_notify();
        }
        self.shared.link.shut_down_writing();
    }

    fn look_at_closing(&mut self, conn: &Conn, deadlines: &mut Deadlines) -> Option<Over> {
        let settings = &self.shared.settings;
        let is_failed = self.is_failed(conn);
        if self.has_said_all(conn) {
            let mut since = *self.finished_at.get_or_insert(deadlines.now);
            if conn.closing.peers().is_none() && !is_failed {
                // What we send is refused, but what the peer sent before is still coming in.
                since = since.max(self.shared.clock.last_byte());
            }
            return deadlines.passed(since + HANG_UP_LIMIT).then_some(Over::Closed);
        }
        if conn.closing.is_done() || is_failed {
            // Somebody is still writing.
            deadlines.after(RETRY);
        }
        let waiting_since = match (conn.close_queued, conn.closing.peers()) {
            (Some(queued), _) => queued,
            // With --no-close-reply: nothing is owed any more.
            (None, Some(_)) => *self.finished_at.get_or_insert(deadlines.now),
            (None, None) => return None,
        };
        let (quiet, total) = if conn.sink_gone || self.has_enough(conn) {
            (HANG_UP_LIMIT, HANG_UP_LIMIT)
        } else {
            (settings.close_quiet, settings.close_total)
        };
        let active = self.shared.clock.last_byte().max(self.shared.clock.last_written()).max(waiting_since);
        let busy_now = self.shared.clock.busy_now();
        let in_all = *self.closing_since.get_or_insert(busy_now) + total;
        let over = deadlines.passed(active + quiet) || deadlines.passed_at(busy_now, in_all);
        over.then_some(Over::Silent)
    }

    /// Whether what was waited for has come: nothing more is shown, and nobody waits for it.
    fn has_enough(&self, conn: &Conn) -> bool {
        self.shared
            .settings
            .stop_condition
            .as_ref()
            .is_some_and(|stop_condition| stop_condition.is_reached_by(conn.matched))
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
            inbox.parted(Disconnect::Left);
        }
        if let Ok(mut out) = shared.out.try_lock() {
            out.close_notify();
        }
        shared.link.shut_down();
        if let Some((_, until)) = &mut self.abort {
            // The reader still has to notice.
            *until = Instant::now() + HURRY;
        }
        let unprinted = !self.wait_for_reader(poller, signals);
        shared.output.finish(if self.abort.is_some() { HURRY } else { SHOW_LIMIT });
        let summary = shared.summary();
        let conn = mem::take(&mut *lock(&shared.conn));
        let (output_gone, matched, confirmed) = (conn.sink_gone, conn.matched, conn.pings.confirmed);
        let cause = match self.abort {
            _ if self.has_enough(&conn) => Cause::Enough,
            Some(_) => Cause::Abort,
            None => Cause::of(&conn, self.pong_overdue),
        };
        let (ended, errors) = self.judge(over, conn);
        Outcome { ended, cause, errors, unprinted, output_gone, matched, confirmed, summary }
    }

    /// Waits until everything has been shown; a signal or the time limit of the run cuts it short.
    fn wait_for_reader(&mut self, poller: &mut Poller, signals: Option<&Signals>) -> bool {
        loop {
            let mut deadlines = Deadlines::new(Duration::ZERO);
            {
                let shared = Arc::clone(&self.shared);
                let mut conn = lock(&shared.conn);
                if matches!(conn.reading, Reading::Ended(_)) {
                    return true;
                }
                self.look_for_abort(&mut conn, signals, &mut deadlines);
            }
            if let Some((_, until)) = self.abort {
                if Instant::now() >= until {
                    return false;
                }
                deadlines.wall(until);
            }
            let _ = poller.wait(deadlines.first, None);
        }
    }

    fn judge(&self, over: Over, mut conn: Conn) -> (Ended, Vec<Error>) {
        let mut ended = ended(over, &mut conn);
        if self.has_enough(&conn) && matches!(ended.status, ExitStatus::Session | ExitStatus::Protocol) {
            ended.status = ExitStatus::Success;
        }
        match self.abort {
            Some((Abort::Signal(signal), _)) => {
                ended.status = signal.into();
            }
            Some((Abort::MaxTime, _)) => {
                let limit = self.shared.settings.max_time.map_or(Duration::ZERO, |(_, limit)| limit);
                conn.errors.push(Error::timed_out(Phase::Session, limit, "the session was not over"));
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
}

/// Collects deadlines on the session's clock, and the time to the first of them.
struct Deadlines {
    now: SessionTime,
    first: Option<Duration>,
}

impl Deadlines {
    fn new(now: SessionTime) -> Self {
        Self { now, first: None }
    }

    /// Whether `deadline` has passed; if not, the supervisor wakes up for it.
    fn passed(&mut self, deadline: SessionTime) -> bool {
        self.passed_at(self.now, deadline)
    }

    /// The same, when it is `now`.
    fn passed_at(&mut self, now: SessionTime, deadline: SessionTime) -> bool {
        let passed = now >= deadline;
        if !passed {
            self.after(deadline.saturating_sub(now));
        }
        passed
    }

    fn passed_on_the_wall(&mut self, deadline: Instant) -> bool {
        self.wall(deadline);
        Instant::now() >= deadline
    }

    fn wall(&mut self, deadline: Instant) {
        self.after(deadline.saturating_duration_since(Instant::now()));
    }

    fn after(&mut self, wait: Duration) {
        self.first = Some(self.first.map_or(wait, |first| first.min(wait)));
    }
}
