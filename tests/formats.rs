//! `--input` and `--output`: every format both ways, and the event stream from one session to the next.

use serde_json::{Value, json};
use tungstenite::Message;

use crate::listen::{listen, stop};
use crate::support::server::{Server, unused_port};
use crate::support::websocket::{self, Seen};
use crate::support::{Connection, Frame, MIB, Wscope, serve};

/// What a server gets when this is piped in.
#[track_caller]
fn sent(flags: &[&str], stdin: impl Into<Vec<u8>>) -> Vec<Message> {
    let server = websocket::sink();
    Wscope::new().args(flags).args(["-w", "0", &server.url()]).stdin(stdin).run().exits(0).prints("").is_silent();
    server.outcome().messages
}

/// What is printed of these messages.
#[track_caller]
fn printed(flags: &[&str], messages: impl Into<Vec<Message>>) -> Vec<u8> {
    let messages = messages.into();
    let server = serve(move |mut connection| {
        connection.accept();
        for message in &messages {
            connection.send_frame(&match message {
                Message::Text(text) => Frame::text(text.as_str()),
                other => Frame::binary(other.clone().into_data()),
            });
        }
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = Wscope::new().args(flags).arg(server.url()).args(["-N"]).run();
    output.exits(0).is_silent();
    output.stdout
}

fn binary(payload: impl Into<Vec<u8>>) -> Message {
    Message::binary(payload.into())
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<Message> {
    texts.map(Message::text).into()
}

#[test]
fn lines_and_pieces_are_text_unless_told_otherwise() {
    assert_eq!(sent(&[], "a\n\nb\r\nc"), texts(["a", "", "b", "c"]));
    assert_eq!(sent(&["--input", "lines"], "a\nb\n"), texts(["a", "b"]));
    assert_eq!(sent(&["-0"], "a\nb\0\0c"), texts(["a\nb", "", "c"]));
    assert_eq!(sent(&["--input", "null"], "a\0b\0"), texts(["a", "b"]));
    assert_eq!(sent(&["-b", "-0"], b"\xff\0\n\0"), [binary(*b"\xff"), binary(*b"\n")]);
    assert_eq!(sent(&["-b", "--input", "null"], b"\xff\0"), [binary(*b"\xff")]);
}

#[test]
fn the_whole_input_is_one_message() {
    assert_eq!(sent(&["--input", "whole"], "{\n  \"a\": 1\n}\n"), texts(["{\n  \"a\": 1\n}\n"]));
    assert_eq!(sent(&["--input", "whole"], ""), texts([""]));
    assert_eq!(sent(&["-b", "--input", "whole"], b"\x00\xff\n"), [binary(*b"\x00\xff\n")]);
    let long: Vec<u8> = (0..3 * MIB).map(|index| index.to_le_bytes()[1]).collect();
    assert_eq!(sent(&["-b", "--input", "whole"], long.clone()), [binary(long)]);
}

#[test]
fn chunks_add_and_lose_no_byte() {
    let bytes: Vec<u8> = (0..MIB).map(|index| index.to_le_bytes()[0]).collect();
    for flags in [["-b"].as_slice(), &["--input", "chunks"], &["-b", "--input", "chunks"]] {
        let messages = sent(flags, bytes.clone());
        assert!(messages.iter().all(Message::is_binary));
        let joined: Vec<u8> = messages.into_iter().flat_map(Message::into_data).collect();
        assert!(joined == bytes, "{flags:?}: {} bytes", joined.len());
    }
}

#[test]
fn hex_and_base64_are_binary_messages() {
    assert_eq!(sent(&["--input", "hex"], "00 fF\n\n7a\n"), [binary([0, 255]), binary([]), binary([0x7a])]);
    assert_eq!(sent(&["--input", "base64"], "AP8=\nAP8\n"), [binary([0, 255]), binary([0, 255])]);
}

#[test]
fn json_says_what_to_send() {
    let server = serve(|mut connection| {
        connection.accept();
        let frames: Vec<_> = (0..6).map(|_| connection.frame().unmasked()).collect();
        let close = connection.answer_close();
        (frames, close)
    });
    let lines = [
        r#"{"text":"a\nb"}"#,
        r#"{"binary":"AP8="}"#,
        r#"{"json":{"b": 1}}"#,
        r#"{"ping":"are you there?"}"#,
        r#"{"pong":""}"#,
        r#"{"type":"message","direction":"received","opcode":"text","text":"again","length":5}"#,
        r#"{"type":"message","direction":"sent","opcode":"text","text":"mine","length":4}"#,
        r#"{"type":"ping","direction":"received","text":"p"}"#,
        r#"{"close":{"code":1001,"reason":"that is all"}}"#,
    ];
    Wscope::new().args(["--input", "json", &server.url()]).stdin(lines.join("\n")).run().exits(0).is_silent();
    let (frames, close) = server.outcome();
    let expected = [
        Frame::text("a\nb"),
        Frame::binary([0, 255]),
        Frame::text(r#"{"b": 1}"#),
        Frame::ping("are you there?"),
        Frame::pong(""),
        Frame::text("again"),
    ];
    assert_eq!(frames, expected);
    assert_eq!(close, Some(1001));
}

#[test]
fn a_ping_of_the_input_has_its_pong_timed() {
    let server = websocket::echo();
    let output = Wscope::new()
        .args(["--input", "json", "--output", "json", "-w", "2", &server.url()])
        .stdin(r#"{"ping":"x"}"#)
        .run();
    output.exits(0);
    let pong = events(&output.stdout).into_iter().find(|event| event["type"] == "pong").expect("a pong");
    assert_eq!((&pong["text"], &pong["direction"]), (&json!("x"), &json!("received")));
    assert!(pong["round_trip"].is_number(), "{pong}");
}

#[test]
fn what_follows_a_close_in_the_input_is_counted_as_unsent() {
    let server = websocket::sink();
    let lines = "{\"text\":\"a\"}\n{\"close\":{}}\n{\"text\":\"b\"}\n{\"text\":\"c\"}\n";
    let output = Wscope::new().args(["--input", "json", &server.url()]).stdin(lines).run();
    output.exits(1).says("2 messages of the input were not sent");
    assert_eq!(server.outcome().texts(), ["a"]);
}

#[test]
fn a_bad_line_stops_the_input_after_what_came_before_it_is_answered() {
    for (format, line) in
        [("hex", "00\n0g\n11\n"), ("base64", "AA==\n!\nAA==\n"), ("json", "{\"binary\":\"AA==\"}\n[]\n")]
    {
        let server = websocket::echo();
        let output =
            Wscope::new().args(["--input", format, "--output", "hex", "-w", "0", &server.url()]).stdin(line).run();
        output.exits(2).prints("00\n").says("line 2 of the input");
        assert_eq!(server.outcome().messages, [binary([0])]);
    }
}

#[test]
fn text_ends_with_a_delimiter_and_binary_with_nothing() {
    let messages = [Message::text("a\nb"), binary([0, 255]), Message::text(""), Message::text("é")];
    assert_eq!(printed(&[], messages.clone()), b"a\nb\n\x00\xff\n\xc3\xa9\n");
    assert_eq!(printed(&["--output", "text"], messages.clone()), b"a\nb\n\x00\xff\n\xc3\xa9\n");
    assert_eq!(printed(&["-0"], messages.clone()), b"a\nb\0\x00\xff\0\xc3\xa9\0");
    assert_eq!(printed(&["--input", "null"], messages), b"a\nb\n\x00\xff\n\xc3\xa9\n");
}

#[test]
fn the_other_formats_treat_text_and_binary_alike() {
    let messages = [Message::text("a\nb"), binary([0, 255]), Message::text("")];
    assert_eq!(printed(&["--output", "raw"], messages.clone()), b"a\nb\x00\xff");
    assert_eq!(printed(&["--output", "hex"], messages.clone()), b"610a62\n00ff\n\n");
    assert_eq!(printed(&["--output", "base64"], messages.clone()), b"YQpi\nAP8=\n\n");
    assert_eq!(printed(&["--output", "none"], messages), b"");
}

#[test]
fn hex_out_is_hex_in() {
    let long: Vec<u8> = (0..3 * MIB).map(|index| index.to_le_bytes()[1]).collect();
    let hex = printed(&["--output", "hex"], [binary(long.clone())]);
    assert_eq!(sent(&["--input", "hex"], hex), [binary(long.clone())]);
    let base64 = printed(&["--output", "base64"], [binary(long.clone())]);
    assert_eq!(sent(&["--input", "base64"], base64), [binary(long)]);
}

#[test]
fn formats_that_contradict_each_other_are_usage_errors() {
    for flags in [["-0", "--input=lines"], ["-b", "--input=json"], ["--pretty", "--output=hex"]] {
        Wscope::new().args(flags).arg("ws://127.0.0.1:9").run().exits(2).prints("");
    }
}

#[test]
fn listen_has_the_formats_too() {
    let (mut server, address) =
        listen(Wscope::new().args(["listen", "0", "--input", "hex", "--output", "json"]).stdin_held());
    let (mut client, _) = Connection::open(address);
    server.wait_stdout(r#""type":"open""#);
    server.write("00ff\n");
    assert_eq!(client.frame(), Frame::binary([0, 255]));
    client.send_frame(&Frame::text("hi"));
    server.wait_stdout(r#""opcode":"text","length":2,"fragments":1,"text":"hi""#);
    client.send_frame(&Frame::close(1000, ""));
    client.close_frame();
    server.wait_stdout(r#""type":"close""#);
    let events = events(&stop(server).stdout);
    assert_eq!(types(&events), ["open", "message", "message", "close"]);
    assert!(events.iter().all(|event| event["client"] == 1), "{events:#?}");
}

#[test]
fn the_event_stream_has_the_whole_session() {
    let server = websocket::echo();
    let output = Wscope::new().args(["--output", "json", "-x", "hi", "-w", "0", &server.url()]).run();
    output.exits(0).is_silent();
    let events = events(&output.stdout);
    assert_eq!(types(&events), ["open", "message", "message", "close"]);
    assert_eq!((&events[0]["version"], &events[0]["status"]), (&json!(1), &json!(101)));
    assert_eq!((&events[1]["direction"], &events[1]["text"]), (&json!("sent"), &json!("hi")));
    assert_eq!((&events[2]["direction"], &events[2]["text"]), (&json!("received"), &json!("hi")));
    assert_eq!(
        (&events[3]["code"], &events[3]["by"], &events[3]["exit_status"]),
        (&json!(1000), &json!("us"), &json!(0))
    );
}

#[test]
fn errors_before_the_opening_are_in_the_event_stream() {
    let refused = format!("ws://127.0.0.1:{}", unused_port());
    let cases = [(refused.as_str(), "connect", 3), ("ws://host/#fragment", "usage", 2)];
    for (url, phase, status) in cases {
        let output = Wscope::new().args(["--output", "json", url]).run();
        output.exits(status).says("wscope: error: ");
        let events = events(&output.stdout);
        assert_eq!(types(&events), ["error"]);
        assert_eq!((&events[0]["phase"], &events[0]["exit_status"]), (&json!(phase), &json!(status)));
    }
    let upgrade = serve(|mut connection| {
        connection.request();
        connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    let output = Wscope::new().args(["--output", "json", &upgrade.url()]).run();
    output.exits(5);
    assert_eq!(types(&events(&output.stdout)), ["error"]);
}

#[test]
fn an_error_in_the_session_is_in_the_event_stream() {
    let server = websocket::sink();
    let output = Wscope::new().args(["--output", "json", "-w", "0", &server.url()]).stdin(b"a\n\xff\n").run();
    output.exits(2);
    let events = events(&output.stdout);
    assert_eq!(types(&events), ["open", "message", "close", "error"]);
    assert_eq!((&events[2]["exit_status"], &events[3]["exit_status"]), (&json!(2), &json!(2)));
}

#[test]
fn a_recorded_session_is_sent_again_as_it_was() {
    let recording = record();
    let recorded = events(&recording);
    assert_eq!(types(&recorded).last(), Some(&"close"));
    assert!(types(&recorded).contains(&"ping"));
    assert!(types(&recorded).contains(&"finding"));
    let received: Vec<_> = recorded.iter().filter(|event| event["type"] == "message").collect();
    let fragments: Vec<_> = received.iter().map(|event| event["fragments"].as_u64().unwrap_or_default()).collect();
    assert_eq!(fragments, [1, 1, 1, 1, 3, 1, 1, 1, 1]);

    let server: Server<Seen> = websocket::echo();
    let output = Wscope::new()
        .args(["--input", "json", "--output", "json", "-w", "-1", "--count", "9", &server.url()])
        .stdin(recording)
        .run();
    output.exits(0);
    let replayed = events(&output.stdout);
    let content = |event: &&Value| event.get("text").or(event.get("binary")).cloned();
    let echoed: Vec<_> = replayed.iter().filter(|event| event["direction"] == "received").collect();
    assert!(echoed.iter().map(content).eq(received.iter().map(content)), "the messages came back as they were");
}

/// What `--output json` makes of a server that sends everything there is.
fn record() -> Vec<u8> {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("text \u{1b}[2J é 😀"));
        connection.send_frame(&Frame::binary([0, 0x1b, 255]));
        connection.send_frame(&Frame::text(""));
        connection.send_frame(&Frame::binary([]));
        connection.send_frame(&Frame::text("one ").more());
        connection.send_frame(&Frame::ping("between fragments"));
        connection.send_frame(&Frame::continuation("two ").more());
        connection.send_frame(&Frame::continuation("three"));
        connection.send_frame(&Frame::text("x\"\\\n".repeat(10 * MIB / 4)));
        connection.send_frame(&Frame::binary(vec![0xa5; 10 * MIB]));
        connection.send_frame(&Frame::text(b"no UTF-8: \xff"));
        connection.send_frame(&Frame::text("last"));
        connection.send_frame(&Frame::close(1000, "bye"));
        connection.close_frame();
    });
    let output = Wscope::new().args(["-N", "--lenient", "--output", "json", &server.url()]).run();
    output.exits(0);
    output.stdout
}

/// Every line, parsed.
#[track_caller]
fn events(stream: &[u8]) -> Vec<Value> {
    let text = str::from_utf8(stream).expect("JSON is UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}
