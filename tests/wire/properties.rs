//! Any message comes out whole, and any bytes come to the same, however they arrive.

use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::*;
use wscope::wire::{DeflateParameters, MaskSource, Observe, Outgoing, ReceiverOptions, Role, Sender, SenderOptions};

use super::frames::{self, Outcome};

/// Something to send that owns its payload.
#[derive(Debug, Clone)]
enum Item {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        ".{0,300}".prop_map(Item::Text),
        "[a-c]{0,2000}".prop_map(Item::Text),
        vec(any::<u8>(), 0..2000).prop_map(Item::Binary),
        vec(any::<u8>(), 0..=125).prop_map(Item::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Item::Pong),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Client), Just(Role::Server)]
}

fn deflate() -> impl Strategy<Value = Option<DeflateParameters>> {
    proptest::option::of((8..=15_u8, 8..=15_u8, any::<bool>(), any::<bool>()).prop_map(|(client, server, a, b)| {
        DeflateParameters {
            client_max_window_bits: client,
            server_max_window_bits: server,
            client_no_context_takeover: a,
            server_no_context_takeover: b,
        }
    }))
}

fn observe() -> impl Strategy<Value = Observe> {
    prop_oneof![Just(Observe::Nothing), Just(Observe::Headers), Just(Observe::Bytes)]
}

/// Sends an item and says what it has to come out as.
fn send(item: &Item, sender: &mut Sender, wire: &mut Vec<u8>) -> Outcome {
    let mut send = |outgoing| sender.send(outgoing, wire).expect("nothing is in the way");
    match item {
        Item::Text(text) => {
            send(Outgoing::Text(text));
            Outcome::Text(text.clone().into_bytes())
        }
        Item::Binary(payload) => {
            send(Outgoing::Binary(payload));
            Outcome::Binary(payload.clone())
        }
        Item::Ping(payload) => {
            send(Outgoing::Ping(payload));
            Outcome::Heartbeat(false, payload.clone())
        }
        Item::Pong(payload) => {
            send(Outgoing::Pong(payload));
            Outcome::Heartbeat(true, payload.clone())
        }
    }
}

/// A compressed payload with one byte changed.
fn corrupted() -> impl Strategy<Value = Vec<u8>> {
    ("[a-c]{0,300}", any::<proptest::sample::Index>(), any::<u8>()).prop_map(|(text, index, byte)| {
        let mut sender = Sender::new(SenderOptions {
            role: Role::Server,
            mask: MaskSource::Random,
            fragment: None,
            deflate: Some(DeflateParameters::default()),
        });
        let mut wire = Vec::new();
        sender.send(Outgoing::Text(&text), &mut wire).expect("nothing is in the way");
        let mut compressed = wire.split_off(2);
        if !compressed.is_empty() {
            let index = index.index(compressed.len());
            compressed[index] = byte;
        }
        compressed
    })
}

proptest! {
    #[test]
    fn any_message_comes_out_whole(
        items in vec(item(), 0..8),
        role in role(),
        deflate in deflate(),
        observe in observe(),
        fragment in proptest::option::of(1..400_usize),
        stream_binary_above in proptest::option::of(0..1000_u64),
        size in 1..3000_usize,
    ) {
        let fragment = fragment.and_then(NonZeroUsize::new);
        let mut sender =
            Sender::new(SenderOptions { role: role.peer(), mask: MaskSource::Random, fragment, deflate });
        let mut wire = Vec::new();
        let expected: Vec<_> = items.iter().map(|item| send(item, &mut sender, &mut wire)).collect();
        let options =
            ReceiverOptions { role, max_message: 2000, stream_binary_above, lenient: false, deflate, observe };
        prop_assert_eq!(frames::outcomes(options, &wire, size), expected);
    }

    #[test]
    fn any_bytes_come_to_the_same(
        bytes in vec(any::<u8>(), 0..200),
        role in role(),
        picked in any::<u8>(),
        size in 1..20_usize,
    ) {
        frames::arrives_alike(frames::options(role, picked), &bytes, size);
    }

    #[test]
    fn any_frames_come_to_the_same(
        bytes in super::streams::stream(),
        role in role(),
        picked in any::<u8>(),
        size in 1..20_usize,
    ) {
        frames::arrives_alike(frames::options(role, picked), &bytes, size);
    }

    #[test]
    fn any_compressed_payload_comes_to_the_same(
        compressed in prop_oneof![vec(any::<u8>(), 0..60), corrupted()],
        picked in any::<u8>(),
        fragment in 1..20_usize,
        size in 1..20_usize,
    ) {
        frames::inflates_alike(picked, &compressed, fragment, size);
    }
}

/// What the fuzz targets have found, and what they begin with.
#[test]
fn the_seeds_of_the_fuzz_targets_come_to_the_same() -> std::io::Result<()> {
    for (folder, role) in [("frames_as_client", Role::Client), ("frames_as_server", Role::Server)] {
        let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
        for seed in std::fs::read_dir(seeds)? {
            let seed = std::fs::read(seed?.path())?;
            let [picked, size, bytes @ ..] = &seed[..] else { continue };
            frames::arrives_alike(frames::options(role, *picked), bytes, usize::from(*size));
        }
    }
    Ok(())
}
