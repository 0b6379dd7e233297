use std::time::{Duration, SystemTime};

use super::*;
use crate::event::{PeerAddress, Step, StepDetail};
use crate::output::Timeline;
use crate::output::json::assert_fields;
use crate::ping::statistics::Statistics;
use crate::wire::Role;

fn at() -> Timestamp {
    Timestamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_secs(3) }
}

fn opened() -> Opened {
    let took = Duration::from_millis(2);
    Opened {
        role: Role::Client,
        url: "ws://host/".into(),
        target: "/".into(),
        address: PeerAddress::Unix("/socket".into()),
        status: 101,
        headers: Vec::new(),
        subprotocol: None,
        extensions: None,
        tls: None,
        steps: vec![Step { took, detail: StepDetail::Upgraded { status_line: String::new() } }],
        verified: Vec::new(),
        request_head: Vec::new(),
        response_head: Vec::new(),
    }
}

/// One line of each kind, as it is where every field is there.
fn all_lines() -> Vec<String> {
    let (mut lines, mut output) = (Lines::new(), Vec::new());
    lines.connected(&mut output, at(), "ws://host/", &opened());
    let millisecond = Duration::from_millis(1);
    let mut results =
        Results { round_trips: Statistics::new().unwrap(), timeline: Timeline::default(), steps: Vec::new() };
    for number in 1..=1000 {
        results.round_trips.add(millisecond * number);
    }
    let mut upgrade = Moments::default();
    upgrade.add(millisecond);
    results.steps.push(("upgrade", upgrade));
    let outcome = RoundOutcome::Answered(millisecond);
    lines.round(&mut output, at(), Round { number: 7, sent: millisecond, outcome });
    let counts = Counts { sent: 1001, answered: 1000, lost: 1, ..Counts::default() };
    lines.summary(&mut output, at(), counts, &results, ExitStatus::TimedOut);
    String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_schema_lists_what_is_written_and_nothing_else() {
    assert_fields(SCHEMA, all_lines().iter().map(String::as_str));
}

#[test]
fn a_round_without_an_answer_has_no_time() {
    let (mut lines, mut output) = (Lines::new(), Vec::new());
    lines.round(&mut output, at(), Round { number: 7, sent: Duration::ZERO, outcome: RoundOutcome::Lost });
    assert_eq!(
        String::from_utf8(output).unwrap(),
        "{\"type\":\"round\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"number\":7,\"outcome\":\"lost\"}\n"
    );
}
