use super::super::testing::{Conversation, hidden};
use super::*;

fn conversation() -> Conversation {
    Conversation::new(&WAMP, Some("wamp.2.json"), "/ws")
}

/// The examples of the specification, in the order of a session.
#[test]
fn the_specification_s_examples() {
    let mut session = conversation();
    assert_eq!(session.sent(r#"[1, "somerealm", {"roles": {"publisher": {}, "subscriber": {}}}]"#), "HELLO");
    assert_eq!(session.received(r#"[2, 9129137332, {"roles": {"broker": {}}}]"#), "WELCOME");
    assert_eq!(session.sent(r#"[32, 713845233, {}, "com.myapp.mytopic1"]"#), "SUBSCRIBE");
    session.wait(7);
    assert_eq!(session.received("[33, 713845233, 5512315355]"), "SUBSCRIBED of com.myapp.mytopic1 after 7 ms");
    assert_eq!(
        session.received(r#"[36, 5512315355, 4429313566, {}, ["Hello, world!"]]"#),
        "EVENT of com.myapp.mytopic1"
    );
    assert_eq!(session.sent("[337, 4429313566]"), "EVENT_RECEIVED");
    assert_eq!(session.sent("[34, 85346237, 5512315355]"), "UNSUBSCRIBE of com.myapp.mytopic1");
    assert_eq!(session.received("[35, 85346237]"), "UNSUBSCRIBED of com.myapp.mytopic1 after 0 ms");
    assert_eq!(session.sent(r#"[16, 239714735, {}, "com.myapp.mytopic1", []]"#), "PUBLISH");
    assert_eq!(session.sent(r#"[16, 239714736, {"acknowledge": true}, "com.myapp.mytopic1"]"#), "PUBLISH");
    assert_eq!(session.received("[17, 239714736, 4429313566]"), "PUBLISHED of com.myapp.mytopic1 after 0 ms");
    assert_eq!(session.sent(r#"[48, 7814135, {}, "com.myapp.ping"]"#), "CALL");
    assert_eq!(
        session.received(r#"[50, 7814135, {"progress": true}, [1]]"#),
        "RESULT, progress of com.myapp.ping after 0 ms"
    );
    assert_eq!(session.received("[50, 7814135, {}, [30]]"), "RESULT of com.myapp.ping after 0 ms");
    assert_eq!(session.received("[50, 7814135, {}, [30]]"), "RESULT of nothing that was seen");
    assert_eq!(session.sent(r#"[6, {}, "wamp.close.close_realm"]"#), "GOODBYE: wamp.close.close_realm");
    assert_eq!(session.received(r#"[6, {}, "wamp.close.goodbye_and_out"]"#), "GOODBYE");
}

#[test]
fn a_callee_answers_the_router() {
    let mut session = conversation();
    session.sent(r#"[64, 25349185, {}, "com.myapp.add"]"#);
    assert_eq!(session.received("[65, 25349185, 2103333224]"), "REGISTERED of com.myapp.add after 0 ms");
    assert_eq!(session.received("[68, 6131533, 2103333224, {}, [1, 2]]"), "INVOCATION of com.myapp.add");
    session.wait(20);
    assert_eq!(session.received("[69, 6131533, {}]"), "INTERRUPT com.myapp.add after 20 ms");
    assert_eq!(session.sent("[70, 6131533, {}, [3]]"), "YIELD of com.myapp.add after 20 ms");
}

#[test]
fn failures_name_what_failed() {
    let mut session = conversation();
    session.sent(r#"[48, 7, {}, "com.myapp.nothing"]"#);
    let error = r#"[8, 48, 7, {}, "wamp.error.no_such_procedure"]"#;
    assert_eq!(session.received(error), "CALL com.myapp.nothing after 0 ms: wamp.error.no_such_procedure");
    let abort = r#"[3, {"message": "The realm does not exist."}, "wamp.error.no_such_realm"]"#;
    assert_eq!(session.received(abort), "ABORT: wamp.error.no_such_realm: The realm does not exist.");
    for (text, said) in [
        ("{}", "no JSON array"),
        ("[]", "no code"),
        ("[99]", "the code 99 is not known"),
        ("[48]", "CALL without an id"),
    ] {
        assert_eq!(session.received(text), format!("not WAMP: {said}"));
    }
    assert_eq!(session.received_bytes(b"[]"), "not WAMP: a binary message");
}

#[test]
fn several_messages_may_come_in_one() {
    let mut session = Conversation::new(&WAMP, Some("wamp.2.json.batched"), "/ws");
    assert_eq!(session.sent("[48,1,{},\"a\"]\u{1e}"), "CALL");
    assert_eq!(session.sent("[48,2,{},\"b\"]\u{1e}[5,\"sig\",{}]\u{1e}"), "CALL; AUTHENTICATE");
    assert_eq!(session.received("[50,1,{}]\u{1e}[8,48,2,{},\"e\"]\u{1e}"), "RESULT of a; CALL b after 0 ms: e");
}

#[test]
fn a_signature_is_hidden() {
    let text = br#"[5, "gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI=", {}]"#;
    let annotation = conversation().message(Role::Client, Kind::Text, text).expect("an annotation");
    assert_eq!(hidden(text, &annotation), r#"[5, "...", {}]"#);
}

#[test]
fn arrays_of_others_are_not_mistaken_for_it() {
    let is_message = |from, text: &str| {
        (WAMP.is_message)(&Message { from, kind: Kind::Text, payload: text.as_bytes(), at: std::time::Duration::ZERO })
    };
    assert!(is_message(Role::Client, r#"[1, "realm", {"roles": {}}]"#));
    assert!(is_message(Role::Server, r#"[3, {}, "wamp.error.no_such_realm"]"#));
    for text in [r#"[1, "realm", {}]"#, "[1,2,3]", r#"[2, "id", "Heartbeat", {}]"#, r#"["EVENT"]"#] {
        assert!(!is_message(Role::Client, text) && !is_message(Role::Server, text), "{text}");
    }
}
