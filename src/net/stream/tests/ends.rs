//! A stream that one thread reads and another writes.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{LAYERS, pattern, streams, tcp, unix};
use crate::net::stream::{Stream, StreamReader, StreamWriter};

const LENGTH: usize = 3_000_000;

/// Writes all of `bytes`, and ends the stream.
fn write(stream: &Arc<Stream>, bytes: Vec<u8>) -> JoinHandle<()> {
    let stream = Arc::clone(stream);
    thread::spawn(move || {
        let mut writer = StreamWriter::new(Arc::clone(&stream));
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let taken = writer.write(rest).unwrap();
            rest = &rest[taken..];
        }
        writer.flush().unwrap();
        assert_eq!(writer.unconfirmed(), 0);
        writer.close_notify();
        stream.shut_down_writing();
    })
}

/// Reads to the end.
fn read(stream: &Arc<Stream>) -> io::Result<Vec<u8>> {
    let mut reader = StreamReader::new(Arc::clone(stream));
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 100_000]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(bytes),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

#[test]
fn both_directions_pass_at_the_same_time_through_any_stack() {
    for (layers, sockets) in LAYERS.into_iter().flat_map(|layers| [(layers, tcp()), (layers, unix())]) {
        let (near, far) = streams(layers, sockets);
        let (near, far) = (Arc::new(near), Arc::new(far));
        let (up, down) = (pattern(LENGTH), pattern(LENGTH / 2));
        let writers = [write(&near, up.clone()), write(&far, down.clone())];
        let reading = Arc::clone(&far);
        let received = thread::spawn(move || read(&reading).unwrap());
        assert!(read(&near).unwrap() == down, "{layers} layers");
        assert!(received.join().unwrap() == up, "{layers} layers");
        for writer in writers {
            writer.join().unwrap();
        }
    }
}

#[test]
fn a_read_that_is_blocked_returns_when_the_stream_is_shut_down() {
    for layers in LAYERS {
        let (near, _far) = streams(layers, tcp());
        let near = Arc::new(near);
        let reading = Arc::clone(&near);
        let reader = thread::spawn(move || read(&reading));
        thread::sleep(Duration::from_millis(20));
        near.shut_down();
        assert_eq!(reader.join().unwrap().unwrap(), b"");
    }
}

#[test]
fn a_read_ends_at_its_time_limit() {
    for layers in LAYERS {
        let (near, _far) = streams(layers, unix());
        near.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        assert_eq!(read(&Arc::new(near)).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}

/// The far end takes some bytes and then no more; when the write times out, the connection is cut.
#[test]
fn what_the_far_end_has_is_what_was_taken_and_confirmed() {
    for (layers, read_first) in
        LAYERS.into_iter().flat_map(|layers| [0, 1, 20_000, 333_333].map(|count| (layers, count)))
    {
        let (near, mut far) = streams(layers, unix());
        near.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        let near = Arc::new(near);
        let reading = thread::spawn(move || {
            let received = super::layers::read_exclusively(&mut far, read_first).unwrap();
            (far, received)
        });
        let mut writer = StreamWriter::new(Arc::clone(&near));
        let sent = pattern(5_000_000);
        let mut taken = 0;
        let error = loop {
            match writer.write(&sent[taken..]) {
                Ok(count) => taken += count,
                // The far end may only be slow.
                Err(_) if !reading.is_finished() => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        near.shut_down();
        let (mut far, mut received) = reading.join().unwrap();
        received.extend(super::layers::read_exclusively(&mut far, usize::MAX).unwrap());
        assert_eq!(received.len(), taken - writer.unconfirmed(), "{layers} layers, {read_first} read first");
        assert!(received == sent[..received.len()]);
        assert!(layers == 0 || writer.unconfirmed() > 0);
    }
}
