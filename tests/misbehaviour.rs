//! Peers that break every rule: each breach ends in time, with the right status and close code and a message that names
//! the RFC section; what came before it is printed, and memory stays small.

use std::sync::Arc;
use std::time::Duration;

use flate2::{Compression, FlushCompress, FlushDecompress};

use crate::support::bulk;
use crate::support::frame::opcode;
use crate::support::program::Output;
use crate::support::{AN_HOUR, Connection, Event, Frame, MIB, Server, Wscope, serve};

mod clients;
mod close;
mod deflate;
mod floods;
mod frames;
mod lenient;
mod silence;
mod text;

/// What no breach may cost.
const MOST_MEMORY: usize = 32 * MIB;

/// Says `before`, then these bytes, and nothing more. Returns what the program's Close says; the connection stays open
/// until the program ends it.
fn say(bytes: impl Into<Vec<u8>>) -> Server<Option<u16>> {
    say_with("", bytes)
}

/// The same with more header lines in the 101.
fn say_with(headers: &'static str, bytes: impl Into<Vec<u8>>) -> Server<Option<u16>> {
    let bytes = bytes.into();
    serve(move |mut connection| {
        connection.accept_with(headers);
        connection.send_frame(&Frame::text("before"));
        connection.send(&bytes);
        connection.close_frame().0
    })
}

/// Runs against it and checks all that every breach has in common.
#[track_caller]
fn blamed(server: &Server<Option<u16>>, section: &str, close_code: u16) -> Output {
    let output = Wscope::new().without_waiting().arg("-N").arg(server.url()).run();
    output.exits(6).prints("before\n").says(section).says("by the server").stays_below(MOST_MEMORY);
    assert_eq!(server.outcome(), Some(close_code), "{output:?}");
    output
}

/// A breach of RFC 6455 that is answered with 1002.
#[track_caller]
fn breaks(frame: &Frame, section: &str) -> Output {
    blamed(&say(frame.bytes()), &format!("RFC 6455 section {section}"), 1002)
}
