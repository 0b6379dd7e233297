//! Where bytes leave the program.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::os::fd::AsFd;

use nix::errno::Errno;
#[cfg(target_os = "linux")]
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Who writes this much at once fills an ordinary pipe, and has to wait for its reader.
const MUCH: usize = 64 << 10;

/// What a pipe is made to hold then. With Linux's 64 KiB writer and reader take turns, and each waits for the other to
/// wake up: a million messages of 32 bytes as JSON took twice as long. 1 MiB gains little more.
#[cfg(target_os = "linux")]
const WIDE: i32 = 256 << 10;

/// A destination of the printer's bytes.
pub trait Outlet: Send {
    /// Takes all of `bytes`, or waits until it can.
    ///
    /// # Errors
    /// What the destination says; `BrokenPipe` when nobody reads it any more.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Shows what it has, for nothing follows for now. Only a destination that keeps something back has anything to do.
    ///
    /// # Errors
    /// As for [`write_all`](Self::write_all).
    fn settle(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Drops everything.
#[derive(Debug)]
pub struct Nowhere;

impl Outlet for Nowhere {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A file descriptor, written without any buffering (`std::io::Stdout` would look for line ends).
#[derive(Debug)]
pub struct FdOutlet {
    file: File,
    /// Much has been written, and the pipe, if it is one, been [`widened`](widen).
    wide: bool,
}

impl FdOutlet {
    /// Duplicates `descriptor`, so that the original stays as it is.
    ///
    /// # Errors
    /// When the process has no descriptor left, or `descriptor` is closed.
    pub fn new(descriptor: impl AsFd) -> io::Result<Self> {
        Ok(Self { file: descriptor.as_fd().try_clone_to_owned()?.into(), wide: false })
    }

    /// Waits for room. Another process may have made a shared terminal or pipe non-blocking, at any time.
    fn wait(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Outlet for FdOutlet {
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if bytes.len() >= MUCH && !mem::replace(&mut self.wide, true) {
            widen(&self.file);
        }
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Makes a pipe hold more. It goes on as it is where that is refused (the user's share of pipe memory is used up), and
/// anything but a pipe does anyway.
#[cfg(target_os = "linux")]
fn widen(file: &File) {
    let is_narrow = fcntl(file, FcntlArg::F_GETPIPE_SZ).is_ok_and(|capacity| capacity < WIDE);
    if is_narrow {
        let _ = fcntl(file, FcntlArg::F_SETPIPE_SZ(WIDE));
    }
}

/// Elsewhere a pipe's size is the kernel's business.
#[cfg(not(target_os = "linux"))]
fn widen(_: &File) {}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    #[test]
    fn a_full_non_blocking_destination_is_waited_for() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let sent = vec![b'x'; 4 << 20];
        let expected = sent.len();
        let writer = thread::spawn(move || FdOutlet::new(&ours).unwrap().write_all(&sent));
        let mut received = vec![0; expected];
        theirs.read_exact(&mut received).unwrap();
        writer.join().unwrap().unwrap();
        assert!(received.iter().all(|&byte| byte == b'x'));
    }

    #[test]
    fn a_reader_that_went_away_is_a_broken_pipe() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let error = FdOutlet::new(&writer).unwrap().write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_grows_when_much_is_written_and_never_shrinks() {
        let capacity = |pipe: &_| fcntl(pipe, FcntlArg::F_GETPIPE_SZ).unwrap();
        let (mut reader, writer) = pipe().unwrap();
        let ordinary = capacity(&writer);
        let mut outlet = FdOutlet::new(&writer).unwrap();
        outlet.write_all(b"x").unwrap();
        reader.read_exact(&mut [0]).unwrap();
        assert_eq!(capacity(&writer), ordinary);
        outlet.write_all(&vec![b'x'; MUCH]).unwrap();
        assert_eq!(capacity(&writer), WIDE);

        fcntl(&writer, FcntlArg::F_SETPIPE_SZ(2 * WIDE)).unwrap();
        FdOutlet::new(&writer).unwrap().write_all(&vec![b'x'; MUCH]).unwrap();
        assert_eq!(capacity(&writer), 2 * WIDE);
    }
}
