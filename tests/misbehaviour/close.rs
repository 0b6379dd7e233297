//! Close frames with a wrong body or in the wrong place.

use super::*;

#[test]
fn a_body_of_one_byte() {
    breaks(&Frame::new(opcode::CLOSE, [3]), "5.5.1");
}

#[test]
fn codes_that_must_not_be_on_the_wire() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535] {
        breaks(&Frame::close(code, ""), "7.4");
    }
}

#[test]
fn codes_that_may_be_on_the_wire() {
    for code in [1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
        let server = say(Frame::close(code, "").bytes());
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(1).prints("before\n").says(&code.to_string());
        assert_eq!(server.outcome(), Some(code));
    }
}

#[test]
fn a_reason_that_is_not_utf8() {
    let frame = Frame::new(opcode::CLOSE, *b"\x03\xE8bad \xFF");
    blamed(&say(frame.bytes()), "RFC 6455 section 5.5.1", 1007);
}

#[test]
fn a_broken_close_is_shown_as_far_as_it_can_be_read() {
    let frame = Frame::new(opcode::CLOSE, *b"\x0F\xBDslow dow\xE2\x82");
    let output = blamed(&say(frame.bytes()), "RFC 6455 section 5.5.1", 1007);
    output.says("Disconnected (code: 4029, reason: \"slow dow\\xe2\\x82\"): close reason is not valid UTF-8");
    output.says("hint: `--lenient` reports this and goes on");

    let output = Wscope::new().args(["-N", "--output", "json"]).arg(say(frame.bytes()).url()).run();
    let stdout = String::from_utf8_lossy(&output.exits(6).stdout).into_owned();
    let close = r#""code":4029,"reason":"slow dow�","binary":"c2xvdyBkb3figg==","conclusion":"close reason is not valid UTF-8""#;
    assert!(stdout.contains(close), "{stdout}");

    let output = breaks(&Frame::close(1015, "no TLS"), "7.4");
    output.says("Disconnected (code: 1015, reason: \"no TLS\"): close code must not be on the wire");
}

#[test]
fn what_the_peer_did_not_say_stands_outside_of_the_quotes() {
    let hangs_up = serve(|mut connection| drop(connection.accept()));
    let output = Wscope::new().arg("-N").arg(hangs_up.url()).run();
    output.exits(1).says("Disconnected (code: 1006, reason: \"\"): the connection ended without Close");

    let mute = serve(|mut connection| {
        connection.accept();
        connection.close_frame();
        connection.rest();
    });
    let arguments = ["-w", "0", "-x", "hello", "--output", "json", "--close-timeout", "0.2"];
    let output = Wscope::new().args(arguments).arg(mute.url()).run();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains(r#""code":1000,"reason":"","conclusion":"no answer to our Close","by":"us""#), "{stdout}");
}

#[test]
fn data_after_the_close() {
    let bytes = [Frame::close(1000, "").bytes(), Frame::text("too late").bytes()].concat();
    let server = say(bytes);
    let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
    output.exits(6).prints("before\n").says("RFC 6455 section 5.5.1");
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn the_code_that_is_told_is_the_one_on_the_wire() {
    let server = say([Frame::close(1001, "").bytes(), Frame::text("late").bytes()].concat());
    let output = Wscope::new().args(["-N", "--output", "json"]).arg(server.url()).run();
    let stdout = String::from_utf8_lossy(&output.exits(6).stdout).into_owned();
    assert!(stdout.contains(r#""code":1001"#) && stdout.contains(r#""by":"peer""#), "{stdout}");
}

#[test]
fn a_close_without_the_end_of_the_connection() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        // The server should end the connection; this one leaves it to the program.
        connection.expect_end();
    });
    Wscope::new().without_waiting().arg("-N").arg(server.url()).run().exits(0);
    server.outcome();
}
