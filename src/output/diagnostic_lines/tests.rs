//! Compares the lines word for word.

use std::io;

use super::*;
use crate::diagnosis::{BrokenFrame, Diagnosis, NoHead};
use crate::error::{ExitStatus, Phase};
use crate::event::{RoundTrips, StepDetail};
use crate::output::theme::Colors;
use crate::wire::Rule;

fn written(write: impl FnOnce(&mut Vec<u8>, &Palette)) -> String {
    let mut output = Vec::new();
    write(&mut output, &Palette::new(Colors::Off));
    String::from_utf8(output).unwrap()
}

#[test]
fn an_error_has_its_causes_evidence_and_hint() {
    let error = Error::new(Phase::Connect, "cannot connect to `example.com`")
        .caused_by(io::Error::other("out of\x1b luck"))
        .evidence("93.184.216.34:80: connection refused")
        .evidence("HTTP/1.1 400 \u{202e}\nbody")
        .hint("try this:\nproxy_set_header Upgrade $http_upgrade;");
    assert_eq!(
        written(|output, palette| write_error(output, palette, |diagnosis| format!("{diagnosis:?}"), &error)),
        "wscope: error: cannot connect to `example.com`: out of\\x1b luck\n  \
           93.184.216.34:80: connection refused\n  \
           HTTP/1.1 400 \\u{202e}\n  \
           body\n\
         \n\
         hint: try this:\n      proxy_set_header Upgrade $http_upgrade;\n"
    );
}

#[test]
fn a_diagnosis_becomes_a_hint() {
    let error = Error::new(Phase::Upgrade, "no").diagnosed(Diagnosis::NoHead(NoHead::CutOff));
    assert_eq!(
        written(|output, palette| write_error(output, palette, |_| "look\x1b there".to_owned(), &error)),
        "wscope: error: no\n\nhint: look\\x1b there\n"
    );
}

#[test]
fn a_bare_error_is_one_line() {
    let error = Error::new(Phase::Usage, "no URL");
    assert_eq!(
        written(|output, palette| write_error(output, palette, |diagnosis| format!("{diagnosis:?}"), &error)),
        "wscope: error: no URL\n"
    );
}

#[test]
fn a_finding_says_what_who_which_section_and_where() {
    let mut found = Finding {
        rule: Rule::MaskedByServer,
        blame: Role::Server,
        offset: 0x4d2,
        bytes: vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d],
        detail: "key 37fa213d\x1b".to_owned(),
        diagnosis: None,
    };
    assert_eq!(
        written(|output, palette| finding(output, palette, |_| "look past it".to_owned(), &found)),
        "wscope: finding: frame from a server is masked: key 37fa213d\\x1b\n  \
           by the server, against RFC 6455 section 5.1, at byte 1234\n  \
           04d2: 81 85 37 fa 21 3d                                ..7.!=\n"
    );
    found.rule = Rule::MessageTooBig;
    found.diagnosis = Some(Diagnosis::BrokenFrame(BrokenFrame::LargeMessage));
    let text = written(|output, palette| finding(output, palette, |_| "look past it".to_owned(), &found));
    assert!(text.contains("\n  a limit of ours, at byte 1234\n"), "{text}");
    assert!(text.ends_with("\nhint: look past it\n"), "{text}");
}

#[test]
fn announcements_are_what_users_of_wscat_know() {
    let ended = Ended {
        code: CloseCode::Abnormal,
        reason: b"a\x1b\nb\xff".to_vec(),
        meaning: None,
        conclusion: Some("left".to_owned()),
        by: Direction::Received,
        clean: false,
        status: ExitStatus::Session,
    };
    assert_eq!(
        written(|output, palette| disconnected(output, palette, &ended)),
        "Disconnected (code: 1006, reason: \"a\\x1b\\nb\\xff\"): left\n"
    );
    assert_eq!(
        written(|output, palette| control(
            output,
            palette,
            (Direction::Received, Perspective::End),
            "ping",
            b"x",
            None
        )),
        "< Received ping (data: \"x\")\n"
    );
    let round_trip = Some(Duration::from_micros(1_234));
    assert_eq!(
        written(|output, palette| control(
            output,
            palette,
            (Direction::Received, Perspective::End),
            "pong",
            b"",
            round_trip
        )),
        "< Received pong (data: \"\", 1.234 ms)\n"
    );
}

#[test]
fn the_end_says_who_and_how() {
    let ended_by = |by, code, clean, reason: &str| {
        let (reason, status) = (reason.as_bytes().to_vec(), ExitStatus::Success);
        ended(&Ended { code, meaning: None, reason, conclusion: None, by, clean, status }, Perspective::End)
    };
    assert_eq!(
        ended_by(Direction::Sent, CloseCode::Normal, true, ""),
        "closed by us, cleanly: code 1000 (normal closure)"
    );
    assert_eq!(
        ended_by(Direction::Received, CloseCode::Library(4001), false, "bye"),
        "closed by the peer, not cleanly: code 4001, reason \"bye\""
    );
}

#[test]
fn steps_stand_in_columns() {
    let took = |took, detail| step(&Step { took, detail });
    let addresses = vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    let resolved = StepDetail::Resolved { name: "localhost".to_owned(), addresses };
    assert_eq!(took(Duration::from_micros(214), resolved), "resolve     0.214 ms  localhost: ::1, 127.0.0.1");
    let (version, cipher_suite) = ("TLSv1.3".to_owned(), "SUITE".to_owned());
    let established = StepDetail::TlsEstablished { version, cipher_suite };
    assert_eq!(took(Duration::from_micros(12_104), established), "tls        12.104 ms  TLSv1.3 SUITE");
}

#[test]
fn totals_count_both_ways() {
    let received = Counters {
        frames: 4,
        messages: 1,
        wire_bytes: 220,
        message_bytes: 1000,
        compressed_bytes: 200,
        inflated_bytes: 1000,
    };
    let millisecond = Duration::from_millis(1);
    let round_trips = RoundTrips { count: 2, least: millisecond, mean: millisecond * 2, most: millisecond * 3 };
    let totals = Summary {
        sent: Counters::default(),
        received,
        round_trips: Some(round_trips),
        open_for: Duration::from_millis(12_345),
    };
    assert_eq!(
        summary(&totals, Perspective::End),
        [
            "open for 12.345 s",
            "sent     0 messages of 0 bytes; on the wire 0 bytes, 0 frames with control frames",
            "received 1 message of 1000 bytes; on the wire 220 bytes, 4 frames with control frames",
            "received 1000 bytes compressed to 200: saved 80%",
            "2 pings, round trip 1.000 ms / 2.000 ms / 3.000 ms (least, mean, most)",
        ]
    );
}
