//! `wscope replay` and `wscope listen --replay`: a side of a recording, played again.

use std::fs;

use serde_json::{Value, json};

use crate::listen::{listen, stop};
use crate::support::frame::opcode;
use crate::support::peer::{self, accepts};
use crate::support::{Frame, Server, Wscope, serve};

/// The recordings that the exporters of Chromium's developer tools and of mitmproxy made.
const REAL: [&str; 2] = ["devtools.har", "mitmproxy.har"];

fn recording(name: &str) -> String {
    format!("{}/tests/recordings/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What the server sent on the first connection of a recording, as a pipe gets it.
fn received(name: &str) -> Vec<u8> {
    let har: Value = serde_json::from_slice(&fs::read(recording(name)).unwrap()).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry.get("_webSocketMessages").is_some()).unwrap();
    let messages = entry["_webSocketMessages"].as_array().unwrap().iter();
    let messages = messages.filter(|message| message["type"] == "receive").map(|message| {
        let data = message["data"].as_str().unwrap();
        if message["opcode"] == 1 { format!("{data}\n").into_bytes() } else { b"\0\x01\x02\xfe\xff".to_vec() }
    });
    messages.collect::<Vec<_>>().concat()
}

/// A HAR of one connection with these headers in its request, and these messages a second apart.
fn har(url: &str, headers: &[(&str, &str)], messages: &[(&str, &str)]) -> String {
    let headers: Vec<_> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let messages = messages
        .iter()
        .zip(1_700_000_000..)
        .map(|((kind, data), second)| json!({"type": kind, "time": second, "opcode": 1, "data": data}));
    let entry = json!({
        "startedDateTime": "2023-11-14T22:13:20Z",
        "time": 0,
        "request": {"method": "GET", "url": url, "headers": headers},
        "response": {"status": 101, "statusText": "Switching Protocols", "headers": []},
        "_webSocketMessages": messages.collect::<Vec<_>>(),
    });
    json!({"log": {"entries": [entry]}}).to_string()
}

/// A replay of such a HAR, with all pauses left out.
fn replay(har: &str) -> Wscope {
    let wscope = Wscope::new();
    let path = wscope.home().join("recording.har");
    fs::write(&path, har).unwrap();
    wscope.args(["replay", "--speed", "max"]).arg(path)
}

#[test]
fn both_sides_of_a_real_recording_have_the_same_conversation() {
    for name in REAL {
        let (server, address) = listen(Wscope::new().args(["listen", "0", "--replay", &recording(name)]));
        let url = format!("ws://{address}/chat");
        let output = Wscope::new().args(["replay", "--connection", "1", &recording(name), &url]).run();
        output.exits(0).prints(received(name));
        server.wait_stdout("first\n");
        let output = stop(server);
        let hello = "{\"op\":\"hello\",\"n\":1,\"text\":\"Grüße \u{202e} \0 </script>\"}\n";
        output.prints([hello.as_bytes(), b"\0\x01\x02\xfe\xff", b"first\n"].concat());
    }
}

#[test]
fn a_scripted_client_gets_what_it_expects_of_a_replayed_server() {
    let (server, address) = listen(Wscope::new().args(["listen", "0", "--replay", &recording("mitmproxy.har")]));
    let script = "/expect welcome\none\ntwo\nthree\n/expect hello\n/expect first\n";
    Wscope::new().args(["--script", "-"]).arg(format!("ws://{address}")).stdin(script).run().exits(0);
    stop(server);
}

#[test]
fn each_message_waits_for_those_that_came_before_it() {
    let messages = [("send", "one"), ("receive", "1"), ("receive", "2"), ("send", "two"), ("receive", "3")];
    let server = serve(|mut connection| {
        connection.accept();
        assert_eq!(connection.frame().payload, b"one");
        // Neither alone is enough, so that nothing is on the way before both are there.
        connection.send_frame(&Frame::text("1"));
        connection.send_frame(&Frame::ping("still?"));
        assert_eq!(connection.frame().opcode, opcode::PONG);
        connection.send_frame(&Frame::text("2"));
        assert_eq!(connection.frame().payload, b"two");
        connection.send_frame(&Frame::text("3"));
        connection.answer_close()
    });
    replay(&har(&server.url(), &[], &messages)).run().exits(0).prints("1\n2\n3\n").says("Replaying to ws://");
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn what_does_not_come_is_an_expectation_that_was_not_met() {
    let server = peer::always(accepts().takes(1).then_closes_with(1000));
    let messages = [("send", "one"), ("receive", "1"), ("receive", "2")];
    let output = replay(&har(&server.url(), &[], &messages)).run();
    output.exits(8).says("2 messages that came in the recording have not come");
    output.says("the server closed before, with code 1000");
}

#[test]
fn what_could_not_be_sent_is_counted() {
    let server = peer::always(accepts().sends(Frame::text("1")).then_closes_with(1000));
    let messages = [("receive", "1"), ("receive", "2"), ("send", "one"), ("send", "two")];
    let output = replay(&har(&server.url(), &[], &messages)).run();
    output.exits(8).says("2 messages of the input were not sent");
}

#[test]
fn the_recorded_request_is_sent_again_and_secrets_go_to_the_recorded_server_alone() {
    let headers = [
        ("Host", "recorded.example"),
        ("Origin", "http://page.example"),
        ("Cookie", "sid=abc"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Sec-WebSocket-Protocol", "chat, json"),
        ("X-Trace", "1"),
    ];
    let asked = || {
        serve(|mut connection| {
            let request = connection.accept();
            connection.answer_close();
            request
        })
    };
    let server = asked();
    replay(&har(&server.url(), &headers, &[])).args(["-H", "X-Trace: 2"]).run().exits(0);
    let request = server.outcome();
    assert_eq!(request.header("cookie"), Some("sid=abc"));
    assert_eq!(request.header("origin"), Some("http://page.example"));
    assert_eq!(request.header("sec-websocket-protocol"), Some("chat, json"));
    assert_eq!((request.all("x-trace"), request.header("host") == Some("recorded.example")), (vec!["2"], false));

    let other = asked();
    let output = replay(&har("ws://recorded.example/", &headers, &[])).arg(other.url()).run();
    output.exits(0).says("not sent, since this is another server: `Cookie`");
    let request = other.outcome();
    assert_eq!((request.header("cookie"), request.header("x-trace")), (None, Some("1")));
}

#[test]
fn headers_that_the_recording_hides_must_be_given() {
    let headers = [("Authorization", "Bearer [hidden, 20 characters]"), ("Cookie", "[hidden]"), ("X-A", "b")];
    let server = peer::always(accepts().takes_up_to_the_close());
    let hidden = har(&server.url(), &headers, &[]);
    let output = replay(&hidden).args(["--cookie", "a=b"]).run();
    output
        .exits(2)
        .says("the recording hides the values of headers")
        .says("\n  Authorization\n")
        .never_says("  Cookie");
    replay(&hidden).args(["--cookie", "a=b", "-H", "Authorization:"]).run().exits(0);
    let output = replay(&har("ws://host/?token=[hidden, 20 characters]", &[], &[])).run();
    output.exits(2).says("a part of the URL is hidden").says("wscope replay FILE URL");
}

#[test]
fn a_message_with_a_hidden_part_is_sent_so_and_said_to_be() {
    let server = peer::always(accepts().takes_up_to_the_close());
    let output = replay(&har(&server.url(), &[], &[("send", "{\"token\":\"[hidden]\"}")])).run();
    output.exits(0).says("a part of a message is hidden in the recording");
}

#[test]
fn a_har_that_is_cut_is_an_error_that_names_the_byte() {
    let output = replay("{\"log\":{\"entries\":[").run();
    output.exits(2).says("this HAR is cut off, at byte 19");
}

/// A server that greets its first client with `one`, and its second with `two`; each says something.
fn two_sessions() -> Server<Vec<String>> {
    let greets = |text, code| accepts().sends(Frame::text(text)).takes(1).then_closes_with(code);
    peer::in_turn([greets("one", 1012), greets("two", 1000)])
}

#[test]
fn sessions_that_one_client_had_have_the_numbers_that_show_goes_by() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.jsonl");
    let record = format!("--record={}", file.display());
    Wscope::new().args([&record, "--reconnect", "-x", "hi", "-w", "-1", &two_sessions().url()]).run().exits(0);

    Wscope::new().args(["show", "--connection", "2"]).arg(&file).run().exits(0).prints("two\n");
    let server = peer::always(accepts().sends(Frame::text("two")).takes(1).then_closes_with(1000));
    let replay = || Wscope::new().args(["replay", "--speed", "max"]).arg(&file);
    replay().args(["--connection", "2", &server.url()]).run().exits(0).prints("two\n");
    assert_eq!(server.outcome(), ["hi"]);
    replay().arg(two_sessions().url()).run().prints("one\ntwo\n");
    replay().args(["--connection", "3"]).run().exits(2).says("has no connection 3");

    let (server, address) = listen(Wscope::new().args(["listen", "0", "--replay"]).arg(&file));
    for said in ["one\n", "two\n"] {
        Wscope::new().args(["-1", &format!("ws://{address}")]).run().exits(0).prints(said);
    }
    stop(server);
}

#[test]
fn one_of_several_connections_has_to_be_chosen() {
    let output = Wscope::new().args(["replay", &recording("devtools.har")]).run();
    output.exits(2).says("has 2 connections").says("2: ws://127.0.0.1:18904/feed").says("--connection N");
    output.never_says("abcdef0123456789");
    let output = Wscope::new().args(["replay", "--connection", "3", &recording("devtools.har")]).run();
    output.exits(2).says("has no connection 3");
}
