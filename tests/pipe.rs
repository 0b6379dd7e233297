//! In a pipe: stdin is data, stdout is data, and nothing else is said unless something is wrong.

use std::fs::File;
use std::io::Seek;
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::Message;

use crate::support::frame::opcode;
use crate::support::{AN_HOUR, Connection, Event, Frame, MIB, Server, Wscope, bulk, serve, websocket};

mod binary;
mod ending;
mod input;
mod limits;
mod looks;
mod reader_gone;

/// How long wscope stays after the input has ended, when no data comes.
const QUIET: Duration = Duration::from_secs(2);

/// Echoes so many messages, then closes with 1000: a session that is over without any clock. Returns what came.
fn answer_and_close(count: usize) -> Server<Vec<Frame>> {
    serve(move |mut connection| {
        connection.accept();
        let received = (0..count).map(|_| echo_one(&mut connection)).collect();
        close_first(&mut connection, 1000);
        received
    })
}

fn echo_one(connection: &mut Connection) -> Frame {
    let frame = connection.frame();
    connection.send_frame(&frame.clone().unmasked());
    frame
}

fn close_first(connection: &mut Connection, code: u16) {
    connection.send_frame(&Frame::close(code, ""));
    assert_eq!(connection.close_frame().0, Some(code));
}

/// A file that holds this, at its beginning.
fn file_with(contents: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, contents.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}
