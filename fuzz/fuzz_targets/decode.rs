//! A message of anything, through every decoder and as part of a stream: what is said of it is short, and points into it.
//!
//! All decoders have each message, unless `FUZZ_DECODER` names the one that has it alone, with a time of its own.

#![no_main]

use std::env;

use libfuzzer_sys::fuzz_target;
use wscope::decode::{ALL, Choice, Decoders, auto, decode, named};
use wscope::event::Annotation;
use wscope::wire::{Kind, Role};

fuzz_target!(|messages: Vec<&[u8]>| match env::var("FUZZ_DECODER") {
    Ok(name) => by_one(&name, &messages),
    Err(_) => by_all(&messages),
});

fn by_one(name: &str, messages: &[&[u8]]) {
    let decoder = named(name).expect("a decoder");
    let mut session = Decoders::new(Choice::Named(decoder));
    for payload in messages {
        check(payload, Some(decode(decoder, payload)));
        check(payload, session.message(Role::Server, Kind::Binary, payload));
    }
}

fn by_all(messages: &[&[u8]]) {
    let mut any = Decoders::new(Choice::Auto);
    let mut streams =
        ["zlib-stream", "zstd-stream"].map(|name| Decoders::new(Choice::Named(named(name).expect("a decoder"))));
    for payload in messages {
        for decoder in ALL {
            check(payload, Some(decode(decoder, payload)));
        }
        for kind in [Kind::Text, Kind::Binary] {
            check(payload, auto(kind, payload));
        }
        check(payload, any.message(Role::Server, Kind::Binary, payload));
        for stream in &mut streams {
            check(payload, stream.message(Role::Server, Kind::Binary, payload));
        }
    }
}

fn check(payload: &[u8], annotation: Option<Annotation>) {
    let Some(annotation) = annotation else { return };
    assert!(annotation.text.len() < 32 * 1024, "{}", annotation.text.len());
    let mut end = 0;
    for secret in &annotation.secrets {
        assert!(end <= secret.start && secret.start <= secret.end && secret.end <= payload.len(), "{annotation:?}");
        end = secret.end;
    }
}
