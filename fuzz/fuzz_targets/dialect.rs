//! A session of any dialect with anything in it: what is said of each message points into it.
//!
//! The input chooses the dialect, unless `FUZZ_DIALECT` names one: so each can be given a time of its own.

#![no_main]

use std::env;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wscope::dialect::{ALL, Message, Opening, named};
use wscope::wire::{Kind, Role};

/// What separates messages in the input.
const SEPARATOR: &[u8] = b"\n---\n";

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (dialect, subprotocol, stream) = input;
    let description = match env::var("FUZZ_DIALECT") {
        Ok(name) => named(&name).expect("a dialect"),
        Err(_) => ALL[usize::from(dialect) % ALL.len()],
    };
    let subprotocols = description.subprotocols;
    let subprotocol = subprotocols.get(usize::from(subprotocol) % (subprotocols.len() + 1)).copied();
    let mut at = Duration::ZERO;
    let target = "/a/websocket?vsn=2.0.0&EIO=4&transport=websocket";
    let mut session = (description.start)(&Opening { subprotocol, target, at });
    for piece in split(stream) {
        let Some((flags, payload)) = piece.split_first() else { continue };
        let from = if flags & 1 == 0 { Role::Client } else { Role::Server };
        let kind = if flags & 2 == 0 && str::from_utf8(payload).is_ok() { Kind::Text } else { Kind::Binary };
        at += Duration::from_millis(u64::from(*flags));
        let message = Message { from, kind, payload, at };
        let _ = (description.is_message)(&message);
        if let Some(annotation) = session.message(&message) {
            let mut end = 0;
            for secret in &annotation.secrets {
                assert!(
                    end <= secret.start && secret.start <= secret.end && secret.end <= payload.len(),
                    "{annotation:?}"
                );
                end = secret.end;
            }
        }
        let _ = session.heartbeat();
    }
});

fn split(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some(end) = stream.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        pieces.push(&stream[..end]);
        stream = &stream[end + SEPARATOR.len()..];
    }
    pieces.push(stream);
    pieces
}
