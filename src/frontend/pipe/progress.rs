//! Shows on a terminal how far a long send is.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Seek};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::ViewArgs;
use crate::client::view::shows_progress;
use crate::output::{Fanout, Progress};
use crate::platform::Descriptor;
use crate::session::{Handle, SendProgress};

/// A send that is over sooner needs no progress.
const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// How often to look.
const INTERVAL: Duration = Duration::from_millis(250);
/// How many looks back the rate is taken over.
const SAMPLES: usize = 12;
/// An input of unknown length that brings less than this between two looks is no long send, but idle.
const BUSY: u64 = 64 * 1024;

/// Shows progress until it is dropped.
pub struct ProgressDisplay {
    _until: Sender<Infallible>,
}

impl ProgressDisplay {
    /// Starts watching what is sent of stdin, if stderr is a terminal that can show it.
    pub fn start(handle: &Handle, fanout: &Fanout, view: &ViewArgs) -> Option<Self> {
        if view.quiet || !shows_progress() {
            return None;
        }
        let (until, over) = mpsc::channel();
        let (handle, fanout) = (handle.clone(), fanout.clone());
        let watcher = ProgressWatcher { handle, fanout, input: regular_stdin(), estimate: Estimate::default() };
        // Without a thread there is no progress to see; the messages are sent all the same.
        thread::Builder::new().spawn(move || watcher.run(&over)).ok()?;
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
    fanout: Fanout,
    input: Option<File>,
    estimate: Estimate,
}

impl ProgressWatcher {
    fn run(mut self, over: &Receiver<Infallible>) {
        let mut wait = SHOWN_AFTER;
        while let Err(RecvTimeoutError::Timeout) = over.recv_timeout(wait) {
            wait = INTERVAL;
            let unread = self.input.as_mut().and_then(unread);
            let progress = self.estimate.look(Instant::now(), self.handle.send_progress(), unread);
            let mut sinks = self.fanout.lock();
            // Looked at with the sinks held: what is said at the end comes after this.
            if self.handle.is_over() {
                return;
            }
            match progress {
                Some(progress) => sinks.printer().show_progress(&progress.to_string()),
                None => sinks.printer().erase_progress(),
            }
        }
        self.fanout.lock().printer().erase_progress();
    }
}

/// How far a send is, estimated from some looks at it.
#[derive(Default)]
struct Estimate {
    /// When so many bytes had gone out.
    samples: VecDeque<(Instant, u64)>,
}

impl Estimate {
    /// One look more: `progress` of the connection, and how much of the input is `unread`, if that is known. `None` while
    /// nothing much is going on.
    fn look(&mut self, now: Instant, progress: SendProgress, unread: Option<u64>) -> Option<Progress> {
        let SendProgress { written, waiting } = progress;
        let lately = self.samples.back().map_or(0, |&(_, before)| written - before);
        self.samples.push_back((now, written));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let left = unread.map(|unread| unread + waiting);
        let is_busy = left.unwrap_or(waiting) > 0 || lately >= BUSY;
        is_busy.then(|| Progress { sent: written, left, rate: self.rate(now, written) })
    }

    /// Bytes a second.
    fn rate(&self, now: Instant, written: u64) -> u64 {
        let Some(&(since, before)) = self.samples.front() else { return 0 };
        let milliseconds = now.duration_since(since).as_millis();
        let rate = u128::from(written - before) * 1000 / milliseconds.max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// How much of a file is still to be read; the thread that reads it shares its position.
fn unread(file: &mut File) -> Option<u64> {
    let length = file.metadata().ok()?.len();
    Some(length.saturating_sub(file.stream_position().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks every quarter of a second at a connection that has taken so many bytes.
    fn looks(written: &[u64], waiting: u64, unread: Option<u64>) -> Vec<Option<(Option<u64>, u64)>> {
        let (mut estimate, start) = (Estimate::default(), Instant::now());
        let mut now = start;
        let mut look = |&written: &u64| {
            now += INTERVAL;
            estimate.look(now, SendProgress { written, waiting }, unread).map(|progress| (progress.left, progress.rate))
        };
        written.iter().map(&mut look).collect()
    }

    #[test]
    fn the_rate_is_that_of_the_latest_looks() {
        let written: Vec<u64> = (0..20).map(|look| if look < 8 { 0 } else { (look - 7) * 250 }).collect();
        let last = looks(&written, 1, None).pop().flatten();
        assert_eq!(last, Some((None, 1000)));
    }

    #[test]
    fn what_is_left_is_known_where_the_input_has_a_length() {
        assert_eq!(looks(&[10], 5, Some(100)), [Some((Some(105), 0))]);
        assert_eq!(looks(&[10], 0, Some(0)), [None]);
    }

    #[test]
    fn an_input_of_unknown_length_that_brings_little_is_idle() {
        assert_eq!(looks(&[0, BUSY - 1], 0, None), [None, None]);
        assert!(looks(&[0, BUSY], 0, None)[1].is_some());
    }
}
