//! What users of other tools complain about: the end of the input, and scripts. Each scenario bears the name of the
//! complaint (tool and issue), and does what the user who complained wanted to do.

use std::io::{Seek, Write};
use std::thread;
use std::time::Duration;

use tungstenite::Message;

use crate::listen::{listen, stop};
use crate::support::{Connection, Frame, Wscope, serve, websocket};

/// How long wscope stays by itself after the input has ended.
const QUIET: Duration = Duration::from_secs(2);

/// `echo hi | wscat -c URL` sends nothing: the line comes before the connection is open.
#[test]
fn wscat_4_piped_line_before_open() {
    let server = serve(|mut connection| {
        let request = connection.request();
        // The line has long been in the pipe.
        thread::sleep(Duration::from_millis(300));
        connection.send(request.acceptance(""));
        let line = connection.frame();
        connection.send_frame(&Frame::text("reply"));
        connection.answer_close();
        line
    });
    Wscope::new().arg(server.url()).stdin("hi\n").run().exits(0).prints("reply\n").is_silent();
    assert_eq!(server.outcome().as_text(), "hi");
}

/// "WebSocket was closed before the connection was established", in Docker and with FIFOs: stdin ends before that.
#[test]
fn wscat_126_stdin_that_ends_before_open() {
    let server = serve(|mut connection| {
        let request = connection.request();
        thread::sleep(Duration::from_millis(300));
        connection.send(request.acceptance(""));
        connection.send_frame(&Frame::text("welcome"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame().0
    });
    Wscope::new().arg(server.url()).stdin("").run().exits(0).prints("welcome\n").says("stdin is empty");
    assert_eq!(server.outcome(), Some(1000));
}

/// `wscat -x` prints nothing when cron starts it: a closed stdin ends it.
#[test]
fn wscat_141_execute_from_cron() {
    let server = websocket::echo();
    Wscope::new().args(["-x", "hi", &server.url()]).stdin_closed().run().exits(0).prints("hi\n").is_silent();
    let server = websocket::echo();
    Wscope::new().args(["-x", "hi", &server.url()]).run().exits(0).prints("hi\n").is_silent();
}

/// There was no way to stay after `-x`.
#[test]
fn wscat_80_wait_for_ever_after_execute() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.frame();
        connection.send_frame(&Frame::text("at once"));
        thread::sleep(QUIET + Duration::from_millis(400));
        connection.send_frame(&Frame::text("later"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = Wscope::new().args(["-x", "hi", "-w", "-1", &server.url()]).run();
    output.exits(0).prints("at once\nlater\n");
}

/// More than one `-x`.
#[test]
fn wscat_161_several_executes() {
    let server = websocket::echo();
    Wscope::new().args(["-x", "one", "-x", "two", "-w", "0", &server.url()]).run().exits(0).prints("one\ntwo\n");
    assert_eq!(server.outcome().texts(), ["one", "two"]);
}

/// `-x`, and then go on with what is typed or piped.
#[test]
fn wscat_114_execute_and_stay_interactive() {
    let server = websocket::echo();
    let flags = ["-x", "log in", "-i", "-w", "0"];
    Wscope::new().args(flags).arg(server.url()).stdin("piped\n").run().exits(0).prints("log in\npiped\n");
    let server = websocket::echo();
    let mut terminal = Wscope::new().args(["-x", "log in", "-i", &server.url()]).terminal(24, 80);
    terminal.wait("< log in");
    terminal.enter("typed");
    terminal.wait("< typed");
    terminal.enter("/quit");
    terminal.exits(0);
}

/// `printf 'a\nb\n' | websocat URL` loses the replies, with `-n` it hangs, with `-E` it loses them too.
#[test]
fn websocat_245_replies_to_piped_commands() {
    let server = serve(|mut connection| {
        connection.accept();
        for _ in 0..2 {
            let command = connection.frame().unmasked();
            thread::sleep(Duration::from_millis(700));
            connection.send_frame(&command);
        }
        connection.answer_close()
    });
    Wscope::new().arg(server.url()).stdin("a\nb\n").run().exits(0).prints("a\nb\n").is_silent();
    assert_eq!(server.outcome(), Some(1000));
}

/// It stays when the server closes, as long as stdin is open.
#[test]
fn websocat_63_exits_when_the_server_closes() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::text("bye"));
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame()
    });
    let program = Wscope::new().arg(server.url()).stdin_held().spawn();
    server.outcome();
    program.finish().exits(0).prints("bye\n").is_silent();
}

/// It doesn't answer a Close unless one knows the flag for it.
#[test]
fn websocat_269_answers_close() {
    for (code, status) in [(1000, 0), (1001, 0), (4000, 1)] {
        let server = serve(move |mut connection| {
            connection.accept();
            connection.send_frame(&Frame::close(code, "that is it"));
            let answer = connection.close_frame();
            drop(connection);
            answer
        });
        let program = Wscope::new().arg(server.url()).stdin_held().spawn();
        assert_eq!(server.outcome().0, Some(code));
        program.finish().exits(status);
    }
}

/// How to send one request, or two messages, and print the replies.
#[test]
fn websocat_42_request_and_reply() {
    let server = websocket::echo();
    Wscope::new().args(["-1", "-x", "request", &server.url()]).run().exits(0).prints("request\n");
    let server = websocket::echo();
    let output = Wscope::new().args(["--count", "2", &server.url()]).stdin("one\ntwo\n").run();
    output.exits(0).prints("one\ntwo\n").is_silent();
}

/// Redirected stdin: it exits before anything has been sent.
#[test]
fn hashrocket_ws_1_redirected_stdin() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"one\ntwo").unwrap();
    file.rewind().unwrap();
    let server = websocket::echo();
    Wscope::new().arg(server.url()).stdin_file(file).run().exits(0).prints("one\ntwo\n").is_silent();
}

/// wsdump exits at the end of piped input, or needs to be told how long to wait for every reply.
#[test]
fn websocket_client_183_waits_for_replies_after_the_end_of_the_input() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.frame();
        for reply in ["one", "two", "three"] {
            thread::sleep(Duration::from_millis(500));
            connection.send_frame(&Frame::text(reply));
        }
        connection.answer_close()
    });
    Wscope::new().arg(server.url()).stdin("go\n").run().exits(0).prints("one\ntwo\nthree\n");
    let server = websocket::push([Message::text("first")]);
    let output = Wscope::new().args(["-w", "1", &server.url()]).stdin("go\n").run();
    output.exits(0).prints("first\n").takes_at_least(Duration::from_secs(1));
}

/// As a daemon, or from cron, stdin is closed or `/dev/null`: elsewhere that ends it.
#[test]
fn websocat_134_daemon_without_stdin() {
    let server = || {
        serve(|mut connection| {
            connection.accept();
            thread::sleep(QUIET + Duration::from_millis(400));
            connection.send_frame(&Frame::text("news"));
            connection.send_frame(&Frame::close(1001, "restart"));
            connection.close_frame()
        })
    };
    let (closed, null) = (server(), server());
    let program = Wscope::new().args(["-N", &closed.url()]).stdin_closed().spawn();
    Wscope::new().args(["-N", &null.url()]).run().exits(0).prints("news\n").says("code: 1001");
    program.finish().exits(0).prints("news\n").says("code: 1001");
}

/// The same for the server.
#[test]
fn websocat_212_server_without_stdin() {
    let server = || Wscope::new().args(["listen", "0", "--echo"]);
    for server in [server(), server().stdin_closed()] {
        let (program, address) = listen(server);
        let (mut client, _) = Connection::open(address);
        client.send_frame(&Frame::text("still there?"));
        assert_eq!(client.frame().as_text(), "still there?");
        stop(program);
    }
}
