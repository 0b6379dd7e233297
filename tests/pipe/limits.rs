//! Input and messages that are too long or malformed.

use super::*;

#[test]
fn a_line_that_is_not_utf8_stops_the_input_with_its_number() {
    let server = websocket::echo();
    let output = Wscope::new().arg(server.url()).stdin(*b"one\ntwo\nth\xFFee\nfour\n").run();
    output.exits(2).prints("one\ntwo\n").says("line 3").says("hint:").says("-b");
    assert_eq!(server.outcome().texts(), ["one", "two"]);
}

#[test]
fn a_line_over_the_limit_stops_the_input_before_it_is_sent() {
    let server = websocket::echo();
    let stdin = format!("short\n{}\nnever\n", "x".repeat(2000));
    let output = Wscope::new().args(["--max-message", "1KiB"]).arg(server.url()).stdin(stdin).run();
    output.exits(2).prints("short\n").says("line 2");
    assert_eq!(server.outcome().texts(), ["short"]);
}

#[test]
fn a_line_of_exactly_the_limit_is_sent() {
    let server = websocket::echo();
    let line = format!("{}\n", "x".repeat(1024));
    let arguments = ["--max-message", "1KiB", "-w", "0"];
    Wscope::new().args(arguments).arg(server.url()).stdin(line.clone()).run().exits(0).prints(line);
}

#[test]
fn an_endless_line_does_not_fill_the_memory() {
    let server = websocket::echo();
    let arguments = ["--max-message", "1MiB", "-w", "0"];
    let output = Wscope::new().args(arguments).arg(server.url()).stdin(vec![b'x'; 64 * MIB]).run();
    output.exits(2).says("line 1").stays_below(24 * MIB);
}

#[test]
fn a_message_over_the_limit_is_refused_with_1009() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("small"));
        connection.send_frame(&Frame::text("x".repeat(2000)));
        connection.close_frame()
    });
    let output = Wscope::new().args(["-N", "--max-message", "1KiB"]).arg(server.url()).run();
    output.exits(1).prints("small\n").says("1009");
    assert_eq!(server.outcome().0, Some(1009));
}

#[test]
fn the_limit_is_for_the_message_not_for_the_frame() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("x".repeat(600)).more());
        connection.send_frame(&Frame::continuation("x".repeat(600)));
        connection.close_frame()
    });
    let output = Wscope::new().args(["-N", "--max-message", "1KiB"]).arg(server.url()).run();
    output.exits(1).prints("");
    assert_eq!(server.outcome().0, Some(1009));
}
