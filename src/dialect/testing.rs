//! A session of a dialect as the tests of each file have it.

use std::time::Duration;

use super::{Description, Dialect, Message, Opening};
use crate::event::Annotation;
use crate::wire::{Kind, Role};

/// Both ends of a session, with a clock that only the test moves.
pub struct Conversation {
    dialect: Box<dyn Dialect>,
    now: Duration,
}

impl Conversation {
    /// One that the handshake opened.
    pub fn new(description: &Description, subprotocol: Option<&str>, target: &str) -> Self {
        Self { dialect: (description.start)(&Opening { subprotocol, target, at: Duration::ZERO }), now: Duration::ZERO }
    }

    /// Time passes.
    pub fn wait(&mut self, milliseconds: u64) -> &mut Self {
        self.now += Duration::from_millis(milliseconds);
        self
    }

    /// What is said of a message.
    pub fn message(&mut self, from: Role, kind: Kind, payload: &[u8]) -> Option<Annotation> {
        self.dialect.message(&Message { from, kind, payload, at: self.now })
    }

    /// The line for a text that the client sends.
    pub fn sent(&mut self, text: &str) -> String {
        self.message(Role::Client, Kind::Text, text.as_bytes()).as_ref().map_or_else(String::new, line)
    }

    /// The line for a text that the server sends.
    pub fn received(&mut self, text: &str) -> String {
        self.message(Role::Server, Kind::Text, text.as_bytes()).as_ref().map_or_else(String::new, line)
    }

    /// The line for a binary message that the client sends.
    pub fn sent_bytes(&mut self, payload: &[u8]) -> String {
        self.message(Role::Client, Kind::Binary, payload).as_ref().map_or_else(String::new, line)
    }

    /// The line for a binary message that the server sends.
    pub fn received_bytes(&mut self, payload: &[u8]) -> String {
        self.message(Role::Server, Kind::Binary, payload).as_ref().map_or_else(String::new, line)
    }

    /// What a close code means, and which heartbeat is due.
    pub fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }
}

/// All that is said, in a line.
pub fn line(annotation: &Annotation) -> String {
    let after = annotation.took.map(|took| format!(" after {} ms", took.as_millis())).unwrap_or_default();
    let said = format!("{}{after}", annotation.text);
    let said = match &annotation.error {
        Some(error) if said.is_empty() => error.clone(),
        Some(error) => format!("{said}: {error}"),
        None => said,
    };
    if annotation.is_heartbeat { format!("({said})") } else { said }
}

/// `payload` with what must not be shown as dots.
pub fn hidden(payload: &[u8], annotation: &Annotation) -> String {
    let mut shown = payload.to_vec();
    for secret in annotation.secrets.iter().rev() {
        shown.splice(secret.clone(), *b"...");
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// The bytes that hex digits with spaces between stand for.
pub fn hex(digits: &str) -> Vec<u8> {
    let digits = digits.split_whitespace().collect::<String>();
    data_encoding::HEXLOWER.decode(digits.as_bytes()).expect("hex digits")
}
