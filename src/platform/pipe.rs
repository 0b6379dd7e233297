//! Pipes that are written to: how much they hold, and waiting for room in them.

use std::fs::File;
use std::io;

use nix::errno::Errno;
#[cfg(target_os = "linux")]
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFlags, PollTimeout};

use super::Descriptor;

/// What [`widen`] makes a pipe hold. With Linux's 64 KiB writer and reader take turns, and each waits for the other to
/// be scheduled: a million messages of 32 bytes as JSON took twice as long. 1 MiB gains little more.
#[cfg(target_os = "linux")]
const WIDE: i32 = 256 << 10;

/// Blocks until a non-blocking `file` can be written, or until a signal comes.
///
/// # Errors
/// When poll(2) fails.
pub fn wait_until_writable(file: &File) -> io::Result<()> {
    match Descriptor::from(file).happens_within(PollFlags::POLLOUT, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Makes a pipe hold more. Leaves the pipe as it is where the kernel refuses that (the user's share of pipe memory is
/// used up), and everything that is no pipe.
#[cfg(target_os = "linux")]
pub fn widen(file: &File) {
    let is_narrow = fcntl(file, FcntlArg::F_GETPIPE_SZ).is_ok_and(|capacity| capacity < WIDE);
    if is_narrow {
        let _ = fcntl(file, FcntlArg::F_SETPIPE_SZ(WIDE));
    }
}

/// Does nothing: this system has no call that sets the size of a pipe.
#[cfg(not(target_os = "linux"))]
pub fn widen(_: &File) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::pipe;

    use super::*;

    #[test]
    fn a_narrow_pipe_grows_and_a_wide_one_never_shrinks() {
        let capacity = |pipe: &_| fcntl(pipe, FcntlArg::F_GETPIPE_SZ).unwrap();
        let (_reader, writer) = pipe().unwrap();
        let file = Descriptor::from(&writer).duplicate().unwrap();
        assert!(capacity(&writer) < WIDE);
        widen(&file);
        assert_eq!(capacity(&writer), WIDE);

        fcntl(&writer, FcntlArg::F_SETPIPE_SZ(2 * WIDE)).unwrap();
        widen(&file);
        assert_eq!(capacity(&writer), 2 * WIDE);
    }
}
