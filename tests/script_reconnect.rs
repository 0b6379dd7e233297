//! `--script` with `--reconnect`: a script goes on with the session that follows a lost connection.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::program::Output;
use crate::support::server::unused_port;
use crate::support::{Connection, Frame, Server, Wscope, serve};

/// A server that accepts each connection, resets the first after `before_reset`, and does `then` with the second.
fn lost_once(
    before_reset: impl Fn(&mut Connection) + Send + Sync + 'static,
    then: impl Fn(&mut Connection) + Send + Sync + 'static,
) -> Server<()> {
    let connections = AtomicUsize::new(0);
    serve(move |mut connection| {
        connection.accept();
        if connections.fetch_add(1, Ordering::Relaxed) == 0 {
            before_reset(&mut connection);
            connection.reset();
        } else {
            then(&mut connection);
            connection.answer_close();
        }
    })
}

#[track_caller]
fn run(flag: &str, script: &str, url: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("test.ws");
    fs::write(&file, script).expect("a file can be written");
    Wscope::new().arg("--script").arg(file).arg(flag).arg(url).run()
}

#[test]
fn an_expectation_goes_on_with_the_next_session() {
    let server = lost_once(
        |connection| assert_eq!(connection.frame().as_text(), "hello"),
        |connection| connection.send_frame(&Frame::text("welcome back")),
    );
    let output = run("--reconnect", "hello\n/expect welcome\n/quit", &server.url());
    output.exits(0).prints("welcome back\n").says("reconnecting in ");
    server.outcome();
    server.outcome();
}

#[test]
fn what_is_sent_when_the_connection_is_lost_goes_to_the_next_session() {
    let server = lost_once(|_| (), |connection| assert_eq!(connection.frame().as_text(), "hello"));
    let output = run("--reconnect", "/wait 30\nhello\n/quit", &server.url());
    output.exits(0).says("reconnecting in ");
    server.outcome();
    server.outcome();
}

#[test]
fn a_session_that_the_server_has_closed_in_order_is_not_followed() {
    let server = serve(|mut connection| {
        connection.accept();
        connection.send_frame(&Frame::close(1000, ""));
        connection.close_frame();
    });
    let output = run("--reconnect", "/expect welcome", &server.url());
    output.exits(8).says("test.ws:1: no message matched `welcome` before the server closed with 1000");
    server.outcome();
}

#[test]
fn the_first_connection_is_tried_again_too() {
    let url = format!("ws://127.0.0.1:{}", unused_port());
    run("--reconnect=1", "hello", &url).exits(3).says("reconnecting in ").says("cannot connect to ");
}
