//! JSON-RPC 2.0: requests, notifications, answers, and batches of them, from either end.

use super::json::{self, Array, Object, Raw};
use super::pending::Pending;
use super::{Description, Dialect, Message, quote};
use crate::event::{Annotation, AnnotationSource};
use crate::wire::Role;

/// JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>).
pub const JSON_RPC: Description = Description {
    name: "json-rpc",
    subprotocols: &["jsonrpc", "jsonrpc-2.0"],
    is_target: |_| false,
    is_message: |message| {
        is_json_rpc(message.payload)
            || Array::of(message.payload)
                .and_then(|batch| batch.get(0))
                .is_some_and(|first| is_json_rpc(first.as_bytes()))
    },
    start: |_| Box::new(JsonRpc::default()),
};

const SOURCE: AnnotationSource = AnnotationSource::Dialect(JSON_RPC.name);

/// The longest id under which a request is kept, in bytes.
const LONGEST_ID: usize = 256;

/// What is counted in a batch: kinds of annotations, and the words for one and for more of them.
const COUNTED: [(&str, &str, &str); 5] = [
    ("request", "request", "requests"),
    ("notification", "notification", "notifications"),
    ("result", "ok", "ok"),
    ("error", "failed", "failed"),
    ("breach", "unreadable", "unreadable"),
];

/// So many failures of a batch are told.
const MOST_FAILURES: usize = 3;

#[derive(Default)]
struct JsonRpc {
    /// Methods by the end that asked and the id as it was written: `1` is not `"1"`.
    calls: Pending<(Role, String), String>,
}

impl Dialect for JsonRpc {
    fn message(&mut self, message: &Message<'_>) -> Option<Annotation> {
        if let Some(batch) = Array::of(message.payload) {
            return Some(self.batch(message, &batch));
        }
        let Some(object) = Object::of(message.payload) else {
            return Some(breach(&json::fault(message.payload, message.payload, "object or array")));
        };
        Some(self.object(message, &object))
    }
}

impl JsonRpc {
    fn object(&mut self, message: &Message<'_>, object: &Object<'_>) -> Annotation {
        if let Some(fault) = fault(object) {
            return breach(fault);
        }
        match (object.text("method"), object.get("id")) {
            (Some(method), Some(id)) => self.request(message, &quote(&method), id),
            (Some(_), None) => Annotation::new(SOURCE, "notification", ""),
            (None, id) => self.response(message, object, id.unwrap_or("null")),
        }
    }

    fn request(&mut self, message: &Message<'_>, method: &str, id: Raw<'_>) -> Annotation {
        let is_new =
            id.len() > LONGEST_ID || self.calls.open((message.from, id.to_owned()), method.to_owned(), message.at);
        Annotation {
            id: Some(quote(&json::plain(id))),
            error: (!is_new).then(|| "the id is that of a request without an answer".to_owned()),
            ..Annotation::new(SOURCE, "request", "")
        }
    }

    fn response(&mut self, message: &Message<'_>, object: &Object<'_>, id: Raw<'_>) -> Annotation {
        let error = object.object("error").map(|error| failure(&error));
        let kind = if error.is_some() { "error" } else { "result" };
        if id == "null" {
            return Annotation { error, ..Annotation::new(SOURCE, kind, "answers a request that was not understood") };
        }
        let call = self.calls.close(&(message.from.peer(), id.to_owned()), message.at);
        let text = match &call {
            Some((method, _)) => format!("answers {method}"),
            None => "answers no request that was seen".to_owned(),
        };
        Annotation {
            answers: Some(quote(&json::plain(id))),
            took: call.map(|(_, took)| took),
            error,
            ..Annotation::new(SOURCE, kind, text)
        }
    }

    fn batch(&mut self, message: &Message<'_>, batch: &Array<'_>) -> Annotation {
        if batch.len == 0 {
            return breach("an empty batch");
        }
        let parts: Vec<_> = batch.elements.iter().map(|element| self.element(message, element)).collect();
        let counted = COUNTED.iter().filter_map(|(kind, one, many)| {
            let count = parts.iter().filter(|part| part.kind == *kind).count();
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        });
        let counted = counted.collect::<Vec<_>>().join(", ");
        let unread = batch.len - parts.len();
        let failures: Vec<_> = parts.iter().filter_map(named_failure).collect();
        let more = if failures.len() > MOST_FAILURES { "; …" } else { "" };
        let told = failures.iter().take(MOST_FAILURES).map(String::as_str).collect::<Vec<_>>().join("; ");
        let rest = if unread > 0 { format!(", {unread} more") } else { String::new() };
        Annotation {
            took: parts.iter().filter_map(|part| part.took).max(),
            error: (!failures.is_empty()).then(|| told + more),
            ..Annotation::new(SOURCE, "batch", format!("batch: {counted}{rest}"))
        }
    }

    fn element(&mut self, message: &Message<'_>, element: Raw<'_>) -> Annotation {
        match Object::of(element.as_bytes()) {
            Some(object) => self.object(message, &object),
            None => breach("no JSON object in a batch"),
        }
    }
}

fn is_json_rpc(text: &[u8]) -> bool {
    Object::of(text).is_some_and(|object| fault(&object).is_none())
}

/// Which rule of the specification an object breaks.
fn fault(object: &Object<'_>) -> Option<&'static str> {
    if object.text("jsonrpc").as_deref() != Some("2.0") {
        return Some("\"jsonrpc\" is not \"2.0\"");
    }
    let is_id = |id: Raw<'_>| id == "null" || !id.starts_with(['{', '[', 't', 'f', 'n']);
    if !object.get("id").is_none_or(is_id) {
        return Some("an id that is no string and no number");
    }
    let (result, error) = match (object.get("result"), object.get("error")) {
        // Some servers write null for the one that is not there, as version 1 has it.
        (result @ Some(_), Some("null")) => (result, None),
        (Some("null"), error @ Some(_)) => (None, error),
        as_written => as_written,
    };
    match (object.get("method"), result, error) {
        (Some(method), None, None) if !method.starts_with('"') => Some("a method that is no string"),
        (Some(_), None, None) if !object.get("params").is_none_or(|value| value.starts_with(['{', '['])) => {
            Some("params that are no array and no object")
        }
        (Some(_), None, None) => None,
        (Some(_), ..) => Some("a method beside a result or an error"),
        (None, None, None) => Some("neither method nor result nor error"),
        (None, Some(_), Some(_)) => Some("a result beside an error"),
        (None, ..) if object.get("id").is_none() => Some("an answer without an id"),
        (None, None, Some(error)) if !error.starts_with('{') => Some("an error that is no object"),
        (None, ..) => None,
    }
}

/// The error that an answer tells.
fn failure(error: &Object<'_>) -> String {
    let code = error.get("code").unwrap_or_default();
    let name = match code.parse::<i64>() {
        Ok(-32700) => "parse error",
        Ok(-32600) => "invalid request",
        Ok(-32601) => "no such method",
        Ok(-32602) => "invalid params",
        Ok(-32603) => "internal error",
        Ok(-32099..=-32000) => "server error",
        _ => "error",
    };
    let message = error.text("message").map_or_else(String::new, |message| format!(": {}", quote(&message)));
    format!("{name} {}{message}", quote(code))
}

fn named_failure(part: &Annotation) -> Option<String> {
    let error = part.error.as_ref()?;
    Some(part.answers.as_ref().or(part.id.as_ref()).map_or_else(|| error.clone(), |id| format!("{id}: {error}")))
}

fn breach(error: &str) -> Annotation {
    Annotation::breach(SOURCE, format!("not JSON-RPC 2.0: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Conversation;
    use super::*;
    use crate::wire::Kind;

    fn conversation() -> Conversation {
        Conversation::new(&JSON_RPC, None, "/")
    }

    /// The examples of section 7 of the specification.
    #[test]
    fn the_specification_s_examples() {
        let mut session = conversation();
        assert_eq!(session.sent(r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#), "");
        session.wait(12);
        assert_eq!(session.received(r#"{"jsonrpc": "2.0", "result": 19, "id": 1}"#), "answers subtract after 12 ms");
        assert_eq!(session.sent(r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#), "");
        session.sent(r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#);
        assert_eq!(
            session
                .received(r#"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#),
            "answers foobar after 0 ms: no such method -32601: Method not found"
        );
        assert_eq!(
            session.sent(r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#),
            "not JSON-RPC 2.0: no JSON object or array: expected `,` or `}`, at byte 39"
        );
        assert_eq!(
            session.received(r#"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#),
            "answers a request that was not understood: parse error -32700: Parse error"
        );
        assert_eq!(session.sent("[]"), "not JSON-RPC 2.0: an empty batch");
        assert_eq!(session.sent("[1]"), "batch: 1 unreadable: not JSON-RPC 2.0: no JSON object in a batch");
    }

    #[test]
    fn null_stands_for_what_is_not_there() {
        let mut session = conversation();
        session.sent(r#"{"jsonrpc":"2.0","method":"a","id":1}"#);
        session.sent(r#"{"jsonrpc":"2.0","method":"b","id":2}"#);
        let result = r#"{"jsonrpc":"2.0","result":19,"error":null,"id":1}"#;
        assert_eq!(session.received(result), "answers a after 0 ms");
        let error = r#"{"jsonrpc":"2.0","result":null,"error":{"code":-32601,"message":"no"},"id":2}"#;
        assert_eq!(session.received(error), "answers b after 0 ms: no such method -32601: no");
    }

    #[test]
    fn a_batch_is_answered_in_any_order() {
        let mut session = conversation();
        let batch = r#"[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},
            {"jsonrpc":"2.0","method":"notify_hello","params":[7]},
            {"jsonrpc":"2.0","method":"get_data","id":"9"}]"#;
        assert_eq!(session.sent(batch), "batch: 2 requests, 1 notification");
        session.wait(30);
        let answers = r#"[{"jsonrpc":"2.0","result":["hello",5],"id":"9"},
            {"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"m"}}]"#;
        assert_eq!(session.received(answers), "batch: 1 ok, 1 failed after 30 ms: 1: no such method -32601: m");
    }

    #[test]
    fn ids_of_either_end_and_of_either_type_are_apart() {
        let mut session = conversation();
        session.sent(r#"{"jsonrpc":"2.0","method":"a","id":1}"#);
        session.received(r#"{"jsonrpc":"2.0","method":"b","id":1}"#);
        session.sent(r#"{"jsonrpc":"2.0","method":"c","id":"1"}"#);
        assert_eq!(session.sent(r#"{"jsonrpc":"2.0","result":0,"id":1}"#), "answers b after 0 ms");
        assert_eq!(session.received(r#"{"jsonrpc":"2.0","result":0,"id":"1"}"#), "answers c after 0 ms");
        assert_eq!(session.received(r#"{"jsonrpc":"2.0","result":0,"id":1}"#), "answers a after 0 ms");
        assert_eq!(session.received(r#"{"jsonrpc":"2.0","result":0,"id":1}"#), "answers no request that was seen");
    }

    #[test]
    fn an_id_that_is_in_use_and_what_breaks_the_rules_is_told() {
        let mut session = conversation();
        session.sent(r#"{"jsonrpc":"2.0","method":"a","id":1}"#);
        let twice = session.sent(r#"{"jsonrpc":"2.0","method":"a","id":1}"#);
        assert_eq!(twice, "the id is that of a request without an answer");
        for (text, said) in [
            (r#"{"method":"a","id":1}"#, "\"jsonrpc\" is not \"2.0\""),
            (r#"{"jsonrpc":"2.0","method":1,"id":1}"#, "a method that is no string"),
            (r#"{"jsonrpc":"2.0","method":"a","params":"bar"}"#, "params that are no array and no object"),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#, "a result beside an error"),
            (r#"{"jsonrpc":"2.0","id":{},"result":1}"#, "an id that is no string and no number"),
            (r#"{"jsonrpc":"2.0","result":1}"#, "an answer without an id"),
        ] {
            assert_eq!(session.received(text), format!("not JSON-RPC 2.0: {said}"));
        }
    }

    #[test]
    fn plain_json_is_not_mistaken_for_it() {
        let is_message = |text: &str| {
            (JSON_RPC.is_message)(&Message {
                from: Role::Client,
                kind: Kind::Text,
                payload: text.as_bytes(),
                at: std::time::Duration::ZERO,
            })
        };
        assert!(is_message(r#"{"jsonrpc":"2.0","method":"a"}"#));
        assert!(is_message(r#"[{"jsonrpc":"2.0","id":1,"result":null}]"#));
        for text in [r#"{"id":1,"method":"a"}"#, r#"{"jsonrpc":"1.0","method":"a"}"#, r#"{"jsonrpc":"2.0"}"#, "[]", "x"]
        {
            assert!(!is_message(text), "{text}");
        }
    }
}
