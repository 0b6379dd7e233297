//! `SockJS`: frames of one letter from the server, arrays of strings from the client, and in them what both really say.

use super::json::{self, Array};
use super::recognition::Recognition;
use super::{Choice, Description, Dialect, Heartbeat, Message, Opening, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::{Kind, Role};

/// `SockJS` (sockjs-protocol 0.3.3), as sockjs-node and Spring speak it.
pub const SOCKJS: Description = Description {
    name: "sockjs",
    subprotocols: &[],
    is_target,
    is_message: |message| message.from == Role::Server && message.payload == b"o",
    start: |opening| Box::new(SockJs { inner: Recognition::begin(Choice::Auto, &Opening { target: "", ..*opening }) }),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(SOCKJS.name);

struct SockJs {
    /// What the strings are.
    inner: Recognition,
}

/// `/BASE/<three digits>/<session>/websocket`.
fn is_target(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    let mut parts = path.rsplit('/');
    let is_websocket = parts.next() == Some("websocket");
    let has_session = parts.next().is_some_and(|session| !session.is_empty());
    let is_server = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    is_websocket && has_session && parts.next().is_some_and(is_server)
}

impl Dialect for SockJs {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        let Some((letter, rest)) = message.payload.split_first() else {
            // The specification has an empty message of the client ignored.
            return (message.from == Role::Server).then(|| Annotation::breach(SOURCE, "an empty message"));
        };
        Some(match (message.from, letter, rest) {
            (Role::Client, _, _) => self.strings(message, message.payload),
            (Role::Server, b'o', b"") => Annotation::new(SOURCE, "open", "the SockJS session is open"),
            (Role::Server, b'h', b"") => Annotation::heartbeat(SOURCE, "heartbeat"),
            (Role::Server, b'a' | b'm', rest) => self.strings(message, rest),
            (Role::Server, b'c', rest) => closing(rest),
            (Role::Server, ..) => Annotation::breach(SOURCE, "not a frame of SockJS: o, h, a, m or c"),
        })
    }

    fn close_code(&self, code: u16) -> Option<&'static str> {
        let own = match code {
            3000 => Some("what was sent is no frame of SockJS (\"Broken framing.\")"),
            _ => None,
        };
        own.or_else(|| self.inner.dialect()?.close_code(code))
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let inner = self.inner.dialect()?.heartbeat()?;
        let payload = serde_json::to_vec(&[str::from_utf8(&inner.payload).ok()?]).ok()?;
        Some(Heartbeat { payload, kind: Kind::Text, ..inner })
    }
}

impl SockJs {
    /// An array of strings, or one string.
    fn strings(&mut self, message: &Message<'_>, text: &[u8]) -> Annotation {
        let single = str::from_utf8(text).ok().filter(|text| json::text(text).is_some());
        let array = single.map(|single| Array { elements: vec![single], len: 1 }).or_else(|| Array::of(text));
        let Some(array) = array else {
            return Annotation::breach(SOURCE, json::fault(message.payload, text, "array of strings"));
        };
        let mut said = Vec::new();
        for element in &array.elements {
            let Some(inner) = json::text(element) else { break };
            let payload = inner.as_bytes();
            let annotation = self.inner.message(&Message { kind: Kind::Text, payload, ..*message });
            said.push(Inner { place: json::place(message.payload, element), text: inner, annotation });
        }
        let are_strings = said.len() == array.elements.len();
        let annotation = together(said, array.len);
        if are_strings {
            return annotation;
        }
        let breach = Annotation::breach(SOURCE, "an element of the array is no string");
        Annotation { secrets: annotation.secrets, ..breach }
    }
}

/// A string, and what the dialect inside says of it.
struct Inner {
    place: std::ops::Range<usize>,
    text: String,
    annotation: Option<Annotation>,
}

/// What is said of all strings of a message.
fn together(mut said: Vec<Inner>, count: usize) -> Annotation {
    // Where a secret stands among the escapes of the string is not known: the whole string is hidden.
    let has_secret = |inner: &&Inner| inner.annotation.as_ref().is_some_and(|inner| !inner.secrets.is_empty());
    let secrets: Vec<_> = said.iter().filter(has_secret).map(|inner| inner.place.clone()).collect();
    if count == 1
        && let Some(Inner { text, annotation, .. }) = said.pop()
    {
        return match annotation {
            Some(annotation) => Annotation { secrets, ..annotation },
            None => Annotation::new(SOURCE, "message", quote(&text)),
        };
    }
    let is_beat = |inner: &Inner| inner.annotation.as_ref().is_some_and(|inner| inner.is_heartbeat);
    let is_heartbeat = !said.is_empty() && said.iter().all(is_beat);
    let annotations = || said.iter().filter_map(|inner| inner.annotation.as_ref());
    let texts: Vec<_> = annotations().map(|inner| &*inner.text).filter(|text| !text.is_empty()).take(3).collect();
    let separator = if texts.is_empty() { "" } else { ": " };
    let text = format!("{count} messages{separator}{}", texts.join("; "));
    let error = annotations().find_map(|inner| inner.error.clone());
    Annotation { error, is_heartbeat, secrets, ..Annotation::new(SOURCE, "messages", text) }
}

/// `c[3000,"Go away!"]`.
fn closing(text: &[u8]) -> Annotation {
    let Some((code, reason)) = Array::of(text).and_then(|array| {
        let code = json::number(array.get(0)?)?;
        Some((code, array.text(1)?))
    }) else {
        return Annotation::breach(SOURCE, "c without a code and a reason");
    };
    let meaning = match code {
        2010 => ": another connection has this session",
        3000 => ": the application ends it, or a heartbeat was missed",
        _ => "",
    };
    Annotation { error: Some(quote(&reason)), ..Annotation::new(SOURCE, "close", format!("closing, {code}{meaning}")) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Conversation, hidden};
    use super::*;

    fn conversation() -> Conversation {
        Conversation::new(&SOCKJS, None, "/echo/000/abcd/websocket")
    }

    /// The vectors of sockjs-protocol 0.3.3, "WebSocket protocol".
    #[test]
    fn frames_are_read() {
        let mut session = conversation();
        assert_eq!(session.received("o"), "the SockJS session is open");
        assert_eq!(session.sent(r#"["a"]"#), "a");
        assert_eq!(session.received(r#"a["a"]"#), "a");
        assert_eq!(session.received(r#"m"one \u00e9""#), "one é");
        assert_eq!(session.sent(r#""b""#), "b");
        assert_eq!(session.received(r#"a["x","y"]"#), "2 messages");
        assert_eq!(session.received("h"), "()");
        assert_eq!(session.sent(""), "", "the specification has it ignored");
        assert_eq!(session.sent("[]"), "0 messages");
        assert_eq!(
            session.received(r#"c[3000,"Go away!"]"#),
            "closing, 3000: the application ends it, or a heartbeat was missed: Go away!"
        );
        assert_eq!(session.dialect().heartbeat(), None);
    }

    #[test]
    fn what_is_inside_is_understood_and_its_beats_are_framed() {
        let mut session = conversation();
        session.received("o");
        assert_eq!(session.sent(r#"["CONNECT\nheart-beat:10000,10000\nlogin:ann\n\n\u0000"]"#), "STOMP, as ann");
        let connected = r#"a["CONNECTED\nversion:1.1\nheart-beat:10000,10000\n\n\u0000"]"#;
        assert_eq!(session.received(connected), "STOMP 1.1, the client owes a beat every 10 s after 0 ms");
        assert_eq!(session.received(r#"a["\n"]"#), "()");
        assert_eq!(session.received(r#"a["\n","\n"]"#), "(2 messages)");
        let beat = session.dialect().heartbeat().expect("a beat");
        assert_eq!(beat.payload, br#"["\n"]"#);
    }

    #[test]
    fn a_string_with_a_secret_is_hidden() {
        let mut session = conversation();
        let text = r#"["CONNECT\npasscode:p\n\n\u0000"]"#;
        let annotation = session.message(Role::Client, Kind::Text, text.as_bytes()).expect("said");
        assert_eq!(hidden(text.as_bytes(), &annotation), r#"["..."]"#);
        let broken = r#"["CONNECT\npasscode:p\n\n\u0000",1]"#;
        let annotation = conversation().message(Role::Client, Kind::Text, broken.as_bytes()).expect("said");
        assert_eq!(hidden(broken.as_bytes(), &annotation), r#"["...",1]"#);
    }

    #[test]
    fn breaches_are_told() {
        let mut session = conversation();
        assert_eq!(session.sent("hello"), "no JSON array of strings: expected value, at byte 0");
        assert_eq!(session.sent("[1]"), "an element of the array is no string");
        assert_eq!(session.received("x"), "not a frame of SockJS: o, h, a, m or c");
        assert_eq!(session.received("c[]"), "c without a code and a reason");
        assert_eq!(session.received(""), "an empty message");
    }

    #[test]
    fn a_session_has_a_path_of_its_own_and_the_raw_endpoint_has_no_frames() {
        assert!(is_target("/echo/000/xyz/websocket") && is_target("/a/b/123/x/websocket?t=1"));
        for target in
            ["/echo/websocket", "/socket/live/websocket?vsn=2.0.0", "/echo/000//websocket", "/000/x/websockets"]
        {
            assert!(!is_target(target), "{target}");
        }
    }
}
