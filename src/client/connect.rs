//! Connecting a client: name, TCP, TLS, upgrade; on a thread of its own, so that the wait can be interrupted.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::connect_error::{after_certificate_request, connect_error, on_the_way, proxy_setting};
use crate::client::plan::Plan;
use crate::client::redirect::{Hop, Hops};
use crate::client::upgrade_error::refused;
use crate::client::{thread_error, upgrade_error};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Opened, Origin};
use crate::http::redact::Secrets;
use crate::net::{self, ConnectRecord, Connected, Destination, Route, Stream, StreamReader, TimeLimit};
use crate::output::{Fanout, certificate};
use crate::platform::{Descriptor, Poller, Wakeup};
use crate::session::upgrade::{self, UpgradeFailure, Upgraded};
use crate::wire::handshake::{Refusal, Strictness};
use crate::wire::{DeflateParameters, Role};

/// How long connecting may take before that is said.
const SLOW: Duration = Duration::from_secs(1);

/// A connection whose upgrade is complete.
pub struct Handshaken {
    /// The byte stream.
    pub stream: Arc<Stream>,
    /// Its reading end.
    pub reader: StreamReader,
    /// What is shown of the opening.
    pub opened: Opened,
    /// What was agreed on for permessage-deflate.
    pub deflate: Option<DeflateParameters>,
    /// The first frames, as far as they came behind the response.
    pub leftover: Vec<u8>,
}

/// What has come of connecting.
pub enum Attempt<T> {
    /// The session can start.
    Connected(Box<Handshaken>),
    /// The server of the URL wants a password, and none was given.
    Unauthorized(Box<Unauthorized>),
    /// It failed, with what to try next.
    Failed(Error),
    /// Something came first: the thread is left behind.
    Interrupted(T),
}

/// A 401 of the server of the URL that a password from the terminal may answer.
pub struct Unauthorized {
    /// What to tell where none is to be had.
    pub error: Error,
    /// Whether a password would leave this machine without TLS.
    pub in_clear: bool,
}

/// Why no session can start.
enum Failure {
    Unauthorized(Box<Unauthorized>),
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Connects on a thread of its own. `tell_slow` is called once where that takes long; `interruption` is asked after each wait
/// of `poller` whether to wait no longer.
pub fn on_thread<T>(
    plan: &Arc<Plan>,
    fanout: &Fanout,
    poller: &mut Poller,
    tell_slow: impl FnOnce(),
    mut interruption: impl FnMut(Wakeup) -> Option<T>,
) -> Attempt<T> {
    let (results, result) = mpsc::channel();
    let (plan, fanout, notifier) = (Arc::clone(plan), fanout.clone(), poller.notifier());
    let spawned = thread::Builder::new().spawn(move || {
        // After an interruption nothing receives the result.
        let _ = results.send(connect(&plan, &fanout));
        drop(results);
        notifier.notify();
    });
    if let Err(error) = spawned {
        return Attempt::Failed(thread_error(Phase::Connect, "to connect", error));
    }
    let stdout = io::stdout();
    let mut attempt = |wakeup| match result.try_recv() {
        Ok(Ok(handshaken)) => Some(Attempt::Connected(Box::new(handshaken))),
        Ok(Err(Failure::Unauthorized(unauthorized))) => Some(Attempt::Unauthorized(unauthorized)),
        Ok(Err(Failure::Other(error))) => Some(Attempt::Failed(error)),
        Err(TryRecvError::Empty) => interruption(wakeup).map(Attempt::Interrupted),
        Err(TryRecvError::Disconnected) => Some(Attempt::Failed(broken_off())),
    };
    let slow_from = Some(Instant::now() + SLOW);
    let soon = poller.wait_for(slow_from, Some(Descriptor::from(&stdout)), &mut attempt);
    let ended = soon.or_else(|| {
        tell_slow();
        poller.wait_for(None, Some(Descriptor::from(&stdout)), attempt)
    });
    ended.unwrap_or_else(|| Attempt::Failed(broken_off()))
}

fn broken_off() -> Error {
    Error::new(Phase::Connect, "connecting broke off")
}

/// Connects and upgrades, from one server to the next where redirects are followed; each step is shown as it happens.
///
/// # Errors
/// Those of connecting, TLS and the upgrade, with what to try next.
fn connect(plan: &Plan, fanout: &Fanout) -> Result<Handshaken, Failure> {
    let mut show = |event: Event<'_>| fanout.show(Origin::default(), &event);
    let limit = plan.time_limit();
    let mut hops = Hops::new(plan);
    let mut hop = hops.first()?;
    loop {
        let peer = hop.route.peer();
        let refusal = match open(&hop, plan.protocol.strictness, limit, &mut show) {
            Ok(Answer::Upgraded(handshaken)) => return Ok(*handshaken),
            Ok(Answer::Refused(refusal)) => refusal,
            Err(error) => return Err(hops.explain(error, &hop.target).into()),
        };
        match hops.lead(&hop, &refusal) {
            Ok(target) => hop = hops.follow(hop, &refusal, target, &mut show)?,
            Err(why) => {
                let error = hops.explain(refused(&peer, &refusal, why), &hop.target);
                return Err(failure(plan, &hop, &refusal, error));
            }
        }
    }
}

fn failure(plan: &Plan, hop: &Hop, refusal: &Refusal, error: Error) -> Failure {
    let Hop { target, route, .. } = hop;
    if !refusal.wants_password() || !plan.request.lacks_password() || !target.has_same_origin(&plan.target) {
        return Failure::Other(error);
    }
    let is_local = matches!(route.destination, Destination::Unix(_)) || target.endpoint().is_loopback();
    Failure::Unauthorized(Box::new(Unauthorized { error, in_clear: !target.secure() && !is_local }))
}

/// What one server answers.
pub enum Answer {
    /// The session can start.
    Upgraded(Box<Handshaken>),
    /// A response that is no 101.
    Refused(Box<Refusal>),
}

/// Connects to one server and asks for the upgrade; each step is shown as it happens.
///
/// # Errors
/// Those of connecting, TLS and the upgrade, with what to try next.
pub fn open(hop: &Hop, strictness: Strictness, limit: TimeLimit, show: &mut dyn FnMut(Event<'_>)) -> Result<Answer> {
    let Hop { target, route, request } = hop;
    let Connected { stream, address, record } = connected(route, limit, request.secrets(), show)?;
    let ConnectRecord { mut steps, tls, .. } = record;
    let stream = Arc::new(stream);
    let mut reader = StreamReader::new(Arc::clone(&stream));
    let upgraded = upgrade::open(&stream, &mut reader, request, strictness, limit, show);
    let Upgraded { agreed, head, sent_head, verified, leftover, step } = match upgraded {
        Ok(upgraded) => upgraded,
        Err(UpgradeFailure::Refused(refusal)) => return Ok(Answer::Refused(refusal)),
        Err(failure) => {
            let asked_for = tls.as_ref().and_then(|facts| facts.certificate_request.as_ref());
            let asked_for = asked_for.filter(|_| failure.is_without_answer());
            let error = on_the_way(route, upgrade_error(&route.peer(), failure, request.secrets()));
            return Err(match asked_for {
                Some(certificate) => after_certificate_request(error, certificate),
                None => error,
            });
        }
    };
    steps.push(step);
    let opened = Opened {
        role: Role::Client,
        url: target.url(),
        target: target.resource().to_owned(),
        address,
        status: head.status().unwrap_or_default(),
        headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
        subprotocol: agreed.subprotocol,
        extensions: agreed.extensions,
        tls,
        steps,
        verified,
        request_head: sent_head,
        response_head: head.raw().to_vec(),
    };
    Ok(Answer::Upgraded(Box::new(Handshaken { stream, reader, opened, deflate: agreed.deflate, leftover })))
}

/// Connects to one server, without asking it for anything; each step is shown as it happens.
///
/// # Errors
/// Those of connecting and TLS, with what to try next.
pub fn connected(
    route: &Route,
    limit: TimeLimit,
    secrets: Secrets,
    show: &mut dyn FnMut(Event<'_>),
) -> Result<Connected> {
    if let Some(proxy) = route.proxy() {
        show(Event::Detail(&format!("through {}", proxy_setting(proxy))));
    }
    let connected = net::connect(route, limit, show).map_err(|failure| connect_error(route, failure, secrets))?;
    let ConnectRecord { proxy_tls, tls, .. } = &connected.record;
    for (peer, facts) in [("proxy", proxy_tls), ("server", tls)] {
        if let Some(Err(fault)) = facts.as_ref().map(|facts| &facts.verified) {
            show(Event::Warning(&format!("the {peer} is not verified: {}", certificate::complaint(fault))));
        }
    }
    Ok(connected)
}
