//! What is expected of a session, and what is said when it doesn't come.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::decode;
use crate::error::{Error, Phase, Result};
use crate::event::Direction;
use crate::input::slash::Capture;
use crate::output::escape;
use crate::pattern::{Expression, FilterRuns, Message};
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
/// How many found messages are shown.
const FOUND_SHOWN: usize = 20;

/// `/expect`: waits for a message that matches; says how long it took.
///
/// # Errors
/// What came instead.
pub fn message(
    expecting: &Expecting<'_>,
    filter_runs: &FilterRuns,
    within: Duration,
    expression: &Expression,
) -> Result<String> {
    let since = Instant::now();
    let trouble = RefCell::new(None);
    let found = expecting.find(within, |message| {
        let verdict = filter_runs.judge(expression, &judged(message));
        trouble.borrow_mut().get_or_insert(verdict.trouble);
        verdict.matches
    });
    match found {
        Ok(_) => Ok(format!("matched `{expression}` {}", after(since))),
        Err(_) if expression.is_interrupted() => Err(interrupted(expression)),
        Err(missed) => {
            let error = instead(expecting, missing(&format!("no message matched `{expression}`"), within, &missed));
            Err(match trouble.into_inner().flatten() {
                Some(trouble) => error.evidence(format!("the first could not be judged: {trouble}")),
                None => error,
            })
        }
    }
}

/// `/find`: a line for each of the latest messages that match, and how many there are.
///
/// # Errors
/// The search was interrupted.
pub fn found(
    expecting: &Expecting<'_>,
    filter_runs: &FilterRuns,
    expression: &Expression,
) -> Result<(Vec<String>, String)> {
    let recent = expecting.recent();
    let matches = |message: &&Received| filter_runs.judge(expression, &judged(message)).matches;
    let matching: Vec<_> = recent.iter().filter(matches).collect();
    if expression.is_interrupted() {
        return Err(interrupted(expression));
    }
    let shown_from = matching.len().saturating_sub(FOUND_SHOWN);
    let lines = matching[shown_from..].iter().map(|message| format!("#{} {}", message.place(), shown(message)));
    let of = match recent.first().map_or(1, Received::place) - 1 {
        0 => format!("of {}", recent.len()),
        forgotten => format!("of the last {} ({forgotten} are forgotten)", recent.len()),
    };
    let messages = if recent.len() == 1 { "message" } else { "messages" };
    let matches = if matching.len() == 1 { "matches" } else { "match" };
    let above = if shown_from > 0 { format!("; the last {FOUND_SHOWN} are above") } else { String::new() };
    Ok((lines.collect(), format!("{} {of} {messages} {matches} `{expression}`{above}", matching.len())))
}

/// `/as`: what the message that came last holds for `decoder`.
///
/// # Errors
/// It holds something else, or nothing has come.
pub fn decoded(expecting: &Expecting<'_>, decoder: &decode::Description) -> Result<String> {
    let message = expecting.recent().pop().ok_or_else(|| failed("no message has been received yet".into()))?;
    let annotation = decode::decode(decoder, &message.payload);
    annotation.error.map_or(Ok(annotation.text), |error| Err(failed(error)))
}

fn judged(message: &Received) -> Message<'_> {
    let Received { kind, payload, note, .. } = message;
    Message { direction: Direction::Received, kind: *kind, payload, note: note.as_deref() }
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
pub fn capture(expecting: &Expecting<'_>, filter_runs: &FilterRuns, name: &str, from: &Capture) -> Result<String> {
    let Some(message) = expecting.latest() else {
        return Err(failed(format!("no `{name}`: no message has been received yet")));
    };
    captured(&message, filter_runs, from)
        .map_err(|why| failed(format!("no `{name}`: {why}")).evidence(format!("in: {}", shown(&message))))
}

/// `Err` says why there is nothing.
fn captured(message: &Received, filter_runs: &FilterRuns, from: &Capture) -> Result<String, String> {
    match from {
        Capture::Path(path) => path.value(&message.payload),
        Capture::Regular(regex) => {
            let found = regex.capture(&message.payload).ok_or_else(|| format!("`{regex}` does not match"))?;
            String::from_utf8(found.to_vec()).map_err(|_| format!("what `{regex}` matches is not UTF-8"))
        }
        Capture::Jq(filter) => {
            let first = filter_runs.apply(filter, &judged(message))?.into_iter().next();
            let first = first.ok_or_else(|| format!("`{filter}` makes nothing of it"))?;
            String::from_utf8(first).map_err(|_| format!("what `{filter}` makes of it is not UTF-8"))
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

fn interrupted(expression: &Expression) -> Error {
    failed(format!("`{expression}` was interrupted"))
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
    use crate::pattern::{JqFilter, JsonPath, RegularExpression};

    fn json(payload: &str, pointer: &str) -> Result<String, String> {
        captured_from(payload.as_bytes(), &Capture::Path(JsonPath::pointer(pointer).unwrap()))
    }

    fn captured_from(payload: &[u8], from: &Capture) -> Result<String, String> {
        captured(&Received::first(Kind::Text, payload), &FilterRuns::default(), from)
    }

    #[test]
    fn values_are_captured_as_they_were_written() {
        let payload = r#"{"token": "a\"b", "list": [1, {"b": null, "a": 2.50}], "big": 18446744073709551615, "a/b": true, "x": 1e400}"#;
        assert_eq!(json(payload, "/token").unwrap(), "a\"b");
        assert_eq!(json(payload, "/list").unwrap(), r#"[1,{"b":null,"a":2.50}]"#);
        assert_eq!(json(payload, "/list/1/b").unwrap(), "null");
        assert_eq!(json(payload, "/big").unwrap(), "18446744073709551615");
        assert_eq!(json(payload, "/a~1b").unwrap(), "true");
        assert_eq!(json("7", "").unwrap(), "7");
    }

    #[test]
    fn what_is_not_there_is_not_captured() {
        assert_eq!(json(r#"{"a":1}"#, "/b").unwrap_err(), "nothing is at `/b`");
        assert_eq!(json("hello", "/b").unwrap_err(), "the message is not JSON");
        let regex = |regex| captured_from(b"id=7 \xff", &Capture::Regular(RegularExpression::parse(regex).unwrap()));
        assert_eq!(regex("id=(\\d+)").unwrap(), "7");
        assert_eq!(regex("x").unwrap_err(), "`x` does not match");
        assert_eq!(regex("(?-u).$").unwrap_err(), "what `(?-u).$` matches is not UTF-8");
    }

    #[test]
    fn the_first_result_of_jq_is_captured() {
        let jq = |filter| captured_from(br#"{"a":["x",1.10]}"#, &Capture::Jq(JqFilter::parse(filter).unwrap()));
        assert_eq!(jq(".a[0] | ascii_upcase").unwrap(), "X");
        assert_eq!(jq(".a[1], 2").unwrap(), "1.10");
        assert_eq!(jq("empty").unwrap_err(), "`empty` makes nothing of it");
        assert!(jq(".a.b").unwrap_err().starts_with("cannot index"));
    }
}
