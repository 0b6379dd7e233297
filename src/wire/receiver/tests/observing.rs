//! Frames as they are on the wire.

use std::borrow::Cow;

use super::{CLIENT, INFLATING, LENIENT, Receiver, ReceiverOptions, SERVER, Seen, check, masked, text};
use crate::wire::{Ending, Event, Frame, Observe, Position, Rule};

fn bytes_of(options: ReceiverOptions) -> ReceiverOptions {
    ReceiverOptions { observe: Observe::Bytes, ..options }
}

/// The next event, which has to be a frame.
#[track_caller]
fn frame(receiver: &mut Receiver) -> Frame<'_> {
    match receiver.next() {
        Some(Event::Frame(frame)) => frame,
        other => panic!("{other:?}"),
    }
}

/// The payload, put together from small pieces.
fn plain(frame: &Frame<'_>) -> Vec<u8> {
    frame.plain(3).flat_map(Cow::into_owned).collect()
}

#[test]
fn a_frame_comes_before_what_it_gives_rise_to() {
    let bytes = [0x01, 0x01, b'a', 0x89, 0x00, 0x80, 0x01, b'b', 0x88, 0x00];
    let frame = |offset| Seen::Frame { offset };
    let expected =
        [frame(0), frame(3), Seen::Ping(Vec::new()), frame(5), text("ab"), frame(8), Seen::Close(None, String::new())];
    check(bytes_of(CLIENT), &bytes, &expected);
    check(ReceiverOptions { observe: Observe::Headers, ..CLIENT }, &bytes, &expected);
}

#[test]
fn every_byte_is_there() {
    let bytes = masked(&[0x81, 0x05, b'H', b'e', b'l', b'l', b'o']);
    let mut receiver = Receiver::new(bytes_of(SERVER));
    receiver.feed(&bytes);
    let frame = frame(&mut receiver);
    assert_eq!(frame.header_bytes, &bytes[..6]);
    assert_eq!(frame.payload, &bytes[6..]);
    assert_eq!(plain(&frame), b"Hello");
    assert_eq!((frame.received, frame.inflated, frame.position), (5, None, Position::Whole));
}

#[test]
fn headers_alone_cost_no_payload() {
    let mut receiver = Receiver::new(ReceiverOptions { observe: Observe::Headers, ..CLIENT });
    receiver.feed(&[0x81, 0x02, b'h', b'i']);
    let frame = frame(&mut receiver);
    assert_eq!((frame.payload, frame.inflation, frame.received), (&b""[..], &b""[..], 2));
}

#[test]
fn positions_count_the_frames_of_a_message() {
    let mut receiver = Receiver::new(bytes_of(CLIENT));
    receiver.feed(&[0x01, 0x00, 0x00, 0x00, 0x8A, 0x00, 0x00, 0x00, 0x80, 0x00]);
    let mut positions = Vec::new();
    while let Some(event) = receiver.next() {
        if let Event::Frame(frame) = event {
            positions.push(frame.position);
        }
    }
    let expected = [Position::First, Position::Middle(2), Position::Whole, Position::Middle(3), Position::Last(4)];
    assert_eq!(positions, expected);
}

#[test]
fn compressed_frames_show_both_sides() {
    let mut receiver = Receiver::new(bytes_of(INFLATING));
    receiver.feed(&[0x41, 0x03, 0xF2, 0x48, 0xCD, 0x80, 0x04, 0xC9, 0xC9, 0x07, 0x00]);
    let first = frame(&mut receiver);
    assert_eq!(first.payload, [0xF2, 0x48, 0xCD]);
    let (first_plain, first_length) = (plain(&first), first.inflated);
    assert_eq!(first_length, Some(first_plain.len() as u64));
    let last = frame(&mut receiver);
    assert_eq!(last.payload, [0xC9, 0xC9, 0x07, 0x00]);
    assert_eq!([first_plain, plain(&last)].concat(), b"Hello");
    assert_eq!(last.position, Position::Last(2));
}

#[test]
fn the_frame_that_breaks_a_rule_is_shown_as_far_as_it_came() {
    let bytes = [0x81, 0x02, b'o', b'k', 0x83, 0x01, b'x'];
    let expected =
        [Seen::Frame { offset: 0 }, text("ok"), Seen::Frame { offset: 4 }, Seen::Finding(Rule::ReservedOpcode, 4)];
    check(bytes_of(CLIENT), &bytes, &expected);
    let mut receiver = Receiver::new(bytes_of(CLIENT));
    receiver.feed(&[0x81, 0x7D, b'a', 0xFF]);
    let frame = frame(&mut receiver);
    assert_eq!((frame.payload, frame.received, frame.header.length), (&[b'a', 0xFF][..], 2, 0x7D));
}

#[test]
fn findings_that_are_looked_past_follow_their_frame() {
    let bytes = [0x83, 0x01, b'x', 0x81, 0x01, 0xFF];
    let expected = [
        Seen::Frame { offset: 0 },
        Seen::Finding(Rule::ReservedOpcode, 0),
        Seen::Frame { offset: 3 },
        Seen::Finding(Rule::InvalidText, 5),
        Seen::InvalidText(vec![0xFF]),
    ];
    check(bytes_of(LENIENT), &bytes, &expected);
}

#[test]
fn an_incomplete_frame_is_shown_when_the_stream_ends() {
    let mut receiver = Receiver::new(bytes_of(CLIENT));
    receiver.feed(&[0x81, 0x05, b'H', b'e']);
    assert_eq!(receiver.next(), None);
    assert_eq!(receiver.end(), Ending::InsideFrame);
    let frame = frame(&mut receiver);
    assert_eq!((frame.payload, frame.received), (&b"He"[..], 2));
    assert_eq!(receiver.next(), None);
}

#[test]
fn no_more_is_kept_than_a_message_may_have() {
    let options = ReceiverOptions { max_message: 4, lenient: true, ..bytes_of(CLIENT) };
    let mut receiver = Receiver::new(options);
    receiver.feed(&[0x83, 0x06, 1, 2, 3, 4, 5, 6]);
    let frame = frame(&mut receiver);
    assert_eq!((frame.payload, frame.received), (&[1, 2, 3, 4][..], 6));
}

#[test]
fn observing_begins_with_the_next_frame() {
    let mut receiver = Receiver::new(CLIENT);
    receiver.feed(&[0x81, 0x02, b'h']);
    assert_eq!(receiver.next(), None);
    receiver.observe(Observe::Bytes);
    receiver.feed(&[b'i', 0x81, 0x00]);
    assert!(matches!(receiver.next(), Some(Event::Message { payload: b"hi", .. })));
    assert!(matches!(receiver.next(), Some(Event::Frame(Frame { offset: 4, .. }))));
}
