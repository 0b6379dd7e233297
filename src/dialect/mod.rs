//! Dialects: what is spoken inside the messages of a WebSocket. Pure: payloads in, [`Annotation`]s out.
//!
//! Each file is one dialect and ends in a [`Description`]; a line in [`ALL`] adds it.

mod action_cable;
mod annotator;
mod appsync_events;
mod cdp;
mod engine_io;
mod graphql;
mod json;
mod json_rpc;
mod kubernetes;
mod mqtt;
mod pending;
mod phoenix;
mod pusher;
mod recognition;
mod signalr;
mod socket_io;
mod sockjs;
mod stomp;
#[cfg(test)]
mod testing;
mod wamp;

use std::time::Duration;

pub use annotator::Annotator;

use crate::decode;
use crate::event::{Annotation, AnnotationSource, Opened};
use crate::wire::{Kind, Role};

/// Every dialect that is known, in the order in which they are asked whether a message is theirs.
pub const ALL: &[&Description] = &[
    &stomp::STOMP,
    &engine_io::SOCKET_IO,
    &engine_io::ENGINE_IO,
    &sockjs::SOCKJS,
    &graphql::TRANSPORT,
    &graphql::LEGACY,
    &appsync_events::APPSYNC_EVENTS,
    &mqtt::MQTT,
    &wamp::WAMP,
    &phoenix::PHOENIX,
    &action_cable::ACTION_CABLE,
    &pusher::PUSHER,
    &signalr::SIGNALR,
    &kubernetes::KUBERNETES,
    &json_rpc::JSON_RPC,
    &cdp::CDP,
];

/// Which dialect is looked for.
pub type Choice = decode::Choice<Description>;

/// The names of all dialects.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|dialect| dialect.name)
}

/// The dialect of this name.
pub fn named(name: &str) -> Option<&'static Description> {
    ALL.iter().copied().find(|dialect| dialect.name == name)
}

/// What has to be known of a dialect before it is spoken.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Its name for `--dialect`, annotations and JSON: lower case, with `-`.
    pub name: &'static str,
    /// The subprotocols that mean it.
    pub subprotocols: &'static [&'static str],
    /// Whether a request target (path and query) means it.
    pub is_target: fn(&str) -> bool,
    /// Whether a message can only be of this dialect: one of the first of a session, with its sender.
    pub is_message: fn(&Message<'_>) -> bool,
    /// A session of it begins.
    pub start: fn(&Opening<'_>) -> Box<dyn Dialect>,
}

/// What the handshake said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening<'a> {
    /// The subprotocol agreed on.
    pub subprotocol: Option<&'a str>,
    /// The target of the request: path and query.
    pub target: &'a str,
    /// When that was, since the start of the run.
    pub at: Duration,
}

impl<'a> Opening<'a> {
    /// What it said of a session that opened `at` this time.
    pub fn of(opened: &'a Opened, at: Duration) -> Self {
        Self { subprotocol: opened.subprotocol.as_deref(), target: &opened.target, at }
    }
}

/// A message of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Which end sent it.
    pub from: Role,
    /// Text or binary.
    pub kind: Kind,
    /// The whole of it.
    pub payload: &'a [u8],
    /// When it passed, since the start of the run.
    pub at: Duration,
}

/// The state of a dialect in one session. What a peer can make it remember has a limit.
pub trait Dialect: Send {
    /// Takes a message of either end, in order, and says what it is. `None`: there is nothing to say.
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation>;

    /// What the end of the session with this close code means in this dialect, where that is more than RFC 6455 says.
    fn close_code(&self, code: u16) -> Option<&'static str> {
        let _ = code;
        None
    }

    /// The heartbeat that the client owes next. It is owed until [`message`](Self::message) has seen it sent.
    fn heartbeat(&self) -> Option<Heartbeat> {
        None
    }
}

/// A message that keeps a connection alive, as its dialect demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// When it has to be sent, since the start of the run.
    pub due: Duration,
    /// Text or binary.
    pub kind: Kind,
    /// The message.
    pub payload: Vec<u8>,
}

/// So many characters of a peer's text are quoted.
const LONGEST_QUOTE: usize = 80;

/// The start of a peer's text, for an annotation. What is left out is shown by `…`.
fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number of bytes.
fn bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// So many parts of a message are told one by one.
const MOST_PARTS: usize = 8;

/// What is said of a message that holds several of its dialect, from what is said of each.
fn combined(source: AnnotationSource, mut parts: Vec<Annotation>) -> Option<Annotation> {
    if parts.len() <= 1 {
        return parts.pop();
    }
    let errors = joined(parts.iter().filter_map(|part| part.error.as_deref()));
    let text = joined(parts.iter().map(|part| if part.text.is_empty() { &*part.kind } else { &*part.text }));
    Some(Annotation {
        took: parts.iter().filter_map(|part| part.took).max(),
        error: (!errors.is_empty()).then_some(errors),
        is_heartbeat: parts.iter().all(|part| part.is_heartbeat),
        secrets: parts.iter_mut().flat_map(|part| std::mem::take(&mut part.secrets)).collect(),
        ..Annotation::new(source, "batch", text)
    })
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<_> = texts.collect();
    let said = texts.iter().take(MOST_PARTS).copied().collect::<Vec<_>>().join("; ");
    match texts.len().checked_sub(MOST_PARTS) {
        None | Some(0) => said,
        Some(more) => format!("{said}; {more} more"),
    }
}
