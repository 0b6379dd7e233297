//! Writing to pipes: their size, and waiting until there is room in them.

use std::fs::File;
use std::io;

use nix::errno::Errno;
#[cfg(target_os = "linux")]
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFlags, PollTimeout};

use super::Descriptor;

/// The size that [`widen`] gives a pipe. With the 64 KiB of Linux the writer and the reader take turns, and each waits
/// until the other is scheduled. Measured: a million messages of 32 bytes as JSON take twice as long. 1 MiB is hardly
/// faster.
#[cfg(target_os = "linux")]
const WIDE: i32 = 256 << 10;

/// Blocks until a non-blocking `file` can be written, or until a signal comes.
///
/// # Errors
/// The error of poll(2), but not `EINTR`.
pub fn wait_until_writable(file: &File) -> io::Result<()> {
    match Descriptor::from(file).happens_within(PollFlags::POLLOUT, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Enlarges a pipe. The pipe stays as it is, if the kernel refuses: the user has no pipe memory left. A file that is no
/// pipe stays as it is.
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
