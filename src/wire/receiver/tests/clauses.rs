//! RFC 6455, clause by clause, for a receiver that insists on it.

use super::{CLIENT, INFLATING, SERVER, Seen, check, masked, receive, text};
use crate::wire::{CloseCode, Event, Receiver, Role, Rule};

/// A breach right after a message, which is still delivered; the same in both roles.
#[track_caller]
fn refused(frame: &[u8], rule: Rule, offset_in_frame: u64) {
    let before = [0x81, 0x02, b'o', b'k'];
    let bytes = [&before[..], frame, &[0x81, 0x02, b'n', b'o']].concat();
    let finding = |at| Seen::Finding(rule, at + offset_in_frame);
    check(CLIENT, &bytes, &[text("ok"), finding(4)]);
    if frame.len() <= 1 + 1 + 125 {
        let bytes = [masked(&before), masked(frame), masked(&before)].concat();
        let offset = if offset_in_frame == 0 { 8 } else { 12 };
        check(SERVER, &bytes, &[text("ok"), finding(offset)]);
    }
}

#[test]
fn section_5_7_examples() {
    let ping = [0x89, 0x05, b'H', b'e', b'l', b'l', b'o'];
    check(CLIENT, &[0x81, 0x05, b'H', b'e', b'l', b'l', b'o'], &[text("Hello")]);
    check(SERVER, &[0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58], &[text("Hello")]);
    check(CLIENT, &[0x01, 0x03, b'H', b'e', b'l', 0x80, 0x02, b'l', b'o'], &[text("Hello")]);
    check(CLIENT, &ping, &[Seen::Ping(b"Hello".to_vec())]);
    check(SERVER, &masked(&ping), &[Seen::Ping(b"Hello".to_vec())]);
    let binary = [&[0x82, 0x7E, 0x01, 0x00][..], &[0xFE; 256]].concat();
    check(CLIENT, &binary, &[Seen::Binary(vec![0xFE; 256])]);
    let large = [&[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![0xFE; 65536]].concat();
    assert_eq!(receive(CLIENT, [&large[..]]), [Seen::Binary(vec![0xFE; 65536])]);
    assert_eq!(receive(CLIENT, large.chunks(1009)), [Seen::Binary(vec![0xFE; 65536])]);
}

#[test]
fn section_5_4_control_frames_may_come_between_fragments() {
    let bytes = [0x01, 0x01, b'a', 0x89, 0x01, b'p', 0x00, 0x00, 0x8A, 0x00, 0x80, 0x01, b'b'];
    check(CLIENT, &bytes, &[Seen::Ping(b"p".to_vec()), Seen::Pong(Vec::new()), text("ab")]);
}

#[test]
fn section_5_4_empty_messages_are_messages() {
    check(CLIENT, &[0x81, 0x00, 0x82, 0x00], &[text(""), Seen::Binary(Vec::new())]);
    check(CLIENT, &[0x01, 0x00, 0x00, 0x00, 0x80, 0x00], &[text("")]);
}

#[test]
fn section_5_1_a_server_does_not_mask() {
    check(CLIENT, &masked(&[0x81, 0x01, b'a']), &[Seen::Finding(Rule::MaskedByServer, 0)]);
}

#[test]
fn section_5_1_a_client_masks() {
    check(SERVER, &[0x81, 0x01, b'a'], &[Seen::Finding(Rule::UnmaskedByClient, 0)]);
}

#[test]
fn section_5_2_reserved_bits() {
    for bits in [0x10, 0x20, 0x40, 0x70] {
        refused(&[0x81 | bits, 0x01, b'a'], Rule::ReservedBits, 0);
        refused(&[0x89 | bits, 0x00], Rule::ReservedBits, 0);
    }
    check(INFLATING, &[0xA1, 0x00], &[Seen::Finding(Rule::ReservedBits, 0)]);
}

#[test]
fn section_5_2_reserved_opcodes() {
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        refused(&[0x80 | opcode, 0x01, b'a'], Rule::ReservedOpcode, 0);
    }
}

#[test]
fn section_5_2_lengths_take_their_shortest_form() {
    refused(&[0x82, 0x7E, 0x00, 0x7D], Rule::NonMinimalLength, 0);
    refused(&[0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], Rule::NonMinimalLength, 0);
    refused(&[0x89, 0x7E, 0x00, 0x01, b'p'], Rule::NonMinimalLength, 0);
}

#[test]
fn section_5_2_the_most_significant_bit_of_a_length_is_0() {
    refused(&[0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], Rule::LengthOutOfRange, 0);
}

#[test]
fn section_5_4_a_continuation_continues_something() {
    refused(&[0x80, 0x01, b'a'], Rule::ContinuationWithoutStart, 0);
    refused(&[0x00, 0x01, b'a'], Rule::ContinuationWithoutStart, 0);
    let bytes = [0x01, 0x01, b'a', 0x80, 0x01, b'b', 0x80, 0x01, b'c'];
    check(CLIENT, &bytes, &[text("ab"), Seen::Finding(Rule::ContinuationWithoutStart, 6)]);
}

#[test]
fn section_5_4_a_message_ends_before_the_next() {
    for first in [0x81, 0x82, 0x01, 0x02] {
        let bytes = [0x01, 0x01, b'a', first, 0x01, b'b'];
        check(CLIENT, &bytes, &[Seen::Finding(Rule::MessageInsideMessage, 3)]);
    }
}

#[test]
fn section_5_5_control_frames_are_whole_and_short() {
    refused(&[0x09, 0x00], Rule::FragmentedControl, 0);
    refused(&[0x08, 0x00], Rule::FragmentedControl, 0);
    refused(&[0x89, 0x7E, 0x00, 0x7E], Rule::LongControl, 0);
    let longest = [&[0x89, 0x7D][..], &[b'p'; 125]].concat();
    check(CLIENT, &longest, &[Seen::Ping(vec![b'p'; 125])]);
}

#[test]
fn section_5_5_1_bodies_of_close() {
    check(CLIENT, &[0x88, 0x00], &[Seen::Close(None, String::new())]);
    check(CLIENT, &[0x88, 0x02, 0x03, 0xE8], &[Seen::Close(Some(1000), String::new())]);
    check(CLIENT, &[0x88, 0x05, 0x03, 0xE8, b'b', b'y', b'e'], &[Seen::Close(Some(1000), "bye".to_owned())]);
    refused(&[0x88, 0x01, 0x03], Rule::ShortCloseBody, 2);
    refused(&[0x88, 0x03, 0x03, 0xE8, 0xFF], Rule::InvalidCloseReason, 4);
    refused(&[0x88, 0x04, 0x03, 0xE8, b'a', 0xC3], Rule::InvalidCloseReason, 5);
}

#[test]
fn section_7_4_codes_that_may_be_on_the_wire() {
    for code in (0..=5100u16).chain([0xFFFF]) {
        let [high, low] = code.to_be_bytes();
        let may = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let expected =
            if may { Seen::Close(Some(code), String::new()) } else { Seen::Finding(Rule::InvalidCloseCode, 2) };
        let mut receiver = Receiver::new(super::CLIENT);
        receiver.feed(&[0x88, 0x02, high, low]);
        let mut seen = Vec::new();
        super::note(&receiver.next().unwrap(), &mut Vec::new(), &mut seen);
        assert_eq!(seen, [expected]);
    }
}

#[test]
fn section_5_5_1_no_data_after_close() {
    let close = Seen::Close(Some(1000), String::new());
    let late = Seen::Finding(Rule::DataAfterClose, 4);
    check(CLIENT, &[0x88, 0x02, 0x03, 0xE8, 0x81, 0x01, b'x'], &[close.clone(), late.clone()]);
    check(CLIENT, &[0x88, 0x02, 0x03, 0xE8, 0x80, 0x01, b'x', 0x81, 0x00], &[close.clone(), late]);
    let more_control = [0x88, 0x02, 0x03, 0xE8, 0x89, 0x01, b'p', 0x88, 0x02, 0x03, 0xE8];
    check(CLIENT, &more_control, &[close]);
}

#[test]
fn section_8_1_text_is_utf_8() {
    refused(&[0x81, 0x03, b'a', 0xFF, b'b'], Rule::InvalidText, 3);
    refused(&[0x81, 0x03, 0xED, 0xA0, 0x80], Rule::InvalidText, 3);
    // Overlong, and beyond U+10FFFF.
    refused(&[0x81, 0x02, 0xC0, 0xAF], Rule::InvalidText, 2);
    refused(&[0x81, 0x04, 0xF4, 0x90, 0x80, 0x80], Rule::InvalidText, 3);
    // Cut off.
    refused(&[0x81, 0x02, b'a', 0xC3], Rule::InvalidText, 3);
    check(CLIENT, &[0x01, 0x01, 0xC3, 0x80, 0x01, 0xA4], &[text("ä")]);
    let cut_off = [0x01, 0x02, b'a', 0xE2, 0x00, 0x01, 0x82, 0x80, 0x00];
    check(CLIENT, &cut_off, &[Seen::Finding(Rule::InvalidText, 7)]);
}

#[test]
fn section_8_1_wrong_text_is_refused_before_it_is_over() {
    let unfinished: &[&[u8]] = &[
        &[0x81, 0x7D, b'a', 0xF4, 0x90],
        &[0x01, 0x02, b'a', 0xF4, 0x00, 0x7D, 0x90],
        &[0x01, 0x01, 0xFF],
        &[0x81, 0x7F, 0, 0, 0, 0, 0, 0x01, 0, 0, 0xC3, 0x28],
    ];
    for bytes in unfinished {
        let seen = receive(CLIENT, [*bytes]);
        let wrong = bytes.len() as u64 - 1;
        assert_eq!(seen, [Seen::Finding(Rule::InvalidText, wrong)], "{bytes:X?}");
        assert_eq!(receive(CLIENT, bytes.chunks(1)), seen, "{bytes:X?}");
    }
}

#[test]
fn a_finding_says_what_where_and_who() {
    let mut receiver = Receiver::new(CLIENT);
    receiver.feed(&[0x81, 0x02, b'o', b'k', 0x83, 0x00]);
    assert!(matches!(receiver.next(), Some(Event::Message { payload: b"ok", .. })));
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!((finding.rule, finding.blame, finding.offset), (Rule::ReservedOpcode, Role::Server, 4));
    assert_eq!(finding.bytes, [0x83, 0x00]);
    assert_eq!(finding.detail, "opcode 0x3");
    assert_eq!(finding.rule.section(), "RFC 6455 section 5.2");
    assert_eq!(finding.rule.close_code(), Some(CloseCode::Protocol));
    assert!(receiver.is_broken());
}

#[test]
fn the_offending_bytes_of_text_are_the_unmasked_ones() {
    let mut receiver = Receiver::new(SERVER);
    receiver.feed(&masked(&[0x81, 0x04, b'a', 0xFF, b'b', b'c']));
    let Some(Event::Finding(finding)) = receiver.next() else { panic!("no finding") };
    assert_eq!(finding.bytes, [0xFF, b'b', b'c']);
    assert_eq!(finding.detail, "byte 0xFF at offset 1 of the message, \"a\\xffbc\"");
}
