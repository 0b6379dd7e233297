//! What `wscope listen` bounds over all of its clients.

use std::net::SocketAddr;

use flate2::{Compression, FlushCompress};

use crate::listen::{listen, stop};
use crate::support::connection::UPGRADE_REQUEST;
use crate::support::frame::opcode;
use crate::support::{Connection, Frame, MIB, Wscope};

const MASK: [u8; 4] = [1, 2, 3, 4];

/// Bytes of DEFLATE that inflate to so many MiB of zeros.
pub fn deflated(mebibytes: usize) -> Vec<u8> {
    let mut block = Vec::with_capacity(64 * 1024);
    let mut compress = flate2::Compress::new(Compression::best(), false);
    compress.compress_vec(&vec![0; MIB], &mut block, FlushCompress::Full).unwrap();
    block.repeat(mebibytes)
}

/// A client with whom compression is agreed on.
pub fn open_with_deflate(address: SocketAddr) -> Connection {
    let mut client = Connection::connect(address);
    client.send(UPGRADE_REQUEST.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
    let head = client.head();
    assert!(head.contains("permessage-deflate"), "{head}");
    client
}

#[test]
fn messages_that_never_end_have_a_bound_over_all_clients() {
    let (program, address) = listen(Wscope::new().args(["listen", "0"]));
    let start = Frame::binary(deflated(60)).rsv(4).more().masked(MASK).bytes();
    assert!(start.len() < 65 * 1024, "{}", start.len());
    let mut clients: Vec<_> = (0..24).map(|_| open_with_deflate(address)).collect();
    let mut closed = 0;
    for client in &mut clients {
        client.send(&start);
        client.send(Frame::ping("").masked(MASK).bytes());
        match client.frame() {
            frame if frame.opcode == opcode::PONG => {}
            frame => {
                assert_eq!(frame.as_close().0, Some(1013));
                closed += 1;
            }
        }
    }
    let said = program.stderr();
    let told = said.matches("left for this one").count();
    // A client may have its pong first, and be closed then.
    assert!((19..24).contains(&told) && closed <= told, "{closed} were closed, {told} told of\n{said}");
    drop(clients);
    let (mut polite, _) = Connection::open(address);
    polite.send_frame(&Frame::text("still there?"));
    program.wait_stdout("still there?");
    stop(program).never_says("panicked").stays_below(400 * MIB);
}

#[test]
fn echoes_that_are_not_taken_have_a_bound_over_all_clients() {
    let arguments = ["listen", "0", "--echo", "--no-deflate", "--max-buffered", "32M", "--output", "none"];
    let (program, address) = listen(Wscope::new().args(arguments));
    let message = Frame::binary(vec![0; 16 * MIB]).masked(MASK).bytes();
    // What a client sends, it never reads.
    let clients: Vec<_> = (0..12)
        .map(|_| {
            let (mut client, _) = Connection::open(address);
            // It may be closed meanwhile.
            let _ = client.try_send(&message);
            client
        })
        .collect();
    program.wait_stderr("1013");
    drop(clients);
    stop(program).never_says("panicked").stays_below(160 * MIB);
}

#[test]
fn a_client_too_many_is_closed_and_told_why_once() {
    let (program, address) = listen(Wscope::new().args(["listen", "0", "--echo", "--max-clients", "2"]));
    let mut served = [Connection::open(address).0, Connection::open(address).0];
    for client in &mut served {
        client.send_frame(&Frame::text("here"));
        assert_eq!(client.frame(), Frame::text("here"));
    }
    for _ in 0..3 {
        let (mut client, _) = Connection::open(address);
        assert_eq!(client.close_frame(), (Some(1013), "too many clients".to_owned()));
    }
    let [mut first, mut second] = served;
    first.send_frame(&Frame::close(1000, ""));
    assert_eq!(first.close_frame().0, Some(1000));
    let (mut next, _) = Connection::open(address);
    for client in [&mut second, &mut next] {
        client.send_frame(&Frame::text("still here"));
        assert_eq!(client.frame(), Frame::text("still here"));
    }
    let output = stop(program);
    assert_eq!(output.stderr.matches("--max-clients").count(), 1, "{}", output.stderr);
}
