//! A TLS session that lies on the socket, or on another TLS session (inside an `https` proxy there are two).
//!
//! The layer next to the socket is the outermost one: its records are what the network carries. The innermost one
//! carries the bytes of the stream.

use std::io::{self, Read, Write};

/// A TLS session whose handshake is over, and the one below it.
#[derive(Debug)]
pub struct TlsLayer {
    pub(super) session: rustls::Connection,
    /// TLS broke after the plaintext that the session still holds: told once that has been read.
    failure: Option<rustls::Error>,
    /// The session that carries this one's records; `None` next to the socket.
    pub(super) below: Option<Box<TlsLayer>>,
}

impl TlsLayer {
    /// The most plaintext that one record holds, in bytes (RFC 8446 section 5.1); [`encrypt`](Self::encrypt) makes one
    /// record of so much.
    pub const RECORD: usize = 16 * 1024;

    /// Puts a session onto the layer that carried its handshake; onto the socket for `None`.
    pub fn new(session: rustls::Connection, below: Option<Self>) -> Self {
        Self { session, failure: None, below: below.map(Box::new) }
    }

    /// Whether this layer or one below has something to send: records of plaintext, key updates, alerts.
    pub fn wants_write(&self) -> bool {
        self.session.wants_write() || self.below.as_ref().is_some_and(|below| below.wants_write())
    }

    /// Decrypts until `into` is full or `wire` has no more; 0 after `close_notify`.
    ///
    /// # Errors
    /// Where nothing was decrypted: `WouldBlock` when `wire` says so and no whole record is left, `UnexpectedEof` when
    /// the layer below has ended without `close_notify` of this one, `InvalidData` (a [`rustls::Error`]) when TLS breaks;
    /// else those of `wire`.
    pub fn decrypt(&mut self, into: &mut [u8], wire: &mut dyn Read) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match self.session.reader().read(&mut into[filled..]) {
                Ok(0) => return Ok(filled),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match self.take_in(wire) {
                    Ok(()) => {}
                    Err(_) if filled > 0 => return Ok(filled),
                    Err(error) => return Err(error),
                },
                Err(_) if filled > 0 => return Ok(filled),
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Takes in some of what the layer below, or `wire`, has received.
    fn take_in(&mut self, wire: &mut dyn Read) -> io::Result<()> {
        if let Some(failure) = &self.failure {
            return Err(io::Error::new(io::ErrorKind::InvalidData, failure.clone()));
        }
        match &mut self.below {
            None => self.session.read_tls(wire)?,
            Some(layer) => self.session.read_tls(&mut Plaintext { layer, wire })?,
        };
        self.failure = self.session.process_new_packets().err();
        Ok(())
    }

    /// Encrypts the first [`RECORD`](Self::RECORD) bytes of `plaintext` at most, and tells how many.
    /// [`flush_into`](Self::flush_into) writes what becomes of them.
    ///
    /// # Errors
    /// That of a session that has failed.
    pub fn encrypt(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.session.writer().write(&plaintext[..plaintext.len().min(Self::RECORD)])
    }

    /// Writes all that this layer and those below have to send into `wire`.
    ///
    /// # Errors
    /// That of a layer below that has failed; those of `wire`. What was not written stays in the layers.
    pub fn flush_into(&mut self, wire: &mut dyn Write) -> io::Result<()> {
        let Some(below) = &mut self.below else {
            while self.session.wants_write() {
                self.session.write_tls(wire)?;
            }
            return Ok(());
        };
        while self.session.wants_write() {
            // The session below buffers no more than 64 KiB.
            below.flush_into(wire)?;
            self.session.write_tls(&mut below.session.writer())?;
        }
        below.flush_into(wire)
    }

    /// Ends the sessions, the innermost first, and writes their `close_notify` into `wire`.
    ///
    /// # Errors
    /// Those of [`flush_into`](Self::flush_into).
    pub fn close_notify(&mut self, wire: &mut dyn Write) -> io::Result<()> {
        self.session.send_close_notify();
        self.flush_into(wire)?;
        match &mut self.below {
            Some(below) => below.close_notify(wire),
            None => Ok(()),
        }
    }
}

/// What a layer decrypts, as the records of the layer above it.
struct Plaintext<'a> {
    layer: &'a mut TlsLayer,
    wire: &'a mut dyn Read,
}

impl Read for Plaintext<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.layer.decrypt(into, self.wire) {
            // Whether its own stream was complete is for the session above to say.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }
    }
}
