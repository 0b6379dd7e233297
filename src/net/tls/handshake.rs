//! The TLS handshake over a blocking socket, with a time limit.

use std::io::{self, Read};
use std::net::TcpStream;

use rustls::{ConnectionCommon, SideData};

use crate::net::limit::TimeLimit;

/// So many of the peer's first bytes are kept, in case that they are not TLS.
const KEPT: usize = 80;

/// How a handshake can break.
#[derive(Debug)]
pub(super) enum Broken {
    /// The limit passed.
    TimedOut,
    /// The peer ended the stream.
    Ended,
    /// The socket failed.
    Socket(io::Error),
    /// What the peer sent is not TLS at all: its first bytes.
    NotTls(Vec<u8>),
    /// What the peer sent, or did not agree to.
    Tls(rustls::Error),
}

/// Shakes hands until both sides are done. The socket is blocking and without time limits before and after.
pub(super) fn complete<S: SideData>(
    mut socket: &TcpStream,
    connection: &mut ConnectionCommon<S>,
    limit: TimeLimit,
) -> Result<(), Broken> {
    let mut source = FirstBytes { socket, kept: Vec::new() };
    while connection.is_handshaking() || connection.wants_write() {
        let left = limit.left().ok_or(Broken::TimedOut)?;
        if connection.wants_write() {
            socket.set_write_timeout(Some(left)).map_err(Broken::Socket)?;
            retry_unless_broken(connection.write_tls(&mut socket))?;
        } else {
            socket.set_read_timeout(Some(left)).map_err(Broken::Socket)?;
            match retry_unless_broken(connection.read_tls(&mut source))? {
                Some(0) => return Err(Broken::Ended),
                Some(_) => process(connection, socket, &source)?,
                None => {}
            }
        }
    }
    socket.set_write_timeout(None).and_then(|()| socket.set_read_timeout(None)).map_err(Broken::Socket)
}

fn process<S: SideData>(
    connection: &mut ConnectionCommon<S>,
    mut socket: &TcpStream,
    source: &FirstBytes<'_>,
) -> Result<(), Broken> {
    let Err(error) = connection.process_new_packets() else { return Ok(()) };
    if !source.may_be_tls() {
        return Err(Broken::NotTls(source.kept.clone()));
    }
    // The alert that tells the peer why; whether it arrives changes nothing here.
    let _ = connection.write_tls(&mut socket);
    Err(Broken::Tls(error))
}

/// `None` for an interruption or a time-out: the caller looks at the clock and comes back.
fn retry_unless_broken(result: io::Result<usize>) -> Result<Option<usize>, Broken> {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(None),
        Err(error) => Err(Broken::Socket(error)),
    }
}

/// A socket that remembers how its stream began.
struct FirstBytes<'a> {
    socket: &'a TcpStream,
    kept: Vec<u8>,
}

impl FirstBytes<'_> {
    /// Each record begins with its content type (RFC 8446 section 5.1).
    fn may_be_tls(&self) -> bool {
        self.kept.first().is_none_or(|kind| (0x14..=0x18).contains(kind))
    }
}

impl Read for FirstBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.socket.read(buffer)?;
        let room = KEPT - self.kept.len();
        self.kept.extend_from_slice(&buffer[..count.min(room)]);
        Ok(count)
    }
}
