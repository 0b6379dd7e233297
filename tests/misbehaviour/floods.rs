//! Too much of something: lengths, pings, fragments, messages.

use super::*;

/// Sends the same bytes again and again from a thread of its own, which nothing waits for: when the program hangs up
/// on a sender that its window holds back, the kernel may not tell the sender before a minute has passed.
fn pour(connection: &Connection, bytes: Vec<u8>) {
    let mut writing = connection.same_socket();
    std::thread::spawn(move || while writing.try_send(&bytes).is_ok() {});
}

#[test]
fn a_length_of_ten_gibibytes_allocates_nothing() {
    let server = say(Frame::binary("x").declaring(10 << 30).bytes());
    let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
    output.exits(1).says("1009").stays_below(MOST_MEMORY);
    assert!(output.stdout.starts_with(b"before\n"));
    assert_eq!(server.outcome(), Some(1009));
}

#[test]
fn a_length_within_the_limit_allocates_nothing_before_it_comes() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send(Frame::text("x").declaring(60 << 20).bytes());
        connection.half_close();
        connection.rest();
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(1).prints("").says("1006").stays_below(MOST_MEMORY);
}

#[test]
fn pings_that_are_never_waited_for() {
    const COUNT: usize = 200_000;
    let server = serve(|mut connection| {
        connection.accept();
        let mut reading = connection.same_socket();
        let batch = Frame::ping([b'x'; 125]).bytes().repeat(1000);
        for _ in 0..COUNT / 1000 {
            connection.send(&batch);
        }
        connection.send_frame(&Frame::ping("the last"));
        connection.send_frame(&Frame::text("after"));
        let mut pongs = 0;
        // Pongs may be left out (RFC 6455 section 5.5.3), but not the last.
        while reading.frame().payload != b"the last" {
            pongs += 1;
        }
        connection.send_frame(&Frame::close(1000, ""));
        assert_eq!(reading.close_frame().0, Some(1000));
        pongs
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(0).prints("after\n").stays_below(MOST_MEMORY);
    assert!(server.outcome() <= COUNT);
}

#[test]
fn pings_without_end_do_not_stop_the_clocks() {
    let server = serve(|mut connection| {
        connection.accept();
        pour(&connection, Frame::ping("x").bytes().repeat(1000));
        while connection.visit_frames(|_, _| ()) {}
    });
    let output = Wscope::new().without_waiting().args(["-N", "-m", "1"]).arg(server.url()).run();
    output.exits(7).stays_below(MOST_MEMORY);
}

#[test]
fn empty_fragments_without_end() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("before"));
        connection.send_frame(&Frame::text("").more());
        pour(&connection, Frame::continuation("").more().bytes().repeat(10_000));
        connection.close_frame().0
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(1).prints("before\n").says("1008").stays_below(MOST_MEMORY);
    assert_eq!(server.outcome(), Some(1008));
}

#[test]
fn empty_messages_by_the_thousand() {
    const COUNT: usize = 100_000;
    let server = serve(|mut connection| {
        connection.accept();
        connection.send(Frame::text("").bytes().repeat(COUNT));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = Wscope::new().arg("-N").arg(server.url()).run();
    output.exits(0).prints("\n".repeat(COUNT)).stays_below(MOST_MEMORY);
}

#[test]
fn a_large_message_is_held_once_to_be_echoed() {
    const LENGTH: usize = 40 * MIB;
    let server = serve(|mut connection| {
        connection.accept();
        let mut reading = connection.same_socket();
        let echoes = std::thread::spawn(move || [reading.frame(), reading.frame()]);
        let message = Frame::binary(vec![b'x'; LENGTH]).bytes();
        for _ in 0..2 {
            connection.send(&message);
        }
        let echoes = echoes.join().unwrap().map(|echo| (echo.opcode, echo.payload.len()));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
        echoes
    });
    let arguments = ["--echo", "--max-message", "40MiB", "--output", "none"];
    let output = Wscope::new().args(arguments).arg(server.url()).run();
    output.exits(0).stays_below(LENGTH + MOST_MEMORY);
    assert_eq!(server.outcome(), [(opcode::BINARY, LENGTH); 2]);
}

#[test]
fn empty_messages_whose_echo_is_not_read() {
    let server = serve(|mut connection| {
        connection.accept();
        bulk::write_until_stalled(&mut connection, &Frame::text("").bytes().repeat(100_000));
    });
    let program = Wscope::new().args(["--echo", "--output", "none"]).arg(server.url()).spawn();
    server.outcome();
    program.finish().stays_below(MOST_MEMORY);
}

#[test]
fn a_page_after_the_101_without_end() {
    let server = serve(|mut connection| {
        connection.accept_with("Content-Type: text/html\r\n");
        pour(&connection, "<p>and so on</p>\n".repeat(1000).into_bytes());
        connection.close_frame().0
    });
    let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
    output.exits(6).prints("").says("RFC 6455 section").stays_below(MOST_MEMORY);
    assert_eq!(server.outcome(), Some(1002));
}
