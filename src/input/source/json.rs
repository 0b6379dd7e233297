//! `--input json`: each line is a JSON object that names one message to send. The event stream of `--output json` is
//! also accepted: its received messages are sent.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::error::Result;
use crate::input::payload::base64;
use crate::input::{Message, input_error};
use crate::wire::{CloseCode, LONGEST_CONTROL, SendError, is_sendable};

type Fields<'a> = HashMap<String, &'a RawValue>;

/// The values of `type` in the event stream of a session.
pub(super) const EVENTS: [&str; 8] = ["open", MESSAGE, "ping", "pong", "frame", "finding", "close", "error"];
const MESSAGE: &str = "message";

/// The length of the close code in the payload of a Close (RFC 6455 section 5.5.1).
const CLOSE_CODE_LENGTH: usize = 2;

/// The keys that name a message to send.
const KINDS: [&str; 6] = ["text", "binary", "json", "ping", "pong", "close"];

const SHAPE: &str =
    "an object has one of `text`, `binary` (Base64), `json`, `ping`, `pong` and `close` (`code`, `reason`)";

/// The message that `line` asks for. `None`: the line is blank, or an event that is no received message.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if the line asks for nothing known, or for a control frame that is not
/// allowed.
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

/// Whether the object is an event of a session that is not sent: any event but a received message.
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

/// Refuses a control frame that is not allowed. The sender would refuse it too, but here the number of the line is
/// known.
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
    // serde_json counts each line as line 1. The caller adds the true number.
    let place = |cause: serde_json::Error| cause.to_string().replace(" at line 1 column ", " at column ");
    parsed.map_err(|cause| input_error(format!("not {what}")).caused_by(place(cause)))
}
