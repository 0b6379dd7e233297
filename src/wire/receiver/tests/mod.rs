//! What a receiver makes of byte vectors. Each is fed whole, split in two at every byte, and byte by byte.

mod clauses;
mod compressed;
mod lenient;
mod limits;
mod observing;
mod streaming;
mod texts;

use super::{Ending, Receiver, ReceiverOptions};
use crate::wire::{DeflateParameters, Event, Kind, MessageFacts, Observe, Role, Rule};

/// An event that owns its bytes; of a frame, only what does not depend on how the bytes arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Frame { offset: u64 },
    Text(String),
    InvalidText(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Finding(Rule, u64),
}

/// A strict client without extensions.
const CLIENT: ReceiverOptions = ReceiverOptions {
    role: Role::Client,
    max_message: 1 << 20,
    stream_binary_above: None,
    lenient: false,
    deflate: None,
    observe: Observe::Nothing,
};

/// A strict server without extensions.
const SERVER: ReceiverOptions = ReceiverOptions { role: Role::Server, ..CLIENT };

/// A client that goes on wherever that is possible.
const LENIENT: ReceiverOptions = ReceiverOptions { lenient: true, ..CLIENT };

/// permessage-deflate without parameters.
const DEFLATE: DeflateParameters = DeflateParameters {
    client_max_window_bits: 15,
    server_max_window_bits: 15,
    client_no_context_takeover: false,
    server_no_context_takeover: false,
};

/// A strict client that has agreed on permessage-deflate.
const INFLATING: ReceiverOptions = ReceiverOptions { deflate: Some(DEFLATE), ..CLIENT };

/// Feeds `pieces` and collects what comes out; parts are put together again.
fn receive<'a>(options: ReceiverOptions, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut receiver = Receiver::new(options);
    let mut seen = Vec::new();
    let mut parts = Vec::new();
    for piece in pieces {
        receiver.feed(piece);
        while let Some(event) = receiver.next() {
            note(&event, &mut parts, &mut seen);
        }
    }
    seen
}

/// The same with [`Receiver::take_texts`].
fn receive_with_texts_taken(options: ReceiverOptions, bytes: &[u8]) -> Vec<Seen> {
    let mut receiver = Receiver::new(options);
    let (mut seen, mut parts) = (Vec::new(), Vec::new());
    receiver.feed(bytes);
    loop {
        while let Some(texts) = receiver.take_texts() {
            seen.extend(texts.frames().map(|frame| text(str::from_utf8(frame.text).unwrap())));
        }
        let Some(event) = receiver.next() else { return seen };
        note(&event, &mut parts, &mut seen);
    }
}

fn note(event: &Event<'_>, parts: &mut Vec<u8>, seen: &mut Vec<Seen>) {
    seen.push(match *event {
        Event::Frame(frame) => Seen::Frame { offset: frame.offset },
        Event::Message { kind: Kind::Text, payload, .. } => match String::from_utf8(payload.to_vec()) {
            Ok(text) => Seen::Text(text),
            Err(error) => Seen::InvalidText(error.into_bytes()),
        },
        Event::Message { kind: Kind::Binary, payload, .. } => Seen::Binary(payload.to_vec()),
        Event::Part { payload, last } => {
            parts.extend_from_slice(payload);
            if last.is_none() {
                return;
            }
            Seen::Binary(std::mem::take(parts))
        }
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(close) => {
            Seen::Close(close.code.map(u16::from), String::from_utf8_lossy(close.reason).into_owned())
        }
        Event::Finding(ref finding) => {
            assert!(finding.bytes.len() <= crate::wire::Finding::MOST_BYTES);
            Seen::Finding(finding.rule, finding.offset)
        }
    });
}

/// Checks that `bytes` give `expected`, however they arrive.
#[track_caller]
fn check(options: ReceiverOptions, bytes: &[u8], expected: &[Seen]) {
    assert_eq!(receive(options, [bytes]), expected, "whole");
    if options.observe == Observe::Nothing {
        assert_eq!(receive_with_texts_taken(options, bytes), expected, "with texts taken");
    }
    for split in 1..bytes.len() {
        let (before, after) = bytes.split_at(split);
        assert_eq!(receive(options, [before, after]), expected, "split at {split}");
    }
    assert_eq!(receive(options, bytes.chunks(1)), expected, "byte by byte");
}

/// The frame that a client has to make of an unmasked one.
fn masked(frame: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let (mut header, length) = crate::wire::Header::read(frame).unwrap();
    header.mask = Some(KEY);
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    crate::wire::mask::append(KEY, &frame[length..], &mut bytes);
    bytes
}

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned())
}

fn facts(length: u64, compressed: Option<u64>, fragments: u32) -> MessageFacts {
    MessageFacts { length, compressed, fragments }
}

#[test]
fn the_end_of_the_stream_says_where_it_came() {
    let hello = [0x81, 0x02, b'h', b'i'];
    let ending = |bytes: &[u8]| {
        let mut receiver = Receiver::new(CLIENT);
        receiver.feed(bytes);
        while receiver.next().is_some() {}
        receiver.end()
    };
    assert_eq!(ending(&[]), Ending::Boundary);
    assert_eq!(ending(&hello), Ending::Boundary);
    assert_eq!(ending(&hello[..1]), Ending::InsideFrame);
    assert_eq!(ending(&hello[..2]), Ending::InsideFrame);
    assert_eq!(ending(&hello[..3]), Ending::InsideFrame);
    assert_eq!(ending(&[0x01, 0x01, b'h']), Ending::InsideMessage);
    assert_eq!(ending(&[0x01, 0x01, b'h', 0x80]), Ending::InsideFrame);
    assert_eq!(ending(&[0x01, 0x01, b'h', 0x88, 0x00, 0xFF]), Ending::Boundary, "after Close");
}

#[test]
fn counters_add_up() {
    let mut receiver = Receiver::new(CLIENT);
    receiver.feed(&[0x81, 0x02, b'h', b'i', 0x89, 0x01, b'p', 0x02, 0x01, 0x07, 0x80, 0x02, 0x08, 0x09, 0x88, 0x00]);
    while receiver.next().is_some() {}
    let counters = receiver.counters();
    assert_eq!((counters.frames, counters.messages), (5, 2));
    assert_eq!((counters.wire_bytes, counters.message_bytes), (16, 5));
    assert_eq!(receiver.data_bytes(), 4 + 3 + 4);
}
