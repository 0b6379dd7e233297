//! The reading end, lent to a front end that waits for input.
//!
//! A lone line and its answer then stay on one thread: to wake a second one, on a core that sleeps, costs 10 µs of a
//! round trip of 55 (measured, through pipes). The front end reads only what is there, and shows only what is taken at
//! once; the reader thread gets the reading end back as soon as there is much to send, much has come, or somebody is
//! slow to take it.

use std::io;
use std::mem;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::Shared;
use super::reader::Reader;
use super::view::lock;
use super::wake::{Sleeper, Waker};

/// Bytes of messages that a socket takes at once, unless the peer has long stopped reading.
const LITTLE_TO_SEND: usize = 2048;

/// Who has the reading end.
#[derive(Default)]
pub(super) struct Lending {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
enum State {
    /// The reader thread.
    #[default]
    Kept,
    /// The reader thread; a front end would like to have it, and is to be woken when it does.
    Wanted(Waker),
    /// The front end.
    Lent(Box<Reader>),
    /// Nobody: it lies here for the reader thread, and somebody may want it again by then.
    Returned(Box<Reader>, Option<Waker>),
}

impl Lending {
    /// Lends `reader` if it is wanted, and waits until it is back.
    pub(super) fn lend(&self, reader: Box<Reader>) -> Box<Reader> {
        let mut state = lock(&self.state);
        let State::Wanted(waker) = &*state else { return reader };
        waker.wake();
        *state = State::Lent(reader);
        loop {
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
            match mem::take(&mut *state) {
                State::Returned(reader, wanted) => {
                    *state = wanted.map_or(State::Kept, State::Wanted);
                    return reader;
                }
                other => *state = other,
            }
        }
    }

    /// The reader thread is to read, whoever does now; nobody wants to any more.
    pub(super) fn recall(&self) {
        let mut state = lock(&self.state);
        *state = match mem::take(&mut *state) {
            State::Kept | State::Wanted(_) => State::Kept,
            State::Lent(reader) | State::Returned(reader, _) => State::Returned(reader, None),
        };
        drop(state);
        self.returned.notify_one();
    }

    /// Whether the front end has it; if not, it would like to from now on.
    fn want(&self, waker: &Waker) -> bool {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Kept => *state = State::Wanted(waker.clone()),
            State::Returned(_, wanted) => *wanted = Some(waker.clone()),
            State::Wanted(_) | State::Lent(_) => {}
        }
        matches!(*state, State::Lent(_))
    }

    /// The front end has something else to do.
    fn want_no_more(&self) {
        let mut state = lock(&self.state);
        match &mut *state {
            State::Wanted(_) => *state = State::Kept,
            State::Returned(_, wanted) => *wanted = None,
            State::Kept | State::Lent(_) => {}
        }
    }

    /// Reads what is there, in the front end's name. `false`: what is left of it is for a thread that may block.
    fn read_along(&self) -> bool {
        match &mut *lock(&self.state) {
            State::Lent(reader) => reader.read_along(),
            _ => true,
        }
    }
}

/// Waits for input, and for what the peer sends too while the reading end is lent to it. To be dropped when there is no
/// input any more.
pub struct Borrower<'a> {
    shared: &'a Arc<Shared>,
    waker: Waker,
}

impl<'a> Borrower<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, waker: Waker) -> Self {
        Self { shared, waker }
    }

    /// Sleeps until a read of `input` would not block (`true`), or until `sleeper`, whose waker this borrower has, is
    /// woken. What the peer sends meanwhile may be shown.
    ///
    /// # Errors
    /// When poll(2) fails.
    pub fn sleep_until_readable(&self, sleeper: &mut Sleeper, input: BorrowedFd<'_>) -> io::Result<bool> {
        let lending = &self.shared.lending;
        let socket = lending.want(&self.waker).then(|| self.shared.stream.socket());
        let readable = sleeper.sleep_until_readable([Some(input), socket]);
        lending.want_no_more();
        let [input, received] = readable?;
        if received && !lending.read_along() {
            lending.recall();
        }
        Ok(input)
    }

    /// To be called before so many bytes of messages are sent.
    pub fn is_about_to_send(&self, bytes: usize) {
        if bytes > LITTLE_TO_SEND {
            self.shared.lending.recall();
        }
    }
}

impl Drop for Borrower<'_> {
    fn drop(&mut self) {
        self.shared.lending.recall();
    }
}
