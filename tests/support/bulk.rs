//! Servers for many messages: they move what one read brought with one write, and block on their own writes.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use super::frame::{Frame, Header, opcode};
use super::{Connection, Event, PATIENCE};

/// Sends back everything, the Close last of all; a ping goes before each batch where `pings` says so. Returns how many
/// data frames there were.
#[track_caller]
pub fn echo(connection: &mut Connection, pings: Pings) -> u64 {
    let (mut frames, mut closed) = (0, false);
    let mut output = Vec::new();
    while !closed {
        output.clear();
        if pings == Pings::Mixed {
            output.extend(Frame::ping("still there?").bytes());
        }
        let more = connection.visit_frames(|header, payload| match header.opcode {
            opcode::PONG => {}
            opcode::PING => push_frame(&mut output, Header { opcode: opcode::PONG, ..header }, payload),
            _ => {
                closed |= header.opcode == opcode::CLOSE;
                frames += u64::from(header.opcode != opcode::CLOSE);
                push_frame(&mut output, header, payload);
            }
        });
        connection.send(&output);
        assert!(more, "the stream ended without a Close after {frames} frames");
    }
    frames
}

/// Whether a server sends pings of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pings {
    None,
    Mixed,
}

/// Swallows everything up to the Close, and answers that. Returns the data frames and their payload bytes.
#[track_caller]
pub fn sink(connection: &mut Connection) -> (u64, u64) {
    let (mut frames, mut bytes, mut close) = (0, 0, None);
    while close.is_none() {
        let more = connection.visit_frames(|header, payload| match header.opcode {
            opcode::CLOSE => close = Some(Frame::new(opcode::CLOSE, payload)),
            opcode::PING | opcode::PONG => {}
            _ => {
                frames += 1;
                bytes += payload.len() as u64;
            }
        });
        assert!(more, "the stream ended without a Close after {frames} frames");
    }
    connection.send_frame(&close.expect("the loop ended with one"));
    (frames, bytes)
}

/// Sends numbered text messages, `0000000` first, as fast as they are taken, and closes (1000).
#[track_caller]
pub fn flood(connection: &mut Connection, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.chunks(4096) {
        let frames: Vec<u8> = batch.iter().flat_map(|number| Frame::text(format!("{number:07}")).bytes()).collect();
        connection.send(frames);
    }
    connection.send_frame(&Frame::close(1000, ""));
    connection.close_frame();
}

/// Far longer than a program that reads leaves the socket alone.
const STALLED: Duration = Duration::from_secs(1);

/// Sends the same message again and again until the program takes no more, says that all is `full`, and sends the rest of
/// the last message. Returns how many it sent.
#[track_caller]
pub fn send_until_full(connection: &mut Connection, message: &Frame, full: &Event) -> u64 {
    let bytes = message.bytes();
    let taken = write_until_stalled(connection, &bytes);
    full.happens();
    let sent = usize::try_from(taken % bytes.len() as u64).expect("less than the length");
    if sent > 0 {
        connection.send(&bytes[sent..]);
    }
    taken.div_ceil(bytes.len() as u64)
}

/// Sends the same bytes again and again until the program takes no more for a while. Returns how many bytes it took;
/// the last write may have been cut anywhere.
#[track_caller]
pub fn write_until_stalled(connection: &mut Connection, bytes: &[u8]) -> u64 {
    let mut socket = connection.socket();
    socket.set_write_timeout(Some(STALLED)).expect("a connected socket");
    let mut taken = 0;
    loop {
        match socket.write(&bytes[usize::try_from(taken % bytes.len() as u64).expect("less than the length")..]) {
            Ok(count) => taken += count as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("the program hung up: {error}"),
        }
    }
    socket.set_write_timeout(Some(PATIENCE)).expect("a connected socket");
    taken
}

/// The lines that [`flood`] makes the program print.
pub fn numbered_lines(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| format!("{number:07}\n").into_bytes()).collect()
}

/// An unmasked frame.
fn push_frame(output: &mut Vec<u8>, header: Header, payload: &[u8]) {
    output.push(u8::from(header.fin) << 7 | header.rsv << 4 | header.opcode);
    match payload.len() {
        short @ 0..=125 => output.push(u8::try_from(short).expect("at most 125")),
        medium @ 126..=0xFFFF => {
            output.push(126);
            output.extend(u16::try_from(medium).expect("at most 0xFFFF").to_be_bytes());
        }
        long => {
            output.push(127);
            output.extend((long as u64).to_be_bytes());
        }
    }
    output.extend_from_slice(payload);
}
