//! The same bytes through tungstenite and through `wire`: the same messages and the same verdict, or a reason why not.

use std::io::{self, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};
use wscope::wire::{
    CloseCode, Event, Kind, LengthEncoding, MaskSource, Observe, Outgoing, RawFrame, RawMask, Receiver,
    ReceiverOptions, Role, Rule, Sender, SenderOptions,
};

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
        Event::Close(close) => Delivered::Close(close.code.map(|code| (code.into(), close.reason.to_owned()))),
        other => panic!("{other:?}"),
    }
}

/// Why the verdicts may differ although nobody is wrong; every reason there is.
fn reason(role: Role, bytes: &[u8], ours: Option<Rule>, theirs: Option<Rule>) -> Option<&'static str> {
    match (ours?, theirs) {
        (Rule::NonMinimalLength, _) => Some("tungstenite takes any encoding of a length"),
        (Rule::LengthOutOfRange, Some(Rule::MessageTooBig)) => {
            Some("tungstenite takes the most significant bit of a length for a part of it")
        }
        (Rule::InvalidCloseCode, _) => {
            Some("tungstenite delivers a Close with code 1002 in place of one that must not be on the wire")
        }
        (Rule::InvalidCloseReason, Some(Rule::InvalidText)) => Some("tungstenite has one error for both"),
        (Rule::InvalidText, _) => Some("tungstenite checks text when its frame, or its message, is over"),
        (Rule::DataAfterClose, None) if role == Role::Server => {
            Some("a server of tungstenite's reads nothing after Close")
        }
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
fn compare(role: Role, bytes: &[u8]) {
    let (our_messages, our_findings) = ours(options(role, false), bytes);
    let (mut their_messages, mut their_rule) = theirs(role, bytes);
    let our_rule = our_findings.first().map(|(_, rule)| *rule);
    let is_closed = matches!(our_messages.last(), Some(Delivered::Close(_)));
    if is_closed && their_rule == Some(Rule::DataAfterClose) && our_rule.is_none() {
        // To tungstenite any frame after Close is one too many; RFC 6455 section 5.5.1 forbids data frames.
        their_rule = None;
    }
    if let Some(Delivered::Close(Some((1014, _)))) = our_messages.last() {
        // Code 1014 is in the IANA registry, but not among those that tungstenite knows.
        their_messages.pop();
        their_messages.extend(our_messages.last().cloned());
    }
    if our_rule == their_rule {
        assert_eq!(our_messages, their_messages, "{bytes:02X?}");
        return;
    }
    let reason = reason(role, bytes, our_rule, their_rule);
    assert!(reason.is_some(), "ours {our_rule:?}, theirs {their_rule:?}: {bytes:02X?}");
    assert!(their_messages.starts_with(&our_messages), "{our_messages:?} {their_messages:?}: {bytes:02X?}");
}

/// A stream of frames that are mostly right.
pub fn stream() -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), vec(frame(), 0..8), vec(any::<u8>(), 0..3)).prop_map(|(is_masked, frames, tail)| {
        let mut sender = Sender::new(SenderOptions {
            role: if is_masked { Role::Client } else { Role::Server },
            mask: MaskSource::Random,
            fragment: None,
            deflate: None,
        });
        let mut wire = Vec::new();
        for frame in &frames {
            let raw = RawFrame { payload: &frame.payload, ..frame.header };
            // A length that does not fit its encoding leaves the frame out.
            let _ = sender.send(Outgoing::Frame(raw), &mut wire);
        }
        wire.extend_from_slice(&tail);
        wire
    })
}

#[derive(Debug, Clone)]
struct OwnedFrame {
    header: RawFrame<'static>,
    payload: Vec<u8>,
}

fn frame() -> impl Strategy<Value = OwnedFrame> {
    let opcode = prop_oneof![
        8 => Just(0x1_u8), 6 => Just(0x2), 10 => Just(0x0), 4 => Just(0x9), 3 => Just(0xA), 1 => Just(0x8), 1 => 0..16_u8,
    ];
    let rsv = prop_oneof![20 => Just(0), 1 => 1..8_u8, 2 => Just(4)];
    let mask = prop_oneof![
        30 => Just(RawMask::Random), 1 => Just(RawMask::None), 1 => any::<[u8; 4]>().prop_map(RawMask::Key),
    ];
    let encoding = prop_oneof![
        30 => Just(None), 1 => Just(Some(LengthEncoding::Sixteen)), 1 => Just(Some(LengthEncoding::SixtyFour)),
    ];
    let length = prop_oneof![40 => Just(None), 1 => (0..3000_u64).prop_map(Some), 1 => any::<u64>().prop_map(Some)];
    (any::<bool>(), rsv, opcode, mask, length, encoding, payload()).prop_map(
        |(fin, rsv, opcode, mask, declared_length, length_encoding, payload)| OwnedFrame {
            header: RawFrame { fin, rsv, opcode, mask, declared_length, length_encoding, payload: &[] },
            payload,
        },
    )
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let close_body = (prop_oneof![Just(1000_u16), 990..1020_u16, 2990..5010_u16], "[a-ü]{0,3}")
        .prop_map(|(code, reason)| [&code.to_be_bytes(), reason.as_bytes()].concat());
    prop_oneof![
        4 => ".{0,30}".prop_map(String::into_bytes),
        2 => "[ä€😀]{1,3}".prop_flat_map(|text| (0..=text.len()).prop_map(move |end| text.as_bytes()[..end].to_vec())),
        2 => vec(any::<u8>(), 0..5),
        2 => Just(Vec::new()),
        1 => vec(any::<u8>(), 120..130),
        1 => vec(Just(b'a'), 1990..2010),
        3 => close_body,
        1 => Just(vec![0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn streams_are_judged_as_tungstenite_judges_them(bytes in stream(), is_server in any::<bool>()) {
        compare(if is_server { Role::Server } else { Role::Client }, &bytes);
    }
}

#[test]
fn code_1014_is_registered_since() {
    let bytes = [0x88, 0x02, 0x03, 0xF6];
    assert_eq!(ours(options(Role::Client, false), &bytes).0, [Delivered::Close(Some((1014, String::new())))]);
    assert_eq!(CloseCode::from(1014), CloseCode::Bad(1014));
    compare(Role::Client, &bytes);
}
