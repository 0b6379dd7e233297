//! The front end of a session that has no person in front of it: `-x` messages, then stdin. It outlives the session,
//! so that nothing is lost that was read and not sent: the next session gets it.

use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::report::Unsent;
use crate::error::{Error, Phase, Result};
use crate::frontend::pipe::pace::Pace;
use crate::frontend::pipe::progress::Watch;
use crate::frontend::pipe::stdin;
use crate::input::{Mark, Source};
use crate::session::{Handle, NotSent, Sleeper, Waker};
use crate::wire::Outgoing;

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
}

/// A front end at work on a thread of its own.
pub struct FrontEnd {
    /// `None` when no session will follow.
    offers: Sender<Option<Offer>>,
    waker: Waker,
    left_over: Receiver<Unsent>,
}

/// A session to send through.
struct Offer {
    handle: Handle,
    watch: Option<Watch>,
    /// Whom to tell when it's over.
    tell: Sender<Parting>,
}

/// The work of a front end for one session.
pub struct Engagement {
    waker: Waker,
    parting: Receiver<Parting>,
}

/// How far a front end was when its session ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parting {
    /// Since when the input has been over, all of it handed to a connection; `None` while it isn't.
    pub finished: Option<Instant>,
}

impl FrontEnd {
    /// A front end that has `input` to send and no session yet.
    ///
    /// # Errors
    /// When the process is out of descriptors, or of threads.
    pub fn spawn(input: Input) -> io::Result<Self> {
        let sleeper = Sleeper::new()?;
        let waker = sleeper.waker();
        let (offers, offered) = mpsc::channel();
        let (tell, left_over) = mpsc::channel();
        let worker = Worker { input, sleeper, held: false, finished: None, unexecuted: 0 };
        thread::Builder::new().spawn(move || {
            let _ = tell.send(worker.run(&offered));
        })?;
        Ok(Self { offers, waker, left_over })
    }

    /// Sends through `handle` from now on, with somebody who watches; when the input is over, the session is told.
    pub fn engage(&self, handle: Handle, watch: Option<Watch>) -> Engagement {
        let (tell, parting) = mpsc::channel();
        // A thread that is gone is noticed by whoever waits for its parting.
        let _ = self.offers.send(Some(Offer { handle, watch, tell }));
        Engagement { waker: self.waker.clone(), parting }
    }

    /// Once no session will follow: what was read, or is waiting on stdin, and was not sent.
    pub fn left_over(&self) -> Unsent {
        let _ = self.offers.send(None);
        self.left_over.recv_timeout(COUNT_LIMIT).unwrap_or_default()
    }
}

impl Engagement {
    /// Once the session is over: waits until nothing is sent through it any more. A read of stdin that blocks, because
    /// somebody else has read what was there, is not waited for.
    pub fn part(self) -> Parting {
        self.waker.wake();
        self.parting.recv_timeout(COUNT_LIMIT).unwrap_or_default()
    }
}

struct Worker {
    input: Input,
    sleeper: Sleeper,
    /// Something was read that is not sent yet.
    held: bool,
    finished: Option<Instant>,
    /// `-x` messages that the last session did not take.
    unexecuted: u64,
}

/// Why sending stops.
enum Stop {
    /// The session takes nothing any more.
    Over,
    /// The input cannot be sent.
    Bad(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Bad(error)
    }
}

impl From<NotSent> for Stop {
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
    fn run(mut self, offered: &Receiver<Option<Offer>>) -> Unsent {
        while let Ok(Some(Offer { handle, watch, tell })) = offered.recv() {
            self.serve(&handle, watch);
            let _ = tell.send(Parting { finished: self.finished });
        }
        self.count()
    }

    fn serve(&mut self, handle: &Handle, watch: Option<Watch>) {
        let mut pace = Pace::new(handle, self.input.delay);
        let sent = self.execute(handle, &mut pace).and_then(|()| self.pump(handle, &mut pace));
        drop(watch);
        match sent {
            Err(Stop::Over) => return,
            Err(Stop::Bad(error)) => handle.report(error),
            Ok(()) => {}
        }
        self.finished.get_or_insert_with(Instant::now);
        handle.input_ended();
    }

    fn execute(&mut self, handle: &Handle, pace: &mut Pace<'_>) -> Result<(), Stop> {
        execute(&self.input.execute, pace);
        // With `--echo`, which goes without `-x`, others are handed over too.
        self.unexecuted = (self.input.execute.len() as u64).saturating_sub(handle.handed());
        if self.unexecuted > 0 { Err(Stop::Over) } else { Ok(()) }
    }

    /// Sends stdin until it is over.
    fn pump(&mut self, handle: &Handle, pace: &mut Pace<'_>) -> Result<(), Stop> {
        let Some(source) = &mut self.input.stdin else { return Ok(()) };
        loop {
            if !self.held {
                let filled = fill(source, &mut self.sleeper, handle);
                self.held = matches!(filled, Err(Stop::Over));
                if !filled? {
                    return Ok(());
                }
            }
            let sent = send_what_is_at_hand(source, handle, pace);
            self.held = matches!(sent, Err(Stop::Over));
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
fn fill(source: &mut Source, sleeper: &mut Sleeper, handle: &Handle) -> Result<bool, Stop> {
    let mut read = || match source.fill() {
        // The pipe was made non-blocking by another process that shares it, and read by one.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(Stop::Bad(Error::new(Phase::Session, "cannot read stdin").caused_by(error))),
        Ok(more) => Ok(more),
    };
    loop {
        if handle.is_over() {
            // An end that is there has to be known: no session need follow for it.
            return if stdin::is_ready() && !read()? { Ok(false) } else { Err(Stop::Over) };
        }
        // Where waiting fails, reading says why.
        if sleeper.sleep_until_readable(io::stdin().as_fd()).unwrap_or(true) {
            return read();
        }
    }
}

/// Sends all that was read. What the session did not take over is at hand again.
fn send_what_is_at_hand(source: &mut Source, handle: &Handle, pace: &mut Pace<'_>) -> Result<(), Stop> {
    let (mark, before) = (source.mark(), handle.handed());
    let sent = source.send_each(|message| Ok::<_, Stop>(pace.send(message)?));
    match (sent, pace.flush()) {
        (Err(Stop::Over), _) | (_, Err(_)) => {
            take_back(source, mark, handle.handed() - before);
            Err(Stop::Over)
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
pub fn execute(messages: &[String], pace: &mut Pace<'_>) {
    for message in messages {
        // One that cannot be sent is counted by the session.
        let _ = pace.send(Outgoing::Text(message));
    }
    let _ = pace.flush();
}
