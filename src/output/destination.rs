//! Where bytes leave the program.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::mem;

use crate::platform::{Descriptor, wait_until_writable, widen};

/// A write of this much fills an ordinary pipe, and has to wait for its reader.
const MUCH: usize = 64 << 10;

/// A destination of the printer's bytes.
pub trait Output: Send {
    /// Takes all of `bytes`, or waits until it can.
    ///
    /// # Errors
    /// What the destination says; `BrokenPipe` when its reader went away.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Shows what it has, for nothing follows for now. Only a destination that keeps something back has anything to do.
    ///
    /// # Errors
    /// As for [`write_all`](Self::write_all).
    fn flush_through(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Drops everything.
#[derive(Debug)]
pub struct Discard;

impl Output for Discard {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A file descriptor, written without any buffering (`std::io::Stdout` would look for line ends).
#[derive(Debug)]
pub struct FdOutput {
    file: File,
    /// Much has been written, and the pipe, if it is one, been [widened](widen).
    wide: bool,
}

impl FdOutput {
    /// Duplicates `descriptor`, so that the original stays as it is.
    ///
    /// # Errors
    /// When the process has no descriptor left, or `descriptor` is closed.
    pub fn new<'a>(descriptor: impl Into<Descriptor<'a>>) -> io::Result<Self> {
        Ok(Self { file: descriptor.into().duplicate()?, wide: false })
    }
}

impl Output for FdOutput {
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if bytes.len() >= MUCH && !mem::replace(&mut self.wide, true) {
            widen(&self.file);
        }
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // Another process may make a shared terminal or pipe non-blocking, at any time.
                    wait_until_writable(&self.file)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
        output.write_all(&vec![b'x'; MUCH]).unwrap();
        assert_eq!(capacity(&writer), WIDE);

        fcntl(&writer, FcntlArg::F_SETPIPE_SZ(2 * WIDE)).unwrap();
        FdOutput::new(&writer).unwrap().write_all(&vec![b'x'; MUCH]).unwrap();
        assert_eq!(capacity(&writer), 2 * WIDE);
    }
}
