//! `--script` with `--reconnect`: a script goes on with the session that follows a lost connection.

use std::fs;

use crate::support::peer::{accepts, in_turn};
use crate::support::program::Output;
use crate::support::server::unused_port;
use crate::support::{Frame, Wscope};

#[track_caller]
fn run(flag: &str, script: &str, url: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("test.ws");
    fs::write(&file, script).expect("a file can be written");
    Wscope::new().arg("--script").arg(file).arg(flag).arg(url).run()
}

#[test]
fn an_expectation_goes_on_with_the_next_session() {
    let server = in_turn([accepts().takes(1).then_resets(), accepts().sends(Frame::text("welcome back")).takes_all()]);
    let output = run("--reconnect", "hello\n/expect welcome\n/quit", &server.url());
    output.exits(0).prints("welcome back\n").says("reconnecting in ");
    assert_eq!([server.outcome(), server.outcome()], [vec!["hello".to_owned()], vec![]]);
}

#[test]
fn what_is_sent_when_the_connection_is_lost_goes_to_the_next_session() {
    let server = in_turn([accepts().then_resets(), accepts().takes_all()]);
    let output = run("--reconnect", "/wait 30\nhello\n/quit", &server.url());
    output.exits(0).says("reconnecting in ");
    assert_eq!([server.outcome(), server.outcome()], [vec![], vec!["hello".to_owned()]]);
}

#[test]
fn a_session_that_the_server_has_closed_in_order_is_not_followed() {
    let server = in_turn([accepts().then_closes_with(1000)]);
    let output = run("--reconnect", "/expect welcome", &server.url());
    output.exits(8).says("test.ws:1: no message matched `welcome` before the server closed with 1000");
    server.outcome();
}

#[test]
fn the_first_connection_is_tried_again_too() {
    let url = format!("ws://127.0.0.1:{}", unused_port());
    run("--reconnect=1", "hello", &url).exits(3).says("reconnecting in ").says("cannot connect to ");
}
