//! Says of the messages of all sessions of a run what they mean.

use std::collections::HashMap;
use std::time::Duration;

use super::recognition::Recognition;
use super::{Choice, Heartbeat, Message, Opening};
use crate::event::{Annotation, Detail, Direction, Directions, Event, Messages, Opened, Origin, Timestamp, Wants};
use crate::wire::{self, Role};

/// The dialects of all sessions, each from its opening to its end.
pub struct Annotator {
    choice: Choice,
    /// Which end sends what is [sent](Direction::Sent).
    role: Role,
    sessions: HashMap<Origin, Recognition>,
}

impl Annotator {
    /// For sessions in which what is [sent](Direction::Sent) is sent by `role`.
    pub fn new(choice: Choice, role: Role) -> Self {
        Self { choice, role, sessions: HashMap::new() }
    }

    /// What has to be seen of a session that opens.
    pub fn wants_for(&self, opened: &Opened) -> Option<Wants> {
        wants(&Recognition::begin(self.choice, &Opening::of(opened, Duration::ZERO)))
    }

    /// What has to be seen of a session that is open. `None`: it speaks no dialect.
    pub fn wants(&self, origin: Origin) -> Option<Wants> {
        self.sessions.get(&origin).and_then(wants)
    }

    /// Takes an event, and says what it means if it is a message.
    pub fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Option<Annotation> {
        match event {
            Event::Open(opened) => {
                self.sessions.insert(origin, Recognition::begin(self.choice, &Opening::of(opened, at.elapsed)));
                None
            }
            Event::Wire { direction, event: wire::Event::Message { kind, payload, .. }, .. } => {
                let from = match direction {
                    Direction::Sent => self.role,
                    Direction::Received => self.role.peer(),
                };
                let message = Message { from, kind: *kind, payload, at: at.elapsed };
                // Of what no dialect says anything a decoder may say something.
                self.sessions.get_mut(&origin)?.message(&message)
            }
            _ => None,
        }
    }

    /// A session has ended with this code: what that means in its dialect.
    pub fn ended(&mut self, origin: Origin, code: u16) -> Option<&'static str> {
        self.sessions.remove(&origin)?.dialect()?.close_code(code)
    }

    /// The heartbeat that we owe next in a session, as its client.
    pub fn heartbeat(&self, origin: Origin) -> Option<Heartbeat> {
        let session = self.sessions.get(&origin).filter(|_| self.role == Role::Client)?;
        session.dialect()?.heartbeat()
    }
}

/// A dialect needs every message of both sides, whole. Before it is known a large binary message may pass in parts.
fn wants(recognition: &Recognition) -> Option<Wants> {
    let messages = match recognition {
        Recognition::Unknown => return None,
        Recognition::Open { .. } => Messages::InParts,
        Recognition::Likely { .. } | Recognition::Certain(_) => Messages::Whole,
    };
    Some(Wants { directions: Directions::Both, messages, detail: Detail::Messages })
}
