use super::super::testing::{Conversation, hidden};
use super::*;

const TARGET: &str = "/socket.io/?EIO=4&transport=websocket";
const OPEN: &str =
    r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

fn conversation() -> Conversation {
    Conversation::new(&SOCKET_IO, None, TARGET)
}

/// The sample session of the Engine.IO protocol.
#[test]
fn the_server_pings_and_is_owed_a_pong_at_once() {
    let mut session = conversation();
    assert_eq!(
        session.received(OPEN),
        "Engine.IO: the server pings every 25 s, and waits 20 s for the answer; `40` is to follow from the client"
    );
    assert_eq!(session.dialect().heartbeat(), None);
    assert_eq!(session.wait(25_000).received("2"), "()");
    let beat = session.dialect().heartbeat().expect("a pong");
    assert_eq!((beat.due, &beat.payload[..]), (Duration::from_secs(25), &b"3"[..]));
    assert_eq!(session.wait(3).sent("3"), "( after 3 ms)");
    assert_eq!(session.dialect().heartbeat(), None);
    session.received("2");
    assert_eq!(session.wait(20_001).sent("3"), "( after 20001 ms: later than pingTimeout)");
    assert_eq!(session.sent("2"), "in version 4 the server pings, and the client answers 3: the server closes");
}

#[test]
fn a_server_that_waited_for_a_pong_closes_without_a_code() {
    let mut session = conversation();
    session.received(OPEN);
    assert_eq!(session.dialect().close_code(1005), None);
    session.received("2");
    assert_eq!(session.dialect().close_code(1005), Some("the last ping was not answered"));
    assert_eq!(session.dialect().close_code(1001), None);
    session.sent("3");
    assert_eq!(session.dialect().close_code(1006), None);
}

#[test]
fn in_version_3_the_client_pings() {
    let mut session = Conversation::new(&SOCKET_IO, None, "/socket.io/?EIO=3&transport=websocket");
    session.received(OPEN);
    let beat = session.dialect().heartbeat().expect("a ping");
    assert_eq!((beat.due, &beat.payload[..]), (Duration::from_secs(25), &b"2"[..]));
    session.wait(20_000).sent("2");
    assert_eq!(session.dialect().heartbeat().map(|beat| beat.due), Some(Duration::from_secs(45)));
    assert_eq!(session.wait(4).received("3"), "( after 4 ms)");
    assert_eq!(session.received("2"), "in version 3 the client pings, and the server answers 3");
    session.sent(r#"42["a"]"#);
    assert_eq!(
        session.received(r#"451-["a",{"_placeholder":true,"num":0}]"#),
        "Socket.IO event a and 1 binary attachment"
    );
    assert_eq!(session.received_bytes(b"\x04ab"), "Socket.IO event a, with 2 bytes");
    session.received(r#"451-["a",{"_placeholder":true,"num":0}]"#);
    assert_eq!(session.received("b4AQI="), "Socket.IO event a, with 2 bytes");
    assert_eq!(session.received("b4A"), "b4 without Base64 behind it");
}

#[test]
fn the_upgrade_from_polling_is_told() {
    let mut session = Conversation::new(&SOCKET_IO, None, "/socket.io/?EIO=4&transport=websocket&sid=abc");
    assert_eq!(session.sent("2probe"), "probes the WebSocket before the upgrade to it");
    assert_eq!(session.received("3probe"), "answers the probe");
    assert_eq!(session.sent("5"), "moves the session to this WebSocket");
    assert_eq!(session.received("6"), "nothing: it ends a poll");
    assert_eq!(session.received("1"), "closes the connection");
}

/// The vectors of the Socket.IO protocol, "Packet encoding".
#[test]
fn packets_are_read() {
    let mut session = conversation();
    assert_eq!(session.sent("40"), "Socket.IO connects to /");
    assert_eq!(session.wait(2).received(r#"40{"sid":"oSO0OpakMV_3jnilAAAA"}"#), "connected to / after 2 ms");
    assert_eq!(session.sent(r#"40/admin,{"token":"123"}"#), "Socket.IO connects to /admin");
    assert_eq!(
        session.received(r#"44/admin,{"message":"Not authorized"}"#),
        "/admin is refused after 0 ms: Not authorized"
    );
    assert_eq!(session.received(r#"42["foo"]"#), "Socket.IO event foo");
    assert_eq!(session.received(r#"42/admin,["bar"]"#), "Socket.IO event bar in /admin");
    assert_eq!(session.received("42[7]"), "Socket.IO event 7", "a name may be a number");
    assert_eq!(session.sent(r#"42/admin,12["chat","hi"]"#), "Socket.IO event chat in /admin, wants ack 12");
    assert_eq!(session.received("43/admin,12[]"), "ack 12 after 0 ms");
    assert_eq!(session.received("43/admin,12[]"), "ack 12 of nothing that was seen");
    assert_eq!(session.received(r#"4212["foo"]"#), "Socket.IO event foo, wants ack 12");
    assert_eq!(session.received(r#"4312["bar"]"#), "ack 12 of nothing that was seen", "it asked itself");
    assert_eq!(session.wait(84).sent(r#"4312["bar"]"#), "ack 12 after 84 ms");
    assert_eq!(session.sent("41/admin,"), "leaves /admin");
}

#[test]
fn binary_attachments_follow_their_packet() {
    let mut session = conversation();
    let event = r#"451-/admin,7["f",{"_placeholder":true,"num":0}]"#;
    assert_eq!(session.received(event), "Socket.IO event f in /admin, wants ack 7 and 1 binary attachment");
    assert_eq!(session.received("2"), "()", "a heartbeat may come between");
    assert_eq!(session.received_bytes(&[1, 2]), "Socket.IO event f in /admin, wants ack 7, with 2 bytes");
    assert_eq!(
        session.sent(r#"462-/admin,7[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#),
        "ack 7 and 2 binary attachments after 0 ms"
    );
    assert_eq!(session.sent_bytes(&[1]), "attachment 1 of 2");
    assert_eq!(session.sent_bytes(&[1]), "ack 7, with 2 bytes after 0 ms");
    assert_eq!(session.sent_bytes(&[1]), "a binary message, and no packet announced it");
    session.received(event);
    assert!(session.received_bytes(b"").ends_with(", with 0 bytes"));
    session.received(event);
    assert!(session.received(r#"42["a"]"#).ends_with(": 1 of 1 attachments did not come before it"));
}

#[test]
fn breaches_are_told() {
    let mut session = conversation();
    for (text, breach) in [
        ("", "an empty message"),
        ("9", "no packet of Engine.IO: it begins with none of 0 to 6"),
        ("4", "no packet of Socket.IO: its type is none of 0 to 6"),
        ("42", "no JSON array that begins with the name of an event: EOF while parsing a value, at byte 2"),
        ("42[]", "no JSON array that begins with the name of an event"),
        ("42[{}]", "no JSON array that begins with the name of an event"),
        ("42/admin", "no JSON array that begins with the name of an event: EOF while parsing a value, at byte 8"),
        ("43[]", "an ack without an id"),
        ("431{}", "no JSON array of the arguments of an ack"),
        ("431[1", "no JSON array of the arguments of an ack: EOF while parsing a list, at byte 5"),
        ("45[]", "a binary packet without a number of attachments"),
        ("0x", "an open packet: no JSON object: expected value, at byte 1"),
    ] {
        assert_eq!(session.received(text), breach, "{text}");
    }
    assert_eq!(session.sent(r#"44"no""#), "a refusal that a client sends");
}

#[test]
fn tokens_and_ids_of_sessions_are_hidden() {
    for (from, text, shown) in [
        (Role::Client, r#"40/admin,{"token":"x"}"#, "40/admin,..."),
        (Role::Client, "40/a?token=x,", "40/a?...,"),
        (Role::Server, r#"40{"sid":"x","pid":"y"}"#, r#"40{"sid":"...","pid":"..."}"#),
        (Role::Server, r#"0{"sid":"x","pingInterval":1}"#, r#"0{"sid":"...","pingInterval":1}"#),
    ] {
        let annotation = conversation().message(from, Kind::Text, text.as_bytes()).expect("said");
        assert_eq!(hidden(text.as_bytes(), &annotation), shown);
    }
}

#[test]
fn engine_io_alone_says_nothing_of_what_it_carries() {
    let mut session = Conversation::new(&ENGINE_IO, None, "/engine.io/?EIO=4&transport=websocket");
    assert_eq!(session.received("4hello"), "");
    assert_eq!(session.received_bytes(b"x"), "");
    assert!((ENGINE_IO.is_target)("/engine.io/?EIO=4") && !(SOCKET_IO.is_target)("/engine.io/?EIO=4"));
    assert!((SOCKET_IO.is_target)(TARGET) && (SOCKET_IO.is_target)("/other/?EIO=4"));
}
