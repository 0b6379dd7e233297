//! Texts are taken by the thousand as they would come one by one.

use super::{CLIENT, LENIENT, Receiver, ReceiverOptions};

fn frame(text: &[u8]) -> Vec<u8> {
    match u8::try_from(text.len()) {
        Ok(length @ ..=0x7D) => [&[0x81, length], text].concat(),
        _ => [&[0x81, 0x7E], &u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat(),
    }
}

/// What is taken at once, and how many bytes of frames are left for `next`.
fn taken(options: ReceiverOptions, most: usize, frames: &[Vec<u8>]) -> (String, usize) {
    let mut receiver = Receiver::new(options);
    let bytes = frames.concat();
    receiver.feed(&bytes);
    let mut texts = b"> ".to_vec();
    receiver.take_texts(b'\n', most, &mut texts);
    let left = bytes.len() - usize::try_from(receiver.counters().wire_bytes).unwrap();
    (String::from_utf8(texts).unwrap(), left)
}

#[test]
fn texts_of_all_lengths_are_taken_together() {
    let texts: Vec<String> = [0, 1, 2, 31, 63, 64, 65, 125, 126, 127, 3000].map(|length| "x".repeat(length)).into();
    let frames: Vec<_> = texts.iter().map(|text| frame(text.as_bytes())).collect();
    assert_eq!(taken(CLIENT, 1 << 16, &frames), (format!("> {}\n", texts.join("\n")), 0));
}

#[test]
fn what_is_no_whole_text_is_left() {
    let others = [
        &b"\x82\x01x"[..],
        b"\x01\x01x",
        b"\xC1\x01x",
        b"\x89\x00",
        b"\x81\x81abcdx",
        b"\x81\x7E\x00\x01x",
        b"\x81\x05x",
        b"\x81",
    ];
    for other in others {
        let frames = [frame(b"one"), frame("zwölf".as_bytes()), other.to_vec()];
        assert_eq!(taken(CLIENT, 1 << 16, &frames), ("> one\nzwölf\n".to_owned(), other.len()), "{other:X?}");
    }
}

#[test]
fn no_more_is_taken_than_there_is_room_for() {
    let frames = [frame(b"12345"), frame(b"12345"), frame(b"12345")];
    for (most, expected) in [(5, ""), (6, "12345\n"), (17, "12345\n12345\n"), (18, "12345\n12345\n12345\n")] {
        assert_eq!(taken(CLIENT, most, &frames).0, format!("> {expected}"), "{most}");
    }
    let options = ReceiverOptions { max_message: 4, ..CLIENT };
    assert_eq!(taken(options, 100, &frames), ("> ".to_owned(), 21));
}

#[test]
fn a_text_is_valid_by_itself_or_not_at_all() {
    // Two halves of one character, each a message.
    let frames = [frame(b"whole"), frame(b"\xC3"), frame(b"\xB6")];
    for options in [CLIENT, LENIENT] {
        assert_eq!(taken(options, 100, &frames), ("> ".to_owned(), 13));
    }
}
