//! The WebSockets that are open, for the prompt.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::link::Link;
use super::observer::{Activity, Observer};
use crate::event::{Direction, FlushError, Origin, Summary};
use crate::input::slash::ClientSelector;
use crate::platform::Notifier;
use crate::session::output::lock;

/// The WebSockets that are open. Clones are the same.
#[derive(Clone)]
pub struct Connections {
    open: Arc<Mutex<Vec<Connection>>>,
    /// Why the output cannot be written, once.
    failure: Arc<Mutex<Option<FlushError>>>,
    /// Wakes the thread that waits for the end.
    notifier: Notifier,
}

/// One of them.
#[derive(Clone)]
pub(super) struct Connection {
    pub number: u64,
    /// Where the client is and what it asked for, as `Connected` tells it.
    pub facts: Arc<str>,
    pub link: Arc<Link>,
    pub observer: Arc<Observer>,
}

impl Connections {
    /// None yet. When the output cannot be written any more, `notifier` is notified.
    pub fn new(notifier: Notifier) -> Self {
        Self { open: Arc::default(), failure: Arc::default(), notifier }
    }

    /// Why the output could not be written, once.
    pub fn take_failure(&self) -> Option<FlushError> {
        lock(&self.failure).take()
    }

    /// The output could not be written.
    pub(super) fn output_failed(&self, failure: FlushError) {
        lock(&self.failure).get_or_insert(failure);
        self.notifier.notify();
    }

    /// One more is open.
    pub(super) fn enter(&self, connection: Connection) {
        lock(&self.open).push(connection);
    }

    /// One is gone.
    pub(super) fn leave(&self, number: u64) {
        lock(&self.open).retain(|connection| connection.number != number);
    }

    /// Those that `selector` selects.
    pub(super) fn selected(&self, selector: ClientSelector) -> Vec<Connection> {
        lock(&self.open).iter().filter(|connection| selector.selects(connection.number)).cloned().collect()
    }
}

impl Connection {
    /// What says of an event that it is of this connection.
    pub(super) fn origin(&self) -> Origin {
        Origin { client: Some(self.number) }
    }

    /// The totals so far.
    pub(super) fn summary(&self) -> Summary {
        self.observer.summary()
    }

    /// The line about it in `/list`.
    pub(super) fn line(&self) -> String {
        let Activity { client, server, open_for, last, ping } = self.observer.activity();
        let last = last.map(|last| format!("last {} ago", time(last)));
        let ping = ping.map(|(direction, since)| {
            let side = if direction == Direction::Sent { "client" } else { "server" };
            format!("a ping of the {side}'s unanswered for {}", time(since))
        });
        let passed = format!("{}, open for {}, > {client} < {server}", self.facts, time(open_for));
        [passed].into_iter().chain(last).chain(ping).chain(self.link.note()).collect::<Vec<_>>().join(", ")
    }
}

/// A time for people: `0.4 s`, `12 s`, `3 min`.
fn time(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
