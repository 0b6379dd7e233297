//! Opening a client's session: connect, upgrade, start.

use std::sync::{Arc, Mutex};

use crate::client::connect_error::{connect_error, upgrade_error};
use crate::client::plan::{Framing, Plan, new_request};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Opened, Stamp};
use crate::net::{self, ConnectRecord, Connected, Stream, StreamReader, TimeLimit};
use crate::output::{Origin, Printer, certificate};
use crate::session::upgrade::{self, Upgraded};
use crate::session::view::{Follow, View, lock};
use crate::session::{self, Handle, Keeper, Reply, Settings, Waker};
use crate::wire::handshake::Strictness;
use crate::wire::{DeflateParameters, Observe, Receiver, ReceiverOptions, Role, Sender, SenderOptions};

/// Binary messages larger than this are handed on as they arrive, where nobody needs them whole.
const STREAM_ABOVE: u64 = 1024 * 1024;

/// A connection whose upgrade is complete.
pub struct Ready {
    stream: Arc<Stream>,
    reader: StreamReader,
    opened: Opened,
    deflate: Option<DeflateParameters>,
    leftover: Vec<u8>,
    /// Our request head, raw.
    pub request: Vec<u8>,
    /// The peer's response head, raw.
    pub response: Vec<u8>,
}

/// A session that is open.
pub struct Session {
    /// For those who send.
    pub handle: Handle,
    /// To be run.
    pub keeper: Keeper,
    /// For what is to be shown.
    pub view: Arc<View>,
}

/// Says what there is to say before the first connection.
pub fn announce(plan: &Plan, printer: &Arc<Mutex<Printer>>) {
    let show = |event: Event<'_>| show(printer, Origin::default(), &event);
    plan.notes.iter().for_each(|note| show(Event::Note(note)));
    plan.in_force.iter().for_each(|detail| show(Event::Detail(detail)));
}

/// Connects and upgrades; each step is shown as it happens.
///
/// # Errors
/// Those of connecting, TLS and the upgrade, with what to try next.
pub fn connect(plan: &Plan, printer: &Arc<Mutex<Printer>>) -> Result<Ready> {
    let mut show = |event: Event<'_>| show(printer, Origin::default(), &event);
    let limit = time_limit(plan);
    let endpoint = &plan.route.endpoint;
    let Connected { stream, address, record } =
        net::connect(&plan.route, limit, &mut show).map_err(|failure| connect_error(failure, endpoint, limit))?;
    let ConnectRecord { mut steps, tls } = record;
    if let Some(Err(fault)) = tls.as_ref().map(|facts| &facts.verified) {
        let complaint = certificate::complaint(fault);
        show(Event::Note(&format!("the server is not verified: the certificate {complaint}")));
    }
    let stream = Arc::new(stream);
    let mut reader = StreamReader::new(Arc::clone(&stream));
    let request = new_request(&plan.request)?;
    let strictness = plan.framing.strictness;
    let peer = endpoint.peer();
    let upgraded = upgrade::open(&stream, &mut reader, &request, strictness, &peer, limit, &mut show)
        .map_err(|error| upgrade_error(error, &peer, limit))?;
    let Upgraded { agreed, head, verified, leftover, step } = upgraded;
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
    };
    let (request, response) = (request.encode(), head.raw().to_vec());
    Ok(Ready { stream, reader, opened, deflate: agreed.deflate, leftover, request, response })
}

/// Starts the session.
///
/// # Errors
/// When the socket refuses its settings, because the peer is gone already.
pub fn start(
    ready: Ready,
    plan: &Plan,
    settings: Settings,
    printer: &Arc<Mutex<Printer>>,
    follow: Follow,
    waker: Waker,
) -> Result<Session> {
    let Ready { stream, reader, opened, deflate, leftover, .. } = ready;
    let (receiver, sender, tap) = ends(&plan.framing, &settings, deflate, printer, &leftover);
    let view = View::new(Arc::clone(printer), Origin::default(), tap, follow);
    // The reader's first look writes it, before anything that is received: writing may block, and the keeper must not.
    lock(printer).event(Origin::default(), Stamp::now(), &Event::Open(&opened));
    let (handle, keeper) = session::start(stream, reader, receiver, sender, Arc::clone(&view), settings, waker)
        .map_err(|error| {
            let message = format!("cannot set up the socket to `{}`", plan.route.endpoint.peer());
            Error::new(Phase::Session, message).caused_by(error).transient()
        })?;
    Ok(Session { handle, keeper, view })
}

/// Both directions of a session, and what reads our own output back.
pub fn ends(
    framing: &Framing,
    settings: &Settings,
    deflate: Option<DeflateParameters>,
    printer: &Arc<Mutex<Printer>>,
    leftover: &[u8],
) -> (Receiver, Sender, ReceiverOptions) {
    let role = settings.role;
    // Two clients' messages must not be streamed into one another; what is echoed or remembered is wanted whole.
    let whole = settings.reply == Reply::Echo || settings.remember.is_some();
    let may_stream = role == Role::Client && !whole && lock(printer).can_stream();
    let receiving = ReceiverOptions {
        role,
        max_message: framing.max_message,
        stream_binary_above: may_stream.then_some(STREAM_ABOVE),
        lenient: framing.strictness == Strictness::Lenient,
        deflate,
        observe: Observe::Nothing,
    };
    let mut receiver = Receiver::new(receiving);
    receiver.feed(leftover);
    let sending = SenderOptions { role, mask: framing.mask, fragment: framing.fragment, deflate };
    let sender = Sender::new(sending).compress_from(framing.compress_from);
    let tap = ReceiverOptions {
        role: role.peer(),
        max_message: u64::MAX,
        // Of binary messages that were sent only the event stream shows anything.
        stream_binary_above: lock(printer).can_stream().then_some(STREAM_ABOVE),
        lenient: true,
        ..receiving
    };
    (receiver, sender, tap)
}

/// Shows one event at once.
pub fn show(printer: &Mutex<Printer>, origin: Origin, event: &Event<'_>) {
    let mut printer = lock(printer);
    printer.event(origin, Stamp::now(), event);
    // Before the session is open nobody waits for data, and talk that cannot be written cannot be reported.
    let _ = printer.flush();
}

fn time_limit(plan: &Plan) -> TimeLimit {
    let limit = TimeLimit::starting_now(plan.connect_timeout);
    match plan.settings.max_time {
        Some((until, length)) if until < limit.until => TimeLimit { until, length },
        _ => limit,
    }
}
