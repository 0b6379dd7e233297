//! What was received and has not been matched yet, for those who expect something: scripts, and who types `/expect`.
//!
//! It is filled only where [`Settings::remember`](super::Settings::remember) asks for it. The reader never waits for
//! it, because the thread that expects may be stuck in a write that the peer takes only when we read: past the budget the
//! oldest messages are forgotten.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::clock::{Clock, SessionTime};
use super::handle::Handle;
use super::output::lock;
use crate::wire::{By, CloseCode, Kind};

/// What a message costs beside its payload.
const OVERHEAD: usize = 64;
/// How soon to look again when the session's clock stands still.
const TICK: Duration = Duration::from_millis(1);

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Text or binary.
    pub kind: Kind,
    /// The whole of it.
    pub payload: Arc<[u8]>,
    /// What a dialect or a decoder says of it.
    pub note: Option<Arc<str>>,
    /// How many messages of the session came before it.
    number: u64,
}

/// Why no further message will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disconnect {
    /// The peer sent Close.
    Closed {
        /// The status code; `None` for an empty body.
        code: Option<CloseCode>,
        /// The reason, empty when there was none.
        reason: String,
        /// Whose Close was first.
        first: By,
    },
    /// The stream ended without Close: how.
    Dropped(String),
    /// The peer broke a rule: which.
    Breach(String),
    /// We left.
    Left,
}

/// Why an expectation was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectError {
    /// The time was up.
    TimeUp,
    /// Another thread [gave the wait up](Expecting::give_up).
    GivenUp,
    /// Nothing more will come.
    Disconnected(Disconnect),
}

/// Messages that nothing has matched.
#[derive(Debug, Default)]
pub struct Unmatched {
    /// How many there are, forgotten ones included.
    pub count: u64,
    /// How many of these were forgotten, because too much was waiting.
    pub forgotten: u64,
    /// The latest of them, in order.
    pub latest: Vec<Received>,
}

/// What waits to be matched, and what else can be expected.
pub(super) struct Inbox {
    /// Bytes that may wait; the latest message waits whatever its length.
    budget: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Received>,
    size: usize,
    forgotten: u64,
    /// How many messages have come.
    count: u64,
    /// How many had come where quiet begins.
    mark: u64,
    last: Option<Received>,
    /// The latest ones, matched or not. What waits is a part of them: both have the same budget.
    recent: VecDeque<Received>,
    recent_size: usize,
    matched: Option<Received>,
    /// The number of the latest ping that was answered.
    answered: u64,
    disconnect: Option<Disconnect>,
    /// A thread waits for a change.
    is_watched: bool,
    /// That thread need not wait any longer.
    is_given_up: bool,
}

impl Inbox {
    pub(super) fn new(budget: usize) -> Self {
        Self { budget, state: Mutex::default(), changed: Condvar::new() }
    }

    /// A message has come, with what is said of it.
    pub(super) fn message(&self, kind: Kind, payload: &[u8], note: Option<&str>) {
        self.change(|state| {
            let message = Received { kind, payload: payload.into(), note: note.map(Into::into), number: state.count };
            state.count += 1;
            state.size += message.size();
            state.last = Some(message.clone());
            state.recent_size += message.size();
            state.recent.push_back(message.clone());
            state.waiting.push_back(message);
            while state.recent_size > self.budget && state.recent.len() > 1 {
                state.recent_size -= state.recent.pop_front().map_or(0, |oldest| oldest.size());
            }
            while state.size > self.budget && state.waiting.len() > 1 {
                state.use_up();
                state.forgotten += 1;
            }
        });
    }

    /// The ping of this number has been answered.
    pub(super) fn pong(&self, ping: u64) {
        self.change(|state| state.answered = state.answered.max(ping));
    }

    /// Nothing more will come. The first reason counts.
    pub(super) fn disconnected(&self, disconnect: Disconnect) {
        self.change(|state| {
            state.disconnect.get_or_insert(disconnect);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        if state.is_watched {
            self.changed.notify_all();
        }
    }
}

impl State {
    fn use_up(&mut self) {
        if let Some(message) = self.waiting.pop_front() {
            self.size -= message.size();
        }
    }

    /// The first message that waits and has at least this number.
    fn at(&self, number: u64) -> Option<&Received> {
        let first = self.waiting.front()?.number;
        self.waiting.get(usize::try_from(number.saturating_sub(first)).ok()?)
    }
}

impl Received {
    /// A message that came first.
    #[cfg(test)]
    pub fn first(kind: Kind, payload: &[u8]) -> Self {
        Self { kind, payload: payload.into(), note: None, number: 0 }
    }

    /// Its place among the messages of the session, from 1.
    pub fn place(&self) -> u64 {
        self.number + 1
    }

    fn size(&self) -> usize {
        self.payload.len() + self.note.as_ref().map_or(0, |note| note.len()) + OVERHEAD
    }
}

impl Handle {
    /// What can be expected of the session; `None` when it doesn't remember what it received.
    pub fn expecting(&self) -> Option<Expecting<'_>> {
        let shared = self.shared();
        shared.inbox.as_ref().map(|inbox| Expecting { clock: &shared.clock, inbox })
    }
}

/// Waits for what a session receives. Its time limits leave out the time in which we are blocked on our own output; but for
/// [`pause`](Self::pause).
pub struct Expecting<'a> {
    clock: &'a Clock,
    inbox: &'a Inbox,
}

impl Expecting<'_> {
    /// Looks through what came since the last match, and goes on for as long as `within`. What it finds is used up, and
    /// what came before that; when it finds nothing, nothing is.
    ///
    /// # Errors
    /// See [`ExpectError`].
    pub fn find(&self, within: Duration, matches: impl Fn(&Received) -> bool) -> Result<Received, ExpectError> {
        self.watching(|| {
            let until = self.deadline(within);
            let (mut number, mut too_late) = (0, None);
            loop {
                let message = self.next(number, until)?;
                if self.clock.busy_now() >= until {
                    let came_in_time = *too_late.get_or_insert_with(|| lock(&self.inbox.state).count);
                    if message.number >= came_in_time {
                        return Err(ExpectError::TimeUp);
                    }
                }
                // The lock is free meanwhile: the reader doesn't wait for a long look at a long message.
                if matches(&message) {
                    self.match_through(&message);
                    return Ok(message);
                }
                number = message.number + 1;
            }
        })
    }

    /// Waits for as long as `within` whether a message comes, counted from the last match or [`mark`](Self::mark).
    ///
    /// # Errors
    /// The first message that came.
    pub fn quiet(&self, within: Duration) -> Result<(), Received> {
        let mark = lock(&self.inbox.state).mark;
        self.watching(|| self.next(mark, self.deadline(within))).map_or(Ok(()), Err)
    }

    /// From here on it has to be [`quiet`](Self::quiet).
    pub fn mark(&self) {
        let mut state = lock(&self.inbox.state);
        state.mark = state.count;
    }

    /// Waits for the end of what the peer sends.
    ///
    /// # Errors
    /// See [`ExpectError`].
    pub fn disconnect(&self, within: Duration) -> Result<Disconnect, ExpectError> {
        self.watching(|| self.wait(self.deadline(within), |state| state.disconnect.clone()))
    }

    /// Why no further message will come, where that is known already. This is no wait: no other thread sees one.
    pub fn disconnected(&self) -> Option<Disconnect> {
        lock(&self.inbox.state).disconnect.clone()
    }

    /// Waits for the pong that answers the ping of this number, or a later one (RFC 6455 section 5.5.3).
    ///
    /// # Errors
    /// See [`ExpectError`].
    pub fn pong(&self, ping: u64, within: Duration) -> Result<(), ExpectError> {
        let look = |state: &State| if state.answered >= ping { Some(Ok(())) } else { state.disconnected().map(Err) };
        self.watching(|| self.wait(self.deadline(within), look))?
    }

    /// Does nothing for as long as `time`, unless nothing more will come.
    pub fn pause(&self, time: Duration) {
        self.pause_while(time, |state| state.disconnect.is_none());
    }

    /// Does nothing for as long as `time`, for nothing more is expected.
    pub fn rest(&self, time: Duration) {
        self.pause_while(time, |_| true);
    }

    fn pause_while(&self, time: Duration, goes_on: impl Fn(&State) -> bool) {
        let is_due = |state: &mut State| goes_on(state) && !state.is_given_up;
        self.watching(|| drop(self.inbox.changed.wait_timeout_while(lock(&self.inbox.state), time, is_due)));
    }

    /// Ends the wait of another thread; `false` when none waits, or when it has been told before and is still busy with a
    /// message.
    pub fn give_up(&self) -> bool {
        let mut state = lock(&self.inbox.state);
        let has_been_told = state.is_given_up;
        state.is_given_up = state.is_watched;
        self.inbox.changed.notify_all();
        state.is_watched && !has_been_told
    }

    /// Whether another thread waits.
    pub fn is_awaited(&self) -> bool {
        lock(&self.inbox.state).is_watched
    }

    /// The message that was matched last, or else the one that came last.
    pub fn latest(&self) -> Option<Received> {
        let state = lock(&self.inbox.state);
        state.matched.as_ref().or(state.last.as_ref()).cloned()
    }

    /// What came since the last match, with at most so many of the latest.
    pub fn unmatched(&self, most: usize) -> Unmatched {
        let state = lock(&self.inbox.state);
        let skipped = state.waiting.len().saturating_sub(most);
        Unmatched {
            count: state.forgotten + state.waiting.len() as u64,
            forgotten: state.forgotten,
            latest: state.waiting.iter().skip(skipped).cloned().collect(),
        }
    }

    /// The latest messages, in order, as many as are remembered.
    pub fn recent(&self) -> Vec<Received> {
        lock(&self.inbox.state).recent.iter().cloned().collect()
    }

    fn match_through(&self, message: &Received) {
        let mut state = lock(&self.inbox.state);
        while state.waiting.front().is_some_and(|first| first.number <= message.number) {
            state.use_up();
        }
        state.forgotten = 0;
        state.mark = message.number + 1;
        state.matched = Some(message.clone());
    }

    /// The first message that has at least this number, when it comes.
    fn next(&self, number: u64, until: SessionTime) -> Result<Received, ExpectError> {
        self.wait(until, |state| match state.at(number) {
            Some(message) => Some(Ok(message.clone())),
            None => state.disconnected().map(Err),
        })?
    }

    /// Other threads can see meanwhile that this one waits, and end the wait.
    fn watching<T>(&self, wait: impl FnOnce() -> T) -> T {
        lock(&self.inbox.state).is_watched = true;
        let waited = wait();
        let mut state = lock(&self.inbox.state);
        (state.is_watched, state.is_given_up) = (false, false);
        waited
    }

    fn wait<T>(&self, until: SessionTime, look: impl Fn(&State) -> Option<T>) -> Result<T, ExpectError> {
        let mut state = lock(&self.inbox.state);
        loop {
            if state.is_given_up {
                return Err(ExpectError::GivenUp);
            }
            if let Some(found) = look(&state) {
                return Ok(found);
            }
            let left = until.saturating_sub(self.clock.busy_now());
            if left.is_zero() {
                return Err(ExpectError::TimeUp);
            }
            let waited = self.inbox.changed.wait_timeout(state, left.max(TICK));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn deadline(&self, within: Duration) -> SessionTime {
        self.clock.busy_now().saturating_add(within)
    }
}

impl State {
    fn disconnected(&self) -> Option<ExpectError> {
        self.disconnect.clone().map(ExpectError::Disconnected)
    }
}
