//! In a terminal: what a person types and sees.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use crate::support::frame::opcode;
use crate::support::terminal::{Stdout, Terminal, key};
use crate::support::{Connection, Event, Frame, Server, Wscope, serve, websocket};

const CONNECTED: &str = "Connected (press Ctrl-C to quit)";

/// A terminal in which a session with `server` is open.
#[track_caller]
fn open<T>(server: &Server<T>) -> Terminal {
    open_with(server, Wscope::new())
}

#[track_caller]
fn open_with<T>(server: &Server<T>, wscope: Wscope) -> Terminal {
    let terminal = wscope.arg(server.url()).terminal(24, 80);
    terminal.wait(CONNECTED);
    terminal.wait_line(">");
    terminal
}

/// Collects frames until the Close and answers that.
fn collect() -> Server<Vec<Frame>> {
    serve(|mut connection| {
        connection.accept();
        collect_until_close(&mut connection)
    })
}

fn collect_until_close(connection: &mut Connection) -> Vec<Frame> {
    let mut frames = Vec::new();
    loop {
        let frame = connection.frame();
        if frame.opcode == opcode::CLOSE {
            connection.send_frame(&frame.clone().unmasked());
            frames.push(frame);
            return frames;
        }
        frames.push(frame);
    }
}

/// The payloads as text, without the Close.
fn texts(frames: &[Frame]) -> Vec<&str> {
    frames.iter().filter(|frame| frame.opcode == opcode::TEXT).map(Frame::as_text).collect()
}

mod looks {
    use super::*;

    #[test]
    fn it_looks_like_what_wscats_users_know() {
        let server = websocket::echo();
        let mut terminal = open(&server);
        terminal.enter("hello");
        terminal.wait("> hello");
        terminal.wait("< hello");
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert!(terminal.screen().contains("Disconnected (code: 1000"), "{}", terminal.screen());
    }

    #[test]
    fn a_server_that_closes_is_announced_and_gives_the_status() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::close(4001, "go away"));
            connection.close_frame();
        });
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait("Disconnected (code: 4001, reason: \"go away\")");
        terminal.press(key::CTRL_D);
        terminal.exits(1);
    }

    #[test]
    fn binary_is_a_hex_dump_with_its_size() {
        let server = websocket::push([tungstenite::Message::binary(vec![0xCA, 0xFE, 0x00, b'A'])]);
        let mut terminal = open(&server);
        terminal.wait("ca fe 00 41");
        terminal.wait("4 bytes");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }

    #[test]
    fn colours_respect_the_environment() {
        for (wscope, coloured) in [(Wscope::new(), true), (Wscope::new().env("NO_COLOR", "1"), false)] {
            let server = websocket::push([tungstenite::Message::text("hello")]);
            let mut terminal = open_with(&server, wscope);
            terminal.wait("< hello");
            terminal.press(key::CTRL_D);
            terminal.exits(0);
            let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
            let found = (30..38).chain(90..98).any(|code| raw.contains(&format!("\x1b[{code}m")));
            assert_eq!(found, coloured, "{raw:?}");
        }
    }

    #[test]
    fn stdout_in_a_file_is_data_and_the_editor_stays() {
        let server = websocket::echo();
        let wscope = Wscope::new();
        let path = wscope.home().join("log");
        let file = File::create(&path).unwrap();
        let mut terminal = wscope.arg(server.url()).terminal_with(24, 80, Stdout::File(file));
        terminal.wait(CONNECTED);
        terminal.enter("to the file");
        terminal.press(key::CTRL_D);
        terminal.wait_end();
        assert_eq!(fs::read_to_string(path).unwrap(), "to the file\n");
        assert!(!terminal.screen().contains("< "), "{}", terminal.screen());
    }

    #[test]
    fn piped_input_is_data_even_beside_a_terminal() {
        let server = websocket::echo();
        let mut terminal = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin("/quit\nhi\n").terminal(24, 80);
        terminal.exits(0);
        assert_eq!(server.outcome().texts(), ["/quit", "hi"]);
        assert!(terminal.screen().contains("hi"), "{}", terminal.screen());
    }
}

mod asking {
    use super::*;

    #[test]
    fn a_missing_password_is_asked_for_and_not_shown() {
        let server = websocket::echo();
        // Data may come from a pipe meanwhile: the terminal itself is asked.
        let wscope = Wscope::new().args(["-u", "Aladdin", "-w", "0"]).arg(server.url());
        let mut terminal = wscope.stdin("hi\n").terminal(24, 80);
        terminal.wait_until("a question", |screen| screen.contents().to_lowercase().contains("password"));
        terminal.enter("open sesame");
        terminal.exits(0);
        assert!(!terminal.screen().contains("sesame"), "{}", terminal.screen());
        let seen = server.outcome();
        assert_eq!(seen.header("authorization"), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
        assert_eq!(seen.texts(), ["hi"]);
    }

    #[test]
    fn ctrl_c_ends_the_question() {
        let mut terminal = Wscope::new().args(["-u", "Aladdin"]).arg("ws://127.0.0.1:1/").terminal(24, 80);
        terminal.wait_until("a question", |screen| screen.contents().to_lowercase().contains("password"));
        terminal.press(key::CTRL_C);
        terminal.wait_end();
    }
}

mod leaving {
    use super::*;

    #[test]
    fn for_a_while_with_ctrl_z_and_back_again() {
        let server = collect();
        // What a shell does: the modes are its own while the program is stopped.
        let wscope =
            Wscope::new().under_shell(r#"set -m; "$0" "$@"; stty sane; echo stopped; read line; fg >/dev/null"#);
        let mut terminal = open_with(&server, wscope);
        terminal.press("half a line");
        terminal.press(key::CTRL_Z);
        terminal.wait("stopped");
        terminal.press("\n");
        terminal.wait_line("> half a line");
        terminal.wait_until("the editor has the terminal again", |_| !terminal.is_sane());
        terminal.enter(" and the rest");
        terminal.press(key::CTRL_D);
        terminal.wait_end();
        assert_eq!(texts(&server.outcome()), ["half a line and the rest"]);
    }

    #[test]
    fn is_not_what_a_ping_timeout_does() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.rest();
        });
        let arguments = ["--ping-interval", "0.1", "--ping-timeout", "0.2", "--close-timeout", "0.2"];
        let mut terminal = Wscope::new().args(arguments).arg(server.url()).terminal(24, 80);
        terminal.wait("the peer did not answer a ping");
        terminal.wait_prompt("(closed) >");
        terminal.press(key::CTRL_D);
        terminal.wait_end();
    }

    #[test]
    fn ctrl_c_clears_a_line_and_closes_politely_on_an_empty_one() {
        let server = collect();
        let mut terminal = open(&server);
        terminal.press("half a thought");
        terminal.wait_line("> half a thought");
        terminal.press(key::CTRL_C);
        terminal.wait_line(">");
        terminal.enter("still open");
        terminal.wait("> still open");
        terminal.wait_line(">");
        terminal.press(key::CTRL_C);
        terminal.exits(0);
        let frames = server.outcome();
        assert_eq!(texts(&frames), ["still open"]);
        assert_eq!(frames.last().unwrap().as_close().0, Some(1000));
    }

    #[test]
    fn ctrl_d_and_quit_close_politely() {
        for keys in [key::CTRL_D, "/quit\r"] {
            let server = collect();
            let mut terminal = open(&server);
            terminal.press(keys);
            terminal.exits(0);
            assert_eq!(server.outcome().last().unwrap().as_close().0, Some(1000));
        }
    }

    #[test]
    fn a_second_ctrl_c_does_not_wait_for_the_answer() {
        let closing = Event::new();
        let server = serve({
            let closing = closing.clone();
            move |mut connection| {
                connection.accept();
                connection.close_frame();
                closing.happens();
                connection.expect_end();
            }
        });
        let mut terminal = open_with(&server, Wscope::new().without_waiting());
        terminal.press(key::CTRL_C);
        closing.wait();
        terminal.press(key::CTRL_C);
        terminal.wait_end();
        server.outcome();
    }

    #[test]
    fn the_first_ctrl_c_leaves_when_output_is_blocked() {
        let ready = Event::new();
        let flood = ready.clone();
        let server = serve(move |mut connection| {
            connection.accept();
            flood.wait();
            while connection.try_send(Frame::text("x".repeat(1023)).bytes().repeat(64)).is_ok() {}
        });
        let mut terminal = open_with(&server, Wscope::new().without_waiting());
        ready.happens();
        terminal.wait("xxx");
        terminal.pause();
        terminal.wait_for_signals();
        terminal.press(key::CTRL_C);
        terminal.wait_end();
    }

    #[test]
    fn sigterm_leaves_the_terminal_sane() {
        let server = websocket::sink();
        let mut terminal = open(&server);
        terminal.press("half a line");
        terminal.wait_line("> half a line");
        terminal.signal(nix::sys::signal::Signal::SIGTERM);
        terminal.wait_end();
    }

    #[test]
    fn the_editor_stays_after_the_server_closes_and_can_reconnect() {
        let opened = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&opened);
        let server = serve(move |mut connection| {
            connection.accept();
            if count.fetch_add(1, Ordering::Relaxed) == 0 {
                connection.send_frame(&Frame::close(1001, "restarting"));
                connection.close_frame();
                return None;
            }
            connection.send_frame(&Frame::text("back again"));
            connection.echo_until_close()
        });
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait("Disconnected (code: 1001");
        terminal.enter("/reconnect");
        terminal.wait("< back again");
        terminal.enter("hello");
        terminal.wait("< hello");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(opened.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_is_typed_behind_a_reconnect_goes_to_the_new_session() {
        let (sender, received) = mpsc::channel();
        let sender = Mutex::new(sender);
        let server = serve(move |mut connection| {
            connection.accept();
            let frames = collect_until_close(&mut connection);
            sender.lock().unwrap().send(texts(&frames).join(" ")).unwrap();
        });
        let mut terminal = open(&server);
        terminal.press("old\r/reconnect\rnew\r/reconnect\rnewest\r/quit\r");
        terminal.exits(0);
        assert_eq!(received.iter().take(3).collect::<Vec<_>>(), ["old", "new", "newest"]);
    }

    #[test]
    fn a_reconnect_that_fails_lets_the_next_line_be_told_so() {
        let opened = AtomicUsize::new(0);
        let server = serve(move |mut connection| {
            if opened.fetch_add(1, Ordering::Relaxed) == 0 {
                connection.accept();
                connection.close_frame();
            }
        });
        let mut terminal = open(&server);
        terminal.press("/reconnect\rhello\r");
        terminal.wait("no session is open");
        terminal.press(key::CTRL_D);
        terminal.exits(5);
    }

    #[test]
    fn leaving_does_not_wait_for_a_reconnect() {
        let opened = AtomicUsize::new(0);
        let connected_again = Event::new();
        let connecting = connected_again.clone();
        let server = serve(move |mut connection| {
            if opened.fetch_add(1, Ordering::Relaxed) == 0 {
                connection.accept();
                connection.echo_until_close();
            } else {
                connecting.happens();
                connection.expect_end();
            }
        });
        let mut terminal = open_with(&server, Wscope::new().without_waiting());
        terminal.enter("/reconnect");
        terminal.enter("hello");
        connected_again.wait();
        terminal.press(key::CTRL_D);
        terminal.wait_end();
    }
}

mod typing {
    use super::*;

    #[test]
    fn a_bracketed_paste_is_edited_and_sent_as_one_message() {
        let server = collect();
        let mut terminal = open(&server);
        terminal.paste("one\ntwo\nthree");
        terminal.wait("three");
        terminal.press(key::BACKSPACE);
        terminal.press(key::ENTER);
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(texts(&server.outcome()), ["one\ntwo\nthre"]);
    }

    #[test]
    fn incomplete_json_and_a_trailing_backslash_go_on_with_the_next_line() {
        let server = collect();
        let mut terminal = open(&server);
        terminal.enter(r#"{"a":"#);
        terminal.enter("1}");
        terminal.enter(r"first \");
        terminal.enter("second");
        terminal.enter(r"literal \\");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        let frames = server.outcome();
        let texts = texts(&frames);
        assert_eq!(texts[0].replace('\n', ""), r#"{"a":1}"#);
        assert_eq!(texts[1], "first \nsecond");
        assert_eq!(texts[2], r"literal \");
        assert_eq!(texts.len(), 3);
    }

    #[test]
    fn alt_enter_sends_as_it_is() {
        let server = collect();
        let mut terminal = open(&server);
        terminal.press(&format!("{{\"a\":{}", key::ALT_ENTER));
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(texts(&server.outcome()), [r#"{"a":"#]);
    }

    #[test]
    fn history_lasts_across_runs_but_for_lines_that_start_with_a_space() {
        let home = tempfile::TempDir::new().unwrap();
        let at_home = || Wscope::new().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
        let server = collect();
        let mut terminal = open_with(&server, at_home());
        terminal.enter("remember me");
        terminal.enter(" a secret");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(texts(&server.outcome()), ["remember me", " a secret"]);

        let server = collect();
        let mut terminal = open_with(&server, at_home());
        terminal.press(key::UP);
        terminal.wait_line("> remember me");
        terminal.press(key::ENTER);
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(texts(&server.outcome()), ["remember me"]);

        let files = files_below(&home.path().join("state"));
        assert!(!files.is_empty());
        for file in files {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
            assert!(!fs::read_to_string(&file).unwrap().contains("secret"));
        }
    }

    fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn tab_completes_commands() {
        let server = websocket::sink();
        let mut terminal = open(&server);
        terminal.press(&format!("/reco{}", key::TAB));
        terminal.wait_line("> /reconnect");
        terminal.press(key::CTRL_U);
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }
}

mod commands {
    use super::*;

    #[test]
    fn each_command_sends_what_it_says() {
        let server = collect();
        let wscope = Wscope::new();
        let file = wscope.home().join("file.txt");
        fs::write(&file, "from a file").unwrap();
        let mut terminal = open_with(&server, wscope);
        terminal.enter("/ping beat");
        terminal.enter("/pong unasked");
        terminal.enter("/binary CA FE");
        terminal.enter("/binary base64:yv4=");
        terminal.enter(&format!("/binary @{}", file.display()));
        terminal.enter(&format!("/file {}", file.display()));
        terminal.enter("//literal");
        terminal.enter("/close 4000 good bye");
        terminal.wait("Disconnected");
        let frames = server.outcome();
        let seen: Vec<(u8, &[u8])> = frames.iter().map(|frame| (frame.opcode, &frame.payload[..])).collect();
        assert_eq!(
            seen[..7],
            [
                (opcode::PING, &b"beat"[..]),
                (opcode::PONG, b"unasked"),
                (opcode::BINARY, &[0xCA, 0xFE]),
                (opcode::BINARY, &[0xCA, 0xFE]),
                (opcode::BINARY, b"from a file"),
                (opcode::TEXT, b"from a file"),
                (opcode::TEXT, b"/literal"),
            ]
        );
        assert_eq!(frames[7].as_close(), (Some(4000), "good bye".into()));
        terminal.press(key::CTRL_D);
        terminal.wait_end();
    }

    #[test]
    fn a_typed_ping_shows_how_long_its_pong_took() {
        let server = websocket::echo();
        let mut terminal = open(&server);
        terminal.enter("/ping beat");
        terminal.wait("< Received pong (data: \"beat\", ");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }

    #[test]
    fn raw_output_that_ends_no_line_is_shown_all_the_same() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("a greeting"));
            let line = connection.frame();
            connection.send_frame(&Frame::text("an answer"));
            collect_until_close(&mut connection);
            line
        });
        let mut terminal = open_with(&server, Wscope::new().args(["--output", "raw"]));
        terminal.wait("a greeting");
        terminal.enter("hello");
        terminal.wait("an answer");
        terminal.wait("a greeting");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome().as_text(), "hello");
    }

    #[test]
    fn frame_sends_precisely_that() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.frame()
        });
        let mut terminal = open(&server);
        terminal.enter("/frame fin=0 rsv=5 op=0xB mask=01020304 \"odd\"");
        let frame = server.outcome();
        assert_eq!(frame, Frame::new(0xB, "odd").more().rsv(5).masked([1, 2, 3, 4]));
        terminal.press(key::CTRL_D);
        terminal.wait_end();
    }

    #[test]
    fn a_mistake_gets_one_clear_line_and_sends_nothing() {
        let server = collect();
        let mut terminal = open(&server);
        for mistake in ["/nonsense", "/binary xyz", "/close 99999", "/close 1005", "/set frames maybe"] {
            terminal.enter(mistake);
            terminal.wait_line(">");
        }
        terminal.enter("/file /no/such/file");
        terminal.wait("/no/such/file");
        terminal.wait_line(">");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome().len(), 1, "only the Close");
    }

    #[test]
    fn the_session_can_be_looked_at() {
        let server = websocket::echo();
        let mut terminal = open(&server);
        terminal.enter("hello");
        terminal.wait("< hello");
        terminal.enter("/headers");
        terminal.wait("101 Switching Protocols");
        terminal.enter("/stats");
        terminal.wait("sent     1 message of 5 bytes");
        terminal.press("\x0c");
        terminal.enter("/help");
        terminal.wait("/reconnect");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }

    #[test]
    fn views_can_be_switched() {
        let server = websocket::echo();
        let mut terminal = open(&server);
        terminal.enter("/set frames on");
        terminal.enter("seen");
        terminal.wait("fin=1 rsv=0 len=4 wire=6");
        terminal.enter("/set frames off");
        terminal.enter("unseen");
        terminal.wait("< unseen");
        assert!(!terminal.screen().contains("len=6 "), "{}", terminal.screen());
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }
}

mod pushes {
    use super::*;

    /// How many messages are pushed, and how often: with `WSCOPE_FULL` for ten seconds.
    fn pushes() -> (usize, Duration) {
        let full = std::env::var_os("WSCOPE_FULL").is_some();
        if full { (1000, Duration::from_millis(10)) } else { (200, Duration::from_millis(5)) }
    }

    /// Pushes numbered messages after `start`. Returns the texts that came.
    fn push_after(start: &Event) -> Server<Vec<String>> {
        push_between(start, &Event::new())
    }

    /// The same; the last push happens before `end`.
    fn push_between(start: &Event, end: &Event) -> Server<Vec<String>> {
        let (start, end) = (start.clone(), end.clone());
        let (count, interval) = pushes();
        serve(move |mut connection| {
            connection.accept();
            start.wait();
            for number in 0..count {
                connection.send_frame(&Frame::text(format!("push {number:04}.")));
                thread::sleep(interval);
            }
            connection.send_frame(&Frame::text("that was all"));
            end.happens();
            let frames = collect_until_close(&mut connection);
            texts(&frames).into_iter().map(str::to_owned).collect()
        })
    }

    /// Every push once and in order.
    #[track_caller]
    fn assert_all_shown(terminal: &Terminal) {
        let transcript = terminal.transcript();
        let shown: Vec<&str> = transcript.iter().filter_map(|line| line.trim_end().strip_prefix("< push ")).collect();
        let expected: Vec<String> = (0..pushes().0).map(|number| format!("{number:04}.")).collect();
        assert_eq!(shown, expected, "\n{}", transcript.join("\n"));
    }

    #[test]
    fn a_half_typed_line_stays_whole() {
        for columns in [80, 40] {
            let start = Event::new();
            let server = push_after(&start);
            let mut terminal = Wscope::new().arg(server.url()).terminal(24, columns);
            terminal.wait(CONNECTED);
            let line: String = (0..200).map(|index| char::from(b'a' + index % 26)).collect();
            terminal.press(&line);
            start.happens();
            terminal.wait("that was all");
            terminal.wait_until("the half-typed line", |screen| screen.contents().replace('\n', "").contains(&line));
            terminal.press(key::ENTER);
            terminal.press(key::CTRL_D);
            terminal.exits(0);
            assert_eq!(server.outcome(), [line]);
            assert_all_shown(&terminal);
        }
    }

    #[test]
    fn nothing_is_lost_while_lines_are_sent() {
        let start = Event::new();
        let server = push_after(&start);
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait(CONNECTED);
        start.happens();
        let (count, interval) = pushes();
        for number in 0..count {
            terminal.enter(&number.to_string());
            thread::sleep(interval * 4 / 5);
        }
        terminal.wait("that was all");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome(), (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_all_shown(&terminal);
    }

    #[test]
    fn nothing_is_lost_in_a_search_of_the_history() {
        let (start, end) = (Event::new(), Event::new());
        let server = push_between(&start, &end);
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait(CONNECTED);
        terminal.enter("needle");
        terminal.press(&format!("{}nee", key::CTRL_R));
        terminal.wait("needle");
        start.happens();
        end.wait();
        terminal.press(key::ENTER);
        terminal.wait("that was all");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
        assert_eq!(server.outcome(), ["needle", "needle"]);
        assert_all_shown(&terminal);
    }

    #[test]
    fn nothing_is_lost_at_the_end() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.frame();
            for number in 0..pushes().0 {
                connection.send_frame(&Frame::text(format!("push {number:04}.")));
            }
            connection.answer_close()
        });
        let mut terminal = open(&server);
        terminal.press(&format!("go{}{}", key::ENTER, key::CTRL_D));
        terminal.exits(0);
        assert_eq!(server.outcome(), Some(1000));
        assert_all_shown(&terminal);
    }

    #[test]
    fn a_resize_keeps_the_line_and_what_comes() {
        let server = websocket::echo();
        let mut terminal = open(&server);
        terminal.press("half a line");
        terminal.wait_line("> half a line");
        terminal.resize(30, 60);
        terminal.press(" and the rest");
        terminal.wait_line("> half a line and the rest");
        terminal.press(key::ENTER);
        terminal.wait("< half a line and the rest");
        terminal.press(key::CTRL_D);
        terminal.exits(0);
    }
}
