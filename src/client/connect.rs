//! Connecting a client: name, TCP, TLS, upgrade; on a thread of its own, so that the wait can be interrupted.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;

use crate::client::plan::Plan;
use crate::client::{connect_error, request, upgrade_error};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Opened, Origin};
use crate::net::{self, ConnectRecord, Connected, Stream, StreamReader, TimeLimit};
use crate::output::{Fanout, certificate};
use crate::platform::{Descriptor, Poller, Wakeup};
use crate::session::upgrade::{self, Upgraded};
use crate::wire::DeflateParameters;

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
    /// It failed, with what to try next.
    Failed(Error),
    /// Something came first: the thread is left behind.
    Interrupted(T),
}

/// Connects on a thread of its own. `interruption` is asked after each wait of `poller` whether to wait no longer.
pub fn on_thread<T>(
    plan: &Arc<Plan>,
    fanout: &Fanout,
    poller: &mut Poller,
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
        return Attempt::Failed(Error::new(Phase::Connect, "cannot start a thread to connect").caused_by(error));
    }
    let stdout = io::stdout();
    let attempt = poller.wait_for(None, Some(Descriptor::from(&stdout)), |wakeup| match result.try_recv() {
        Ok(Ok(handshaken)) => Some(Attempt::Connected(Box::new(handshaken))),
        Ok(Err(error)) => Some(Attempt::Failed(error)),
        Err(TryRecvError::Empty) => interruption(wakeup).map(Attempt::Interrupted),
        Err(TryRecvError::Disconnected) => Some(Attempt::Failed(broken_off())),
    });
    attempt.unwrap_or_else(|| Attempt::Failed(broken_off()))
}

fn broken_off() -> Error {
    Error::new(Phase::Connect, "connecting broke off")
}

/// Connects and upgrades; each step is shown as it happens.
///
/// # Errors
/// Those of connecting, TLS and the upgrade, with what to try next.
fn connect(plan: &Plan, fanout: &Fanout) -> Result<Handshaken> {
    let mut show = |event: Event<'_>| fanout.show(Origin::default(), &event);
    let limit = time_limit(plan);
    let endpoint = &plan.route.endpoint;
    let Connected { stream, address, record } =
        net::connect(&plan.route, limit, &mut show).map_err(|failure| connect_error(&plan.route, failure))?;
    let ConnectRecord { mut steps, tls } = record;
    if let Some(Err(fault)) = tls.as_ref().map(|facts| &facts.verified) {
        let complaint = certificate::complaint(fault);
        show(Event::Warning(&format!("the server is not verified: the certificate {complaint}")));
    }
    let stream = Arc::new(stream);
    let mut reader = StreamReader::new(Arc::clone(&stream));
    let request = request::new(&plan.request)?;
    let strictness = plan.protocol.strictness;
    let upgraded = upgrade::open(&stream, &mut reader, &request, strictness, limit, &mut show);
    let Upgraded { agreed, head, sent_head, verified, leftover, step } =
        upgraded.map_err(|failure| upgrade_error(&endpoint.peer(), failure, plan.request.secrets))?;
    steps.push(step);
    let opened = Opened {
        url: plan.target.url(),
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
    Ok(Handshaken { stream, reader, opened, deflate: agreed.deflate, leftover })
}

fn time_limit(plan: &Plan) -> TimeLimit {
    let limit = TimeLimit::starting_now(plan.connect_timeout);
    match plan.settings.max_time {
        Some((until, length)) if until < limit.until => TimeLimit { until, length },
        _ => limit,
    }
}
