//! permessage-deflate (RFC 7692), as received.

use super::{CLIENT, DEFLATE, DeflateParameters, INFLATING, Receiver, ReceiverOptions, Seen, check, facts, text};
use crate::wire::deflate::Compressor;
use crate::wire::{Event, Kind, Role, Rule};

const HELLO: [u8; 9] = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];

#[test]
fn section_7_2_3_1_a_message_in_one_block() {
    check(INFLATING, &HELLO, &[text("Hello")]);
    let fragmented = [0x41, 0x03, 0xF2, 0x48, 0xCD, 0x80, 0x04, 0xC9, 0xC9, 0x07, 0x00];
    check(INFLATING, &fragmented, &[text("Hello")]);
}

#[test]
fn section_7_2_3_2_the_window_is_shared() {
    let again = [0xC1, 0x05, 0xF2, 0x00, 0x11, 0x00, 0x00];
    check(INFLATING, &[&HELLO[..], &again].concat(), &[text("Hello"), text("Hello")]);
}

#[test]
fn section_7_2_3_2_or_not_where_that_was_agreed_on() {
    let again = [0xC1, 0x05, 0xF2, 0x00, 0x11, 0x00, 0x00];
    let alone = DeflateParameters { server_no_context_takeover: true, ..DEFLATE };
    let options = ReceiverOptions { deflate: Some(alone), ..INFLATING };
    let bytes = [&HELLO[..], &again].concat();
    let seen = super::receive(options, [&bytes[..]]);
    assert_eq!(seen, [text("Hello"), Seen::Finding(Rule::CorruptDeflate, 14)]);
}

#[test]
fn section_7_2_3_3_a_block_without_compression() {
    let stored = [0xC1, 0x0B, 0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00];
    check(INFLATING, &stored, &[text("Hello")]);
}

#[test]
fn section_7_2_3_4_a_block_with_bfinal() {
    let last_block = [0xC1, 0x08, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
    check(INFLATING, &[&last_block[..], &HELLO].concat(), &[text("Hello"), text("Hello")]);
    let without_padding = [0xC1, 0x07, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    check(INFLATING, &[&without_padding[..], &HELLO].concat(), &[text("Hello"), text("Hello")]);
}

#[test]
fn section_7_2_3_5_two_blocks() {
    let two = [0xC1, 0x0D, 0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00];
    check(INFLATING, &two, &[text("Hello")]);
}

#[test]
fn section_7_2_3_6_an_empty_message() {
    check(INFLATING, &[0xC1, 0x01, 0x00, 0xC1, 0x01, 0x02], &[text(""), text("")]);
    check(INFLATING, &[0xC1, 0x00], &[text("")]);
}

#[test]
fn section_6_only_the_first_frame_of_a_message_has_rsv1() {
    let bytes = [0x41, 0x03, 0xF2, 0x48, 0xCD, 0xC0, 0x04, 0xC9, 0xC9, 0x07, 0x00];
    check(INFLATING, &bytes, &[Seen::Finding(Rule::MisplacedCompressedBit, 5)]);
    check(INFLATING, &[0xC9, 0x00], &[Seen::Finding(Rule::MisplacedCompressedBit, 0)]);
    check(INFLATING, &[0xC8, 0x00], &[Seen::Finding(Rule::MisplacedCompressedBit, 0)]);
}

#[test]
fn section_6_messages_may_go_uncompressed() {
    check(INFLATING, &[&[0x81, 0x01, b'a'][..], &HELLO].concat(), &[text("a"), text("Hello")]);
    check(CLIENT, &HELLO, &[Seen::Finding(Rule::ReservedBits, 0)]);
}

#[test]
fn section_7_2_2_what_does_not_inflate_ends_the_session() {
    let bytes = [0xC1, 0x03, 0xFF, 0xFF, 0xFF, 0x81, 0x00];
    let mut receiver = Receiver::new(INFLATING);
    receiver.feed(&bytes);
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!((finding.rule, finding.offset), (Rule::CorruptDeflate, 2));
    assert_eq!(finding.detail, "invalid block type");
    assert_eq!(receiver.next(), None);
}

#[test]
fn what_inflates_before_the_corruption_counts() {
    let mut bytes = vec![0x41, 0x7D];
    let mut compressor = Compressor::new(Role::Server, DEFLATE).unwrap();
    compressor.piece(b"abc\xFF", &mut bytes);
    bytes.push(0xFF);
    let seen = super::receive(INFLATING, [&bytes[..]]);
    assert_eq!(seen, [Seen::Finding(Rule::InvalidText, 0)]);
    let streaming = ReceiverOptions { stream_binary_above: Some(0), ..INFLATING };
    bytes[0] = 0x42;
    let mut receiver = Receiver::new(streaming);
    receiver.feed(&bytes);
    assert_eq!(receiver.next(), Some(Event::Part { payload: b"abc\xFF", last: None }));
    assert!(matches!(receiver.next(), Some(Event::Finding(finding)) if finding.rule == Rule::CorruptDeflate));
}

#[test]
fn inflated_text_is_checked_before_the_message_is_over() {
    let mut compressed = Vec::new();
    Compressor::new(Role::Server, DEFLATE).unwrap().piece(b"abc\xFF", &mut compressed);
    let mut bytes = vec![0x41, 0x7E, 0xFF, 0xFF];
    bytes.extend_from_slice(&compressed);
    let mut receiver = Receiver::new(INFLATING);
    receiver.feed(&bytes);
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!((finding.rule, finding.offset), (Rule::InvalidText, 0));
    assert_eq!(finding.bytes, [0x41, 0x7E, 0xFF, 0xFF]);
    assert_eq!(finding.detail, "byte 0xFF at offset 3 of what the message inflates to, \"abc\\xff\"");
}

#[test]
fn what_does_not_inflate_at_its_end_is_said_of_the_final_frame() {
    // A stored block of five bytes that has three, and takes the tail for the rest of them and the next block.
    let bytes = [0x41, 0x06, 0x00, 0x05, 0x00, 0xFA, 0xFF, b'a', 0x80, 0x02, b'b', b'c'];
    let mut receiver = Receiver::new(INFLATING);
    receiver.feed(&bytes);
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!((finding.rule, finding.offset), (Rule::CorruptDeflate, 8));
    assert_eq!(finding.bytes, [0x80, 0x02]);
}

#[test]
fn facts_and_counters_say_what_compression_saved() {
    let mut receiver = Receiver::new(INFLATING);
    receiver.feed(&HELLO);
    let message = Event::Message { kind: Kind::Text, payload: b"Hello", facts: facts(5, Some(7), 1) };
    assert_eq!(receiver.next(), Some(message));
    let counters = receiver.counters();
    assert_eq!((counters.compressed_bytes, counters.inflated_bytes, counters.message_bytes), (7, 5, 5));
}

#[test]
fn section_7_1_2_a_window_that_is_exceeded_is_found_out() {
    let narrow = DeflateParameters { server_max_window_bits: 9, ..DEFLATE };
    let options = ReceiverOptions { deflate: Some(narrow), ..INFLATING };
    let framed = |compressing: DeflateParameters, distance: u32| {
        let letters: Vec<u8> = (0..distance).map(|index| b'a' + (index * index / 7 % 26) as u8).collect();
        let message = [&letters[..], &letters].concat();
        let mut compressed = Vec::new();
        Compressor::new(Role::Server, compressing).unwrap().last_piece(&message, &mut compressed);
        let mut bytes = vec![0xC2, 0x7E];
        bytes.extend_from_slice(&u16::try_from(compressed.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&compressed);
        (bytes, Seen::Binary(message))
    };
    let (bytes, message) = framed(DEFLATE, 600);
    let finding = Seen::Finding(Rule::WindowExceeded, 0);
    for size in [1, 7, bytes.len()] {
        let receive = |options| super::receive(options, bytes.chunks(size));
        assert_eq!(receive(options), std::slice::from_ref(&finding));
        assert_eq!(receive(ReceiverOptions { lenient: true, ..options }), [finding.clone(), message.clone()]);
        assert_eq!(receive(INFLATING), std::slice::from_ref(&message));
    }
    let (bytes, message) = framed(narrow, 600);
    assert_eq!(super::receive(options, [&bytes[..]]), [message]);
}
