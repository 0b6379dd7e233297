use super::super::testing::{Conversation, hidden};
use super::*;

const ESTABLISHED: &str =
    r#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1.2\",\"activity_timeout\":30}"}"#;

fn conversation() -> Conversation {
    Conversation::new(&PUSHER, None, "/app/key?protocol=7")
}

#[test]
fn a_subscription_is_answered_by_its_channel() {
    let mut session = conversation();
    assert_eq!(session.received(ESTABLISHED), "connected as 1.2, ping after 30 s of silence");
    assert_eq!(session.sent(r#"{"event":"pusher:subscribe","data":{"channel":"chat"}}"#), "");
    session.wait(40);
    let succeeded = r#"{"event":"pusher_internal:subscription_succeeded","channel":"chat","data":"{}"}"#;
    assert_eq!(session.received(succeeded), "subscribed to chat after 40 ms");
    session.sent(r#"{"event":"pusher:subscribe","data":{"channel":"private-x","auth":"k:s"}}"#);
    let refused = r#"{"event":"pusher:subscription_error","channel":"private-x","data":{"type":"AuthError","status":401,"error":"no"}}"#;
    assert_eq!(session.received(refused), "refuses private-x after 0 ms: 401: no");
}

#[test]
fn data_is_json_in_a_string_or_any_text() {
    let mut session = conversation();
    let event = r#"{"event":"new","channel":"chat","data":"{\"text\":\"hi\"}"}"#;
    assert_eq!(session.received(event), r#"data {"text":"hi"}"#);
    assert_eq!(session.received(r#"{"event":"new","channel":"chat","data":"hi"}"#), "");
    assert_eq!(session.sent(r#"{"event":"client-typing","channel":"private-x","data":{"a":1}}"#), "");
    assert_eq!(session.received("hi"), "not a message of Pusher: no JSON object with an event");
}

#[test]
fn errors_and_close_codes_have_a_meaning() {
    let mut session = conversation();
    let error = r#"{"event":"pusher:error","data":{"code":4001,"message":"App key x not in this cluster"}}"#;
    assert_eq!(session.received(error), "4001: there is no such application: App key x not in this cluster");
    let unknown = r#"{"event":"pusher:error","data":{"code":null,"message":"odd"}}"#;
    assert_eq!(session.received(unknown), "odd");
    let said = |code| session.dialect().close_code(code);
    assert_eq!(said(4004), Some("the application is over its quota of connections"));
    assert_eq!(said(4150), Some("connect again after a second or more"));
    assert_eq!(said(4299), Some("connect again at once"));
    assert_eq!((said(1000), said(4400)), (None, None));
}

#[test]
fn pings_are_due_after_silence_and_pongs_at_once() {
    let mut session = conversation();
    assert_eq!(session.dialect().heartbeat(), None);
    session.wait(1_000).received(ESTABLISHED);
    let due = |session: &Conversation| {
        let beat = session.dialect().heartbeat().expect("a heartbeat");
        (beat.due.as_millis(), String::from_utf8(beat.payload).expect("text"))
    };
    assert_eq!(due(&session), (31_000, r#"{"event":"pusher:ping","data":{}}"#.to_owned()));
    session.wait(30_000);
    assert_eq!(session.sent(r#"{"event":"pusher:ping","data":{}}"#), "()");
    assert_eq!(due(&session).0, 61_000);
    assert_eq!(session.wait(9).received(r#"{"event":"pusher:pong","data":"{}"}"#), "( after 9 ms)");
    assert_eq!(session.received(r#"{"event":"pusher:ping"}"#), "()");
    assert_eq!(due(&session), (31_009, r#"{"event":"pusher:pong","data":{}}"#.to_owned()));
    session.sent(r#"{"event":"pusher:pong","data":{}}"#);
    assert_eq!(due(&session).0, 61_009);
}

#[test]
fn what_authorises_is_hidden() {
    let text = br#"{"event":"pusher:subscribe","data":{"channel":"presence-x","auth":"k:5ig","channel_data":"{\"user_id\":1}"}}"#;
    let annotation = conversation().message(Role::Client, Kind::Text, text).expect("an annotation");
    assert_eq!(
        hidden(text, &annotation),
        r#"{"event":"pusher:subscribe","data":{"channel":"presence-x","auth":"...","channel_data":"..."}}"#
    );
    let text = br#"{"event":"pusher:signin","data":"{\"auth\":\"k:5ig\"}"}"#;
    let annotation = conversation().message(Role::Client, Kind::Text, text).expect("an annotation");
    assert_eq!(hidden(text, &annotation), r#"{"event":"pusher:signin","data":"..."}"#);
}

#[test]
fn it_is_known_by_its_target_and_its_first_event() {
    let is_target = PUSHER.is_target;
    assert!(is_target("/app/4a5b?protocol=7&client=js&version=8") && is_target("/x/app/4a5b?protocol=7"));
    assert!(!is_target("/app/4a5b") && !is_target("/chat?protocol=7"));
    let is_message = |from, text: &str| {
        (PUSHER.is_message)(&Message { from, kind: Kind::Text, payload: text.as_bytes(), at: Duration::ZERO })
    };
    assert!(is_message(Role::Server, ESTABLISHED));
    assert!(!is_message(Role::Server, r#"{"event":"update","channel":"c","data":"{}"}"#));
    assert!(!is_message(Role::Client, ESTABLISHED));
}
