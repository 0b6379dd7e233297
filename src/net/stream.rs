//! The byte stream under a session, read by one thread and written by another: a socket, and above it zero, one or two
//! TLS sessions.
//!
//! rustls keeps both directions of a session in one object, so the sessions are behind a lock; it is never held across
//! a system call. The reader reads the socket first and decrypts under the lock; the writer encrypts under the lock and
//! writes afterwards.

mod reader;
mod socket;
#[cfg(test)]
mod tests;
mod tls_layer;
mod writer;

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use self::reader::StreamReader;
pub use self::socket::Socket;
use self::tls_layer::TlsLayer;
pub use self::writer::StreamWriter;
use crate::diagnosis::Transport;
use crate::platform::reset_when_closed;

/// A connected stream.
///
/// As long as one thread has it to itself, it reads and writes through it directly, and may put TLS onto it. Then both
/// ends share it, each with its own buffers.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    tls: Option<Mutex<TlsLayer>>,
}

impl Stream {
    /// A stream without TLS.
    pub fn new(socket: impl Into<Socket>) -> Self {
        Self { socket: socket.into(), tls: None }
    }

    /// Puts a TLS session onto it, whose handshake went through it and is over.
    pub(super) fn add_tls(&mut self, session: rustls::Connection) {
        let below = self.tls.take().map(|tls| tls.into_inner().unwrap_or_else(PoisonError::into_inner));
        self.tls = Some(Mutex::new(TlsLayer::new(session, below)));
    }

    /// What the bytes go through.
    pub fn transport(&self) -> Transport {
        if self.is_tls() { Transport::Tls } else { Transport::Plain }
    }

    fn is_tls(&self) -> bool {
        self.tls.is_some()
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

    /// Has the connection end with a reset when it is closed: what the peer has not been sent by then it will not get.
    pub fn reset_when_closed(&self) {
        // A Unix domain socket has no reset.
        let _ = reset_when_closed(self.socket.descriptor());
    }

    /// Has a blocked read return as if the stream had ended, and every later one. The peer learns nothing of it.
    pub fn stop_reading(&self) {
        let _ = self.socket.shutdown(Shutdown::Read);
    }

    /// Whether TLS has bytes of its own to send (key updates, alerts).
    pub fn wants_write(&self) -> bool {
        self.lock().is_some_and(|layer| layer.wants_write())
    }

    /// The socket under it.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The innermost TLS session.
    fn lock(&self) -> Option<MutexGuard<'_, TlsLayer>> {
        self.tls.as_ref().map(|tls| tls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, for the thread that has the stream to itself.
    fn tls(&mut self) -> Option<(&mut TlsLayer, &Socket)> {
        let layer = self.tls.as_mut()?.get_mut().unwrap_or_else(PoisonError::into_inner);
        Some((layer, &self.socket))
    }
}

impl Read for Stream {
    /// Reads the socket once at most. `WouldBlock` says that the read time-out has passed, or that what came is no whole
    /// record; `UnexpectedEof` that the stream ended without `close_notify`.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.tls() {
            // The socket may block, so it is left alone as long as something is here.
            Some((layer, socket)) => match layer.decrypt(into, &mut ReadOnce(None)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    layer.decrypt(into, &mut ReadOnce(Some(socket)))
                }
                result => result,
            },
            None => (&self.socket).read(into),
        }
    }
}

impl Write for Stream {
    /// Takes over some of `bytes`; [`flush`](Write::flush) writes what the socket has not taken of them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.tls() {
            Some((layer, mut socket)) => {
                layer.flush_into(&mut socket)?;
                layer.encrypt(bytes)
            }
            None => (&self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.tls() {
            Some((layer, mut socket)) => layer.flush_into(&mut socket),
            None => Ok(()),
        }
    }
}

/// A socket that is read once, because a second read would block.
struct ReadOnce<'a>(Option<&'a Socket>);

impl Read for ReadOnce<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.take() {
            Some(mut socket) => socket.read(into),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
