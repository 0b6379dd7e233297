//! The two directions against each other.

use super::{Compressor, DeflateParameters, Inflater, window_check};
use crate::wire::Role;

fn parameters(bits: u8, no_context_takeover: bool) -> DeflateParameters {
    DeflateParameters {
        client_max_window_bits: bits,
        server_max_window_bits: bits,
        client_no_context_takeover: no_context_takeover,
        server_no_context_takeover: no_context_takeover,
    }
}

fn inflate(inflater: &mut Inflater, compressed: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    let mut rest = compressed;
    loop {
        let progress = inflater.inflate(rest).unwrap();
        message.extend_from_slice(progress.output);
        rest = &rest[progress.consumed..];
        if !progress.has_more {
            break;
        }
    }
    loop {
        let progress = inflater.finish().unwrap();
        message.extend_from_slice(progress.output);
        if !progress.has_more {
            return message;
        }
    }
}

/// Bytes that do not repeat within themselves: a linear congruential generator's upper bits.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn messages_of_every_size_come_back_with_every_window() {
    for bits in 9..=15 {
        for no_context_takeover in [false, true] {
            let parameters = parameters(bits, no_context_takeover);
            let mut compressor = Compressor::new(Role::Client, parameters).unwrap();
            let mut inflater = Inflater::new(Role::Server, parameters);
            for length in [1, 10, 1000, 32 * 1024, 100_000] {
                let mut compressed = Vec::new();
                compressor.last_piece(&noise(length), &mut compressed);
                assert!(inflate(&mut inflater, &compressed) == noise(length), "{bits} {length}");
            }
        }
    }
}

#[test]
fn a_window_is_used_but_not_passed() {
    for bits in 9..=15_u8 {
        let window = 1_usize << bits;
        let repeated = |distance: usize| {
            let mut message = noise(distance);
            message.extend_from_slice(&noise(200));
            let mut compressed = Vec::new();
            Compressor::new(Role::Client, parameters(bits, false)).unwrap().last_piece(&message, &mut compressed);
            // Noise does not compress, so whatever is saved, the repetition saved.
            compressed.len() < message.len() - 100
        };
        assert!(repeated(window / 4), "{bits}");
        assert!(!repeated(window + 300), "{bits}");
    }
}

#[test]
fn windows_that_zlib_cannot_keep_to_are_not_compressed_into() {
    for bits in [0, 7, 8, 16, 255] {
        assert!(Compressor::new(Role::Client, parameters(bits, false)).is_none());
    }
}

#[test]
fn each_side_has_its_own_parameters() {
    let parameters = DeflateParameters { client_max_window_bits: 8, ..parameters(15, false) };
    assert!(Compressor::new(Role::Client, parameters).is_none());
    assert!(Compressor::new(Role::Server, parameters).is_some());
}

#[test]
fn pieces_inflate_as_they_come() {
    let parameters = parameters(15, false);
    let mut compressor = Compressor::new(Role::Server, parameters).unwrap();
    let mut inflater = Inflater::new(Role::Client, parameters);
    let (mut first, mut last) = (Vec::new(), Vec::new());
    compressor.piece(b"Hello", &mut first);
    compressor.last_piece(b"", &mut last);
    assert_eq!(inflater.inflate(&first).unwrap().output, b"Hello");
    assert_eq!(inflate(&mut inflater, &last), b"");
    let mut next = Vec::new();
    compressor.last_piece(b"Hello", &mut next);
    assert!(next.len() < 7, "the window goes on");
    assert_eq!(inflate(&mut inflater, &next), b"Hello");
}

#[test]
fn a_bomb_comes_chunk_by_chunk() {
    let parameters = parameters(15, false);
    let mut bomb = Vec::new();
    Compressor::new(Role::Server, parameters).unwrap().last_piece(&vec![0; 10 << 20], &mut bomb);
    assert!(bomb.len() < 11_000);
    let mut inflater = Inflater::new(Role::Client, parameters);
    let first = inflater.inflate(&bomb).unwrap();
    assert!(first.has_more);
    assert_eq!(first.output.len(), super::CHUNK);
}

#[test]
fn distances_are_read_as_they_were_written() {
    let mut mixed = Vec::new();
    for number in 0..2500_u32 {
        mixed.extend_from_slice(format!("{{\"id\":{number},\"text\":\"{}\"}}", number % 77).as_bytes());
    }
    for bits in 9..=15_u8 {
        let window = 1_u32 << bits;
        for message in [&mixed[..], &noise(20_000)] {
            let mut compressed = Vec::new();
            Compressor::new(Role::Client, parameters(bits, false)).unwrap().last_piece(message, &mut compressed);
            let farthest = window_check::farthest(&compressed);
            assert!(farthest <= window, "{bits} {farthest}");
            assert!(message != mixed || farthest > window / 4, "{bits} {farthest}");
        }
    }
    let mut repeated = noise(600);
    repeated.extend_from_slice(&noise(600));
    let mut compressed = Vec::new();
    Compressor::new(Role::Client, parameters(15, false)).unwrap().last_piece(&repeated, &mut compressed);
    assert_eq!(window_check::farthest(&compressed), 600);
}

#[test]
fn distances_after_every_kind_of_block_are_read() {
    // Stored, fixed with BFINAL, fixed: the last one repeats what lies 5 bytes back.
    let stored = [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F];
    let last = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let again = [0xF2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(window_check::farthest(&[&stored[..], &last, &again].concat()), 5);
    assert_eq!(window_check::farthest(&[]), 0);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        assert!(window_check::farthest(&bytes) <= 1 << 15);
    }
}
