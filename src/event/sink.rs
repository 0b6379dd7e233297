//! What takes events: the terminal and the pipes of [`output`](crate::output), a recording, statistics.

use std::io;
use std::time::Duration;

use super::{Direction, Event, Origin, Timestamp};
use crate::error::{Error, Phase};
use crate::wire::{self, Kind, MessageFacts, Observe, TextBatch};

/// Takes the events of all sessions of a run, in order, each as soon as it is known.
///
/// All sinks of a run are called with one lock held. So a sink that blocks holds back every other sink, and the peer:
/// the printer does it where its pipe is full, for that is back-pressure. What must not hold anything back has to be fast.
pub trait EventSink: Send {
    /// What the sink has use for. What no sink wants is not made at all.
    fn wants(&self) -> Wants;

    /// Takes one event. Of [`Event::Wire`] it gets what it [`wants`](Self::wants), of all others each.
    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow;

    /// Takes text messages in place of an event for each, and of those for their frames. It is called only where all sinks
    /// [want](Self::wants) [`Texts::InBulk`].
    fn texts(&mut self, origin: Origin, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) -> Flow {
        texts.frames().fold(Flow::Continue, |flow, frame| {
            let facts = MessageFacts { length: frame.text.len() as u64, compressed: None, fragments: 1 };
            let event = &wire::Event::Message { kind: Kind::Text, payload: frame.text, facts };
            flow.and(self.event(origin, at, &Event::Wire { direction, event, round_trip: None, annotation: None }))
        })
    }

    /// Writes what is held back: no event follows for now.
    ///
    /// # Errors
    /// The first error of a stream, now and ever after.
    fn flush(&mut self) -> Result<(), FlushError>;

    /// For how long the reader of the sink's output has been waited for so far. Time limits leave it out.
    fn blocked(&self) -> Duration {
        Duration::ZERO
    }
}

/// What a sink answers to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// The session goes on.
    Continue,
    /// The sink has seen what it wanted: the session is to end in order. What comes until it has ended is still an event.
    Stop,
}

impl Flow {
    /// Both answers together: one sink is enough to stop.
    pub fn and(self, other: Self) -> Self {
        if self == Self::Stop { self } else { other }
    }
}

/// What a sink wants to see of what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// Which way.
    pub directions: Directions,
    /// Whether a large binary message may come in parts.
    pub messages: Messages,
    /// Whether text messages may come many at once.
    pub texts: Texts,
    /// How much of it.
    pub detail: Detail,
}

/// Which directions a sink wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Directions {
    /// What the peer sends.
    Received,
    /// What we send, too. It is read back from the bytes that were sent.
    Both,
}

/// How large binary messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Messages {
    /// They may come as [`wire::Event::Part`]s, each as it arrives.
    InParts,
    /// Each message is one event.
    Whole,
}

/// How small text messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Texts {
    /// They may come as [`EventSink::texts`], many at once.
    InBulk,
    /// Each is an event, behind that of its frame.
    OneByOne,
}

/// How much a sink wants to see, from little to much. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// No [`Event::Wire`] at all.
    Nothing,
    /// Messages, pings, pongs, closes and findings.
    Messages,
    /// The header of each frame, too.
    Frames,
    /// All bytes of each frame, too.
    Bytes,
}

impl Wants {
    /// All that either of two sinks wants.
    pub fn union(self, other: Self) -> Self {
        Self {
            directions: self.directions.max(other.directions),
            messages: self.messages.max(other.messages),
            texts: self.texts.max(other.texts),
            detail: self.detail.max(other.detail),
        }
    }

    /// How much of each frame a receiver has to report.
    pub fn observe(&self) -> Observe {
        match self.detail {
            Detail::Nothing | Detail::Messages => Observe::Nothing,
            Detail::Frames => Observe::Headers,
            Detail::Bytes => Observe::Bytes,
        }
    }

    /// Whether `event` is for a sink that wants this.
    pub fn include(&self, event: &Event<'_>) -> bool {
        let Event::Wire { direction, event, .. } = event else { return true };
        let least = if let wire::Event::Frame(_) = event { Detail::Frames } else { Detail::Messages };
        self.detail >= least && self.follow(*direction)
    }

    /// Whether messages that go in `direction` are for a sink that wants this.
    pub fn include_messages(&self, direction: Direction) -> bool {
        self.detail >= Detail::Messages && self.follow(direction)
    }

    fn follow(self, direction: Direction) -> bool {
        direction == Direction::Received || self.directions == Directions::Both
    }
}

/// A stream that a sink writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputStream {
    /// Messages: stdout. Also where both streams of the printer share one output.
    Data,
    /// All that is said about them: stderr.
    Diagnostics,
    /// Another one, by its name.
    Other(String),
}

/// A stream that couldn't be written.
#[derive(Debug)]
pub struct FlushError {
    /// Which.
    pub stream: OutputStream,
    /// Why; `BrokenPipe` when its reader went away.
    pub error: io::Error,
}

impl FlushError {
    /// The error to report: none where a pipe's reader has seen enough, nor where there is no stream to report it on.
    pub fn remarkable(self) -> Option<Error> {
        let name = match self.stream {
            OutputStream::Data if self.error.kind() == io::ErrorKind::BrokenPipe => return None,
            OutputStream::Data => "stdout",
            OutputStream::Diagnostics => return None,
            OutputStream::Other(ref name) => name,
        };
        Some(Error::new(Phase::Session, format!("cannot write to {name}")).caused_by(self.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: Wants = Wants {
        directions: Directions::Received,
        messages: Messages::InParts,
        texts: Texts::InBulk,
        detail: Detail::Nothing,
    };

    #[test]
    fn a_union_has_what_either_wants() {
        let sent = Wants { directions: Directions::Both, detail: Detail::Messages, ..LITTLE };
        let frames = Wants { messages: Messages::Whole, texts: Texts::OneByOne, detail: Detail::Frames, ..LITTLE };
        let both = Wants { directions: Directions::Both, ..frames };
        assert_eq!(sent.union(frames), both);
        assert_eq!(frames.union(sent), both);
        assert_eq!(LITTLE.union(LITTLE), LITTLE);
    }

    #[test]
    fn a_sink_gets_what_it_wants_of_the_wire_and_all_else() {
        let ping = wire::Event::Ping(b"");
        let received = Event::Wire { direction: Direction::Received, event: &ping, round_trip: None, annotation: None };
        let sent = Event::Wire { direction: Direction::Sent, event: &ping, round_trip: None, annotation: None };
        let messages = Wants { detail: Detail::Messages, ..LITTLE };
        let both = Wants { directions: Directions::Both, ..messages };
        assert_eq!([LITTLE, messages, both].map(|wants| wants.include(&received)), [false, true, true]);
        assert_eq!([LITTLE, messages, both].map(|wants| wants.include(&sent)), [false, false, true]);
        assert!(LITTLE.include(&Event::Note("said to all")));
    }

    #[test]
    fn one_sink_is_enough_to_stop() {
        assert_eq!(Flow::Continue.and(Flow::Stop), Flow::Stop);
        assert_eq!(Flow::Stop.and(Flow::Continue), Flow::Stop);
        assert_eq!(Flow::Continue.and(Flow::Continue), Flow::Continue);
    }
}
