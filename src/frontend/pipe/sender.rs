//! Sends the input: `-x` messages, then stdin. The sender's thread outlives a session, so that nothing is lost that was
//! read and not sent: the next session gets it.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::report::Unsent;
use crate::error::{Error, Phase, Result};
use crate::frontend::pipe::pace::Pace;
use crate::frontend::pipe::progress::ProgressDisplay;
use crate::frontend::pipe::stdin;
use crate::input::{Mark, Source};
use crate::platform::{Descriptor, Notifier, Poller};
use crate::session::{Handle, NotSent};
use crate::wire::Outgoing;

/// What is said where there is nothing to send.
const STDIN_IS_EMPTY: &str =
    "stdin is empty: nothing is sent, and all that comes is received, as with `-N` (`-w 0` leaves)";

/// How long messages are counted that will not be sent.
const COUNT_LIMIT: Duration = Duration::from_millis(500);

/// What to send.
pub struct Input {
    /// First of all, as text, whenever a session opens.
    pub execute: Vec<String>,
    /// The pause between two messages.
    pub delay: Option<Duration>,
    /// Then what comes from stdin, if it is to be read; a session goes on with it where the one before was.
    pub stdin: Option<Source>,
    /// What follows where there is nothing at all to send.
    pub when_empty: WhenEmpty,
}

/// What follows where stdin is empty from the start, and nothing else was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenEmpty {
    /// The input is over, as it is after the last message.
    End,
    /// There never was any input: the session goes on as without.
    Receive,
}

/// The sender's thread, seen from the main thread.
pub struct InputSender {
    /// `None` when no session will follow.
    jobs: Sender<Option<Job>>,
    notifier: Notifier,
    left_over: Receiver<Unsent>,
}

/// A session to send through.
struct Job {
    handle: Handle,
    progress: Option<ProgressDisplay>,
    /// Gets the result when the session is over.
    result: Sender<SendResult>,
}

/// Sending through one session.
pub struct SendJob {
    notifier: Notifier,
    result: Receiver<SendResult>,
}

/// How far the input was when the session ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct SendResult {
    /// Since when the input has been over, all of it handed to a connection; `None` while it isn't.
    pub finished: Option<Instant>,
}

impl InputSender {
    /// Starts the thread, which has `input` to send and no session yet.
    ///
    /// # Errors
    /// When the process is out of descriptors, or of threads.
    pub fn spawn(input: Input) -> io::Result<Self> {
        let poller = Poller::new()?;
        let notifier = poller.notifier();
        let (jobs, received) = mpsc::channel();
        let (tell, left_over) = mpsc::channel();
        let worker = Worker { input, poller, held: false, stdin: StdinState::Unread, finished: None, unexecuted: 0 };
        thread::Builder::new().spawn(move || {
            let _ = tell.send(worker.run(&received));
        })?;
        Ok(Self { jobs, notifier, left_over })
    }

    /// Sends through `handle` from now on, with `progress` shown; when the input is over, the session is told.
    pub fn send_through(&self, handle: Handle, progress: Option<ProgressDisplay>) -> SendJob {
        let (sender, result) = mpsc::channel();
        // A thread that is gone has no result: `SendJob::finish` notices it.
        let _ = self.jobs.send(Some(Job { handle, progress, result: sender }));
        SendJob { notifier: self.notifier.clone(), result }
    }

    /// Once no session will follow: what was read, or is waiting on stdin, and was not sent.
    pub fn left_over(&self) -> Unsent {
        let _ = self.jobs.send(None);
        self.left_over.recv_timeout(COUNT_LIMIT).unwrap_or_default()
    }
}

impl SendJob {
    /// Once the session is over: waits until nothing is sent through it any more. A read of stdin that blocks, because
    /// another process has read what was there, is not waited for.
    pub fn finish(self) -> SendResult {
        self.notifier.notify();
        self.result.recv_timeout(COUNT_LIMIT).unwrap_or_default()
    }
}

struct Worker {
    input: Input,
    poller: Poller,
    /// Something was read that is not sent yet.
    held: bool,
    stdin: StdinState,
    finished: Option<Instant>,
    /// `-x` messages that the last session did not take.
    unexecuted: u64,
}

/// What is known of stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StdinState {
    /// Nothing has come yet.
    Unread,
    /// Something has come.
    Read,
    /// It is empty, and that has been told.
    ToldEmpty,
}

/// Why sending stops.
enum StopReason {
    /// The session takes nothing any more.
    Over,
    /// The input cannot be sent.
    Bad(Error),
}

impl From<Error> for StopReason {
    fn from(error: Error) -> Self {
        Self::Bad(error)
    }
}

impl From<NotSent> for StopReason {
    fn from(reason: NotSent) -> Self {
        match reason {
            NotSent::Closed => Self::Over,
            NotSent::Refused(error) => {
                Self::Bad(Error::new(Phase::Input, "stdin holds what cannot be sent").caused_by(error))
            }
        }
    }
}

impl Worker {
    fn run(mut self, jobs: &Receiver<Option<Job>>) -> Unsent {
        while let Ok(Some(Job { handle, progress, result })) = jobs.recv() {
            self.serve(&handle, progress);
            let _ = result.send(SendResult { finished: self.finished });
        }
        self.count()
    }

    fn serve(&mut self, handle: &Handle, progress: Option<ProgressDisplay>) {
        let mut pace = Pace::new(handle, self.input.delay);
        let sent = self.execute(handle, &mut pace).and_then(|()| self.pump(handle, &mut pace));
        drop(progress);
        match sent {
            Err(StopReason::Over) => return,
            Err(StopReason::Bad(error)) => handle.report(error),
            Ok(()) if self.has_nothing_to_send() => {
                if self.stdin != StdinState::ToldEmpty {
                    handle.note(STDIN_IS_EMPTY);
                    self.stdin = StdinState::ToldEmpty;
                }
                return;
            }
            Ok(()) => {}
        }
        self.finished.get_or_insert_with(Instant::now);
        handle.input_ended();
    }

    /// Whether the input was empty from the start, and the session is to go on nevertheless.
    fn has_nothing_to_send(&self) -> bool {
        let Input { execute, stdin, when_empty, .. } = &self.input;
        *when_empty == WhenEmpty::Receive && execute.is_empty() && stdin.is_some() && self.stdin != StdinState::Read
    }

    fn execute(&mut self, handle: &Handle, pace: &mut Pace<'_>) -> Result<(), StopReason> {
        send_executed(&self.input.execute, pace);
        // With `--echo`, which goes without `-x`, others are handed over too.
        self.unexecuted = (self.input.execute.len() as u64).saturating_sub(handle.handed());
        if self.unexecuted > 0 { Err(StopReason::Over) } else { Ok(()) }
    }

    /// Sends stdin until it is over.
    fn pump(&mut self, handle: &Handle, pace: &mut Pace<'_>) -> Result<(), StopReason> {
        let Some(source) = &mut self.input.stdin else { return Ok(()) };
        loop {
            if !self.held {
                let filled = fill(source, &mut self.poller, handle);
                self.held = matches!(filled, Err(StopReason::Over));
                if !filled? {
                    return Ok(());
                }
                self.stdin = StdinState::Read;
            }
            let sent = send_what_is_at_hand(source, handle, pace);
            self.held = matches!(sent, Err(StopReason::Over));
            sent?;
        }
    }

    /// Counts what is at hand and will not be sent any more.
    fn count(mut self) -> Unsent {
        match self.input.stdin.as_mut().filter(|_| self.finished.is_none()) {
            Some(source) => stdin::count(source, self.unexecuted, COUNT_LIMIT / 2),
            None => Unsent { messages: self.unexecuted, more: false },
        }
    }
}

/// Waits for more input, as long as the session lasts. `false`: the input is over.
fn fill(source: &mut Source, poller: &mut Poller, handle: &Handle) -> Result<bool, StopReason> {
    let mut read = || match source.fill() {
        // The pipe was made non-blocking by another process that shares it, and read by one.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(StopReason::Bad(Error::new(Phase::Session, "cannot read stdin").caused_by(error))),
        Ok(more) => Ok(more),
    };
    loop {
        if handle.is_over() {
            // An end that is there has to be known: no session need follow for it.
            return if stdin::is_ready() && !read()? { Ok(false) } else { Err(StopReason::Over) };
        }
        // Where waiting fails, reading says why.
        if poller.wait_until_readable(Descriptor::from(&io::stdin())).unwrap_or(true) {
            return read();
        }
    }
}

/// Sends all that was read. What the session did not take over is at hand again.
fn send_what_is_at_hand(source: &mut Source, handle: &Handle, pace: &mut Pace<'_>) -> Result<(), StopReason> {
    let (mark, before) = (source.mark(), handle.handed());
    let sent = source.send_each(|message| Ok::<_, StopReason>(pace.send(message)?));
    match (sent, pace.flush()) {
        (Err(StopReason::Over), _) | (_, Err(_)) => {
            take_back(source, mark, handle.handed() - before);
            Err(StopReason::Over)
        }
        (sent, Ok(())) => sent,
    }
}

/// Goes back to `mark`, and past the first `handed` messages: those are on their way, and never sent twice.
fn take_back(source: &mut Source, mark: Mark, handed: u64) {
    source.go_back(mark);
    let mut passed = 0;
    while passed < handed
        && let Some(Ok(message)) = source.next()
    {
        passed += u64::from(stdin::is_data(&message));
    }
}

/// Sends what `-x` says.
pub fn send_executed(messages: &[String], pace: &mut Pace<'_>) {
    for message in messages {
        // One that cannot be sent is counted by the session.
        let _ = pace.send(Outgoing::Text(message));
    }
    let _ = pace.flush();
}
