//! Outputs: the destinations to which a stream is written.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::mem;

use terminal_size::terminal_size_of;

use crate::platform::{Descriptor, wait_until_writable, widen};

/// The size of an ordinary pipe on Linux. A write of this size fills the pipe, and then waits for its reader.
const LARGE_WRITE: usize = 64 << 10;

/// A destination of bytes.
pub trait Output: Send {
    /// Writes all of `bytes`. It blocks until the destination has taken them.
    ///
    /// # Errors
    /// The error of the write. It is `BrokenPipe`, if no process reads the pipe any more.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Shows an unfinished line too, because no bytes follow for now. Only a destination that holds back unfinished
    /// lines has something to do.
    ///
    /// # Errors
    /// The error of the write, as in [`write_all`](Self::write_all).
    fn flush_through(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// How many columns the terminal has now. `None`: the destination is no terminal.
    fn columns(&self) -> Option<usize> {
        None
    }

    /// Whether an event more may be shown. A destination that blocks has room for everything.
    fn has_room(&self) -> bool {
        true
    }

    /// So many events are not shown, because there is no room for them. They are counted, and told later.
    fn skip(&mut self, events: u64) {
        let _ = events;
    }
}

/// The same error once more: it may be told by another thread than the one that met it.
pub fn same_error(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Drops all bytes.
#[derive(Debug)]
pub struct Discard;

impl Output for Discard {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A file descriptor that is written without a buffer. (`std::io::Stdout` would search for line ends.)
#[derive(Debug)]
pub struct FdOutput {
    file: File,
    /// A large write has happened, and the file, if it is a pipe, was [widened](widen).
    wide: bool,
}

impl FdOutput {
    /// An output that writes to a duplicate of `descriptor`.
    ///
    /// # Errors
    /// The error of the duplication: the process has no descriptor left, or `descriptor` is closed.
    pub fn new<'a>(descriptor: impl Into<Descriptor<'a>>) -> io::Result<Self> {
        Ok(Self { file: descriptor.into().duplicate()?, wide: false })
    }
}

impl Output for FdOutput {
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if bytes.len() >= LARGE_WRITE && !mem::replace(&mut self.wide, true) {
            widen(&self.file);
        }
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // Another process that shares the terminal or pipe may make it non-blocking at any time.
                    wait_until_writable(&self.file)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn columns(&self) -> Option<usize> {
        terminal_size_of(&self.file).map(|(width, _)| width.0.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};
    use std::os::unix::net::UnixStream;
    use std::thread;

    #[cfg(target_os = "linux")]
    use nix::fcntl::{FcntlArg, fcntl};

    use super::*;

    #[test]
    fn a_full_non_blocking_destination_is_waited_for() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let sent = vec![b'x'; 4 << 20];
        let expected = sent.len();
        let writer = thread::spawn(move || FdOutput::new(&ours).unwrap().write_all(&sent));
        let mut received = vec![0; expected];
        theirs.read_exact(&mut received).unwrap();
        writer.join().unwrap().unwrap();
        assert!(received.iter().all(|&byte| byte == b'x'));
    }

    #[test]
    fn a_reader_that_went_away_is_a_broken_pipe() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let error = FdOutput::new(&writer).unwrap().write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_grows_when_much_is_written_and_never_shrinks() {
        const WIDE: i32 = 256 << 10;
        let capacity = |pipe: &_| fcntl(pipe, FcntlArg::F_GETPIPE_SZ).unwrap();
        let (mut reader, writer) = pipe().unwrap();
        let ordinary = capacity(&writer);
        let mut output = FdOutput::new(&writer).unwrap();
        output.write_all(b"x").unwrap();
        reader.read_exact(&mut [0]).unwrap();
        assert_eq!(capacity(&writer), ordinary);
        output.write_all(&vec![b'x'; LARGE_WRITE]).unwrap();
        assert_eq!(capacity(&writer), WIDE);

        fcntl(&writer, FcntlArg::F_SETPIPE_SZ(2 * WIDE)).unwrap();
        FdOutput::new(&writer).unwrap().write_all(&vec![b'x'; LARGE_WRITE]).unwrap();
        assert_eq!(capacity(&writer), 2 * WIDE);
    }
}
