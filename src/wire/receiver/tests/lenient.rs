//! Looking past breaches: each is reported, and what can be made of the frame comes all the same.

use super::{DEFLATE, DeflateParameters, INFLATING, LENIENT, ReceiverOptions, Seen, check, masked, text};
use crate::wire::{Role, Rule};

#[track_caller]
fn looked_past(frame: &[u8], rule: Rule, offset: u64, then: &[Seen]) {
    let bytes = [frame, &[0x81, 0x02, b'o', b'k']].concat();
    let expected = [&[Seen::Finding(rule, offset)], then, &[text("ok")]].concat();
    check(LENIENT, &bytes, &expected);
}

#[test]
fn frames_that_have_a_meaning_keep_it() {
    looked_past(&[0xF1, 0x01, b'a'], Rule::ReservedBits, 0, &[text("a")]);
    looked_past(&masked(&[0x81, 0x01, b'a']), Rule::MaskedByServer, 0, &[text("a")]);
    looked_past(&[0x81, 0x7E, 0x00, 0x01, b'a'], Rule::NonMinimalLength, 0, &[text("a")]);
    looked_past(&[0x09, 0x01, b'p'], Rule::FragmentedControl, 0, &[Seen::Ping(b"p".to_vec())]);
    let long = [&[0x8A, 0x7E, 0x00, 0x80][..], &[b'p'; 128]].concat();
    looked_past(&long, Rule::LongControl, 0, &[Seen::Pong(vec![b'p'; 128])]);
    let server = ReceiverOptions { role: Role::Server, ..LENIENT };
    check(server, &[0x81, 0x01, b'a'], &[Seen::Finding(Rule::UnmaskedByClient, 0), text("a")]);
}

#[test]
fn frames_without_a_meaning_are_skipped() {
    looked_past(&[0x83, 0x01, b'a'], Rule::ReservedOpcode, 0, &[]);
    looked_past(&[0x8B, 0x01, b'a'], Rule::ReservedOpcode, 0, &[]);
    looked_past(&[0x80, 0x01, b'a'], Rule::ContinuationWithoutStart, 0, &[]);
}

#[test]
fn a_new_message_replaces_an_unfinished_one() {
    let bytes = [0x01, 0x01, b'a', 0x81, 0x01, b'b'];
    check(LENIENT, &bytes, &[Seen::Finding(Rule::MessageInsideMessage, 3), text("b")]);
}

#[test]
fn wrong_text_comes_as_it_is() {
    let wrong = |bytes: &[u8]| Seen::InvalidText(bytes.to_vec());
    looked_past(&[0x81, 0x02, b'a', 0xFF], Rule::InvalidText, 3, &[wrong(&[b'a', 0xFF])]);
    looked_past(&[0x81, 0x01, 0xC3], Rule::InvalidText, 2, &[wrong(&[0xC3])]);
    looked_past(&[0x01, 0x01, 0xFF, 0x80, 0x01, 0xFE], Rule::InvalidText, 2, &[wrong(&[0xFF, 0xFE])]);
}

#[test]
fn odd_close_frames_close() {
    let check = |bytes: &[u8], rule, offset, close| check(LENIENT, bytes, &[Seen::Finding(rule, offset), close]);
    check(&[0x88, 0x01, 0x03], Rule::ShortCloseBody, 2, Seen::Close(None, String::new()));
    check(&[0x88, 0x02, 0x03, 0xED], Rule::InvalidCloseCode, 2, Seen::Close(Some(1005), String::new()));
    let replaced = Seen::Close(Some(1000), "a\u{FFFD}".to_owned());
    check(&[0x88, 0x04, 0x03, 0xE8, b'a', 0xFF], Rule::InvalidCloseReason, 5, replaced);
}

#[test]
fn every_frame_after_close_is_reported() {
    let late = |offset| Seen::Finding(Rule::DataAfterClose, offset);
    let bytes = [0x88, 0x00, 0x81, 0x01, b'x', 0x8A, 0x00, 0x02, 0x00];
    check(LENIENT, &bytes, &[Seen::Close(None, String::new()), late(2), late(7)]);
}

#[test]
fn several_breaches_of_one_frame_all_come() {
    let bytes = masked(&[0x39, 0x7E, 0x00, 0x01, b'p']);
    let finding = |rule| Seen::Finding(rule, 0);
    let expected = [
        finding(Rule::ReservedBits),
        finding(Rule::MaskedByServer),
        finding(Rule::FragmentedControl),
        finding(Rule::NonMinimalLength),
        Seen::Ping(b"p".to_vec()),
    ];
    check(LENIENT, &bytes, &expected);
}

#[test]
fn lost_framing_ends_the_stream_even_when_lenient() {
    let bytes = [0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x00];
    check(LENIENT, &bytes, &[Seen::Finding(Rule::LengthOutOfRange, 0)]);
}

#[test]
fn a_misplaced_compressed_bit_changes_nothing() {
    let options = ReceiverOptions { lenient: true, ..INFLATING };
    let finding = |offset| Seen::Finding(Rule::MisplacedCompressedBit, offset);
    check(options, &[0xC9, 0x01, b'p'], &[finding(0), Seen::Ping(b"p".to_vec())]);
    check(options, &[0x01, 0x01, b'a', 0xC0, 0x01, b'b'], &[finding(3), text("ab")]);
}

const HELLO: [u8; 9] = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];

const INFLATING_LENIENT: ReceiverOptions = ReceiverOptions { lenient: true, ..INFLATING };

/// Each message is compressed for itself.
const INFLATING_ALONE: ReceiverOptions = ReceiverOptions {
    deflate: Some(DeflateParameters { server_no_context_takeover: true, ..DEFLATE }),
    ..INFLATING_LENIENT
};

#[test]
fn an_abandoned_compressed_message_leaves_nothing_to_the_next() {
    let bytes = [&[0x41, 0x03, 0xCA, 0x48, 0xCD][..], &HELLO].concat();
    for options in [INFLATING_ALONE, INFLATING_LENIENT] {
        check(options, &bytes, &[Seen::Finding(Rule::MessageInsideMessage, 5), text("Hello")]);
    }
}

#[test]
fn a_corrupt_message_is_dropped_and_those_after_it_come() {
    let garbage = [0xC1, 0x05, 0xFF, 0xFF, 0xFF, 0x00, 0x01];
    let bytes = [&garbage[..], &[0x81, 0x02, b'o', b'k'], &HELLO].concat();
    for options in [INFLATING_ALONE, INFLATING_LENIENT] {
        check(options, &bytes, &[Seen::Finding(Rule::CorruptDeflate, 2), text("ok"), text("Hello")]);
    }
}

#[test]
fn every_frame_of_a_corrupt_message_is_dropped() {
    let bytes = [0x41, 0x03, 0xFF, 0xFF, 0xFF, 0x00, 0x01, b'x', 0x89, 0x00, 0x80, 0x01, b'x'];
    let expected = [Seen::Finding(Rule::CorruptDeflate, 2), Seen::Ping(Vec::new()), text("Hello")];
    check(INFLATING_LENIENT, &[&bytes[..], &HELLO].concat(), &expected);
}
