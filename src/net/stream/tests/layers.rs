//! What the layers of a stack say to those of the other side.

use std::io::{self, Read, Write};
use std::sync::Arc;

use super::{streams, tcp};
use crate::net::TlsFailure;
use crate::net::stream::{Stream, StreamReader, StreamWriter, TlsLayer};

/// Reads `count` bytes or more, or to the end, through a stream that is not shared.
pub fn read_exclusively(stream: &mut Stream, count: usize) -> io::Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 50_000]);
    while bytes.len() < count {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

fn write_exclusively(stream: &mut Stream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    stream.flush().unwrap();
}

/// Does something with each layer, the innermost first.
fn each_layer(stream: &mut Stream, mut action: impl FnMut(&mut TlsLayer)) {
    let mut next = stream.tls().map(|(layer, _)| layer);
    while let Some(layer) = next {
        action(layer);
        next = layer.below.as_deref_mut();
    }
}

fn ends(stream: Stream) -> (StreamReader, StreamWriter) {
    let stream = Arc::new(stream);
    (StreamReader::new(Arc::clone(&stream)), StreamWriter::new(stream))
}

#[test]
fn new_keys_are_answered_with_new_keys_in_every_layer() {
    for layers in [1, 2] {
        let (near, mut far) = streams(layers, tcp());
        let (mut reader, mut writer) = ends(near);
        for round in 0..3 {
            each_layer(&mut far, |layer| layer.session.refresh_traffic_keys().unwrap());
            write_exclusively(&mut far, b"new keys");
            let mut buffer = [0; 100];
            assert_eq!(reader.read(&mut buffer).unwrap(), 8);
            // With the new keys a session decrypts nothing unless the old ones have announced them.
            assert_eq!(writer.write(b"mine too").unwrap(), 8);
            assert_eq!(read_exclusively(&mut far, 8).unwrap(), b"mine too", "{layers} layers, round {round}");
        }
    }
}

#[test]
fn every_layer_ends_in_order() {
    for layers in [1, 2] {
        let (near, mut far) = streams(layers, tcp());
        let (_reader, mut writer) = ends(near);
        writer.write(b"the end").unwrap();
        writer.close_notify();
        assert_eq!(read_exclusively(&mut far, usize::MAX).unwrap(), b"the end");
        // An end without `close_notify` would be `UnexpectedEof`, and a missing one would block.
        let mut ended = 0;
        let (layer, mut socket) = far.tls().unwrap();
        let mut next = Some(layer);
        while let Some(layer) = next {
            assert_eq!(layer.decrypt(&mut [0; 10], &mut socket).unwrap(), 0);
            ended += 1;
            next = layer.below.as_deref_mut();
        }
        assert_eq!(ended, layers);
    }
}

#[test]
fn an_end_of_the_outer_layer_alone_is_an_end() {
    let (near, mut far) = streams(2, tcp());
    let (mut reader, _writer) = ends(near);
    write_exclusively(&mut far, b"the end");
    let (layer, mut socket) = far.tls().unwrap();
    layer.below.as_mut().unwrap().close_notify(&mut socket).unwrap();
    let mut buffer = [0; 100];
    assert_eq!(reader.read(&mut buffer).unwrap(), 7);
    assert_eq!(reader.read(&mut buffer).unwrap(), 0);
}

/// A record that is no TLS, in each layer.
#[test]
fn what_came_before_broken_tls_is_read_and_then_the_failure() {
    for (layers, broken) in [(1, 0), (2, 0), (2, 1)] {
        let (near, mut far) = streams(layers, tcp());
        let (mut reader, mut writer) = ends(near);
        write_exclusively(&mut far, b"good");
        let forged = [0x17, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
        let (layer, mut socket) = far.tls().unwrap();
        match (&mut layer.below, broken) {
            (Some(below), 1) => {
                below.encrypt(&forged).unwrap();
                below.flush_into(&mut socket).unwrap();
            }
            _ => socket.write_all(&forged).unwrap(),
        }
        let mut buffer = [0; 100];
        assert_eq!(reader.read(&mut buffer).unwrap(), 4);
        for _ in 0..2 {
            let error = reader.read(&mut buffer).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(matches!(TlsFailure::of(&error), Some(TlsFailure::Other(rustls::Error::DecryptError))), "{error}");
        }
        // The alert of the layer that failed goes out.
        let _ = writer.flush();
        let error = loop {
            match far.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => break result.unwrap_err(),
            }
        };
        assert!(matches!(TlsFailure::of(&error), Some(TlsFailure::Alert(_))), "{layers} layers: {error}");
    }
}
