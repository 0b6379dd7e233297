//! The built-in server: accepts clients, each with a session of its own, and sends to all of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::connect_error::{accept_error, upgrade_error};
use crate::client::open::{ends, show};
use crate::client::plan::ProtocolOptions;
use crate::client::report::Totals;
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Opened, Timestamp};
use crate::http::{Head, StartLine};
use crate::net::{ConnectRecord, Connected, Incoming, Listener, StreamReader, TimeLimit};
use crate::output::{Origin, Printer};
use crate::platform::Poller;
use crate::session::output::{FollowSent, SessionOutput, lock};
use crate::session::upgrade::{self, Upgraded};
use crate::session::{self, Handle, QueuedItem, Settings};
use crate::wire::handshake::ServerOptions;
use crate::wire::{CloseCode, Outgoing};

/// How long a client may take for TLS and the upgrade.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Bytes that may wait for a client before it is too slow.
const CLIENT_BUDGET: usize = 16 * 1024 * 1024;

/// Bytes that may wait for a client before more of what is piped in is sent.
const CLIENT_ROOM: usize = CLIENT_BUDGET / 2;
/// How long a client may take none of them before that is said.
const CLIENT_NOTICE: Duration = Duration::from_secs(2);
/// And how much longer, before it is closed.
const CLIENT_PATIENCE: Duration = Duration::from_secs(8);

/// How to serve.
pub struct Service {
    /// How frames are made and judged.
    pub protocol: ProtocolOptions,
    /// How each session behaves.
    pub settings: Settings,
    /// Where everything is shown.
    pub printer: Arc<Mutex<Printer>>,
    /// Whether our own output is read back.
    pub follow: FollowSent,
    /// Whether the totals of each session are shown.
    pub totals: Totals,
}

/// Everybody who is connected.
#[derive(Clone, Default)]
pub struct Clients {
    members: Arc<Mutex<Members>>,
    /// Whom the others were said to wait for last.
    blamed: Arc<AtomicU64>,
    /// Notified when somebody has entered, and when nobody will any more.
    entered: Arc<Condvar>,
}

#[derive(Default)]
struct Members {
    /// How many have connected and have no session yet.
    arriving: usize,
    open: Vec<(u64, Handle)>,
    /// What each is told, once the server ends.
    farewell: Option<(CloseCode, String)>,
}

impl Clients {
    /// Queues something for every client; none of them is waited for. One that is too slow is closed with 1013. `false`:
    /// nobody got it.
    pub fn broadcast(&self, waiting: &QueuedItem, printer: &Arc<Mutex<Printer>>) -> bool {
        let mut has_taker = false;
        self.each(|client, handle| {
            if !handle.is_open() {
                return;
            }
            if handle.enqueue(waiting.clone(), CLIENT_BUDGET) {
                has_taker = true;
            } else {
                let note = format!("more than {CLIENT_BUDGET} bytes were waiting to be sent: closed with 1013");
                cut_off(client, handle, &note, printer);
            }
        });
        has_taker
    }

    /// Whether somebody has not taken everything that is waiting to be sent.
    pub fn are_behind(&self) -> bool {
        let mut are_behind = false;
        self.each(|_, handle| are_behind |= handle.send_progress().waiting > 0);
        are_behind
    }

    /// Waits until somebody is there; `false`: nobody will be any more.
    pub fn wait_for_somebody(&self) -> bool {
        let is_anybody = |members: &Members| members.open.iter().any(|(_, handle)| handle.is_open());
        let nobody = |members: &mut Members| !is_anybody(members) && members.farewell.is_none();
        let members = self.entered.wait_while(lock(&self.members), nobody).unwrap_or_else(PoisonError::into_inner);
        members.farewell.is_none()
    }

    /// Waits until every client has taken most of what waits for it; `false`: they take nothing any more. One that takes
    /// nothing for long is closed with 1013.
    pub fn wait_for_room(&self, printer: &Arc<Mutex<Printer>>) -> bool {
        self.each(|client, handle| {
            if handle.wait_for_room(CLIENT_ROOM, CLIENT_NOTICE) {
                return;
            }
            if self.blamed.swap(client, Ordering::Relaxed) != client {
                let origin = Origin { client: Some(client) };
                show(printer, origin, &Event::Note("takes nothing, and everybody else waits for it"));
            }
            if !handle.wait_for_room(CLIENT_ROOM, CLIENT_PATIENCE) {
                let seconds = (CLIENT_NOTICE + CLIENT_PATIENCE).as_secs();
                let note = format!("nothing was taken for {seconds} s: closed with 1013");
                cut_off(client, handle, &note, printer);
            }
        });
        lock(&self.members).farewell.is_none()
    }

    /// Does something with every client.
    pub fn each(&self, mut action: impl FnMut(u64, &Handle)) {
        // An action may take the printer, which whoever enters has.
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
        self.entered.notify_all();
        self.each(|_, handle| handle.close(Some((code, reason.to_owned()))));
    }

    /// Whether nobody is connected any more.
    pub fn are_gone(&self) -> bool {
        let members = lock(&self.members);
        members.arriving == 0 && members.open.is_empty()
    }

    fn arrive(&self) {
        lock(&self.members).arriving += 1;
    }

    fn enter(&self, client: u64, handle: Handle) {
        let mut members = lock(&self.members);
        members.arriving -= 1;
        if members.farewell.is_some() {
            handle.close(members.farewell.clone());
        }
        members.open.push((client, handle));
        self.entered.notify_all();
    }

    /// Whether it has entered or not.
    fn leave(&self, client: u64) {
        let mut members = lock(&self.members);
        match members.open.iter().position(|(other, _)| *other == client) {
            Some(position) => drop(members.open.remove(position)),
            None => members.arriving -= 1,
        }
    }
}

/// Closes with 1013 what `note` says is too slow.
fn cut_off(client: u64, handle: &Handle, note: &str, printer: &Arc<Mutex<Printer>>) {
    handle.cut_off(CloseCode::Again, "too slow");
    show(printer, Origin { client: Some(client) }, &Event::Note(note));
}

/// Starts accepting; returns at once.
pub fn serve(listener: Listener, service: Service, clients: Clients) {
    let service = Arc::new(service);
    thread::spawn(move || {
        for client in 1.. {
            match listener.accept() {
                Ok(incoming) => start(&service, client, incoming, &clients),
                Err(error) => {
                    show(&service.printer, Origin::default(), &Event::Error(&error));
                    // Out of descriptors, most likely: let some clients leave first.
                    thread::sleep(Duration::from_millis(100));
                }
            }
        }
    });
}

/// Serves a client on a thread of its own; one that cannot be had hangs up on it.
fn start(service: &Arc<Service>, client: u64, incoming: Incoming, clients: &Clients) {
    clients.arrive();
    let (serving, entering) = (Arc::clone(service), clients.clone());
    let served = thread::Builder::new().spawn(move || serving.client(client, incoming, &entering));
    if let Err(error) = served {
        clients.leave(client);
        let error = Error::new(Phase::Session, "no thread for another client").caused_by(error);
        show(&service.printer, Origin { client: Some(client) }, &Event::Error(&error));
    }
}

/// Pushes what `text` says, every `interval`.
pub fn push(
    interval: Duration,
    mut text: impl FnMut(u64) -> String + Send + 'static,
    clients: Clients,
    printer: Arc<Mutex<Printer>>,
) {
    thread::spawn(move || {
        let started = Instant::now();
        for tick in 1_u32.. {
            thread::sleep((started + interval * tick).saturating_duration_since(Instant::now()));
            clients.broadcast(&Outgoing::Text(&text(tick.into())).into(), &printer);
        }
    });
}

impl Service {
    /// Serves one client from its first byte to its last.
    fn client(&self, client: u64, incoming: Incoming, clients: &Clients) {
        let origin = Origin { client: Some(client) };
        let served = self.session(origin, incoming, |handle| clients.enter(client, handle));
        clients.leave(client);
        if let Err(error) = served {
            show(&self.printer, origin, &Event::Error(&error));
        }
    }

    fn session(&self, origin: Origin, incoming: Incoming, enter: impl FnOnce(Handle)) -> Result<()> {
        let limit = TimeLimit::starting_now(HANDSHAKE_LIMIT);
        let peer = incoming.address().to_string();
        let mut observe = |event: Event<'_>| show(&self.printer, origin, &event);
        let Connected { stream, address, record } =
            incoming.handshake(limit).map_err(|failure| accept_error(failure, &peer, limit))?;
        let ConnectRecord { mut steps, tls } = record;
        let stream = Arc::new(stream);
        let mut reader = StreamReader::new(Arc::clone(&stream));
        let options = ServerOptions { deflate: self.protocol.deflate.clone(), strictness: self.protocol.strictness };
        let Upgraded { agreed, head, verified, leftover, step } =
            upgrade::accept(&stream, &mut reader, &options, &peer, limit, &mut observe)
                .map_err(|error| upgrade_error(error, &peer, limit))?;
        steps.push(step);
        let opened = Opened {
            url: url(&head, tls.is_some()),
            address,
            status: 101,
            headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            subprotocol: agreed.subprotocol,
            extensions: agreed.extensions,
            tls,
            steps,
            verified,
        };
        let (receiver, sender, sent_decoder) =
            ends(&self.protocol, &self.settings, agreed.deflate, &self.printer, &leftover);
        let view = SessionOutput::new(Arc::clone(&self.printer), origin, sent_decoder, self.follow);
        let no_session =
            |error| Error::new(Phase::Session, format!("cannot set up a session with `{peer}`")).caused_by(error);
        let mut poller = Poller::new().map_err(no_session)?;
        let settings = self.settings.clone();
        // Shown before anything that is received, and not before the client gets what goes to all.
        let mut shown = view.printer();
        shown.event(Timestamp::now(), &Event::Open(&opened));
        let (handle, supervisor) =
            session::start(stream, reader, receiver, sender, Arc::clone(&view), settings, poller.notifier())
                .map_err(no_session)?;
        enter(handle);
        // Whoever reads our output went away: the server itself ends for it, not one session.
        let _ = shown.flush();
        drop(shown);
        let outcome = supervisor.run(&mut poller, None, None);
        let mut shown = view.printer();
        let now = Timestamp::now();
        shown.event(now, &Event::Ended(&outcome.ended));
        if self.totals == Totals::Shown {
            shown.event(now, &Event::Summary(&outcome.summary));
        }
        for error in outcome.errors.iter().filter(|error| error.exit_status() != ExitStatus::Success) {
            shown.event(now, &Event::Error(error));
        }
        let _ = shown.flush();
        Ok(())
    }
}

/// The URL that a client asked for, in full form.
fn url(request: &Head, is_secure: bool) -> String {
    let scheme = if is_secure { "wss" } else { "ws" };
    let target = match request.start_line() {
        StartLine::Request { target, .. } => target.as_str(),
        StartLine::Status { .. } => "",
    };
    if target.starts_with('/') {
        format!("{scheme}://{}{target}", request.text("host").unwrap_or_default())
    } else {
        target.to_owned()
    }
}
