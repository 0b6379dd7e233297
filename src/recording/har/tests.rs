use std::io::Cursor;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{HarOptions, read, write};
use crate::dialect::Choice;
use crate::event::Direction::{self, Received, Sent};
use crate::event::{Opened, Origin, Timestamp};
use crate::http::redact::Secrets;
use crate::output::Perspective;
use crate::recording::{ReadError, Record, RecordedEvent, RecordedWire, Recording};
use crate::wire::{Kind, MessageFacts, Role};

const DEVTOOLS: &[u8] = include_bytes!("../../../tests/recordings/devtools.har");
const MITMPROXY: &[u8] = include_bytes!("../../../tests/recordings/mitmproxy.har");

fn records(har: &[u8]) -> Vec<Record> {
    read(Cursor::new(har.to_vec())).unwrap().collect::<Result<_, _>>().unwrap()
}

fn openings(records: &[Record]) -> Vec<&Opened> {
    let open = records.iter().filter_map(|record| match &record.event {
        RecordedEvent::Open(opened) => Some(&**opened),
        _ => None,
    });
    open.collect()
}

/// The messages of a connection.
fn messages(records: &[Record], client: Option<u64>) -> Vec<(Direction, Kind, Vec<u8>)> {
    let of = records.iter().filter(|record| record.origin.client == client);
    let messages = of.filter_map(|record| match &record.event {
        RecordedEvent::Wire { direction, event: RecordedWire::Message { kind, payload, .. }, .. } => {
            Some((*direction, *kind, payload.clone()))
        }
        _ => None,
    });
    messages.collect()
}

fn talk(last: &str) -> Vec<(Direction, Kind, Vec<u8>)> {
    let hello = "{\"op\":\"hello\",\"n\":1,\"text\":\"Grüße \u{202e} \0 </script>\"}";
    let said = [(Kind::Text, hello.as_bytes()), (Kind::Binary, &[0, 1, 2, 254, 255]), (Kind::Text, last.as_bytes())];
    let both = [Sent, Received].map(|direction| said.map(|(kind, payload)| (direction, kind, payload.to_vec())));
    both.concat()
}

fn without_welcome(mut messages: Vec<(Direction, Kind, Vec<u8>)>) -> Vec<(Direction, Kind, Vec<u8>)> {
    messages.retain(|(_, _, payload)| payload != b"welcome");
    messages
}

#[test]
fn the_hars_of_devtools_and_of_mitmproxy_have_their_connections_and_messages() {
    for (har, host) in [(DEVTOOLS, "ws://127.0.0.1:18904"), (MITMPROXY, "ws://127.0.0.1:18901")] {
        let records = records(har);
        let opened = openings(&records);
        assert_eq!(opened[0].url, format!("{host}/chat?token=abcdef0123456789"));
        assert_eq!((opened[1].target.as_str(), opened.len()), ("/feed", 2));
        assert_eq!(opened[0].subprotocol.as_deref(), Some("chat.v1"));
        assert!(opened[0].request_head.starts_with(b"GET /chat?token=abcdef0123456789 HTTP/1.1\r\n"));
        assert!(opened[0].response_head.starts_with(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"));
        assert_eq!(without_welcome(messages(&records, Some(1))), talk("first"));
        assert_eq!(without_welcome(messages(&records, Some(2))), talk("second"));
        assert!(records.is_sorted_by_key(|record| record.at.wall), "{records:?}");
        assert!(records.last().unwrap().at.elapsed < Duration::from_secs(1));
    }
}

#[test]
fn a_har_that_is_cut_names_the_byte() {
    for (har, step) in [(DEVTOOLS, 97), (MITMPROXY, 41)] {
        let end = har.trim_ascii_end().len();
        for length in (1..end).step_by(step).chain([end - 1]) {
            match read(Cursor::new(har[..length].to_vec())) {
                Err(ReadError::Malformed { offset, why }) => {
                    assert_eq!((offset, why.as_str()), (length as u64, "this HAR is cut off"));
                }
                other => panic!("{length}: {:?}", other.err()),
            }
        }
    }
}

#[test]
fn what_is_no_har_names_the_byte_and_says_why() {
    for (text, offset, why) in [
        ("", 0, "this HAR is cut off"),
        ("[] ", 0, "this is no HAR: invalid type: sequence, expected an object"),
        ("{}", 0, "this is JSON without a `log`, so it is no HAR"),
        ("{\"log\":{}} x", 11, "this is no HAR: trailing characters"),
        ("{\"log\":{\"entries\":[{\"request\":}]}}", 30, "this is no HAR: expected value"),
    ] {
        match read(Cursor::new(text)) {
            Err(ReadError::Malformed { offset: at, why: said }) => {
                assert_eq!((at, said.as_str()), (offset, why), "{text}");
            }
            other => panic!("{text}: {:?}", other.err()),
        }
    }
}

#[test]
fn binary_data_that_is_no_base64_is_an_error_with_its_byte() {
    let har = r#"{"log":{"entries":[{"_webSocketMessages":[{"type":"send","time":1,"opcode":2,"data":"%"}]}]}}"#;
    let errors: Vec<_> = read(Cursor::new(har)).unwrap().filter_map(Result::err).collect();
    assert!(matches!(errors[..], [ReadError::Malformed { offset: 84, .. }]), "{errors:?}");
}

#[test]
fn what_the_browser_said_is_an_error_and_half_a_message_is_left_out() {
    let har = r#"{"log":{"entries":[{"_webSocketMessages":[
        {"type":"error","time":1.5,"opcode":-1,"data":"lost"},
        {"type":"send","time":2,"opcode":1},
        {"type":"send","time":3,"opcode":1,"data":"\ud800"}]}]}}"#;
    let records = records(har.as_bytes());
    let RecordedEvent::Warning(warning) = &records[1].event else { panic!("{records:?}") };
    assert_eq!(warning, "a message in this HAR lacks its direction, opcode or data, and is left out");
    let RecordedEvent::Error(error) = &records[2].event else { panic!("{records:?}") };
    assert_eq!(error.to_string(), "the browser says: lost");
    assert_eq!(messages(&records, None), [(Sent, Kind::Text, b"\xed\xa0\x80".to_vec())]);
}

#[test]
fn a_message_without_a_time_has_that_of_the_one_before_it() {
    let har = r#"{"log":{"entries":[{"_webSocketMessages":[
        {"type":"send","opcode":1,"data":"a"},
        {"type":"receive","time":1767225602,"opcode":1,"data":"b"},
        {"type":"send","opcode":1,"data":"c"}],
        "startedDateTime":"2026-01-01T00:00:00Z","response":{"status":101}}]}}"#;
    let records = records(har.as_bytes());
    let payloads: Vec<_> = messages(&records, None).into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(payloads, [b"a", b"b", b"c"]);
    let times: Vec<_> = records.iter().rev().take(3).map(|record| record.at.elapsed.as_secs()).collect();
    assert_eq!(times, [2, 2, 0]);
}

/// Firefox writes no messages.
#[test]
fn a_connection_without_its_messages_is_told_and_so_is_a_har_without_connections() {
    let entry = r#"{"request":{"method":"GET","url":"URL"},"response":{"status":101}}"#;
    let har = |url: &str| format!(r#"{{"log":{{"entries":[{}]}}}}"#, entry.replace("URL", url));
    let records = records(har("wss://host/a").as_bytes());
    let RecordedEvent::Warning(warning) = &records.last().unwrap().event else { panic!("{records:?}") };
    assert!(warning.starts_with("the messages of this connection are not in this HAR"), "{warning}");
    assert_eq!(openings(&records)[0].url, "wss://host/a");
    let page = read(Cursor::new(har("https://host/a")));
    assert!(matches!(page.err(), Some(ReadError::NoWebSocket)));
}

#[test]
fn a_byte_order_mark_is_passed_over_and_a_compressed_file_is_told() {
    let marked = [b"\xef\xbb\xbf", DEVTOOLS].concat();
    assert_eq!(messages(&records(&marked), Some(1)), messages(&records(DEVTOOLS), Some(1)));
    let damaged = String::from_utf8_lossy(&marked).replacen("\"log\"", "log", 1);
    let plain = String::from_utf8_lossy(DEVTOOLS).replacen("\"log\"", "log", 1);
    let offset = |text: String| match read(Cursor::new(text)).err() {
        Some(ReadError::Malformed { offset, .. }) => offset,
        other => panic!("{other:?}"),
    };
    assert_eq!(offset(damaged), offset(plain) + 3);
    match read(Cursor::new(b"\x1f\x8b\x08\0")).err() {
        Some(ReadError::Malformed { offset: 0, why }) => assert!(why.starts_with("it is compressed"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_said_of_a_connection_that_was_not_opened_hides_its_token() {
    let har = r#"{"log":{"entries":[{"_webSocketMessages":[],"request":{"url":"wss://h/?token=0123456789abcdef"}}]}}"#;
    let records = records(har.as_bytes());
    let RecordedEvent::Note(note) = &records[0].event else { panic!("{records:?}") };
    assert!(note.starts_with("wss://h/?token=[hidden") && !note.contains("abcdef"), "{note}");
}

fn record(client: Option<u64>, milliseconds: u64, event: RecordedEvent) -> Record {
    let elapsed = Duration::from_millis(milliseconds);
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + elapsed;
    Record { origin: Origin { client }, at: Timestamp { wall, elapsed }, event }
}

fn message(client: Option<u64>, at: u64, direction: Direction, kind: Kind, payload: &[u8]) -> Record {
    let facts = MessageFacts { length: payload.len() as u64, compressed: None, fragments: 1 };
    let event = RecordedWire::Message { kind, payload: payload.to_vec(), facts };
    record(client, at, RecordedEvent::Wire { direction, event, round_trip: None })
}

fn opened(role: Role, path: &str) -> RecordedEvent {
    let har = records(DEVTOOLS);
    RecordedEvent::Open(Box::new(Opened {
        role,
        url: format!("ws://host{path}"),
        target: path.to_owned(),
        request_head: format!("GET {path} HTTP/1.1\r\nHost: host\r\nAuthorization: Bearer abcdefabcdefabcdef\r\n\r\n")
            .into(),
        ..openings(&har)[0].clone()
    }))
}

fn written(make: &dyn Fn() -> Vec<Record>, secrets: Secrets) -> Vec<u8> {
    let mut output = Vec::new();
    let mut open = || Ok(Recording { perspective: Perspective::End, records: Box::new(make().into_iter().map(Ok)) });
    assert!(write(&mut output, &mut open, HarOptions { secrets, dialect: Choice::Auto }).unwrap().is_none());
    serde_json::from_slice::<serde_json::Value>(&output).expect("JSON");
    output
}

fn two_connections() -> Vec<Record> {
    vec![
        record(Some(1), 0, opened(Role::Client, "/a?token=0123456789abcdef")),
        record(Some(2), 5, opened(Role::Client, "/b")),
        message(Some(2), 10, Sent, Kind::Text, "Grüße \" \u{202e}".as_bytes()),
        message(Some(1), 11, Received, Kind::Binary, b"\0\xff"),
        message(Some(2), 12, Received, Kind::Text, b""),
        message(Some(1), 13, Sent, Kind::Text, b"bye"),
    ]
}

#[test]
fn what_is_written_reads_back() {
    let again = records(&written(&two_connections, Secrets::Shown));
    for client in [Some(1), Some(2)] {
        assert_eq!(messages(&again, client), messages(&two_connections(), client));
    }
    let opened = openings(&again);
    assert_eq!((opened[0].url.as_str(), opened[1].target.as_str()), ("ws://host/a?token=0123456789abcdef", "/b"));
    assert_eq!(opened[0].request_head, openings(&two_connections())[0].request_head);
    assert_eq!(again.last().unwrap().at.wall, two_connections().last().unwrap().at.wall);
}

#[test]
fn secrets_of_heads_and_urls_are_hidden() {
    let text = String::from_utf8(written(&two_connections, Secrets::Hidden)).unwrap();
    assert!(!text.contains("0123456789abcdef") && !text.contains("abcdefabcdef"), "{text}");
    assert!(text.contains("[hidden"), "{text}");
}

#[test]
fn what_a_server_received_was_sent_by_the_client() {
    let served = || {
        let open = opened(Role::Server, "/");
        vec![record(Some(1), 0, open), message(Some(1), 1, Received, Kind::Text, b"question")]
    };
    let har = written(&served, Secrets::Hidden);
    assert_eq!(messages(&records(&har), None), [(Sent, Kind::Text, b"question".to_vec())]);
    assert!(!String::from_utf8(har).unwrap().contains("serverIPAddress"), "what it knows is the client's");
}

#[test]
fn another_session_of_the_same_client_is_another_entry() {
    let sessions = || {
        let first = [record(None, 0, opened(Role::Client, "/")), message(None, 1, Sent, Kind::Text, b"one")];
        let second = [record(None, 2, opened(Role::Client, "/")), message(None, 3, Sent, Kind::Text, b"two")];
        first.into_iter().chain(second).collect()
    };
    let again = records(&written(&sessions, Secrets::Hidden));
    assert_eq!(messages(&again, Some(2)), [(Sent, Kind::Text, b"two".to_vec())]);
}

proptest! {
    #[test]
    fn a_damaged_har_is_an_error_or_read_to_its_end(place in 0..DEVTOOLS.len(), byte: u8) {
        let mut har = DEVTOOLS.to_vec();
        har[place] = byte;
        if let Ok(records) = read(Cursor::new(har)) {
            prop_assert!(records.count() < 100);
        }
    }
}
