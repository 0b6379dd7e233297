//! A line and its answer, in turns, through pipes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::{Compression, FlushCompress};

use crate::support::bulk;
use crate::support::certificates::Authority;
use crate::support::frame::opcode;
use crate::support::program::Running;
use crate::support::server::serve_tls;
use crate::support::{Connection, Event, Frame, MIB, PATIENCE, Server, Wscope, serve};

/// How many lines are said, and answered.
const TURNS: usize = 40;

/// What the program prints in a conversation.
fn lines() -> String {
    (0..TURNS).fold(String::new(), |mut lines, turn| {
        let _ = writeln!(lines, "turn {turn}");
        lines
    })
}

/// The user's side: says the next line when the answer to the last is there.
fn converse(program: &mut Running) {
    for turn in 0..TURNS {
        let line = format!("turn {turn}\n");
        program.write(&line);
        program.wait_stdout(line.trim_end());
    }
}

/// The server's side.
fn answer_each(connection: &mut Connection) {
    for _ in 0..TURNS {
        let line = connection.frame();
        connection.send_frame(&Frame::text(line.as_text()));
    }
}

/// A server that holds such a conversation first.
fn after_a_conversation<T: Send + 'static>(script: impl Fn(Connection) -> T + Send + Sync + 'static) -> Server<T> {
    serve(move |mut connection| {
        connection.accept();
        answer_each(&mut connection);
        script(connection)
    })
}

#[test]
fn each_answer_is_there_before_the_next_line() {
    let server = after_a_conversation(|mut connection| connection.answer_close());
    let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    program.close_stdin();
    program.finish().exits(0).prints(lines()).is_silent();
    assert_eq!(server.outcome(), Some(1000));
}

#[test]
fn the_same_holds_within_tls_whatever_the_segments() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        answer_each(&mut connection);
        connection.drip(Frame::text("letter by letter").bytes());
        connection.answer_close()
    });
    let program = Wscope::new().args(["-w", "0", "--cacert"]).arg(authority.file());
    let mut program = program.arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    program.wait_stdout("letter by letter\n");
    program.close_stdin();
    program.finish().exits(0).is_silent();
}

#[test]
fn the_end_of_a_tls_session_is_noticed_though_the_socket_stays_silent() {
    let authority = Authority::new();
    let server = serve_tls(authority.issue().config(), |mut connection| {
        connection.accept();
        answer_each(&mut connection);
        connection.end_tls_behind(Frame::text("last").bytes());
        connection.rest();
    });
    let program = Wscope::new().arg("--cacert").arg(authority.file());
    let mut program = program.arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    program.finish().exits(1).prints(lines() + "last\n");
}

#[test]
fn what_the_server_says_unasked_is_printed_at_once() {
    let (tell, said) = mpsc::channel();
    let server = after_a_conversation(move |mut connection| {
        for number in 0..TURNS {
            connection.send_frame(&Frame::text(format!("push {number}")));
            connection.send_frame(&Frame::ping("heard?"));
            assert_eq!(connection.frame().opcode, opcode::PONG);
        }
        tell.send(()).unwrap();
        connection.answer_close()
    });
    let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    said.recv_timeout(PATIENCE).unwrap();
    program.wait_stdout(&format!("push {}\n", TURNS - 1));
    program.close_stdin();
    program.finish().exits(0);
}

#[test]
fn what_inflates_to_much_is_printed_whole() {
    const LENGTH: usize = MIB / 2;
    let server = serve(|mut connection| {
        connection.accept_with("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n");
        for turn in 0..TURNS {
            connection.frame();
            connection.send_frame(&Frame::text(format!("turn {turn}")));
        }
        let mut compressed = Vec::with_capacity(LENGTH);
        let mut compress = flate2::Compress::new(Compression::best(), false);
        compress.compress_vec(&vec![b'x'; LENGTH], &mut compressed, FlushCompress::Sync).unwrap();
        compressed.truncate(compressed.len() - 4);
        assert!(compressed.len() < 1000, "it comes in one small read");
        connection.send_frame(&Frame::text(compressed).rsv(4));
        connection.answer_close()
    });
    let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    program.wait_stdout(&("x".repeat(LENGTH) + "\n"));
    program.close_stdin();
    program.finish().exits(0);
}

#[test]
fn a_stdout_that_is_not_read_does_not_hold_stdin_back() {
    // A pipe takes 64 KiB on Linux, 16 pages of four such lines each.
    const ONE_TOO_MANY: usize = 65;
    let long_line = "x".repeat(999);
    let push = [Frame::text(&long_line).bytes(), Frame::ping("heard?").bytes()].concat();
    let (tell, told) = mpsc::channel();
    let server = serve(move |mut connection| {
        connection.accept();
        for _ in 0..ONE_TOO_MANY {
            connection.send(&push);
            assert_eq!(connection.frame().opcode, opcode::PONG);
        }
        tell.send("full".to_owned()).unwrap();
        tell.send(connection.frame().as_text().to_owned()).unwrap();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let mut program = Wscope::new().arg(server.url()).stdin_held().stdout_unread().spawn();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "full");
    program.write("are you stuck?\n");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "are you stuck?");
    program.read_stdout();
    program.finish().exits(0).prints((long_line + "\n").repeat(ONE_TOO_MANY));
}

/// The next frame that is not a ping; pings are answered.
#[track_caller]
fn next_but_pings(connection: &mut Connection) -> Frame {
    loop {
        let frame = connection.frame();
        if frame.opcode != opcode::PING {
            return frame;
        }
        connection.send_frame(&Frame::pong(&frame.payload));
    }
}

#[test]
fn a_pong_is_heard_while_what_was_sent_waits_to_be_shown() {
    /// Longer than the time that a pong may take.
    const STALLED: Duration = Duration::from_secs(3);
    let (tell, heard) = mpsc::channel();
    let server = serve(move |mut connection| {
        connection.accept();
        for _ in 0..TURNS {
            connection.send_frame(&Frame::text("push"));
            connection.send_frame(&Frame::ping("heard?"));
            assert_eq!(next_but_pings(&mut connection).opcode, opcode::PONG);
        }
        loop {
            tell.send(()).unwrap();
            if next_but_pings(&mut connection).opcode == opcode::CLOSE {
                break connection.send_frame(&Frame::close(1000, ""));
            }
        }
    });
    let limits = ["--ping-interval", "0.5", "--ping-timeout", "2", "-w", "0"];
    let program = Wscope::new().args(["--output", "json"]).args(limits).arg(server.url());
    let mut program = program.stdin_held().stdout_unread().spawn();
    heard.recv_timeout(PATIENCE).unwrap();
    let line = "x".repeat(999) + "\n";
    program.write(&line);
    while heard.recv_timeout(STALLED).is_ok() {
        program.write(&line);
    }
    program.read_stdout();
    program.close_stdin();
    program.finish().exits(0).never_says("not sent");
    server.outcome();
}

#[test]
fn a_large_message_that_comes_in_pieces_is_not_held_twice() {
    const LARGE: usize = 10 * MIB;
    let server = after_a_conversation(|mut connection| {
        // Each byte becomes six of JSON.
        connection.send_frame(&Frame::text(vec![1; LARGE]).more());
        for _ in 0..TURNS {
            connection.send_frame(&Frame::continuation("x").more());
            connection.send_frame(&Frame::ping("heard?"));
            assert_eq!(connection.frame().opcode, opcode::PONG);
        }
        connection.send_frame(&Frame::continuation(""));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let mut program = Wscope::new().args(["--output", "json"]).arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    let output = program.finish();
    output.exits(0).stays_below(3 * LARGE);
    assert!(output.stdout.len() > 6 * LARGE);
}

#[test]
fn a_server_that_does_not_read_is_listened_to() {
    const LINES: usize = 32 * 1024;
    let (pouring, printed) = (Event::new(), Event::new());
    let (speak, read) = (pouring.clone(), printed.clone());
    let server = after_a_conversation(move |mut connection| {
        speak.wait();
        connection.send_frame(&Frame::text("news"));
        read.wait();
        bulk::sink(&mut connection)
    });
    let mut program = Wscope::new().args(["-w", "0"]).arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    let mut stdin = program.take_stdin();
    let poured = thread::spawn(move || {
        for _ in 0..LINES / 2 {
            // Too small to be given away before it is sent.
            stdin.write_all(&[b"y".repeat(999), b"y".repeat(999)].join(&b'\n')).unwrap();
            stdin.write_all(b"\n").unwrap();
        }
    });
    pouring.happens();
    program.wait_stdout("news\n");
    printed.happens();
    poured.join().unwrap();
    program.finish().exits(0).prints(lines() + "news\n");
    assert_eq!(server.outcome(), (LINES as u64, LINES as u64 * 999));
}

#[test]
fn a_flood_is_printed_in_order() {
    const COUNT: usize = 200_000;
    let server = after_a_conversation(|mut connection| bulk::flood(&mut connection, COUNT));
    let mut program = Wscope::new().arg(server.url()).stdin_held().spawn();
    converse(&mut program);
    let printed = [lines().into_bytes(), bulk::numbered_lines(COUNT)].concat();
    program.finish().exits(0).prints(printed);
}

#[test]
fn it_ends_as_the_server_ends_it() {
    let endings: [(fn(Connection), i32); 4] = [
        (
            |mut connection| {
                connection.send_frame(&Frame::close(1000, "done"));
                connection.close_frame();
            },
            0,
        ),
        (|_| (), 1),
        (Connection::reset, 1),
        (|mut connection| connection.send_frame(&Frame::text("masked").masked([1, 2, 3, 4])), 6),
    ];
    for (end, status) in endings {
        let server = after_a_conversation(end);
        let mut program = Wscope::new().arg(server.url()).stdin_held().spawn();
        converse(&mut program);
        program.finish().exits(status).prints(lines());
    }
}
