//! What of stdin and `-x` is sent, and when.

use super::*;

#[test]
fn a_line_is_sent_and_its_reply_printed() {
    let server = websocket::echo();
    let output = Wscope::new().arg(server.url()).stdin("hi\n").run();
    output.exits(0).prints("hi\n").is_silent().takes_at_least(QUIET);
    let seen = server.outcome();
    assert_eq!(seen.texts(), ["hi"]);
    assert_eq!(seen.close.map(|frame| frame.code.into()), Some(1000_u16));
}

#[test]
fn a_line_loses_its_end_and_nothing_else() {
    let server = websocket::echo();
    let output = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("a\r\n\n  b \nc\rd\n\r\n\tlast").run();
    assert_eq!(server.outcome().texts(), ["a", "", "  b ", "c\rd", "", "\tlast"]);
    output.exits(0).prints("a\n\n  b \nc\rd\n\n\tlast\n").is_silent();
}

#[test]
fn a_piped_line_is_never_a_command() {
    let server = websocket::echo();
    let output = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("/quit\n//x\n/close 4000\n").run();
    assert_eq!(server.outcome().texts(), ["/quit", "//x", "/close 4000"]);
    output.exits(0);
}

#[test]
fn a_line_goes_out_before_the_next_one_comes() {
    let server = websocket::echo();
    let mut program = Wscope::new().arg(server.url()).stdin_held().spawn();
    program.write("one\n");
    program.wait_stdout("one\n");
    program.write("two\n");
    program.wait_stdout("one\ntwo\n");
    program.close_stdin();
    program.finish().exits(0).prints("one\ntwo\n");
}

#[test]
fn half_a_line_waits_for_its_end() {
    let server = websocket::echo();
    let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
    program.write("first\nsec");
    program.wait_stdout("first\n");
    program.write("ond\nthird");
    program.wait_stdout("second\n");
    program.close_stdin();
    program.finish().exits(0).prints("first\nsecond\nthird\n");
    assert_eq!(server.outcome().texts(), ["first", "second", "third"]);
}

#[test]
fn nothing_piped_in_before_the_handshake_is_over_is_dropped() {
    let stdin_is_over = Event::new();
    let accept = stdin_is_over.clone();
    let server = serve(move |mut connection| {
        let request = connection.request();
        accept.wait();
        connection.drip(request.acceptance(""));
        let frames = [echo_one(&mut connection), echo_one(&mut connection)];
        connection.answer_close();
        frames.map(|frame| frame.as_text().to_owned())
    });
    let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
    program.write("early\nbird\n");
    program.close_stdin();
    stdin_is_over.happens();
    program.finish().exits(0).prints("early\nbird\n");
    assert_eq!(server.outcome(), ["early", "bird"]);
}

#[test]
fn many_lines_come_back_in_order() {
    const COUNT: usize = 20_000;
    let server = websocket::echo();
    let lines = bulk::numbered_lines(COUNT);
    Wscope::new().arg(server.url()).stdin(lines.clone()).run().exits(0).prints(lines);
    assert_eq!(server.outcome().messages.len(), COUNT);
}

#[test]
fn executed_messages_go_out_in_order_and_stdin_is_not_read() {
    let server = answer_and_close(2);
    let file = file_with("not for wscope\n");
    let mut kept = file.try_clone().unwrap();
    let output = Wscope::new().args(["-x", "one", "-x", "two"]).arg(server.url()).stdin_file(file).run();
    output.exits(0).prints("one\ntwo\n");
    assert_eq!(kept.stream_position().unwrap(), 0, "stdin belongs to the shell's loop");
}

#[test]
fn interactive_goes_on_with_stdin_after_the_executed_messages() {
    let server = answer_and_close(3);
    let output = Wscope::new().args(["-x", "one", "-i"]).arg(server.url()).stdin("two\nthree\n").run();
    output.exits(0).prints("one\ntwo\nthree\n");
}

#[test]
fn an_executed_message_is_never_a_command_and_may_be_empty() {
    let server = answer_and_close(2);
    Wscope::new().args(["-x", "/quit", "-x", ""]).arg(server.url()).run().exits(0).prints("/quit\n\n");
}

#[test]
fn a_closed_or_empty_stdin_cuts_nothing_short() {
    for wscope in [Wscope::new(), Wscope::new().stdin_closed(), Wscope::new().stdin("")] {
        let server = serve(|mut connection| {
            connection.accept();
            let frame = connection.frame();
            // Longer than it takes to see that stdin is at its end, shorter than the quiet rule.
            thread::sleep(QUIET / 4);
            connection.send_frame(&frame.unmasked());
            connection.answer_close()
        });
        wscope.args(["-x", "hi"]).arg(server.url()).run().exits(0).prints("hi\n");
        assert_eq!(server.outcome(), Some(1000));
    }
}

#[test]
fn with_a_stdin_that_is_empty_from_the_start_it_receives_until_the_server_closes() {
    for wscope in [Wscope::new(), Wscope::new().stdin_closed(), Wscope::new().stdin("")] {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("one"));
            thread::sleep(QUIET + QUIET / 4);
            connection.send_frame(&Frame::text("two"));
            close_first(&mut connection, 1000);
        });
        let output = wscope.arg(server.url()).run();
        output.exits(0).prints("one\ntwo\n").says("stdin is empty").says("`-N`").says("`-w 0` leaves");
        assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    }
}

#[test]
fn an_empty_stdin_leaves_where_it_is_told_when() {
    let server = websocket::sink();
    Wscope::new().args(["-w", "0"]).arg(server.url()).run().exits(0).prints("").is_silent();
}

#[test]
fn no_input_receives_until_the_server_closes_and_leaves_stdin_alone() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("one"));
        thread::sleep(QUIET + QUIET / 4);
        connection.send_frame(&Frame::text("two"));
        close_first(&mut connection, 1000);
    });
    let file = file_with("not for wscope\n");
    let mut kept = file.try_clone().unwrap();
    Wscope::new().arg("-N").arg(server.url()).stdin_file(file).run().exits(0).prints("one\ntwo\n");
    assert_eq!(kept.stream_position().unwrap(), 0);
}
