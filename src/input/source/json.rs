//! One JSON object, one thing to send. Takes the event stream of `--output json` as it is.

use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::error::{Error, Phase, Result};
use crate::input::Message;
use crate::input::payload::base64;
use crate::wire::CloseCode;

type Fields<'a> = HashMap<String, &'a RawValue>;

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
    let mut found = fields.iter().filter_map(|(key, value)| one(key, value).transpose());
    match (found.next(), found.next()) {
        (Some(message), None) => message.map(Some),
        _ => Err(mistake("not something to send").hint(SHAPE)),
    }
}

/// Events of a session that are not to be sent again: everything but messages received.
fn is_skipped(fields: &Fields<'_>) -> Result<bool> {
    let is = |key: &str, wanted: &str| match fields.get(key) {
        Some(value) => string(value).map(|value| value == wanted),
        None => Ok(true),
    };
    Ok(!is("type", "message")? || !is("direction", "received")?)
}

fn one(key: &str, value: &RawValue) -> Result<Option<Message>> {
    Ok(Some(match key {
        "text" => Message::Text(string(value)?),
        "binary" => Message::Binary(base64(&string(value)?)?),
        "json" => Message::Text(value.get().to_owned()),
        "ping" => Message::Ping(string(value)?.into_bytes()),
        "pong" => Message::Pong(string(value)?.into_bytes()),
        "close" => Message::Close(close(value)?),
        _ => return Ok(None),
    }))
}

fn close(value: &RawValue) -> Result<Option<(CloseCode, String)>> {
    let fields: Fields = wanted("an object, as `close` wants it", serde_json::from_str(value.get()))?;
    let reason = fields.get("reason").map(|reason| string(reason)).transpose()?;
    match fields.get("code") {
        Some(code) => {
            let code: u16 = wanted("a close code", serde_json::from_str(code.get()))?;
            Ok(Some((code.into(), reason.unwrap_or_default())))
        }
        None if reason.is_some() => Err(mistake("a close reason needs a code")),
        None => Ok(None),
    }
}

fn string(value: &RawValue) -> Result<String> {
    wanted("a string", serde_json::from_str(value.get()))
}

fn wanted<T>(what: &str, parsed: serde_json::Result<T>) -> Result<T> {
    parsed.map_err(|cause| mistake(format!("not {what}")).caused_by(cause))
}

fn mistake(message: impl Into<String>) -> Error {
    Error::new(Phase::Input, message)
}
