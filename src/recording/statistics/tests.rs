use std::time::SystemTime;

use super::*;
use crate::output::Charset;
use crate::output::json::assert_fields;
use crate::wire::MessageFacts;

fn report(messages: &[(u64, Direction, usize)], charset: Charset) -> String {
    statistics(messages).report(charset)
}

fn statistics(messages: &[(u64, Direction, usize)]) -> RecordingStatistics {
    let mut statistics = RecordingStatistics::default();
    for &(milliseconds, direction, length) in messages {
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_millis(milliseconds) };
        let payload = vec![b'x'; length];
        let facts = MessageFacts { length: length as u64, compressed: None, fragments: 1 };
        let event = &wire::Event::Message { kind: Kind::Text, payload: &payload, facts };
        let _ = statistics.event(
            Origin::default(),
            at,
            &Event::Wire { direction, event, round_trip: None, annotation: None },
        );
    }
    statistics
}

fn row<'a>(report: &'a str, name: &str) -> Vec<&'a str> {
    let line = report.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {report}"));
    line.split_whitespace().collect()
}

#[test]
fn each_direction_has_its_figures() {
    use Direction::{Received, Sent};
    let text = report(&[(0, Received, 1), (100, Sent, 5), (350, Received, 7), (2000, Received, 9)], Charset::Ascii);
    assert_eq!(row(&text, "messages"), ["1", "3"]);
    assert_eq!(row(&text, "bytes"), ["5", "17"]);
    assert_eq!(row(&text, "  a second"), ["0.5", "1.5"]);
    assert_eq!((row(&text, "size, least"), row(&text, "size, most")), (vec!["5", "1"], vec!["5", "9"]));
    assert_eq!(row(&text, "gap in ms, most"), ["-", "1650.000"]);
    assert!(text.contains("time to the first reply: 250.000"), "{text}");
}

#[test]
fn the_ends_are_exact_and_large_rates_too() {
    use Direction::{Received, Sent};
    let mut statistics = statistics(&[(0, Received, 5_242_881), (1000, Sent, 3), (2000, Received, 5_242_883)]);
    statistics.received.bytes = 40_000_000_000;
    let text = statistics.report(Charset::Ascii);
    assert_eq!((row(&text, "size, least")[1], row(&text, "size, most")[1]), ("5242881", "5242883"));
    assert_eq!(row(&text, "gap in ms, most"), ["-", "2000.000"]);
    let (_, bytes) = text.split_once("\nbytes").unwrap();
    assert_eq!(row(bytes, "  a second"), ["1.5", "20000000000.0"]);
}

#[test]
fn the_time_line_shows_when_messages_came() {
    use Direction::{Received, Sent};
    let mut messages = vec![(0, Sent, 1)];
    messages.extend((0..100).map(|number| (900 + number, Received, 1)));
    let text = report(&messages, Charset::Ascii);
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{text}");
    let sent = text.lines().find(|line| line.starts_with("      sent |")).unwrap();
    assert_eq!(sent, "      sent |#", "{text}");
    let received = text.lines().find(|line| line.starts_with("  received |")).unwrap();
    assert!(received.starts_with("  received |    ") && received.ends_with("###"), "{text}");
}

#[test]
fn the_figures_as_json_are_those_of_the_report() {
    use Direction::{Received, Sent};
    let messages = [(0, Sent, 5), (250, Received, 1), (1000, Sent, 7), (1250, Received, 9)];
    let json = String::from_utf8(statistics(&messages).json()).unwrap();
    let fields: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(fields["received"]["size"], serde_json::json!({"least": 1, "p50": 1, "p99": 9, "most": 9}));
    assert_eq!((&fields["duration"], &fields["sent"]["gap"]["least"]), (&1.25.into(), &1.0.into()));
    let sums = ["sent", "received"].map(|way| {
        let columns = fields["time_line"][way].as_array().unwrap();
        columns.iter().map(|count| count.as_u64().unwrap()).sum::<u64>()
    });
    assert_eq!(sums, [2, 2]);
    // The schema does not say again what `sent` has.
    let (sent, rest) = (&fields["sent"], fields.as_object().unwrap());
    assert_eq!(
        rest["received"].as_object().unwrap().keys().collect::<Vec<_>>(),
        sent.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    let mut told = fields.clone();
    told["received"] = serde_json::json!({});
    assert_fields(SCHEMA, [told.to_string().as_str()]);
}

#[test]
fn nothing_has_no_time_line() {
    let text = report(&[], Charset::Unicode);
    assert!(text.starts_with("0 connections in 0.000 s\n") && !text.contains("time line"), "{text}");
}
