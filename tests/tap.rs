//! `wscope tap`, between clients and servers of the tests' own.

mod pages;
mod prompt;
mod proxy;
mod record;
mod rules;
mod tls;
mod wire;

use std::net::SocketAddr;

use crate::listen::{listening_at, stop};
use crate::support::program::Running;
use crate::support::{Connection, Frame, Wscope, serve};

/// Starts it between a free port and `url`, with these flags, and waits until it listens. Returns where.
#[track_caller]
pub fn tap(flags: &[&str], url: &str) -> (Running, SocketAddr) {
    let program = Wscope::new().args(["tap", "0"]).arg(url).args(flags.to_vec()).spawn();
    let address = listening_at(&program, " at ws://");
    (program, address)
}

#[test]
fn what_passes_is_shown_in_both_directions_and_not_changed() {
    let server = serve(|mut connection| {
        let request = connection.accept();
        connection.echo_until_close();
        request.0
    });
    let (program, address) = tap(&[], &format!("{}/elsewhere", server.url()));
    let (mut client, response) = Connection::open(address);
    assert!(response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{response}");
    for message in [Frame::text("hello"), Frame::binary([0, 0xFF]), Frame::text("a\nb\x1b[2J")] {
        client.send_frame(&message);
        assert_eq!(client.frame(), message);
    }
    client.send_frame(&Frame::close(4000, "bye"));
    assert_eq!(client.close_frame().0, Some(4000));
    client.expect_end();
    drop(client);
    program.wait_stderr("[1] Disconnected (code: 4000, reason: \"bye\")");
    let output = stop(program);
    output.prints(
        "[1] > hello\n[1] < hello\n\
         [1] > (binary, 2 bytes)\n  0000: 00 ff                                            ..\n\
         [1] < (binary, 2 bytes)\n  0000: 00 ff                                            ..\n\
         [1] > a\n      b\\x1b[2J\n[1] < a\n      b\\x1b[2J\n",
    );
    output.says(&format!("[1] the server gets `Host: 127.0.0.1:{}` in place of `localhost`", server.port()));
    assert!(server.outcome().contains(&format!("\r\nHost: 127.0.0.1:{}\r\n", server.port())));
}
