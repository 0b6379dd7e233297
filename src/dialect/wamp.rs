//! The Web Application Messaging Protocol, version 2, in its JSON serialization; also with several messages in one.

use std::ops::Range;

use super::json::{self, Array, Object};
use super::pending::Pending;
use super::{Description, Dialect, Message, combined, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// WAMP 2 (<https://wamp-proto.org/wamp_latest_ietf.html>), JSON.
pub const WAMP: Description = Description {
    name: "wamp",
    subprotocols: &["wamp.2.json", "wamp.2.json.batched"],
    is_target: |_| false,
    is_message: |message| Array::of(message.payload).is_some_and(|array| is_opening(message.from, &array)),
    start: |_| Box::new(Wamp::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(WAMP.name);

/// What ends each message of a batch.
const SEPARATOR: u8 = 0x1e;

/// So many messages of a batch are looked at.
const MOST: usize = 100;

/// The messages: code, name, and what they are in an exchange.
const MESSAGES: [(u64, &str, Part); 26] = [
    (1, "HELLO", Part::Alone),
    (2, "WELCOME", Part::Alone),
    (3, "ABORT", Part::Reason),
    (4, "CHALLENGE", Part::Alone),
    (5, "AUTHENTICATE", Part::Alone),
    (6, "GOODBYE", Part::Reason),
    (7, "HEARTBEAT", Part::Alone),
    (8, "ERROR", Part::Error),
    (16, "PUBLISH", Part::Acknowledged { subject: 3 }),
    (17, "PUBLISHED", Part::Answers(16)),
    (32, "SUBSCRIBE", Part::Asks { subject: 3 }),
    (33, "SUBSCRIBED", Part::Answers(32)),
    (34, "UNSUBSCRIBE", Part::AsksOf(33)),
    (35, "UNSUBSCRIBED", Part::Answers(34)),
    (36, "EVENT", Part::Of(33)),
    (48, "CALL", Part::Asks { subject: 3 }),
    (49, "CANCEL", Part::About(48)),
    (50, "RESULT", Part::Answers(48)),
    (64, "REGISTER", Part::Asks { subject: 3 }),
    (65, "REGISTERED", Part::Answers(64)),
    (66, "UNREGISTER", Part::AsksOf(65)),
    (67, "UNREGISTERED", Part::Answers(66)),
    (68, "INVOCATION", Part::AsksOf(65)),
    (69, "INTERRUPT", Part::About(68)),
    (70, "YIELD", Part::Answers(68)),
    // Until it is ratified.
    (337, "EVENT_RECEIVED", Part::Alone),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It has no id and no answer.
    Alone,
    /// It ends the session with a reason.
    Reason,
    /// It wants an answer; the element `subject` is a topic or a procedure.
    Asks { subject: usize },
    /// The same, if its options ask for it.
    Acknowledged { subject: usize },
    /// It wants an answer; element 2 is the id of a subscription or a registration.
    AsksOf(u64),
    /// It answers the request of this code that has its id.
    Answers(u64),
    /// It refers to the request of this code that has its id, and does not answer it.
    About(u64),
    /// Its element 1 is the id of a subscription.
    Of(u64),
    /// It answers a request in place of its answer.
    Error,
}

#[derive(Default)]
struct Wamp {
    /// What is asked for, by the end that asked, the code and the id.
    requests: Pending<(Role, u64, u64), String>,
    /// The subjects of subscriptions and registrations, by the code that granted them and the id.
    subjects: Pending<(u64, u64), String>,
}

impl Dialect for Wamp {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if message.kind == Kind::Binary {
            return Some(breach("a binary message"));
        }
        let batch = message.payload.strip_suffix(&[SEPARATOR]).unwrap_or(message.payload);
        let parts = batch.split(|byte| *byte == SEPARATOR).take(MOST);
        combined(SOURCE, parts.map(|part| self.one(message, part)).collect())
    }
}

impl Wamp {
    fn one(&mut self, message: &Message<'_>, text: &[u8]) -> Annotation {
        let Some(array) = Array::of(text) else { return breach(&json::fault(message.payload, text, "array")) };
        let Some(code) = array.number(0) else { return breach("no code") };
        let Some((_, name, part)) = MESSAGES.iter().find(|(known, ..)| *known == code) else {
            return breach(&format!("the code {code} is not known"));
        };
        let annotation = self.annotation(message, &array, (code, name), *part);
        Annotation { secrets: secrets(message.payload, code, &array), ..annotation }
    }

    fn annotation(
        &mut self,
        message: &Message<'_>,
        array: &Array<'_>,
        (code, name): (u64, &'static str),
        part: Part,
    ) -> Annotation {
        let id = array.number(1);
        let annotation = Annotation::new(SOURCE, name, name);
        match (part, id) {
            (Part::Alone, _) => annotation,
            (Part::Reason, _) => reason(annotation, code, array),
            (Part::Error, Some(of)) => self.error(message, array, of),
            (_, None) => breach(&format!("{name} without an id")),
            (Part::Acknowledged { .. }, Some(id)) if !is_acknowledged(array) => {
                Annotation { id: Some(id.to_string()), ..annotation }
            }
            (Part::Asks { subject } | Part::Acknowledged { subject }, Some(id)) => {
                let subject = array.text(subject).unwrap_or_default();
                self.asks(message, annotation, (code, id), quote(&subject))
            }
            (Part::AsksOf(granted), Some(id)) => {
                let subject = array.number(2).map(|of| self.subject(granted, of)).unwrap_or_default();
                let annotation = Annotation { text: format!("{name} of {subject}"), ..annotation };
                self.asks(message, annotation, (code, id), subject)
            }
            (Part::Answers(to), Some(id)) => self.answers(message, annotation, array, (code, to, id)),
            (Part::About(to), Some(id)) => match self.requests.get(&(message.from, to, id), message.at) {
                Some((subject, took)) => Annotation {
                    text: format!("{name} {subject}"),
                    took: Some(took),
                    id: Some(id.to_string()),
                    ..annotation
                },
                None => Annotation { text: format!("{name} of nothing that was seen"), ..annotation },
            },
            (Part::Of(granted), Some(id)) => {
                Annotation { text: format!("{name} of {}", self.subject(granted, id)), ..annotation }
            }
        }
    }

    fn asks(
        &mut self,
        message: &Message<'_>,
        asking: Annotation,
        (code, id): (u64, u64),
        subject: String,
    ) -> Annotation {
        let is_new = self.requests.open((message.from, code, id), subject, message.at);
        let error = (!is_new).then(|| "the id is that of a request without an answer".to_owned());
        Annotation { id: Some(id.to_string()), error, ..asking }
    }

    fn answers(
        &mut self,
        message: &Message<'_>,
        answer: Annotation,
        array: &Array<'_>,
        (code, to, id): (u64, u64, u64),
    ) -> Annotation {
        let key = (message.from.peer(), to, id);
        let is_progress =
            array.get(2).and_then(|details| Object::of(details.as_bytes())?.get("progress")) == Some("true");
        let request = if is_progress {
            self.requests.get(&key, message.at).map(|(subject, took)| (subject.clone(), took))
        } else {
            self.requests.close(&key, message.at)
        };
        let name = answer.text;
        let text = match &request {
            Some((subject, _)) if is_progress => format!("{name}, progress of {subject}"),
            Some((subject, _)) => format!("{name} of {subject}"),
            None => format!("{name} of nothing that was seen"),
        };
        let (subject, took) = request.unzip();
        if let (33 | 65, Some(granted), Some(subject)) = (code, array.number(2), subject) {
            self.subjects.open((code, granted), subject, message.at);
        }
        Annotation { text, answers: Some(id.to_string()), took, ..answer }
    }

    /// `[ERROR, code of the request, id, details, URI, …]`
    fn error(&mut self, message: &Message<'_>, array: &Array<'_>, code: u64) -> Annotation {
        let Some(id) = array.number(2) else { return breach("ERROR without an id") };
        let name = MESSAGES.iter().find(|(known, ..)| *known == code).map_or("?", |(_, name, _)| name);
        let request = self.requests.close(&(message.from.peer(), code, id), message.at);
        let (subject, took) = request.unzip();
        let subject = subject.unwrap_or_else(|| "of nothing that was seen".to_owned());
        Annotation {
            answers: Some(id.to_string()),
            took,
            error: Some(quote(&array.text(4).unwrap_or_else(|| "no URI".to_owned()))),
            ..Annotation::new(SOURCE, "ERROR", format!("{name} {subject}"))
        }
    }

    /// What a subscription or a registration is for.
    fn subject(&self, granted: u64, id: u64) -> String {
        let subject = self.subjects.get(&(granted, id), std::time::Duration::ZERO);
        subject.map_or_else(|| id.to_string(), |(subject, _)| subject.clone())
    }
}

/// ABORT and GOODBYE.
fn reason(annotation: Annotation, code: u64, array: &Array<'_>) -> Annotation {
    let details = array.get(1).and_then(|details| Object::of(details.as_bytes())?.text("message"));
    let reason = array.text(2).unwrap_or_default();
    let is_error = code == 3 || !matches!(&*reason, "wamp.close.normal" | "wamp.close.goodbye_and_out");
    let reason = [Some(quote(&reason)), details.map(|details| quote(&details))];
    let reason = reason.into_iter().flatten().collect::<Vec<_>>().join(": ");
    Annotation { error: is_error.then_some(reason), ..annotation }
}

fn is_acknowledged(array: &Array<'_>) -> bool {
    array.get(2).and_then(|options| Object::of(options.as_bytes())?.get("acknowledge")) == Some("true")
}

/// The signature of an AUTHENTICATE.
fn secrets(payload: &[u8], code: u64, array: &Array<'_>) -> Vec<Range<usize>> {
    let signature = array.get(1).filter(|_| code == 5);
    signature.map(|signature| json::place(payload, signature)).into_iter().collect()
}

/// `[1, realm, details]` of a client, `[2, session, details]` and `[3, details, reason]` of a router.
fn is_opening(from: Role, array: &Array<'_>) -> bool {
    let is_object = |index: usize| array.get(index).is_some_and(|value| value.starts_with('{'));
    match (from, array.number(0), array.len) {
        (Role::Client, Some(1), 3) => {
            array.text(1).is_some()
                && array.get(2).and_then(|details| Object::of(details.as_bytes())?.get("roles")).is_some()
        }
        (Role::Server, Some(2), 3) => {
            array.number(1).is_some()
                && array.get(2).and_then(|details| Object::of(details.as_bytes())?.get("roles")).is_some()
        }
        (Role::Server, Some(3), 3) => is_object(1) && array.text(2).is_some_and(|reason| reason.starts_with("wamp.")),
        _ => false,
    }
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not WAMP: {error}"))
}

#[cfg(test)]
mod tests;
