//! The reading end of a stream.

use std::io::{self, Read};
use std::sync::Arc;

use super::{Socket, Stream};

/// Several TLS records of 16 KiB fit in one read.
const CIPHERTEXT_BUFFER: usize = 128 * 1024;

/// The reading end.
#[derive(Debug)]
pub struct StreamReader {
    stream: Arc<Stream>,
    received: Ciphertext,
}

impl StreamReader {
    /// There must be only one for each stream.
    pub fn new(stream: Arc<Stream>) -> Self {
        let bytes = if stream.is_tls() { vec![0; CIPHERTEXT_BUFFER] } else { Vec::new() };
        Self { stream, received: Ciphertext { bytes, start: 0, end: 0 } }
    }

    /// Reads what there is, blocking until there is something; 0 at the end of the stream. An end without TLS
    /// `close_notify` is an end like any other: the Close frame tells whether the session was over.
    ///
    /// # Errors
    /// Those of the socket; `InvalidData` (a [`rustls::Error`]) when TLS breaks.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(result) = self.read_once(into) {
                return result;
            }
        }
    }

    /// Like [`read`](Self::read), with one read of the socket at most. `None`: that brought nothing to read (a part of a TLS
    /// record, or a record that is not data).
    pub fn read_once(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        if !self.stream.is_tls() {
            return unless_interrupted((&self.stream.socket).read(into));
        }
        if let Some(result) = self.decrypted(into) {
            return Some(result);
        }
        match unless_interrupted(self.received.fill(&self.stream.socket))? {
            Ok(count) if count > 0 => self.decrypted(into),
            result => Some(result),
        }
    }

    /// What has been read from the socket and not handed out yet, or the end of the TLS session. `None` where that is
    /// no whole record.
    fn decrypted(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        let mut layer = self.stream.lock()?;
        match layer.decrypt(into, &mut self.received) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(Ok(0)),
            result => Some(result),
        }
    }
}

fn unless_interrupted(result: io::Result<usize>) -> Option<io::Result<usize>> {
    let interrupted = result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted);
    (!interrupted).then_some(result)
}

/// What one read of the socket brought.
#[derive(Debug)]
struct Ciphertext {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Ciphertext {
    /// Replaces what is here, which has been taken out, by what one read of the socket brings.
    fn fill(&mut self, mut socket: &Socket) -> io::Result<usize> {
        let count = socket.read(&mut self.bytes)?;
        (self.start, self.end) = (0, count);
        Ok(count)
    }
}

impl Read for Ciphertext {
    /// Takes out. That nothing is left is no end of the stream.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = (&self.bytes[self.start..self.end]).read(into)?;
        self.start += count;
        Ok(count)
    }
}
