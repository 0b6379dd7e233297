//! What the two directions must survive together: the five cases of the design. Sizes are scaled down so that the suite
//! stays quick; `WSCOPE_FULL=1 cargo test --release --test integration backpressure` runs them in full.

use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::bulk::{self, Pings};
use crate::support::frame::opcode;
use crate::support::program::Running;
use crate::support::{Connection, Event, Frame, MIB, PATIENCE, Server, Wscope, serve};

/// What the issue allows with messages of 1 KiB, whatever is blocked.
const MOST_MEMORY: usize = 32 * MIB;

/// How long a run in full may take.
const FULL_PATIENCE: Duration = Duration::from_mins(10);

/// `full` when the environment asks for it, else `quick`.
fn scaled(quick: usize, full: usize) -> usize {
    if std::env::var_os("WSCOPE_FULL").is_some() { full } else { quick }
}

/// A line of 1 KiB with its newline.
fn line() -> Vec<u8> {
    [&[b'x'; 1023][..], b"\n"].concat()
}

/// The same line as a frame.
fn message() -> Frame {
    Frame::text("x".repeat(1023))
}

/// Writes so many lines to the program's stdin from a thread of its own.
fn pour(program: &mut Running, lines: usize) -> thread::JoinHandle<()> {
    let mut stdin = program.take_stdin();
    thread::spawn(move || {
        let batch = line().repeat(256);
        for _ in 0..lines / 256 {
            // The program may rightly leave while lines are left.
            if stdin.write_all(&batch).is_err() {
                break;
            }
        }
    })
}

mod case_1 {
    use super::*;

    #[test]
    fn echo_through_a_server_that_blocks_on_its_own_writes_loses_nothing() {
        let lines = scaled(32 * 1024, 1024 * 1024);
        let server = serve(|mut connection| {
            connection.accept();
            bulk::echo(&mut connection, Pings::Mixed)
        });
        let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn().patient(FULL_PATIENCE);
        let poured = pour(&mut program, lines);
        let output = program.finish();
        poured.join().unwrap();
        output.exits(0).is_silent();
        assert_eq!(output.stdout.len(), lines * 1024);
        assert!(output.stdout.chunks(1024).all(|chunk| chunk == line()));
        assert_eq!(server.outcome(), lines as u64);
    }

    #[test]
    fn a_million_lines_come_back_in_order() {
        let lines = bulk::numbered_lines(scaled(100_000, 1_000_000));
        let server = serve(|mut connection| {
            connection.accept();
            bulk::echo(&mut connection, Pings::None)
        });
        let program = Wscope::new().arg(server.url()).stdin(lines.clone()).spawn().patient(FULL_PATIENCE);
        program.finish().exits(0).prints(lines).is_silent();
    }

    #[test]
    fn a_million_pushes_are_printed_in_order() {
        let count = scaled(200_000, 1_000_000);
        let server = serve(move |mut connection| {
            connection.accept();
            bulk::flood(&mut connection, count);
        });
        let program = Wscope::new().arg("-N").arg(server.url()).spawn().patient(FULL_PATIENCE);
        program.finish().exits(0).prints(bulk::numbered_lines(count));
    }
}

mod case_2 {
    use super::*;

    /// Accepts, says so, and never reads again. The connection stays open as long as the server is kept.
    fn never_reading() -> Server<Connection> {
        serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("open"));
            connection
        })
    }

    /// Waits until the program has taken nothing from its stdin for a while.
    fn wait_until_stdin_is_held_back(taken: &Receiver<usize>) -> usize {
        const STALLED: Duration = Duration::from_secs(1);
        let mut total = 0;
        while let Ok(count) = taken.recv_timeout(STALLED) {
            total += count;
        }
        total
    }

    /// Writes lines for as long as the program takes them, and reports each batch.
    fn pour_endlessly(program: &mut Running) -> Receiver<usize> {
        let mut stdin = program.take_stdin();
        let (tell, taken) = mpsc::channel();
        thread::spawn(move || {
            let batch = line().repeat(64);
            while stdin.write_all(&batch).is_ok() && tell.send(batch.len()).is_ok() {}
        });
        taken
    }

    #[test]
    fn a_server_that_never_reads_holds_stdin_back_until_a_signal() {
        let server = never_reading();
        let mut program = Wscope::new().without_waiting().arg(server.url()).stdin_held().spawn();
        program.wait_stdout("open\n");
        let taken = pour_endlessly(&mut program);
        let total = wait_until_stdin_is_held_back(&taken);
        assert!(total < 64 * MIB, "took {total} bytes");
        assert!(program.peak_memory() < MOST_MEMORY as u64, "{} KiB", program.peak_memory() >> 10);
        program.signal(Signal::SIGINT);
        program.finish().exits(130).stays_below(MOST_MEMORY);
    }

    #[test]
    fn a_server_that_never_reads_is_left_when_the_time_is_up() {
        let server = never_reading();
        let mut program = Wscope::new().args(["-m", "2"]).arg(server.url()).stdin_held().spawn();
        let _taken = pour_endlessly(&mut program);
        program.finish().exits(7).stays_below(MOST_MEMORY);
    }

    #[test]
    fn what_a_server_says_is_printed_while_it_does_not_read() {
        let (pouring, printed) = (Event::new(), Event::new());
        let (speak, read) = (pouring.clone(), printed.clone());
        let server = serve(move |mut connection| {
            connection.accept();
            speak.wait();
            connection.send_frame(&Frame::text("news"));
            read.wait();
            bulk::sink(&mut connection)
        });
        let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
        let poured = pour(&mut program, 32 * 1024);
        pouring.happens();
        program.wait_stdout("news\n");
        printed.happens();
        program.finish().exits(0).prints("news\n");
        poured.join().unwrap();
        assert_eq!(server.outcome(), (32 * 1024, 32 * 1024 * 1023));
    }
}

mod case_3 {
    use super::*;

    #[test]
    fn a_stdout_that_is_not_read_holds_the_server_back_and_loses_nothing() {
        let full = Event::new();
        let server = serve({
            let full = full.clone();
            move |mut connection| {
                connection.accept();
                let messages = bulk::send_until_full(&mut connection, &message(), &full);
                connection.send_frame(&Frame::close(1000, ""));
                connection.close_frame();
                messages
            }
        });
        let mut program = Wscope::new().arg("-N").arg(server.url()).stdout_unread().spawn();
        full.wait();
        assert!(program.peak_memory() < MOST_MEMORY as u64, "{} KiB", program.peak_memory() >> 10);
        program.read_stdout();
        let output = program.finish();
        output.exits(0).stays_below(MOST_MEMORY);
        let messages = usize::try_from(server.outcome()).unwrap();
        assert_eq!(output.stdout.len(), messages * 1024);
        assert!(output.stdout.chunks(1024).all(|chunk| chunk == line()));
    }

    #[test]
    fn the_clocks_stand_still_while_stdout_is_blocked() {
        const LIMIT: &str = "2";
        const LONGER: Duration = Duration::from_secs(3);
        let full = Event::new();
        let server = serve({
            let full = full.clone();
            move |mut connection| {
                connection.accept();
                bulk::send_until_full(&mut connection, &message(), &full);
                connection.send_frame(&Frame::text("last"));
                connection.answer_close()
            }
        });
        let arguments = ["-w", "0", "--close-timeout", LIMIT, "--ping-interval", "0.2", "--ping-timeout", LIMIT];
        let mut program = Wscope::new().args(arguments).args(["-x", "hi"]).arg(server.url()).stdout_unread().spawn();
        full.wait();
        thread::sleep(LONGER);
        assert!(program.is_running());
        program.read_stdout();
        let output = program.finish();
        output.exits(0);
        assert!(output.stdout.ends_with(b"\nlast\n"), "{output:?}");
    }

    #[test]
    fn the_time_for_the_whole_run_passes_all_the_same() {
        let server = serve(|mut connection| {
            connection.accept();
            while connection.try_send(Frame::text("x".repeat(1023)).bytes().repeat(64)).is_ok() {}
        });
        let output = Wscope::new().args(["-N", "-m", "1"]).arg(server.url()).stdout_unread().spawn().finish();
        output.exits(7);
        assert!(!output.stderr.is_empty(), "it says that not everything was printed");
    }
}

mod case_4 {
    use super::*;

    #[test]
    fn a_terminal_that_is_paused_does_not_keep_pongs_back() {
        let (tell, ponged) = mpsc::channel();
        let paused = Event::new();
        let send = paused.clone();
        let server = serve(move |mut connection| {
            connection.accept();
            send.wait();
            // More than a pseudo-terminal holds, less than the budget.
            connection.send(Frame::text("x".repeat(1023)).bytes().repeat(64));
            connection.send_frame(&Frame::ping("are you there?"));
            let pong = connection.frame();
            tell.send(pong).unwrap();
            connection.send_frame(&Frame::text("the end"));
            connection.answer_close()
        });
        let mut terminal = Wscope::new().arg(server.url()).terminal(24, 80);
        terminal.wait_line(">");
        terminal.pause();
        paused.happens();
        let pong = ponged.recv_timeout(PATIENCE).unwrap();
        assert_eq!((pong.opcode, pong.as_text()), (opcode::PONG, "are you there?"));
        terminal.resume();
        terminal.wait("the end");
        terminal.press(crate::support::terminal::key::CTRL_D);
        terminal.exits(0);
    }
}

mod case_5 {
    use super::*;

    fn after_hello(script: impl Fn(Connection) + Send + Sync + 'static) -> Server<()> {
        serve(move |mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("hello"));
            script(connection);
        })
    }

    #[test]
    fn the_server_closes_first() {
        let server = after_hello(|mut connection| {
            connection.send_frame(&Frame::close(1000, "done"));
            assert_eq!(connection.close_frame().0, Some(1000));
        });
        Wscope::new().arg(server.url()).stdin_held().spawn().finish().exits(0).prints("hello\n");
        server.outcome();
    }

    #[test]
    fn both_close_at_once() {
        let server = after_hello(|mut connection| {
            // Sent without having seen the program's Close, which is on its way.
            connection.send_frame(&Frame::close(1000, "me first"));
            assert_eq!(connection.frame().opcode, opcode::CLOSE);
            connection.rest();
        });
        Wscope::new().args(["-w", "0"]).arg(server.url()).run().exits(0).prints("hello\n");
        server.outcome();
    }

    #[test]
    fn the_connection_is_reset_inside_a_frame() {
        let server = after_hello(|mut connection| {
            connection.frame();
            connection.send(&Frame::text("never whole").bytes()[..5]);
            connection.reset();
        });
        let mut program = Wscope::new().arg(server.url()).stdin_held().spawn();
        program.wait_stdout("hello\n");
        program.write("go\n");
        program.finish().exits(1).prints("hello\n");
    }

    #[test]
    fn the_stream_ends_without_a_close() {
        let server = after_hello(drop);
        Wscope::new().arg(server.url()).stdin_held().spawn().finish().exits(1).prints("hello\n").says("1006");
        server.outcome();
    }

    #[test]
    fn the_close_is_never_answered() {
        let server = after_hello(|mut connection| {
            connection.close_frame();
            connection.expect_end();
        });
        let arguments = ["-w", "0", "--close-timeout", "0.5"];
        Wscope::new().args(arguments).arg(server.url()).run().exits(0).prints("hello\n");
        server.outcome();
    }
}

#[test]
fn a_server_that_takes_echoes_drop_by_drop_does_not_put_off_the_time_limit() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::binary(vec![0; 32 * MIB]));
        let mut drop = [0; 4096];
        // All of them would take longer than the test waits.
        while connection.socket().read(&mut drop).is_ok_and(|count| count > 0) {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let output = Wscope::new().args(["--echo", "--output", "none", "--max-time", "2", &server.url()]).run();
    output.exits(7);
}
