//! What a sender puts on the wire.

use super::*;

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

const SERVER: SenderOptions =
    SenderOptions { role: Role::Server, mask: MaskSource::Random, fragment: None, deflate: None };

const CLIENT: SenderOptions = SenderOptions { role: Role::Client, mask: MaskSource::Fixed(KEY), ..SERVER };

const DEFLATE: DeflateParameters = DeflateParameters {
    client_max_window_bits: 15,
    server_max_window_bits: 15,
    client_no_context_takeover: false,
    server_no_context_takeover: false,
};

fn sent(options: SenderOptions, outgoing: &[Outgoing<'_>]) -> Vec<u8> {
    let mut sender = Sender::new(options);
    let mut wire = Vec::new();
    for outgoing in outgoing {
        sender.send(*outgoing, &mut wire).unwrap();
    }
    assert_eq!(sender.counters().wire_bytes, wire.len() as u64);
    wire
}

#[test]
fn section_5_7_examples() {
    assert_eq!(sent(SERVER, &[Outgoing::Text("Hello")]), b"\x81\x05Hello");
    let masked = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
    assert_eq!(sent(CLIENT, &[Outgoing::Text("Hello")]), masked);
    assert_eq!(sent(SERVER, &[Outgoing::Ping(b"Hello")]), b"\x89\x05Hello");
    assert_eq!(sent(SERVER, &[Outgoing::Binary(&[0xFE; 256])])[..4], [0x82, 0x7E, 0x01, 0x00]);
    let large = vec![0xFE; 65536];
    assert_eq!(sent(SERVER, &[Outgoing::Binary(&large)])[..10], [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn random_keys_differ() {
    let options = SenderOptions { mask: MaskSource::Random, ..CLIENT };
    let wire = sent(options, &[Outgoing::Ping(b""); 4]);
    let keys: std::collections::HashSet<&[u8]> = wire.chunks(6).map(|frame| &frame[2..]).collect();
    assert_eq!(keys.len(), 4);
}

#[test]
fn fragments_split_data_but_not_control_frames() {
    let options = SenderOptions { fragment: NonZeroUsize::new(2), ..SERVER };
    assert_eq!(sent(options, &[Outgoing::Text("Hello")]), b"\x01\x02He\x00\x02ll\x80\x01o");
    assert_eq!(sent(options, &[Outgoing::Text("Hell")]), b"\x01\x02He\x80\x02ll");
    assert_eq!(sent(options, &[Outgoing::Text("")]), b"\x81\x00");
    assert_eq!(sent(options, &[Outgoing::Pong(b"Hello")]), b"\x8A\x05Hello");
}

#[test]
fn nothing_but_raw_frames_follows_close() {
    let mut sender = Sender::new(SERVER);
    let mut wire = Vec::new();
    sender.send(Outgoing::Close(Some((CloseCode::Normal, "bye"))), &mut wire).unwrap();
    assert_eq!(wire, b"\x88\x05\x03\xE8bye");
    let late = [Outgoing::Text("a"), Outgoing::Ping(b""), Outgoing::Pong(b""), Outgoing::Close(None)];
    for outgoing in late {
        assert_eq!(sender.send(outgoing, &mut wire), Err(SendError::Closed));
    }
    sender.send(Outgoing::Frame(RawHeader::default(), b""), &mut wire).unwrap();
    assert_eq!(wire, b"\x88\x05\x03\xE8bye\x81\x00");
}

#[test]
fn what_cannot_be_sent_leaves_no_trace() {
    let mut sender = Sender::new(SERVER);
    let mut wire = Vec::new();
    let reason = "r".repeat(124);
    let long = Outgoing::Close(Some((CloseCode::Normal, &reason)));
    assert_eq!(sender.send(long, &mut wire), Err(SendError::ControlTooLong(126)));
    assert_eq!(sender.send(Outgoing::Ping(&[0; 126]), &mut wire), Err(SendError::ControlTooLong(126)));
    let never = Outgoing::Close(Some((CloseCode::Status, "")));
    assert_eq!(sender.send(never, &mut wire), Err(SendError::CloseCode(CloseCode::Status)));
    assert_eq!((wire.len(), sender.counters()), (0, Counters::default()));
    assert_eq!(sender.send(Outgoing::Close(None), &mut wire), Ok(()));
}

#[test]
fn raw_frames_go_out_exactly_as_they_are() {
    let raw = |header| sent(SERVER, &[Outgoing::Frame(header, b"hi")]);
    let usual = RawHeader::default();
    assert_eq!(raw(usual), b"\x81\x02hi");
    assert_eq!(raw(RawHeader { fin: false, rsv: 7, opcode: 0xF, ..usual }), b"\x7F\x02hi");
    assert_eq!(raw(RawHeader { mask: RawMask::Key([0; 4]), ..usual }), b"\x81\x82\0\0\0\0hi");
    assert_eq!(raw(RawHeader { declared_length: Some(9), ..usual }), b"\x81\x09hi");
    let sixteen = Some(LengthEncoding::Sixteen);
    assert_eq!(raw(RawHeader { length_encoding: sixteen, ..usual }), b"\x81\x7E\x00\x02hi");
    let most = RawHeader { declared_length: Some(u64::MAX), ..usual };
    assert_eq!(raw(most), b"\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFhi");
    let client = |mask| sent(CLIENT, &[Outgoing::Frame(RawHeader { mask, ..usual }, b"hi")]);
    assert_eq!(client(RawMask::None), b"\x81\x02hi");
    assert_eq!(client(RawMask::Random), [&[0x81, 0x82][..], &KEY, &[b'h' ^ KEY[0], b'i' ^ KEY[1]]].concat());
    let too_long = RawHeader { declared_length: Some(0x1_0000), length_encoding: sixteen, ..usual };
    let refused = Sender::new(SERVER).send(Outgoing::Frame(too_long, b"hi"), &mut Vec::new());
    assert_eq!(refused, Err(SendError::Length(0x1_0000)));
}

#[test]
fn rfc_7692_section_7_2_3_examples() {
    let options = SenderOptions { deflate: Some(DEFLATE), ..SERVER };
    let wire = sent(options, &[Outgoing::Text("Hello"), Outgoing::Text("Hello")]);
    let expected = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xC1, 0x05, 0xF2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(wire, expected);
    let alone = DeflateParameters { server_no_context_takeover: true, ..DEFLATE };
    let wire = sent(SenderOptions { deflate: Some(alone), ..options }, &[Outgoing::Text("Hello"); 2]);
    assert_eq!(wire, [&expected[..9], &expected[..9]].concat());
}

#[test]
fn rsv1_is_on_the_first_fragment_of_data_alone() {
    let options = SenderOptions { deflate: Some(DEFLATE), fragment: NonZeroUsize::new(4), ..SERVER };
    let wire = sent(options, &[Outgoing::Text("Hello"), Outgoing::Ping(b"p"), Outgoing::Text("")]);
    assert_eq!(wire, b"\x41\x04\xF2\x48\xCD\xC9\x80\x03\xC9\x07\x00\x89\x01p\x81\x00");
}

#[test]
fn a_raw_data_frame_is_not_built_upon() {
    let options = SenderOptions { deflate: Some(DEFLATE), ..SERVER };
    let alone = sent(options, &[Outgoing::Text("Hello")]);
    for (rsv, opcode) in [(4, 0x1), (4, 0x2), (0, 0x0)] {
        let payload = b"\xF2\x48\xCD\xC9\xC9\x07\x00";
        let raw = Outgoing::Frame(RawHeader { rsv, opcode, ..RawHeader::default() }, payload);
        let wire = sent(options, &[Outgoing::Text("Hello"), raw, Outgoing::Text("Hello")]);
        assert!(wire.ends_with(&alone), "{rsv} {opcode}");
    }
    let ping = Outgoing::Frame(RawHeader { opcode: 0x9, ..RawHeader::default() }, b"");
    let wire = sent(options, &[Outgoing::Text("Hello"), ping, Outgoing::Text("Hello")]);
    assert!(!wire.ends_with(&alone), "a Ping is not inflated");
}

#[test]
fn a_window_of_8_bits_is_met_by_not_compressing() {
    let deflate = Some(DeflateParameters { server_max_window_bits: 8, ..DEFLATE });
    assert_eq!(sent(SenderOptions { deflate, ..SERVER }, &[Outgoing::Text("Hello")]), b"\x81\x05Hello");
}

#[test]
fn counters_add_up() {
    let mut sender = Sender::new(SenderOptions { fragment: NonZeroUsize::new(2), ..SERVER });
    let mut wire = Vec::new();
    sender.send(Outgoing::Text("Hello"), &mut wire).unwrap();
    sender.send(Outgoing::Ping(b"p"), &mut wire).unwrap();
    let expected = Counters { frames: 4, messages: 1, wire_bytes: 14, message_bytes: 5, ..Counters::default() };
    assert_eq!(sender.counters(), expected);
}

#[test]
fn a_message_framed_where_it_lies_is_like_any_other() {
    let compressing = SenderOptions { deflate: Some(DEFLATE), ..CLIENT };
    let fragmenting = SenderOptions { fragment: NonZeroUsize::new(1000), ..SERVER };
    for options in [CLIENT, SERVER, compressing, fragmenting] {
        for length in [0, 125, 126, 0xFFFF, 0x1_0000] {
            let payload = vec![b'x'; length];
            let (mut copying, mut in_place) = (Sender::new(options), Sender::new(options));
            let mut copied = Vec::new();
            copying.send(Outgoing::Message(Kind::Text, &payload), &mut copied).unwrap();
            assert_eq!(in_place.send_in_place(Kind::Text, payload).unwrap(), copied);
            assert_eq!(in_place.counters(), copying.counters());
        }
    }
    let mut closed = Sender::new(SERVER);
    closed.send(Outgoing::Close(None), &mut Vec::new()).unwrap();
    assert_eq!(closed.send_in_place(Kind::Text, Vec::new()), Err(SendError::Closed));
}
