//! One JSON object, one thing to send. Takes the event stream of `--output json` as it is.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::error::Result;
use crate::input::payload::base64;
use crate::input::{Message, input_error};
use crate::wire::{CloseCode, LONGEST_CONTROL, SendError, is_sendable};

type Fields<'a> = HashMap<String, &'a RawValue>;

/// What `type` can be in the event stream of a session.
pub(super) const EVENTS: [&str; 8] = ["open", MESSAGE, "ping", "pong", "frame", "finding", "close", "error"];
const MESSAGE: &str = "message";

/// What the code takes of it in a Close (RFC 6455 section 5.5.1).
const CLOSE_CODE_LENGTH: usize = 2;

/// What an object can ask for.
const KINDS: [&str; 6] = ["text", "binary", "json", "ping", "pong", "close"];

const SHAPE: &str =
    "an object has one of `text`, `binary` (Base64), `json`, `ping`, `pong` and `close` (`code`, `reason`)";

/// What the line asks for; `None` for a blank line and for an event that is no received message.
pub(super) fn message(line: &str) -> Result<Option<Message>> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let fields: Fields = wanted("a JSON object", serde_json::from_str(line))?;
    if is_skipped(&fields)? {
        return Ok(None);
    }
    let found: Vec<_> = KINDS.into_iter().filter_map(|key| Some((key, *fields.get(key)?))).collect();
    match found[..] {
        [(key, value)] => one(key, value).and_then(sendable).map(Some),
        [(first, _), (second, _), ..] => {
            Err(input_error(format!("`{first}` and `{second}`, and a line is one thing to send")).hint(SHAPE))
        }
        [] => Err(input_error("not something to send").hint(SHAPE)),
    }
}

/// Events of a session that are not to be sent again: everything but messages received.
fn is_skipped(fields: &Fields<'_>) -> Result<bool> {
    let event = fields.get("type").map(|event| string(event)).transpose()?;
    let direction = fields.get("direction").map(|direction| string(direction)).transpose()?;
    if let Some(unknown) = event.as_deref().filter(|event| !EVENTS.contains(event)) {
        return Err(input_error(format!("`type` is `{unknown}`, which is no event of a session"))
            .hint("to send an object as it is, make it the value of `json`: `{\"json\":{...}}`"));
    }
    if let Some(unknown) = direction.as_deref().filter(|direction| !["sent", "received"].contains(direction)) {
        return Err(input_error(format!("`direction` is `{unknown}`, and can only be `sent` or `received`")));
    }
    Ok(event.is_some_and(|event| event != MESSAGE) || direction.is_some_and(|direction| direction != "received"))
}

fn one(key: &str, value: &RawValue) -> Result<Message> {
    Ok(match key {
        "text" => Message::Text(string(value)?),
        "binary" => Message::Binary(base64(&string(value)?)?),
        "json" => Message::Text(value.get().to_owned()),
        "ping" => Message::Ping(string(value)?.into_bytes()),
        "pong" => Message::Pong(string(value)?.into_bytes()),
        _ => Message::Close(close(value)?),
    })
}

/// `message`, unless it is a control frame that must not go out: later, nobody knows its line.
fn sendable(message: Message) -> Result<Message> {
    let length = match &message {
        Message::Text(_) | Message::Binary(_) | Message::Close(None) => 0,
        Message::Ping(payload) | Message::Pong(payload) => payload.len(),
        Message::Close(Some((code, _))) if !is_sendable(*code) => {
            return Err(input_error(SendError::CloseCode(*code).to_string()));
        }
        Message::Close(Some((_, reason))) => CLOSE_CODE_LENGTH + reason.len(),
    };
    if length > LONGEST_CONTROL {
        return Err(input_error(SendError::ControlTooLong(length).to_string()));
    }
    Ok(message)
}

fn close(value: &RawValue) -> Result<Option<(CloseCode, String)>> {
    let fields: Fields = wanted("an object, as `close` wants it", serde_json::from_str(value.get()))?;
    let reason = fields.get("reason").map(|reason| string(reason)).transpose()?;
    match fields.get("code") {
        Some(code) => {
            let code: u16 = wanted("a close code", serde_json::from_str(code.get()))?;
            Ok(Some((code.into(), reason.unwrap_or_default())))
        }
        None if reason.is_some() => Err(input_error("a close reason needs a code")),
        None => Ok(None),
    }
}

fn string(value: &RawValue) -> Result<String> {
    wanted("a string", serde_json::from_str(value.get()))
}

fn wanted<T>(what: &str, parsed: serde_json::Result<T>) -> Result<T> {
    // The line is named already, and by its true number.
    let place = |cause: serde_json::Error| cause.to_string().replace(" at line 1 column ", " at column ");
    parsed.map_err(|cause| input_error(format!("not {what}")).caused_by(place(cause)))
}
