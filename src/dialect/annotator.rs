//! Says of the messages of all sessions of a run what they mean.

use std::collections::BTreeMap;
use std::time::Duration;

use super::recognition::Recognition;
use super::{Choice, Heartbeat, Message, Opening};
use crate::decode::{self, Decoders};
use crate::event::{
    Annotation, Detail, Direction, Directions, Ended, Event, Messages, Opened, Origin, Texts, Timestamp, Wants,
};
use crate::wire::{self, Role};

/// The dialects of all sessions, each from its opening to its end.
pub struct Annotator {
    choice: Choice,
    decode: decode::Choice,
    /// Looked up several times for each message: with a hash that would take a fifth of the instructions of a log.
    sessions: BTreeMap<Origin, Session>,
    /// What was said of the last event.
    last: Option<Annotation>,
    /// The last end, with what its code means.
    ended: Option<Ended>,
}

/// What is known of a session.
struct Session {
    /// Which end sends what is [sent](Direction::Sent).
    role: Role,
    recognition: Recognition,
    decoders: Decoders,
}

impl Annotator {
    /// For sessions that have not opened yet.
    pub fn new(choice: Choice, decode: decode::Choice) -> Self {
        Self { choice, decode, sessions: BTreeMap::new(), last: None, ended: None }
    }

    fn begin(&self, opened: &Opened, at: Duration) -> Session {
        let recognition = Recognition::begin(self.choice, &Opening::of(opened, at));
        Session { role: opened.role, recognition, decoders: Decoders::new(self.decode) }
    }

    /// What has to be seen of a session that opens.
    pub fn wants_for(&self, opened: &Opened) -> Option<Wants> {
        self.begin(opened, Duration::ZERO).wants()
    }

    /// What has to be seen of a session that is open. `None`: it speaks no dialect.
    pub fn wants(&self, origin: Origin) -> Option<Wants> {
        self.sessions.get(&origin).and_then(Session::wants)
    }

    /// An event with what it means.
    pub fn annotated<'a>(&'a mut self, origin: Origin, at: Timestamp, event: &Event<'a>) -> Event<'a> {
        self.last = self.event(origin, at, event);
        match *event {
            Event::Wire { direction, event, round_trip, .. } => {
                Event::Wire { direction, event, round_trip, annotation: self.last.as_ref() }
            }
            Event::Ended(ended) => {
                let meaning = self.meaning_of_end(origin, ended.code.into());
                Event::Ended(self.ended.insert(Ended { meaning, ..ended.clone() }))
            }
            other => other,
        }
    }

    /// What was said of the last event.
    pub fn last(&self) -> Option<&Annotation> {
        self.last.as_ref()
    }

    /// Takes an event, and says what it means if it is a message.
    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Option<Annotation> {
        match event {
            Event::Open(opened) => {
                self.sessions.insert(origin, self.begin(opened, at.elapsed));
                None
            }
            Event::Wire { direction, event: wire::Event::Message { kind, payload, .. }, .. } => {
                let Session { role, recognition, decoders } = self.sessions.get_mut(&origin)?;
                let from = match direction {
                    Direction::Sent => *role,
                    Direction::Received => role.peer(),
                };
                let message = Message { from, kind: *kind, payload, at: at.elapsed };
                // What a dialect has read is not decoded once more.
                recognition.message(&message).or_else(|| decoders.message(from, *kind, payload))
            }
            _ => None,
        }
    }

    /// A session has ended with this code: what that means in its dialect.
    fn meaning_of_end(&mut self, origin: Origin, code: u16) -> Option<&'static str> {
        self.sessions.remove(&origin)?.recognition.dialect()?.close_code(code)
    }

    /// The heartbeat that we owe next in a session, as its client.
    pub fn heartbeat(&self, origin: Origin) -> Option<Heartbeat> {
        let session = self.sessions.get(&origin).filter(|session| session.role == Role::Client)?;
        session.recognition.dialect()?.heartbeat()
    }
}

impl Session {
    /// A dialect, and a decoder, needs every message of both sides, whole. Before a dialect is known a large binary message may
    /// pass in parts.
    fn wants(&self) -> Option<Wants> {
        let messages = match (&self.recognition, self.decoders.are_off()) {
            (Recognition::Unknown, true) => return None,
            (Recognition::Open { .. }, true) => Messages::InParts,
            _ => Messages::Whole,
        };
        Some(Wants { directions: Directions::Both, messages, texts: Texts::OneByOne, detail: Detail::Messages })
    }
}
