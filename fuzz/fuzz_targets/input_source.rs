//! Input of every format, in pieces of any size: the messages do not depend on the pieces, and none is longer than it may be.

#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use wscope::input::{Format, Message, Source, SourceOptions};
use wscope::wire::{Kind, Outgoing};

const FORMATS: [Format; 6] = [Format::Lines, Format::Null, Format::Whole, Format::Hex, Format::Base64, Format::Json];
const MAX_MESSAGE: u64 = 64;

/// Gives its bytes in pieces of at most so many.
struct Pieces(io::Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

fuzz_target!(|input: (u8, bool, u8, &[u8])| {
    let (format, is_binary, piece, bytes) = input;
    let format = FORMATS[usize::from(format) % FORMATS.len()];
    let kind = if is_binary { Kind::Binary } else { Kind::Text };
    let whole = messages(format, kind, bytes, usize::MAX);
    assert_eq!(whole, messages(format, kind, bytes, usize::from(piece) + 1));
    for message in whole.iter().flatten() {
        assert!(message.len() as u64 <= MAX_MESSAGE, "{message:?}");
    }
});

/// The messages, and at the end `Err` with what is wrong, where something is.
fn messages(format: Format, kind: Kind, bytes: &[u8], piece: usize) -> Vec<Result<Message, String>> {
    let options = SourceOptions { format, kind, max_message: MAX_MESSAGE };
    let mut source = Source::new(Pieces(io::Cursor::new(bytes.to_vec()), piece), options);
    let mut found = Vec::new();
    while source.fill().expect("memory can be read") {
        while let Some(message) = source.next() {
            found.push(message.map(|outgoing| owned(&outgoing)).map_err(|error| error.to_string()));
        }
    }
    found
}

fn owned(outgoing: &Outgoing<'_>) -> Message {
    match outgoing {
        Outgoing::Text(text) => Message::Text((*text).to_owned()),
        Outgoing::Binary(payload) => Message::Binary(payload.to_vec()),
        Outgoing::Ping(payload) => Message::Ping(payload.to_vec()),
        Outgoing::Pong(payload) => Message::Pong(payload.to_vec()),
        Outgoing::Close(close) => Message::Close(close.map(|(code, reason)| (code, reason.to_owned()))),
        other => panic!("no input gives {other:?}"),
    }
}
