use super::super::testing::{Conversation, hex, hidden, line};
use super::*;

/// CONNECT of MQTT 5 as c1, with a user and a password.
const CONNECT_5: &str = "10 16 00 04 4d 51 54 54 05 c2 00 3c 00 00 02 63 31 00 01 75 00 02 70 77";

fn conversation() -> Conversation {
    Conversation::new(&MQTT, Some("mqtt"), "/mqtt")
}

#[test]
fn a_session_of_version_5() {
    let mut session = conversation();
    assert_eq!(session.sent_bytes(&hex(CONNECT_5)), "CONNECT 5 as c1, keep-alive 60 s, user u");
    session.wait(4);
    let connack = hex("20 0c 00 00 09 13 00 0a 12 00 03 61 62 63");
    assert_eq!(session.received_bytes(&connack), "CONNACK, as abc, keep-alive 10 s after 4 ms");
    assert_eq!(session.sent_bytes(&hex("82 09 00 01 00 00 03 61 2f 23 01")), "SUBSCRIBE a/# QoS 1");
    assert_eq!(session.received_bytes(&hex("90 04 00 01 00 01")), "SUBACK of a/# QoS 1, granted QoS 1 after 0 ms");
    assert_eq!(session.sent_bytes(&hex("c0 00")), "()");
    assert_eq!(session.wait(2).received_bytes(&hex("d0 00")), "( after 2 ms)");
    let taken = "DISCONNECT: the session was taken over by another client of this id";
    assert_eq!(session.received_bytes(&hex("e0 01 8e")), taken);
    assert_eq!(session.sent_bytes(&hex("e0 00")), "DISCONNECT");
}

#[test]
fn packets_and_messages_have_other_borders() {
    let mut session = conversation();
    session.sent_bytes(&hex(CONNECT_5));
    let first = hex("32 0a 00 03 61 2f 62 00 07 00");
    assert_eq!(session.received_bytes(&first), "part of PUBLISH, 10 of 12 bytes");
    assert_eq!(session.received_bytes(&hex("68 69")), "PUBLISH a/b, QoS 1, 2 bytes: hi");
    assert_eq!(session.sent_bytes(&hex("40 02 00 07")), "PUBACK of a/b after 0 ms");
    assert_eq!(
        session.received_bytes(&hex("30 04 00 01 61 00 30 04 00 01 62 00 d0")),
        "PUBLISH a, 0 bytes; PUBLISH b, 0 bytes; part of PINGRESP, 1 of 2 bytes"
    );
    assert_eq!(session.received_bytes(&hex("00")), "()");
}

#[test]
fn every_way_to_cut_a_stream_gives_the_same_packets() {
    let stream = hex(&format!("{CONNECT_5} 32 0a 00 03 61 2f 62 00 07 00 68 69 c0 00 e0 00"));
    for cut in 0..stream.len() {
        let mut pieces = Stream::default();
        let mut firsts = Vec::new();
        let (first, second) = stream.split_at(cut);
        for message in [first, second] {
            let mut at = 0;
            while let Some(piece) = pieces.next(message, &mut at) {
                firsts.extend(if let Piece::Packet(raw) = piece { Some(raw.first) } else { None });
            }
        }
        assert_eq!(firsts, [0x10, 0x32, 0xc0, 0xe0], "{cut}");
    }
}

#[test]
fn exactly_once_takes_four_packets() {
    let mut session = conversation();
    assert_eq!(session.sent_bytes(&hex("34 06 00 01 61 00 09 21")), "PUBLISH a, QoS 2, 1 byte: !");
    assert_eq!(session.wait(1).received_bytes(&hex("50 02 00 09")), "PUBREC of a after 1 ms");
    assert_eq!(session.wait(1).sent_bytes(&hex("62 02 00 09")), "PUBREL of a after 2 ms");
    assert_eq!(session.wait(1).received_bytes(&hex("70 02 00 09")), "PUBCOMP of a after 3 ms");
    assert_eq!(session.received_bytes(&hex("70 02 00 09")), "PUBCOMP of nothing that was seen");
}

#[test]
fn a_session_of_version_3_1_1_and_its_refusals() {
    let mut session = conversation();
    let connect = hex("10 0e 00 04 4d 51 54 54 04 02 00 00 00 02 63 31");
    assert_eq!(session.sent_bytes(&connect), "CONNECT 3.1.1 as c1, no keep-alive");
    assert_eq!(session.received_bytes(&hex("20 02 00 05")), "CONNACK after 0 ms: not authorised");
    session.sent_bytes(&hex("82 06 00 01 00 01 61 00"));
    assert_eq!(session.received_bytes(&hex("90 03 00 01 80")), "SUBACK of a after 0 ms: refused");
    assert_eq!(session.received_bytes(&hex("f0 00")), "not MQTT: AUTH: a type that the version does not have");
}

#[test]
fn an_alias_stands_for_a_topic_of_its_direction() {
    let mut session = conversation();
    session.sent_bytes(&hex(CONNECT_5));
    assert_eq!(session.sent_bytes(&hex("30 07 00 01 61 03 23 00 05")), "PUBLISH a, 0 bytes");
    assert_eq!(session.sent_bytes(&hex("31 06 00 00 03 23 00 05")), "PUBLISH a, retained, 0 bytes");
    assert_eq!(session.received_bytes(&hex("30 06 00 00 03 23 00 05")), "PUBLISH alias 5, 0 bytes");
}

#[test]
fn what_is_secret_is_hidden_however_it_is_cut() {
    let connect = hex(CONNECT_5);
    let shown = |session: &mut Conversation, payload: &[u8]| {
        let annotation = session.message(Role::Client, Kind::Binary, payload).expect("an annotation");
        assert!(!line(&annotation).contains("pw"));
        hidden(payload, &annotation)
    };
    assert!(shown(&mut conversation(), &connect).ends_with("u\0\u{2}..."));
    for cut in 1..connect.len() {
        let mut session = conversation();
        let (first, second) = connect.split_at(cut);
        let all = shown(&mut session, first) + &shown(&mut session, second);
        assert!(!all.contains('p') && !all.contains('w'), "{cut}: {all}");
    }
    // Behind its end is one byte too much: it is not read, nor shown.
    let broken = hex("10 10 00 04 4d 51 54 54 04 42 00 00 00 00 00 01 70 77");
    assert_eq!(shown(&mut conversation(), &broken), "...");
    let mut session = conversation();
    session.sent_bytes(&connect);
    let auth = hex("f0 0c 18 0a 15 00 01 4d 16 00 03 70 77 70");
    let annotation = session.message(Role::Client, Kind::Binary, &auth).expect("an annotation");
    assert_eq!((line(&annotation), hidden(&auth, &annotation).ends_with("\u{3}...")), ("AUTH M".to_owned(), true));
}

#[test]
fn what_breaks_the_rules_is_told() {
    let mut session = conversation();
    assert_eq!(session.sent("x"), "not MQTT: a text message: packets go in binary ones (MQTT-6.0.0-1)");
    assert_eq!(
        session.sent_bytes(&hex("80 06 00 01 00 01 61 00")),
        "not MQTT: SUBSCRIBE: wrong flags in its first byte"
    );
    assert_eq!(session.sent_bytes(&hex("36 05 00 01 61 00 01")), "not MQTT: PUBLISH: QoS 3");
    assert_eq!(session.sent_bytes(&hex("30 02 00 05")), "not MQTT: PUBLISH: it ends too early");
    assert_eq!(
        session.sent_bytes(&hex("30 05 00 03 61 2f 2b")),
        "PUBLISH a/+, 0 bytes: a wildcard in the topic: servers close (MQTT-3.3.2-2)"
    );
    assert_eq!(session.sent_bytes(&hex("82 02 00 01")), "not MQTT: SUBSCRIBE: it names no topic filter");
    assert_eq!(
        session.sent_bytes(&hex("30 ff ff ff ff 01")),
        "not MQTT: a length of more than four bytes: what follows is not read"
    );
    assert_eq!(session.sent_bytes(&hex("c0 00")), "");
}

#[test]
fn a_ping_is_due_after_the_keep_alive_of_the_server() {
    let mut session = conversation();
    session.wait(1_000).sent_bytes(&hex(CONNECT_5));
    assert_eq!(session.dialect().heartbeat(), None);
    session.received_bytes(&hex("20 03 00 00 00"));
    let beat = session.dialect().heartbeat().expect("a heartbeat");
    assert_eq!((beat.due.as_secs(), beat.kind, &*beat.payload), (61, Kind::Binary, &[0xc0, 0][..]));
    session.received_bytes(&hex("20 06 00 00 03 13 00 0a"));
    assert_eq!(session.dialect().heartbeat().map(|beat| beat.due.as_secs()), Some(11));
    session.received_bytes(&hex("20 06 00 00 03 13 00 00"));
    assert_eq!(session.dialect().heartbeat(), None);
}

#[test]
fn a_long_payload_is_not_kept() {
    let mut session = conversation();
    let mut publish = hex("30 84 80 80 02 00 01 61");
    publish.resize(publish.len() + 1, b'x');
    assert_eq!(session.received_bytes(&publish), "part of PUBLISH, 9 of 4194313 bytes");
    for _ in 0..4 {
        session.received_bytes(&vec![b'x'; 1024 * 1024 - 1]);
    }
    assert_eq!(session.received_bytes(b"xxxx"), "PUBLISH a, 4194305 bytes");
}

#[test]
fn it_is_known_by_its_connect() {
    let is_message =
        |from, payload: &[u8]| (MQTT.is_message)(&Message { from, kind: Kind::Binary, payload, at: Duration::ZERO });
    assert!(is_message(Role::Client, &hex(CONNECT_5)));
    assert!(!is_message(Role::Server, &hex(CONNECT_5)));
    assert!(!is_message(Role::Client, &hex("10 0e 00 04 4d 51 54 55 04")));
    assert!(!is_message(Role::Client, &hex("c0 00")));
}
