//! Phoenix Channels: the serializers of version 1 (objects) and 2 (arrays, and binary messages).

use std::ops::Range;
use std::time::Duration;

use super::json::{self, Array, Object};
use super::pending::Pending;
use super::{Description, Dialect, Heartbeat, Message, Opening, bytes, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// Phoenix Channels, as Phoenix' own client and server speak it (`assets/js/phoenix/serializer.js`).
pub const PHOENIX: Description = Description {
    name: "phoenix",
    subprotocols: &["phoenix"],
    is_target: |target| {
        target.split_once('?').is_some_and(|(path, query)| path.ends_with("/websocket") && version(query).is_some())
    },
    is_message: |message| {
        Push::of(message).is_some_and(|push| match &*push.event {
            "phx_join" => message.from == Role::Client,
            "heartbeat" => push.topic == HEARTBEATS,
            _ => false,
        })
    },
    start: |opening| Box::new(Phoenix::new(opening)),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(PHOENIX.name);

/// The topic of heartbeats.
const HEARTBEATS: &str = "phoenix";

/// After so long a silence of the client its heartbeat is due; the server waits for twice as long.
const INTERVAL: Duration = Duration::from_secs(30);

/// Members of a payload that are not shown.
const SECRETS: [&str; 4] = ["access_token", "password", "token", "user_token"];

/// The longest reference or topic under which something is remembered, in bytes.
const LONGEST_KEY: usize = 256;

struct Phoenix {
    is_version_1: bool,
    /// What the client has pushed, by its reference: the event.
    pushes: Pending<String, String>,
    /// The reference of the latest join of a topic.
    joins: Pending<String, String>,
    last_sent: Duration,
    heartbeats: u64,
}

impl Phoenix {
    fn new(opening: &Opening<'_>) -> Self {
        let version = opening.target.split_once('?').and_then(|(_, query)| version(query));
        Self {
            is_version_1: version.is_none_or(|version| version.starts_with('1')),
            pushes: Pending::default(),
            joins: Pending::default(),
            last_sent: opening.at,
            heartbeats: 0,
        }
    }
}

impl Dialect for Phoenix {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.from == Role::Client {
            self.last_sent = message.at;
        }
        let Some(push) = Push::of(message) else {
            return Some(Annotation::breach(SOURCE, "not a message of Phoenix Channels"));
        };
        let is_heartbeat = push.topic == HEARTBEATS;
        let stale = self.stale(&push);
        let mut annotation = match (message.from, &*push.event) {
            (Role::Client, _) => self.pushed(message, &push),
            (Role::Server, "phx_reply") => self.replied(message, &push),
            (Role::Server, event) => from_channel(event, &push),
        };
        if stale {
            let separator = if annotation.text.is_empty() { "" } else { "; " };
            annotation.text.insert_str(0, &format!("of an earlier join{separator}"));
        }
        Some(Annotation { is_heartbeat, secrets: push.secrets, ..annotation })
    }

    fn close_code(&self, code: u16) -> Option<&'static str> {
        match code {
            1001 => Some("disconnected by the application"),
            1002 => Some("a breach, or nothing was sent for 60 s (Bandit)"),
            1012 => Some("the server is shutting down: its clients are to connect again"),
            _ => None,
        }
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let number = self.heartbeats + 1;
        let text = if self.is_version_1 {
            format!(r#"{{"topic":"phoenix","event":"heartbeat","payload":{{}},"ref":"x{number}"}}"#)
        } else {
            format!(r#"[null,"x{number}","phoenix","heartbeat",{{}}]"#)
        };
        Some(Heartbeat { due: self.last_sent.saturating_add(INTERVAL), kind: Kind::Text, payload: text.into_bytes() })
    }
}

impl Phoenix {
    /// Whether a message of the server is of a join before the latest one.
    fn stale(&mut self, push: &Push) -> bool {
        let join = self.joins.get(&push.topic, Duration::ZERO).map(|(reference, _)| reference);
        push.join.as_ref().zip(join).is_some_and(|(push, join)| push != join)
    }

    fn pushed(&mut self, message: &Message<'_>, push: &Push) -> Annotation {
        if push.topic == HEARTBEATS {
            self.heartbeats += 1;
        }
        let mut error = None;
        if let Some(reference) = push.reference.as_ref().filter(|reference| reference.len() <= LONGEST_KEY) {
            let is_new = self.pushes.open(reference.clone(), quote(&push.event), message.at);
            error = (!is_new).then(|| "the ref is that of a message without a reply".to_owned());
            if push.event == "phx_join" && push.topic.len() <= LONGEST_KEY {
                self.joins.open(push.topic.clone(), reference.clone(), message.at);
            }
        }
        let kind = quote(&push.event);
        Annotation { id: push.reference.as_deref().map(quote), error, ..Annotation::new(SOURCE, kind, push.binary()) }
    }

    fn replied(&mut self, message: &Message<'_>, push: &Push) -> Annotation {
        let reference = push.reference.clone().unwrap_or_default();
        let asked = self.pushes.close(&reference, message.at);
        let answered = match &asked {
            Some((event, _)) => format!("answers {event}"),
            None => "answers nothing that was seen".to_owned(),
        };
        let status = push.status.as_deref().unwrap_or("without a status");
        let text = if push.is_binary { format!("{}, {answered}", push.binary()) } else { answered };
        let error = (status != "ok").then(|| match &push.reason {
            Some(reason) => format!("{}: {}", quote(status), quote(reason)),
            None => quote(status),
        });
        Annotation {
            answers: push.reference.as_deref().map(quote),
            took: asked.map(|(_, took)| took),
            error,
            ..Annotation::new(SOURCE, "phx_reply", text)
        }
    }
}

/// What a channel says of itself, or pushes.
fn from_channel(event: &str, push: &Push) -> Annotation {
    let mut annotation = Annotation::new(SOURCE, quote(event), push.binary());
    match event {
        "phx_error" => {
            let reason = push.reason.as_deref().filter(|reason| *reason != "channel_crash").map(quote);
            annotation.error =
                Some(reason.unwrap_or_else(|| "the channel crashed; its client is to join again".to_owned()));
        }
        "phx_close" => "the channel is closed".clone_into(&mut annotation.text),
        _ => {}
    }
    annotation
}

/// The version of the serializer that a query asks for.
fn version(query: &str) -> Option<&str> {
    query.split('&').find_map(|parameter| parameter.strip_prefix("vsn="))
}

/// A message of a channel, whichever way it was written.
#[derive(Debug, Default)]
struct Push {
    join: Option<String>,
    reference: Option<String>,
    topic: String,
    event: String,
    /// The status and the reason of a reply, and the reason of an error.
    status: Option<String>,
    reason: Option<String>,
    is_binary: bool,
    /// The length of a binary payload.
    length: usize,
    secrets: Vec<Range<usize>>,
}

impl Push {
    fn of(message: &Message<'_>) -> Option<Self> {
        match message.kind {
            Kind::Binary => Self::of_binary(message.from, message.payload),
            Kind::Text => Self::of_array(message.payload).or_else(|| Self::of_object(message.payload)),
        }
    }

    fn of_array(text: &[u8]) -> Option<Self> {
        let array = Array::of(text).filter(|array| array.len == 5)?;
        let payload = Object::of(array.get(4)?.as_bytes());
        let push = Self {
            join: array.text(0),
            reference: array.text(1),
            topic: array.text(2)?,
            event: array.text(3)?,
            ..Self::default()
        };
        Some(push.with_payload(text, &payload.unwrap_or_default()))
    }

    fn of_object(text: &[u8]) -> Option<Self> {
        let object = Object::of(text)?;
        object.get("payload")?;
        let push = Self {
            reference: object.text("ref"),
            topic: object.text("topic")?,
            event: object.text("event")?,
            ..Self::default()
        };
        Some(push.with_payload(text, &object.object("payload").unwrap_or_default()))
    }

    fn with_payload(self, text: &[u8], payload: &Object<'_>) -> Self {
        let response = payload.object("response").unwrap_or_default();
        let reason = response.get("reason").or(payload.get("reason")).or(payload.get("response"));
        let secrets = payload.members().filter(|(name, _)| SECRETS.contains(name));
        Self {
            status: payload.text("status"),
            reason: reason.filter(|reason| *reason != "{}").map(json::plain),
            secrets: secrets.map(|(_, value)| json::place(text, value)).collect(),
            ..self
        }
    }

    /// The binary messages of version 2: a kind, the lengths of its texts, the texts, a payload.
    fn of_binary(from: Role, message: &[u8]) -> Option<Self> {
        let (kind, rest) = message.split_first()?;
        let names: &[Name] = match (kind, from) {
            (0, Role::Client) => &[Name::Join, Name::Reference, Name::Topic, Name::Event],
            (0, Role::Server) => &[Name::Join, Name::Topic, Name::Event],
            (1, _) => &[Name::Join, Name::Reference, Name::Topic, Name::Status],
            (2, _) => &[Name::Topic, Name::Event],
            _ => return None,
        };
        let (lengths, mut rest) = rest.split_at_checked(names.len())?;
        let mut push = Self { is_binary: true, ..Self::default() };
        for (name, length) in names.iter().zip(lengths) {
            let (text, after) = rest.split_at_checked((*length).into())?;
            rest = after;
            let text = str::from_utf8(text).ok()?.to_owned();
            let kept = (!text.is_empty()).then(|| text.clone());
            match name {
                Name::Join => push.join = kept,
                Name::Reference => push.reference = kept,
                Name::Topic => push.topic = text,
                Name::Event => push.event = text,
                Name::Status => {
                    push.status = kept;
                    "phx_reply".clone_into(&mut push.event);
                }
            }
        }
        push.length = rest.len();
        Some(push)
    }

    /// What a binary message holds. Empty for a text message, which can be read as it is.
    fn binary(&self) -> String {
        if !self.is_binary {
            return String::new();
        }
        let Self { topic, event, length, .. } = self;
        format!("{} in {}, {}", quote(event), quote(topic), bytes(*length))
    }
}

#[derive(Clone, Copy)]
enum Name {
    Join,
    Reference,
    Topic,
    Event,
    Status,
}

#[cfg(test)]
mod tests;
