//! When a session ends, and how.

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use super::*;

#[test]
fn a_slow_answer_is_waited_for_and_no_longer_than_others() {
    let server = serve(|mut connection| {
        connection.accept();
        // What comes before the question is no answer to it.
        connection.send_frame(&Frame::text("welcome"));
        let question = connection.frame();
        thread::sleep(QUIET + QUIET / 2);
        connection.send_frame(&question.unmasked());
        let answered = Instant::now();
        (connection.answer_close(), answered.elapsed())
    });
    let mut program = Wscope::new().arg(server.url()).stdin_held().spawn();
    program.wait_stdout("welcome\n");
    program.write("hi\n");
    program.close_stdin();
    program.finish().exits(0).prints("welcome\nhi\n").is_silent();
    let (code, stayed) = server.outcome();
    assert_eq!(code, Some(1000));
    // Without an answer it would have stayed for 10 s in all.
    assert!(stayed < QUIET * 3, "{stayed:?}");
}

#[test]
fn a_run_that_leaves_without_an_answer_says_so() {
    for quiet in [false, true] {
        let server = websocket::sink();
        let flags: &[&str] = if quiet { &["-q"] } else { &[] };
        let output = Wscope::new().args(flags).arg(server.url()).stdin("hi\n").run();
        output.exits(0).prints("").takes_at_least(Duration::from_secs(10));
        if quiet {
            output.is_silent();
        } else {
            output.says("no answer came within 10 s").says("`-w SECONDS`").says("`-1`");
            assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
        }
    }
}

#[test]
fn a_server_that_goes_away_is_told() {
    let server = websocket::close(Some(CloseFrame { code: CloseCode::Away, reason: "restart".into() }));
    Wscope::new().arg("-N").arg(server.url()).run().exits(0).says("code: 1001").says("restart");
}

#[test]
fn data_that_keeps_coming_keeps_the_session_open() {
    let server = serve(|mut connection| {
        connection.accept();
        // Pieces of one message: each byte of a data frame counts.
        for byte in Frame::text("drip").bytes() {
            connection.send([byte]);
            thread::sleep(QUIET / 4);
        }
        connection.answer_close()
    });
    Wscope::new().arg(server.url()).stdin("hi\n").run().exits(0).prints("drip\n").takes_at_least(QUIET + QUIET / 2);
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn a_feed_that_keeps_the_session_open_is_told_once() {
    let server = serve(|mut connection| {
        connection.accept();
        let mut reading = connection.same_socket();
        let reader = thread::spawn(move || reading.close_frame().0);
        while !reader.is_finished() {
            // After our Close, or with the program gone, the socket may refuse it.
            let _ = connection.try_send(Frame::text("tick").bytes());
            thread::sleep(QUIET / 10);
        }
        connection.send_frame(&Frame::close(1000, ""));
    });
    let output = Wscope::new().args(["--max-time", "13"]).arg(server.url()).stdin("hi\n").run();
    output.exits(7).says("data keeps the session open").says("`-w SECONDS`");
    assert_eq!(output.stderr.matches("keeps the session open").count(), 1, "{output:?}");
}

#[test]
fn pings_are_no_data_and_do_not_keep_the_session_open() {
    let server = serve(|mut connection| {
        connection.accept();
        let mut ponged = 0;
        loop {
            connection.send_frame(&Frame::ping("beat"));
            let frame = connection.frame();
            match frame.opcode {
                opcode::CLOSE => break connection.send_frame(&frame.unmasked()),
                _ => ponged += 1,
            }
            thread::sleep(QUIET / 10);
        }
        ponged
    });
    Wscope::new().args(["-x", "hi"]).arg(server.url()).run().exits(0).prints("");
    assert!(server.outcome() > 5);
}

#[test]
fn wait_collects_for_so_long_whatever_comes() {
    let server = serve(|mut connection| {
        connection.accept();
        while connection.try_send(Frame::text("tick").bytes()).is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let output = Wscope::new().args(["-w", "1", "--close-timeout", "1"]).arg(server.url()).stdin("hi\n").run();
    output.exits(0).takes_at_least(Duration::from_secs(1));
    assert!(output.stdout.starts_with(b"tick\ntick\n"), "{output:?}");
}

#[test]
fn wait_outlasts_the_quiet_rule() {
    let server = serve(|mut connection| {
        connection.accept();
        thread::sleep(QUIET + QUIET / 4);
        connection.send_frame(&Frame::text("late"));
        connection.answer_close()
    });
    Wscope::new().args(["-w", "3"]).arg(server.url()).stdin("hi\n").run().exits(0).prints("late\n");
}

#[test]
fn no_wait_still_prints_what_comes_before_the_close_is_answered() {
    let server = websocket::echo();
    let output = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("a\nb\nc\n").run();
    output.exits(0).prints("a\nb\nc\n");
}

#[test]
fn no_wait_does_not_wait_for_silence() {
    let server = serve(|mut connection| {
        connection.accept();
        let mut reading = connection.same_socket();
        let reader = thread::spawn(move || reading.close_frame().0);
        // The quiet rule would never end this session.
        while !reader.is_finished() {
            connection.send_frame(&Frame::text("tick"));
            thread::sleep(QUIET / 100);
        }
        connection.send_frame(&Frame::close(1000, ""));
        reader.join().unwrap()
    });
    let output = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("hi\n").run();
    output.exits(0);
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn endless_wait_stays_until_the_server_closes() {
    let server = serve(|mut connection| {
        connection.accept();
        thread::sleep(QUIET + QUIET / 4);
        close_first(&mut connection, 1000);
    });
    Wscope::new().args(["-w", "-1"]).arg(server.url()).stdin("hi\n").run().exits(0).takes_at_least(QUIET);
}

#[test]
fn without_input_the_wait_counts_from_the_opening() {
    let server = websocket::sink();
    let output = Wscope::new().args(["-N", "-w", "1"]).arg(server.url()).run();
    output.exits(0).takes_at_least(Duration::from_secs(1));
    assert_eq!(server.outcome().close.map(|frame| frame.code.into()), Some(1000_u16));
}

#[test]
fn a_close_that_is_never_answered_is_given_up_with_a_note() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.close_frame();
        connection.expect_end();
    });
    let output = Wscope::new().args(["-w", "0", "--close-timeout", "0.5"]).arg(server.url()).stdin("hi\n").run();
    output.exits(0).takes_at_least(Duration::from_millis(500));
    assert!(!output.stderr.is_empty(), "a note says so");
    server.outcome();
}

#[test]
fn a_peer_that_hangs_up_instead_of_answering_the_close_is_noted() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.close_frame();
    });
    let output = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("hi\n").run();
    output.exits(0);
    assert!(!output.stderr.is_empty(), "a note says so");
}

#[test]
fn what_comes_after_our_close_is_printed() {
    let server = serve(|mut connection| {
        connection.accept();
        let (code, _) = connection.close_frame();
        connection.send_frame(&Frame::text("last words"));
        connection.send_frame(&Frame::close(code.unwrap(), ""));
    });
    Wscope::new().args(["-w", "0"]).arg(server.url()).run().exits(0).prints("last words\n");
}

#[test]
fn lines_left_when_the_server_closes_are_counted() {
    let server = serve(|mut connection| {
        connection.accept();
        close_first(&mut connection, 1000);
    });
    let lines = format!("{}\n", "x".repeat(1000)).repeat(100_000);
    let output = Wscope::new().arg(server.url()).stdin(lines).run();
    output.exits(1);
    assert!(output.stderr.contains("sent") && output.stderr.contains(|c: char| c.is_ascii_digit()), "{output:?}");
}

#[test]
fn a_server_that_closes_while_stdin_stays_open_ends_the_session() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("bye"));
        close_first(&mut connection, 1001);
    });
    let program = Wscope::new().arg(server.url()).stdin_held().spawn();
    program.finish().exits(0).prints("bye\n");
    server.outcome();
}
