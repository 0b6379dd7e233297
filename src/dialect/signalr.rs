//! ASP.NET Core `SignalR` in its JSON encoding: a handshake, then messages that each end in byte 1E, several of which may
//! come in one of the WebSocket.

use std::time::Duration;

use super::json::{self, Array, Object};
use super::pending::Pending;
use super::{Description, Dialect, Heartbeat, Message, combined, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// `SignalR` (`HubProtocol.md` of `dotnet/aspnetcore`).
pub const SIGNALR: Description = Description {
    name: "signalr",
    subprotocols: &[],
    is_target: |_| false,
    is_message: |message| {
        let record = message.payload.split(|byte| *byte == SEPARATOR).next().unwrap_or_default();
        record.len() < message.payload.len()
            && message.from == Role::Client
            && Object::of(record).is_some_and(|object| is_handshake(&object))
    },
    start: |_| Box::new(SignalR::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(SIGNALR.name);

/// What ends each message (section "JSON Encoding").
const SEPARATOR: u8 = 0x1e;

/// So many messages in one of the WebSocket are looked at.
const MOST: usize = 100;

/// After so long a silence of the client its ping is due; the server waits for twice as long.
const INTERVAL: Duration = Duration::from_secs(15);

/// The longest id under which an invocation is kept, in bytes.
const LONGEST_ID: usize = 256;

#[derive(Default)]
struct SignalR {
    /// The handshake that is asked for, while its answer is due.
    handshakes: Pending<(), ()>,
    is_accepted: bool,
    /// What is invoked, by the end that sends its results, and the id.
    invocations: Pending<(Role, String), String>,
    last_sent: Duration,
}

impl Dialect for SignalR {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.from == Role::Client {
            self.last_sent = message.at;
        }
        let Some(records) = message.payload.strip_suffix(&[SEPARATOR]) else {
            return Some(breach("it does not end in byte 1E"));
        };
        let records = records.split(|byte| *byte == SEPARATOR).take(MOST);
        combined(SOURCE, records.map(|record| self.record(message, record)).collect())
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let due = self.last_sent.saturating_add(INTERVAL);
        self.is_accepted.then(|| Heartbeat { due, kind: Kind::Text, payload: b"{\"type\":6}\x1e".to_vec() })
    }
}

impl SignalR {
    fn record(&mut self, message: &Message<'_>, record: &[u8]) -> Annotation {
        let Some(object) = Object::of(record) else {
            return breach(&json::fault(message.payload, record, "object"));
        };
        match object.number("type") {
            None if message.from == Role::Client && is_handshake(&object) => {
                self.handshakes.open((), (), message.at);
                Annotation::new(SOURCE, "handshake", "")
            }
            None if message.from == Role::Server && !self.is_accepted => self.accepted(message, &object),
            Some(1) => self.invoked(message, &object, "Invocation"),
            Some(2) => self.result(message, &object, "StreamItem"),
            Some(3) => self.result(message, &object, "Completion"),
            Some(4) => self.invoked(message, &object, "StreamInvocation"),
            Some(5) => self.canceled(message, &object),
            Some(6) => Annotation::heartbeat(SOURCE, "Ping"),
            Some(7) => closed(&object),
            Some(8) => counted(&object, "Ack", "Ack up to"),
            Some(9) => counted(&object, "Sequence", "Sequence begins at"),
            Some(_) => breach("an unknown type"),
            None => breach("no type"),
        }
    }

    fn accepted(&mut self, message: &Message<'_>, object: &Object<'_>) -> Annotation {
        let took = self.handshakes.close(&(), message.at).map(|((), took)| took);
        let error = object.text("error").map(|error| quote(&error));
        self.is_accepted = error.is_none();
        let text = if self.is_accepted { "handshake accepted" } else { "handshake refused" };
        Annotation { took, error, ..Annotation::new(SOURCE, "handshake", text) }
    }

    fn invoked(&mut self, message: &Message<'_>, object: &Object<'_>, kind: &'static str) -> Annotation {
        let target = quote(&object.text("target").unwrap_or_default());
        let id = id(object);
        let is_new = id
            .as_ref()
            .is_none_or(|id| self.invocations.open((message.from.peer(), id.clone()), target.clone(), message.at));
        // Streams of the caller's own: it sends their items itself.
        let streams = object.get("streamIds").and_then(|streams| Array::of(streams.as_bytes())).unwrap_or_default();
        for stream in streams.elements.iter().take(MOST).filter(|stream| stream.len() <= LONGEST_ID) {
            let stream = (message.from, json::plain(stream));
            self.invocations.open(stream, format!("a stream for {target}"), message.at);
        }
        let wants = if id.is_none() && kind == "Invocation" { ", wants no answer" } else { "" };
        Annotation {
            id,
            error: (!is_new).then(|| "the id is that of an invocation without an answer".to_owned()),
            ..Annotation::new(SOURCE, kind, format!("{kind} of {target}{wants}"))
        }
    }

    fn result(&mut self, message: &Message<'_>, object: &Object<'_>, kind: &'static str) -> Annotation {
        let Some(id) = id(object) else { return breach("a result without an id") };
        let key = (message.from, id.clone());
        let invocation = if kind == "Completion" {
            self.invocations.close(&key, message.at)
        } else {
            self.invocations.get(&key, message.at).map(|(target, took)| (target.clone(), took))
        };
        let (target, took) = invocation.unzip();
        let error = match (object.text("error"), object.get("result")) {
            (Some(_), Some(_)) => Some("a breach: an error beside a result".to_owned()),
            (error, _) => error.map(|error| quote(&error)),
        };
        let target = target.unwrap_or_else(|| "nothing that was seen".to_owned());
        Annotation { answers: Some(id), took, error, ..Annotation::new(SOURCE, kind, format!("{kind} of {target}")) }
    }

    fn canceled(&mut self, message: &Message<'_>, object: &Object<'_>) -> Annotation {
        let id = id(object);
        let invocation = self.invocations.get(&(message.from.peer(), id.clone().unwrap_or_default()), message.at);
        let text = match invocation {
            Some((target, _)) => format!("CancelInvocation of {target}"),
            None => "CancelInvocation of nothing that was seen".to_owned(),
        };
        Annotation { took: invocation.map(|(_, took)| took), id, ..Annotation::new(SOURCE, "CancelInvocation", text) }
    }
}

fn closed(object: &Object<'_>) -> Annotation {
    let again = if object.get("allowReconnect") == Some("true") { ", the client may connect again" } else { "" };
    let error = object.text("error").map(|error| quote(&error));
    Annotation { error, ..Annotation::new(SOURCE, "Close", format!("Close{again}")) }
}

fn counted(object: &Object<'_>, kind: &'static str, text: &str) -> Annotation {
    match object.number("sequenceId") {
        Some(number) => Annotation::new(SOURCE, kind, format!("{text} {number}")),
        None => breach("no sequenceId"),
    }
}

fn id(object: &Object<'_>) -> Option<String> {
    object.text("invocationId").filter(|id| id.len() <= LONGEST_ID)
}

fn is_handshake(object: &Object<'_>) -> bool {
    object.text("protocol").as_deref() == Some("json") && object.number("version").is_some()
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not SignalR: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Conversation;
    use super::*;

    fn accepted() -> Conversation {
        let mut session = Conversation::new(&SIGNALR, None, "/hub?id=x");
        assert_eq!(session.sent("{\"protocol\":\"json\",\"version\":1}\u{1e}"), "");
        assert_eq!(session.wait(3).received("{}\u{1e}"), "handshake accepted after 3 ms");
        session
    }

    /// The examples of section "JSON Encoding".
    #[test]
    fn the_specification_s_examples() {
        let mut session = accepted();
        let invocation =
            "{\"type\":1,\"invocationId\":\"123\",\"target\":\"Send\",\"arguments\":[42,\"Test Message\"]}\u{1e}";
        assert_eq!(session.sent(invocation), "Invocation of Send");
        let lone = "{\"type\":1,\"target\":\"Send\",\"arguments\":[42,\"Test Message\"]}\u{1e}";
        assert_eq!(session.sent(lone), "Invocation of Send, wants no answer");
        session.wait(9);
        let failed = "{\"type\":3,\"invocationId\":\"123\",\"error\":\"It didn't work!\"}\u{1e}";
        assert_eq!(session.received(failed), "Completion of Send after 9 ms: It didn't work!");
        let both = "{\"type\":3,\"invocationId\":\"123\",\"result\":42,\"error\":\"no\"}\u{1e}";
        assert_eq!(session.received(both), "Completion of nothing that was seen: a breach: an error beside a result");
        session.sent("{\"type\":4,\"invocationId\":\"7\",\"target\":\"Counter\",\"arguments\":[10]}\u{1e}");
        let item = "{\"type\":2,\"invocationId\":\"7\",\"item\":42}\u{1e}";
        assert_eq!(session.received(item), "StreamItem of Counter after 0 ms");
        assert_eq!(session.sent("{\"type\":5,\"invocationId\":\"7\"}\u{1e}"), "CancelInvocation of Counter after 0 ms");
        assert_eq!(session.received("{\"type\":6}\u{1e}"), "()");
        let close = "{\"type\":7,\"error\":\"Connection closed because of an error!\",\"allowReconnect\":true}\u{1e}";
        assert_eq!(
            session.received(close),
            "Close, the client may connect again: Connection closed because of an error!"
        );
        assert_eq!(session.sent("{\"type\":8,\"sequenceId\":7}\u{1e}"), "Ack up to 7");
    }

    #[test]
    fn a_stream_of_the_caller_s_is_its_own() {
        let mut session = accepted();
        session.sent(
            "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Upload\",\"arguments\":[],\"streamIds\":[\"s\"]}\u{1e}",
        );
        assert_eq!(
            session
                .sent("{\"type\":2,\"invocationId\":\"s\",\"item\":1}\u{1e}{\"type\":3,\"invocationId\":\"s\"}\u{1e}"),
            "StreamItem of a stream for Upload; Completion of a stream for Upload after 0 ms"
        );
    }

    #[test]
    fn several_messages_may_come_in_one() {
        let mut session = Conversation::new(&SIGNALR, None, "/hub");
        session.sent("{\"protocol\":\"json\",\"version\":1}\u{1e}");
        assert_eq!(session.received("{}\u{1e}{\"type\":6}\u{1e}"), "handshake accepted; Ping after 0 ms");
        assert_eq!(session.received("{}\u{1e}"), "not SignalR: no type", "it is accepted once");
        let mut session = Conversation::new(&SIGNALR, None, "/hub");
        let refused = "{\"error\":\"Requested protocol 'messagepack' is not available.\"}\u{1e}";
        assert_eq!(session.received(refused), "handshake refused: Requested protocol 'messagepack' is not available.");
    }

    #[test]
    fn what_breaks_the_rules_is_told() {
        let mut session = accepted();
        for (text, said) in [
            ("{\"type\":6}", "it does not end in byte 1E"),
            ("x\u{1e}", "no JSON object: expected value, at byte 0"),
            ("{\"type\":10}\u{1e}", "an unknown type"),
            ("{\"type\":3}\u{1e}", "a result without an id"),
        ] {
            assert_eq!(session.received(text), format!("not SignalR: {said}"));
        }
    }

    #[test]
    fn a_ping_is_due_after_silence_once_the_handshake_is_accepted() {
        let session = Conversation::new(&SIGNALR, None, "/hub");
        assert_eq!(session.dialect().heartbeat(), None);
        let mut session = accepted();
        let due = |session: &Conversation| session.dialect().heartbeat().map(|beat| beat.due.as_millis());
        assert_eq!(due(&session), Some(15_000));
        session.wait(15_000).sent("{\"type\":6}\u{1e}");
        assert_eq!(due(&session), Some(30_003));
    }

    #[test]
    fn it_is_known_by_its_handshake_alone() {
        let is_message = |from, text: &str| {
            (SIGNALR.is_message)(&Message { from, kind: Kind::Text, payload: text.as_bytes(), at: Duration::ZERO })
        };
        assert!(is_message(Role::Client, "{\"protocol\":\"json\",\"version\":1}\u{1e}"));
        assert!(!is_message(Role::Client, "{\"protocol\":\"json\",\"version\":1}"));
        assert!(!is_message(Role::Client, "{\"type\":6}\u{1e}"));
        assert!(!is_message(Role::Server, "{}\u{1e}"));
    }
}
