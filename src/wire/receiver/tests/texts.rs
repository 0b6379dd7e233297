//! Texts are taken by the thousand as they would come one by one.

use super::{CLIENT, LENIENT, Receiver, ReceiverOptions, SERVER};
use crate::wire::{Event, TextFrame};

fn frame(text: &[u8]) -> Vec<u8> {
    match u8::try_from(text.len()) {
        Ok(length @ ..=0x7D) => [&[0x81, length], text].concat(),
        _ => [&[0x81, 0x7E], &u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat(),
    }
}

/// The texts that are taken, in batches and copied, and how many bytes of frames are left for `next`.
#[track_caller]
fn taken(options: ReceiverOptions, frames: &[Vec<u8>]) -> (String, usize) {
    let in_batches = taken_by(options, frames, |receiver, texts| {
        while let Some(batch) = receiver.take_texts() {
            batch.append_to(b'\n', texts);
        }
    });
    let copied = taken_by(options, frames, |receiver, texts| while receiver.copy_texts(b'\n', texts) {});
    if in_batches.1 == 0 {
        assert_eq!(copied, in_batches);
    }
    in_batches
}

fn taken_by(
    options: ReceiverOptions,
    frames: &[Vec<u8>],
    take: impl FnOnce(&mut Receiver, &mut Vec<u8>),
) -> (String, usize) {
    let mut receiver = Receiver::new(options);
    let bytes = frames.concat();
    receiver.feed(&bytes);
    let mut texts = b"> ".to_vec();
    take(&mut receiver, &mut texts);
    let left = bytes.len() - usize::try_from(receiver.counters().wire_bytes).unwrap();
    (String::from_utf8(texts).unwrap(), left)
}

#[test]
fn texts_of_all_lengths_are_taken_together() {
    let texts: Vec<String> = [0, 1, 2, 31, 63, 64, 65, 125, 126, 127, 3000].map(|length| "x".repeat(length)).into();
    let frames: Vec<_> = texts.iter().map(|text| frame(text.as_bytes())).collect();
    assert_eq!(taken(CLIENT, &frames), (format!("> {}\n", texts.join("\n")), 0));
}

#[test]
fn each_comes_with_its_frame_as_it_was() {
    let masked = |text: &str, key: [u8; 4]| {
        let payload = text.bytes().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        let header = [0x81, 0x80 | u8::try_from(text.len()).unwrap()];
        header.into_iter().chain(key).chain(payload).collect::<Vec<u8>>()
    };
    let mut receiver = Receiver::new(SERVER);
    receiver.feed(&[b"\x89\x80\0\0\0\0", &masked("one", [1, 2, 3, 4])[..], &masked("zwölf", [9; 4])].concat());
    assert_eq!(receiver.next(), Some(Event::Ping(b"")));
    let batch = receiver.take_texts().unwrap();
    let expected = [
        TextFrame { offset: 6, header_bytes: b"\x81\x83\x01\x02\x03\x04", text: b"one" },
        TextFrame { offset: 15, header_bytes: b"\x81\x86\x09\x09\x09\x09", text: "zwölf".as_bytes() },
    ];
    assert_eq!(batch.frames().collect::<Vec<_>>(), expected);
    assert_eq!(batch.messages(), 2);
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
        assert_eq!(taken(CLIENT, &frames), ("> one\nzwölf\n".to_owned(), other.len()), "{other:X?}");
    }
}

#[test]
fn whether_a_text_may_come_next_is_known_before_it_is_taken() {
    let mut receiver = Receiver::new(CLIENT);
    assert!(!receiver.is_before_text());
    receiver.feed(&[&frame(b"one")[..], b"\x82\x01a"].concat());
    assert!(receiver.is_before_text());
    assert_eq!(receiver.take_texts().unwrap().messages(), 1);
    assert!(!receiver.is_before_text());
}

#[test]
fn a_batch_ends_when_it_is_large() {
    let mut receiver = Receiver::new(CLIENT);
    receiver.feed(&frame(&[b'x'; 1000]).repeat(200));
    let batches: Vec<u64> = std::iter::from_fn(|| receiver.take_texts().map(|batch| batch.messages())).collect();
    assert_eq!(batches, [66, 66, 66, 2]);
}

#[test]
fn a_text_that_is_too_long_is_left() {
    let options = ReceiverOptions { max_message: 4, ..CLIENT };
    assert_eq!(taken(options, &[frame(b"1234"), frame(b"12345")]), ("> 1234\n".to_owned(), 7));
}

#[test]
fn a_text_is_valid_by_itself_or_not_at_all() {
    // Two halves of one character, each a message.
    let frames = [frame(b"whole"), frame(b"\xC3"), frame(b"\xB6")];
    for options in [CLIENT, LENIENT] {
        assert_eq!(taken(options, &frames), ("> whole\n".to_owned(), 6));
    }
}

#[test]
fn no_text_is_copied_with_one_that_is_wrong() {
    let frames = [frame(b"whole"), frame(b"\xC3"), frame(b"\xB6")].concat();
    let mut receiver = Receiver::new(LENIENT);
    receiver.feed(&frames);
    let mut texts = Vec::new();
    assert!(!receiver.copy_texts(b'\n', &mut texts) && texts.is_empty());
    assert_eq!(receiver.take_texts().unwrap().messages(), 1);
    assert!(!receiver.copy_texts(b'\n', &mut texts) && receiver.take_texts().is_none());
}
