//! What the keeper sleeps on: a self-pipe that any thread, and any signal, can write to.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::error::ExitStatus;

/// The waking end; cheap to clone.
#[derive(Debug, Clone)]
pub struct Waker {
    pipe: Arc<UnixStream>,
    pending: Arc<AtomicBool>,
}

impl Waker {
    /// Wakes the sleeper, once however often it is called before it wakes.
    pub fn wake(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            // A full pipe means that a wake-up is on its way already.
            let _ = (&*self.pipe).write(&[0]);
        }
    }
}

/// The sleeping end.
#[derive(Debug)]
pub struct Sleeper {
    pipe: UnixStream,
    waker: Waker,
}

/// Why the sleeper woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Somebody called, or the time was up.
    ToLook,
    /// The reader of the watched descriptor went away.
    WatchedGone,
}

impl Sleeper {
    /// A sleeper and its waker.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub fn new() -> io::Result<Self> {
        let (pipe, other) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        Ok(Self { pipe, waker: Waker { pipe: Arc::new(other), pending: Arc::default() } })
    }

    /// The waking end.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Sleeps until woken, until `timeout` has passed, or until nobody can read what is written to `watched` any more.
    ///
    /// # Errors
    /// When poll(2) fails.
    pub fn sleep(&mut self, timeout: Option<Duration>, watched: Option<BorrowedFd<'_>>) -> io::Result<Woken> {
        let timeout = match timeout {
            // Rounded up: waking a moment too early would be a busy loop.
            Some(timeout) => PollTimeout::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX),
            None => PollTimeout::NONE,
        };
        let watched = watched.map(|watched| PollFd::new(watched, PollFlags::empty()));
        let gone = self.poll(timeout, watched)?;
        Ok(if gone { Woken::WatchedGone } else { Woken::ToLook })
    }

    /// Sleeps until woken, or until a read of `input` would not block (`true`).
    ///
    /// # Errors
    /// When poll(2) fails.
    pub fn sleep_until_readable(&mut self, input: BorrowedFd<'_>) -> io::Result<bool> {
        self.poll(PollTimeout::NONE, Some(PollFd::new(input, PollFlags::POLLIN)))
    }

    /// Waits for the waker or for `other`; tells whether something has happened to `other`.
    fn poll(&mut self, timeout: PollTimeout, other: Option<PollFd<'_>>) -> io::Result<bool> {
        let mut polled = Vec::with_capacity(2);
        polled.push(PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN));
        polled.extend(other);
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened = polled.get(1).is_some_and(|other| other.any().unwrap_or(true));
        // Nobody has called: a system call less for each read of stdin. Who calls now leaves a byte for the next time.
        if polled[0].any() == Some(false) {
            return Ok(happened);
        }
        // In this order: emptied after `pending` is cleared, the pipe would lose the byte of a call in between, and with
        // `pending` set no later call would write another.
        while matches!((&self.pipe).read(&mut [0; 64]), Ok(count) if count > 0) {}
        self.waker.pending.swap(false, Ordering::AcqRel);
        Ok(happened)
    }
}

/// SIGINT and SIGTERM, which wake a sleeper instead of killing the process.
#[derive(Debug)]
pub struct Signals {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

/// A signal that asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl From<Signal> for ExitStatus {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
        }
    }
}

impl Signals {
    /// From now on the signals wake `sleeper`.
    ///
    /// # Errors
    /// When a handler cannot be installed.
    pub fn catch(sleeper: &Sleeper) -> io::Result<Self> {
        let signals = Self { interrupted: Arc::default(), terminated: Arc::default() };
        for (signal, flag) in [(SIGINT, &signals.interrupted), (SIGTERM, &signals.terminated)] {
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, sleeper.waker.pipe.try_clone()?)?;
        }
        Ok(signals)
    }

    /// The signal that came since the last call.
    pub fn take(&self) -> Option<Signal> {
        if self.terminated.swap(false, Ordering::AcqRel) {
            Some(Signal::Terminate)
        } else if self.interrupted.swap(false, Ordering::AcqRel) {
            Some(Signal::Interrupt)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn calls_that_come_while_it_is_waking_are_not_lost() {
        const CALLS: u32 = 5_000_000;
        const TOO_LONG: Duration = Duration::from_secs(20);
        let mut sleeper = Sleeper::new().unwrap();
        let (waker, calls) = (sleeper.waker(), Arc::new(AtomicU32::new(0)));
        let caller_calls = Arc::clone(&calls);
        thread::spawn(move || {
            for _ in 0..CALLS {
                caller_calls.fetch_add(1, Ordering::Release);
                waker.wake();
            }
        });
        let started = Instant::now();
        while calls.load(Ordering::Acquire) < CALLS {
            sleeper.sleep(Some(TOO_LONG), None).unwrap();
        }
        assert!(started.elapsed() < TOO_LONG);
    }
}
