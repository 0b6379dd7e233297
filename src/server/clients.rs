//! The clients of the built-in server, and what is done with all of them.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::event::Event;
use crate::event::Origin;
use crate::input::slash::ClientSelector;
use crate::output::Fanout;
use crate::platform::Notifier;
use crate::session::output::lock;
use crate::session::{Budget, Handle, QueueFull, QueuedItem};
use crate::wire::CloseCode;

/// Bytes that may wait for a client before it is too slow.
const CLIENT_BUDGET: usize = 16 * 1024 * 1024;

/// Bytes that may wait for a client before more of what is piped in is sent.
const CLIENT_ROOM: usize = CLIENT_BUDGET / 2;
/// How long a client may take none of them before a note says so.
const NOTICE_AFTER: Duration = Duration::from_secs(2);
/// How much longer, before the client is closed.
const CLOSE_AFTER: Duration = Duration::from_secs(8);

/// How many more clients than are served may be connected, for as long as it takes to tell them.
const TURNED_AWAY: usize = 64;

/// What all clients together may be.
#[derive(Debug, Clone)]
pub struct ClientLimits {
    /// How many are served at once.
    pub clients: usize,
    /// The memory for what they have not finished, or not taken.
    pub budget: Budget,
    /// Where there is to be one client in all: what is notified when it has left.
    pub once: Option<Notifier>,
}

/// The clients that are connected; cheap to clone.
#[derive(Clone)]
pub struct Clients {
    limits: ClientLimits,
    members: Arc<Mutex<Members>>,
    /// The client of the latest note that the others wait for one.
    blamed: Arc<AtomicU64>,
    /// Notified when a client has entered or left, and when no more will enter.
    changed: Arc<Condvar>,
}

#[derive(Default)]
struct Members {
    /// How many have connected and have no session yet.
    arriving: usize,
    open: Vec<Client>,
    /// The Close of each, once the server ends.
    farewell: Option<(CloseCode, String)>,
    /// A client was turned away, and a note has said so.
    has_told: bool,
    /// The first that had a session.
    first: Option<u64>,
    /// What that never took, once it has left.
    dropped_by_first: Option<u64>,
}

/// A client that has a session.
#[derive(Clone)]
pub struct Client {
    /// Its number.
    pub number: u64,
    /// Sends to it.
    pub handle: Handle,
    /// Where it comes from and what it asked for, as `Connected` tells it.
    pub facts: Arc<str>,
}

impl Client {
    /// What says of an event that it is of this client.
    pub fn origin(&self) -> Origin {
        Origin { client: Some(self.number) }
    }

    /// Shows a note about it.
    fn note(&self, note: &str, fanout: &Fanout) {
        fanout.show(self.origin(), &Event::Note(note));
    }

    /// Closes it with 1013: it is too slow, as `note` says.
    fn cut_off(&self, note: &str, fanout: &Fanout) {
        self.handle.cut_off(CloseCode::Again, "too slow");
        self.note(note, fanout);
    }
}

impl Clients {
    /// None yet.
    pub fn new(limits: ClientLimits) -> Self {
        Self { limits, members: Arc::default(), blamed: Arc::default(), changed: Arc::default() }
    }

    /// Queues something for every client that `selector` selects, and waits for none. One that is too slow is closed with
    /// 1013. `false`: no client got it.
    pub fn broadcast(&self, item: &QueuedItem, selector: ClientSelector, fanout: &Fanout) -> bool {
        let mut has_taker = false;
        self.each(selector, |client| {
            if !client.handle.is_open() {
                return;
            }
            let note = match client.handle.enqueue(item.clone(), CLIENT_BUDGET) {
                Ok(()) => {
                    has_taker = true;
                    return;
                }
                Err(QueueFull::Own) => format!("more than {CLIENT_BUDGET} bytes were waiting to be sent"),
                Err(QueueFull::Shared) => {
                    let most = self.limits.budget.limit();
                    format!("more than {most} bytes of all clients were waiting (`--max-buffered`), many of this one")
                }
            };
            client.cut_off(&format!("{note}: closed with 1013"), fanout);
        });
        has_taker
    }

    /// Whether a client has not taken everything that waits to be sent.
    pub fn are_behind(&self) -> bool {
        let mut are_behind = false;
        self.each(ClientSelector::All, |client| are_behind |= client.handle.send_progress().waiting > 0);
        are_behind
    }

    /// Waits until a client is there; `false`: none will come any more.
    pub fn wait_for_one(&self) -> bool {
        let is_empty = |members: &mut Members| {
            !members.open.iter().any(|client| client.handle.is_open()) && members.farewell.is_none()
        };
        let members = self.changed.wait_while(lock(&self.members), is_empty).unwrap_or_else(PoisonError::into_inner);
        members.farewell.is_none()
    }

    /// Waits until every client has taken most of what waits for it; `false`: the server ends. A client that takes nothing
    /// for long is closed with 1013.
    pub fn wait_for_room(&self, fanout: &Fanout) -> bool {
        let room = CLIENT_ROOM.min(self.limits.budget.limit() / 2 / self.count().max(1));
        self.each(ClientSelector::All, |client| {
            if client.handle.wait_for_room(room, NOTICE_AFTER) {
                return;
            }
            if self.blamed.swap(client.number, Ordering::Relaxed) != client.number {
                client.note("takes nothing, and the other clients wait for it", fanout);
            }
            if !client.handle.wait_for_room(room, CLOSE_AFTER) {
                let seconds = (NOTICE_AFTER + CLOSE_AFTER).as_secs();
                client.cut_off(&format!("nothing was taken for {seconds} s: closed with 1013"), fanout);
            }
        });
        lock(&self.members).farewell.is_none()
    }

    /// Does something with every client that `selector` selects.
    pub fn each(&self, selector: ClientSelector, mut action: impl FnMut(&Client)) {
        // A copy: an action may take the sinks, and the thread of a client that enters holds them.
        let open = lock(&self.members).open.clone();
        open.iter().filter(|client| selector.selects(client.number)).for_each(&mut action);
    }

    /// Where there was to be one client in all, once that has left: how many messages were queued for it, and never taken.
    pub fn dropped_by_only(&self) -> Option<u64> {
        self.limits.once.as_ref().and(lock(&self.members).dropped_by_first)
    }

    /// How many have a session.
    pub fn count(&self) -> usize {
        lock(&self.members).open.len()
    }

    /// Whether `selector` selects any client that has a session.
    pub fn has(&self, selector: ClientSelector) -> bool {
        lock(&self.members).open.iter().any(|client| selector.selects(client.number))
    }

    /// Closes every session, those too that are about to open.
    pub fn dismiss(&self, code: CloseCode, reason: &str) {
        lock(&self.members).farewell = Some((code, reason.to_owned()));
        self.changed.notify_all();
        self.each(ClientSelector::All, |client| client.handle.close(Some((code, reason.to_owned()))));
    }

    /// Waits until no client is connected any more, for as long as `limit`.
    pub fn wait_until_gone(&self, limit: Duration) {
        let are_there = |members: &mut Members| members.arriving > 0 || !members.open.is_empty();
        drop(self.changed.wait_timeout_while(lock(&self.members), limit, are_there));
    }

    /// A client has connected.
    pub(super) fn arrive(&self) {
        lock(&self.members).arriving += 1;
    }

    /// A client that had arrived has a session. One too many is closed with 1013; the first time, a note to show says so.
    pub(super) fn enter(&self, client: Client) -> Option<String> {
        let most = self.limits.clients;
        let mut members = lock(&self.members);
        members.arriving -= 1;
        let mut note = None;
        if members.farewell.is_some() {
            client.handle.close(members.farewell.clone());
        } else if self.limits.once.is_some() && members.first.is_some() {
            client.handle.cut_off(CloseCode::Again, "only one client is served");
            let is_first = !mem::replace(&mut members.has_told, true);
            note = is_first.then(|| "one client is served (`--once`): more are closed with 1013".to_owned());
        } else if members.open.iter().filter(|client| client.handle.is_open()).count() >= most {
            client.handle.cut_off(CloseCode::Again, "too many clients");
            let is_first = !mem::replace(&mut members.has_told, true);
            let clients = if most == 1 { "client is" } else { "clients are" };
            note = is_first.then(|| format!("{most} {clients} connected (`--max-clients`): more are closed with 1013"));
        }
        members.first.get_or_insert(client.number);
        members.open.push(client);
        self.changed.notify_all();
        note
    }

    /// Waits until there is a place for another client: one that is served, or one to be turned away.
    pub(super) fn wait_for_place(&self) {
        let most = self.limits.clients.saturating_add(TURNED_AWAY);
        let is_full = |members: &mut Members| members.arriving + members.open.len() >= most;
        drop(self.changed.wait_while(lock(&self.members), is_full));
    }

    /// A client is gone, whether it had entered or not; it never took `dropped` messages.
    pub(super) fn leave(&self, client: u64, dropped: u64) {
        let mut members = lock(&self.members);
        match members.open.iter().position(|other| other.number == client) {
            Some(position) => {
                members.open.remove(position);
                if members.first == Some(client) {
                    members.dropped_by_first = Some(dropped);
                }
            }
            None => members.arriving -= 1,
        }
        self.changed.notify_all();
        if let Some(notifier) = &self.limits.once {
            notifier.notify();
        }
    }
}
