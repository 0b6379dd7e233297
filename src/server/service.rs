//! The built-in server: accepts clients, each with a session of its own, and pushes to all of them.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::clients::{Client, Clients};
use super::replay::ReplayedServer;
use crate::client::open::ends;
use crate::client::plan::ProtocolOptions;
use crate::client::report::Totals;
use crate::client::{accept_error, advice, thread_error, upgrade_error};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Opened, Origin};
use crate::http::Head;
use crate::http::redact::Secrets;
use crate::input::slash::ClientSelector;
use crate::net::{ConnectRecord, Connected, Incoming, Listener, StreamReader, TimeLimit};
use crate::output::{Fanout, client_facts};
use crate::platform::Poller;
use crate::session::output::SessionOutput;
use crate::session::upgrade::{self, Upgraded};
use crate::session::{self, Handle, Outcome, Settings};
use crate::wire::handshake::{AllowedOrigin, ServerOptions};
use crate::wire::{Outgoing, Role};

/// How long a client may take for TLS and the upgrade.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long nothing is said of further clients that cannot be accepted.
const REPEAT_AFTER: Duration = Duration::from_mins(1);

/// How to serve.
pub struct Service {
    /// How frames are made and judged.
    pub protocol: ProtocolOptions,
    /// How each session behaves.
    pub settings: Settings,
    /// Where everything is shown.
    pub fanout: Fanout,
    /// Whether secrets of the requests are shown in the texts about them.
    pub secrets: Secrets,
    /// Whether the totals of each session are shown.
    pub totals: Totals,
    /// What is played to each client.
    pub replay: Option<ReplayedServer>,
    /// The origins of web pages that are let in, besides those of this machine.
    pub allowed_origins: Vec<AllowedOrigin>,
}

/// Starts accepting; returns at once.
///
/// # Errors
/// [`Phase::Session`], when the process may have no more threads.
pub fn serve(listener: Listener, service: Service, clients: Clients) -> Result<()> {
    let service = Arc::new(service);
    let accept = move || {
        let mut told: Option<Instant> = None;
        for client in 1.. {
            clients.wait_for_place();
            match listener.accept() {
                Ok(incoming) => start(&service, client, incoming, &clients),
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() >= REPEAT_AFTER) {
                        service.fanout.show(Origin::default(), &Event::Error(&error));
                        told = Some(Instant::now());
                    }
                    // Out of descriptors, most likely: let some clients leave first.
                    thread::sleep(Duration::from_millis(100));
                }
            }
        }
    };
    let started = thread::Builder::new().spawn(accept);
    started.map(drop).map_err(|error| thread_error(Phase::Session, "to accept clients", error))
}

/// Serves a client on a thread of its own; one that cannot be had hangs up on it.
fn start(service: &Arc<Service>, client: u64, incoming: Incoming, clients: &Clients) {
    clients.arrive();
    let (serving, entering) = (Arc::clone(service), clients.clone());
    let served = thread::Builder::new().spawn(move || serving.client(client, incoming, &entering));
    if let Err(error) = served {
        clients.leave(client, 0);
        let error = thread_error(Phase::Session, "for another client", error);
        service.fanout.show(Origin { client: Some(client) }, &Event::Error(&error));
    }
}

/// Pushes what `text` says, every `interval`.
///
/// # Errors
/// [`Phase::Session`], when the process may have no more threads.
pub fn push(
    interval: Duration,
    mut text: impl FnMut(u64) -> String + Send + 'static,
    clients: Clients,
    fanout: Fanout,
) -> Result<()> {
    let push = move || {
        let started = Instant::now();
        for tick in 1_u32.. {
            thread::sleep((started + interval * tick).saturating_duration_since(Instant::now()));
            clients.broadcast(&Outgoing::Text(&text(tick.into())).into(), ClientSelector::All, &fanout);
        }
    };
    let started = thread::Builder::new().spawn(push);
    started.map(drop).map_err(|error| thread_error(Phase::Session, "for the server's own messages", error))
}

impl Service {
    /// Serves one client from its first byte to its last.
    fn client(&self, client: u64, incoming: Incoming, clients: &Clients) {
        let origin = Origin { client: Some(client) };
        let served = self.session(origin, incoming, |handle, facts| {
            self.replay.iter().for_each(|replay| replay.play(client, &handle, &self.fanout));
            clients.enter(Client { number: client, handle, facts })
        });
        clients.leave(client, served.as_ref().map_or(0, |dropped| *dropped));
        if let Err(error) = served {
            self.fanout.show(origin, &Event::Error(&error));
        }
    }

    fn upgrade_options(&self) -> ServerOptions {
        ServerOptions {
            deflate: self.protocol.deflate.clone(),
            strictness: self.protocol.strictness,
            secrets: self.secrets,
            allowed_origins: self.allowed_origins.clone(),
            advice,
        }
    }

    /// Serves it to the end; returns how many queued messages it never took.
    fn session(
        &self,
        origin: Origin,
        incoming: Incoming,
        enter: impl FnOnce(Handle, Arc<str>) -> Option<String>,
    ) -> Result<u64> {
        let limit = TimeLimit::starting_now(HANDSHAKE_LIMIT);
        let peer = incoming.address().to_string();
        let mut observe = |event: Event<'_>| self.fanout.show(origin, &event);
        let Connected { stream, address, record } =
            incoming.handshake(limit).map_err(|failure| accept_error(&peer, failure))?;
        let ConnectRecord { mut steps, tls, .. } = record;
        let stream = Arc::new(stream);
        let mut reader = StreamReader::new(Arc::clone(&stream));
        let options = self.upgrade_options();
        let Upgraded { agreed, head, sent_head, verified, leftover, step } =
            upgrade::accept(&stream, &mut reader, &options, limit, &mut observe)
                .map_err(|failure| upgrade_error(&peer, failure, self.secrets))?;
        steps.push(step);
        let opened = Opened {
            role: Role::Server,
            url: url(&head, tls.is_some()),
            target: head.target().unwrap_or_default().to_owned(),
            address,
            status: 101,
            headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            subprotocol: agreed.subprotocol,
            extensions: agreed.extensions,
            tls,
            steps,
            verified,
            request_head: head.raw().to_vec(),
            response_head: sent_head,
        };
        let wants = self.fanout.wants(&opened);
        let (receiver, sender, sent_decoder) = ends(&self.protocol, &self.settings, agreed.deflate, wants, &leftover);
        let no_session =
            |error| Error::new(Phase::Session, format!("cannot set up a session with `{peer}`")).caused_by(error);
        let mut poller = Poller::new().map_err(no_session)?;
        let settings = self.settings.clone();
        let output = SessionOutput::new(&self.fanout, wants, origin, sent_decoder, poller.notifier());
        // The sinks are held until the client has entered: its opening is shown before anything that it sends, and before
        // anything that is sent to it.
        let mut shown = output.lock();
        shown.event(self.fanout.now(), &Event::Open(&opened));
        let (handle, supervisor) =
            session::start(stream, reader, receiver, sender, Arc::clone(&output), settings, poller.notifier())
                .map_err(no_session)?;
        if let Some(note) = enter(handle, client_facts(&opened, self.secrets).into()) {
            shown.event(self.fanout.now(), &Event::Note(&note));
        }
        // That the reader of our output went away ends the server itself, not one session.
        let _ = shown.flush();
        drop(shown);
        let outcome = supervisor.run(&mut poller, None, None);
        self.show_end(&output, &outcome);
        Ok(outcome.dropped)
    }

    /// Shows how a session ended.
    fn show_end(&self, output: &SessionOutput, outcome: &Outcome) {
        let mut shown = output.lock();
        let now = shown.now();
        shown.event(now, &Event::Ended(&outcome.ended));
        if self.totals == Totals::Shown {
            shown.event(now, &Event::Summary(&outcome.summary));
        }
        for error in outcome.errors.iter().filter(|error| error.exit_status() != ExitStatus::Success) {
            shown.event(now, &Event::Error(error));
        }
        let _ = shown.flush();
    }
}

/// The URL that a client asked for, in full form.
fn url(request: &Head, is_secure: bool) -> String {
    let scheme = if is_secure { "wss" } else { "ws" };
    let target = request.target().unwrap_or_default();
    if target.starts_with('/') {
        format!("{scheme}://{}{target}", request.text("host").unwrap_or_default())
    } else {
        target.to_owned()
    }
}
