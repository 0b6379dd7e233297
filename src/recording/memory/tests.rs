use std::time::SystemTime;

use super::*;
use crate::recording::{RecordedEvent, RecordedWire};
use crate::wire::{Kind, MessageFacts};

const NOW: &str = "2026-11-21T14:23:07.000000Z";

fn write(memory: &mut Memory, kind: &str, members: &str) {
    let line = format!("{{\"type\":\"{kind}\",\"time\":\"{NOW}\",{members}}}\n");
    let (one, other) = line.as_bytes().split_at(line.len() / 2);
    memory.write_all(one).unwrap();
    memory.write_all(other).unwrap();
}

/// What stands first in each line that is kept.
fn lines(memory: &Memory) -> Vec<String> {
    let mut bytes = Vec::new();
    memory.snapshot().json_lines().read_to_end(&mut bytes).unwrap();
    assert!(bytes.len() <= LIMIT + (2 << 20), "{}", bytes.len());
    let start = |line: &[u8]| String::from_utf8_lossy(&line[..line.len().min(100)]).replace(NOW, "T");
    bytes.split(|&byte| byte == b'\n').map(start).collect()
}

#[test]
fn the_last_is_kept_with_how_its_connection_opened() {
    let mut memory = Memory::default();
    write(&mut memory, "recording", "\"version\":1");
    for connection in 1..=2 {
        write(&mut memory, "head", &format!("\"refused\":{connection}"));
        write(&mut memory, "error", "\"is\":\"refused\"");
        write(&mut memory, "head", &format!("\"sent\":{connection}"));
        write(&mut memory, "head", &format!("\"received\":{connection}"));
        write(&mut memory, "open", &format!("\"lost\":{connection}"));
        write(&mut memory, "error", "\"is\":\"none of the session\"");
        if connection == 1 {
            write(&mut memory, "close", "\"code\":1000");
        }
    }
    assert_eq!(memory.snapshot().begins_at, None);
    let text = "x".repeat(1 << 20);
    for number in 0..100 {
        write(&mut memory, "note", &format!("\"text\":\"{number} {text}\""));
    }
    let lines = lines(&memory);
    assert_eq!(
        lines[..4],
        [
            "{\"type\":\"recording\",\"time\":\"T\",\"version\":1}",
            "{\"type\":\"head\",\"time\":\"T\",\"sent\":2}",
            "{\"type\":\"head\",\"time\":\"T\",\"received\":2}",
            "{\"type\":\"open\",\"time\":\"T\",\"lost\":2}",
        ]
    );
    assert!(lines[4].starts_with("{\"type\":\"note\",\"time\":\"T\",\"text\":\"what happened before"), "{}", lines[4]);
    assert!(lines[lines.len() - 2].contains("\"99 x"), "{}", lines[lines.len() - 2]);
    assert!(memory.snapshot().begins_at.is_some());
}

#[test]
fn of_a_connection_that_is_closed_nothing_is_kept() {
    let mut memory = Memory::default();
    write(&mut memory, "recording", "\"version\":1");
    write(&mut memory, "open", "\"lost\":1");
    write(&mut memory, "close", "\"code\":1000");
    let text = "x".repeat(1 << 20);
    for number in 0..100 {
        write(&mut memory, "note", &format!("\"text\":\"{number} {text}\""));
    }
    assert!(lines(&memory)[1].contains("what happened before"));
}

#[test]
fn of_a_line_longer_than_what_is_kept_no_part_stays() {
    let mut memory = Memory::default();
    write(&mut memory, "recording", "\"version\":1");
    write(&mut memory, "note", "\"text\":\"before\"");
    let piece = "x".repeat(1 << 20);
    memory.write_all(b"{\"type\":\"note\",\"text\":\"").unwrap();
    for _ in 0..70 {
        memory.write_all(piece.as_bytes()).unwrap();
    }
    let during = lines(&memory);
    assert_eq!(during.len(), 3, "{during:?}");
    assert!(during[1].contains("what happened before is not kept"), "{during:?}");
    memory.write_all(b"\"}\n").unwrap();
    write(&mut memory, "note", "\"text\":\"behind\"");
    let behind = lines(&memory);
    assert_eq!(behind.len(), 4, "{behind:?}");
    assert!(behind[1].starts_with("{\"type\":\"note\",\"time\":\"T\",\"text\":\"what happened before"), "{behind:?}");
    assert_eq!(behind[2], "{\"type\":\"note\",\"time\":\"T\",\"text\":\"behind\"}");
}

#[test]
fn lines_of_any_length_in_pieces_of_any_length_are_kept_whole() {
    let mut memory = Memory::default();
    write(&mut memory, "recording", "\"version\":1");
    // Lengths below and above those of a block, so that lines begin and end anywhere in one.
    let lengths = [1, 300 << 10, 70, 2_500_000, 90_000, 1 << 20, 5];
    let notes = (0..150).map(|number| {
        let text = "x".repeat(lengths[number % lengths.len()]);
        format!("{{\"type\":\"note\",\"time\":\"{NOW}\",\"text\":\"{number} {text}\"}}\n")
    });
    let written = notes.collect::<String>();
    let pieces = [64 << 10, 1, 700, 1_500_000, 100_000];
    let mut rest = written.as_bytes();
    for length in pieces.into_iter().cycle() {
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        memory.write_all(piece).unwrap();
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    let mut kept = String::new();
    memory.snapshot().json_lines().read_to_string(&mut kept).unwrap();
    let kept = kept.splitn(3, '\n').last().unwrap();
    assert!(written.len() > LIMIT && kept.len() > LIMIT - 2 * LONGEST_BLOCK - 2_500_000, "{}", kept.len());
    assert!(kept.starts_with('{') && written.ends_with(kept));
}

#[test]
fn what_is_kept_begins_with_the_time_of_its_first_line_however_long_that_is() {
    let mut memory = Memory::default();
    write(&mut memory, "recording", "\"version\":1");
    let piece = "x".repeat(1 << 20);
    for _ in 0..2 {
        write(&mut memory, "note", &format!("\"text\":\"{piece}\""));
    }
    memory.write_all(b"{\"type\":\"note\",\"time\":\"2026-11-21T15:00:00Z\",\"text\":\"").unwrap();
    for _ in 0..63 {
        memory.write_all(piece.as_bytes()).unwrap();
    }
    memory.write_all(b"\"}\n{\"type\":\"note\",\"time\":\"2026-11-21T16:00:00Z\"}\n").unwrap();
    let begins = memory.snapshot().begins_at.unwrap();
    assert_eq!(Moment::try_from(begins).unwrap().to_string(), "2026-11-21T15:00:00Z");
}

/// Has the sink take messages of these lengths, and reads what is kept of them.
fn kept_of(lengths: &[usize]) -> (Memory, Vec<RecordedEvent>) {
    let memory = Memory::default();
    let mut sink = memory.sink(&Options::default());
    let at = Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO };
    for &length in lengths {
        let facts = MessageFacts { length: length as u64, compressed: None, fragments: 1 };
        let message = &wire::Event::Message { kind: Kind::Binary, payload: &vec![0; length], facts };
        let direction = Direction::Received;
        let event = Event::Wire { direction, event: message, round_trip: None, annotation: None };
        let _ = sink.event(Origin::default(), at, &event);
    }
    sink.flush().unwrap();
    let events = memory.snapshot().records().map(|record| record.unwrap().event).collect();
    (memory, events)
}

#[test]
fn a_message_longer_than_a_block_is_kept_whole() {
    let (_, events) = kept_of(&[10, 5 << 20, 10]);
    let length = |event: &RecordedEvent| match event {
        RecordedEvent::Wire { event: RecordedWire::Message { payload, .. }, .. } => payload.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(events.iter().map(length).collect::<Vec<_>>(), [10, 5 << 20, 10]);
}

#[test]
fn a_message_that_is_too_long_is_named_and_those_before_it_stay() {
    let (memory, events) = kept_of(&[10, Snapshot::LONGEST_PAYLOAD + 1]);
    let [RecordedEvent::Wire { .. }, RecordedEvent::Note(note)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(note, "received: a message of 33554433 bytes, which is too long to be kept");
    assert!(memory.snapshot().has_left_out);
    assert_eq!(memory.last_payload().unwrap().len(), Snapshot::LONGEST_PAYLOAD + 1);
}

#[test]
fn what_is_kept_can_be_read() {
    let memory = Memory::default();
    let mut sink = memory.sink(&Options::default());
    let at = Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO };
    let _ = sink.event(Origin::default(), at, &Event::Note("kept"));
    sink.flush().unwrap();
    let events: Vec<_> = memory.snapshot().records().map(|record| record.unwrap().event).collect();
    assert!(matches!(&events[..], [RecordedEvent::Note(note)] if note == "kept"), "{events:?}");
}
