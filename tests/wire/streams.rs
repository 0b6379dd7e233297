//! Frames that are mostly right, through tungstenite and through `wire`.

use proptest::collection::vec;
use proptest::prelude::*;
use wscope::wire::{LengthEncoding, MaskSource, Outgoing, RawHeader, RawMask, Role, Sender, SenderOptions};

use super::differential::compare;

/// A stream of frames that are mostly right.
pub fn stream() -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), vec(frame(), 0..8), vec(any::<u8>(), 0..3)).prop_map(|(is_masked, frames, tail)| {
        let mut sender = Sender::new(SenderOptions {
            role: if is_masked { Role::Client } else { Role::Server },
            mask: MaskSource::Random,
            fragment: None,
            deflate: None,
        });
        let mut wire = Vec::new();
        for (header, payload) in &frames {
            // A length that does not fit its encoding leaves the frame out.
            let _ = sender.send(Outgoing::Frame(*header, payload), &mut wire);
        }
        wire.extend_from_slice(&tail);
        wire
    })
}

fn frame() -> impl Strategy<Value = (RawHeader, Vec<u8>)> {
    let opcode = prop_oneof![
        8 => Just(0x1_u8), 6 => Just(0x2), 10 => Just(0x0), 4 => Just(0x9), 3 => Just(0xA), 1 => Just(0x8), 1 => 0..16_u8,
    ];
    let rsv = prop_oneof![20 => Just(0), 1 => 1..8_u8, 2 => Just(4)];
    let mask = prop_oneof![
        30 => Just(RawMask::Random), 1 => Just(RawMask::None), 1 => any::<[u8; 4]>().prop_map(RawMask::Key),
    ];
    let encoding = prop_oneof![
        30 => Just(None), 1 => Just(Some(LengthEncoding::Sixteen)), 1 => Just(Some(LengthEncoding::SixtyFour)),
    ];
    let length = prop_oneof![40 => Just(None), 1 => (0..3000_u64).prop_map(Some), 1 => any::<u64>().prop_map(Some)];
    (any::<bool>(), rsv, opcode, mask, length, encoding, payload()).prop_map(
        |(fin, rsv, opcode, mask, declared_length, length_encoding, payload)| {
            (RawHeader { fin, rsv, opcode, mask, declared_length, length_encoding }, payload)
        },
    )
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let close_body = (prop_oneof![Just(1000_u16), 990..1020_u16, 2990..5010_u16], "[a-ü]{0,3}")
        .prop_map(|(code, reason)| [&code.to_be_bytes(), reason.as_bytes()].concat());
    prop_oneof![
        4 => ".{0,30}".prop_map(String::into_bytes),
        2 => "[ä€😀]{1,3}".prop_flat_map(|text| (0..=text.len()).prop_map(move |end| text.as_bytes()[..end].to_vec())),
        2 => vec(any::<u8>(), 0..5),
        2 => Just(Vec::new()),
        1 => vec(any::<u8>(), 120..130),
        1 => vec(Just(b'a'), 1990..2010),
        3 => close_body,
        1 => Just(vec![0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn verdicts_on_streams_are_those_of_tungstenite(bytes in stream(), is_server in any::<bool>()) {
        compare(if is_server { Role::Server } else { Role::Client }, &bytes);
    }
}

#[test]
fn a_code_registered_since_is_delivered_all_the_same() {
    compare(Role::Client, &[0x88, 0x02, 0x03, 0xF6]);
}
