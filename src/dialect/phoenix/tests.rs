use super::super::testing::{Conversation, hex, hidden};
use super::*;

fn conversation() -> Conversation {
    Conversation::new(&PHOENIX, None, "/socket/websocket?vsn=2.0.0")
}

#[test]
fn replies_find_their_pushes() {
    let mut session = conversation();
    assert_eq!(session.sent(r#"["1","1","room:lobby","phx_join",{}]"#), "");
    session.wait(12);
    let joined = r#"["1","1","room:lobby","phx_reply",{"status":"ok","response":{}}]"#;
    assert_eq!(session.received(joined), "answers phx_join after 12 ms");
    assert_eq!(session.sent(r#"["1","2","room:lobby","new_msg",{"body":"hi"}]"#), "");
    let refused = r#"["1","2","room:lobby","phx_reply",{"status":"error","response":{"reason":"too long"}}]"#;
    assert_eq!(session.received(refused), "answers new_msg after 0 ms: error: too long");
    assert_eq!(session.received(refused), "answers nothing that was seen: error: too long");
    assert_eq!(session.received(r#"["1",null,"room:lobby","new_msg",{"body":"hi"}]"#), "");
}

#[test]
fn version_1_is_objects() {
    let mut session = Conversation::new(&PHOENIX, None, "/socket/websocket?vsn=1.0.0");
    assert_eq!(session.sent(r#"{"topic":"a","event":"phx_join","payload":{},"ref":"1"}"#), "");
    let reply = r#"{"topic":"a","event":"phx_reply","payload":{"status":"error","response":{"reason":"unmatched topic"}},"ref":"1"}"#;
    assert_eq!(session.received(reply), "answers phx_join after 0 ms: error: unmatched topic");
    let beat = session.dialect().heartbeat().expect("a heartbeat");
    assert_eq!(beat.payload, br#"{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"x1"}"#);
}

#[test]
fn a_channel_that_crashes_closes_or_is_of_an_earlier_join_is_told() {
    let mut session = conversation();
    session.sent(r#"["1","1","a","phx_join",{}]"#);
    assert_eq!(
        session.received(r#"["1","1","a","phx_error",{"reason":"channel_crash"}]"#),
        "the channel crashed; its client is to join again"
    );
    session.sent(r#"["3","3","a","phx_join",{}]"#);
    assert_eq!(session.received(r#"["1","1","a","phx_close",{}]"#), "of an earlier join; the channel is closed");
    assert_eq!(session.received(r#"["1",null,"a","news",{}]"#), "of an earlier join");
    assert_eq!(session.received(r#"["3",null,"a","news",{}]"#), "");
}

/// The vectors of `assets/test/serializer_test.js`, with other texts.
#[test]
fn binary_messages_are_read() {
    let mut session = conversation();
    let push = hex("00 01 01 03 02 31 32 72 3a 31 75 70 ff");
    assert_eq!(session.sent_bytes(&push), "up in r:1, 1 byte");
    session.wait(3);
    let reply = hex("01 01 01 03 02 31 32 72 3a 31 6f 6b ff 65");
    assert_eq!(session.received_bytes(&reply), "phx_reply in r:1, 2 bytes, answers up after 3 ms");
    assert_eq!(session.received_bytes(&hex("00 01 03 02 31 72 3a 31 75 70 ff")), "up in r:1, 1 byte");
    assert_eq!(session.received_bytes(&hex("02 03 02 72 3a 31 75 70")), "up in r:1, 0 bytes");
    for broken in ["", "03", "00 01", "02 03 ff 72 3a 31", "02 01 01 ff ff"] {
        assert_eq!(session.received_bytes(&hex(broken)), "not a message of Phoenix Channels", "{broken}");
    }
}

#[test]
fn a_heartbeat_is_due_after_half_a_minute_of_silence() {
    let mut session = conversation();
    assert_eq!(session.wait(5_000).sent(r#"["1","1","a","phx_join",{}]"#), "");
    let beat = session.dialect().heartbeat().expect("a heartbeat");
    assert_eq!((beat.due.as_secs(), &*beat.payload), (35, &br#"[null,"x1","phoenix","heartbeat",{}]"#[..]));
    session.wait(30_000);
    assert_eq!(session.sent(r#"[null,"x1","phoenix","heartbeat",{}]"#), "()");
    let reply = r#"[null,"x1","phoenix","phx_reply",{"status":"ok","response":{}}]"#;
    assert_eq!(session.wait(2).received(reply), "(answers heartbeat after 2 ms)");
    let beat = session.dialect().heartbeat().expect("a heartbeat");
    assert_eq!((beat.due.as_secs(), &*beat.payload), (65, &br#"[null,"x2","phoenix","heartbeat",{}]"#[..]));
}

#[test]
fn tokens_are_hidden() {
    let text = br#"["1","1","a","phx_join",{"user":"ada","token":"t0ken","access_token":null}]"#;
    let annotation = conversation().message(Role::Client, Kind::Text, text).expect("an annotation");
    assert_eq!(
        hidden(text, &annotation),
        r#"["1","1","a","phx_join",{"user":"ada","token":"...","access_token":...}]"#
    );
}

#[test]
fn it_is_known_by_its_target_and_its_joins() {
    let is_target = PHOENIX.is_target;
    assert!(is_target("/live/websocket?_csrf=x&vsn=2.0.0") && is_target("/socket/websocket?vsn=1.0.0"));
    assert!(!is_target("/websocket") && !is_target("/websocket?v=2") && !is_target("/x?vsn=2.0.0"));
    let is_message = |from, text: &str| {
        (PHOENIX.is_message)(&Message { from, kind: Kind::Text, payload: text.as_bytes(), at: Duration::ZERO })
    };
    assert!(is_message(Role::Client, r#"["1","1","a","phx_join",{}]"#));
    assert!(is_message(Role::Client, r#"{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"1"}"#));
    assert!(!is_message(Role::Client, r#"["1","1","a","join",{}]"#));
    assert!(!is_message(Role::Client, r#"{"topic":"a","event":"heartbeat"}"#));
}
