//! The TLS handshake over a stream, with a time limit.

use std::io::{self, Read, Write};

use rustls::{ConnectionCommon, SideData};

use super::failure::TlsFailure;
use crate::net::limit::TimeLimit;
use crate::net::stream::Stream;

/// So many of the peer's first bytes are kept, in case that they are not TLS.
const KEPT: usize = 80;

/// Shakes hands until both sides are done. The stream has no time limits before and after.
pub(in crate::net) fn complete<S: SideData>(
    stream: &mut Stream,
    connection: &mut ConnectionCommon<S>,
    limit: TimeLimit,
) -> Result<(), TlsFailure> {
    let mut first_bytes = Vec::new();
    // What goes through a layer below may still be in that one's buffers.
    while connection.is_handshaking() || connection.wants_write() || stream.wants_write() {
        let left = limit.left().ok_or(TlsFailure::TimedOut { limit })?;
        if connection.wants_write() || stream.wants_write() {
            stream.set_write_timeout(Some(left)).map_err(TlsFailure::Dropped)?;
            let written = connection.write_tls(stream).and_then(|_| stream.flush());
            retry_unless_broken(written).map_err(|failure| alert(connection, stream).unwrap_or(failure))?;
        } else {
            stream.set_read_timeout(Some(left)).map_err(TlsFailure::Dropped)?;
            let read = connection.read_tls(&mut Recorded { stream, first_bytes: &mut first_bytes });
            match retry_unless_broken(read)? {
                Some(0) => return Err(TlsFailure::Ended),
                Some(_) => process(connection, stream, &first_bytes)?,
                None => {}
            }
        }
    }
    stream.set_write_timeout(None).and_then(|()| stream.set_read_timeout(None)).map_err(TlsFailure::Dropped)
}

/// What the peer said before it hung up on us while we were writing.
fn alert<S: SideData>(connection: &mut ConnectionCommon<S>, stream: &mut Stream) -> Option<TlsFailure> {
    connection.read_tls(stream).ok()?;
    connection.process_new_packets().err().map(TlsFailure::from)
}

fn process<S: SideData>(
    connection: &mut ConnectionCommon<S>,
    stream: &mut Stream,
    first_bytes: &[u8],
) -> Result<(), TlsFailure> {
    let Err(error) = connection.process_new_packets() else { return Ok(()) };
    if !may_be_tls(first_bytes) {
        return Err(TlsFailure::NotTls { first_bytes: first_bytes.to_vec() });
    }
    // The alert that tells the peer why; whether it arrives changes nothing here.
    let _ = write_alert(connection, stream);
    Err(error.into())
}

/// One write takes one record, and another may stand before the alert.
fn write_alert<S: SideData>(connection: &mut ConnectionCommon<S>, stream: &mut Stream) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(stream)?;
    }
    stream.flush()
}

/// Each record begins with its content type (RFC 8446 section 5.1).
fn may_be_tls(first_bytes: &[u8]) -> bool {
    first_bytes.first().is_none_or(|kind| (0x14..=0x18).contains(kind))
}

/// `None` for an interruption or a time-out: the caller looks at the clock and comes back.
fn retry_unless_broken<T>(result: io::Result<T>) -> Result<Option<T>, TlsFailure> {
    use io::ErrorKind::{Interrupted, TimedOut, UnexpectedEof, WouldBlock};
    match result {
        Ok(done) => Ok(Some(done)),
        Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(None),
        Err(error) if error.kind() == UnexpectedEof => Err(TlsFailure::Ended),
        Err(error) => Err(TlsFailure::Dropped(error)),
    }
}

/// A stream that remembers how it began.
struct Recorded<'a> {
    stream: &'a mut Stream,
    first_bytes: &'a mut Vec<u8>,
}

impl Read for Recorded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        let room = KEPT - self.first_bytes.len();
        self.first_bytes.extend_from_slice(&buffer[..count.min(room)]);
        Ok(count)
    }
}
