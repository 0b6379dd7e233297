//! The TLS handshake over a blocking socket, with a time limit.

use std::io;
use std::net::TcpStream;

use rustls::{ConnectionCommon, SideData};

use crate::net::limit::Limit;

/// How a handshake can break.
#[derive(Debug)]
pub(super) enum Broken {
    /// The limit passed.
    TimedOut,
    /// The peer ended the stream.
    Ended,
    /// The socket failed.
    Socket(io::Error),
    /// What the peer sent, or did not agree to.
    Tls(rustls::Error),
}

/// Shakes hands until both sides are done. The socket is blocking and without time limits before and after.
pub(super) fn complete<S: SideData>(
    mut socket: &TcpStream,
    connection: &mut ConnectionCommon<S>,
    limit: Limit,
) -> Result<(), Broken> {
    while connection.is_handshaking() || connection.wants_write() {
        let left = limit.left().ok_or(Broken::TimedOut)?;
        if connection.wants_write() {
            socket.set_write_timeout(Some(left)).map_err(Broken::Socket)?;
            retry_unless_broken(connection.write_tls(&mut socket))?;
        } else {
            socket.set_read_timeout(Some(left)).map_err(Broken::Socket)?;
            if retry_unless_broken(connection.read_tls(&mut socket))? == Some(0) {
                return Err(Broken::Ended);
            }
            if let Err(error) = connection.process_new_packets() {
                // The alert that tells the peer why; whether it arrives changes nothing here.
                let _ = connection.write_tls(&mut socket);
                return Err(Broken::Tls(error));
            }
        }
    }
    socket.set_write_timeout(None).and_then(|()| socket.set_read_timeout(None)).map_err(Broken::Socket)
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
