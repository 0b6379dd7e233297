//! The session that a front end talks to, while one session follows another. The front end's threads take the session
//! from the slot and ask for another; the main thread, which runs the sessions, puts them in.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::client::open::OpenSession;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Opened, Origin, Summary};
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::interpreter::expectation;
use crate::platform::Notifier;
use crate::session::output::lock;
use crate::session::{Handle, NotSent};
use crate::wire::{CloseCode, Outgoing};

/// The slot. Its one lock is held for moments only, and waited with, on `changed`, while a session opens.
pub struct SessionSlot {
    state: Mutex<State>,
    /// Notified when an attempt to open a session has got further, or has come to an end.
    changed: Condvar,
    /// Notifies the main thread of a request.
    notifier: Notifier,
    losses: Losses,
}

/// What a front end may hope for when its connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Losses {
    /// Nothing follows by itself.
    Final,
    /// Another session may follow (`--reconnect`), and the front end goes on with that.
    Bridged,
}

/// What only the main thread can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Another session, in the place of the one that is open.
    Reconnect,
    /// Another session, since the connection was lost.
    Resume,
}

#[derive(Default)]
struct State {
    /// The session that takes what is sent.
    open: Option<OpenSession>,
    /// The session that is open, or was open before: what it received can still be expected.
    latest: Option<Handle>,
    /// The session that was last open to what is typed: what is known of it can still be shown.
    shown: Option<Arc<Opened>>,
    /// The totals of the session that ended last.
    totals: Option<Summary>,
    opening: Opening,
    request: Option<Request>,
    /// How many requests for another session have been answered.
    answered: u64,
    /// The last answer.
    answer: Answer,
    /// A thread of the front end waits for an answer.
    is_awaited: bool,
    /// The front end has left.
    has_left: bool,
}

/// What has come of a request.
#[derive(Default)]
enum Answer {
    /// Another session is open.
    Session,
    /// None is, and the front end need not say why.
    #[default]
    NoSession,
    /// None is, and the front end is to say why.
    Failed(Error),
}

/// How far a session is that is opening.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Opening {
    /// None is.
    #[default]
    No,
    /// It starts: what is typed now waits for it.
    Starts,
    /// It is there, and sends what goes before anything that is typed.
    SendsFirst,
}

/// The main thread's side.
impl SessionSlot {
    /// An empty slot. `notifier` notifies the main thread.
    pub fn new(notifier: Notifier, losses: Losses) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), notifier, losses }
    }

    /// A session is about to open.
    pub fn opening(&self) {
        lock(&self.state).opening = Opening::Starts;
    }

    /// There is a session; what is typed does not go there yet.
    pub fn started(&self, handle: Handle) {
        let mut state = lock(&self.state);
        state.latest = Some(handle);
        state.opening = Opening::SendsFirst;
        self.changed.notify_all();
    }

    /// The session is open to what is typed, unless it is over already.
    pub fn opened(&self, session: OpenSession) {
        let mut state = lock(&self.state);
        state.shown = Some(Arc::clone(&session.opened));
        if !session.handle.is_over() {
            state.open = Some(session);
            self.grant(&mut state);
        }
    }

    /// The session that was open, or about to be, is over with these totals, and takes nothing any more.
    pub fn ended(&self, totals: Summary) {
        let mut state = lock(&self.state);
        state.open = None;
        state.totals = Some(totals);
        if state.opening != Opening::No {
            self.grant(&mut state);
        }
    }

    /// A request that came before the session opened has had its session.
    fn grant(&self, state: &mut State) {
        state.request = None;
        state.opening = Opening::No;
        state.answered += 1;
        state.answer = Answer::Session;
        self.changed.notify_all();
    }

    /// An attempt has failed; the front end is told of `failure`, if it is not told of it otherwise. A request that is not
    /// taken yet is for another attempt.
    pub fn failed(&self, failure: Option<Error>) {
        let mut state = lock(&self.state);
        state.opening = Opening::No;
        if state.request.is_none() {
            state.answered += 1;
            state.answer = failure.map_or(Answer::NoSession, Answer::Failed);
        }
        self.changed.notify_all();
    }

    /// The request that waits; it is taken when this is called.
    pub fn take_request(&self) -> Option<Request> {
        lock(&self.state).request.take()
    }

    /// Whether the front end has left.
    pub fn has_left(&self) -> bool {
        lock(&self.state).has_left
    }
}

/// The front end's side.
impl SessionSlot {
    /// The session from which something can be expected; one that has ended, where no other has followed.
    ///
    /// # Errors
    /// When there is none.
    pub fn session(&self) -> Result<Handle> {
        self.state_after(|opening| opening != Opening::Starts).latest.clone().ok_or_else(not_open)
    }

    /// What is known of the opening of the session that is open, or was open last.
    ///
    /// # Errors
    /// When there is none.
    pub fn opening_facts(&self) -> Result<Arc<Opened>> {
        let state = self.state_after(|opening| opening == Opening::No);
        state.shown.clone().ok_or_else(not_open)
    }

    /// The totals of the session that is open, or of the one that ended last.
    fn totals(&self) -> Result<Summary> {
        let state = self.state_after(|opening| opening == Opening::No);
        let open = state.open.as_ref().map(|session| session.handle.clone());
        let ended = state.totals.clone();
        drop(state);
        open.map(|handle| handle.summary()).or(ended).ok_or_else(not_open)
    }

    /// Closes, if need be, and connects again; waits until the session is open, or could not be had: what is typed behind
    /// it is meant for that session.
    ///
    /// # Errors
    /// Why it could not be had, where that is not told otherwise.
    pub fn reconnect(&self) -> Result<()> {
        match self.request(Request::Reconnect) {
            Answer::Session | Answer::NoSession => Ok(()),
            Answer::Failed(error) => Err(error),
        }
    }

    /// Waits for the session that follows a lost connection; `false` when none does by itself.
    ///
    /// # Errors
    /// Why the last attempt failed.
    pub fn resume(&self) -> Result<bool> {
        match self.losses {
            Losses::Final => Ok(false),
            Losses::Bridged => match self.request(Request::Resume) {
                Answer::Session => Ok(true),
                Answer::NoSession => Ok(false),
                Answer::Failed(error) => Err(error),
            },
        }
    }

    fn request(&self, request: Request) -> Answer {
        let mut state = lock(&self.state);
        let before = state.answered;
        state.request = Some(request);
        self.notifier.notify();
        if request == Request::Reconnect {
            state.latest = None;
            if let Some(session) = &state.open {
                session.handle.leave();
            }
        }
        state.is_awaited = true;
        while state.answered == before {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_awaited = false;
        mem::take(&mut state.answer)
    }

    /// Whether a thread waits for another session.
    pub fn is_reconnecting(&self) -> bool {
        lock(&self.state).is_awaited
    }

    /// The session that takes what is sent.
    fn open(&self) -> Result<OpenSession> {
        self.state_after(|opening| opening == Opening::No).open.clone().ok_or_else(not_open)
    }

    /// The state, once the session that is opening is so far.
    fn state_after(&self, is_so_far: fn(Opening) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(lock(&self.state), |state| !is_so_far(state.opening));
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Endpoint for Arc<SessionSlot> {
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        let session = self.open()?;
        // A frame that is told exactly may be meant to break the rules.
        if !matches!(outgoing, Outgoing::Frame(..)) {
            check_that_the_peer_listens(&session.handle)?;
        }
        session.handle.send(outgoing).map_err(|error| unsendable(&error))
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        let session = self.open()?;
        check_that_the_peer_listens(&session.handle)?;
        session.handle.ping(payload).map(Some).map_err(|error| unsendable(&error))
    }

    /// Sends Close behind everything that was sent before. Where the session is closing already this changes nothing.
    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        match self.open()?.handle.send(Outgoing::Close(Some((code, reason)))) {
            Ok(()) | Err(NotSent::Closed) => Ok(()),
            Err(error) => Err(unsendable(&error)),
        }
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        show(Origin::default(), &Event::Summary(&self.totals()?));
        Ok(())
    }

    fn leave(&self) {
        lock(&self.state).has_left = true;
        self.notifier.notify();
        if let Ok(session) = self.session() {
            session.leave();
        }
    }

    fn client(&self) -> Option<&SessionSlot> {
        Some(self)
    }
}

/// The peer takes nothing that is sent after its Close, even while it could still be sent.
fn check_that_the_peer_listens(handle: &Handle) -> Result<()> {
    let disconnect = handle.expecting().and_then(|expecting| expecting.disconnected());
    disconnect.map_or(Ok(()), |disconnect| Err(not_sent(&expectation::words(&disconnect))))
}

fn not_sent(why: &str) -> Error {
    Error::new(Phase::Session, format!("not sent: {why}"))
}

fn unsendable(error: &NotSent) -> Error {
    match error {
        NotSent::Closed => not_sent("the session is closing"),
        NotSent::Refused(error) => Error::new(Phase::Input, format!("not sent: {error}")),
    }
}

fn not_open() -> Error {
    Error::new(Phase::Session, "no session is open").hint("`/reconnect` opens one, `/quit` leaves")
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::platform::Poller;

    /// Asks with `ask` on a thread, and answers with `answer` as soon as that is asked for.
    fn asked<T: Send>(losses: Losses, ask: fn(&SessionSlot) -> T, answer: impl FnOnce(&SessionSlot, Request)) -> T {
        let mut poller = Poller::new().unwrap();
        let slot = SessionSlot::new(poller.notifier(), losses);
        thread::scope(|scope| {
            let asking = scope.spawn(|| ask(&slot));
            let request = poller.wait_for(None, None, |_| slot.take_request()).unwrap();
            assert!(slot.is_reconnecting());
            answer(&slot, request);
            asking.join().unwrap()
        })
    }

    #[test]
    fn a_front_end_that_is_told_otherwise_hears_nothing_of_a_failure() {
        let reconnected = asked(Losses::Final, SessionSlot::reconnect, |slot, request| {
            assert_eq!(request, Request::Reconnect);
            slot.failed(None);
        });
        reconnected.unwrap();
    }

    #[test]
    fn a_front_end_that_is_to_say_it_gets_the_failure() {
        let failure = || Error::new(Phase::Connect, "cannot connect");
        let reconnected = asked(Losses::Bridged, SessionSlot::reconnect, |slot, _| slot.failed(Some(failure())));
        assert_eq!(reconnected.unwrap_err().to_string(), "cannot connect");
    }

    #[test]
    fn a_loss_that_nothing_follows_is_final() {
        let resumed = asked(Losses::Bridged, SessionSlot::resume, |slot, request| {
            assert_eq!(request, Request::Resume);
            slot.failed(None);
        });
        assert!(!resumed.unwrap());
        let slot = SessionSlot::new(Poller::new().unwrap().notifier(), Losses::Final);
        assert!(!slot.resume().unwrap());
    }

    #[test]
    fn with_no_session_nothing_is_sent() {
        let slot = Arc::new(SessionSlot::new(Poller::new().unwrap().notifier(), Losses::Final));
        assert_eq!(slot.send(Outgoing::Text("x")).unwrap_err().to_string(), "no session is open");
        assert!(slot.session().is_err() && slot.opening_facts().is_err());
        slot.leave();
        assert!(slot.has_left());
    }
}
