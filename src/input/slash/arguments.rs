//! Parses the arguments of slash commands: one function for each command that takes arguments.

use std::path::PathBuf;
use std::time::Duration;

use super::Command;
use super::expressions;
use crate::decode;
use crate::error::{Error, Result};
use crate::input::input_error;
use crate::input::path::path;
use crate::input::payload::Payload;
use crate::output::{Setting, Timestamps};
use crate::wire::{CloseCode, LONGEST_CONTROL, is_sendable};

/// The longest time that a user may set, here or with a flag: 31 years. Added to a clock, it does not overflow.
pub const LONGEST_TIME: Duration = Duration::from_secs(1_000_000_000);

/// The longest close reason: two bytes of close code come before it (RFC 6455 section 5.5.1).
const LONGEST_REASON: usize = LONGEST_CONTROL - 2;

/// How long an expectation waits without `within=`.
const DEFAULT_WITHIN: Duration = Duration::from_secs(10);

/// The settings and their names.
const SETTINGS: &[(&str, Setting)] = &[
    ("frames", Setting::Frames),
    ("hex", Setting::Hex),
    ("timestamps", Setting::Timestamps),
    ("pretty", Setting::Pretty),
    ("ping-pong", Setting::PingPong),
];

/// The names of the settings of `/set`. The last one takes a filter.
pub fn setting_names() -> impl Iterator<Item = &'static str> + Clone {
    SETTINGS.iter().map(|(name, _)| *name).chain(["jq"])
}

/// Why arguments could not be parsed.
pub(super) enum ArgumentError {
    /// They are not written as the usage of the command shows.
    Usage,
    /// Something else, as the error says.
    Error(Error),
}

impl From<Error> for ArgumentError {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Parses the arguments of a command that takes none.
pub(super) fn nothing(rest: &str, command: Command) -> Result<Command, ArgumentError> {
    if rest.trim().is_empty() { Ok(command) } else { Err(ArgumentError::Usage) }
}

pub(super) fn control(data: &str) -> Result<String, ArgumentError> {
    if data.len() > LONGEST_CONTROL {
        return Err(input_error(format!(
            "a control frame carries at most {LONGEST_CONTROL} bytes, not {}",
            data.len()
        ))
        .into());
    }
    Ok(data.to_owned())
}

pub(super) fn close(rest: &str) -> Result<Command, ArgumentError> {
    let rest = rest.trim();
    if rest.is_empty() {
        return Ok(Command::Close(CloseCode::Normal, String::new()));
    }
    let (code, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let code = close_code(code)?;
    if !is_sendable(code) {
        return Err(input_error(format!("close code {code} must not be on the wire"))
            .hint("`/frame op=close PAYLOAD` sends any code")
            .into());
    }
    let reason = reason.trim_start();
    if reason.len() > LONGEST_REASON {
        return Err(
            input_error(format!("a close reason has at most {LONGEST_REASON} bytes, not {}", reason.len())).into()
        );
    }
    Ok(Command::Close(code, reason.to_owned()))
}

/// Parses a close code; RFC 6455 section 7.4.2 names the range.
fn close_code(text: &str) -> Result<CloseCode> {
    let code = text.parse::<u16>().ok().filter(|code| (1000..5000).contains(code));
    let wrong = || input_error(format!("`{text}` is not a close code")).hint("close codes are 1000 to 4999");
    code.map(CloseCode::from).ok_or_else(wrong)
}

pub(super) fn binary(rest: &str) -> Result<Command, ArgumentError> {
    Ok(Command::Binary(Payload::parse(rest)?))
}

pub(super) fn file_name(rest: &str) -> Result<PathBuf, ArgumentError> {
    let name = rest.trim();
    if name.is_empty() { Err(ArgumentError::Usage) } else { Ok(path(name)) }
}

pub(super) fn set(rest: &str) -> Result<Command, ArgumentError> {
    if let Some(("jq", filter)) = rest.trim_start().split_once(char::is_whitespace) {
        return expressions::jq(filter);
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    let [name, state] = words[..] else {
        return Err(ArgumentError::Usage);
    };
    let setting = setting(name)?;
    match state {
        "on" => Ok(Command::Set { setting, on: true }),
        "off" => Ok(Command::Set { setting, on: false }),
        kind if setting == Setting::Timestamps => match Timestamps::named(kind) {
            Some(kind) => Ok(Command::Set { setting: Setting::TimestampKind(kind), on: true }),
            None => Err(input_error(format!("timestamps are on, off, local, utc or relative, not `{kind}`")).into()),
        },
        _ => Err(input_error(format!("a setting is `on` or `off`, not `{state}`")).into()),
    }
}

fn setting(name: &str) -> Result<Setting> {
    if let Some((_, setting)) = SETTINGS.iter().find(|(candidate, _)| *candidate == name) {
        return Ok(*setting);
    }
    Err(match super::lookup::nearest_of(name, setting_names()) {
        Some(candidate) => input_error(format!("no setting `{name}`, did you mean `{candidate}`?")),
        None => input_error(format!("no setting `{name}`"))
            .hint(format!("there are {}", setting_names().collect::<Vec<_>>().join(", "))),
    })
}

pub(super) fn decoder(rest: &str) -> Result<Command, ArgumentError> {
    let name = rest.trim();
    match decode::named(name) {
        Some(decoder) => Ok(Command::As(decoder)),
        None if name.is_empty() => Err(ArgumentError::Usage),
        None => Err(input_error(format!("there is no decoder `{name}`"))
            .hint(format!("it is one of {}", decode::names().collect::<Vec<_>>().join(", ")))
            .into()),
    }
}

pub(super) fn expect_close(rest: &str) -> Result<Command, ArgumentError> {
    let (within, code) = within(rest)?;
    let code = match code.trim() {
        "" => None,
        code => Some(close_code(code)?),
    };
    Ok(Command::ExpectClose { within, code })
}

/// Splits `within=SECONDS` off the start.
pub(super) fn within(rest: &str) -> Result<(Duration, &str)> {
    let rest = rest.trim_start();
    let Some(tail) = rest.strip_prefix("within=") else {
        return Ok((DEFAULT_WITHIN, rest));
    };
    let (number, tail) = tail.split_once(char::is_whitespace).unwrap_or((tail, ""));
    Ok((seconds(number)?, tail.trim_start()))
}

pub(super) fn duration(rest: &str) -> Result<Duration, ArgumentError> {
    match rest.trim() {
        "" => Err(ArgumentError::Usage),
        number => Ok(seconds(number)?),
    }
}

fn seconds(text: &str) -> Result<Duration> {
    let number = text.parse().ok().and_then(|number| Duration::try_from_secs_f64(number).ok());
    match number.ok_or_else(|| input_error(format!("`{text}` is not a number of seconds")))? {
        seconds if seconds > LONGEST_TIME => {
            Err(input_error(format!("{} seconds is the most", LONGEST_TIME.as_secs())))
        }
        seconds => Ok(seconds),
    }
}
