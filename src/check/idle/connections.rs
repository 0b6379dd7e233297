//! The connections of a survey, each with threads of its own, and what they tell.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use super::Time;
use super::survey::{Fact, Speech};
use super::surveyed_connection::Cut;
use crate::client::connect::{self, Attempt};
use crate::client::open::{self, Started};
use crate::client::plan::Plan;
use crate::client::{advice, setup_error, thread_error};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{
    Detail, Direction, Directions, Ended, Event, EventSink, Flow, FlushError, Messages, Origin, Texts, Timestamp, Wants,
};
use crate::http::redact::{Part, Secrets};
use crate::output::{DataFormat, Discard, Fanout, Level, Options, Printer};
use crate::platform::{Notifier, Poller};
use crate::session::{Cause, Handle, Outcome};
use crate::wire;

/// What stands for a Close without a code (RFC 6455 section 7.1.5).
const NO_CODE: u16 = 1005;

/// What a connection tells.
pub enum Message {
    /// It is open, and this sends on it.
    Opened(usize, Time, Handle),
    /// Something has happened to it.
    Fact(usize, Time, Fact),
    /// The server says something by itself on it. Until the token is dropped, the connection tells no more of it.
    Spoke(usize, Time, Speech, Arc<()>),
    /// It could not be opened.
    Failed(usize, Time, Error),
    /// We ended it, for the server broke a rule.
    Broken(usize, Time, Error),
}

/// Opens connections.
#[derive(Clone)]
pub struct Connections {
    /// What connecting takes.
    pub plan: Arc<Plan>,
    /// Where the first of them is shown.
    pub fanout: Fanout,
    /// Where they tell.
    pub messages: Sender<Message>,
    /// Wakes the main thread, which takes what they tell.
    pub notifier: Notifier,
    /// When the survey began.
    pub started: Instant,
}

impl Connections {
    /// Opens a connection on a thread of its own, which lives as long as the connection.
    pub fn open(&self, number: usize) {
        let own = self.clone();
        let spawned = thread::Builder::new().spawn(move || {
            if let Err(error) = own.hold(number) {
                own.tell(Message::Failed(number, own.now(), error));
            }
        });
        if let Err(error) = spawned {
            self.tell(Message::Failed(number, self.now(), thread_error(Phase::Connect, "to connect", error)));
        }
    }

    /// The time since the survey began.
    pub fn now(&self) -> Time {
        self.started.elapsed()
    }

    /// After the end of the survey nothing listens.
    fn tell(&self, message: Message) {
        let _ = self.messages.send(message);
        self.notifier.notify();
    }

    /// Opens a connection, and sees how it ends.
    fn hold(&self, number: usize) -> Result<()> {
        let mut poller = Poller::new().map_err(|error| setup_error("cannot make a pipe", error))?;
        let fanout = if number == 0 { self.fanout.clone() } else { silent() };
        fanout.add(Box::new(Listener { number, connections: self.clone(), spoken: Weak::new() }));
        let handshaken = match connect::on_thread(&self.plan, &fanout, &mut poller, || (), |_| None::<()>) {
            Attempt::Connected(handshaken) => *handshaken,
            Attempt::Unauthorized(unauthorized) => return Err(unauthorized.error),
            Attempt::Failed(error) => return Err(error),
            Attempt::Interrupted(()) => return Ok(()),
        };
        let settings = self.plan.settings.clone();
        let started = open::start(handshaken, &self.plan, settings, &fanout, poller.notifier())?;
        let Started { session, supervisor, .. } = started;
        self.tell(Message::Opened(number, self.now(), session.handle));
        let outcome = supervisor.run(&mut poller, None, None);
        if outcome.cause == Cause::Breach {
            self.tell(Message::Broken(number, self.now(), breach(outcome.ended)));
        } else if let Some(cut) = cut(&outcome, self.plan.request.secrets()) {
            self.tell(Message::Fact(number, self.now(), Fact::Cut(cut)));
        }
        Ok(())
    }
}

/// What tells of a breach, which says nothing about silence.
fn breach(ended: Ended) -> Error {
    let phase = if ended.status == ExitStatus::Protocol { Phase::Protocol } else { Phase::Session };
    let why = ended.conclusion.unwrap_or_else(|| "the server broke the protocol".to_owned());
    Error::new(phase, format!("{why}: that ended a connection, not its silence"))
}

/// How a connection ended that we did not end.
fn cut(outcome: &Outcome, secrets: Secrets) -> Option<Cut> {
    match outcome.cause {
        Cause::Peer => Some(close(outcome.ended.code.into(), &outcome.ended.reason, secrets)),
        Cause::Loss if outcome.is_reset => Some(Cut::Reset),
        Cause::Loss => Some(Cut::End),
        Cause::Ourselves | Cause::Enough | Cause::Abort | Cause::Breach => None,
    }
}

fn close(code: u16, reason: &[u8], secrets: Secrets) -> Cut {
    Cut::Close { code, reason: secrets.text(Part::Text(reason)) }
}

/// Shows nothing: all connections have the same to say.
fn silent() -> Fanout {
    let options = Options { level: Level::Quiet, format: DataFormat::None, ..Options::new(advice) };
    Fanout::new(Printer::shared(options, Box::new(Discard)))
}

/// Tells what the server sends on a connection.
struct Listener {
    number: usize,
    connections: Connections,
    /// The token of what was told last of what the server says: alive until that is taken.
    spoken: Weak<()>,
}

impl Listener {
    /// Tells that the server says something, unless that is yet to be taken from before: a flood takes no memory, and the
    /// thread that reads never waits here. It holds the lock of the sinks, which the survey needs for its notes.
    fn spoke(&mut self, speech: Speech) {
        if self.spoken.strong_count() > 0 {
            return;
        }
        let token = Arc::new(());
        self.spoken = Arc::downgrade(&token);
        self.connections.tell(Message::Spoke(self.number, self.connections.now(), speech, token));
    }
}

impl EventSink for Listener {
    fn wants(&self) -> Wants {
        Wants {
            directions: Directions::Received,
            messages: Messages::InParts,
            texts: Texts::InBulk,
            detail: Detail::Messages,
        }
    }

    fn event(&mut self, _origin: Origin, _at: Timestamp, event: &Event<'_>) -> Flow {
        let Event::Wire { direction: Direction::Received, event, round_trip, .. } = event else {
            return Flow::Continue;
        };
        let fact = match event {
            wire::Event::Pong(_) if round_trip.is_some() => Fact::Answered,
            wire::Event::Pong(_) => Fact::Spoke(Speech::Pongs),
            wire::Event::Ping(_) => Fact::Spoke(Speech::Pings),
            wire::Event::Message { .. } | wire::Event::Part { .. } => Fact::Spoke(Speech::Messages),
            // Where it answers ours, it cuts nothing any more.
            wire::Event::Close(received) => {
                let code = received.code.map_or(NO_CODE, u16::from);
                Fact::Cut(close(code, received.reason, self.connections.plan.request.secrets()))
            }
            _ => return Flow::Continue,
        };
        match fact {
            Fact::Spoke(speech) => self.spoke(speech),
            fact => self.connections.tell(Message::Fact(self.number, self.connections.now(), fact)),
        }
        Flow::Continue
    }

    fn flush(&mut self) -> std::result::Result<(), FlushError> {
        Ok(())
    }
}
