//! The writing end of a stream.

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use super::{Stream, TlsLayer};

/// At most so much plaintext is encrypted before it is written.
const PLAINTEXT_PIECE: usize = 4 * TlsLayer::RECORD;

/// The writing end.
#[derive(Debug)]
pub struct StreamWriter {
    stream: Arc<Stream>,
    /// Encrypted bytes that the socket has not taken yet, behind `sent` bytes that it has; sent before anything else.
    ciphertext: Vec<u8>,
    sent: usize,
    /// The records of plaintext in `ciphertext`.
    records: Vec<Record>,
}

/// A record of the innermost TLS session.
#[derive(Debug)]
struct Record {
    /// How many bytes of the ciphertext the far end needs to decrypt it, through all layers.
    end: usize,
    /// Its bytes of plaintext.
    plaintext: usize,
}

impl StreamWriter {
    /// There must be only one for each stream.
    pub fn new(stream: Arc<Stream>) -> Self {
        Self { stream, ciphertext: Vec::new(), sent: 0, records: Vec::new() }
    }

    /// Writes some of `plaintext` and tells how much the stream has taken over; blocks at most for the write time-out.
    ///
    /// # Errors
    /// `WouldBlock` when the time-out passed and nothing was taken; else those of the socket, and of a TLS session that
    /// has failed.
    pub fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        if !self.stream.is_tls() {
            return self.stream.socket.write_some(plaintext);
        }
        self.flush()?;
        let taken = self.encrypt(plaintext)?;
        // The caller must not encrypt the same bytes again, so they stay here whatever the socket says. An error of it
        // comes again with the next call.
        let _ = self.flush();
        Ok(taken)
    }

    /// Makes records of some of `plaintext`.
    fn encrypt(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let Some(mut layer) = self.stream.lock() else { return Ok(0) };
        let mut taken = 0;
        for piece in plaintext[..plaintext.len().min(PLAINTEXT_PIECE)].chunks(TlsLayer::RECORD) {
            let encrypted = layer.encrypt(piece);
            match encrypted.and_then(|count| layer.flush_into(&mut self.ciphertext).map(|()| count)) {
                Ok(count) => {
                    taken += count;
                    self.records.push(Record { end: self.ciphertext.len(), plaintext: count });
                }
                Err(error) if taken == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(taken)
    }

    /// Writes what is left over, and what TLS itself has to send.
    ///
    /// # Errors
    /// `WouldBlock` when the time-out passed and something is still left; else those of the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        if let Some(mut layer) = self.stream.lock() {
            layer.flush_into(&mut self.ciphertext)?;
        }
        while self.sent < self.ciphertext.len() {
            self.sent += self.stream.socket.write_some(&self.ciphertext[self.sent..])?;
        }
        self.ciphertext.clear();
        self.records.clear();
        self.sent = 0;
        Ok(())
    }

    /// How many bytes of the plaintext that the stream has taken over the far end cannot have: the socket has not taken
    /// the whole of their records yet.
    pub fn unconfirmed(&self) -> usize {
        self.records.iter().filter(|record| record.end > self.sent).map(|record| record.plaintext).sum()
    }

    /// Ends the TLS sessions in order, as far as the socket takes that within the write time-out.
    pub fn close_notify(&mut self) {
        if let Some(mut layer) = self.stream.lock() {
            // The layers fail only where the peer has broken TLS, and then it expects no `close_notify`.
            let _ = layer.close_notify(&mut self.ciphertext);
        }
        let _ = self.flush();
    }
}
