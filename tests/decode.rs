//! `--decode`: what messages hold, in the events and beside the data.

use serde_json::Value;

use crate::support::program::Output;
use crate::support::terminal::key;
use crate::support::{Frame, Wscope, serve};

const MESSAGE_PACK: &[u8] = b"\x81\xa1a\x01";

/// The example of RFC 7519 section 3.1, with a short signature, in a request of JSON-RPC.
const REQUEST: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"login","params":["eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.c2lnbmF0dXJl"]}"#;

/// A run to which a binary message and a text come.
fn run(flags: &[&str]) -> Output {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::binary(MESSAGE_PACK));
        connection.send_frame(&Frame::text(REQUEST));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    Wscope::new().args(flags).args(["-N", &server.url()]).run()
}

/// The annotations of both messages.
fn annotations(flags: &[&str]) -> [Value; 2] {
    let output = run(&[&["--output", "json"], flags].concat());
    let events =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let messages = events.filter(|event| event["type"] == "message").map(|event| event["annotation"].clone());
    messages.collect::<Vec<_>>().try_into().expect("two messages")
}

#[test]
fn what_messages_hold_is_in_their_events() {
    let [binary, text] = annotations(&["--decode", "auto"]);
    assert_eq!(
        (binary["decoder"].as_str(), binary["text"].as_str()),
        (Some("messagepack"), Some(r#"MessagePack {"a":1}"#))
    );
    assert_eq!(text["text"].as_str(), Some(r#"JWT {"alg":"HS256"} {"iss":"joe"}"#));
    let [binary, text] = annotations(&["--decode", "cbor"]);
    assert!(binary["error"].as_str().expect("an error").starts_with("not CBOR: "), "{binary}");
    assert_eq!(text, Value::Null);
    assert_eq!(annotations(&[]), [Value::Null, Value::Null]);
}

#[test]
fn what_a_dialect_has_read_is_not_decoded_once_more() {
    let [_, text] = annotations(&["--decode", "auto", "--dialect", "auto"]);
    assert_eq!((text["dialect"].as_str(), text["kind"].as_str()), (Some("json-rpc"), Some("request")));
}

#[test]
fn data_stay_as_they_are_in_a_pipe() {
    let output = run(&["--decode", "auto"]);
    assert!(output.stdout.starts_with(MESSAGE_PACK));
    output.exits(0).says("< MessagePack {\"a\":1}\n");
}

#[test]
fn the_last_message_is_decoded_as_the_user_says() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::binary(MESSAGE_PACK));
        connection.close_frame()
    });
    let mut terminal = Wscope::new().args(["--decode", "none"]).arg(server.url()).terminal(24, 80);
    terminal.wait("< (binary, 4 bytes)");
    terminal.enter("/as messagepack");
    terminal.wait(r#"MessagePack {"a":1}"#);
    terminal.enter("/as gzip");
    terminal.wait("not gzip");
    terminal.enter("/as zip");
    terminal.wait("there is no decoder `zip`");
    terminal.press(key::CTRL_D);
    terminal.exits(0);
}
