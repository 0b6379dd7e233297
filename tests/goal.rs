//! `--count`, `-1` and `--until`: enough is enough, and less is an error.

use std::thread;
use std::time::Duration;

use tungstenite::Message;

use crate::support::terminal::key;
use crate::support::{Connection, Frame, MIB, Server, Wscope, bulk, serve, websocket};

/// Sends these in one segment, and answers the Close, whose code is returned.
fn send(frames: impl IntoIterator<Item = Frame>) -> Server<Option<u16>> {
    let bytes: Vec<u8> = frames.into_iter().flat_map(|frame| frame.bytes()).collect();
    serve(move |mut connection| {
        connection.accept();
        connection.send(&bytes);
        connection.answer_close()
    })
}

fn texts<const N: usize>(texts: [&str; N]) -> [Frame; N] {
    texts.map(Frame::text)
}

fn close_first(connection: &mut Connection, code: u16) {
    connection.send_frame(&Frame::close(code, ""));
    connection.close_frame();
}

mod reached {
    use super::*;

    #[test]
    fn input_that_cannot_be_sent_is_not_waited_for_for_ever() {
        let server = send([]);
        Wscope::new().args(["-1", &server.url()]).stdin(b"\xFF\n").run().exits(2).says("not UTF-8");
    }

    #[test]
    fn one_prints_exactly_one_message() {
        let server = send(texts(["first", "second", "third"]));
        Wscope::new().args(["-1", "-N", &server.url()]).run().exits(0).prints("first\n").is_silent();
        assert_eq!(server.outcome(), Some(1000));
    }

    #[test]
    fn a_count_prints_so_many_of_either_kind() {
        let server = send([Frame::text("a"), Frame::binary("b"), Frame::text("c"), Frame::binary("d")]);
        Wscope::new().args(["--count", "3", &server.url()]).run().exits(0).prints("a\nbc\n").is_silent();
    }

    #[test]
    fn a_count_is_exact_in_the_middle_of_a_flood() {
        let server = serve(|mut connection| {
            connection.accept();
            let flood: Vec<u8> = bulk::numbered_lines(50_000)
                .split(|&byte| byte == b'\n')
                .flat_map(|line| Frame::text(line).bytes())
                .collect();
            // The program may leave in the middle of it.
            let _ = connection.try_send(flood);
        });
        let output = Wscope::new().args(["--count", "1234", &server.url()]).run();
        output.exits(0).prints(bulk::numbered_lines(1234));
    }

    #[test]
    fn a_pattern_ends_with_the_message_that_matches() {
        let frames = [Frame::text("busy"), Frame::binary(b"done\xff"), Frame::binary("all done"), Frame::text("done")];
        let server = send(frames);
        let output = Wscope::new().args(["--until", "done", &server.url()]).run();
        output.exits(0).prints(b"busy\ndone\xffall done".as_slice()).is_silent();
        assert_eq!(server.outcome(), Some(1000));
    }

    #[test]
    fn with_a_pattern_the_count_is_of_what_matches() {
        let server = send(texts(["tick 1", "noise", "tick 2", "tick 3"]));
        let output = Wscope::new().args(["--until", "^tick", "--count", "2", &server.url()]).run();
        output.exits(0).prints("tick 1\nnoise\ntick 2\n");
    }

    #[test]
    fn a_large_message_is_printed_whole() {
        let large = vec![b'x'; 3 * MIB];
        let server = send([Frame::binary(&large), Frame::binary("more"), Frame::text("and more")]);
        Wscope::new().args(["-1", &server.url()]).run().exits(0).prints(large);
    }

    #[test]
    fn the_event_stream_ends_with_the_message_and_the_close() {
        let server = send(texts(["a", "b", "c"]));
        let output = Wscope::new().args(["--count", "2", "--output", "json", &server.url()]).run();
        output.exits(0);
        let text = String::from_utf8(output.stdout).unwrap();
        let types: Vec<_> = text.lines().filter_map(|line| line.split('"').nth(3)).collect();
        assert_eq!(types, ["open", "message", "message", "close"]);
    }

    #[test]
    fn a_slow_reply_is_waited_for() {
        /// Longer than a session without a goal stays.
        const SLOW: Duration = Duration::from_millis(2_500);
        let server = serve(|mut connection| {
            connection.accept();
            let question = connection.frame();
            thread::sleep(SLOW);
            connection.send_frame(&question.unmasked());
            connection.answer_close()
        });
        let output = Wscope::new().args(["-1", "-x", "question", &server.url()]).run();
        output.exits(0).prints("question\n").takes_at_least(SLOW);
    }

    #[test]
    fn an_open_stdin_and_unsent_lines_do_not_matter() {
        let server = websocket::echo();
        let mut program = Wscope::new().args(["-1", &server.url()]).stdin_held().spawn();
        program.write("hi\n");
        program.wait_stdout("hi\n");
        server.outcome();
        program.finish().exits(0).is_silent();
    }

    #[test]
    fn how_the_server_ends_it_does_not_matter() {
        for end in [Some(1011), None] {
            let server = serve(move |mut connection| {
                connection.accept();
                connection.send_frame(&Frame::text("reply"));
                match end {
                    Some(code) => close_first(&mut connection, code),
                    None => connection.reset(),
                }
            });
            Wscope::new().args(["-1", &server.url()]).run().exits(0).prints("reply\n");
        }
    }

    #[test]
    fn a_server_that_does_not_answer_the_close_is_not_waited_for() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("reply"));
            while connection.frame_or_end().is_some() {}
        });
        Wscope::new().without_waiting().args(["-1", &server.url()]).run().exits(0).prints("reply\n");
    }

    #[test]
    fn echoes_end_with_the_message_that_was_counted() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send([Frame::text("a").bytes(), Frame::text("b").bytes()].concat());
            let echo = connection.frame().as_text().to_owned();
            (echo, connection.answer_close())
        });
        Wscope::new().args(["-1", "--echo", &server.url()]).run().exits(0).prints("a\n");
        assert_eq!(server.outcome(), ("a".to_owned(), Some(1000)));
    }

    #[test]
    fn what_is_wrong_with_what_comes_after_it_does_not_matter() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send([&Frame::text("one").bytes()[..], &[0x83, 0x01, b'x']].concat());
            while connection.frame_or_end().is_some() {}
        });
        Wscope::new().args(["-1", &server.url()]).run().exits(0).prints("one\n");
    }

    #[test]
    fn a_terminal_is_left_by_itself() {
        let server = send(texts(["only this", "not that"]));
        let mut terminal = Wscope::new().args(["-1", &server.url()]).terminal(24, 80);
        terminal.exits(0);
        assert!(terminal.screen().contains("< only this"), "{}", terminal.screen());
        assert!(!terminal.screen().contains("not that"), "{}", terminal.screen());
    }
}

mod missed {
    use super::*;

    #[test]
    fn less_than_the_count_is_status_8() {
        let server = websocket::push([Message::text("a"), Message::text("b")]);
        let output = Wscope::new().args(["--count", "5", "-w", "0", "-N", &server.url()]).run();
        output.exits(8).prints("a\nb\n").says("2 of 5 messages had come when the session ended");
    }

    #[test]
    fn a_pattern_that_nothing_matches_is_status_8() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("busy"));
            close_first(&mut connection, 1000);
        });
        let output = Wscope::new().args(["--until", "^done", &server.url()]).run();
        output.exits(8).prints("busy\n").says("0 of 1 message that matches `^done`");
    }

    #[test]
    fn a_session_that_fails_has_the_status_of_its_failure() {
        let server = serve(|mut connection| {
            connection.accept();
            close_first(&mut connection, 1011);
        });
        Wscope::new().args(["-1", &server.url()]).run().exits(1).never_says("messages");
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("a").masked([0; 4]));
            connection.rest();
        });
        Wscope::new().args(["-1", &server.url()]).run().exits(6).prints("");
    }

    #[test]
    fn a_time_limit_is_status_7_and_says_what_has_not_come() {
        let server = websocket::sink();
        let output = Wscope::new().args(["--until", "done", "-N", "-m", "0.3", &server.url()]).run();
        output
            .exits(7)
            .says("the session was not over within 0.3 s")
            .says("0 of 1 message that matches `done` had come");
    }

    #[test]
    fn a_reader_of_stdout_that_went_away_wanted_no_more() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send([Frame::text("a").bytes(), Frame::text("b").bytes()].concat());
            connection.answer_close()
        });
        Wscope::new().args(["--count", "9", "-N", &server.url()]).stdout_head(1).run().exits(0);
    }

    #[test]
    fn leaving_the_terminal_before_it_is_status_8() {
        let server = websocket::sink();
        let mut terminal = Wscope::new().args(["-1", &server.url()]).terminal(24, 80);
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.exits(8);
        assert!(terminal.screen().contains("0 of 1 message had"), "{}", terminal.screen());
    }

    #[test]
    fn what_cannot_be_a_goal_is_a_usage_error() {
        for flags in [["--count", "0"], ["--count", "many"], ["--until", "("]] {
            Wscope::new().args(flags).arg("ws://127.0.0.1:9").run().exits(2).prints("").says(flags[0]);
        }
    }
}
