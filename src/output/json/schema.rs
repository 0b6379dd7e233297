//! What may stand in the event stream: the man page prints it, and a test refuses anything else.

/// The version of the schema, in each `open` event. It changes when a field goes or changes its meaning; fields may be
/// added under the same version.
pub const VERSION: u64 = 1;

/// One field of one type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The value of `type`; `*` stands for every type.
    pub event: &'static str,
    /// The name; `tls.version` is a member of an object, `headers[].name` of an array's objects.
    pub name: &'static str,
    /// The JSON type, and the format of strings.
    pub kind: &'static str,
    /// What it means, and when it is missing.
    pub meaning: &'static str,
}

/// A field of an event.
pub const fn field(event: &'static str, name: &'static str, kind: &'static str, meaning: &'static str) -> Field {
    Field { event, name, kind, meaning }
}

/// Every field of every event, in the order in which they are written.
pub const SCHEMA: &[Field] = &[
    field("*", "type", "string", "what happened"),
    field("*", "time", "string, RFC 3339", "when, in UTC with microseconds"),
    field("*", "elapsed", "number", "seconds since the session opened; missing before that"),
    field("*", "client", "number", "the client's number; only in `listen` and `tap`"),
    field("open", "version", "number", "of this schema: 1"),
    field(
        "open",
        "url",
        "string",
        "the URL, without userinfo; secrets in it as `[hidden]` or `[hidden, 32 characters]`",
    ),
    field(
        "open",
        "address",
        "string",
        "the peer's address and port (the client's in `tap`); `unknown address` in what was made of a HAR without it",
    ),
    field("open", "status", "number", "the HTTP status of the response"),
    field("open", "headers", "array of objects", "the response's headers (the request's in `listen`), in order"),
    field("open", "headers[].name", "string", "as it was sent"),
    field("open", "headers[].value", "string", "as it was sent; ISO 8859-1 if it isn't UTF-8; secrets as in `url`"),
    field("open", "subprotocol", "string", "the subprotocol agreed on, secrets as in `url`; missing if there is none"),
    field("open", "extensions", "string", "the extensions agreed on; missing if there are none"),
    field("open", "tls", "object", "what TLS agreed on; missing without TLS"),
    field("open", "tls.version", "string", "of the protocol, as in `TLSv1.3`"),
    field("open", "tls.cipher_suite", "string", "its registered name"),
    field("open", "tls.key_exchange", "string", "the group; missing if unknown"),
    field("open", "tls.alpn", "string", "the protocol that ALPN agreed on; missing if none"),
    field("open", "tls.server_name", "string", "the name asked for (SNI)"),
    field("open", "tls.certificates", "array of strings", "what the peer showed, leaf first"),
    field("open", "tls.verified", "boolean", "whether chain and name were verified"),
    field("open", "tls.failure", "string", "which check failed on which certificate; missing if none did"),
    field("open", "tls.certificate_request", "string", "what became of the server's request for a certificate, if any"),
    field("open", "steps", "array of objects", "the phases of connecting, in order"),
    field("open", "steps[].name", "string", "`resolve`, `connect`, `proxy`, `tls` or `upgrade`"),
    field("open", "steps[].took", "number", "seconds"),
    field("open", "steps[].detail", "string", "for people"),
    field("message", "direction", "string", "`sent` or `received`; not in `tap`"),
    field("message", "from", "string", "only in `tap`: `client` or `server`"),
    field("message", "opcode", "string", "`text` or `binary`"),
    field("message", "length", "number", "bytes, after inflating"),
    field("message", "fragments", "number", "frames that carried it"),
    field("message", "compressed", "number", "payload bytes on the wire; missing if it wasn't compressed"),
    field("message", "text", "string", "a text message; missing if it isn't UTF-8 (`--lenient`)"),
    field("message", "binary", "string, Base64", "any other message"),
    field(
        "message",
        "annotation",
        "object",
        "what it means; missing if that is unknown or wasn't asked for (`--dialect`, `--decode`)",
    ),
    field("message", "annotation.dialect", "string", "the dialect that says so; missing if a decoder does"),
    field("message", "annotation.decoder", "string", "the decoder that says so; missing if a dialect does"),
    field("message", "annotation.kind", "string", "what it is, as a word; `breach` if it goes against the dialect"),
    field("message", "annotation.text", "string", "for people; empty if there is nothing to add"),
    field("message", "annotation.id", "string", "the id that it carries; missing if none"),
    field("message", "annotation.answers", "string", "the id of the message that it answers; missing if none"),
    field("message", "annotation.took_ms", "number", "milliseconds since that message; missing if unknown"),
    field("message", "annotation.error", "string", "the error that it reports, or the breach; missing if neither"),
    field("ping", "direction", "string", "`sent` or `received`; not in `tap`"),
    field("ping", "from", "string", "only in `tap`: `client` or `server`"),
    field("ping", "text", "string", "the payload, if it is UTF-8"),
    field("ping", "binary", "string, Base64", "the payload, if it isn't"),
    field("pong", "direction", "string", "`sent` or `received`; not in `tap`"),
    field("pong", "from", "string", "only in `tap`: `client` or `server`"),
    field("pong", "text", "string", "the payload, if it is UTF-8"),
    field("pong", "binary", "string, Base64", "the payload, if it isn't"),
    field("pong", "round_trip", "number", "seconds since our ping; missing if it answers none"),
    field("frame", "direction", "string", "`sent` or `received`; not in `tap`"),
    field("frame", "from", "string", "only in `tap`: `client` or `server`"),
    field("frame", "offset", "number", "of its first byte among the frames of this direction"),
    field("frame", "opcode", "string", "its name, or `0x3` if it is reserved"),
    field("frame", "fin", "boolean", "the last frame of a message"),
    field("frame", "rsv", "number", "the reserved bits: 4 is RSV1, 2 is RSV2, 1 is RSV3"),
    field("frame", "mask", "string, hexadecimal", "the masking key; missing if it wasn't masked"),
    field("frame", "length", "number", "payload bytes, as announced"),
    field("frame", "received", "number", "payload bytes that came; missing if all did"),
    field("frame", "wire", "number", "bytes on the wire, with the header"),
    field("frame", "part", "number", "its place in a fragmented message, from 1; else missing"),
    field("frame", "inflated", "number", "what the payload inflates to; missing if it wasn't compressed"),
    field("frame", "header", "string, hexadecimal", "the header's bytes"),
    field("frame", "payload", "string, hexadecimal", "the payload's bytes on the wire; only with `--hex`"),
    field("finding", "blame", "string", "who broke the rule: `client` or `server`"),
    field("finding", "section", "string", "where the rule is written"),
    field("finding", "summary", "string", "what went against it"),
    field("finding", "detail", "string", "values seen and expected"),
    field("finding", "offset", "number", "of the offending bytes among that side's frames, or in its HTTP head"),
    field("finding", "bytes", "string, hexadecimal", "the offending bytes, at most 32"),
    field("finding", "hint", "string", "what looks past it, where it ended the session; missing if nothing does"),
    field("close", "code", "number", "the close code; 1005 if there was none, 1006 without a Close frame"),
    field("close", "meaning", "string", "what the code means in the dialect spoken; missing if unknown"),
    field("close", "reason", "string", "the reason in the peer's Close; U+FFFD stands for what isn't UTF-8"),
    field("close", "binary", "string, Base64", "the reason's bytes; missing if they are UTF-8"),
    field(
        "close",
        "conclusion",
        "string",
        "how it ended without a Close of the peer's, or which rule the peer broke; missing if neither",
    ),
    field("close", "by", "string", "who was first: `us` or `peer`; in `tap` `client` or `server`"),
    field("close", "clean", "boolean", "whether Close went both ways"),
    field("close", "exit_status", "number", "what it makes of the exit status"),
    field("error", "phase", "string", "what was going on"),
    field("error", "message", "string", "what went wrong"),
    field("error", "causes", "array of strings", "why, outermost first"),
    field("error", "evidence", "array of strings", "what was seen"),
    field("error", "hint", "string", "what to try next; missing if unknown"),
    field("error", "limit", "number", "the time limit that passed, in seconds; missing if none did"),
    field("error", "exit_status", "number", "what the shell is told"),
];

/// The fields that only a recording has.
pub const RECORDING_SCHEMA: &[Field] = &[
    field("recording", "version", "number", "of this schema; the first line of a recording"),
    field("recording", "program", "string", "what wrote it"),
    field("recording", "perspective", "string", "`end` of a connection, or `between` both (`tap`)"),
    field("step", "name", "string", "a phase of connecting: `resolve`, `connect`, `proxy`, `tls` or `upgrade`"),
    field("step", "took", "number", "seconds"),
    field("step", "detail", "string", "for people"),
    field("tls", "version", "string", "as `tls.version` of `open`, and so are the others"),
    field("tls", "cipher_suite", "string", "its registered name"),
    field("tls", "key_exchange", "string", "the group; missing if unknown"),
    field("tls", "alpn", "string", "the protocol that ALPN agreed on; missing if none"),
    field("tls", "server_name", "string", "the name asked for (SNI)"),
    field("tls", "certificates", "array of strings", "what the peer showed, leaf first"),
    field("tls", "verified", "boolean", "whether chain and name were verified"),
    field("tls", "failure", "string", "which check failed on which certificate; missing if none did"),
    field("tls", "certificate_request", "string", "what became of the server's request for a certificate, if any"),
    field("head", "direction", "string", "`sent` or `received`; not in `tap`"),
    field("head", "from", "string", "only in `tap`: `client` or `server`"),
    field("head", "text", "string", "the HTTP head, if it is UTF-8; secrets as in `url` of `open`"),
    field("head", "binary", "string, Base64", "the head, if it isn't"),
    field("open", "role", "string", "which end recorded it: `client`, also in `tap`, or `server` (`listen`)"),
    field("open", "target", "string", "the request's target; secrets as in `url`"),
    field("open", "verified", "array of strings", "what was checked and held"),
    field("message", "offset", "number", "as of a frame, of the one that carried it; missing if `frame` events did"),
    field("message", "header", "string, hexadecimal", "that frame's header; its payload is the message, masked if so"),
    field("ping", "offset", "number", "as of `message`"),
    field("ping", "header", "string, hexadecimal", "as of `message`"),
    field("pong", "offset", "number", "as of `message`"),
    field("pong", "header", "string, hexadecimal", "as of `message`"),
    field("frame", "inflation", "string, hexadecimal", "what the payload inflates to; missing if it wasn't compressed"),
    field("close_frame", "direction", "string", "`sent` or `received`; not in `tap`"),
    field("close_frame", "from", "string", "only in `tap`: `client` or `server`"),
    field("close_frame", "code", "number", "the close code; missing if there was none"),
    field("close_frame", "text", "string", "the reason, if it is UTF-8"),
    field("close_frame", "binary", "string, Base64", "the reason, if it isn't"),
    field("summary", "sent", "object", "totals of what was sent"),
    field("summary", "received", "object", "totals of what was received"),
    field("summary", "sent.frames", "number", "frames of every kind"),
    field("summary", "sent.messages", "number", "whole messages"),
    field("summary", "sent.wire_bytes", "number", "bytes of all frames on the wire"),
    field("summary", "sent.message_bytes", "number", "bytes of all messages, after inflating"),
    field("summary", "sent.compressed_bytes", "number", "payload bytes on the wire of what was compressed"),
    field("summary", "sent.inflated_bytes", "number", "what those inflate to"),
    field("summary", "received.frames", "number", "as of `sent`"),
    field("summary", "received.messages", "number", "as of `sent`"),
    field("summary", "received.wire_bytes", "number", "as of `sent`"),
    field("summary", "received.message_bytes", "number", "as of `sent`"),
    field("summary", "received.compressed_bytes", "number", "as of `sent`"),
    field("summary", "received.inflated_bytes", "number", "as of `sent`"),
    field("summary", "round_trips", "object", "round-trip times of pings; missing if none was answered"),
    field("summary", "round_trips.count", "number", "how many"),
    field("summary", "round_trips.least", "number", "seconds"),
    field("summary", "round_trips.mean", "number", "seconds"),
    field("summary", "round_trips.most", "number", "seconds"),
    field("summary", "open_for", "number", "seconds that the session has been open"),
    field("warning", "text", "string", "what was said"),
    field("note", "text", "string", "what was said"),
    field("detail", "text", "string", "what `-v` says"),
];

#[cfg(test)]
pub mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::Field;

    /// Holds the fields of `lines` against `schema`.
    ///
    /// # Panics
    /// Where a field is not in the schema, or one of the schema is in no line.
    pub fn assert_fields<'a>(schema: &[Field], lines: impl IntoIterator<Item = &'a str>) {
        let mut used = BTreeSet::new();
        for line in lines {
            let value: Value = serde_json::from_str(line).unwrap();
            let event = value["type"].as_str().unwrap().to_owned();
            visit(&value, "", &mut |name| {
                let is_it = |field: &&Field| field.name == name && (field.event == event || field.event == "*");
                let field = schema.iter().find(is_it);
                let field = field.unwrap_or_else(|| panic!("`{name}` of `{event}` is not in the schema"));
                used.insert((field.event, field.name));
            });
        }
        let listed: BTreeSet<_> = schema.iter().map(|field| (field.event, field.name)).collect();
        assert_eq!(used, listed);
    }

    fn visit(value: &Value, prefix: &str, found: &mut impl FnMut(&str)) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let separator = if prefix.is_empty() { "" } else { "." };
                    let name = format!("{prefix}{separator}{name}");
                    found(&name);
                    visit(value, &name, found);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|value| visit(value, &format!("{prefix}[]"), found)),
            _ => {}
        }
    }
}
