//! The clients of the built-in server, and what is done with all of them.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::event::Event;
use crate::event::Origin;
use crate::output::Fanout;
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
    open: Vec<(u64, Handle)>,
    /// The Close of each, once the server ends.
    farewell: Option<(CloseCode, String)>,
    /// A client was turned away, and a note has said so.
    has_told: bool,
}

impl Clients {
    /// None yet.
    pub fn new(limits: ClientLimits) -> Self {
        Self { limits, members: Arc::default(), blamed: Arc::default(), changed: Arc::default() }
    }

    /// Queues something for every client, and waits for none. One that is too slow is closed with 1013. `false`: no client
    /// got it.
    pub fn broadcast(&self, item: &QueuedItem, fanout: &Fanout) -> bool {
        let mut has_taker = false;
        self.each(|client, handle| {
            if !handle.is_open() {
                return;
            }
            let note = match handle.enqueue(item.clone(), CLIENT_BUDGET) {
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
            cut_off(client, handle, &format!("{note}: closed with 1013"), fanout);
        });
        has_taker
    }

    /// Whether a client has not taken everything that waits to be sent.
    pub fn are_behind(&self) -> bool {
        let mut are_behind = false;
        self.each(|_, handle| are_behind |= handle.send_progress().waiting > 0);
        are_behind
    }

    /// Waits until a client is there; `false`: none will come any more.
    pub fn wait_for_one(&self) -> bool {
        let is_empty = |members: &mut Members| {
            !members.open.iter().any(|(_, handle)| handle.is_open()) && members.farewell.is_none()
        };
        let members = self.changed.wait_while(lock(&self.members), is_empty).unwrap_or_else(PoisonError::into_inner);
        members.farewell.is_none()
    }

    /// Waits until every client has taken most of what waits for it; `false`: the server ends. A client that takes nothing
    /// for long is closed with 1013.
    pub fn wait_for_room(&self, fanout: &Fanout) -> bool {
        let room = CLIENT_ROOM.min(self.limits.budget.limit() / 2 / self.count().max(1));
        self.each(|client, handle| {
            if handle.wait_for_room(room, NOTICE_AFTER) {
                return;
            }
            if self.blamed.swap(client, Ordering::Relaxed) != client {
                let origin = Origin { client: Some(client) };
                fanout.show(origin, &Event::Note("takes nothing, and everybody else waits for it"));
            }
            if !handle.wait_for_room(room, CLOSE_AFTER) {
                let seconds = (NOTICE_AFTER + CLOSE_AFTER).as_secs();
                let note = format!("nothing was taken for {seconds} s: closed with 1013");
                cut_off(client, handle, &note, fanout);
            }
        });
        lock(&self.members).farewell.is_none()
    }

    /// Does something with every client.
    pub fn each(&self, mut action: impl FnMut(u64, &Handle)) {
        // A copy: an action may take the sinks, and the thread of a client that enters holds them.
        let open = lock(&self.members).open.clone();
        for (client, handle) in &open {
            action(*client, handle);
        }
    }

    /// How many have a session.
    pub fn count(&self) -> usize {
        lock(&self.members).open.len()
    }

    /// Closes every session, those too that are about to open.
    pub fn dismiss(&self, code: CloseCode, reason: &str) {
        lock(&self.members).farewell = Some((code, reason.to_owned()));
        self.changed.notify_all();
        self.each(|_, handle| handle.close(Some((code, reason.to_owned()))));
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
    pub(super) fn enter(&self, client: u64, handle: Handle) -> Option<String> {
        let most = self.limits.clients;
        let mut members = lock(&self.members);
        members.arriving -= 1;
        let mut note = None;
        if members.farewell.is_some() {
            handle.close(members.farewell.clone());
        } else if members.open.iter().filter(|(_, handle)| handle.is_open()).count() >= most {
            handle.cut_off(CloseCode::Again, "too many clients");
            let is_first = !mem::replace(&mut members.has_told, true);
            note =
                is_first.then(|| format!("{most} clients are connected (`--max-clients`): more are closed with 1013"));
        }
        members.open.push((client, handle));
        self.changed.notify_all();
        note
    }

    /// Waits until there is a place for another client: one that is served, or one to be turned away.
    pub(super) fn wait_for_place(&self) {
        let most = self.limits.clients.saturating_add(TURNED_AWAY);
        let is_full = |members: &mut Members| members.arriving + members.open.len() >= most;
        drop(self.changed.wait_while(lock(&self.members), is_full));
    }

    /// A client is gone, whether it had entered or not.
    pub(super) fn leave(&self, client: u64) {
        let mut members = lock(&self.members);
        match members.open.iter().position(|(other, _)| *other == client) {
            Some(position) => drop(members.open.remove(position)),
            None => members.arriving -= 1,
        }
        self.changed.notify_all();
    }
}

/// Closes with 1013 what `note` says is too slow.
fn cut_off(client: u64, handle: &Handle, note: &str, fanout: &Fanout) {
    handle.cut_off(CloseCode::Again, "too slow");
    fanout.show(Origin { client: Some(client) }, &Event::Note(note));
}
