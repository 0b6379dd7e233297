//! File descriptors, which can be polled and duplicated.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::select::{FD_SETSIZE, FdSet};
use nix::unistd::{Pid, tcgetpgrp};

/// An open file, pipe, terminal or socket, borrowed from its owner.
#[derive(Debug, Clone, Copy)]
pub struct Descriptor<'a>(BorrowedFd<'a>);

impl<'a, T: AsFd> From<&'a T> for Descriptor<'a> {
    fn from(owner: &'a T) -> Self {
        Self(owner.as_fd())
    }
}

impl<'a> Descriptor<'a> {
    /// A second descriptor of the same open file, closed when it is dropped.
    ///
    /// # Errors
    /// The error of the system call: the process has no descriptor left, or this one is closed.
    pub fn duplicate(self) -> io::Result<File> {
        Ok(self.0.try_clone_to_owned()?.into())
    }

    /// The process group in the foreground of this terminal. `None`: it does not control this process.
    pub(super) fn foreground_group(self) -> Option<Pid> {
        tcgetpgrp(self.0).ok()
    }

    /// For calls that take any descriptor.
    pub(super) fn owner(self) -> BorrowedFd<'a> {
        self.0
    }

    /// The argument of poll(2) that waits for `events`.
    pub(super) fn poll_for(self, events: PollFlags) -> PollFd<'a> {
        PollFd::new(self.0, events)
    }

    /// Whether select(2) takes it.
    pub(super) fn is_selectable(self) -> bool {
        usize::try_from(self.0.as_raw_fd()).is_ok_and(|number| number < FD_SETSIZE)
    }

    /// Adds it to what select(2) waits for. It must be [selectable](Self::is_selectable).
    pub(super) fn add_to(self, set: &mut FdSet<'a>) {
        set.insert(self.0);
    }

    /// Whether select(2) has found it.
    pub(super) fn is_in(self, set: &FdSet<'_>) -> bool {
        set.contains(self.0)
    }

    /// Waits until one of `events`, an error or a hang-up happens, but at most for `timeout`. Returns whether it
    /// happened.
    ///
    /// # Errors
    /// The error of poll(2), also `EINTR`.
    pub(super) fn happens_within(self, events: PollFlags, timeout: PollTimeout) -> nix::Result<bool> {
        poll(&mut [self.poll_for(events)], timeout).map(|ready| ready > 0)
    }
}

/// Whether a system call failed because the process, or the system, can open no more files and sockets.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    [Errno::EMFILE, Errno::ENFILE].iter().any(|errno| error.raw_os_error() == Some(*errno as i32))
}

/// `timeout` rounded up to milliseconds. Rounded down, a wait would end too early and be repeated in a busy loop.
pub(super) fn rounded_up(timeout: Duration) -> PollTimeout {
    PollTimeout::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
}
