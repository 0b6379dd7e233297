//! Opening a client's session: connect, upgrade, start.

use std::sync::{Arc, Mutex};

use crate::client::plan::{Framing, Plan, new_request};
use crate::client::upgrade_error::upgrade_error;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Opened, Timestamp};
use crate::net::{self, Connected, TimeLimit};
use crate::output::{Origin, Printer};
use crate::platform::Notifier;
use crate::session::link::{Link, LinkReader};
use crate::session::output::{FollowSent, SessionOutput, lock};
use crate::session::upgrade::{self, Upgraded};
use crate::session::{self, Echo, Handle, Settings, Supervisor};
use crate::wire::handshake::Strictness;
use crate::wire::{DeflateParameters, Observe, Receiver, ReceiverOptions, Role, Sender, SenderOptions};

/// Binary messages larger than this are handed on as they arrive, where nobody needs them whole.
const STREAM_ABOVE: u64 = 1024 * 1024;

/// A connection whose upgrade is complete.
pub struct Ready {
    link: Arc<Link>,
    reader: LinkReader,
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
    pub supervisor: Supervisor,
    /// For what is to be shown.
    pub view: Arc<SessionOutput>,
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
    let Connected { socket, tls, address, tls_facts, mut steps } =
        net::connect(&plan.target, &plan.connect, limit, &mut show)?;
    if let Some(Err(doubt)) = tls_facts.as_ref().map(|facts| &facts.verified) {
        show(Event::Note(&format!("the server is not verified: {doubt}")));
    }
    let link = Link::new(socket, tls);
    let mut reader = LinkReader::new(Arc::clone(&link));
    let request = new_request(&plan.request)?;
    let strictness = plan.framing.strictness;
    let upgraded = upgrade::open(&link, &mut reader, &request, strictness, limit, &mut show);
    let Upgraded { agreed, head, verified, leftover, step } =
        upgraded.map_err(|failure| upgrade_error(&plan.target.peer(), failure))?;
    steps.push(step);
    let opened = Opened {
        url: plan.target.url(),
        address,
        status: head.status().unwrap_or_default(),
        headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
        subprotocol: agreed.subprotocol,
        extensions: agreed.extensions,
        tls: tls_facts,
        steps,
        verified,
    };
    let (request, response) = (request.encode(), head.raw().to_vec());
    Ok(Ready { link, reader, opened, deflate: agreed.deflate, leftover, request, response })
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
    follow: FollowSent,
    notifier: Notifier,
) -> Result<Session> {
    let Ready { link, reader, opened, deflate, leftover, .. } = ready;
    let (receiver, sender, sent_decoder) = ends(&plan.framing, &settings, deflate, printer, &leftover);
    let view = SessionOutput::new(Arc::clone(printer), Origin::default(), sent_decoder, follow);
    // The reader's first look writes it, before anything that is received: writing may block, and the supervisor must not.
    lock(printer).event(Origin::default(), Timestamp::now(), &Event::Open(&opened));
    let (handle, supervisor) = session::start(link, reader, receiver, sender, Arc::clone(&view), settings, notifier)
        .map_err(|error| {
            let message = format!("cannot set up the socket to `{}`", plan.target.peer());
            Error::new(Phase::Session, message).caused_by(error).transient()
        })?;
    Ok(Session { handle, supervisor, view })
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
    let whole = settings.echo == Echo::On || settings.remember.is_some();
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
    let sent_decoder = ReceiverOptions {
        role: role.peer(),
        max_message: u64::MAX,
        // Of binary messages that were sent only the event stream shows anything.
        stream_binary_above: lock(printer).can_stream().then_some(STREAM_ABOVE),
        lenient: true,
        ..receiving
    };
    (receiver, sender, sent_decoder)
}

/// Shows one event at once.
pub fn show(printer: &Mutex<Printer>, origin: Origin, event: &Event<'_>) {
    let mut printer = lock(printer);
    printer.event(origin, Timestamp::now(), event);
    // Before the session is open nobody waits for data, and diagnostics that cannot be written cannot be reported.
    let _ = printer.flush();
}

fn time_limit(plan: &Plan) -> TimeLimit {
    let limit = TimeLimit::starting_now(plan.connect_timeout);
    match plan.settings.max_time {
        Some((until, length)) if until < limit.until => TimeLimit { until, length },
        _ => limit,
    }
}
