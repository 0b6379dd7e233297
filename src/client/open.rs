//! Starting a client's session on a connection whose upgrade is complete.

use std::sync::Arc;

use crate::client::connect::Handshaken;
use crate::client::plan::{Plan, ProtocolOptions};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, Messages, Opened, Origin, Wants};
use crate::output::Fanout;
use crate::platform::Notifier;
use crate::session::output::SessionOutput;
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
    /// What is known of its opening.
    pub opened: Arc<Opened>,
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
pub fn announce(plan: &Plan, fanout: &Fanout) {
    let show = |event: Event<'_>| fanout.show(Origin::default(), &event);
    plan.warning.iter().for_each(|warning| show(Event::Warning(warning)));
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
    fanout: &Fanout,
    notifier: Notifier,
) -> Result<Started> {
    let Handshaken { stream, reader, opened, deflate, leftover } = handshaken;
    let wants = fanout.wants(&opened);
    let (receiver, sender, sent_decoder) = ends(&plan.protocol, &settings, deflate, wants, &leftover);
    let output = SessionOutput::new(fanout, wants, Origin::default(), sent_decoder, notifier.clone());
    // Only formatted here. The reader thread writes it, before anything that is received: writing may block, and this
    // thread must not.
    output.lock().event(fanout.now(), &Event::Open(&opened));
    let (handle, supervisor) =
        session::start(stream, reader, receiver, sender, Arc::clone(&output), settings, notifier).map_err(|error| {
            let message = format!("cannot set up the socket to `{}`", opened.address);
            Error::new(Phase::Session, message).caused_by(error).transient()
        })?;
    Ok(Started { session: OpenSession { handle, opened: Arc::new(opened) }, supervisor, output })
}

/// Both directions of a session, and how our own output is read back, as the sinks want it when the session starts.
pub fn ends(
    protocol: &ProtocolOptions,
    settings: &Settings,
    deflate: Option<DeflateParameters>,
    wants: Wants,
    leftover: &[u8],
) -> (Receiver, Sender, ReceiverOptions) {
    let role = settings.role;
    let comes_in_parts = wants.messages == Messages::InParts;
    // Parts of the messages of two clients must not be mixed; what is echoed, remembered or matched is needed whole.
    let is_matched = settings.stop_condition.as_ref().is_some_and(|condition| condition.until.is_some());
    let whole = settings.echo == Echo::On || settings.remember.is_some() || is_matched;
    let may_stream = role == Role::Client && !whole && comes_in_parts;
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
        stream_binary_above: comes_in_parts.then_some(STREAM_ABOVE),
        lenient: true,
        ..receiving
    };
    (receiver, sender, sent_decoder)
}
