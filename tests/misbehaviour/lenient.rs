//! `--lenient`: breaches are reported, and the session goes on.

use super::*;

#[test]
fn breaches_are_reported_and_looked_past() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("masked").masked([1, 2, 3, 4]));
        connection.send_frame(&Frame::text("reserved bits").rsv(3));
        connection.send_frame(&Frame::text("long length").length_in_64_bits());
        connection.send_frame(&Frame::new(0xB, "reserved opcode"));
        connection.send_frame(&Frame::text("after"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame()
    });
    let output = Wscope::new().args(["-N", "--lenient"]).arg(server.url()).run();
    output.prints("masked\nreserved bits\nlong length\nafter\n");
    output.says("RFC 6455 section 5.1").says("RFC 6455 section 5.2");
    assert_eq!(server.outcome().0, Some(1000));
}

#[test]
fn text_that_is_none_is_echoed_as_it_came() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text(*b"a\xFFb"));
        let echo = connection.frame();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        echo
    });
    Wscope::new().args(["--echo", "--lenient"]).arg(server.url()).run().says("RFC 6455 section 8.1");
    assert_eq!(server.outcome().unmasked(), Frame::text(*b"a\xFFb"));
}

#[test]
fn a_ping_too_long_to_answer_is_not_passed_over_in_silence() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::ping([0; 126]));
        connection.send_frame(&Frame::ping("hi"));
        let pong = connection.frame();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        pong
    });
    let output = Wscope::new().args(["-N", "--lenient"]).arg(server.url()).run();
    output.says("a ping of 126 bytes was not answered");
    assert_eq!(server.outcome().unmasked(), Frame::pong("hi"));
}
