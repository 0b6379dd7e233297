//! From what was seen of a session to findings.

use std::mem;
use std::time::Duration;

use super::of_cause;
use crate::check::conversation::{Conversation, breached};
use crate::check::report::{Problem, Status, Trial};
use crate::check::steps;
use crate::diagnosis::{Diagnosis, LastEvent, Unsound};
use crate::event::Opened;
use crate::http::redact::{Part, Secrets};
use crate::wire::handshake::Request;
use crate::wire::{self, CloseReason, Header, Rule};

/// What is wrong with a session that is open.
pub fn session(conversation: &Conversation, secrets: Secrets) -> Vec<Problem> {
    let passed = conversation.passed.iter().map(|passed| of_breach(Status::Warning, passed));
    let mut findings: Vec<_> = passed.collect();
    if let Some(breach) = &conversation.breach {
        findings.push(of_breach(Status::Failure, breach));
        return findings;
    }
    let mut add = |status, cause, seen: Vec<String>| {
        findings.push(Problem { seen, ..of_cause(status, &Diagnosis::Unsound(cause)) });
    };
    if conversation.closing.is_none() {
        let after = if conversation.is_probed { LastEvent::Probe } else { LastEvent::Upgrade };
        match &conversation.close {
            Some(close) => {
                let (status, code) = (steps::closed_first(conversation), conversation.close_code());
                add(status, Unsound::ClosedAtOnce { code, after }, vec![said(close, secrets)]);
            }
            None => add(Status::Failure, Unsound::EndedAtOnce { after }, vec!["the end of the stream".to_owned()]),
        }
        return findings;
    }
    if conversation.is_cut_short {
        return findings;
    }
    if conversation.pong.is_none() {
        add(Status::Failure, Unsound::NoPong, vec!["no pong within 5 s".to_owned()]);
    }
    if conversation.is_probed && conversation.answer.is_none() {
        add(Status::Warning, Unsound::NoAnswer, vec!["no message within 5 s".to_owned()]);
    }
    if conversation.close.is_none() {
        let waited = conversation.closing.unwrap_or(Duration::ZERO).as_secs_f64();
        let how = if conversation.has_ended { "the connection ended" } else { "nothing came" };
        add(Status::Warning, Unsound::NoCloseReply, vec![format!("{how} {waited:.1} s after our Close")]);
    }
    findings
}

/// What it means that the server broke a rule, or sent more than our own limits let in.
fn of_breach(status: Status, breach: &wire::Finding) -> Problem {
    let cause = match breach.rule {
        rule if rule.is_own_limit() => Unsound::OverLimit,
        Rule::NoFrame => Unsound::BytesBehindUpgrade,
        Rule::MaskedByServer => Unsound::MaskedFrames,
        _ => of_compression(breach).unwrap_or(Unsound::BrokenFrames),
    };
    let seen = vec![breached(breach), breach.detail.clone()];
    Problem { seen, ..of_cause(status, &Diagnosis::Unsound(cause)) }
}

/// What is wrong with the server's compression.
fn of_compression(breach: &wire::Finding) -> Option<Unsound> {
    match breach.rule {
        Rule::CorruptDeflate | Rule::WindowExceeded | Rule::MisplacedCompressedBit => Some(Unsound::BrokenCompression),
        Rule::ReservedBits if Header::read(&breach.bytes).is_some_and(|(header, _)| header.rsv == Header::RSV1) => {
            Some(Unsound::CompressionNotAgreed)
        }
        _ => None,
    }
}

/// What is wrong with a session that has none of the subprotocols offered: RFC 6455 allows that, the WebSockets Standard of
/// browsers does not.
pub fn subprotocol(request: &Request, opened: &Opened) -> Option<Problem> {
    let offered = request.secrets().subprotocols(request.subprotocols());
    if opened.subprotocol.is_some() || offered.is_empty() {
        return None;
    }
    let seen = vec![format!("offered: {}", offered.join(", "))];
    Some(Problem { seen, ..of_cause(Status::Warning, &Diagnosis::Unsound(Unsound::NoSubprotocol)) })
}

/// Whether a session may have failed by its extensions: the same without them tells.
pub fn may_fail_by_extensions(conversation: &Conversation) -> bool {
    if let Some(breach) = &conversation.breach {
        return of_compression(breach).is_some();
    }
    let is_suspect = match conversation.close {
        // A protocol error, data that are not consistent, an internal error.
        Some(_) => matches!(conversation.close_code(), 1002 | 1007 | 1011),
        None => conversation.has_ended,
    };
    conversation.closing.is_none() && is_suspect
}

/// The findings on a session, with what the same session without extensions brought: `others` are the findings on that, or
/// why it did not open.
pub fn told_apart(mut findings: Vec<Problem>, others: Result<Vec<Problem>, String>) -> Vec<Problem> {
    let Some(finding) = findings.iter_mut().find(|finding| finding.status == Status::Failure) else {
        return findings;
    };
    let failure = others.map(|others| others.into_iter().find(|other| other.status == Status::Failure));
    let is_named = |cause: &Option<Diagnosis>| {
        matches!(cause, Some(Diagnosis::Unsound(Unsound::BrokenCompression | Unsound::CompressionNotAgreed)))
    };
    if matches!(failure, Ok(None)) && !is_named(&finding.cause) {
        let mut seen = vec![mem::take(&mut finding.what)];
        seen.append(&mut finding.seen);
        *finding = Problem { seen, ..of_cause(Status::Failure, &Diagnosis::Unsound(Unsound::CompressionFails)) };
    }
    let result = failure.map_or_else(|why| why, |failure| failure.map_or("goes well".to_owned(), |other| other.what));
    finding.tried.push(Trial { what: "no extensions".to_owned(), result });
    findings
}

fn said(close: &CloseReason, secrets: Secrets) -> String {
    let code = close.code.map_or("no code".to_owned(), |code| u16::from(code).to_string());
    format!("Close: {code}, \"{}\"", secrets.text(Part::Text(&close.reason)))
}
