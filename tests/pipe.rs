//! In a pipe: stdin is data, stdout is data, and nothing else is said unless something is wrong.

use std::fs::File;
use std::io::Seek;
use std::thread;
use std::time::Duration;

use tungstenite::Message;

use crate::support::frame::opcode;
use crate::support::{AN_HOUR, Connection, Event, Frame, MIB, Server, Wscope, bulk, serve, websocket};

/// How long wscope stays after the input has ended, when no data comes.
const QUIET: Duration = Duration::from_secs(2);

/// Echoes so many messages, then closes with 1000: a session that is over without any clock. Returns what came.
fn answer_and_close(count: usize) -> Server<Vec<Frame>> {
    serve(move |mut connection| {
        connection.accept();
        let received = (0..count).map(|_| echo_one(&mut connection)).collect();
        close_first(&mut connection, 1000);
        received
    })
}

fn echo_one(connection: &mut Connection) -> Frame {
    let frame = connection.frame();
    connection.send_frame(&frame.clone().unmasked());
    frame
}

fn close_first(connection: &mut Connection, code: u16) {
    connection.send_frame(&Frame::close(code, ""));
    assert_eq!(connection.close_frame().0, Some(code));
}

/// A file that holds this, at its beginning.
fn file_with(contents: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, contents.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}

mod input {
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
    fn without_anything_to_send_what_comes_is_printed_until_it_pauses() {
        for wscope in [Wscope::new(), Wscope::new().stdin_closed()] {
            let server = websocket::push([Message::text("one"), Message::text("two")]);
            wscope.arg(server.url()).run().exits(0).prints("one\ntwo\n").takes_at_least(QUIET);
        }
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
}

mod ending {
    use super::*;

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
        Wscope::new().arg(server.url()).run().exits(0).prints("drip\n").takes_at_least(QUIET + QUIET / 2);
        assert_eq!(server.outcome(), Some(1000));
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
}

mod binary {
    use super::*;

    #[test]
    fn binary_input_is_sent_as_it_is() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
        let server = websocket::echo();
        let output = Wscope::new().args(["-b", "-w", "0"]).arg(server.url()).stdin(bytes.clone()).run();
        let sent: Vec<u8> = server
            .outcome()
            .messages
            .into_iter()
            .flat_map(|message| {
                assert!(message.is_binary());
                message.into_data().to_vec()
            })
            .collect();
        assert!(sent == bytes);
        output.exits(0).prints(bytes);
    }

    #[test]
    fn binary_input_goes_out_as_it_arrives() {
        let server = websocket::echo();
        let mut program = Wscope::new().args(["-b", "-w", "0"]).arg(server.url()).stdin_held().spawn();
        program.write([0xFF, 0x00]);
        program.wait_stdout("\0");
        program.write([0xFE]);
        program.close_stdin();
        program.finish().exits(0).prints([0xFF, 0x00, 0xFE]);
        assert_eq!(server.outcome().messages, [Message::binary([0xFF, 0x00].to_vec()), Message::binary(vec![0xFE])]);
    }

    #[test]
    fn nul_ends_messages_in_and_out() {
        let server = websocket::echo();
        let output = Wscope::new().args(["-0", "-w", "0"]).arg(server.url()).stdin("two\nlines\0\0one\r\n\0last").run();
        assert_eq!(server.outcome().texts(), ["two\nlines", "", "one\r\n", "last"]);
        output.exits(0).prints("two\nlines\0\0one\r\n\0last\0");
    }

    #[test]
    fn nul_ends_binary_pieces() {
        let server = websocket::sink();
        let output = Wscope::new().args(["-b", "-0", "-w", "0"]).arg(server.url()).stdin(*b"\xFF\n\0\0tail").run();
        let pieces: [&[u8]; 3] = [b"\xFF\n", b"", b"tail"];
        assert_eq!(server.outcome().messages, pieces.map(|piece| Message::binary(piece.to_vec())));
        output.exits(0);
    }

    #[test]
    fn executed_messages_stay_text_beside_binary_input() {
        let server = websocket::sink();
        Wscope::new().args(["-b", "-x", "text", "-w", "0"]).arg(server.url()).run().exits(0);
        assert_eq!(server.outcome().messages, [Message::text("text")]);
    }

    #[test]
    fn received_binary_is_printed_raw() {
        let messages = [Message::binary(vec![0, 0xFF, b'\n']), Message::text("text"), Message::binary(vec![0x1B])];
        let server = websocket::push(messages);
        Wscope::new().args(["-w", "1"]).arg(server.url()).run().exits(0).prints(b"\0\xFF\ntext\n\x1B");
    }

    #[test]
    fn large_binary_is_streamed_before_it_is_whole() {
        const HALF: usize = 4 * MIB;
        let printed = Event::new();
        let go_on = printed.clone();
        let server = serve(move |mut connection| {
            connection.accept();
            let frame = Frame::binary(vec![b'x'; 2 * HALF]).bytes();
            let (first, second) = frame.split_at(HALF);
            connection.send(first);
            go_on.wait();
            connection.send(second);
            close_first(&mut connection, 1000);
        });
        let program = Wscope::new().arg("-N").arg(server.url()).spawn();
        program.wait_stdout(&"x".repeat(HALF - MIB));
        printed.happens();
        let output = program.finish();
        output.exits(0).stays_below(24 * MIB);
        assert!(output.stdout == vec![b'x'; 2 * HALF]);
    }

    #[test]
    fn large_binary_that_is_cut_shows_in_the_status() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send(&Frame::binary(vec![b'x'; 4 * MIB]).bytes()[..3 * MIB]);
            connection.half_close();
            connection.rest();
        });
        let output = Wscope::new().arg("-N").arg(server.url()).run();
        output.exits(1).says("1006");
        assert!(output.stdout.iter().all(|&byte| byte == b'x'));
    }

    #[test]
    fn text_is_printed_whole_or_not_at_all() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("whole"));
            connection.send_frame(&Frame::text("hal").more());
            connection.half_close();
            connection.rest();
        });
        Wscope::new().arg("-N").arg(server.url()).run().exits(1).prints("whole\n").says("1006");
    }
}

mod limits {
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
}

mod looks {
    use super::*;

    /// Pushes these and closes.
    fn push(texts: &'static [&'static str]) -> Server<()> {
        serve(move |mut connection| {
            connection.accept();
            for text in texts {
                connection.send_frame(&Frame::text(text));
            }
            close_first(&mut connection, 1000);
        })
    }

    #[test]
    fn json_is_laid_out_when_asked_for_and_only_then() {
        const JSON: &str = r#"{"b":[1,2.50],"a":"é"}"#;
        let server = push(&[JSON, "not json"]);
        Wscope::new().arg("-N").arg(server.url()).run().exits(0).prints(format!(
            "{JSON}
not json
"
        ));
        let output = Wscope::new().args(["-N", "--pretty"]).arg(server.url()).run();
        output.exits(0);
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(
            text.lines().count() > 4
                && text.ends_with(
                    "not json
"
                ),
            "{output:?}"
        );
        let unspaced: String = text.lines().map(str::trim).collect::<String>().replace(": ", ":");
        assert!(unspaced.contains(r#""b":[1,2.50]"#), "order and digits stay: {output:?}");
    }

    #[test]
    fn timestamps_go_in_front_when_asked_for() {
        let server = push(&["hello"]);
        for kind in ["--timestamps=utc", "--timestamps=relative", "-t"] {
            let output = Wscope::new().args(["-N", kind]).arg(server.url()).run();
            output.exits(0);
            let text = String::from_utf8(output.stdout.clone()).unwrap();
            assert!(
                text.len()
                    > "hello
"
                    .len()
                    && text.ends_with(
                        "hello
"
                    ),
                "{output:?}"
            );
            assert!(text.starts_with(|c: char| c.is_ascii_digit() || c == '[' || c == '+'), "{output:?}");
        }
    }

    #[test]
    fn quiet_silences_all_but_errors() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.close_frame();
        });
        Wscope::new().args(["-q", "-w", "0"]).arg(server.url()).run().exits(0).is_silent();
        Wscope::new().arg("-q").arg("ws://127.0.0.1:1/").run().exits(3).says("127.0.0.1:1");
    }

    #[test]
    fn colours_can_be_forced() {
        let server = push(&["hello"]);
        let output = Wscope::new().args(["-N", "-v", "--color", "always"]).arg(server.url()).run();
        output
            .exits(0)
            .prints(
                "hello
",
            )
            .says("\x1b[");
        Wscope::new().args(["-N", "-v"]).arg(server.url()).run().exits(0).never_says("\x1b[");
    }
}

mod reader_gone {
    use super::*;

    #[test]
    fn head_is_noticed_while_the_server_is_quiet() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("one"));
            connection.answer_close()
        });
        let program = Wscope::new().arg(server.url()).stdin_held().stdout_head(1).spawn();
        program.finish().exits(0).prints("one\n").is_silent();
        assert_eq!(server.outcome(), Some(1000));
    }

    #[test]
    fn is_noticed_while_the_upgrade_is_not_answered() {
        let server = serve(|mut connection| connection.expect_end());
        let output =
            Wscope::new().args(["--connect-timeout", AN_HOUR, &server.url()]).stdin_held().stdout_head(0).run();
        output.exits(0);
    }

    #[test]
    fn head_is_noticed_while_the_server_floods() {
        let server = serve(|mut connection| {
            connection.accept();
            let mut reading = connection.same_socket();
            let reader = thread::spawn(move || reading.close_frame().0);
            while !reader.is_finished() {
                connection.send(Frame::text("tick").bytes().repeat(1000));
            }
            connection.send_frame(&Frame::close(1000, ""));
            reader.join().unwrap()
        });
        let output = Wscope::new().arg("-N").arg(server.url()).stdout_head(1).run();
        assert_eq!(server.outcome(), Some(1000));
        output.exits(0);
        assert!(output.stdout.starts_with(b"tick\n"));
    }
}
