//! The tap itself: accepts clients, and serves each on a thread of its own.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::connections::Connections;
use super::observer::Decoding;
use super::proxy::Proxy;
use super::redirects::Redirects;
use super::request::RequestKind;
use super::rewrite::Rewriting;
use super::setup::Serving;
use super::upstream::Upstream;
use crate::client::report::Totals;
use crate::client::thread_error;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Origin};
use crate::http::Head;
use crate::http::redact::Secrets;
use crate::net::{Incoming, Listener};
use crate::output::Fanout;
use crate::platform::thread_for_messages;
use crate::session::Budget;
use crate::session::output::lock;

/// How many clients are served at once; others wait until one has left.
const MOST_CLIENTS: usize = 1000;
/// How long nothing is said of further clients that cannot be accepted.
const REPEAT_AFTER: Duration = Duration::from_mins(1);

/// How to relay.
pub struct Options {
    /// Whom requests are passed on to, and how.
    pub serving: Serving,
    /// Whether secrets are shown.
    pub secrets: Secrets,
    /// Where everything is shown.
    pub fanout: Fanout,
    /// The WebSockets that are open.
    pub connections: Connections,
    /// Whether the totals of each WebSocket are shown.
    pub totals: Totals,
    /// The largest message that is decoded, in bytes.
    pub max_message: u64,
    /// The memory for messages that are not whole, of all connections.
    pub budget: Budget,
}

/// Which servers the requests of a connection are for.
#[derive(Clone)]
pub enum Servers {
    /// This one, whatever is asked for.
    One(Arc<Upstream>),
    /// Each names its own: the client takes us for a proxy.
    Named(Arc<Proxy>),
}

/// What serves clients.
pub(super) struct Service {
    pub servers: Servers,
    pub secrets: Secrets,
    pub rewriting: Rewriting,
    pub adds_credentials: bool,
    pub fanout: Fanout,
    pub connections: Connections,
    pub totals: Totals,
    pub decoding: Decoding,
    /// Watched where clients ask one server; those of a proxy ask it whatever they are redirected to.
    pub redirects: Option<Arc<Redirects>>,
    /// How many WebSockets there were.
    numbers: AtomicU64,
    /// It was said what is rewritten.
    has_told: AtomicBool,
    /// How many clients are connected.
    clients: Mutex<usize>,
    /// Signalled when one has left.
    left: Condvar,
}

/// Starts accepting; returns at once.
///
/// # Errors
/// [`Phase::Session`], when the process may have no more threads.
pub fn serve(listener: Listener, options: Options) -> Result<()> {
    let Options { serving, secrets, fanout, connections, totals, max_message, budget } = options;
    let Serving { servers, rewriting, adds_credentials } = serving;
    let redirects = match &servers {
        Servers::One(server) => Some(Arc::new(Redirects::of(server))),
        Servers::Named(_) => None,
    };
    let service = Arc::new(Service {
        servers,
        secrets,
        rewriting,
        adds_credentials,
        fanout,
        connections,
        totals,
        decoding: Decoding { max_message, budget, deflate: None },
        redirects,
        numbers: AtomicU64::new(0),
        has_told: AtomicBool::new(false),
        clients: Mutex::new(0),
        left: Condvar::new(),
    });
    let accept = move || service.accept_all(&listener);
    let started = thread::Builder::new().spawn(accept);
    started.map(drop).map_err(|error| thread_error(Phase::Session, "to accept clients", error))
}

impl Service {
    fn accept_all(self: Arc<Self>, listener: &Listener) {
        let mut told: Option<Instant> = None;
        let mut tell = |event: &Event<'_>| {
            if told.is_none_or(|told| told.elapsed() >= REPEAT_AFTER) {
                self.fanout.show(Origin::default(), event);
                told = Some(Instant::now());
            }
        };
        loop {
            let is_full = |clients: &mut usize| *clients >= MOST_CLIENTS;
            if is_full(&mut lock(&self.clients)) {
                tell(&Event::Warning(&format!("{MOST_CLIENTS} clients are connected: others wait until one has left")));
            }
            let clients = self.left.wait_while(lock(&self.clients), is_full).unwrap_or_else(PoisonError::into_inner);
            drop(clients);
            match listener.accept() {
                Ok(incoming) => self.start(incoming),
                Err(error) => {
                    tell(&Event::Error(&error));
                    // Out of descriptors, most likely: let some clients leave first.
                    thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    /// Serves a client on a thread of its own; one that cannot be had hangs up on it.
    fn start(self: &Arc<Self>, incoming: Incoming) {
        *lock(&self.clients) += 1;
        let service = Arc::clone(self);
        let started = thread_for_messages().spawn(move || {
            if let Err(error) = service.accepted(incoming) {
                service.show_error(&error);
            }
            service.leave();
        });
        if let Err(error) = started {
            self.leave();
            self.show_error(&thread_error(Phase::Session, "for another client", error));
        }
    }

    fn leave(&self) {
        *lock(&self.clients) -= 1;
        self.left.notify_one();
    }

    /// The number of one more WebSocket.
    pub(super) fn number(&self) -> Origin {
        Origin { client: Some(self.numbers.fetch_add(1, Ordering::Relaxed) + 1) }
    }

    /// The head of a request as the server gets it. The first time that it is changed it is said how.
    pub(super) fn rewrite(&self, origin: Origin, head: &Head, kind: RequestKind) -> Vec<u8> {
        let rewritten = self.rewriting.apply(head, kind);
        if !rewritten.changes.is_empty() && !self.has_told.swap(true, Ordering::Relaxed) {
            let note = format!(
                "the server gets {} (`--keep-host`, `--keep-origin` pass them on as they are)",
                rewritten.changes.join(", ")
            );
            self.fanout.show(origin, &Event::Note(&note));
        }
        rewritten.bytes
    }

    fn show_error(&self, error: &Error) {
        self.fanout.show(Origin::default(), &Event::Error(error));
    }
}
