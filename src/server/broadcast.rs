//! Sends to every client: what the prompt says, and what is piped in.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::clients::Clients;
use crate::client::report::Unsent;
use crate::client::thread_error;
use crate::error::{Error, Phase, Result};
use crate::event::Event;
use crate::event::Origin;
use crate::frontend::interpreter::endpoint::Endpoint;
use crate::frontend::pipe::stdin;
use crate::frontend::session_slot::SessionSlot;
use crate::input::Source;
use crate::input::slash::ClientSelector;
use crate::output::Fanout;
use crate::platform::Notifier;
use crate::session::{MessageBatch, QueuedItem};
use crate::wire::{CloseCode, Kind, Outgoing};

/// How long to wait for the count of what was not sent.
const COUNT_LIMIT: Duration = Duration::from_millis(250);

/// What is piped into the server, and what becomes of it.
pub(super) struct StdinFeed {
    unsent: Receiver<Unsent>,
    /// All that was read is sent, and the thread waits for more.
    is_idle: Arc<AtomicBool>,
}

impl StdinFeed {
    /// Sends it to every client, on a thread of its own.
    ///
    /// # Errors
    /// [`Phase::Session`], when the process may have no more threads.
    pub(super) fn start(source: Source, broadcast: Broadcast) -> Result<Self> {
        let is_idle = Arc::<AtomicBool>::default();
        let idle = Arc::clone(&is_idle);
        let (sender, unsent) = mpsc::channel();
        thread::Builder::new()
            .spawn(move || sender.send(broadcast.send_all(source, &idle)))
            .map_err(|error| thread_error(Phase::Session, "to read stdin", error))?;
        Ok(Self { unsent, is_idle })
    }

    /// Once no client takes anything any more: what was not sent.
    pub(super) fn left_over(&self) -> Unsent {
        if self.is_idle.load(Ordering::Acquire) && !stdin::is_ready() {
            return Unsent::default();
        }
        self.unsent.recv_timeout(COUNT_LIMIT).unwrap_or_default()
    }
}

/// All clients, or those that are spoken to, as one endpoint.
#[derive(Clone)]
pub(super) struct Broadcast {
    clients: Clients,
    selector: ClientSelector,
    fanout: Fanout,
    /// Set when the user has left.
    has_left: Arc<AtomicBool>,
    notifier: Notifier,
}

impl Broadcast {
    /// What leaves sets `has_left`, and notifies the main thread.
    pub(super) fn new(clients: Clients, fanout: Fanout, has_left: Arc<AtomicBool>, notifier: Notifier) -> Self {
        Self { clients, selector: ClientSelector::All, fanout, has_left, notifier }
    }

    /// Sends every message of the input, as fast as the clients take it, from the first client on; its end ends nothing.
    /// What is left when the server ends is counted.
    fn send_all(&self, mut source: Source, is_idle: &AtomicBool) -> Unsent {
        loop {
            is_idle.store(true, Ordering::Release);
            let filled = source.fill();
            is_idle.store(false, Ordering::Release);
            match filled {
                Ok(true) => {}
                Ok(false) => return Unsent::default(),
                Err(error) => {
                    self.show_error(&Error::new(Phase::Session, "cannot read stdin").caused_by(error));
                    return Unsent::default();
                }
            }
            let mut messages = MessageBatch::default();
            while let Some(message) = source.next() {
                match message {
                    Ok(Outgoing::Text(text)) => messages.push(Kind::Text, text.as_bytes()),
                    Ok(Outgoing::Binary(payload)) => messages.push(Kind::Binary, payload),
                    Ok(other) => {
                        let item = other.into();
                        let sent = self.broadcast(mem::take(&mut messages));
                        if let Err(unsent) = sent.and_then(|()| self.deliver(&item).ok_or(0)) {
                            return stdin::count(&mut source, unsent, COUNT_LIMIT / 2);
                        }
                    }
                    Err(error) => self.show_error(&error),
                }
            }
            if let Err(unsent) = self.broadcast(messages) {
                return stdin::count(&mut source, unsent, COUNT_LIMIT / 2);
            }
        }
    }

    /// `Err`: the server ends, and so many were not sent.
    fn broadcast(&self, messages: MessageBatch) -> Result<(), u64> {
        let count = messages.messages().count() as u64;
        if count == 0 { Ok(()) } else { self.deliver(&QueuedItem::Data(messages)).ok_or(count) }
    }

    /// Sends it to every client, once there is one and all have room for it; `None`: the server ends first.
    fn deliver(&self, item: &QueuedItem) -> Option<()> {
        loop {
            if !self.clients.wait_for_one() || !self.clients.wait_for_room(&self.fanout) {
                return None;
            }
            if self.clients.broadcast(item, self.selector, &self.fanout) {
                return Some(());
            }
        }
    }

    fn check_that_one_is_there(&self) -> Result<()> {
        match self.selector {
            selector if self.clients.has(selector) => Ok(()),
            ClientSelector::All => Err(Error::new(Phase::Session, "no client is connected")),
            ClientSelector::Client(number) => {
                let error = Error::new(Phase::Session, format!("client {number} is not connected"));
                Err(error.hint("`/list` shows the clients; after `/to all`, lines go to all of them"))
            }
        }
    }

    fn show_error(&self, error: &Error) {
        self.fanout.show(Origin::default(), &Event::Error(error));
    }
}

impl Endpoint for Broadcast {
    fn send(&self, outgoing: Outgoing<'_>) -> Result<()> {
        self.check_that_one_is_there()?;
        // A client that is too slow for it is closed, and a note says so.
        let is_taken = self.clients.broadcast(&outgoing.into(), self.selector, &self.fanout);
        match self.selector {
            ClientSelector::Client(number) if !is_taken => {
                Err(Error::new(Phase::Session, format!("not sent: the session with client {number} is closing")))
            }
            _ => Ok(()),
        }
    }

    fn ping(&self, payload: &[u8]) -> Result<Option<u64>> {
        self.send(Outgoing::Ping(payload)).map(|()| None)
    }

    fn close(&self, code: CloseCode, reason: &str) -> Result<()> {
        self.check_that_one_is_there()?;
        self.clients.each(self.selector, |client| client.handle.close(Some((code, reason.to_owned()))));
        Ok(())
    }

    fn stats(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        self.check_that_one_is_there()?;
        self.clients.each(self.selector, |client| {
            show(client.origin(), &Event::Summary(&client.handle.summary()));
        });
        Ok(())
    }

    fn to(&self, selector: ClientSelector) -> Result<Arc<dyn Endpoint>> {
        let endpoint = Self { selector, ..self.clone() };
        if selector != ClientSelector::All {
            endpoint.check_that_one_is_there()?;
        }
        Ok(Arc::new(endpoint))
    }

    fn list(&self, show: &mut dyn FnMut(Origin, &Event<'_>)) -> Result<()> {
        if self.clients.count() == 0 {
            show(Origin::default(), &Event::Note("no client is connected"));
        }
        self.clients.each(ClientSelector::All, |client| show(client.origin(), &Event::Note(&client.facts)));
        Ok(())
    }

    fn leave(&self) {
        self.has_left.store(true, Ordering::Release);
        self.notifier.notify();
    }

    fn client(&self) -> Option<&SessionSlot> {
        None
    }
}
