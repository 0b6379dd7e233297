//! `--reconnect`: what is sent again and what never, when it gives up, and what it says about it.

use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::process::ChildStdin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::certificates::Authority;
use crate::support::frame::opcode;
use crate::support::program::Output;
use crate::support::server::{serve_tls, unused_port};
use crate::support::terminal::key;
use crate::support::{Connection, Frame, PATIENCE, Server, Wscope, serve};

/// The third pause, at its shortest: long enough for all that is to happen in it.
const THIRD_PAUSE: Duration = Duration::from_secs(2);

/// A server whose script is told the number of the connection, from 1.
fn serve_numbered<T: Send + 'static>(script: impl Fn(usize, Connection) -> T + Send + Sync + 'static) -> Server<T> {
    let connections = AtomicUsize::new(0);
    serve(move |connection| script(connections.fetch_add(1, Ordering::Relaxed) + 1, connection))
}

/// Accepts, and is gone.
fn accept_and_reset(mut connection: Connection) {
    connection.accept();
    connection.reset();
}

/// Accepts, and closes with 1000 as soon as the first message is there, which is returned.
fn take_one(mut connection: Connection) -> String {
    connection.accept();
    let first = connection.frame().as_text().to_owned();
    connection.send_frame(&Frame::close(1000, ""));
    connection.close_frame();
    first
}

mod accounting {
    use super::*;

    /// What the last line of a run says.
    struct Account {
        handed: u64,
        in_doubt: u64,
    }

    #[track_caller]
    fn account(output: &Output) -> Account {
        let line = output.stderr.lines().find(|line| line.contains("messages handed to a connection"));
        let line = line.unwrap_or_else(|| panic!("no account\n{output:?}"));
        let numbers: Vec<u64> =
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        Account { handed: numbers[0], in_doubt: numbers[1] }
    }

    /// Reads numbered lines until the stream ends.
    fn numbers(connection: &mut Connection) -> Vec<u64> {
        let mut numbers = Vec::new();
        let mut push = |_, payload: &[u8]| {
            // A Close has no number.
            numbers.extend(std::str::from_utf8(payload).ok().and_then(|text| text.trim_end().parse::<u64>().ok()));
        };
        while connection.visit_frames(&mut push) {}
        numbers
    }

    /// Writes `count` numbered lines, at 5,000 a second, or as fast as they are taken.
    fn write_lines(mut stdin: ChildStdin, count: u64) -> JoinHandle<()> {
        const RATE: u64 = 5000;
        thread::spawn(move || {
            let started = Instant::now();
            let mut written = 0;
            while written < count {
                let due = (u64::try_from(started.elapsed().as_millis()).unwrap() * RATE / 1000).min(count);
                let lines: Vec<u8> = (written..due).flat_map(|number| format!("{number}\n").into_bytes()).collect();
                stdin.write_all(&lines).expect("the program reads on");
                written = due;
                thread::sleep(Duration::from_millis(5));
            }
        })
    }

    /// A server that is killed so many times, each time after `life`, and started again at once on the same port.
    /// Yields the numbers that each connection brought, once it is told to stop.
    fn dying(port: u16, life: Duration, deaths: usize, stop: Arc<AtomicBool>) -> JoinHandle<Vec<Vec<u64>>> {
        thread::spawn(move || {
            let mut lives = Vec::new();
            while let Some(mut connection) = next_connection(port, &stop) {
                connection.accept();
                let dies = lives.len() < deaths;
                let socket = connection.socket().try_clone().expect("a descriptor");
                let killer = thread::spawn(move || {
                    if dies {
                        thread::sleep(life);
                        let _ = socket.shutdown(Shutdown::Both);
                    }
                });
                lives.push(numbers(&mut connection));
                killer.join().expect("it only sleeps");
                connection.reset();
            }
            lives
        })
    }

    /// The listener lives no longer than it takes.
    fn next_connection(port: u16, stop: &AtomicBool) -> Option<Connection> {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
        listener.set_nonblocking(true).expect("a listener");
        while !stop.load(Ordering::Relaxed) {
            if let Ok((socket, _)) = listener.accept() {
                socket.set_nonblocking(false).expect("a connected socket");
                return Some(Connection::plain(socket));
            }
            thread::sleep(Duration::from_millis(1));
        }
        None
    }

    #[test]
    fn each_line_is_accounted_for_while_the_server_dies_again_and_again() {
        let full = std::env::var_os("WSCOPE_FULL").is_some();
        let (count, life, deaths) = if full { (100_000, 1000, usize::MAX) } else { (20_000, 400, 3) };
        let (port, stop) = (unused_port(), Arc::new(AtomicBool::new(false)));
        let server = dying(port, Duration::from_millis(life), deaths, Arc::clone(&stop));
        let mut program = Wscope::new()
            .args(["--reconnect", "-w", "0"])
            .arg(format!("ws://127.0.0.1:{port}"))
            .stdin_held()
            .spawn()
            .patient(Duration::from_mins(5));
        let writer = write_lines(program.take_stdin(), count);
        let output = program.finish();
        writer.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        let lives = server.join().unwrap();

        output.exits(0);
        let account = account(&output);
        assert_eq!(account.handed, count);
        let received: Vec<u64> = lives.concat();
        assert!(received.is_sorted_by(|one, other| one < other), "out of order, or twice");
        let last = lives.last().expect("a connection");
        assert_eq!(last.last(), Some(&(count - 1)));
        assert_eq!(account.in_doubt, last[0], "what went before the last connection went to one that was lost");
        let swallowed = count - received.len() as u64;
        assert!(swallowed <= account.in_doubt, "{swallowed} lines did not arrive");
        for (life, next) in lives.iter().zip(&lives[1..]) {
            let gaps = life.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
            assert_eq!(gaps, 0, "only the last lines of a connection may be lost; the next begins with {:?}", next[0]);
        }
        assert!(output.cpu_time < Duration::from_secs(2), "{:?} of CPU time", output.cpu_time);
        if full {
            let Output { took, cpu_time, .. } = output;
            println!("{} connections, {swallowed} swallowed, took {took:?}, CPU {cpu_time:?}", lives.len());
        }
    }

    /// A server that takes nothing, and is gone once nothing more fits between the two; the next takes all.
    fn stuffed(mut connection: Connection, first: &AtomicBool) -> Vec<u64> {
        connection.accept();
        if first.swap(false, Ordering::Relaxed) {
            // Long enough for the buffers to fill; longer changes nothing.
            thread::sleep(Duration::from_millis(300));
            connection.reset();
            return Vec::new();
        }
        numbers_until_close(&mut connection)
    }

    fn numbers_until_close(connection: &mut Connection) -> Vec<u64> {
        let mut numbers = Vec::new();
        loop {
            let frame = connection.frame();
            if frame.opcode == opcode::CLOSE {
                connection.send_frame(&frame.unmasked());
                return numbers;
            }
            numbers.push(frame.as_text().trim_start_matches('x').parse().expect("a number"));
        }
    }

    /// So many lines of 1 KiB, numbered.
    const LINES: u64 = 32 * 1024;

    fn wide_lines() -> Vec<u8> {
        (0..LINES).flat_map(|number| format!("{number:x>1023}\n").into_bytes()).collect()
    }

    #[track_caller]
    fn nothing_is_lost_that_did_not_fit(output: &Output, received: &[u64]) {
        output.exits(0);
        let account = account(output);
        assert_eq!(account.handed, LINES);
        assert!(account.in_doubt > 0, "something fits into the buffers");
        let expected: Vec<u64> = (account.in_doubt..LINES).collect();
        assert!(received == expected, "from {:?} on, {} lines", received.first(), received.len());
    }

    #[test]
    fn what_the_socket_did_not_take_is_sent_first_on_the_next_connection() {
        let first = AtomicBool::new(true);
        let server = serve(move |connection| stuffed(connection, &first));
        let output = Wscope::new().args(["--reconnect", "-w", "0"]).arg(server.url()).stdin(wide_lines()).run();
        server.outcome();
        nothing_is_lost_that_did_not_fit(&output, &server.outcome());
    }

    #[test]
    fn the_same_holds_within_tls() {
        let authority = Authority::new();
        let first = AtomicBool::new(true);
        let server = serve_tls(authority.issue().config(), move |connection| stuffed(connection, &first));
        let output = Wscope::new()
            .args(["--reconnect", "-w", "0", "--cacert"])
            .arg(authority.file())
            .arg(server.url())
            .stdin(wide_lines())
            .run();
        server.outcome().unwrap();
        nothing_is_lost_that_did_not_fit(&output, &server.outcome().unwrap());
    }

    fn skip_to(connection: &mut Connection, opcode: u8) -> Frame {
        loop {
            let frame = connection.frame();
            if frame.opcode == opcode {
                return frame;
            }
        }
    }

    #[test]
    fn a_pong_tells_that_what_went_before_it_has_arrived() {
        let server = serve_numbered(|number, mut connection| {
            connection.accept();
            if number == 1 {
                skip_to(&mut connection, opcode::TEXT);
                skip_to(&mut connection, opcode::TEXT);
                let ping = skip_to(&mut connection, opcode::PING);
                connection.send_frame(&Frame::pong(&ping.payload));
                // The ping after the next comes after the pong was seen.
                skip_to(&mut connection, opcode::PING);
                skip_to(&mut connection, opcode::PING);
                connection.reset();
            } else {
                connection.answer_close();
            }
        });
        let mut program = Wscope::new()
            .args(["--reconnect", "--ping-interval", "0.05", "-w", "0"])
            .arg(server.url())
            .stdin_held()
            .spawn();
        program.write("one\ntwo\n");
        server.outcome();
        program.wait_stderr("reconnecting");
        program.write("three\n");
        program.close_stdin();
        let output = program.finish();
        output.exits(0).says("messages handed to a connection: 3").says("may not have arrived: 0 ");
    }
}

#[test]
fn messages_of_x_are_sent_again_on_each_open() {
    let server = serve_numbered(|number, mut connection| {
        if number < 3 {
            connection.accept();
            let first = connection.frame().as_text().to_owned();
            connection.reset();
            first
        } else {
            take_one(connection)
        }
    });
    let output = Wscope::new().args(["-x", "subscribe", "-w", "-1", "--reconnect"]).arg(server.url()).run();
    output.exits(0).says("reconnecting in ").says("(attempt 2)");
    for _ in 0..3 {
        assert_eq!(server.outcome(), "subscribe");
    }
}

#[test]
fn stdin_is_not_read_while_there_is_no_connection() {
    let port = unused_port();
    let mut program = Wscope::new().arg("--reconnect").arg(format!("127.0.0.1:{port}")).stdin_held().spawn();
    program.wait_stderr("(attempt 1)");
    program.write("kept in the pipe\n");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    let (socket, _) = listener.accept().expect("a connection");
    assert_eq!(take_one(Connection::plain(socket)), "kept in the pipe");
    program.finish().exits(0);
}

mod gives_up {
    use super::*;

    #[test]
    fn after_a_close_that_says_so() {
        for (code, status) in [(1000, 0), (1002, 1), (1003, 1), (1007, 1), (1008, 1), (1010, 1)] {
            let server = serve(move |mut connection| {
                connection.accept();
                connection.send_frame(&Frame::close(code, ""));
                connection.close_frame();
            });
            Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).run().exits(status).never_says("reconnecting");
        }
    }

    #[test]
    fn after_a_breach() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.send_frame(&Frame::text("masked").masked([1, 2, 3, 4]));
            connection.rest();
        });
        Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).run().exits(6).never_says("reconnecting");
    }

    #[test]
    fn after_a_refusal_of_the_client() {
        for status in ["401 Unauthorized", "404 Not Found", "429 Too Many Requests"] {
            let server = serve(move |mut connection| {
                connection.request();
                connection.send(format!("HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"));
            });
            Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).run().exits(5).never_says("reconnecting");
        }
    }

    #[test]
    fn when_the_certificate_is_refused() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let server = serve_tls(stranger.issue().config(), |mut connection| connection.rest());
        let program = Wscope::new().args(["-N", "--reconnect", "--cacert"]).arg(authority.file());
        program.arg(server.url()).run().exits(4).never_says("reconnecting");
    }

    #[test]
    fn after_our_own_close() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.close_frame();
            connection.reset();
        });
        Wscope::new().args(["-x", "bye", "-w", "0", "--reconnect"]).arg(server.url()).run().exits(0);
    }

    #[test]
    fn once_all_is_sent_and_only_silence_is_waited_for() {
        let server = serve(|mut connection| {
            connection.accept();
            connection.frame();
            connection.reset();
        });
        let output = Wscope::new().arg("--reconnect").arg(server.url()).stdin("last\n").run();
        output.exits(1).never_says("reconnecting").says("may not have arrived: 1 ");
    }

    #[test]
    fn when_the_time_to_wait_is_over() {
        let server = serve(accept_and_reset);
        let output = Wscope::new().args(["-N", "-w", "1.2", "--reconnect"]).arg(server.url()).run();
        output.exits(1).says("(attempt 1)").takes_less_than(PATIENCE);
    }

    #[test]
    fn after_so_many_attempts_in_a_row() {
        let output = Wscope::new().args(["-N", "--reconnect=2"]).arg(format!("127.0.0.1:{}", unused_port())).run();
        output.exits(3).says("connection refused); reconnecting in ").says("(attempt 2)").never_says("(attempt 3)");
        output.says("error: cannot connect").takes_at_least(Duration::from_millis(1500));
    }

    #[test]
    fn when_the_run_has_taken_too_long() {
        let url = format!("127.0.0.1:{}", unused_port());
        let output = Wscope::new().args(["-N", "--reconnect", "--max-time", "1.2"]).arg(url).run();
        output.exits(7).says("within 1.2 s").takes_at_least(Duration::from_millis(1200));
    }

    #[test]
    fn at_once_when_told_to() {
        for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
            let server = serve(accept_and_reset);
            let program = Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).spawn();
            program.wait_stderr("(attempt 3)");
            let told = Instant::now();
            program.signal(signal);
            program.finish().exits(status);
            assert!(told.elapsed() < THIRD_PAUSE, "{:?}", told.elapsed());
        }
    }
}

mod goes_on {
    use super::*;

    #[test]
    fn after_a_server_that_goes_away() {
        let server = serve_numbered(|number, mut connection| {
            connection.accept();
            connection.send_frame(&Frame::close(if number == 1 { 1001 } else { 1000 }, "restart"));
            connection.close_frame();
        });
        let output = Wscope::new().args(["-N", "--reconnect"]).arg(server.url()).run();
        output.exits(0).says("the server closed the session (1001: restart); reconnecting in ");
    }

    #[test]
    fn when_a_server_is_too_busy_and_says_for_how_long() {
        let server = serve_numbered(|number, mut connection| {
            if number == 1 {
                connection.request();
                connection.send("HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n");
            } else {
                take_one(connection);
            }
        });
        let output = Wscope::new().args(["-x", "hi", "--reconnect"]).arg(server.url()).run();
        output.exits(0).says("503 Busy").says("reconnecting in 2.0 s (attempt 1)");
        output.takes_at_least(Duration::from_secs(2));
    }

    #[test]
    fn when_a_ping_stays_unanswered() {
        let server = serve_numbered(|number, mut connection| {
            if number == 1 {
                connection.accept();
                connection.rest();
            } else {
                take_one(connection);
            }
        });
        let arguments = ["-x", "hi", "-w", "-1", "--reconnect", "--ping-interval", "0.1", "--ping-timeout", "0.2"];
        let output = Wscope::new().args(arguments).arg(server.url()).run();
        output.exits(0).says("the peer did not answer a ping within 0.2 s; reconnecting");
    }

    #[test]
    fn without_a_word_when_it_is_to_be_quiet() {
        let server =
            serve_numbered(
                |number, connection| {
                    if number == 1 { accept_and_reset(connection) } else { drop(take_one(connection)) }
                },
            );
        Wscope::new().args(["-q", "-x", "hi", "-w", "-1", "--reconnect"]).arg(server.url()).run().exits(0).is_silent();
    }
}

mod in_a_terminal {
    use super::*;

    /// Restarts whenever it is told something, and goes on doing so.
    fn restarting() -> Server<()> {
        serve(|mut connection| {
            connection.accept();
            connection.frame();
            connection.send_frame(&Frame::close(1012, "restart"));
            connection.close_frame();
        })
    }

    #[test]
    fn the_prompt_shows_the_state_and_reconnect_does_not_wait() {
        let server = restarting();
        let mut terminal = Wscope::new().arg("--reconnect").arg(server.url()).terminal(200, 80);
        terminal.wait_line(">");
        let wait_for_connection = |number| {
            terminal.wait_until(&format!("Connected for the {number}. time"), |screen| {
                screen.contents().matches("Connected").count() == number
            });
        };
        for connection in 1..=3 {
            wait_for_connection(connection);
            terminal.wait_prompt(">");
            terminal.enter("restart");
            terminal.wait(&format!("(attempt {connection})"));
        }
        terminal.wait_prompt("(waiting) >");
        terminal.enter("lost");
        terminal.wait("no session is open");
        let asked = Instant::now();
        terminal.enter("/reconnect");
        wait_for_connection(4);
        assert!(asked.elapsed() < THIRD_PAUSE, "{:?}", asked.elapsed());
        terminal.wait_prompt(">");
        terminal.enter("/quit");
        terminal.exits(0);
    }

    #[test]
    fn a_line_that_was_begun_shows_the_state_too() {
        let (tell, told) = mpsc::channel();
        let told = Mutex::new(told);
        let server = serve(move |mut connection| {
            connection.accept();
            let code = told.lock().unwrap().recv().unwrap();
            connection.send_frame(&Frame::close(code, ""));
            connection.close_frame();
        });
        let mut terminal = Wscope::new().arg("--reconnect").arg(server.url()).terminal(24, 80);
        terminal.wait_line(">");
        terminal.press("half");
        terminal.wait_line("> half");
        tell.send(1012).unwrap();
        terminal.wait_line("~ half");
        terminal.wait_line("> half");
        tell.send(1000).unwrap();
        terminal.wait_line("x half");
        terminal.press(key::CTRL_U);
        terminal.enter("/quit");
        terminal.exits(0);
    }

    #[test]
    fn it_comes_back_by_itself() {
        let server = restarting();
        let mut terminal =
            Wscope::new().args(["-x", "again", "-i", "--reconnect=2"]).arg(server.url()).terminal(24, 80);
        // Three connections, each closed for its -x.
        terminal.wait_until("a last Disconnected", |screen| screen.contents().matches("Disconnected").count() == 3);
        terminal.wait_prompt("(closed) >");
        terminal.enter("/quit");
        terminal.exits(1);
    }

    #[test]
    fn one_leaves_at_once_while_it_waits() {
        for leave in [key::CTRL_C, key::CTRL_D, "/quit\r"] {
            let url = format!("127.0.0.1:{}", unused_port());
            let mut terminal = Wscope::new().arg("--reconnect").arg(url).terminal(24, 80);
            terminal.wait("(attempt 3)");
            terminal.wait_line("(waiting) >");
            let told = Instant::now();
            terminal.press(leave);
            terminal.exits(3);
            assert!(told.elapsed() < THIRD_PAUSE, "{:?}", told.elapsed());
        }
    }
}
