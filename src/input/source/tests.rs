//! Tests of every format: the whole input in one read, and byte by byte.

use std::collections::BTreeSet;
use std::io::Cursor;

use super::*;
use crate::error::Phase;
use crate::output::json::SCHEMA;

/// Gives its bytes in reads of at most `step` bytes.
struct ChunkedReader {
    bytes: Cursor<Vec<u8>>,
    step: usize,
}

impl Read for ChunkedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.step);
        self.bytes.read(&mut buffer[..room])
    }
}

fn source(bytes: &[u8], step: usize, options: SourceOptions) -> Source {
    Source::new(ChunkedReader { bytes: Cursor::new(bytes.to_vec()), step }, options)
}

fn options(format: Format, kind: Kind) -> SourceOptions {
    SourceOptions { format, kind, max_message: 100 }
}

/// All messages of a source, and the error that ends them.
fn drain(mut source: Source) -> (Vec<Message>, Option<String>) {
    let mut messages = Vec::new();
    while source.fill().unwrap() {
        let sent = source.send_each(|outgoing| {
            messages.push(owned(outgoing));
            Ok::<_, Error>(())
        });
        if let Err(error) = sent {
            return (messages, Some(chain(&error)));
        }
    }
    (messages, None)
}

fn owned(outgoing: Outgoing<'_>) -> Message {
    match outgoing {
        Outgoing::Text(text) => Message::Text(text.to_owned()),
        Outgoing::Binary(payload) => Message::Binary(payload.to_vec()),
        Outgoing::Ping(payload) => Message::Ping(payload.to_vec()),
        Outgoing::Pong(payload) => Message::Pong(payload.to_vec()),
        Outgoing::Close(close) => Message::Close(close.map(|(code, reason)| (code, reason.to_owned()))),
        other => panic!("{other:?}"),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {}", chain(cause)))
}

/// Reads `bytes` at once and byte by byte, and checks that the results are equal.
fn read(bytes: &[u8], options: SourceOptions) -> (Vec<Message>, Option<String>) {
    let whole = drain(source(bytes, usize::MAX, options));
    assert_eq!(whole, drain(source(bytes, 1, options)));
    whole
}

fn texts(lines: &[&str]) -> Vec<Message> {
    lines.iter().map(|&line| Message::Text(line.into())).collect()
}

fn binaries(pieces: &[&[u8]]) -> Vec<Message> {
    pieces.iter().map(|&piece| Message::Binary(piece.to_vec())).collect()
}

#[test]
fn lines_lose_their_ends_and_nothing_else() {
    let lines = options(Format::Lines, Kind::Text);
    assert_eq!(read(b"a\n\n b \r\n\r\nlast", lines), (texts(&["a", "", " b ", "", "last"]), None));
    assert_eq!(read(b"last\r", lines), (texts(&["last\r"]), None));
    assert_eq!(read(b"", lines), (vec![], None));
    assert_eq!(read(b"/quit\n", lines), (texts(&["/quit"]), None));
}

#[test]
fn a_line_that_is_no_utf8_stops_the_input_with_its_number() {
    let (messages, error) = read(b"good\nb\xffd\nnever", options(Format::Lines, Kind::Text));
    assert_eq!(messages, texts(&["good"]));
    assert_eq!(error.unwrap(), "line 2 of the input is not UTF-8 (byte 2)");
}

#[test]
fn a_line_over_the_limit_stops_the_input_with_its_number() {
    let lines = options(Format::Lines, Kind::Text);
    let longest = "x".repeat(100);
    let (messages, error) = read(format!("{longest}\r\n{longest}y\r\n").as_bytes(), lines);
    assert_eq!(messages, texts(&[&longest]));
    assert_eq!(error.unwrap(), "line 2 of the input is longer than a message may be, 100 bytes");
    let (_, error) = read(&[b'x'; 1000], lines);
    assert_eq!(error.unwrap(), "line 1 of the input is longer than a message may be, 100 bytes");
}

#[test]
fn a_line_may_be_longer_than_the_buffer() {
    let line = "z".repeat(3_000_000);
    let lines = SourceOptions { max_message: 3_000_000, ..options(Format::Lines, Kind::Text) };
    let read = drain(source(format!("a\n{line}\nb").as_bytes(), 100_000, lines));
    assert_eq!(read, (texts(&["a", &line, "b"]), None));
}

#[test]
fn pieces_that_end_with_nul_hold_newlines() {
    assert_eq!(read(b"a\nb\0\0c\r\n", options(Format::Null, Kind::Text)), (texts(&["a\nb", "", "c\r\n"]), None));
    assert_eq!(read(b"\xff\0\xfe", options(Format::Null, Kind::Binary)), (binaries(&[b"\xff", b"\xfe"]), None));
}

#[test]
fn whole_input_is_one_message_even_when_empty() {
    assert_eq!(read(b"a\nb\n", options(Format::Whole, Kind::Text)), (texts(&["a\nb\n"]), None));
    assert_eq!(read(b"\xff\n", options(Format::Whole, Kind::Binary)), (binaries(&[b"\xff\n"]), None));
    assert_eq!(read(b"", options(Format::Whole, Kind::Text)), (texts(&[""]), None));
    let (_, error) = read(&[b'x'; 102], options(Format::Whole, Kind::Text));
    assert_eq!(error.unwrap(), "the input is longer than a message may be, 100 bytes");
}

#[test]
fn chunks_go_as_they_come() {
    let chunks = options(Format::Chunks, Kind::Binary);
    assert_eq!(drain(source(b"abcde", 2, chunks)), (binaries(&[b"ab", b"cd", b"e"]), None));
    assert_eq!(drain(source(&[7; 150], 1000, chunks)), (binaries(&[&[7; 100], &[7; 50]]), None));
}

#[test]
fn hex_and_base64_are_a_binary_message_a_line() {
    let hex = read(b"00 ff\n\nzz\n", options(Format::Hex, Kind::Text));
    assert_eq!(hex, (binaries(&[&[0, 255], &[]]), Some("line 3 of the input: `z` is not a hex digit".into())));
    let mut source = source(b"zz", 2, options(Format::Hex, Kind::Text));
    assert!(source.fill().unwrap() && source.fill().unwrap());
    let hint = source.next().unwrap().unwrap_err().hint_text().map(str::to_owned);
    assert_eq!(hint.as_deref(), Some("each line is hex digits, two for a byte"));
    let base64 = read(b"AAE=\r\nAAE", options(Format::Base64, Kind::Text));
    assert_eq!(base64, (binaries(&[&[0, 1], &[0, 1]]), None));
}

#[test]
fn json_sends_whatever_a_session_can_send() {
    let lines = [
        r#"{"text":"a\nb"}"#,
        r#"{"binary":"AP8="}"#,
        r#"{"json":{"b":1.0, "a":[]}}"#,
        "",
        r#"{"ping":"p"}"#,
        r#"{"pong":""}"#,
        r#"{"close":{}}"#,
        r#"{"close":{"code":4001,"reason":"bye"}}"#,
    ];
    let (messages, error) = drain(source(lines.join("\n").as_bytes(), 1, options(Format::Json, Kind::Text)));
    assert_eq!(error, None);
    assert_eq!(
        messages,
        [
            Message::Text("a\nb".into()),
            Message::Binary(vec![0, 255]),
            Message::Text(r#"{"b":1.0, "a":[]}"#.into()),
            Message::Ping(b"p".to_vec()),
            Message::Pong(vec![]),
            Message::Close(None),
            Message::Close(Some((4001.into(), "bye".into()))),
        ]
    );
}

#[test]
fn json_takes_the_event_stream_of_a_session_and_sends_what_was_received() {
    let lines = [
        r#"{"type":"open","status":101}"#,
        r#"{"type":"message","direction":"sent","opcode":"text","text":"mine"}"#,
        r#"{"type":"message","direction":"received","opcode":"text","text":"theirs","length":6}"#,
        r#"{"type":"ping","direction":"received","text":"p"}"#,
        r#"{"type":"close","direction":"received","code":1000}"#,
    ];
    let read =
        read(lines.join("\n").as_bytes(), SourceOptions { max_message: 1000, ..options(Format::Json, Kind::Text) });
    assert_eq!(read, (texts(&["theirs"]), None));
}

#[test]
fn json_that_asks_for_nothing_known_stops_the_input() {
    let error = |line: &str| read(line.as_bytes(), options(Format::Json, Kind::Text)).1.unwrap();
    assert_eq!(error(r#"{"txt":"a"}"#), "line 1 of the input: not something to send");
    assert_eq!(
        error(r#"{"ping":"b","text":"a"}"#),
        "line 1 of the input: `text` and `ping`, and a line is one thing to send"
    );
    assert!(error("[]").starts_with("line 1 of the input: not a JSON object: "));
    assert!(error(r#"{"text":1}"#).starts_with("line 1 of the input: not a string: "));
    assert_eq!(error(r#"{"close":{"reason":"r"}}"#), "line 1 of the input: a close reason needs a code");
}

#[test]
fn json_that_is_no_event_of_a_session_is_not_skipped() {
    let error = |line: &str| read(line.as_bytes(), options(Format::Json, Kind::Text)).1.unwrap();
    for line in
        [r#"{"type":"subscribe","text":"x"}"#, r#"{"type":"subscribe"}"#, r#"{"direction":"sent","type":"subscribe"}"#]
    {
        assert_eq!(error(line), "line 1 of the input: `type` is `subscribe`, which is no event of a session");
    }
    assert_eq!(
        error(r#"{"direction":"up","text":"y"}"#),
        "line 1 of the input: `direction` is `up`, and can only be `sent` or `received`"
    );
}

#[test]
fn json_skips_exactly_the_events_of_a_session() {
    let schema: BTreeSet<_> = SCHEMA.iter().map(|field| field.event).filter(|event| *event != "*").collect();
    assert_eq!(BTreeSet::from(json::EVENTS), schema);
}

#[test]
fn json_that_must_not_be_on_the_wire_is_found_in_its_line() {
    let error = |line: &str| {
        let lines = format!("{{\"text\":\"a\"}}\n{line}");
        read(lines.as_bytes(), SourceOptions { max_message: 1000, ..options(Format::Json, Kind::Text) }).1.unwrap()
    };
    let long = "x".repeat(126);
    for code in [0, 999, 1005, 1006, 1015, 2000, 5000] {
        let mistake = error(&format!(r#"{{"close":{{"code":{code}}}}}"#));
        assert_eq!(mistake, format!("line 2 of the input: close code {code} must not be on the wire"));
    }
    for line in [
        format!(r#"{{"ping":"{long}"}}"#),
        format!(r#"{{"pong":"{long}"}}"#),
        format!(r#"{{"close":{{"code":1000,"reason":"{}"}}}}"#, &long[..124]),
    ] {
        let limit = "line 2 of the input: the payload of a control frame is limited to 125 bytes, this one has 126";
        assert_eq!(error(&line), limit);
    }
}

#[test]
fn the_limit_is_for_what_a_line_is_decoded_to() {
    let hundred = (binaries(&[&[0; 100]]), None);
    assert_eq!(read("00 ".repeat(100).as_bytes(), options(Format::Hex, Kind::Text)), hundred);
    let json = format!(r#"{{"text":"{}"}}"#, "\\u0000".repeat(100));
    assert_eq!(read(json.as_bytes(), options(Format::Json, Kind::Text)), (texts(&[&"\0".repeat(100)]), None));
    let (_, error) = read("00".repeat(101).as_bytes(), options(Format::Hex, Kind::Text));
    assert_eq!(error.unwrap(), "line 1 of the input is longer than a message may be, 100 bytes");
}

#[test]
fn what_was_yielded_comes_again_after_going_back() {
    let mut source = source(b"a\nb\r\nlast", usize::MAX, options(Format::Lines, Kind::Text));
    assert!(source.fill().unwrap() && source.fill().unwrap());
    let start = source.mark();
    assert_eq!(source.next().unwrap().unwrap(), Outgoing::Text("a"));
    let second = source.mark();
    for mark in [second, second, start] {
        while source.next().is_some() {}
        source.go_back(mark);
    }
    let (messages, error) = drain(source);
    assert_eq!((messages, error), (texts(&["a", "b", "last"]), None));
}

#[test]
fn a_bad_line_is_bad_again_after_going_back() {
    let mut source = source(b"good\nb\xffd\n", usize::MAX, options(Format::Lines, Kind::Text));
    assert!(source.fill().unwrap());
    let mark = source.mark();
    assert!(source.next().unwrap().is_ok() && source.next().unwrap().is_err() && source.next().is_none());
    source.go_back(mark);
    assert!(source.next().unwrap().is_ok());
    assert_eq!(source.next().unwrap().unwrap_err().to_string(), "line 2 of the input is not UTF-8 (byte 2)");
}

#[test]
fn a_send_that_fails_in_the_middle_can_be_gone_back_from() {
    for (input, format) in [(&b"a\nb\nc\n"[..], Format::Lines), (b"a\0b\0c\0", Format::Null)] {
        let mut source = source(input, usize::MAX, options(format, Kind::Text));
        assert!(source.fill().unwrap());
        let mark = source.mark();
        let refused = source.send_each(|outgoing| match outgoing {
            Outgoing::Text("b") => Err(Error::new(Phase::Session, "enough")),
            _ => Ok(()),
        });
        assert_eq!(refused.unwrap_err().to_string(), "enough");
        source.go_back(mark);
        assert_eq!(source.next().unwrap().unwrap(), Outgoing::Text("a"));
        assert_eq!(drain(source), (texts(&["b", "c"]), None));
    }
}

#[test]
fn a_byte_order_mark_in_front_of_text_is_skipped() {
    let text = |text: &str| Message::Text(text.into());
    for (format, rest, message) in [
        (Format::Lines, "a\n", text("a")),
        (Format::Null, "a\0", text("a")),
        (Format::Whole, "a", text("a")),
        (Format::Hex, "61\n", Message::Binary(b"a".into())),
        (Format::Base64, "YQ==\n", Message::Binary(b"a".into())),
        (Format::Json, "{\"text\":\"a\"}\n", text("a")),
    ] {
        let input = format!("\u{feff}{rest}");
        for step in [1, 2, usize::MAX] {
            let drained = drain(source(input.as_bytes(), step, options(format, Kind::Text)));
            assert_eq!(drained, (vec![message.clone()], None), "{format:?}");
        }
    }
}

#[test]
fn a_byte_order_mark_elsewhere_is_data() {
    let mark = "\u{feff}";
    for (format, kind) in [(Format::Chunks, Kind::Binary), (Format::Whole, Kind::Binary), (Format::Lines, Kind::Binary)]
    {
        let drained = drain(source(mark.as_bytes(), usize::MAX, options(format, kind)));
        assert_eq!(drained, (vec![Message::Binary(mark.into())], None), "{format:?}");
    }
    let drained = drain(source("a\n\u{feff}b\n".as_bytes(), usize::MAX, options(Format::Lines, Kind::Text)));
    assert_eq!(drained, (vec![Message::Text("a".into()), Message::Text(format!("{mark}b"))], None));
}
