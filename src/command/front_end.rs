//! The front end of a session that has no person in front of it: `-x` messages, then stdin.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::pace::Pace;
use super::progress::Watch;
use super::report::Unsent;
use crate::cli::{FormatArgs, InputFormat};
use crate::error::{Error, Phase, Result};
use crate::input::{Format, Source, SourceOptions};
use crate::session::{Handle, NotSent};
use crate::wire::{Kind, Outgoing};

/// How long messages are counted that will not be sent.
const COUNT_LIMIT: Duration = Duration::from_millis(500);

/// What to send.
pub struct Input {
    /// First of all, as text.
    pub execute: Vec<String>,
    /// The pause between two messages.
    pub delay: Option<Duration>,
    /// Then what comes from stdin, if it is to be read.
    pub source: Option<Source>,
}

/// A front end at work on a thread of its own, which cannot be interrupted while it reads stdin.
pub struct FrontEnd {
    reading: Arc<AtomicBool>,
    left_over: Receiver<Unsent>,
}

impl FrontEnd {
    /// Sends `input` through `handle`, with somebody who watches until that is done, then tells the session that the
    /// input has ended.
    pub fn spawn(handle: Handle, input: Input, watch: Option<Watch>) -> Self {
        let reading = Arc::new(AtomicBool::new(false));
        let (tell, left_over) = mpsc::channel();
        let worker = Worker { handle, reading: Arc::clone(&reading) };
        thread::spawn(move || {
            let unsent = worker.run(input);
            drop(watch);
            worker.handle.input_ended();
            let _ = tell.send(unsent);
        });
        Self { reading, left_over }
    }

    /// Once the session is over: what was read, or is waiting on stdin, and was not sent.
    pub fn left_over(&self) -> Unsent {
        let until = Instant::now() + COUNT_LIMIT;
        loop {
            match self.left_over.recv_timeout(Duration::from_millis(5)) {
                Ok(unsent) => return unsent,
                Err(RecvTimeoutError::Disconnected) => return Unsent::default(),
                Err(RecvTimeoutError::Timeout) => {
                    let is_idle = self.reading.load(Ordering::Acquire) && !stdin_is_ready();
                    if is_idle || Instant::now() >= until {
                        return Unsent::default();
                    }
                }
            }
        }
    }
}

struct Worker {
    handle: Handle,
    reading: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self, input: Input) -> Unsent {
        let mut pace = Pace::new(&self.handle, input.delay);
        execute(&input.execute, &mut pace);
        match input.source {
            Some(source) => self.pump(source, pace),
            None => Unsent::default(),
        }
    }

    fn pump(&self, mut source: Source, mut pace: Pace<'_>) -> Unsent {
        while self.fill(&mut source) {
            while let Some(message) = source.next() {
                match message.map(|outgoing| pace.send(outgoing)) {
                    Ok(Ok(())) => {}
                    Ok(Err(NotSent::Closed)) => {
                        drop(pace);
                        return self.count(source);
                    }
                    Ok(Err(NotSent::Refused(error))) => {
                        self.handle
                            .report(Error::new(Phase::Input, "stdin holds what cannot be sent").caused_by(error));
                        return Unsent::default();
                    }
                    Err(error) => {
                        self.handle.report(error);
                        return Unsent::default();
                    }
                }
            }
            if pace.flush().is_err() {
                return self.count(source);
            }
        }
        Unsent::default()
    }

    fn fill(&self, source: &mut Source) -> bool {
        self.reading.store(true, Ordering::Release);
        let filled = source.fill();
        self.reading.store(false, Ordering::Release);
        filled.unwrap_or_else(|error| {
            self.handle.report(Error::new(Phase::Session, "cannot read stdin").caused_by(error));
            false
        })
    }

    /// Counts what is at hand and will not be sent any more.
    fn count(&self, mut source: Source) -> Unsent {
        let until = Instant::now() + COUNT_LIMIT / 2;
        let mut messages = 0;
        loop {
            while let Some(Ok(_)) = source.next() {
                messages += 1;
            }
            if !stdin_is_ready() {
                return Unsent { messages, more: false };
            }
            if Instant::now() >= until {
                return Unsent { messages, more: true };
            }
            if !self.fill(&mut source) {
                return Unsent { messages, more: false };
            }
        }
    }
}

/// Whether a read of stdin would not block.
fn stdin_is_ready() -> bool {
    let stdin = io::stdin();
    let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Sends what `-x` says.
pub fn execute(messages: &[String], pace: &mut Pace<'_>) {
    for message in messages {
        // One that cannot be sent is counted by the session.
        let _ = pace.send(Outgoing::Text(message));
    }
    let _ = pace.flush();
}

/// Stdin itself, with no buffer between it and us, cut into messages as the flags say.
///
/// # Errors
/// When stdin is closed.
pub fn source(format: &FormatArgs, max_message: u64) -> Result<Source> {
    let options = SourceOptions {
        format: match format.input() {
            InputFormat::Lines => Format::Lines,
            InputFormat::Null => Format::Null,
            InputFormat::Whole => Format::Whole,
            InputFormat::Chunks => Format::Chunks,
            InputFormat::Hex => Format::Hex,
            InputFormat::Base64 => Format::Base64,
            InputFormat::Json => Format::Json,
        },
        kind: if format.is_binary() { Kind::Binary } else { Kind::Text },
        max_message,
    };
    let stdin = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| Error::new(Phase::Session, "cannot use stdin").caused_by(error))?;
    Ok(Source::new(File::from(stdin), options))
}
