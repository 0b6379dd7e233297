//! What is expected of a session, and what is said when it doesn't come.

use std::time::{Duration, Instant};

use crate::error::{Error, Phase, Result};
use crate::input::Pattern;
use crate::input::slash::Capture;
use crate::output::escape;
use crate::session::{Disconnect, ExpectError, Expecting, Received};
use crate::wire::{By, CloseCode, Kind};

/// How long a pong is waited for.
const PONG_LIMIT: Duration = Duration::from_secs(10);
/// How many messages are shown that came instead.
const MESSAGES_SHOWN: usize = 3;
/// How much of each, in characters.
const CHARACTERS_SHOWN: usize = 200;
/// How much of a binary one, in bytes.
const BYTES_SHOWN: usize = 32;

/// `/expect`: waits for a message that matches; says how long it took.
///
/// # Errors
/// What came instead.
pub fn message(expecting: &Expecting<'_>, within: Duration, pattern: &Pattern) -> Result<String> {
    let since = Instant::now();
    match expecting.find(within, |message| pattern.is_match(&message.payload)) {
        Ok(_) => Ok(format!("matched `{pattern}` {}", after(since))),
        Err(missed) => Err(instead(expecting, missing(&format!("no message matched `{pattern}`"), within, &missed))),
    }
}

/// `/expect-close`: waits for the peer's Close; says how it closed.
///
/// # Errors
/// What came instead.
pub fn close(expecting: &Expecting<'_>, within: Duration, wanted: Option<CloseCode>) -> Result<String> {
    let since = Instant::now();
    let disconnect = expecting.disconnect(within).map_err(|missed| {
        let wanted = wanted.map_or_else(String::new, |code| format!(" with {code}"));
        instead(expecting, missing(&format!("the server did not close{wanted}"), within, &missed))
    })?;
    let came = code(&disconnect);
    let is_wanted = match wanted {
        Some(wanted) => came == Some(wanted),
        None => matches!(disconnect, Disconnect::Closed { .. }),
    };
    if is_wanted {
        return Ok(format!("{} {}", words(&disconnect), after(since)));
    }
    let wanted = wanted.map_or_else(|| "a Close".to_owned(), |code| format!("a Close with {code}"));
    Err(failed(format!("expected {wanted}, but {}", words(&disconnect))))
}

/// `/expect-quiet`: waits that nothing comes.
///
/// # Errors
/// What came.
pub fn quiet(expecting: &Expecting<'_>, within: Duration) -> Result<String> {
    let since = Instant::now();
    match expecting.quiet(within) {
        Ok(()) => Ok(format!("quiet for {} s", within.as_secs_f64())),
        Err(message) => {
            let error =
                failed(format!("a message came {}, where {} s of quiet were expected", after(since), seconds(within)));
            Err(error.evidence(shown(&message)))
        }
    }
}

/// What `/ping` in a script does after it has sent its ping: waits for the pong.
///
/// # Errors
/// [`Phase::Expectation`] when no pong comes.
pub fn pong(expecting: &Expecting<'_>, ping: u64) -> Result<String> {
    let since = Instant::now();
    match expecting.pong(ping, PONG_LIMIT) {
        Ok(()) => Ok(format!("pong {}", after(since))),
        Err(missed) => Err(missing("no pong that answers the ping came", PONG_LIMIT, &missed)),
    }
}

/// `/capture`: what the last matched message has for `name`.
///
/// # Errors
/// It has nothing.
pub fn capture(expecting: &Expecting<'_>, name: &str, from: &Capture) -> Result<String> {
    let Some(message) = expecting.latest() else {
        return Err(failed(format!("no `{name}`: no message has been received yet")));
    };
    captured(&message.payload, from)
        .map_err(|why| failed(format!("no `{name}`: {why}")).evidence(format!("in: {}", shown(&message))))
}

/// `Err` says why there is nothing.
fn captured(payload: &[u8], from: &Capture) -> Result<String, String> {
    match from {
        Capture::Json(pointer) => {
            let json: serde_json::Value =
                serde_json::from_slice(payload).map_err(|error| format!("the message is not JSON: {error}"))?;
            match json.pointer(pointer) {
                Some(serde_json::Value::String(text)) => Ok(text.clone()),
                Some(other) => Ok(other.to_string()),
                None => Err(format!("nothing is at `{pointer}`")),
            }
        }
        Capture::Regex(pattern) => {
            let found = pattern.capture(payload).ok_or_else(|| format!("`{pattern}` does not match"))?;
            String::from_utf8(found.to_vec()).map_err(|_| format!("what `{pattern}` matches is not UTF-8"))
        }
    }
}

/// How a session ended, for people.
pub fn words(disconnect: &Disconnect) -> String {
    match disconnect {
        Disconnect::Closed { code, reason, first } => {
            let closed = if *first == By::Us { "answered our Close" } else { "closed" };
            let code = code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"));
            let reason = if reason.is_empty() { String::new() } else { format!(" (reason: \"{reason}\")") };
            format!("the server {closed} {code}{reason}")
        }
        Disconnect::Dropped(how) => how.clone(),
        Disconnect::Breach(rule) => format!("the server broke the protocol ({rule})"),
        Disconnect::Left => "the session was left".to_owned(),
    }
}

/// The code by which it can be expected, the two that are never on the wire included (RFC 6455 section 7.4.1).
fn code(disconnect: &Disconnect) -> Option<CloseCode> {
    match disconnect {
        Disconnect::Closed { code, .. } => Some(code.unwrap_or(CloseCode::Status)),
        Disconnect::Dropped(_) => Some(CloseCode::Abnormal),
        Disconnect::Breach(_) | Disconnect::Left => None,
    }
}

fn missing(what: &str, within: Duration, missed: &ExpectError) -> Error {
    match missed {
        ExpectError::TimeUp => failed(format!("{what} within {} s", seconds(within))),
        ExpectError::GivenUp => failed(format!("{what} before you gave up")),
        ExpectError::Disconnected(disconnect) => failed(format!("{what} before {}", words(disconnect))),
    }
}

/// Adds what came instead.
fn instead(expecting: &Expecting<'_>, error: Error) -> Error {
    let unmatched = expecting.unmatched(MESSAGES_SHOWN);
    let mut error = match (unmatched.count, unmatched.latest.len() as u64) {
        (0, _) => return error.evidence("no other message came"),
        (1, _) => error.evidence("what came instead:"),
        (count, shown) if count == shown => error.evidence(format!("{count} messages came instead:")),
        (count, shown) => error.evidence(format!("{count} messages came instead, the last {shown} of them:")),
    };
    for message in &unmatched.latest {
        error = error.evidence(format!("  {}", shown(message)));
    }
    match unmatched.forgotten {
        0 => error,
        forgotten => error.evidence(format!("the first {forgotten} were not looked at: too much was waiting")),
    }
}

/// One line of a message, shortened.
fn shown(message: &Received) -> String {
    let length = message.payload.len();
    if message.kind == Kind::Text
        && let Ok(text) = std::str::from_utf8(&message.payload)
    {
        let start: String = text.chars().take(CHARACTERS_SHOWN).collect();
        let line = escape::to_line(&start);
        return match length - start.len() {
            0 => line,
            rest => format!("{line} … and {rest} bytes more"),
        };
    }
    let start = &message.payload[..length.min(BYTES_SHOWN)];
    let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    let more = if start.len() < length { " …" } else { "" };
    format!("(binary, {length} bytes) {}{more}", hex.join(" "))
}

fn failed(message: String) -> Error {
    Error::new(Phase::Expectation, message)
}

fn after(since: Instant) -> String {
    format!("after {:.3} s", since.elapsed().as_secs_f64())
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(payload: &str, pointer: &str) -> Result<String, String> {
        captured(payload.as_bytes(), &Capture::Json(pointer.to_owned()))
    }

    #[test]
    fn strings_are_captured_unquoted_and_other_values_as_compact_json() {
        let payload =
            r#"{"token": "a\"b", "list": [1, {"b": null, "a": 2.50}], "big": 18446744073709551615, "a/b": true}"#;
        assert_eq!(json(payload, "/token").unwrap(), "a\"b");
        assert_eq!(json(payload, "/list").unwrap(), r#"[1,{"b":null,"a":2.5}]"#);
        assert_eq!(json(payload, "/list/1/b").unwrap(), "null");
        assert_eq!(json(payload, "/big").unwrap(), "18446744073709551615");
        assert_eq!(json(payload, "/a~1b").unwrap(), "true");
        assert_eq!(json("7", "").unwrap(), "7");
    }

    #[test]
    fn what_is_not_there_is_not_captured() {
        assert_eq!(json(r#"{"a":1}"#, "/b").unwrap_err(), "nothing is at `/b`");
        assert!(json("hello", "/b").unwrap_err().starts_with("the message is not JSON: "));
        let regex = |pattern: &str| captured(b"id=7 \xff", &Capture::Regex(pattern.parse().unwrap()));
        assert_eq!(regex("id=(\\d+)").unwrap(), "7");
        assert_eq!(regex("x").unwrap_err(), "`x` does not match");
        assert_eq!(regex("(?-u).$").unwrap_err(), "what `(?-u).$` matches is not UTF-8");
    }
}
