//! The Chrome `DevTools` Protocol: commands and their answers, and events.

use std::ops::Range;

use super::json::{self, Array, Object, Raw};
use super::pending::Pending;
use super::{Description, Dialect, Message, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::Role;

/// The Chrome `DevTools` Protocol (<https://chromedevtools.github.io/devtools-protocol/>).
pub const CDP: Description = Description {
    name: "cdp",
    subprotocols: &[],
    is_target: |target| target.starts_with("/devtools/"),
    is_message: |message| Object::of(message.payload).is_some_and(|object| is_command_or_event(message.from, &object)),
    start: |_| Box::new(Cdp::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(CDP.name);

/// Domains whose names are hardly those of another protocol's methods.
const DOMAINS: [&str; 16] = [
    "Browser",
    "CSS",
    "Console",
    "DOM",
    "Debugger",
    "Emulation",
    "Fetch",
    "HeapProfiler",
    "Input",
    "Inspector",
    "Log",
    "Network",
    "Page",
    "Profiler",
    "Runtime",
    "Target",
];

/// Members that hold cookies, or text in which they stand, or the password of `Fetch.continueWithAuth`.
const SECRETS: [&str; 7] = [
    "cookies",
    "associatedCookies",
    "blockedCookies",
    "exemptedCookies",
    "headersText",
    "requestHeadersText",
    "password",
];

/// Headers with secrets.
const SECRET_HEADERS: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"];

/// Secrets are looked for so deep inside a message.
const DEEPEST: usize = 4;

/// The longest id of a session that is remembered, in bytes.
const LONGEST_SESSION: usize = 128;

#[derive(Default)]
struct Cdp {
    /// Methods by session and id: ids repeat between sessions.
    commands: Pending<(Option<String>, u64), String>,
}

impl Dialect for Cdp {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let Some(object) = Object::of(message.payload) else {
            return Some(breach(&json::fault(message.payload, message.payload, "object")));
        };
        let session = object.text("sessionId").filter(|session| session.len() <= LONGEST_SESSION);
        Some(match (message.from, object.text("method"), object.number("id")) {
            (Role::Client, Some(method), Some(id)) => self.command(message, &object, session, &method, id),
            (Role::Client, _, None) => breach("a command without a whole number as id"),
            (Role::Client, None, _) => breach("a command without a method"),
            (Role::Server, None, Some(id)) => self.answer(message, &object, session, id),
            (Role::Server, Some(method), None) => event(message, &object, &method),
            (Role::Server, None, None) if object.get("error").is_some() => Annotation {
                error: object.object("error").map(|error| failure(&error)),
                ..Annotation::new(SOURCE, "error", "answers a command that was not understood")
            },
            (Role::Server, ..) => breach("neither an answer nor an event"),
        })
    }
}

impl Cdp {
    fn command(
        &mut self,
        message: &Message<'_>,
        object: &Object<'_>,
        session: Option<String>,
        method: &str,
        number: u64,
    ) -> Annotation {
        let name = name(session.as_deref(), number);
        let is_new = self.commands.open((session, number), quote(method), message.at);
        Annotation {
            id: Some(name),
            error: (!is_new).then(|| "the id is that of a command without an answer".to_owned()),
            secrets: secrets(message.payload, method, object.get("params")),
            ..Annotation::new(SOURCE, "command", "")
        }
    }

    fn answer(
        &mut self,
        message: &Message<'_>,
        object: &Object<'_>,
        session: Option<String>,
        number: u64,
    ) -> Annotation {
        let name = name(session.as_deref(), number);
        let (method, took) = self.commands.close(&(session, number), message.at).unzip();
        let result = object.object("result");
        let error = object.object("error").map(|error| failure(&error));
        let error = error.or_else(|| result.as_ref().and_then(failed_result));
        let text =
            method.as_ref().map_or("answers no command that was seen".to_owned(), |name| format!("answers {name}"));
        Annotation {
            answers: Some(name),
            took,
            secrets: secrets(message.payload, method.as_deref().unwrap_or_default(), object.get("result")),
            ..Annotation { error, ..Annotation::new(SOURCE, "result", text) }
        }
    }
}

fn event(message: &Message<'_>, object: &Object<'_>, method: &str) -> Annotation {
    let exception = || exception(&object.object("params")?.object("exceptionDetails")?);
    Annotation {
        error: (method == "Runtime.exceptionThrown").then(exception).flatten(),
        secrets: secrets(message.payload, method, object.get("params")),
        ..Annotation::new(SOURCE, "event", "")
    }
}

fn is_command_or_event(from: Role, object: &Object<'_>) -> bool {
    let method = object.text("method").unwrap_or_default();
    let is_method =
        method.split_once('.').is_some_and(|(domain, name)| DOMAINS.contains(&domain) && !name.contains('.'));
    let has_id = object.number("id").is_some();
    is_method && has_id == (from == Role::Client) && object.get("jsonrpc").is_none()
}

fn name(session: Option<&str>, number: u64) -> String {
    session.map_or_else(|| number.to_string(), |session| format!("{session}/{number}"))
}

fn failure(error: &Object<'_>) -> String {
    let text = |name| error.get(name).map(|value| quote(&json::plain(value)));
    let parts = [text("message"), text("data"), text("code").map(|code| format!("({code})"))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What went wrong although the command did not fail.
fn failed_result(result: &Object<'_>) -> Option<String> {
    let text = result.text("errorText").filter(|text| !text.is_empty()).map(|text| quote(&text));
    text.or_else(|| exception(&result.object("exceptionDetails")?))
}

fn exception(details: &Object<'_>) -> Option<String> {
    let described = details.object("exception").and_then(|exception| exception.text("description"));
    let text = described.or_else(|| details.text("text"))?;
    text.lines().next().map(quote)
}

/// Cookies, and headers with secrets, in what a method takes or gives.
fn secrets(payload: &[u8], method: &str, value: Option<Raw<'_>>) -> Vec<Range<usize>> {
    let has_secrets = ["Network.", "Storage.", "Fetch."].iter().any(|domain| method.starts_with(domain));
    let Some(value) = value.filter(|_| has_secrets) else { return Vec::new() };
    let own: &[&str] = if method == "Network.setCookie" { &["value"] } else { &[] };
    let mut places = Vec::new();
    find(payload, value, DEEPEST, own, &mut places);
    places.sort_unstable_by_key(|place| place.start);
    places
}

/// Looks for secrets, and for members of one of these names.
fn find(payload: &[u8], value: Raw<'_>, depth: usize, names: &[&str], places: &mut Vec<Range<usize>>) {
    if depth == 0 {
        return;
    }
    if let Some(array) = Array::of(value.as_bytes()) {
        array.elements.iter().for_each(|element| find(payload, element, depth - 1, names, places));
    }
    let object = Object::of(value.as_bytes()).unwrap_or_default();
    let is_header = |name: &str| SECRET_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name));
    // `Fetch` has headers as objects of a name and a value.
    let is_entry = object.text("name").is_some_and(|name| is_header(&name));
    for (name, value) in object.members() {
        if SECRETS.contains(&name) || names.contains(&name) || is_header(name) || is_entry && name == "value" {
            places.push(json::place(payload, value));
        } else if value.starts_with(['{', '[']) {
            find(payload, value, depth - 1, names, places);
        }
    }
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not the DevTools Protocol: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Conversation, hidden};
    use super::*;
    use crate::wire::Kind;

    fn conversation() -> Conversation {
        Conversation::new(&CDP, None, "/devtools/page/1")
    }

    #[test]
    fn answers_find_their_commands_in_their_session() {
        let mut session = conversation();
        assert_eq!(session.sent(r#"{"id":1,"method":"Page.enable"}"#), "");
        assert_eq!(session.sent(r#"{"id":1,"sessionId":"A","method":"DOM.enable"}"#), "");
        session.wait(5);
        assert_eq!(session.received(r#"{"id":1,"sessionId":"A","result":{}}"#), "answers DOM.enable after 5 ms");
        assert_eq!(session.received(r#"{"id":1,"result":{}}"#), "answers Page.enable after 5 ms");
        assert_eq!(session.received(r#"{"id":1,"result":{}}"#), "answers no command that was seen");
        assert_eq!(session.received(r#"{"method":"Page.loadEventFired","params":{"timestamp":1.5}}"#), "");
    }

    #[test]
    fn failures_are_told_wherever_they_stand() {
        let mut session = conversation();
        session.sent(r#"{"id":1,"method":"Page.foo"}"#);
        let answer = r#"{"error":{"code":-32601,"message":"'Page.foo' wasn't found"},"id":1}"#;
        assert_eq!(session.received(answer), "answers Page.foo after 0 ms: 'Page.foo' wasn't found (-32601)");
        session.sent(r#"{"id":2,"method":"Page.navigate","params":{"url":"http://x.invalid"}}"#);
        let answer = r#"{"id":2,"result":{"frameId":"F","errorText":"net::ERR_NAME_NOT_RESOLVED"}}"#;
        assert_eq!(session.received(answer), "answers Page.navigate after 0 ms: net::ERR_NAME_NOT_RESOLVED");
        let thrown = r#"{"method":"Runtime.exceptionThrown","params":{"timestamp":1,"exceptionDetails":{"text":"Uncaught",
            "exception":{"type":"object","description":"Error: no\n    at <anonymous>:1:7"}}}}"#;
        assert_eq!(session.received(thrown), "Error: no");
        assert_eq!(
            session.sent(r#"{"method":"Page.enable"}"#),
            "not the DevTools Protocol: a command without a whole number as id"
        );
        assert_eq!(session.received("x"), "not the DevTools Protocol: no JSON object: expected value, at byte 0");
    }

    #[test]
    fn cookies_and_credentials_are_hidden() {
        let mut session = conversation();
        let mut shown = |from, text: &str| {
            let annotation = session.message(from, Kind::Text, text.as_bytes()).expect("an annotation");
            hidden(text.as_bytes(), &annotation)
        };
        assert_eq!(
            shown(
                Role::Server,
                r#"{"method":"Network.requestWillBeSent","params":{"request":{"headers":{"Cookie":"a=b","X":"y"}}}}"#
            ),
            r#"{"method":"Network.requestWillBeSent","params":{"request":{"headers":{"Cookie":"...","X":"y"}}}}"#
        );
        assert_eq!(
            shown(Role::Client, r#"{"id":1,"method":"Network.setCookie","params":{"name":"a","value":"b"}}"#),
            r#"{"id":1,"method":"Network.setCookie","params":{"name":"a","value":"..."}}"#
        );
        assert_eq!(
            shown(
                Role::Client,
                r#"{"id":3,"method":"Fetch.continueRequest","params":{"headers":[{"name":"Cookie","value":"b"},{"name":"X","value":"y"}]}}"#
            ),
            r#"{"id":3,"method":"Fetch.continueRequest","params":{"headers":[{"name":"Cookie","value":"..."},{"name":"X","value":"y"}]}}"#
        );
        assert_eq!(
            shown(
                Role::Client,
                r#"{"id":4,"method":"Fetch.continueWithAuth","params":{"authChallengeResponse":{"username":"a","password":"b"}}}"#
            ),
            r#"{"id":4,"method":"Fetch.continueWithAuth","params":{"authChallengeResponse":{"username":"a","password":"..."}}}"#
        );
        assert_eq!(
            shown(Role::Client, r#"{"id":5,"method":"Network.setCookie","params":{"value":{"password":"b"}}}"#),
            r#"{"id":5,"method":"Network.setCookie","params":{"value":...}}"#,
            "places do not overlap"
        );
        shown(Role::Client, r#"{"id":2,"method":"Network.getCookies"}"#);
        assert_eq!(
            shown(Role::Server, r#"{"id":2,"result":{"cookies":[{"name":"a","value":"b"}]}}"#),
            r#"{"id":2,"result":{"cookies":...}}"#
        );
    }

    #[test]
    fn it_is_known_by_its_target_and_its_domains() {
        assert!((CDP.is_target)("/devtools/browser/3a") && !(CDP.is_target)("/page"));
        let is_message = |from, text: &str| {
            (CDP.is_message)(&Message {
                from,
                kind: Kind::Text,
                payload: text.as_bytes(),
                at: std::time::Duration::ZERO,
            })
        };
        assert!(is_message(Role::Client, r#"{"id":1,"method":"Page.enable"}"#));
        assert!(is_message(Role::Server, r#"{"method":"Target.targetCreated","params":{}}"#));
        assert!(!is_message(Role::Client, r#"{"id":1,"method":"subscribe"}"#));
        assert!(!is_message(Role::Client, r#"{"id":1,"method":"Users.get"}"#));
        assert!(!is_message(Role::Client, r#"{"jsonrpc":"2.0","id":1,"method":"Page.enable"}"#));
        assert!(!is_message(Role::Client, r#"{"method":"Page.enable"}"#));
    }
}
