//! When to ping, to close, to hang up and to give up: decided from facts and times alone, without a lock or a clock.

mod facts;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub(super) use facts::{Facts, Output, Peer, PingFacts, Sending};

use super::clock::SessionTime;
use super::conn::Input;
use super::outcome::Over;
use super::writer::FlushState;
use super::{AfterInput, ExpectedAnswers, Settings};
use crate::platform::Signal;
use crate::wire::Role;

/// How long the peer has to end the TCP connection once Close has gone both ways, or once we have failed it.
const HANG_UP_LIMIT: Duration = Duration::from_secs(1);
/// How long a Close is tried after an abort.
const ABORT_LIMIT: Duration = Duration::from_millis(100);
/// How long after the end of the input the first answer to the last of it may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long after the end of the input it is said that data keeps the session open.
const STAY_UNTOLD: Duration = Duration::from_secs(10);
/// How long what the socket did not take waits before it is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// The limits of a session, and since when it has been in its present state.
#[derive(Debug)]
pub(super) struct Lifecycle {
    limits: Limits,
    abort: Option<(Abort, Instant)>,
    /// Since when nothing of ours has been left to send.
    finished_at: Option<SessionTime>,
    /// When an answer to our Close was waited for first, on the clock that goes on while we are busy.
    closing_since: Option<SessionTime>,
    has_hung_up: bool,
    pong_overdue: bool,
    /// An answer to the last input was not waited for any longer.
    gave_up_on_answer: bool,
    staying: Staying,
}

/// What the settings say about it.
#[derive(Debug, Clone)]
struct Limits {
    role: Role,
    after_input: AfterInput,
    close_quiet: Duration,
    close_total: Duration,
    expected_answers: ExpectedAnswers,
    ping_interval: Option<Duration>,
    ping_timeout: Option<Duration>,
    max_time: Option<Instant>,
}

/// Whether data keeps the session open after the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Staying {
    /// The input is not over, or not answered.
    Unanswered,
    /// It is; until then the last data had come. More of it keeps the session open.
    Answered(SessionTime),
    /// That has been told.
    Told,
}

/// What ends a session without a wait for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abort {
    /// A signal.
    Signal(Signal),
    /// The time limit of the run.
    MaxTime,
}

/// The present time, on each clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// On the clock that stands still while the reader shows something.
    pub session: SessionTime,
    /// On the clock that stands still only while our output is blocked.
    pub busy: SessionTime,
    /// On the wall.
    pub wall: Instant,
}

/// What is to be done. After all but [`Wait`](Self::Wait) and [`Over`](Self::Over) there may be more to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing, until so long has passed or something happens.
    Wait(Option<Duration>),
    /// Queue our Close, with 1000.
    Close,
    /// Say that data keeps the session open.
    TellStaying,
    /// Queue a ping.
    Ping,
    /// Do what there is to do about the heartbeat that is due.
    Heartbeat,
    /// Fail the connection: this limit has passed without a pong.
    FailPing(Duration, Unanswered),
    /// End our direction of the TCP connection.
    HangUp,
    /// End the session.
    Over(Over),
}

/// What became of a ping that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// The socket took nothing, not even the ping.
    NotTaken,
    /// No pong came.
    NoPong,
}

impl Lifecycle {
    /// Of a session that has just opened.
    pub fn new(settings: &Settings) -> Self {
        Self {
            limits: Limits {
                role: settings.role,
                after_input: settings.after_input,
                close_quiet: settings.close_quiet,
                close_total: settings.close_total,
                expected_answers: settings.expected_answers,
                ping_interval: settings.ping_interval,
                ping_timeout: settings.ping_timeout,
                max_time: settings.max_time.map(|(until, _)| until),
            },
            abort: None,
            finished_at: None,
            closing_since: None,
            has_hung_up: false,
            pong_overdue: false,
            gave_up_on_answer: false,
            staying: Staying::Unanswered,
        }
    }

    /// What aborted the session.
    pub fn abort(&self) -> Option<Abort> {
        self.abort.map(|(abort, _)| abort)
    }

    /// Whether the peer did not answer a ping in time.
    pub fn pong_overdue(&self) -> bool {
        self.pong_overdue
    }

    /// How long an answer to the last input was waited for, if that ended the session.
    pub fn vain_wait(&self) -> Option<Duration> {
        self.gave_up_on_answer.then_some(ANSWER_LIMIT)
    }

    /// What is to be done `now`, where these are the `facts`.
    pub fn next(&mut self, facts: &Facts, now: Now) -> Action {
        if facts.peer == Peer::Ended {
            return Action::Over(Over::Stream);
        }
        let mut deadlines = Deadlines::default();
        self.note_abort(facts.signal, now.wall, &mut deadlines);
        if let Some((_, until)) = self.abort {
            if now.wall >= until || self.has_said_all(facts) {
                return Action::Over(Over::Abort);
            }
            deadlines.passed_on_the_wall(now.wall, until);
        }
        if facts.close_queued.is_none() {
            let is_to_leave = self.abort.is_some()
                || matches!(facts.output, Output::Gone | Output::Stopped)
                || self.is_input_over(facts, now, &mut deadlines);
            if is_to_leave {
                return Action::Close;
            }
            if self.is_to_tell_staying(facts, now, &mut deadlines) {
                return Action::TellStaying;
            }
            if let Some(action) = self.keep_alive(facts, now, &mut deadlines) {
                return action;
            }
        }
        if self.is_to_hang_up(facts) {
            self.has_hung_up = true;
            return Action::HangUp;
        }
        if let Some(over) = self.closing(facts, now, &mut deadlines) {
            return Action::Over(over);
        }
        match facts.sending {
            Sending::Pending(FlushState::Moving) => deadlines.after(Duration::ZERO),
            Sending::Pending(FlushState::Stuck) => deadlines.after(RETRY),
            Sending::Done | Sending::Pending(FlushState::None) | Sending::Failed => {}
        }
        Action::Wait(deadlines.first)
    }

    /// The session is over. From now on the reader shows what has come.
    pub fn wind_up(&mut self, wall: Instant) {
        if let Some((_, until)) = &mut self.abort {
            // The reader has to notice first.
            *until = wall + ABORT_LIMIT;
        }
    }

    /// Whether the reader may go on showing what has come.
    pub fn still_showing(&mut self, signal: Option<Signal>, wall: Instant) -> Showing {
        let mut deadlines = Deadlines::default();
        self.note_abort(signal, wall, &mut deadlines);
        if let Some((_, until)) = self.abort
            && deadlines.passed_on_the_wall(wall, until)
        {
            return Showing::NoLonger;
        }
        Showing::For(deadlines.first)
    }

    fn note_abort(&mut self, signal: Option<Signal>, wall: Instant, deadlines: &mut Deadlines) {
        match (signal, self.abort, self.limits.max_time) {
            (Some(signal), None, _) => self.abort = Some((Abort::Signal(signal), wall + ABORT_LIMIT)),
            // A second signal: at once.
            (Some(signal), Some(_), _) => self.abort = Some((Abort::Signal(signal), wall)),
            (None, None, Some(until)) if deadlines.passed_on_the_wall(wall, until) => {
                self.abort = Some((Abort::MaxTime, wall + ABORT_LIMIT));
            }
            (None, _, _) => {}
        }
    }

    fn is_input_over(&mut self, facts: &Facts, now: Now, deadlines: &mut Deadlines) -> bool {
        let Input::Ended(ended, on_the_wall) = facts.input else { return false };
        match self.limits.after_input {
            AfterInput::Forever => false,
            AfterInput::StopCondition(_) if !facts.has_errors => false,
            AfterInput::Fixed(stay) => deadlines.passed_on_the_wall(now.wall, on_the_wall + stay),
            AfterInput::Quiet(quiet) | AfterInput::StopCondition(quiet) if facts.is_answered() => {
                deadlines.passed(now.session, facts.last_data.max(ended) + quiet)
            }
            AfterInput::Quiet(_) | AfterInput::StopCondition(_) => {
                self.gave_up_on_answer = deadlines.passed(now.session, ended + ANSWER_LIMIT);
                self.gave_up_on_answer
            }
        }
    }

    /// Whether data has kept the session open for so long after the input that it is time to say so, once.
    fn is_to_tell_staying(&mut self, facts: &Facts, now: Now, deadlines: &mut Deadlines) -> bool {
        let (Input::Ended(ended, on_the_wall), AfterInput::Quiet(_)) = (facts.input, self.limits.after_input) else {
            return false;
        };
        if self.staying == Staying::Unanswered && facts.is_answered() {
            self.staying = Staying::Answered(facts.last_data.max(ended));
        }
        let Staying::Answered(first) = self.staying else { return false };
        let is_time = deadlines.passed_on_the_wall(now.wall, on_the_wall + STAY_UNTOLD);
        let is_to_tell = is_time && facts.last_data > first;
        if is_to_tell {
            self.staying = Staying::Told;
        }
        is_to_tell
    }

    fn keep_alive(&mut self, facts: &Facts, now: Now, deadlines: &mut Deadlines) -> Option<Action> {
        let pings = facts.pings;
        // A ping that cannot go out yet is as good as unanswered, unless the peer takes what goes before it.
        let queued = pings.queued.map(|queued| queued.max(facts.last_written));
        let waiting = pings.unanswered.into_iter().chain(queued).min();
        if let (Some(timeout), Some(since)) = (self.limits.ping_timeout, waiting)
            && deadlines.passed(now.session, since + timeout)
            && !self.pong_overdue
        {
            self.pong_overdue = true;
            let unanswered = if queued == waiting { Unanswered::NotTaken } else { Unanswered::NoPong };
            return Some(Action::FailPing(timeout, unanswered));
        }
        if let Some(due) = facts.heartbeat
            && deadlines.passed_on_the_wall(now.wall, due)
        {
            return Some(Action::Heartbeat);
        }
        let interval = self.limits.ping_interval.filter(|_| pings.queued.is_none())?;
        deadlines.passed(now.session, pings.last + interval).then_some(Action::Ping)
    }

    fn is_failed(&self, facts: &Facts) -> bool {
        facts.has_breach || self.pong_overdue
    }

    /// Close has gone both ways, or the connection has failed: we owe nothing more but what waits.
    fn is_at_end(&self, facts: &Facts) -> bool {
        (facts.close_sent && facts.peer == Peer::Closed) || self.is_failed(facts)
    }

    /// Whether nothing of ours is still to go out.
    fn has_said_all(&self, facts: &Facts) -> bool {
        facts.sending == Sending::Failed || (self.is_at_end(facts) && facts.sending == Sending::Done)
    }

    /// The server ends the TCP connection first (RFC 6455 section 7.1.1).
    fn is_to_hang_up(&self, facts: &Facts) -> bool {
        self.limits.role == Role::Server && !self.has_hung_up && self.finished_at.is_none() && self.has_said_all(facts)
    }

    /// Whether the peer has owed an answer for as long as one to our Close may take, before that was queued.
    fn was_silent(&self, facts: &Facts, close_queued: SessionTime) -> bool {
        let is_overdue = |since| facts.last_byte <= since && close_queued >= since + self.limits.close_quiet;
        let asked = match self.limits.expected_answers {
            ExpectedAnswers::ToPings => facts.pings.unanswered,
            ExpectedAnswers::ToMessages => facts.last_asked,
        };
        asked.is_some_and(is_overdue)
    }

    /// Whether the wait for the peer's end is over, and how.
    fn closing(&mut self, facts: &Facts, now: Now, deadlines: &mut Deadlines) -> Option<Over> {
        if self.has_said_all(facts) {
            let mut since = *self.finished_at.get_or_insert(now.session);
            if facts.peer == Peer::Open && !self.is_failed(facts) {
                // What we send is refused, but what the peer sent before is still coming in.
                since = since.max(facts.last_byte);
            }
            return deadlines.passed(now.session, since + HANG_UP_LIMIT).then_some(Over::Closed);
        }
        if self.is_at_end(facts) {
            // A thread is still writing.
            deadlines.after(RETRY);
        }
        let waiting_since = match (facts.close_queued, facts.peer) {
            (Some(queued), _) => queued,
            (None, Peer::Open) => return None,
            // With --no-close-reply: nothing is owed any more.
            (None, Peer::Closed | Peer::Ended) => *self.finished_at.get_or_insert(now.session),
        };
        let (quiet, total) = match facts.output {
            Output::Gone | Output::Enough => (HANG_UP_LIMIT, HANG_UP_LIMIT),
            _ if self.was_silent(facts, waiting_since) => (HANG_UP_LIMIT, HANG_UP_LIMIT),
            Output::Wanted | Output::Stopped => (self.limits.close_quiet, self.limits.close_total),
        };
        let active = facts.last_byte.max(facts.last_written).max(waiting_since);
        let in_all = *self.closing_since.get_or_insert(now.busy) + total;
        let is_over = deadlines.passed(now.session, active + quiet) || deadlines.passed(now.busy, in_all);
        is_over.then_some(Over::Silent)
    }
}

/// Whether the reader may go on showing what has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Showing {
    /// For so long (`None`: until it is done); then ask again.
    For(Option<Duration>),
    /// It may not.
    NoLonger,
}

/// Collects deadlines: the time to the first of them.
#[derive(Debug, Default)]
struct Deadlines {
    first: Option<Duration>,
}

impl Deadlines {
    /// Whether `deadline` has passed. If not, it counts.
    fn passed(&mut self, now: SessionTime, deadline: SessionTime) -> bool {
        let is_passed = now >= deadline;
        if !is_passed {
            self.after(deadline.saturating_sub(now));
        }
        is_passed
    }

    /// The same on the wall.
    fn passed_on_the_wall(&mut self, now: Instant, deadline: Instant) -> bool {
        self.passed(Duration::ZERO, deadline.saturating_duration_since(now))
    }

    fn after(&mut self, wait: Duration) {
        self.first = Some(self.first.map_or(wait, |first| first.min(wait)));
    }
}
