//! The same bytes through tungstenite and through `wire`: the same messages and the same verdict, or a reason why not.
//! Driven by a fuzz target, and by a property test of wscope.

use std::io::{self, Read, Write};

use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};
use wscope::wire::{Event, Kind, Observe, Receiver, ReceiverOptions, Role, Rule};

const MAX_MESSAGE: usize = 2000;

/// What either of them delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Delivered {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

/// Bytes to read and then nothing more; what is written goes nowhere.
struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.read(buffer) }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(role: Role, bytes: &[u8]) -> (Vec<Delivered>, Option<Rule>) {
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let role = match role {
        Role::Client => tungstenite::protocol::Role::Client,
        Role::Server => tungstenite::protocol::Role::Server,
    };
    let mut socket = WebSocket::from_raw_socket(Wire(bytes), role, Some(limits));
    let mut delivered = Vec::new();
    loop {
        delivered.push(match socket.read() {
            Ok(Message::Text(text)) => Delivered::Text(text.as_str().to_owned()),
            Ok(Message::Binary(payload)) => Delivered::Binary(payload.to_vec()),
            Ok(Message::Ping(payload)) => Delivered::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Delivered::Pong(payload.to_vec()),
            Ok(Message::Close(close)) => {
                Delivered::Close(close.map(|close| (close.code.into(), close.reason.as_str().to_owned())))
            }
            Ok(Message::Frame(frame)) => panic!("{frame}"),
            Err(error) => return (delivered, rule(error)),
        });
    }
}

/// The rule that an error of tungstenite's is about; `None` where the stream just ended.
fn rule(error: Error) -> Option<Rule> {
    Some(match error {
        Error::ConnectionClosed | Error::Io(_) => return None,
        Error::Utf8(_) => Rule::InvalidText,
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Rule::MessageTooBig,
        Error::Protocol(error) => match error {
            ProtocolError::NonZeroReservedBits => Rule::ReservedBits,
            ProtocolError::MaskedFrameFromServer => Rule::MaskedByServer,
            ProtocolError::UnmaskedFrameFromClient => Rule::UnmaskedByClient,
            ProtocolError::FragmentedControlFrame => Rule::FragmentedControl,
            ProtocolError::ControlFrameTooBig => Rule::LongControl,
            ProtocolError::InvalidOpcode(_) => Rule::ReservedOpcode,
            ProtocolError::UnexpectedContinueFrame => Rule::ContinuationWithoutStart,
            ProtocolError::ExpectedFragment(_) => Rule::MessageInsideMessage,
            ProtocolError::InvalidCloseSequence => Rule::ShortCloseBody,
            ProtocolError::ReceivedAfterClosing => Rule::DataAfterClose,
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    })
}

fn options(role: Role, lenient: bool) -> ReceiverOptions {
    ReceiverOptions {
        role,
        max_message: MAX_MESSAGE as u64,
        stream_binary_above: None,
        lenient,
        deflate: None,
        observe: Observe::Nothing,
    }
}

/// What `wire` delivers, and every rule that it sees broken, by offset.
fn ours(options: ReceiverOptions, bytes: &[u8]) -> (Vec<Delivered>, Vec<(u64, Rule)>) {
    let mut receiver = Receiver::new(options);
    receiver.feed(bytes);
    let (mut delivered, mut findings) = (Vec::new(), Vec::new());
    let mut listen = |receiver: &mut Receiver| {
        while let Some(event) = receiver.next() {
            match event {
                Event::Finding(finding) => findings.push((finding.offset, finding.rule)),
                event => delivered.push(owned(&event)),
            }
        }
    };
    listen(&mut receiver);
    receiver.end();
    listen(&mut receiver);
    (delivered, findings)
}

fn owned(event: &Event<'_>) -> Delivered {
    match event {
        Event::Message { kind: Kind::Text, payload, .. } => {
            Delivered::Text(String::from_utf8_lossy(payload).into_owned())
        }
        Event::Message { kind: Kind::Binary, payload, .. } => Delivered::Binary(payload.to_vec()),
        Event::Ping(payload) => Delivered::Ping(payload.to_vec()),
        Event::Pong(payload) => Delivered::Pong(payload.to_vec()),
        Event::Close(close) => {
            Delivered::Close(close.code.map(|code| (code.into(), String::from_utf8_lossy(close.reason).into_owned())))
        }
        other => panic!("{other:?}"),
    }
}

/// Why the verdicts may differ although neither is wrong; every reason there is.
fn reason(role: Role, bytes: &[u8], ours: Option<Rule>, theirs: Option<Rule>) -> Option<&'static str> {
    match (ours?, theirs) {
        (Rule::NoFrame, _) => Some("tungstenite takes any bytes for a frame"),
        (Rule::NonMinimalLength, _) => Some("tungstenite takes any encoding of a length"),
        (Rule::LengthOutOfRange, Some(Rule::MessageTooBig)) => {
            Some("tungstenite takes the most significant bit of a length for a part of it")
        }
        (Rule::InvalidCloseCode, _) => {
            Some("tungstenite delivers a Close with code 1002 in place of one that must not be on the wire")
        }
        (Rule::InvalidCloseReason, Some(Rule::InvalidText)) => Some("tungstenite has one error for both"),
        (Rule::InvalidText, _) => Some("tungstenite checks text when its frame, or its message, is over"),
        (_, None) => Some("tungstenite judges a frame, all but its opcode and size, when all of it has come"),
        (ours, Some(theirs)) => {
            let (_, findings) = self::ours(options(role, true), bytes);
            let frame = findings.iter().find(|(_, rule)| *rule == ours)?.0;
            let is_same_frame = findings.iter().any(|(offset, rule)| (*offset, *rule) == (frame, theirs));
            (is_same_frame || theirs == Rule::MessageTooBig)
                .then_some("the frame breaks several rules, and tungstenite looks for them in another order")
        }
    }
}

/// Compares them, up to where the first of them stops.
pub fn compare(role: Role, bytes: &[u8]) {
    let (our_messages, our_findings) = ours(options(role, false), bytes);
    let (mut their_messages, their_rule) = theirs(role, bytes);
    let our_rule = our_findings.first().map(|(_, rule)| *rule);
    if let Some(Delivered::Close(close)) = our_messages.last() {
        if matches!(close, Some((1014, _))) {
            // In the IANA registry, but not among the codes that tungstenite knows.
            their_messages.pop();
            their_messages.push(Delivered::Close(close.clone()));
        }
        // The rest is discarded (RFC 6455 section 5.5.1), which a data frame is enough to make a finding of. A client of
        // tungstenite's goes on to judge every frame, a server of its reads nothing more.
        assert_eq!(our_messages, their_messages, "{bytes:02X?}");
        return;
    }
    if our_rule == their_rule {
        assert_eq!(our_messages, their_messages, "{bytes:02X?}");
        return;
    }
    let reason = reason(role, bytes, our_rule, their_rule);
    assert!(reason.is_some(), "ours {our_rule:?}, theirs {their_rule:?}: {bytes:02X?}");
    assert!(their_messages.starts_with(&our_messages), "{our_messages:?} {their_messages:?}: {bytes:02X?}");
}
