//! Large binary messages in parts.

use super::{CLIENT, INFLATING, Receiver, ReceiverOptions, Seen, check, facts};
use crate::wire::Event;
use crate::wire::deflate::Compressor;

fn streaming(options: ReceiverOptions) -> ReceiverOptions {
    ReceiverOptions { stream_binary_above: Some(4), ..options }
}

#[test]
fn parts_make_up_the_message() {
    check(streaming(CLIENT), &[0x82, 0x06, 1, 2, 3, 4, 5, 6], &[Seen::Binary(vec![1, 2, 3, 4, 5, 6])]);
    let fragmented = [0x02, 0x03, 1, 2, 3, 0x89, 0x00, 0x00, 0x02, 4, 5, 0x00, 0x00, 0x80, 0x01, 6];
    check(streaming(CLIENT), &fragmented, &[Seen::Ping(Vec::new()), Seen::Binary(vec![1, 2, 3, 4, 5, 6])]);
    let empty_end = [0x02, 0x05, 1, 2, 3, 4, 5, 0x80, 0x00];
    check(streaming(CLIENT), &empty_end, &[Seen::Binary(vec![1, 2, 3, 4, 5])]);
}

#[test]
fn small_messages_come_whole() {
    let mut receiver = Receiver::new(streaming(CLIENT));
    receiver.feed(&[0x02, 0x02, 1, 2, 0x80, 0x02, 3, 4]);
    assert!(matches!(receiver.next(), Some(Event::Message { payload: &[1, 2, 3, 4], .. })));
}

#[test]
fn what_was_collected_before_it_became_large_comes_first() {
    let mut receiver = Receiver::new(streaming(CLIENT));
    receiver.feed(&[0x02, 0x02, 1, 2]);
    assert_eq!(receiver.next(), None);
    receiver.feed(&[0x00, 0x03]);
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[1, 2], last: None }));
    assert_eq!(receiver.next(), None);
    receiver.feed(&[3]);
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[3], last: None }));
    receiver.feed(&[4, 5, 0x80, 0x00]);
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[4, 5], last: None }));
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[], last: Some(facts(5, None, 3)) }));
    assert_eq!(receiver.next(), None);
}

#[test]
fn compressed_messages_stream_as_they_inflate() {
    let message: Vec<u8> = (0..100_000u32).flat_map(|number| (number % 1000).to_be_bytes()).collect();
    let mut compressed = Vec::new();
    Compressor::new(crate::wire::Role::Server, super::DEFLATE).unwrap().last_piece(&message, &mut compressed);
    let mut bytes = vec![0xC2, 0x7E];
    bytes.extend_from_slice(&u16::try_from(compressed.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&compressed);
    let mut receiver = Receiver::new(streaming(INFLATING));
    let (mut parts, mut largest, mut end) = (Vec::new(), 0, None);
    for piece in bytes.chunks(100) {
        receiver.feed(piece);
        while let Some(event) = receiver.next() {
            let Event::Part { payload, last } = event else { panic!("{event:?}") };
            parts.extend_from_slice(payload);
            largest = largest.max(payload.len());
            end = last;
        }
    }
    assert!(parts == message);
    assert!(largest <= 64 * 1024, "{largest}");
    assert_eq!(end, Some(facts(message.len() as u64, Some(compressed.len() as u64), 1)));
}

#[test]
fn what_has_inflated_is_not_held_back() {
    let mut compressed = Vec::new();
    Compressor::new(crate::wire::Role::Server, super::DEFLATE).unwrap().piece(&[7; 100], &mut compressed);
    let mut receiver = Receiver::new(streaming(INFLATING));
    receiver.feed(&[0x42, 0x7D]);
    receiver.feed(&compressed);
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[7; 100], last: None }));
    assert_eq!(receiver.next(), None);
}
