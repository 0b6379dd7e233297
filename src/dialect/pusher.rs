//! Pusher Channels, protocol 7, as Pusher's own servers and Laravel Reverb speak it.

use std::ops::Range;
use std::time::Duration;

use super::json::{self, Object, Raw};
use super::pending::Pending;
use super::{Description, Dialect, Heartbeat, Message, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// Pusher Channels (<https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/>).
pub const PUSHER: Description = Description {
    name: "pusher",
    subprotocols: &[],
    is_target: |target| {
        target.split_once('?').is_some_and(|(path, query)| {
            path.contains("/app/") && query.split('&').any(|parameter| parameter.starts_with("protocol="))
        })
    },
    is_message: |message| {
        Object::of(message.payload).and_then(|object| object.text("event")).is_some_and(|event| match message.from {
            Role::Server => event == "pusher:connection_established",
            Role::Client => event == "pusher:subscribe",
        })
    },
    start: |_| Box::new(Pusher::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(PUSHER.name);

/// Members that are not shown.
const SECRETS: [&str; 4] = ["auth", "channel_data", "shared_secret", "user_data"];

/// The activity timeout of a server that tells none, and the longest that is believed, in seconds.
const DEFAULT_TIMEOUT: u64 = 120;
const LONGEST_TIMEOUT: u64 = 24 * 60 * 60;

/// The longest name of a channel under which a subscription is kept, in bytes.
const LONGEST_CHANNEL: usize = 256;

#[derive(Default)]
struct Pusher {
    /// Subscriptions by channel.
    subscriptions: Pending<String, ()>,
    /// Pings by the end that sent them.
    pings: Pending<Role, ()>,
    /// After so long a silence of the server the client is to ping it.
    activity_timeout: Option<Duration>,
    /// When the server sent something, or the client a ping.
    last_active: Duration,
    /// Since when the client owes a pong.
    owes_pong: Option<Duration>,
}

impl Dialect for Pusher {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.from == Role::Server {
            self.last_active = message.at;
        }
        let object = Object::of(message.payload);
        let Some((event, object)) = object.and_then(|object| Some((object.text("event")?, object))) else {
            return Some(Annotation::breach(SOURCE, "not a message of Pusher: no JSON object with an event"));
        };
        Some(match (message.from, event.strip_prefix("pusher:").or(event.strip_prefix("pusher_internal:"))) {
            (_, Some("ping")) => self.ping(message),
            (_, Some("pong")) => self.pong(message),
            (Role::Server, Some("connection_established")) => self.established(&object),
            (Role::Client, Some("subscribe" | "signin")) => self.subscribe(message, &event, &object),
            (Role::Server, Some("subscription_succeeded" | "subscription_error")) => {
                self.subscribed(message, &event, &object)
            }
            (Role::Server, Some("error")) => {
                Annotation { error: Some(failure(&data(&object))), ..Annotation::new(SOURCE, event, "") }
            }
            _ => Annotation::new(SOURCE, quote(&event), told(&object)),
        })
    }

    fn close_code(&self, code: u16) -> Option<&'static str> {
        meaning(code)
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let message = |due, event| {
            let payload = format!(r#"{{"event":"pusher:{event}","data":{{}}}}"#).into_bytes();
            Heartbeat { due, kind: Kind::Text, payload }
        };
        match (self.owes_pong, self.activity_timeout) {
            (Some(due), _) => Some(message(due, "pong")),
            (None, Some(timeout)) => Some(message(self.last_active.saturating_add(timeout), "ping")),
            (None, None) => None,
        }
    }
}

impl Pusher {
    fn ping(&mut self, message: &Message<'_>) -> Annotation {
        self.pings.open(message.from, (), message.at);
        match message.from {
            Role::Client => self.last_active = message.at,
            Role::Server => self.owes_pong = Some(message.at),
        }
        Annotation::heartbeat(SOURCE, "ping")
    }

    fn pong(&mut self, message: &Message<'_>) -> Annotation {
        if message.from == Role::Client {
            self.owes_pong = None;
        }
        let took = self.pings.close(&message.from.peer(), message.at).map(|((), took)| took);
        Annotation { took, ..Annotation::heartbeat(SOURCE, "pong") }
    }

    fn established(&mut self, object: &Object<'_>) -> Annotation {
        let data = data(object);
        let data = Object::of(data.as_bytes()).unwrap_or_default();
        let seconds = data.number("activity_timeout").unwrap_or(DEFAULT_TIMEOUT).min(LONGEST_TIMEOUT);
        self.activity_timeout = Some(Duration::from_secs(seconds));
        let socket = quote(&data.text("socket_id").unwrap_or_default());
        let text = format!("connected as {socket}, ping after {seconds} s of silence");
        Annotation { id: Some(socket), ..Annotation::new(SOURCE, "connection_established", text) }
    }

    fn subscribe(&mut self, message: &Message<'_>, event: &str, object: &Object<'_>) -> Annotation {
        let data = object.get("data").unwrap_or_default();
        let channel = Object::of(data.as_bytes()).and_then(|data| data.text("channel"));
        if let Some(channel) = channel.as_ref().filter(|channel| channel.len() <= LONGEST_CHANNEL) {
            self.subscriptions.open(channel.clone(), (), message.at);
        }
        Annotation {
            id: channel.as_deref().map(quote),
            secrets: secrets(message.payload, data),
            ..Annotation::new(SOURCE, event.to_owned(), "")
        }
    }

    fn subscribed(&mut self, message: &Message<'_>, event: &str, object: &Object<'_>) -> Annotation {
        let channel = object.text("channel").unwrap_or_default();
        let took = self.subscriptions.close(&channel, message.at).map(|((), took)| took);
        let channel = quote(&channel);
        let is_error = event.ends_with("_error");
        let text = format!("{} {channel}", if is_error { "refuses" } else { "subscribed to" });
        Annotation {
            answers: Some(channel),
            took,
            error: is_error.then(|| failure(&data(object))),
            ..Annotation::new(SOURCE, event.to_owned(), text)
        }
    }
}

/// The data of a message: mostly JSON in a string.
fn data(object: &Object<'_>) -> String {
    object.get("data").map(json::plain).unwrap_or_default()
}

/// What data that is JSON in a string says.
fn told(object: &Object<'_>) -> String {
    object.get("data").and_then(json::inner).map(|inner| format!("data {}", quote(&inner))).unwrap_or_default()
}

/// The error in some data.
fn failure(data: &str) -> String {
    let object = Object::of(data.as_bytes()).unwrap_or_default();
    let code = object.number("code").or(object.number("status")).map(|code| code.to_string());
    let known = object.number("code").and_then(|code| meaning(u16::try_from(code).ok()?)).map(str::to_owned);
    let text = object.text("message").or(object.text("error")).map(|text| quote(&text));
    let parts: Vec<_> = [code, known, text].into_iter().flatten().collect();
    if parts.is_empty() { quote(data) } else { parts.join(": ") }
}

fn secrets(payload: &[u8], data: Raw<'_>) -> Vec<Range<usize>> {
    let Some(object) = Object::of(data.as_bytes()) else {
        // JSON in a string: any of it may be the secret.
        return if data.starts_with('"') { vec![json::place(payload, data)] } else { Vec::new() };
    };
    let secrets = object.members().filter(|(name, _)| SECRETS.contains(name));
    secrets.map(|(_, value)| json::place(payload, value)).collect()
}

/// What a code means, as a close code or in `pusher:error`.
fn meaning(code: u16) -> Option<&'static str> {
    Some(match code {
        4000 => "the application takes only TLS: connect over wss",
        4001 => "there is no such application",
        4003 => "the application is disabled",
        4004 => "the application is over its quota of connections",
        4005 => "the path was not found",
        4006 => "the version string has a wrong format",
        4007 => "the protocol version is not supported",
        4008 => "no protocol version was given",
        4009 => "the connection is unauthorised",
        4002 | 4010..=4099 => "refused: connecting again as before will not help",
        4100 => "over capacity: connect again after a second or more",
        4101..=4199 => "connect again after a second or more",
        4201 => "no pong in time: connect again",
        4202 => "closed after inactivity: connect again",
        4200 | 4203..=4299 => "connect again at once",
        4301 => "client events are sent too fast",
        4300 | 4302..=4399 => "an error that leaves the connection open",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
