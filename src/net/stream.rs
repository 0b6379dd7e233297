//! The byte stream under a session, plain or TLS, read by one thread and written by another.
//!
//! rustls keeps both directions in one object, so it stands behind a mutex; the mutex is never held across a system
//! call. A reader reads the socket first and decrypts under the lock; a writer encrypts under the lock and writes
//! afterwards.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::diagnosis::Transport;

/// Plaintext is encrypted in pieces of this size: rustls buffers no more than 64 KiB.
const PLAINTEXT_PIECE: usize = 64 * 1024;
/// What rustls puts into one TLS record, in bytes (RFC 8446 section 5.1).
const RECORD: usize = 16 * 1024;
/// Several TLS records of 16 KiB fit in one read.
const CIPHERTEXT_BUFFER: usize = 128 * 1024;

/// A connected stream; the reading and the writing end share it.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    tls: Option<Mutex<rustls::Connection>>,
}

impl Stream {
    /// Takes a connected socket, and the TLS session on it after its handshake.
    pub fn new(socket: TcpStream, tls: Option<rustls::Connection>) -> Arc<Self> {
        Arc::new(Self { socket, tls: tls.map(Mutex::new) })
    }

    /// Limits how long a read may block; `None` for ever.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(limit)
    }

    /// Limits how long a write may block; `None` for ever.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_write_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.socket.set_write_timeout(limit)
    }

    /// Makes every blocked read and write return: on Linux nothing less interrupts a blocked `read`.
    pub fn shut_down(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Tells the peer that no more is coming. For TLS the caller sends `close_notify` first, with
    /// [`StreamWriter::close_notify`].
    pub fn shut_down_writing(&self) {
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Whether TLS has bytes of its own to send (key updates, alerts).
    pub fn wants_write(&self) -> bool {
        self.lock().is_some_and(|tls| tls.wants_write())
    }

    /// What the bytes go through.
    pub fn transport(&self) -> Transport {
        if self.tls.is_some() { Transport::Tls } else { Transport::Plain }
    }

    fn lock(&self) -> Option<MutexGuard<'_, rustls::Connection>> {
        self.tls.as_ref().map(|tls| tls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The reading end.
#[derive(Debug)]
pub struct StreamReader {
    stream: Arc<Stream>,
    ciphertext: Vec<u8>,
    start: usize,
    end: usize,
    /// What is wrong with what follows what can be handed out.
    failure: Option<rustls::Error>,
}

impl StreamReader {
    /// There must be one only for each stream.
    pub fn new(stream: Arc<Stream>) -> Self {
        let ciphertext = if stream.tls.is_some() { vec![0; CIPHERTEXT_BUFFER] } else { Vec::new() };
        Self { stream, ciphertext, start: 0, end: 0, failure: None }
    }

    /// Reads what there is, blocking until there is something; 0 at the end of the stream. An end without TLS
    /// `close_notify` is an end like any other: the Close frame tells whether the session was over.
    ///
    /// # Errors
    /// Those of the socket; `InvalidData` when TLS breaks.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(result) = self.read_once(into) {
                return result;
            }
        }
    }

    /// Like [`read`](Self::read), with one read of the socket at most. `None`: that brought nothing to read (a part of a TLS record, or one that is TLS' own business).
    pub fn read_once(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        if self.stream.tls.is_none() {
            return unless_interrupted((&self.stream.socket).read(into));
        }
        if let Some(result) = self.decrypted(into) {
            return Some(result);
        }
        match unless_interrupted((&self.stream.socket).read(&mut self.ciphertext))? {
            Ok(count) if count > 0 => (self.start, self.end) = (0, count),
            result => return Some(result),
        }
        self.decrypted(into)
    }

    /// What has been read and not handed out yet, which poll(2) knows nothing of: the end of the TLS session, after the
    /// last bytes of it. `None` when that is nothing whole.
    fn decrypted(&mut self, into: &mut [u8]) -> Option<io::Result<usize>> {
        match self.decrypt(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(Ok(0)),
            result => Some(result),
        }
    }

    /// Decrypts what has been read until `into` is full or nothing is left.
    fn decrypt(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(mut tls) = self.stream.lock() else { return Err(io::ErrorKind::WouldBlock.into()) };
        let mut filled = 0;
        while filled < into.len() {
            match tls.reader().read(&mut into[filled..]) {
                Ok(0) => return Ok(filled),
                Ok(count) => filled += count,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    return if filled > 0 { Ok(filled) } else { Err(error) };
                }
                Err(_) if self.start < self.end && self.failure.is_none() => {
                    let taken = tls.read_tls(&mut &self.ciphertext[self.start..self.end])?;
                    self.start += taken;
                    self.failure = tls.process_new_packets().err();
                }
                Err(_) => break,
            }
        }
        match self.failure.take_if(|_| filled == 0) {
            Some(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            None if filled > 0 => Ok(filled),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

fn unless_interrupted(result: io::Result<usize>) -> Option<io::Result<usize>> {
    let interrupted = result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted);
    (!interrupted).then_some(result)
}

/// The writing end.
#[derive(Debug)]
pub struct StreamWriter {
    stream: Arc<Stream>,
    /// Encrypted bytes that the socket has not taken yet; always sent before anything else.
    ciphertext: Vec<u8>,
    sent: usize,
    /// Plaintext bytes that `ciphertext` stands for.
    plaintext: usize,
}

impl StreamWriter {
    /// There must be one only for each stream.
    pub fn new(stream: Arc<Stream>) -> Self {
        Self { stream, ciphertext: Vec::new(), sent: 0, plaintext: 0 }
    }

    /// Writes some of `plaintext` and tells how much the stream has taken over; blocks at most for the write time-out.
    ///
    /// # Errors
    /// `WouldBlock` when the time-out passed and nothing was taken; else those of the socket.
    pub fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        if self.stream.tls.is_none() {
            return write_once(&self.stream.socket, plaintext);
        }
        self.flush()?;
        let mut taken = 0;
        if let Some(mut tls) = self.stream.lock() {
            taken = tls.writer().write(&plaintext[..plaintext.len().min(PLAINTEXT_PIECE)])?;
            self.plaintext = taken;
            drain(&mut tls, &mut self.ciphertext)?;
        }
        // The ciphertext is ours to keep, whatever the socket says: the caller must not encrypt the same bytes again. An
        // error comes again with the next call.
        let _ = self.flush();
        Ok(taken)
    }

    /// Writes what is left over, and what TLS itself has to say.
    ///
    /// # Errors
    /// `WouldBlock` when the time-out passed and something is still left; else those of the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        if let Some(mut tls) = self.stream.lock() {
            drain(&mut tls, &mut self.ciphertext)?;
        }
        while self.sent < self.ciphertext.len() {
            self.sent += write_once(&self.stream.socket, &self.ciphertext[self.sent..])?;
        }
        self.ciphertext.clear();
        self.sent = 0;
        self.plaintext = 0;
        Ok(())
    }

    /// How many bytes of the plaintext taken over last the socket has not taken yet as whole TLS records.
    pub fn unconfirmed(&self) -> usize {
        let records = self.plaintext.div_ceil(RECORD);
        let whole = records.saturating_sub(records_beyond(&self.ciphertext, self.sent));
        self.plaintext.saturating_sub(whole * RECORD)
    }

    /// Ends the TLS session politely, as far as the socket takes it without blocking for long.
    pub fn close_notify(&mut self) {
        if let Some(mut tls) = self.stream.lock() {
            tls.send_close_notify();
        }
        let _ = self.flush();
    }
}

/// How many TLS records do not lie within the first `sent` bytes (RFC 8446 section 5.1: type, version, length).
fn records_beyond(ciphertext: &[u8], sent: usize) -> usize {
    let (mut records, mut end) = (0, 0);
    while let Some(&[_, _, _, high, low]) = ciphertext.get(end..).and_then(<[u8]>::first_chunk) {
        end += 5 + usize::from(u16::from_be_bytes([high, low]));
        records += usize::from(end > sent);
    }
    records
}

fn drain(tls: &mut rustls::Connection, ciphertext: &mut Vec<u8>) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(ciphertext)?;
    }
    Ok(())
}

fn write_once(mut socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match socket.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) if !bytes.is_empty() => return Err(io::ErrorKind::WriteZero.into()),
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_were_cut_are_beyond() {
        let record = |length: u16| [&[0x17, 3, 3][..], &length.to_be_bytes(), &vec![0; length.into()]].concat();
        let ciphertext = [record(10), record(300), record(0)].concat();
        let beyond: Vec<_> = [0, 14, 15, 16, 319, 320, 325].map(|sent| records_beyond(&ciphertext, sent)).into();
        assert_eq!(beyond, [3, 3, 2, 2, 2, 1, 0]);
        assert_eq!(records_beyond(&[], 0), 0);
    }
}
