//! What a cut leaves unsaid, byte by byte.

use std::io::{self, Read};
use std::mem;

use super::*;
use crate::net::stream::tests::{pattern, streams, tcp};

/// A network that has one byte, or none.
struct OneByte(Option<u8>);

impl Read for OneByte {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into[0] = self.0.take().ok_or(io::ErrorKind::WouldBlock)?;
        Ok(1)
    }
}

/// Encrypts `length` bytes and lets the far end have the records byte by byte: at each, what is confirmed is what it
/// has decrypted.
fn cut_everywhere(layers: usize, length: usize) {
    let (near, mut far) = streams(layers, tcp());
    let mut writer = StreamWriter::new(Arc::new(near));
    let plaintext = pattern(length);
    assert_eq!(writer.encrypt(&plaintext).unwrap(), length);
    assert!(writer.ciphertext.len() > length);
    let ciphertext = mem::take(&mut writer.ciphertext);
    let (layer, _) = far.tls().unwrap();
    let (mut received, mut buffer) = (Vec::new(), vec![0; length]);
    for (sent, byte) in ciphertext.into_iter().enumerate() {
        writer.sent = sent;
        assert_eq!(writer.unconfirmed(), length - received.len(), "{layers} layers, {sent} bytes");
        match layer.decrypt(&mut buffer, &mut OneByte(Some(byte))) {
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        writer.sent += 1;
    }
    assert_eq!(writer.unconfirmed(), 0);
    assert!(received == plaintext);
}

#[test]
fn one_record_is_confirmed_with_its_last_byte() {
    for layers in [1, 2] {
        cut_everywhere(layers, 100);
    }
}

#[test]
fn many_records_are_confirmed_one_by_one() {
    for layers in [1, 2] {
        cut_everywhere(layers, 2 * TlsLayer::RECORD + 1000);
    }
}

/// The peer asks for new keys while an upload waits: the answer is no plaintext, and stands before or behind it.
#[test]
fn records_that_are_no_plaintext_are_not_counted() {
    for layers in [1, 2] {
        let (near, _far) = streams(layers, tcp());
        let near = Arc::new(near);
        let mut writer = StreamWriter::new(Arc::clone(&near));
        near.lock().unwrap().session.refresh_traffic_keys().unwrap();
        writer.encrypt(&pattern(100)).unwrap();
        let end = writer.ciphertext.len();
        near.lock().unwrap().session.refresh_traffic_keys().unwrap();
        near.lock().unwrap().flush_into(&mut writer.ciphertext).unwrap();
        assert!(writer.ciphertext.len() > end);
        for (sent, unconfirmed) in [(0, 100), (end - 1, 100), (end, 0), (writer.ciphertext.len(), 0)] {
            writer.sent = sent;
            assert_eq!(writer.unconfirmed(), unconfirmed, "{layers} layers, {sent} bytes");
        }
    }
}

#[test]
fn without_tls_nothing_waits_here() {
    let (near, _far) = streams(0, tcp());
    let mut writer = StreamWriter::new(Arc::new(near));
    assert_eq!(writer.write(b"plain").unwrap(), 5);
    assert_eq!(writer.unconfirmed(), 0);
}
