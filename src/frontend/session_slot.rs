//! What passes between whoever types at a terminal and the thread that keeps the session.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Phase, Result};
use crate::event::Event;
use crate::frontend::interpreter::endpoint::{Peer, Server};
use crate::output::Origin;
use crate::session::view::lock;
use crate::session::{Handle, Waker};
use crate::wire::{CloseCode, Outgoing};

/// What the thread of whoever types and the one that keeps the session share.
pub struct Desk {
    sessions: Mutex<Sessions>,
    /// Notified when an attempt to open another session has got further, or has come to an end.
    attempted: Condvar,
    /// The session that is open, or the one that was open before: what it received can still be expected.
    latest: Mutex<Option<Handle>>,
    wishes: Mutex<Vec<Wish>>,
    waker: Waker,
}

/// What came of connecting so far.
#[derive(Default)]
struct Sessions {
    /// The session that is open.
    open: Option<Server>,
    /// How far one is that is opening: whoever sees that it is open may type at once, and waits.
    opening: Opening,
    /// Wishes for another session that have been granted, or have failed.
    answered: u64,
    /// Somebody waits for one.
    is_awaited: bool,
}

/// How far a session is that is opening.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Opening {
    /// None is.
    #[default]
    No,
    /// It starts.
    Starts,
    /// It is there, and sends what goes before anything that is typed.
    SendsFirst,
}

/// What only the thread that keeps the session can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Connect again.
    Reconnect,
    /// Leave the program.
    Leave,
}

impl Desk {
    /// With no session yet. `waker` wakes whoever looks for wishes.
    pub fn new(waker: Waker) -> Self {
        Self {
            sessions: Mutex::default(),
            attempted: Condvar::new(),
            latest: Mutex::default(),
            wishes: Mutex::default(),
            waker,
        }
    }

    /// A session is about to open.
    pub fn opening(&self) {
        lock(&self.sessions).opening = Opening::Starts;
    }

    /// There is a session, but nothing that is typed goes there yet.
    pub fn started(&self, handle: Handle) {
        *lock(&self.latest) = Some(handle);
        lock(&self.sessions).opening = Opening::SendsFirst;
        self.attempted.notify_all();
    }

    /// The session is open to what is typed, unless it is over already.
    pub fn opened(&self, server: Server) {
        let mut sessions = lock(&self.sessions);
        if !server.handle.is_over() {
            sessions.open = Some(server);
            self.grant(sessions);
        }
    }

    /// The session that was open, or about to be, is over.
    pub fn ended(&self) {
        let mut sessions = lock(&self.sessions);
        sessions.open = None;
        if sessions.opening != Opening::No {
            self.grant(sessions);
        }
    }

    /// Whoever wished for a session has had it.
    fn grant(&self, mut sessions: MutexGuard<'_, Sessions>) {
        self.take(Wish::Reconnect);
        sessions.opening = Opening::No;
        sessions.answered += 1;
        self.attempted.notify_all();
    }

    fn open(&self) -> Result<Server> {
        self.sessions_after(|opening| opening == Opening::No).open.clone().ok_or_else(not_open)
    }

    /// The sessions, once the one that is opening is so far.
    fn sessions_after(&self, is_so_far: fn(Opening) -> bool) -> MutexGuard<'_, Sessions> {
        let waited = self.attempted.wait_while(lock(&self.sessions), |sessions| !is_so_far(sessions.opening));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    /// An attempt has failed. One that began before a wish is not what was wished for.
    pub fn failed(&self) {
        let mut sessions = lock(&self.sessions);
        sessions.opening = Opening::No;
        if !self.wished(Wish::Reconnect) {
            sessions.answered += 1;
        }
        self.attempted.notify_all();
    }

    fn wish(&self, wish: Wish) {
        lock(&self.wishes).push(wish);
        self.waker.wake();
    }

    /// Whether this is wished for.
    pub fn wished(&self, wish: Wish) -> bool {
        lock(&self.wishes).contains(&wish)
    }

    /// The same, and from now on it is not.
    pub fn take(&self, wish: Wish) -> bool {
        let mut wishes = lock(&self.wishes);
        let before = wishes.len();
        wishes.retain(|other| *other != wish);
        wishes.len() < before
    }
}

impl Peer for Arc<Desk> {
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        self.open()?.send(outgoing)
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.open()?.ping(payload)
    }

    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        self.open()?.close(code, reason)
    }

    fn heads(&self) -> Result<Arc<(Vec<u8>, Vec<u8>)>> {
        Ok(self.open()?.heads)
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        self.open()?.stats(show);
        Ok(())
    }

    fn session(&self) -> Result<Handle> {
        drop(self.sessions_after(|opening| opening != Opening::Starts));
        lock(&self.latest).clone().ok_or_else(not_open)
    }

    /// Waits until the session is there, or could not be had: what is typed behind it is meant for that session.
    fn reconnect(&self) -> Result<()> {
        let mut sessions = lock(&self.sessions);
        let before = sessions.answered;
        self.wish(Wish::Reconnect);
        *lock(&self.latest) = None;
        if let Some(server) = &sessions.open {
            server.handle.leave();
        }
        sessions.is_awaited = true;
        while sessions.answered == before {
            sessions = self.attempted.wait(sessions).unwrap_or_else(PoisonError::into_inner);
        }
        sessions.is_awaited = false;
        Ok(())
    }

    fn is_reconnecting(&self) -> bool {
        lock(&self.sessions).is_awaited
    }

    fn leave(&self) {
        self.wish(Wish::Leave);
        if let Ok(session) = self.session() {
            session.leave();
        }
    }
}

fn not_open() -> Error {
    Error::new(Phase::Session, "no session is open").hint("`/reconnect` opens one, `/quit` leaves")
}
