//! Waiting for several things at once, with poll(2) and a self-pipe. Other threads and signal handlers write to the
//! pipe to end the wait.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::select::{FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike};
use signal_hook::consts::SIGWINCH;

use super::Descriptor;
use super::descriptor::rounded_up;

/// select(2) takes no time that is much longer than a year.
const LONGEST_SELECT: Duration = Duration::from_hours(1);

/// Ends the wait of a [`Poller`]. Clones belong to the same poller.
#[derive(Debug, Clone)]
pub struct Notifier {
    pipe: Arc<UnixStream>,
    /// The pipe has a byte that the poller has not read.
    pending: Arc<AtomicBool>,
}

impl Notifier {
    /// Ends the current wait of the poller. If it is not waiting, its next wait ends at once. Several calls may end
    /// only one wait.
    pub fn notify(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // This fails only if the pipe is full, and then the wait ends too.
            let _ = (&*self.pipe).write(&[0]);
        }
    }
}

/// Waits until it is notified, until a deadline, or for a descriptor.
#[derive(Debug)]
pub struct Poller {
    pipe: UnixStream,
    notifier: Notifier,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakeup {
    /// A thread called [`Notifier::notify`], a signal came, or the time was up.
    NotifiedOrTimedOut,
    /// The reader of the watched descriptor went away.
    WatchedGone,
}

impl Poller {
    /// A poller and its notifier.
    ///
    /// # Errors
    /// The error of a system call, if the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let (pipe, other) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        Ok(Self { pipe, notifier: Notifier { pipe: Arc::new(other), pending: Arc::default() } })
    }

    /// A handle that ends the waits of this poller.
    pub fn notifier(&self) -> Notifier {
        self.notifier.clone()
    }

    /// The end of the pipe that a signal handler writes to.
    pub(super) fn pipe_for_signals(&self) -> io::Result<UnixStream> {
        self.notifier.pipe.try_clone()
    }

    /// Waits until it is notified, until `timeout` has passed (`None`: no limit), or until no process reads the pipe or
    /// socket `watched` any more.
    ///
    /// # Errors
    /// The error of poll(2), but not `EINTR`: that ends the wait.
    pub fn wait(&mut self, timeout: Option<Duration>, watched: Option<Descriptor<'_>>) -> io::Result<Wakeup> {
        let watched = watched.map(|watched| watched.poll_for(PollFlags::empty()));
        let gone = self.poll(timeout.map_or(PollTimeout::NONE, rounded_up), watched)?;
        Ok(if gone { Wakeup::WatchedGone } else { Wakeup::NotifiedOrTimedOut })
    }

    /// Waits until `look` returns a value. Calls `look` at once, and again after each [`wait`](Self::wait). `None`: the
    /// time `until` came first.
    pub fn wait_for<T>(
        &mut self,
        until: Option<Instant>,
        watched: Option<Descriptor<'_>>,
        mut look: impl FnMut(Wakeup) -> Option<T>,
    ) -> Option<T> {
        let mut wakeup = Wakeup::NotifiedOrTimedOut;
        loop {
            if let Some(found) = look(wakeup) {
                return Some(found);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            // If the wait fails, `look` is called too early, and that does no harm.
            wakeup = self.wait(left, watched).unwrap_or(Wakeup::NotifiedOrTimedOut);
        }
    }

    /// Waits until it is notified, or until a read of `input` would not block. Returns whether the read would not
    /// block.
    ///
    /// # Errors
    /// The error of poll(2), but not `EINTR`: that ends the wait.
    pub fn wait_until_readable(&mut self, input: Descriptor<'_>) -> io::Result<bool> {
        self.poll(PollTimeout::NONE, Some(input.poll_for(PollFlags::POLLIN)))
    }

    /// The same, but waits for keys from `terminal`, and for `timeout` at most.
    ///
    /// # Errors
    /// The error of poll(2) or select(2), but not `EINTR`: that ends the wait.
    pub fn wait_for_keys(&mut self, terminal: Descriptor<'_>, timeout: Duration) -> io::Result<bool> {
        // There poll(2) ends at once for `/dev/tty`, with POLLNVAL.
        if cfg!(target_os = "macos") && terminal.is_selectable() && Descriptor::from(&self.pipe).is_selectable() {
            self.select(terminal, timeout)
        } else {
            self.poll(rounded_up(timeout), Some(terminal.poll_for(PollFlags::POLLIN)))
        }
    }

    /// Waits until it is notified, or until a read of `input` would not block. Returns whether the latter happened.
    fn select(&self, input: Descriptor<'_>, timeout: Duration) -> io::Result<bool> {
        let pipe = Descriptor::from(&self.pipe);
        let mut readable = FdSet::new();
        for descriptor in [pipe, input] {
            descriptor.add_to(&mut readable);
        }
        let limit = timeout.min(LONGEST_SELECT).as_micros().try_into().unwrap_or(i64::MAX);
        match select(None, &mut readable, None, None, &mut TimeVal::microseconds(limit)) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(false),
            Err(errno) => return Err(errno.into()),
        }
        if pipe.is_in(&readable) {
            self.empty_pipe();
        }
        Ok(input.is_in(&readable))
    }

    /// Has each change of the terminal's size end the wait too.
    ///
    /// # Errors
    /// The error of a system call: the handler cannot be installed, or the process has no descriptor left.
    pub fn notify_of_resizes(&self) -> io::Result<()> {
        signal_hook::low_level::pipe::register(SIGWINCH, self.pipe_for_signals()?)?;
        Ok(())
    }

    /// Waits until it is notified, or until an event of `other` happens. Returns whether the latter happened.
    fn poll(&mut self, timeout: PollTimeout, other: Option<PollFd<'_>>) -> io::Result<bool> {
        let mut polled = Vec::with_capacity(2);
        polled.push(Descriptor::from(&self.pipe).poll_for(PollFlags::POLLIN));
        polled.extend(other);
        match poll(&mut polled, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let happened = polled.get(1).is_some_and(|other| other.any().unwrap_or(true));
        // The pipe is empty. Not reading it saves a system call for each read of stdin. A notifier that writes to it
        // now ends the next wait.
        if polled[0].any() != Some(false) {
            self.empty_pipe();
        }
        Ok(happened)
    }

    fn empty_pipe(&self) {
        // The pipe is emptied first. After `pending` is cleared, a notifier writes a byte; emptying the pipe then would
        // lose that byte, and `pending` would keep all later notifiers from writing another.
        while matches!((&self.pipe).read(&mut [0; 64]), Ok(count) if count > 0) {}
        self.notifier.pending.swap(false, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::io::pipe;
    use std::sync::atomic::AtomicU32;
    use std::thread;
    use std::time::Instant;

    use super::*;

    const TOO_LONG: Duration = Duration::from_secs(20);

    #[test]
    fn notifications_that_come_while_a_wait_ends_are_not_lost() {
        const CALLS: u32 = 5_000_000;
        let mut poller = Poller::new().unwrap();
        let (notifier, calls) = (poller.notifier(), Arc::new(AtomicU32::new(0)));
        let notifier_calls = Arc::clone(&calls);
        thread::spawn(move || {
            for _ in 0..CALLS {
                notifier_calls.fetch_add(1, Ordering::Release);
                notifier.notify();
            }
        });
        let started = Instant::now();
        while calls.load(Ordering::Acquire) < CALLS {
            poller.wait(Some(TOO_LONG), None).unwrap();
        }
        assert!(started.elapsed() < TOO_LONG);
    }

    #[test]
    fn select_waits_as_poll_does() {
        let poller = Poller::new().unwrap();
        let (reader, mut writer) = pipe().unwrap();
        let input = Descriptor::from(&reader);
        assert!(!poller.select(input, Duration::ZERO).unwrap());
        poller.notifier().notify();
        assert!(!poller.select(input, TOO_LONG).unwrap());
        writer.write_all(b"x").unwrap();
        assert!(poller.select(input, Duration::MAX).unwrap());
    }

    #[test]
    fn a_watched_pipe_ends_the_wait_when_its_reader_goes_away() {
        let mut poller = Poller::new().unwrap();
        let (reader, writer) = pipe().unwrap();
        let watched = Some(Descriptor::from(&writer));
        assert_eq!(poller.wait(Some(Duration::ZERO), watched).unwrap(), Wakeup::NotifiedOrTimedOut);
        drop(reader);
        assert_eq!(poller.wait(Some(TOO_LONG), watched).unwrap(), Wakeup::WatchedGone);
    }
}
