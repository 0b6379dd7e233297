//! AWS `AppSync` Events: events in channels, and an authorization in each operation. `AppSync`'s GraphQL is another dialect.

use std::time::Duration;

use super::graphql::failure;
use super::json::{self, Array, Object};
use super::pending::Pending;
use super::{Description, Dialect, Message, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::Role;

/// `AppSync` Events (<https://docs.aws.amazon.com/appsync/latest/eventapi/event-api-websocket-protocol.html>).
pub const APPSYNC_EVENTS: Description = Description {
    name: "appsync-events",
    subprotocols: &["aws-appsync-event-ws"],
    is_target: |target| target.split('?').next() == Some("/event/realtime"),
    is_message: |_| false,
    start: |_| Box::new(AppSyncEvents::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(APPSYNC_EVENTS.name);

/// The longest id under which an operation or a subscription is kept, in bytes.
const LONGEST_ID: usize = 256;

#[derive(Default)]
struct AppSyncEvents {
    /// When `connection_init` was sent.
    init: Option<Duration>,
    /// Channels by the type of the operation and its id.
    operations: Pending<(String, String), String>,
    /// Channels by the id of their subscription.
    subscriptions: Pending<String, String>,
}

impl Dialect for AppSyncEvents {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let Some(object) = Object::of(message.payload) else {
            return Some(breach(&json::fault(message.payload, message.payload, "object")));
        };
        let kind = object.text("type").unwrap_or_default();
        let id = object.text("id").filter(|id| id.len() <= LONGEST_ID).unwrap_or_default();
        Some(match (message.from, &*kind) {
            (Role::Client, "connection_init") => {
                self.init = Some(message.at);
                Annotation::new(SOURCE, kind, "")
            }
            (Role::Client, "subscribe" | "publish" | "unsubscribe") => self.operation(message, &object, kind, &id),
            (Role::Server, "connection_ack") => self.acknowledged(message, &object, kind),
            (Role::Server, "ka") => Annotation::heartbeat(SOURCE, kind),
            (Role::Server, "data") => {
                let channel = self.subscriptions.get(&id, message.at).map(|(channel, _)| format!("from {channel}"));
                let text = channel.unwrap_or_else(|| "of no subscription that was seen".to_owned());
                Annotation::new(SOURCE, kind, text)
            }
            (Role::Server, "error" | "connection_error" | "broadcast_error") => {
                Annotation { error: Some(error(&object)), ..Annotation::new(SOURCE, kind, "") }
            }
            (Role::Server, answer) => match answer.rsplit_once('_') {
                Some((asked @ ("subscribe" | "publish" | "unsubscribe"), "success" | "error")) => {
                    self.answer(message, &object, (asked.to_owned(), id), kind.clone())
                }
                _ => breach(&format!("`{}` is nothing that a server sends", quote(answer))),
            },
            (Role::Client, other) => breach(&format!("`{}` is nothing that a client sends", quote(other))),
        })
    }
}

impl AppSyncEvents {
    fn acknowledged(&mut self, message: &Message<'_>, object: &Object<'_>, kind: String) -> Annotation {
        let limit = object.number("connectionTimeoutMs").map(|limit| format!(" (ka within {} s)", limit / 1000));
        let text = format!("answers connection_init{}", limit.unwrap_or_default());
        let took = self.init.map(|since| message.at.saturating_sub(since));
        Annotation { took, ..Annotation::new(SOURCE, kind, text) }
    }

    fn operation(&mut self, message: &Message<'_>, object: &Object<'_>, kind: String, id: &str) -> Annotation {
        let subscription = self.subscriptions.get(&id.to_owned(), message.at).filter(|_| kind == "unsubscribe");
        let (channel, text) = match (subscription, object.text("channel")) {
            (Some((channel, _)), _) => (channel.clone(), format!("from {channel}")),
            (None, channel) => (quote(&channel.unwrap_or_default()), String::new()),
        };
        if kind == "subscribe" {
            self.subscriptions.open(id.to_owned(), channel.clone(), message.at);
        }
        self.operations.open((kind.clone(), id.to_owned()), channel, message.at);
        let secret = object.get("authorization").map(|secret| json::place(message.payload, secret));
        Annotation { id: Some(quote(id)), secrets: secret.into_iter().collect(), ..Annotation::new(SOURCE, kind, text) }
    }

    /// The answer to an operation of this type and id.
    fn answer(
        &mut self,
        message: &Message<'_>,
        object: &Object<'_>,
        key: (String, String),
        kind: String,
    ) -> Annotation {
        let (channel, took) = self.operations.close(&key, message.at).unzip();
        let (asked, id) = key;
        if matches!(&*kind, "subscribe_error" | "unsubscribe_success") {
            self.subscriptions.close(&id, message.at);
        }
        let channel = channel.unwrap_or_else(|| "that was not seen".to_owned());
        let failed =
            if kind.ends_with("_error") { Some(error(object)) } else { object.get("failed").and_then(some_failed) };
        let text = format!("answers {asked} {channel}");
        Annotation { answers: Some(quote(&id)), took, error: failed, ..Annotation::new(SOURCE, kind, text) }
    }
}

/// What a message of the server reports.
fn error(object: &Object<'_>) -> String {
    object.get("errors").map_or_else(|| "without a message".to_owned(), failure)
}

/// Of events that are published together some may be refused.
fn some_failed(failed: json::Raw<'_>) -> Option<String> {
    let failed = Array::of(failed.as_bytes()).filter(|failed| failed.len > 0)?;
    let events = if failed.len == 1 { "1 event" } else { &format!("{} events", failed.len) };
    Some(format!("{events} refused: {}", failure(failed.get(0)?)))
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not AppSync Events: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Conversation, hidden};
    use super::*;
    use crate::wire::Kind;

    fn conversation() -> Conversation {
        Conversation::new(&APPSYNC_EVENTS, Some("aws-appsync-event-ws"), "/event/realtime")
    }

    /// The examples of "Understanding the Event API WebSocket protocol".
    #[test]
    fn channels_are_subscribed_to_and_published_to() {
        let mut session = conversation();
        assert_eq!(session.sent(r#"{"type":"connection_init"}"#), "");
        let acknowledged = r#"{"type":"connection_ack","connectionTimeoutMs":300000}"#;
        assert_eq!(session.wait(4).received(acknowledged), "answers connection_init (ka within 300 s) after 4 ms");
        assert_eq!(session.received(r#"{"type":"ka"}"#), "()");
        let subscribe = r#"{"type":"subscribe","id":"a","channel":"/default/x","authorization":{"x-api-key":"da2-1"}}"#;
        assert_eq!(session.sent(subscribe), "");
        let answered = session.wait(3).received(r#"{"type":"subscribe_success","id":"a"}"#);
        assert_eq!(answered, "answers subscribe /default/x after 3 ms");
        assert_eq!(session.received(r#"{"id":"a","type":"data","event":["\"hi\""]}"#), "from /default/x");
        let publish = r#"{"type":"publish","id":"b","channel":"/default/y","events":["1","2"],"authorization":{}}"#;
        assert_eq!(session.sent(publish), "");
        let published =
            r#"{"type":"publish_success","id":"b","successful":[{"identifier":"i","index":0}],"failed":[]}"#;
        assert_eq!(session.received(published), "answers publish /default/y after 0 ms");
        assert_eq!(session.sent(r#"{"type":"unsubscribe","id":"a"}"#), "from /default/x");
        let ended = session.received(r#"{"type":"unsubscribe_success","id":"a"}"#);
        assert_eq!(ended, "answers unsubscribe /default/x after 0 ms");
        let late = session.received(r#"{"id":"a","type":"data","event":["1"]}"#);
        assert_eq!(late, "of no subscription that was seen");
    }

    #[test]
    fn what_went_wrong_is_told() {
        let mut session = conversation();
        session.sent(r#"{"type":"subscribe","id":"a","channel":"/default/x"}"#);
        let refused =
            r#"{"type":"subscribe_error","id":"a","errors":[{"errorType":"UnauthorizedException","message":"no"}]}"#;
        assert_eq!(session.received(refused), "answers subscribe /default/x after 0 ms: no");
        let broadcast = r#"{"type":"broadcast_error","errors":[{"errorType":"MessageProcessingError"}]}"#;
        assert_eq!(session.received(broadcast), "MessageProcessingError");
        session.sent(r#"{"type":"publish","id":"b","channel":"/y","events":["1"]}"#);
        let partly =
            r#"{"type":"publish_success","id":"b","successful":[],"failed":[{"index":0,"message":"too large"}]}"#;
        assert_eq!(session.received(partly), "answers publish /y after 0 ms: 1 event refused: too large");
        assert_eq!(session.received(r#"{"type":"x"}"#), "not AppSync Events: `x` is nothing that a server sends");
        assert_eq!(session.sent(r#"{"type":"start"}"#), "not AppSync Events: `start` is nothing that a client sends");
        assert_eq!(session.sent("x"), "not AppSync Events: no JSON object: expected value, at byte 0");
    }

    #[test]
    fn the_authorization_is_hidden() {
        let text = r#"{"type":"subscribe","id":"a","authorization":{"x-api-key":"da2-1"}}"#;
        let annotation = conversation().message(Role::Client, Kind::Text, text.as_bytes()).expect("said");
        assert_eq!(hidden(text.as_bytes(), &annotation), r#"{"type":"subscribe","id":"a","authorization":...}"#);
    }
}
