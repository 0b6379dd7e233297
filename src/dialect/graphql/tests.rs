use super::super::testing::{Conversation, hidden};
use super::*;

fn transport() -> Conversation {
    Conversation::new(&TRANSPORT, Some("graphql-transport-ws"), "/graphql")
}

fn legacy() -> Conversation {
    Conversation::new(&LEGACY, Some("graphql-ws"), "/graphql")
}

/// The examples of PROTOCOL.md, "Successful connection initialisation" and "Streaming operation".
#[test]
fn operations_run_from_subscribe_to_complete() {
    let mut session = transport();
    assert_eq!(session.sent(r#"{"type":"connection_init"}"#), "");
    assert_eq!(session.wait(3).received(r#"{"type":"connection_ack"}"#), "answers connection_init after 3 ms");
    let subscribe =
        r#"{"id":"1","type":"subscribe","payload":{"query":"subscription onPrice { price }","variables":{}}}"#;
    assert_eq!(session.sent(subscribe), "subscription onPrice");
    let next = r#"{"id":"1","type":"next","payload":{"data":{"price":1.10}}}"#;
    assert_eq!(session.wait(5).received(next), "result 1 of subscription onPrice after 5 ms");
    assert_eq!(session.wait(5).received(next), "result 2 of subscription onPrice after 10 ms");
    let complete = r#"{"id":"1","type":"complete"}"#;
    assert_eq!(session.received(complete), "subscription onPrice is complete, 2 results, after 10 ms");
    assert_eq!(session.received(next), "of no operation that is running", "legal: it was on its way");
    assert_eq!(session.sent(subscribe), "subscription onPrice", "an id may be used again");
    assert_eq!(session.sent(complete), "stops subscription onPrice after 0 ms");
}

#[test]
fn an_operation_is_called_by_its_kind_and_its_name() {
    for (payload, name) in [
        (r#"{"query":"subscription onPrice($a:Int){ price }"}"#, "subscription onPrice"),
        (r#"{"query":"subscription{price}"}"#, "subscription"),
        (r#"{"query":"query($a:Int){price}"}"#, "query"),
        (r#"{"query":"{price}"}"#, "query"),
        (r#"{"query":"fragment F on P { a } subscription S { ...F }"}"#, "operation"),
        (r#"{"operationName":"S","extensions":{"persistedQuery":{"version":1}}}"#, "operation S"),
    ] {
        let mut session = transport();
        session.received(r#"{"type":"connection_ack"}"#);
        let subscribe = format!(r#"{{"id":"1","type":"subscribe","payload":{payload}}}"#);
        assert_eq!(session.sent(&subscribe), name, "{payload}");
    }
}

#[test]
fn errors_are_told_and_end_an_operation() {
    let mut session = transport();
    session.sent(r#"{"type":"connection_init"}"#);
    session.received(r#"{"type":"connection_ack"}"#);
    session.sent(r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }"}}"#);
    let failed = r#"{"id":"1","type":"error","payload":[{"message":"x"},{"message":"y"}]}"#;
    assert_eq!(session.received(failed), "query failed after 0 ms: x (and 1 more)");
    session.sent(
        r#"{"id":"1","type":"subscribe","payload":{"operationName":"add","query":"\n # c\n mutation add { b }"}}"#,
    );
    let partly = r#"{"id":"1","type":"next","payload":{"data":null,"errors":[{"message":"half"}]}}"#;
    assert_eq!(session.received(partly), "result 1 of mutation add after 0 ms: half");
}

#[test]
fn what_a_server_will_close_for_is_told_before() {
    let mut session = transport();
    let subscribe = r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }"}}"#;
    assert_eq!(session.sent(subscribe), "query: sent before connection_ack: servers close with 4401");
    session.received(r#"{"type":"connection_ack"}"#);
    assert!(session.sent(subscribe).ends_with("servers close with 4409"));
    assert_eq!(session.sent(r#"{"type":"connection_init"}"#), "");
    assert!(session.sent(r#"{"type":"connection_init"}"#).ends_with("4429"));
    let mut session = legacy();
    let start = r#"{"id":"1","type":"start","payload":{"query":"{ a }"}}"#;
    assert_eq!(
        (session.sent(start), session.sent(start)),
        ("query".to_owned(), "query".to_owned()),
        "it has no such code"
    );
    assert_eq!(session.dialect().close_code(4408), Some("connection_init did not come in time"));
    assert_eq!(session.dialect().close_code(1000), None);
}

#[test]
fn a_ping_is_owed_a_pong() {
    let mut session = transport();
    assert_eq!(session.wait(7).received(r#"{"type":"ping"}"#), "()");
    let beat = session.dialect().heartbeat().expect("a pong");
    assert_eq!((beat.due, &beat.payload[..]), (Duration::from_millis(7), &br#"{"type":"pong"}"#[..]));
    assert_eq!(session.wait(2).sent(r#"{"type":"pong"}"#), "( after 2 ms)");
    assert_eq!(session.dialect().heartbeat(), None);
    session.sent(r#"{"type":"ping"}"#);
    assert_eq!(session.dialect().heartbeat(), None, "that of the server is not ours");
    assert_eq!(session.received(r#"{"type":"pong"}"#), "( after 0 ms)");
    assert_eq!(session.received(r#"{"type":"pong"}"#), "()", "one that answers nothing is legal");
}

#[test]
fn the_older_protocol_has_other_words() {
    let mut session = legacy();
    session.sent(r#"{"type":"connection_init","payload":{}}"#);
    assert_eq!(session.received(r#"{"type":"ka"}"#), "()");
    assert_eq!(session.received(r#"{"type":"connection_ack"}"#), "answers connection_init after 0 ms");
    assert_eq!(session.sent(r#"{"id":"a","type":"start","payload":{"query":"subscription { n }"}}"#), "subscription");
    assert_eq!(
        session.received(r#"{"id":"a","type":"data","payload":{"data":{"n":1}}}"#),
        "result 1 of subscription after 0 ms"
    );
    assert_eq!(session.sent(r#"{"id":"a","type":"stop"}"#), "stops subscription after 0 ms");
    assert_eq!(session.received(r#"{"type":"connection_error","payload":{"message":"no"}}"#), "no");
    assert_eq!(session.dialect().heartbeat(), None);
}

/// The examples of "Building a real-time WebSocket client in AWS `AppSync`".
#[test]
fn app_sync_has_words_of_its_own() {
    let mut session = legacy();
    session.sent(r#"{"type":"connection_init"}"#);
    let acknowledged = r#"{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}"#;
    assert_eq!(session.wait(2).received(acknowledged), "answers connection_init (AppSync: ka within 300 s) after 2 ms");
    assert_eq!(session.received(r#"{"type":"ka"}"#), "()");
    let start = r#"{"id":"a","type":"start","payload":{"data":"{\"query\":\"subscription onMessage { text }\",\"variables\":{}}","extensions":{"authorization":{"x-api-key":"da2-secret","host":"h"}}}}"#;
    let annotation = session.message(Role::Client, Kind::Text, start.as_bytes()).expect("said");
    assert_eq!(annotation.text, "subscription onMessage");
    assert!(!hidden(start.as_bytes(), &annotation).contains("da2-secret"));
    assert_eq!(
        session.wait(3).received(r#"{"type":"start_ack","id":"a"}"#),
        "accepts subscription onMessage after 3 ms"
    );
    let data = r#"{"id":"a","type":"data","payload":{"data":{"onMessage":{"text":"hi"}}}}"#;
    assert_eq!(session.received(data), "result 1 of subscription onMessage after 3 ms");
    assert_eq!(session.sent(r#"{"id":"a","type":"stop"}"#), "stops subscription onMessage after 3 ms");
    assert_eq!(
        session.received(r#"{"id":"a","type":"complete"}"#),
        "subscription onMessage is complete, 1 result, after 3 ms"
    );
    assert_eq!(session.sent(start), "subscription onMessage", "an id may be used again");
}

#[test]
fn app_sync_has_its_errors_in_a_list() {
    let refused =
        r#"{"type":"connection_error","payload":{"errors":[{"errorType":"UnauthorizedException","errorCode":401}]}}"#;
    assert_eq!(legacy().received(refused), "UnauthorizedException");
    let failed = r#"{"type":"error","payload":{"errors":[{"errorType":"UnsupportedOperation","message":"unknown not supported"}]}}"#;
    assert_eq!(legacy().received(failed), "of no operation that is running: unknown not supported");
}

#[test]
fn the_words_of_the_other_protocol_are_a_breach() {
    assert_eq!(transport().received(r#"{"type":"ka"}"#), "`ka` is of graphql-ws, and this is graphql-transport-ws");
    assert_eq!(legacy().received(r#"{"type":"nonsense"}"#), "`nonsense` is nothing that a server sends");
    assert_eq!(transport().sent("hello"), "no JSON object: expected value, at byte 0");
}

/// Where no subprotocol was agreed on.
#[test]
fn the_first_words_are_of_both_and_the_first_of_one_tells_which_it_is() {
    let begins = |from, text: &str| {
        let message = Message { from, kind: Kind::Text, payload: text.as_bytes(), at: Duration::ZERO };
        [&TRANSPORT, &LEGACY].map(|description| (description.is_message)(&message))
    };
    let init = r#"{"type":"connection_init","payload":{"token":"x"}}"#;
    assert_eq!(begins(Role::Client, init), [true, true]);
    assert_eq!(begins(Role::Server, init), [false, false]);
    assert_eq!(begins(Role::Server, r#"{"type":"connection_ack"}"#), [true, true]);
    assert_eq!(begins(Role::Server, r#"{"id":"1","type":"next","payload":{"data":{}}}"#), [true, false]);
    assert_eq!(begins(Role::Server, r#"{"id":"1","type":"data","payload":{"errors":[]}}"#), [false, true]);
    assert_eq!(begins(Role::Server, r#"{"type":"data","payload":[1]}"#), [false, false]);
    assert_eq!(begins(Role::Client, r#"{"type":"ping"}"#), [false, false]);

    let mut session = Conversation::new(&TRANSPORT, None, "/graphql");
    session.sent(init);
    session.received(r#"{"type":"connection_ack"}"#);
    let started = r#"{"id":"1","type":"start","payload":{"query":"subscription { n }"}}"#;
    let annotation = session.message(Role::Client, Kind::Text, started.as_bytes()).expect("said");
    assert_eq!((annotation.source, &*annotation.text), (Version::Legacy.source(), "subscription"));
    assert_eq!(session.received(r#"{"type":"ping"}"#), "`ping` is of graphql-transport-ws, and this is graphql-ws");
}

#[test]
fn what_logs_in_is_hidden() {
    for (text, shown) in [
        (r#"{"type":"connection_init","payload":{"token":"x"}}"#, r#"{"type":"connection_init","payload":...}"#),
        (r#"{"type":"connection_init","payload":{}}"#, r#"{"type":"connection_init","payload":{}}"#),
    ] {
        let annotation = transport().message(Role::Client, Kind::Text, text.as_bytes()).expect("said");
        assert_eq!(hidden(text.as_bytes(), &annotation), shown);
    }
    let text = r#"{"id":"1","type":"start","payload":{"data":"{}","extensions":{"authorization":{"host":"h"}}}}"#;
    let annotation = legacy().message(Role::Client, Kind::Text, text.as_bytes()).expect("said");
    assert!(hidden(text.as_bytes(), &annotation).ends_with(r#""extensions":{"authorization":...}}}"#));
}
