//! The members of one line, each taken out by its name.

use std::time::{Duration, SystemTime};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::{Map, Value};

use crate::event::Direction;

/// What is wrong with a line.
pub type Wrong = String;

/// The members of an object. What is taken out is moved, not copied: it may be large.
pub struct Fields(pub Map<String, Value>);

impl Fields {
    /// A member; `None`, if it is missing or null.
    fn optional(&mut self, name: &str) -> Option<Value> {
        self.0.get_mut(name).map(Value::take).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &str) -> Result<Value, Wrong> {
        self.optional(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A string.
    pub fn text(&mut self, name: &str) -> Result<String, Wrong> {
        text(name, self.required(name)?)
    }

    /// A string, if it is there.
    pub fn optional_text(&mut self, name: &str) -> Result<Option<String>, Wrong> {
        self.optional(name).map(|value| text(name, value)).transpose()
    }

    /// A whole number.
    pub fn number(&mut self, name: &str) -> Result<u64, Wrong> {
        number(name, &self.required(name)?)
    }

    /// A whole number, if it is there.
    pub fn optional_number(&mut self, name: &str) -> Result<Option<u64>, Wrong> {
        self.optional(name).map(|value| number(name, &value)).transpose()
    }

    /// A small whole number.
    pub fn small<T: TryFrom<u64>>(&mut self, name: &str) -> Result<T, Wrong> {
        self.number(name)?.try_into().map_err(|_| format!("`{name}` is too large"))
    }

    /// A boolean.
    pub fn boolean(&mut self, name: &str) -> Result<bool, Wrong> {
        self.required(name)?.as_bool().ok_or_else(|| not(name, "a boolean"))
    }

    /// Seconds.
    pub fn seconds(&mut self, name: &str) -> Result<Duration, Wrong> {
        seconds(name, &self.required(name)?)
    }

    /// Seconds, if they are there.
    pub fn optional_seconds(&mut self, name: &str) -> Result<Option<Duration>, Wrong> {
        self.optional(name).map(|value| seconds(name, &value)).transpose()
    }

    /// A time (RFC 3339).
    pub fn time(&mut self, name: &str) -> Result<SystemTime, Wrong> {
        let time = self.text(name)?.parse::<jiff::Timestamp>();
        time.map(SystemTime::from).map_err(|_| not(name, "a time (RFC 3339)"))
    }

    /// Which way: `direction`, or `from` where the recording was made between client and server.
    pub fn direction(&mut self) -> Result<Direction, Wrong> {
        let way = match self.optional_text("direction")? {
            Some(way) => way,
            None => self.text("from")?,
        };
        match way.as_str() {
            "sent" | "client" => Ok(Direction::Sent),
            "received" | "server" => Ok(Direction::Received),
            _ => Err(not("direction", "`sent`, `received`, `client` or `server`")),
        }
    }

    /// The bytes of `text`, or those of `binary`.
    pub fn text_or_bytes(&mut self) -> Result<Vec<u8>, Wrong> {
        match self.optional_text("text")? {
            Some(text) => Ok(text.into_bytes()),
            None => self.optional_base64("binary")?.ok_or_else(|| "`text` and `binary` are missing".to_owned()),
        }
    }

    /// Bytes in Base64, if they are there.
    pub fn optional_base64(&mut self, name: &str) -> Result<Option<Vec<u8>>, Wrong> {
        let Some(text) = self.optional_text(name)? else { return Ok(None) };
        BASE64.decode(text.as_bytes()).map(Some).map_err(|_| not(name, "Base64"))
    }

    /// Bytes in hexadecimal digits; none, if the member is missing.
    pub fn hexadecimal(&mut self, name: &str) -> Result<Vec<u8>, Wrong> {
        let text = self.optional_text(name)?.unwrap_or_default();
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| not(name, "hexadecimal"))
    }

    /// The members of an object, if it is there.
    pub fn optional_object(&mut self, name: &str) -> Result<Option<Self>, Wrong> {
        self.optional(name).map(|value| object(name, value)).transpose()
    }

    /// The members of an object.
    pub fn object(&mut self, name: &str) -> Result<Self, Wrong> {
        object(name, self.required(name)?)
    }

    /// An array, each element as `element` reads it; empty, if it is missing.
    pub fn array<T>(
        &mut self,
        name: &str,
        mut element: impl FnMut(&str, Value) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        match self.optional(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(elements)) => elements.into_iter().map(|value| element(name, value)).collect(),
            Some(_) => Err(not(name, "an array")),
        }
    }
}

/// `value` as a string.
pub fn text(name: &str, value: Value) -> Result<String, Wrong> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(not(name, "a string")),
    }
}

/// `value` as an object.
pub fn object(name: &str, value: Value) -> Result<Fields, Wrong> {
    match value {
        Value::Object(members) => Ok(Fields(members)),
        _ => Err(not(name, "an object")),
    }
}

fn number(name: &str, value: &Value) -> Result<u64, Wrong> {
    value.as_u64().ok_or_else(|| not(name, "a whole number"))
}

/// Seconds are written with microseconds; what a floating-point number adds to them is rounded off.
fn seconds(name: &str, value: &Value) -> Result<Duration, Wrong> {
    let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let micros = seconds.and_then(|seconds| u64::try_from((seconds.as_nanos() + 500) / 1000).ok());
    micros.map(Duration::from_micros).ok_or_else(|| not(name, "a number of seconds"))
}

fn not(name: &str, what: &str) -> Wrong {
    format!("`{name}` is not {what}")
}
