//! Starting a client's session on a connection whose upgrade is complete.

use std::sync::{Arc, Mutex};

use crate::client::connect::{Handshaken, Heads};
use crate::client::plan::{Plan, ProtocolOptions};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Timestamp};
use crate::output::{Origin, Printer};
use crate::platform::Notifier;
use crate::session::output::{FollowSent, SessionOutput, lock};
use crate::session::{self, Echo, Handle, Settings, Supervisor};
use crate::wire::handshake::Strictness;
use crate::wire::{DeflateParameters, Observe, Receiver, ReceiverOptions, Role, Sender, SenderOptions};

/// Binary messages larger than this are handed on as they arrive, where no sink wants them whole.
const STREAM_ABOVE: u64 = 1024 * 1024;

/// An open session, as front ends see it.
#[derive(Clone)]
pub struct OpenSession {
    /// Sends.
    pub handle: Handle,
    /// The heads of its handshake.
    pub heads: Arc<Heads>,
}

/// A session that has started.
pub struct Started {
    /// For the front end.
    pub session: OpenSession,
    /// To be run.
    pub supervisor: Supervisor,
    /// For what is to be shown.
    pub output: Arc<SessionOutput>,
}

/// Says what there is to say before the first connection.
pub fn announce(plan: &Plan, printer: &Arc<Mutex<Printer>>) {
    let show = |event: Event<'_>| show(printer, Origin::default(), &event);
    plan.notes.iter().for_each(|note| show(Event::Note(note)));
    plan.in_force.iter().for_each(|detail| show(Event::Detail(detail)));
}

/// Starts the session.
///
/// # Errors
/// When the socket refuses its settings, because the peer is gone already.
pub fn start(
    handshaken: Handshaken,
    plan: &Plan,
    settings: Settings,
    printer: &Arc<Mutex<Printer>>,
    follow: FollowSent,
    notifier: Notifier,
) -> Result<Started> {
    let Handshaken { stream, reader, opened, deflate, leftover, heads } = handshaken;
    let (receiver, sender, sent_decoder) = ends(&plan.protocol, &settings, deflate, printer, &leftover);
    let view = SessionOutput::new(Arc::clone(printer), Origin::default(), sent_decoder, follow);
    // The reader's first look writes it, before anything that is received: writing may block, and the supervisor must not.
    lock(printer).event(Origin::default(), Timestamp::now(), &Event::Open(&opened));
    let (handle, supervisor) = session::start(stream, reader, receiver, sender, Arc::clone(&view), settings, notifier)
        .map_err(|error| {
            let message = format!("cannot set up the socket to `{}`", plan.route.endpoint.peer());
            Error::new(Phase::Session, message).caused_by(error).transient()
        })?;
    Ok(Started { session: OpenSession { handle, heads: Arc::new(heads) }, supervisor, output: view })
}

/// Both directions of a session, and what reads our own output back.
pub fn ends(
    protocol: &ProtocolOptions,
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
        max_message: protocol.max_message,
        stream_binary_above: may_stream.then_some(STREAM_ABOVE),
        lenient: protocol.strictness == Strictness::Lenient,
        deflate,
        observe: Observe::Nothing,
    };
    let mut receiver = Receiver::new(receiving);
    receiver.feed(leftover);
    let sending = SenderOptions { role, mask: protocol.mask, fragment: protocol.fragment, deflate };
    let sender = Sender::new(sending).compress_from(protocol.compress_from);
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
