//! Shows on a terminal how far a long send is.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal, Seek};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use terminal_size::terminal_size_of;

use crate::cli::ViewArgs;
use crate::output::{Printer, Progress};
use crate::platform::Descriptor;
use crate::session::Handle;
use crate::session::output::lock;

/// A send that is over sooner needs no progress.
const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// How often to look.
const INTERVAL: Duration = Duration::from_millis(250);
/// How many looks back the rate is taken over.
const SAMPLES: usize = 12;
/// An input of unknown length that brings less than this between two looks is no long send, but idle.
const BUSY: u64 = 64 * 1024;

/// Where a terminal doesn't tell.
const USUAL_WIDTH: usize = 80;

/// Shows progress until it is dropped.
pub struct ProgressDisplay {
    _until: Sender<Infallible>,
}

impl ProgressDisplay {
    /// Starts watching what is sent of stdin, if stderr is a terminal that can show it.
    pub fn start(handle: &Handle, printer: &Arc<Mutex<Printer>>, view: &ViewArgs) -> Option<Self> {
        let can_erase = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != OsStr::new("dumb"));
        if view.quiet || !io::stderr().is_terminal() || !can_erase {
            return None;
        }
        let (until, over) = mpsc::channel();
        let (handle, printer) = (handle.clone(), Arc::clone(printer));
        let watcher = ProgressWatcher { handle, printer, input: regular_stdin(), samples: VecDeque::new() };
        thread::spawn(move || watcher.run(&over));
        Some(Self { _until: until })
    }
}

/// Stdin, if its length is known.
fn regular_stdin() -> Option<File> {
    let file = Descriptor::from(&io::stdin()).duplicate().ok()?;
    file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
}

struct ProgressWatcher {
    handle: Handle,
    printer: Arc<Mutex<Printer>>,
    input: Option<File>,
    /// When so many bytes had gone out.
    samples: VecDeque<(Instant, u64)>,
}

impl ProgressWatcher {
    fn run(mut self, over: &Receiver<Infallible>) {
        let mut wait = SHOWN_AFTER;
        while let Err(RecvTimeoutError::Timeout) = over.recv_timeout(wait) {
            wait = INTERVAL;
            let progress = self.look();
            let mut printer = lock(&self.printer);
            // Looked at with the printer in hand: what is said at the end comes after this.
            if self.handle.is_over() {
                return;
            }
            match progress {
                Some(progress) => printer.show_progress(&progress, columns()),
                None => printer.erase_progress(),
            }
        }
        lock(&self.printer).erase_progress();
    }

    /// How far it is; `None` while nothing much is going on.
    fn look(&mut self) -> Option<Progress> {
        let (now, send_progress) = (Instant::now(), self.handle.send_progress());
        let unread = self.input.as_mut().and_then(unread);
        let lately = self.samples.back().map_or(0, |&(_, written)| send_progress.written - written);
        self.samples.push_back((now, send_progress.written));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let left = unread.map(|unread| unread + send_progress.waiting);
        let is_busy = left.unwrap_or(send_progress.waiting) > 0 || lately >= BUSY;
        is_busy.then(|| Progress { sent: send_progress.written, left, rate: self.rate(now, send_progress.written) })
    }

    fn rate(&self, now: Instant, written: u64) -> u64 {
        let Some(&(since, before)) = self.samples.front() else { return 0 };
        let milliseconds = now.duration_since(since).as_millis();
        let rate = u128::from(written - before) * 1000 / milliseconds.max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// How wide the terminal is.
fn columns() -> usize {
    terminal_size_of(io::stderr()).map_or(USUAL_WIDTH, |(width, _)| width.0.into())
}

/// How much of a file is still to be read; the thread that reads it shares its position.
fn unread(file: &mut File) -> Option<u64> {
    let length = file.metadata().ok()?.len();
    Some(length.saturating_sub(file.stream_position().ok()?))
}
