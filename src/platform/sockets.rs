//! What sockets can do besides what the standard library says of them.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::linger;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{setsockopt, sockopt};

use super::Descriptor;
use super::descriptor::rounded_up;

/// Whether this error of connect(2) on a non-blocking socket means that the connection is still being made.
pub fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EINPROGRESS as i32)
}

/// Blocks until one of `sockets` can be written or has failed, until `timeout` has passed, or until a signal comes.
/// Returns the indices of the sockets that can be written or have failed, in ascending order.
pub fn wait_until_any_is_writable<'a>(
    sockets: impl IntoIterator<Item = Descriptor<'a>>,
    timeout: Duration,
) -> Vec<usize> {
    wait_for_any(sockets, PollFlags::POLLOUT, timeout)
}

/// The same for sockets that can be read, have ended or have failed.
pub fn wait_until_any_is_readable<'a>(
    sockets: impl IntoIterator<Item = Descriptor<'a>>,
    timeout: Duration,
) -> Vec<usize> {
    wait_for_any(sockets, PollFlags::POLLIN, timeout)
}

fn wait_for_any<'a>(
    sockets: impl IntoIterator<Item = Descriptor<'a>>,
    events: PollFlags,
    timeout: Duration,
) -> Vec<usize> {
    let mut polled: Vec<_> = sockets.into_iter().map(|socket| socket.poll_for(events)).collect();
    // After a signal the state of the sockets is unknown. The caller checks its deadline and calls again.
    if poll(&mut polled, rounded_up(timeout)).is_err() {
        return Vec::new();
    }
    let has_happened = |polled: &PollFd<'_>| polled.revents().is_some_and(|events| !events.is_empty());
    polled.iter().enumerate().filter(|(_, polled)| has_happened(polled)).map(|(index, _)| index).collect()
}

/// Has a TCP connection end with a reset when the last descriptor of this socket is closed: what is not sent yet is dropped.
///
/// # Errors
/// Those of setsockopt(2).
pub fn reset_when_closed(socket: Descriptor<'_>) -> io::Result<()> {
    setsockopt(&socket.owner(), sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 }).map_err(io::Error::from)
}
