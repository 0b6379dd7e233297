//! The members of one line, each read when it is asked for.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::value::RawValue;

use crate::event::Direction;

/// What is wrong with a line.
pub type Wrong = String;

/// The members of an object, each as it was written. A name with an escape in it is none of ours.
pub struct Fields<'a>(BTreeMap<&'a str, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Those of a line; `None`, if it is no JSON object.
    pub fn of(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok().map(Self)
    }

    /// A member as it was written; `None`, if it is missing or null.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get()).filter(|value| *value != "null")
    }

    fn optional<T>(&self, name: &str, read: impl Fn(&str, &'a str) -> Result<T, Wrong>) -> Result<Option<T>, Wrong> {
        self.raw(name).map(|value| read(name, value)).transpose()
    }

    fn required<T>(&self, name: &str, read: impl Fn(&str, &'a str) -> Result<T, Wrong>) -> Result<T, Wrong> {
        self.optional(name, read)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A string.
    pub fn text(&self, name: &str) -> Result<String, Wrong> {
        self.required(name, text)
    }

    /// A string, if it is there.
    pub fn optional_text(&self, name: &str) -> Result<Option<String>, Wrong> {
        self.optional(name, text)
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Result<u64, Wrong> {
        self.required(name, number)
    }

    /// A whole number, if it is there.
    pub fn optional_number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        self.optional(name, number)
    }

    /// A small whole number.
    pub fn small<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Wrong> {
        self.number(name)?.try_into().map_err(|_| format!("`{name}` is too large"))
    }

    /// A boolean.
    pub fn boolean(&self, name: &str) -> Result<bool, Wrong> {
        self.required(name, |name, value| value.parse().map_err(|_| not(name, "a boolean")))
    }

    /// Seconds.
    pub fn seconds(&self, name: &str) -> Result<Duration, Wrong> {
        self.required(name, seconds)
    }

    /// Seconds, if they are there.
    pub fn optional_seconds(&self, name: &str) -> Result<Option<Duration>, Wrong> {
        self.optional(name, seconds)
    }

    /// A time (RFC 3339).
    pub fn time(&self, name: &str) -> Result<SystemTime, Wrong> {
        let time = self.text(name)?.parse::<jiff::Timestamp>();
        time.map(SystemTime::from).map_err(|_| not(name, "a time (RFC 3339)"))
    }

    /// Which way: `direction`, or `from` where the recording was made between client and server.
    pub fn direction(&self) -> Result<Direction, Wrong> {
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
    pub fn text_or_bytes(&self) -> Result<Vec<u8>, Wrong> {
        match self.optional_text("text")? {
            Some(text) => Ok(text.into_bytes()),
            None => self.optional_base64("binary")?.ok_or_else(|| "`text` and `binary` are missing".to_owned()),
        }
    }

    /// Bytes in Base64, if they are there.
    pub fn optional_base64(&self, name: &str) -> Result<Option<Vec<u8>>, Wrong> {
        self.optional(name, |name, value| BASE64.decode(text(name, value)?.as_bytes()).map_err(|_| not(name, "Base64")))
    }

    /// Bytes in hexadecimal digits; none, if the member is missing.
    pub fn hexadecimal(&self, name: &str) -> Result<Vec<u8>, Wrong> {
        let text = self.optional_text(name)?.unwrap_or_default();
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| not(name, "hexadecimal"))
    }

    /// The members of an object, if it is there.
    pub fn optional_object(&self, name: &str) -> Result<Option<Self>, Wrong> {
        self.optional(name, object)
    }

    /// The members of an object.
    pub fn object(&self, name: &str) -> Result<Self, Wrong> {
        self.required(name, object)
    }

    /// An array, each element as `element` reads it; empty, if it is missing.
    pub fn array<T>(&self, name: &str, element: impl Fn(&str, &'a str) -> Result<T, Wrong>) -> Result<Vec<T>, Wrong> {
        let elements = self.optional(name, |name, value| {
            serde_json::from_str::<Vec<&RawValue>>(value).map_err(|_| not(name, "an array"))
        })?;
        elements.unwrap_or_default().into_iter().map(|value| element(name, value.get())).collect()
    }
}

/// A value that is a string.
pub fn text(name: &str, value: &str) -> Result<String, Wrong> {
    serde_json::from_str(value).map_err(|_| not(name, "a string"))
}

/// A value that is an object.
pub fn object<'a>(name: &str, value: &'a str) -> Result<Fields<'a>, Wrong> {
    Fields::of(value.as_bytes()).ok_or_else(|| not(name, "an object"))
}

fn number(name: &str, value: &str) -> Result<u64, Wrong> {
    value.parse().map_err(|_| not(name, "a whole number"))
}

/// Seconds are written with microseconds; what a floating-point number adds to them is rounded off.
fn seconds(name: &str, value: &str) -> Result<Duration, Wrong> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let micros = seconds.and_then(|seconds| u64::try_from((seconds.as_nanos() + 500) / 1000).ok());
    micros.map(Duration::from_micros).ok_or_else(|| not(name, "a number of seconds"))
}

fn not(name: &str, what: &str) -> Wrong {
    format!("`{name}` is not {what}")
}
