use super::super::testing::{Conversation, hidden};
use super::*;

fn conversation() -> Conversation {
    Conversation::new(&STOMP, Some("v12.stomp"), "/ws")
}

fn connected(beats: &str) -> Conversation {
    let mut session = conversation();
    session.sent("CONNECT\naccept-version:1.0,1.1,1.2\nhost:h\nheart-beat:4000,0\n\n\0");
    session.received(&format!("CONNECTED\nversion:1.2\nheart-beat:{beats}\n\n\0"));
    session
}

#[test]
fn a_connection_agrees_on_a_version_and_on_beats() {
    let mut session = conversation();
    assert_eq!(session.sent("CONNECT\naccept-version:1.2\nlogin:ann\nheart-beat:4000,0\n\n\0"), "STOMP, as ann");
    let connected = "CONNECTED\nversion:1.2\nheart-beat:0,5000\n\n\0";
    assert_eq!(session.wait(8).received(connected), "STOMP 1.2, the client owes a beat every 5 s after 8 ms");
    let beat = session.dialect().heartbeat().expect("a beat");
    assert_eq!((beat.due, &beat.payload[..]), (Duration::from_millis(4500), &b"\n"[..]));
    assert_eq!(session.wait(100).sent("\n"), "()");
    assert_eq!(session.dialect().heartbeat().map(|beat| beat.due), Some(Duration::from_millis(4608)));
    assert_eq!(session.received("\n"), "()");
}

#[test]
fn no_beat_is_owed_unless_both_ends_want_it() {
    for beats in ["0,0", "5000,0", "1000,abc", "1000"] {
        assert_eq!(connected(beats).dialect().heartbeat(), None, "{beats}");
    }
}

/// The vectors of the specification, "MESSAGE", "ACK", "RECEIPT" and "Value Encoding".
#[test]
fn messages_acknowledgements_and_receipts_find_what_they_answer() {
    let mut session = connected("0,0");
    let subscribe = "SUBSCRIBE\nid:0\ndestination:/q\\ca\nack:client\nreceipt:r1\n\n\0";
    assert_eq!(session.sent(subscribe), "wants receipt r1");
    assert_eq!(session.wait(4).received("RECEIPT\nreceipt-id:r1\n\n\0"), "answers SUBSCRIBE after 4 ms");
    let message = "MESSAGE\nsubscription:0\nmessage-id:7\nack:a7\ndestination:/q\\ca\ncontent-length:3\n\na\0b\0\n";
    assert_eq!(session.received(message), "7 from /q:a, 3 bytes");
    assert_eq!(session.wait(6).sent("ACK\nid:a7\n\n\0"), "of a MESSAGE from /q:a after 6 ms");
    assert_eq!(session.sent("NACK\nid:a7\n\n\0"), "of no MESSAGE that was seen");
    assert_eq!(session.sent("UNSUBSCRIBE\nid:0\n\n\0"), "from /q:a");
    assert!(session.received(message).ends_with(", of a subscription that was not seen"));
    session.sent("SEND\ndestination:/q\nreceipt:r2\n\nhi\0");
    let error = "ERROR\nreceipt-id:r2\nmessage:malformed frame\n\nThe message\0";
    assert_eq!(session.received(error), "answers SEND after 0 ms: malformed frame");
    assert_eq!(session.received("ERROR\n\nNo such queue\nat all\0"), "No such queue");
}

#[test]
fn version_1_0_pads_headers_and_escapes_nothing() {
    let mut session = conversation();
    assert_eq!(session.sent("CONNECT\nlogin: ann\npasscode: x\n\n\0"), "STOMP, as ann");
    assert_eq!(session.received("CONNECTED\nsession:1\n\n\0"), "STOMP 1.0 after 0 ms");
    let message = "MESSAGE\ndestination: /q\\n\nmessage-id: 5\n\nx\0";
    assert_eq!(session.received(message), "5 from /q\\n, 1 byte");
    assert_eq!(session.sent("ACK\nmessage-id: 5\n\n\0"), "of a MESSAGE from /q\\n after 0 ms");
}

#[test]
fn the_first_of_repeated_headers_counts_and_line_ends_may_have_two_bytes() {
    let mut session = connected("0,0");
    let message = "MESSAGE\r\nmessage-id:1\r\ndestination:/a\r\ndestination:/b\r\n\r\nx\0\r\n";
    assert_eq!(session.received(message), "1 from /a, 1 byte");
}

#[test]
fn a_message_may_hold_several_frames_or_a_part_of_one() {
    let mut session = connected("0,0");
    let two = "SEND\ndestination:/a\n\nx\0\nBEGIN\ntransaction:t\nreceipt:r\n\n\0";
    assert_eq!(session.sent(two), "2 frames: SEND; BEGIN wants receipt r");
    for part in ["MES", "SAGE\nmessage-id:1\ndesti", "nation:/a\n", "\n", "x"] {
        assert_eq!(session.received(part), "a part of a frame", "{part:?}");
    }
    assert_eq!(session.received("y\0"), "1 from /a, 2 bytes");
    assert_eq!(session.received("\n"), "()");
}

#[test]
fn what_goes_against_the_specification_is_told() {
    let mut session = connected("0,0");
    for (message, breach) in [
        ("hello", "not a frame of STOMP: it begins with no command"),
        ("MESSAGE\ncontent-length:1\n\nab\0", "no NUL after as many bytes as content-length says"),
        ("MESSAGE\nmessage-id:1\0", "a NUL before the blank line that ends the headers"),
        ("MESSAGE\nno colon\n\n\0", "a header without a colon"),
        ("SEND\n\n\0", "SEND is nothing that a server sends"),
        ("", "an empty message: a heartbeat is a line end"),
    ] {
        assert_eq!(session.received(message), breach);
    }
    let wrong = session.received("MESSAGE\nmessage-id:1\ndestination:/a\\t\n\n\0");
    assert!(wrong.ends_with(": the header destination has an escape that STOMP does not know"), "{wrong}");
}

#[test]
fn what_is_kept_is_bounded_and_looked_at_once() {
    let mut session = connected("0,0");
    session.received("MESSAGE\nmessage-id:1\ndestination:/a\n\n");
    let mut refused = 0;
    for _ in 0..300_000 {
        refused += usize::from(session.received("x") != "a part of a frame");
    }
    assert!(refused > 0);
    let many = "SEND\n\n\0".repeat(100_000);
    assert_eq!(session.sent(&many), "100000 frames: SEND; SEND; SEND; …");
}

#[test]
fn the_passcode_is_hidden() {
    for (text, shown) in [
        ("CONNECT\nlogin:a\npasscode:p:q\n\n\0", "CONNECT\nlogin:a\npasscode:...\n\n\0"),
        ("STOMP\r\npasscode:p\r\n\r\n\0", "STOMP\r\npasscode:...\r\n\r\n\0"),
    ] {
        let annotation = conversation().message(Role::Client, Kind::Text, text.as_bytes()).expect("said");
        assert_eq!(hidden(text.as_bytes(), &annotation), shown);
    }
}

#[test]
fn a_passcode_that_is_spread_over_messages_is_hidden_in_each() {
    let mut session = conversation();
    let parts = [
        ("\nCONN", "\nCONN"),
        ("ECT\nlogin:a\npass", "ECT\nlogin:a\npass"),
        ("code:s3", "code:..."),
        ("cr3t", "..."),
        (&*"x".repeat(100), "..."),
        ("!\nhost:h\npass", "...\nhost:h\npass"),
        ("code:a\n\n\0", "code:...\n\n\0"),
    ];
    for (text, shown) in parts {
        let annotation = session.message(Role::Client, Kind::Text, text.as_bytes()).expect("said");
        assert_eq!(hidden(text.as_bytes(), &annotation), shown);
    }
}

#[test]
fn a_passcode_is_hidden_wherever_the_frame_is_cut() {
    for frame in ["CONNECT\nlogin:a\npasscode:ZZZ\nhost:h\n\n\0", "STOMP\r\npasscode: ZZZ\r\n\r\n\0"] {
        for first in 0..=frame.len() {
            for second in first..=frame.len() {
                let mut session = conversation();
                let parts = [&frame[..first], &frame[first..second], &frame[second..]];
                let shown = parts.map(|part| {
                    let annotation = session.message(Role::Client, Kind::Text, part.as_bytes()).expect("said");
                    hidden(part.as_bytes(), &annotation)
                });
                assert!(!shown.concat().contains('Z'), "{shown:?}");
            }
        }
    }
}

/// Where no subprotocol was agreed on.
#[test]
fn a_connection_is_recognised_by_the_start_of_its_first_frame() {
    let is_message = |payload: &[u8]| {
        (STOMP.is_message)(&Message { from: Role::Client, kind: Kind::Text, payload, at: Duration::ZERO })
    };
    for start in
        ["CONNECT\naccept-version:1.2\nlogin:a\npasscode:s3", "STOMP\r\n", "CONNECT\npass", "CONNECT\nhost:h\n\n"]
    {
        assert!(is_message(start.as_bytes()), "{start}");
    }
}

#[test]
fn a_connection_is_recognised_by_its_first_frame() {
    let is_message =
        |from, payload: &[u8]| (STOMP.is_message)(&Message { from, kind: Kind::Text, payload, at: Duration::ZERO });
    assert!(is_message(Role::Client, b"CONNECT\nhost:h\n\n\0"));
    assert!(is_message(Role::Server, b"CONNECTED\n\n\0\n"));
    assert!(!is_message(Role::Client, b"CONNECT\nto me\n"));
    assert!(!is_message(Role::Client, b"SEND\n\n\0"));
}
