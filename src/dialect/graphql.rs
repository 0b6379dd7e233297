//! GraphQL: `graphql-transport-ws`, and the older protocol whose subprotocol is `graphql-ws`. They differ in words, and begin
//! with the same: where no subprotocol was agreed on, the first word that only one of them has tells which it is.

use std::ops::Range;
use std::time::Duration;

use super::json::{self, Array, Object, Raw};
use super::pending::Pending;
use super::{Description, Dialect, Heartbeat, Message, Opening, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// The protocol of the library graphql-ws (its PROTOCOL.md).
pub const TRANSPORT: Description = Description {
    name: "graphql-transport-ws",
    subprotocols: &["graphql-transport-ws"],
    is_target: |_| false,
    is_message: |message| Version::Transport.is_begun_by(message),
    start: |opening| Box::new(GraphQl::new(Version::Transport, opening)),
};

/// The protocol of subscriptions-transport-ws (its PROTOCOL.md), which Hasura speaks too, and `AppSync` with words of its own:
/// `start_ack`, and the request in a string (<https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html>).
pub const LEGACY: Description = Description {
    name: "graphql-ws",
    subprotocols: &["graphql-ws"],
    is_target: |_| false,
    is_message: |message| Version::Legacy.is_begun_by(message),
    start: |opening| Box::new(GraphQl::new(Version::Legacy, opening)),
};

/// The longest id under which an operation is kept, in bytes.
const LONGEST_ID: usize = 256;

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Transport,
    Legacy,
}

/// What a message is, in the words of neither version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Init,
    Acknowledge,
    /// The connection is refused, or what was sent could not be read.
    Refuse,
    Ping,
    Pong,
    KeepAlive,
    Start,
    StartAcknowledge,
    Stop,
    Result,
    Error,
    Complete,
    Terminate,
}

impl Version {
    fn word(self, from: Role, name: &str) -> Option<Word> {
        Some(match (self, from, name) {
            (_, Role::Client, "connection_init") => Word::Init,
            (_, Role::Server, "connection_ack") => Word::Acknowledge,
            (_, Role::Server, "error") => Word::Error,
            (_, Role::Server, "complete") => Word::Complete,
            (Self::Transport, _, "ping") => Word::Ping,
            (Self::Transport, _, "pong") => Word::Pong,
            (Self::Transport, Role::Client, "subscribe") | (Self::Legacy, Role::Client, "start") => Word::Start,
            (Self::Transport, Role::Client, "complete") | (Self::Legacy, Role::Client, "stop") => Word::Stop,
            (Self::Transport, Role::Server, "next") | (Self::Legacy, Role::Server, "data") => Word::Result,
            (Self::Legacy, Role::Server, "connection_error") => Word::Refuse,
            (Self::Legacy, Role::Server, "ka") => Word::KeepAlive,
            (Self::Legacy, Role::Server, "start_ack") => Word::StartAcknowledge,
            (Self::Legacy, Role::Client, "connection_terminate") => Word::Terminate,
            _ => return None,
        })
    }

    /// Whether a message can only be of this version, or may begin either of them.
    fn is_begun_by(self, message: &Message<'_>) -> bool {
        let Some(object) = Object::of(message.payload) else { return false };
        let payload_has = |names: [&str; 2]| {
            object.object("payload").is_some_and(|payload| names.into_iter().any(|name| payload.get(name).is_some()))
        };
        match object.text("type").and_then(|name| self.word(message.from, &name)) {
            Some(Word::Init | Word::Acknowledge | Word::Refuse | Word::KeepAlive | Word::StartAcknowledge) => true,
            Some(Word::Start) => payload_has(["query", "data"]),
            Some(Word::Result) => payload_has(["data", "errors"]),
            _ => false,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Transport => Self::Legacy,
            Self::Legacy => Self::Transport,
        }
    }

    fn description(self) -> &'static Description {
        match self {
            Self::Transport => &TRANSPORT,
            Self::Legacy => &LEGACY,
        }
    }

    fn source(self) -> AnnotationSource {
        AnnotationSource::Dialect(self.description().name)
    }
}

struct GraphQl {
    version: Version,
    /// Whether the subprotocol, or a word that the other version does not have, has told the version.
    is_certain: bool,
    /// When `connection_init` was sent.
    init: Option<Duration>,
    is_acknowledged: bool,
    operations: Pending<String, Operation>,
    /// When each end sent a ping that is not answered yet.
    pings: Pending<Role, ()>,
    /// Since when the client owes a pong.
    owes_pong: Option<Duration>,
}

struct Operation {
    /// Such as `subscription onPrice`.
    name: String,
    results: u64,
    /// Whether the client has stopped it: its id may be used again, or the server completes it.
    is_stopped: bool,
}

impl GraphQl {
    fn new(version: Version, opening: &Opening<'_>) -> Self {
        let is_agreed =
            |version: Version| opening.subprotocol.is_some_and(|name| version.description().has_subprotocol(name));
        Self {
            version,
            is_certain: is_agreed(version) || is_agreed(version.other()),
            init: None,
            is_acknowledged: false,
            operations: Pending::default(),
            pings: Pending::default(),
            owes_pong: None,
        }
    }
}

impl Dialect for GraphQl {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let breach = |version: Version, error: String| Some(Annotation::breach(version.source(), error));
        let Some(object) = Object::of(message.payload) else {
            return breach(self.version, json::fault(message.payload, message.payload, "object"));
        };
        let Some(name) = object.text("type") else { return breach(self.version, "without a type".to_owned()) };
        let Some(word) = self.word(message.from, &name) else {
            return breach(self.version, self.unknown(message.from, &name));
        };
        let source = self.version.source();
        let secrets = secrets(message.payload, word, &object);
        let said = self.say(message, word, &object);
        let id = object.text("id").as_deref().map(quote);
        let (id, answers) = if message.from == Role::Client { (id, None) } else { (None, id) };
        let kind = quote(&name);
        let is_heartbeat = matches!(word, Word::Ping | Word::Pong | Word::KeepAlive);
        let Said { text, took, error } = said;
        Some(Annotation { id, answers, took, error, is_heartbeat, secrets, ..Annotation::new(source, kind, text) })
    }

    fn close_code(&self, code: u16) -> Option<&'static str> {
        Some(match code {
            4004 => "bad response",
            4005 => "internal error of the client",
            4400 => "a message was not understood",
            4401 => "an operation was started before connection_ack",
            4403 => "forbidden: what connection_init sent was refused",
            4406 => "the subprotocol is not acceptable",
            4408 => "connection_init did not come in time",
            4409 => "an operation with this id is running already",
            4429 => "connection_init was sent more than once",
            4499 => "terminated",
            4500 => "internal error of the server",
            4504 => "connection_ack did not come in time",
            _ => return None,
        })
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        self.owes_pong.map(|due| Heartbeat { due, kind: Kind::Text, payload: br#"{"type":"pong"}"#.to_vec() })
    }
}

/// What is said of a message, besides what its members say.
#[derive(Default)]
struct Said {
    text: String,
    took: Option<Duration>,
    error: Option<String>,
}

impl GraphQl {
    /// What a message of this type is; it may tell the version.
    fn word(&mut self, from: Role, name: &str) -> Option<Word> {
        let other = self.version.other();
        let is_known = self.version.word(from, name).is_some();
        let is_of_other = other.word(from, name).is_some();
        if is_of_other && !is_known && !self.is_certain {
            self.version = other;
        }
        self.is_certain |= is_known != is_of_other;
        self.version.word(from, name)
    }

    /// What is wrong with a type that this end does not send in this version.
    fn unknown(&self, from: Role, name: &str) -> String {
        let (this, other) = (self.version.description().name, self.version.other());
        let name = quote(name);
        if other.word(from, &name).is_some() {
            return format!("`{name}` is of {}, and this is {this}", other.description().name);
        }
        let end = if from == Role::Client { "client" } else { "server" };
        format!("`{name}` is nothing that a {end} sends")
    }

    fn say(&mut self, message: &Message<'_>, word: Word, object: &Object<'_>) -> Said {
        match word {
            Word::Init => {
                let is_repeated = self.init.is_some() && self.version == Version::Transport;
                let error = is_repeated.then(|| "sent once more: servers close with 4429".to_owned());
                self.init.get_or_insert(message.at);
                Said { error, ..Said::default() }
            }
            Word::Acknowledge => {
                self.is_acknowledged = true;
                let took = self.init.map(|since| message.at.saturating_sub(since));
                let limit = object.object("payload").and_then(|payload| payload.number("connectionTimeoutMs"));
                let of_app_sync = limit.map(|limit| format!(" (AppSync: ka within {} s)", limit / 1000));
                let text = format!("answers connection_init{}", of_app_sync.unwrap_or_default());
                Said { text, took, error: None }
            }
            Word::Refuse => {
                let error = object.get("payload").map_or_else(|| "refused".to_owned(), failure);
                Said { error: Some(error), ..Said::default() }
            }
            Word::Ping => {
                self.pings.open(message.from, (), message.at);
                if message.from == Role::Server {
                    self.owes_pong.get_or_insert(message.at);
                }
                Said::default()
            }
            Word::Pong => {
                if message.from == Role::Client {
                    self.owes_pong = None;
                }
                let took = self.pings.close(&message.from.peer(), message.at).map(|((), took)| took);
                Said { took, ..Said::default() }
            }
            Word::Start => self.start(message, object),
            Word::KeepAlive | Word::Terminate => Said::default(),
            Word::StartAcknowledge | Word::Stop | Word::Result | Word::Error | Word::Complete => {
                self.operation(message, word, object)
            }
        }
    }

    fn start(&mut self, message: &Message<'_>, object: &Object<'_>) -> Said {
        let Some(id) = object.text("id").filter(|id| id.len() <= LONGEST_ID) else {
            return Said { error: Some("without an id of less than 257 bytes".to_owned()), ..Said::default() };
        };
        let payload = object.object("payload").unwrap_or_default();
        // AppSync has the request in a string.
        let text = payload.get("data").and_then(json::inner);
        let request = text.as_ref().and_then(|text| Object::of(text.as_bytes()));
        let name = operation_name(request.as_ref().unwrap_or(&payload));
        let is_running = self.operations.get(&id, message.at).is_some_and(|(operation, _)| !operation.is_stopped);
        self.operations.open(id, Operation { name: name.clone(), results: 0, is_stopped: false }, message.at);
        let error = match self.version {
            Version::Transport if is_running => {
                Some("an operation with this id is running already: servers close with 4409")
            }
            Version::Transport if !self.is_acknowledged => Some("sent before connection_ack: servers close with 4401"),
            _ => None,
        };
        let error = error.map(str::to_owned);
        Said { text: name, took: None, error }
    }

    /// What is said of an operation that was started.
    fn operation(&mut self, message: &Message<'_>, word: Word, object: &Object<'_>) -> Said {
        let id = object.text("id").unwrap_or_default();
        let payload = object.get("payload");
        let error = match word {
            Word::Result => payload.and_then(|payload| Object::of(payload.as_bytes())?.get("errors").map(failure)),
            Word::Error => Some(payload.map_or_else(|| "without a message".to_owned(), failure)),
            _ => None,
        };
        let Some((operation, took)) = self.operations.get_mut(&id, message.at) else {
            return Said { text: "of no operation that is running".to_owned(), took: None, error };
        };
        operation.results += u64::from(word == Word::Result);
        operation.is_stopped |= word == Word::Stop;
        let Operation { name, results, .. } = operation;
        let text = match word {
            Word::StartAcknowledge => format!("accepts {name}"),
            Word::Result => format!("result {results} of {name}"),
            Word::Stop => format!("stops {name}"),
            Word::Error => format!("{name} failed"),
            _ if *results == 1 => format!("{name} is complete, 1 result,"),
            _ => format!("{name} is complete, {results} results,"),
        };
        if matches!(word, Word::Error | Word::Complete) {
            self.operations.close(&id, message.at);
        }
        Said { text, took: Some(took), error }
    }
}

/// What an operation is called, such as `subscription onPrice`.
fn operation_name(request: &Object<'_>) -> String {
    let query = request.text("query").unwrap_or_default();
    let word = |text: &str| {
        let end = text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let code = query.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    let code = code.unwrap_or_default();
    let (kind, name) = match &*word(code) {
        kind @ ("query" | "mutation" | "subscription") => (kind.to_owned(), word(code[kind.len()..].trim_start())),
        _ if code.starts_with('{') => ("query".to_owned(), String::new()),
        // A stored request, or one that begins with a fragment.
        _ => ("operation".to_owned(), String::new()),
    };
    let name = request.text("operationName").unwrap_or(name);
    if name.is_empty() { kind } else { format!("{kind} {}", quote(&name)) }
}

/// The message of an error, or of the first of several; `AppSync` has them in `errors`, some with a type alone.
pub(super) fn failure(payload: Raw<'_>) -> String {
    let message = |raw: Raw<'_>| {
        let error = Object::of(raw.as_bytes())?;
        error.text("message").or_else(|| error.text("errorType"))
    };
    let payload = Object::of(payload.as_bytes()).and_then(|object| object.get("errors")).unwrap_or(payload);
    let errors = Array::of(payload.as_bytes());
    let first = errors.as_ref().and_then(|errors| errors.get(0)).unwrap_or(payload);
    let said = quote(&message(first).unwrap_or_else(|| json::plain(first)));
    match errors.map_or(1, |errors| errors.len) {
        0 | 1 => said,
        count => format!("{said} (and {} more)", count - 1),
    }
}

/// What in a message is not to be shown.
fn secrets(text: &[u8], word: Word, object: &Object<'_>) -> Vec<Range<usize>> {
    let secret = match word {
        Word::Init => object.get("payload").filter(|payload| !matches!(*payload, "{}" | "null")),
        // AppSync sends its authorization with each operation.
        Word::Start => object
            .get("payload")
            .and_then(|payload| Object::of(payload.as_bytes())?.get("extensions"))
            .and_then(|extensions| Object::of(extensions.as_bytes())?.get("authorization")),
        _ => None,
    };
    secret.map(|secret| json::place(text, secret)).into_iter().collect()
}

#[cfg(test)]
mod tests;
