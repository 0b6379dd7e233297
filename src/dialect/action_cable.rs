//! Action Cable, as Rails and `AnyCable` speak it in JSON.

use super::json::{self, Object};
use super::pending::Pending;
use super::{Description, Dialect, Message, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::Role;

/// Action Cable (<https://docs.anycable.io/misc/action_cable_protocol>).
pub const ACTION_CABLE: Description = Description {
    name: "actioncable",
    subprotocols: &["actioncable-v1-json", "actioncable-v1-ext-json"],
    is_target: |target| target.split('?').next() == Some("/cable"),
    is_message: |message| Object::of(message.payload).is_some_and(|object| is_sign(message.from, &object)),
    start: |_| Box::new(ActionCable::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(ACTION_CABLE.name);

/// The longest identifier under which a subscription is kept, in bytes.
const LONGEST_IDENTIFIER: usize = 1024;

#[derive(Default)]
struct ActionCable {
    /// Subscriptions by their identifier, exactly as it was sent.
    subscriptions: Pending<String, ()>,
}

impl Dialect for ActionCable {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let Some(object) = Object::of(message.payload) else {
            return Some(breach(&json::fault(message.payload, message.payload, "object")));
        };
        let identifier = object.text("identifier");
        let mut annotation = match (message.from, object.text("command"), object.text("type"), identifier) {
            (Role::Client, Some(command), ..) if command == "pong" => Annotation::heartbeat(SOURCE, command),
            (Role::Client, Some(command), _, Some(identifier)) => self.command(message, &object, &command, identifier),
            (Role::Client, ..) => breach("neither a command nor an identifier"),
            (Role::Server, _, Some(kind), identifier) => self.typed(message, &object, kind, identifier),
            (Role::Server, _, None, Some(identifier)) => {
                Annotation::new(SOURCE, "message", format!("from {}", channel(&identifier)))
            }
            (Role::Server, ..) => breach("neither a type nor an identifier"),
        };
        annotation.secrets.extend(object.get("jid").map(|token| json::place(message.payload, token)));
        Some(annotation)
    }
}

impl ActionCable {
    fn command(&mut self, message: &Message<'_>, object: &Object<'_>, command: &str, identifier: String) -> Annotation {
        let data = object.get("data").and_then(json::inner).map(|data| format!(": {}", quote(&data)));
        let text = format!("{} {}{}", quote(command), channel(&identifier), data.unwrap_or_default());
        let mut annotation = Annotation::new(SOURCE, quote(command), text);
        if command == "subscribe" && identifier.len() <= LONGEST_IDENTIFIER {
            let is_new = self.subscriptions.open(identifier, (), message.at);
            annotation.error = (!is_new).then(|| "an earlier one has no answer yet".to_owned());
        }
        annotation
    }

    fn typed(
        &mut self,
        message: &Message<'_>,
        object: &Object<'_>,
        kind: String,
        identifier: Option<String>,
    ) -> Annotation {
        let name = identifier.as_deref().map(channel).unwrap_or_default();
        let mut annotation = match &*kind {
            "ping" => return Annotation::heartbeat(SOURCE, "ping"),
            "confirm_subscription" => Annotation::new(SOURCE, kind, format!("{name} confirmed")),
            "reject_subscription" => Annotation {
                error: Some("the subscription is rejected".to_owned()),
                ..Annotation::new(SOURCE, kind, name)
            },
            "disconnect" => return disconnect(object, kind),
            _ => return Annotation::new(SOURCE, quote(&kind), name),
        };
        annotation.took = self.subscriptions.close(&identifier.unwrap_or_default(), message.at).map(|((), took)| took);
        annotation
    }
}

fn disconnect(object: &Object<'_>, kind: String) -> Annotation {
    let again = match object.get("reconnect") {
        Some("true") => "the client is to connect again",
        Some("false") => "the client is not to connect again",
        _ => "",
    };
    let reason = object.text("reason").map(|reason| match &*reason {
        "unauthorized" => "not authorised".to_owned(),
        "invalid_request" => "the request was not accepted: its Origin?".to_owned(),
        "server_restart" => "the server restarts".to_owned(),
        "remote" => "disconnected by the application".to_owned(),
        "idle_timeout" => "nothing was sent for too long".to_owned(),
        "no_pong" => "no pong in time".to_owned(),
        "too_slow" => "messages were taken too slowly".to_owned(),
        _ => quote(&reason),
    });
    Annotation { error: reason, ..Annotation::new(SOURCE, kind, again) }
}

/// The name of a channel, with its parameters where it has any, from an identifier: JSON in a string.
fn channel(identifier: &str) -> String {
    let object = Object::of(identifier.as_bytes()).unwrap_or_default();
    match object.text("channel") {
        Some(name) if object.members().count() == 1 => quote(&name),
        _ => quote(identifier),
    }
}

/// Whether a message can hardly be of another protocol.
fn is_sign(from: Role, object: &Object<'_>) -> bool {
    let identifier = object.get("identifier").and_then(json::inner);
    let has_channel = identifier.is_some_and(|identifier| {
        Object::of(identifier.as_bytes()).is_some_and(|identifier| identifier.get("channel").is_some())
    });
    let word = object.text(if from == Role::Client { "command" } else { "type" });
    let is_word = match (from, word.as_deref()) {
        (Role::Client, Some(word)) => matches!(word, "subscribe" | "unsubscribe" | "message"),
        (Role::Server, Some(word)) => matches!(word, "confirm_subscription" | "reject_subscription"),
        (_, None) => false,
    };
    is_word && has_channel
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not Action Cable: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Conversation, hidden};
    use super::*;
    use crate::wire::Kind;

    const CONFIRMED: &str = r#"{"type":"confirm_subscription","identifier":"{\"channel\":\"Chat\"}"}"#;

    fn conversation() -> Conversation {
        Conversation::new(&ACTION_CABLE, Some("actioncable-v1-json"), "/cable")
    }

    #[test]
    fn a_subscription_is_answered_by_its_exact_identifier() {
        let mut session = conversation();
        assert_eq!(session.received(r#"{"type":"welcome"}"#), "");
        assert_eq!(session.sent(r#"{"command":"subscribe","identifier":"{\"channel\":\"Chat\"}"}"#), "subscribe Chat");
        session.sent(r#"{"command":"subscribe","identifier":"{\"channel\":\"Chat\",\"room\":1}"}"#);
        assert_eq!(session.wait(8).received(CONFIRMED), "Chat confirmed after 8 ms");
        assert_eq!(session.received(CONFIRMED), "Chat confirmed");
        let refused = r#"{"identifier":"{\"channel\":\"Chat\",\"room\":1}","type":"reject_subscription"}"#;
        assert_eq!(
            session.received(refused),
            r#"{"channel":"Chat","room":1} after 8 ms: the subscription is rejected"#
        );
    }

    #[test]
    fn messages_say_from_and_to_which_channel() {
        let mut session = conversation();
        let sent = r#"{"command":"message","identifier":"{\"channel\":\"Chat\"}","data":"{\"action\":\"speak\"}"}"#;
        assert_eq!(session.sent(sent), r#"message Chat: {"action":"speak"}"#);
        assert_eq!(session.received(r#"{"identifier":"{\"channel\":\"Chat\"}","message":{"a":1}}"#), "from Chat");
        assert_eq!(session.received(r#"{"type":"ping","message":1700000000}"#), "()");
        assert_eq!(session.sent(r#"{"command":"pong"}"#), "()");
    }

    #[test]
    fn why_it_ends_is_told() {
        let mut session = conversation();
        assert_eq!(
            session.received(r#"{"type":"disconnect","reason":"unauthorized","reconnect":false}"#),
            "the client is not to connect again: not authorised"
        );
        assert_eq!(session.received("[]"), "not Action Cable: no JSON object");
        assert_eq!(session.received("{}"), "not Action Cable: neither a type nor an identifier");
        assert_eq!(session.sent(r#"{"command":"subscribe"}"#), "not Action Cable: neither a command nor an identifier");
    }

    #[test]
    fn a_token_is_hidden() {
        let text = br#"{"type":"welcome","jid":"t0ken"}"#;
        let annotation = conversation().message(Role::Server, Kind::Text, text).expect("an annotation");
        assert_eq!(hidden(text, &annotation), r#"{"type":"welcome","jid":"..."}"#);
    }

    #[test]
    fn plain_json_is_not_mistaken_for_it() {
        let is_message = |from, text: &str| {
            let payload = text.as_bytes();
            (ACTION_CABLE.is_message)(&Message { from, kind: Kind::Text, payload, at: std::time::Duration::ZERO })
        };
        assert!(is_message(Role::Server, CONFIRMED));
        assert!(is_message(Role::Client, r#"{"command":"subscribe","identifier":"{\"channel\":\"Chat\"}"}"#));
        for text in [r#"{"type":"welcome"}"#, r#"{"type":"ping"}"#, r#"{"command":"subscribe","identifier":"x"}"#, "[]"]
        {
            assert!(!is_message(Role::Server, text) && !is_message(Role::Client, text), "{text}");
        }
        assert!((ACTION_CABLE.is_target)("/cable?jid=x") && !(ACTION_CABLE.is_target)("/cables"));
    }
}
