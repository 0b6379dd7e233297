//! What a receiver makes of byte vectors, each fed whole and split at every byte.

use super::*;
use crate::wire::{MaskSource, Outgoing, Sender, SenderOptions};

fn client() -> ReceiverOptions {
    ReceiverOptions {
        role: Role::Client,
        max_message: 1 << 20,
        stream_binary_above: None,
        lenient: false,
        deflate: None,
        observe: Observe::Nothing,
    }
}

fn receive(options: ReceiverOptions, pieces: &[&[u8]]) -> Vec<String> {
    let mut receiver = Receiver::new(options);
    let mut events = Vec::new();
    for piece in pieces {
        receiver.feed(piece);
        while let Some(event) = receiver.next() {
            events.push(format!("{event:?}"));
        }
    }
    events
}

#[test]
fn messages_come_out_as_they_went_in() {
    for (role, deflate) in [
        (Role::Client, None),
        (Role::Server, None),
        (Role::Client, Some(DeflateParameters::default())),
        (Role::Server, Some(DeflateParameters::default())),
    ] {
        let mut wire = Vec::new();
        let mut sender = Sender::new(SenderOptions {
            role: role.peer(),
            mask: MaskSource::Random,
            fragment: std::num::NonZeroUsize::new(3),
            deflate,
        });
        for outgoing in [
            Outgoing::Text("häßlich"),
            Outgoing::Ping(b"ping"),
            Outgoing::Text(""),
            Outgoing::Binary(&[7; 300]),
            Outgoing::BinaryPart(&[8; 300]),
            Outgoing::Pong(b""),
            Outgoing::BinaryPart(b""),
            Outgoing::BinaryEnd(b""),
            Outgoing::Text("häßlich"),
            Outgoing::Close(Some((CloseCode::Normal, "bye"))),
        ] {
            sender.send(outgoing, &mut wire).unwrap();
        }
        let whole = receive(ReceiverOptions { role, deflate, ..client() }, &[&wire]);
        assert_eq!(whole.len(), 8, "{whole:#?}");
        assert!(whole[7].contains("Normal"), "{whole:#?}");
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(receive(ReceiverOptions { role, deflate, ..client() }, &bytes), whole);
    }
}
