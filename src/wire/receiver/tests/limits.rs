//! What the peer announces and sends is held against our limits.

use super::{CLIENT, INFLATING, LENIENT, Receiver, ReceiverOptions, Seen, check, receive, text};
use crate::wire::deflate::Compressor;
use crate::wire::{CloseCode, Event, Role, Rule};

const TEN: ReceiverOptions = ReceiverOptions { max_message: 10, ..CLIENT };

#[test]
fn a_message_may_be_as_large_as_the_limit() {
    let exact = [&[0x81, 0x0A][..], &[b'a'; 10]].concat();
    check(TEN, &exact, &[text(&"a".repeat(10))]);
    let fragmented = [&[0x01, 0x04, b'a', b'a', b'a', b'a', 0x80, 0x06][..], &[b'a'; 6]].concat();
    check(TEN, &fragmented, &[text(&"a".repeat(10))]);
}

#[test]
fn what_is_announced_is_refused_at_once() {
    check(TEN, &[0x81, 0x0B], &[Seen::Finding(Rule::MessageTooBig, 0)]);
    check(TEN, &[0x01, 0x01, b'a', 0x00, 0x0A], &[Seen::Finding(Rule::MessageTooBig, 3)]);
    let ten_gibibytes = [0x82, 0x7F, 0, 0, 0, 0x02, 0x80, 0, 0, 0];
    check(CLIENT, &ten_gibibytes, &[Seen::Finding(Rule::MessageTooBig, 0)]);
    let most = [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    check(CLIENT, &most, &[Seen::Finding(Rule::MessageTooBig, 0)]);
}

#[test]
fn the_limit_is_ours() {
    let mut receiver = Receiver::new(TEN);
    receiver.feed(&[0x81, 0x0B]);
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!(finding.blame, Role::Client);
    assert!(finding.rule.is_own_limit());
    assert_eq!(finding.rule.close_code(), Some(CloseCode::Size));
    assert_eq!(finding.detail, "at least 11 bytes, the limit is 10");
}

#[test]
fn an_announcement_reserves_nothing() {
    let mut receiver = Receiver::new(ReceiverOptions { max_message: u64::MAX >> 1, ..CLIENT });
    receiver.feed(&[0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
    assert!(receiver.next().is_none());
    assert!(receiver.assembler.capacity() < 1024);
}

#[test]
fn what_is_collected_has_a_limit_that_can_change() {
    let mut receiver = Receiver::new(CLIENT);
    receiver.limit_collected(4);
    receiver.feed(&[0x02, 0x03, 1, 2, 3]);
    assert!(receiver.next().is_none());
    receiver.limit_collected(6);
    receiver.feed(&[0x00, 0x03, 4, 5, 6]);
    assert!(receiver.next().is_none() && receiver.held() >= 6);
    receiver.feed(&[0x80, 0x01, 7]);
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!((finding.rule, finding.blame), (Rule::SharedMemory, Role::Client));
    assert_eq!(finding.rule.close_code(), Some(CloseCode::Again));
    receiver.release();
    assert_eq!(receiver.held(), 0);
}

#[test]
fn what_inflates_has_the_same_limit() {
    let mut wire = Vec::new();
    Compressor::new(Role::Server, super::DEFLATE).unwrap().piece(&[0; 1000], &mut wire);
    let mut receiver = Receiver::new(INFLATING);
    receiver.limit_collected(100);
    receiver.feed(&[&[0x42, u8::try_from(wire.len()).unwrap()], &wire[..]].concat());
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!(finding.rule, Rule::SharedMemory);
    assert!(receiver.held() <= 100);
}

#[test]
fn empty_fragments_cost_nothing_and_come_to_an_end() {
    let mut receiver = Receiver::new(CLIENT);
    receiver.feed(&[0x01, 0x00]);
    let mut fragments = 1;
    let finding = loop {
        receiver.feed(&[0x00, 0x00]);
        fragments += 1;
        match receiver.next() {
            None => assert!(fragments < 100_000, "no end of it"),
            Some(Event::Finding(finding)) => break finding,
            Some(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(finding.rule, Rule::TooManyEmptyFragments);
    assert_eq!(receiver.assembler.capacity(), 0);
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let limit = 100_000;
    let mut bomb = Vec::new();
    Compressor::new(Role::Server, super::DEFLATE).unwrap().last_piece(&vec![0; 100 * limit], &mut bomb);
    let mut bytes = vec![0xC2, 0x7E];
    bytes.extend_from_slice(&u16::try_from(bomb.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&bomb);
    let mut receiver = Receiver::new(ReceiverOptions { max_message: limit as u64, ..INFLATING });
    receiver.feed(&bytes);
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!(finding.rule, Rule::MessageTooBig);
    assert!(receiver.assembler.capacity() <= limit);
}

#[test]
fn the_limit_counts_inflated_bytes() {
    let hello = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let limited = |max_message| ReceiverOptions { max_message, ..INFLATING };
    assert_eq!(receive(limited(5), [&hello[..]]), [text("Hello")]);
    assert_eq!(receive(limited(4), [&hello[..]]), [Seen::Finding(Rule::MessageTooBig, 0)]);
}

#[test]
fn a_lenient_receiver_has_the_same_limits() {
    let options = ReceiverOptions { max_message: 200, ..LENIENT };
    check(options, &[0x82, 0x7E, 0x00, 0xC9], &[Seen::Finding(Rule::MessageTooBig, 0)]);
    let long_ping = [0x89, 0x7E, 0x00, 0xC9];
    check(options, &long_ping, &[Seen::Finding(Rule::LongControl, 0), Seen::Finding(Rule::MessageTooBig, 0)]);
}

#[test]
fn text_is_held_but_binary_passes_in_parts() {
    let options = ReceiverOptions { stream_binary_above: Some(4), ..CLIENT };
    let mut receiver = Receiver::new(options);
    receiver.feed(&[0x82, 0x05, 1, 2]);
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[1, 2], last: None }));
    receiver.feed(&[3, 4, 5]);
    let last = Some(super::facts(5, None, 1));
    assert_eq!(receiver.next(), Some(Event::Part { payload: &[3, 4, 5], last }));
    receiver.feed(&[0x81, 0x05, b'a']);
    assert_eq!(receiver.next(), None);
}
