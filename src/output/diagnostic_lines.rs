//! The lines of the diagnostics stream: announcements, errors and findings, and the details that `-v` adds.
//!
//! Each function appends whole lines.

use std::io::Write;
use std::time::Duration;

use crate::diagnosis::Advice;
use crate::error::Error;
use crate::event::{Direction, Ended, Opened, Step, Summary, TlsFacts};
use crate::http::redact::{Part, Secrets};
use crate::http::{LONGEST_NAME, shortened};
use crate::output::connecting::step_detail;
use crate::output::options::Perspective;
use crate::output::theme::{Palette, Style};
use crate::output::{certificate, digits, escape, hex};
use crate::wire::{CloseCode, Counters, Finding, Role};

/// What a hint begins with.
pub const HINT: &str = "hint:";

/// The longest path in the line about a client, in characters.
const LONGEST_TARGET: usize = 200;

/// Appends what stands in front of each line about a client of `listen` or `tap`: its number.
pub fn label(output: &mut Vec<u8>, client: Option<u64>) {
    if let Some(number) = client {
        output.push(b'[');
        digits::decimal(output, number);
        output.extend_from_slice(b"] ");
    }
}

/// Appends an error: first the message and its causes, then the evidence, then an empty line and the hint. If the error
/// has a diagnosis, `advice` makes the text of the hint. All parts of the program report errors with this function.
pub fn write_error(output: &mut Vec<u8>, palette: &Palette, advice: Advice, error: &Error) {
    output.extend_from_slice(b"wscope: ");
    palette.write(output, Style::Error, "error:");
    output.push(b' ');
    escape::line(output, error.to_string().as_bytes());
    for cause in error.causes() {
        output.extend_from_slice(b": ");
        escape::line(output, cause.to_string().as_bytes());
    }
    output.push(b'\n');
    for evidence in error.evidence_lines() {
        indented(output, "  ", evidence);
    }
    if let Some(text) = error.hint_with(advice) {
        output.push(b'\n');
        hint(output, palette, &text);
    }
}

/// Appends a hint, which may have several lines.
fn hint(output: &mut Vec<u8>, palette: &Palette, text: &str) {
    palette.write(output, Style::Hint, HINT);
    let mut lines = text.lines();
    output.push(b' ');
    escape::line(output, lines.next().unwrap_or_default().as_bytes());
    output.push(b'\n');
    lines.for_each(|line| indented(output, "      ", line));
}

/// Appends the lines of `text`, each after `indent`.
fn indented(output: &mut Vec<u8>, indent: &str, text: &str) {
    for line in text.lines() {
        output.extend_from_slice(indent.as_bytes());
        escape::line(output, line.as_bytes());
        output.push(b'\n');
    }
}

/// Appends a finding: the rule, the role that broke it, the section of the RFC, the offset, and the bytes. Where a setting
/// of ours looks past it, `advice` makes the text of the hint.
pub fn finding(output: &mut Vec<u8>, palette: &Palette, advice: Advice, finding: &Finding) {
    output.extend_from_slice(b"wscope: ");
    palette.write(output, Style::Error, "finding:");
    output.push(b' ');
    output.extend_from_slice(finding.rule.summary().as_bytes());
    if !finding.detail.is_empty() {
        output.extend_from_slice(b": ");
        escape::line(output, finding.detail.as_bytes());
    }
    output.extend_from_slice(b"\n  ");
    // Writing to a `Vec` cannot fail, here and below.
    let _ = if finding.rule.is_own_limit() {
        write!(output, "a limit of ours")
    } else {
        write!(output, "by the {}, against {}", role(finding.blame), finding.rule.section())
    };
    let _ = writeln!(output, ", at byte {}", finding.offset);
    hex::dump(output, palette, "  ", &finding.bytes, finding.offset, &[]);
    if let Some(diagnosis) = &finding.diagnosis {
        hint(output, palette, &advice(diagnosis));
    }
}

/// The name of a role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Server => "server",
    }
}

/// Appends `Connected …`, for a client of `listen` with what tells it from others.
pub fn connected(output: &mut Vec<u8>, palette: &Palette, opened: &Opened, client: Option<u64>, secrets: Secrets) {
    palette.paint(output, Style::Note, |output| {
        output.extend_from_slice(b"Connected (");
        match client {
            Some(_) => escape::line(output, client_facts(opened, secrets).as_bytes()),
            None => output.extend_from_slice(b"press Ctrl-C to quit"),
        }
        output.push(b')');
    });
    output.push(b'\n');
}

/// What tells a client from others: its address, the path that it asked for, in `tap` with the server's URL, and the subprotocol.
pub fn client_facts(opened: &Opened, secrets: Secrets) -> String {
    let asked = match opened.role {
        Role::Client => &opened.url,
        Role::Server => &opened.target,
    };
    let asked = secrets.text(Part::Text(asked.as_bytes()));
    let facts = format!("{}, {}", opened.address, shortened(&asked, LONGEST_TARGET));
    match &opened.subprotocol {
        None => facts,
        Some(subprotocol) => {
            let subprotocol = secrets.text(Part::Subprotocols(subprotocol.as_bytes()));
            format!("{facts}, subprotocol {}", shortened(&subprotocol, LONGEST_NAME))
        }
    }
}

/// Appends `Disconnected (code: 1006, reason: "")`, with what the peer sent in quotes, and what we conclude behind it.
pub fn disconnected(output: &mut Vec<u8>, palette: &Palette, ended: &Ended) {
    let style = if ended.is_failure() { Style::Error } else { Style::Note };
    palette.paint(output, style, |output| {
        let _ = write!(output, "Disconnected (code: {}, reason: \"", u16::from(ended.code));
        escape::line(output, &ended.reason);
        output.extend_from_slice(b"\")");
        for said in ended.meaning.into_iter().chain(ended.conclusion.as_deref()) {
            output.extend_from_slice(b": ");
            escape::line(output, said.as_bytes());
        }
    });
    output.push(b'\n');
}

/// Appends a line such as `< Received ping (data: "…")`.
pub fn control(
    output: &mut Vec<u8>,
    palette: &Palette,
    (direction, perspective): (Direction, Perspective),
    name: &str,
    payload: &[u8],
    round_trip: Option<Duration>,
) {
    let (style, mark) = match direction {
        Direction::Sent => (Style::Sent, ">"),
        Direction::Received => (Style::Received, "<"),
    };
    let verb = match (perspective, direction) {
        (Perspective::End, Direction::Sent) => "Sent",
        (Perspective::End, Direction::Received) => "Received",
        (Perspective::Between, Direction::Sent) => "Client's",
        (Perspective::Between, Direction::Received) => "Server's",
    };
    palette.paint(output, style, |output| {
        let _ = write!(output, "{mark} {verb} {name} (data: \"");
        escape::line(output, payload);
        output.push(b'"');
        if let Some(round_trip) = round_trip {
            let _ = write!(output, ", {}", milliseconds(round_trip));
        }
        output.push(b')');
    });
    output.push(b'\n');
}

/// Appends a note. It is always one line, even if it quotes line ends of a peer.
pub fn note(output: &mut Vec<u8>, note: &str) {
    escape::line(output, note.as_bytes());
    output.push(b'\n');
}

/// Appends a line that only `-v` shows.
pub fn detail(output: &mut Vec<u8>, palette: &Palette, client: Option<u64>, detail: &str) {
    label(output, client);
    palette.write(output, Style::Faint, "*");
    output.push(b' ');
    escape::line(output, detail.as_bytes());
    output.push(b'\n');
}

/// The detail line of a step of connecting.
pub fn step(step: &Step) -> String {
    format!("{:<8}{:>12}  {}", step.detail.name(), milliseconds(step.took), step_detail(&step.detail))
}

/// The detail lines of a TLS connection.
pub fn tls(facts: &TlsFacts) -> Vec<String> {
    let mut agreed = vec![facts.version.clone(), facts.cipher_suite.clone()];
    agreed.extend(facts.key_exchange.clone());
    agreed.extend(facts.alpn.as_ref().map(|protocol| format!("ALPN {protocol}")));
    let verified = match &facts.verified {
        Ok(()) => format!("certificate verified for {}", facts.server_name),
        Err(fault) => {
            format!("certificate NOT verified for {}: {}", facts.server_name, certificate::complaint(fault))
        }
    };
    let certificates = facts
        .certificates
        .iter()
        .enumerate()
        .map(|(number, shown)| format!("certificate {}: {}", number + 1, certificate::line(shown)));
    let request = facts.certificate_request.as_ref().map(certificate::request);
    [agreed.join(", ")].into_iter().chain(certificates).chain([verified]).chain(request).collect()
}

/// The detail lines of an opening handshake: what was agreed on and checked.
pub fn opened(opened: &Opened, secrets: Secrets) -> Vec<String> {
    let mut facts = vec![format!("open at {}", opened.address)];
    facts.extend(subprotocol(opened, secrets).map(|subprotocol| format!("subprotocol {subprotocol}")));
    facts.extend(opened.extensions.as_ref().map(|extensions| format!("extensions {extensions}")));
    opened.verified.iter().map(|checked| format!("checked: {checked}")).chain([facts.join(", ")]).collect()
}

/// The subprotocol agreed on, as it may be shown.
pub fn subprotocol(opened: &Opened, secrets: Secrets) -> Option<String> {
    opened.subprotocol.as_ref().map(|name| secrets.text(Part::Subprotocols(name.as_bytes())))
}

/// The detail line of the end of a session.
pub fn ended(ended: &Ended, perspective: Perspective) -> String {
    let by = perspective.sender(ended.by);
    let clean = if ended.clean { "cleanly" } else { "not cleanly" };
    let name =
        ended.meaning.or_else(|| close_code_name(ended.code)).map(|name| format!(" ({name})")).unwrap_or_default();
    let reason = match ended.reason.as_slice() {
        [] => String::new(),
        reason => format!(", reason \"{}\"", escape::to_line(reason)),
    };
    let conclusion = ended.conclusion.as_ref().map(|conclusion| format!("; {conclusion}")).unwrap_or_default();
    format!("closed by {by}, {clean}: code {}{name}{reason}{conclusion}", u16::from(ended.code))
}

/// The detail lines with the totals of a session.
pub fn summary(summary: &Summary, perspective: Perspective) -> Vec<String> {
    let mut lines = vec![format!("open for {:.3} s", summary.open_for.as_secs_f64())];
    let verbs = match perspective {
        Perspective::End => ["sent", "received"],
        Perspective::Between => ["client", "server"],
    };
    for (verb, counters) in verbs.into_iter().zip([&summary.sent, &summary.received]) {
        lines.push(totals(verb, counters));
        lines.extend(saving(verb, counters));
    }
    lines.extend(summary.round_trips.map(|times| {
        format!(
            "{}, round trip {} / {} / {} (least, mean, most)",
            count(times.count, "ping"),
            milliseconds(times.least),
            milliseconds(times.mean),
            milliseconds(times.most)
        )
    }));
    lines
}

fn totals(verb: &str, counters: &Counters) -> String {
    format!(
        "{verb:<8} {} of {}; on the wire {}, {} with control frames",
        count(counters.messages, "message"),
        count(counters.message_bytes, "byte"),
        count(counters.wire_bytes, "byte"),
        count(counters.frames, "frame")
    )
}

/// The line with the bytes that compression saved or added. `None`, if nothing was compressed.
fn saving(verb: &str, counters: &Counters) -> Option<String> {
    let (compressed, inflated) = (counters.compressed_bytes, counters.inflated_bytes);
    let percent = (u128::from(inflated.abs_diff(compressed)) * 100).checked_div(u128::from(inflated))?;
    let outcome = if compressed <= inflated { "saved" } else { "grew by" };
    Some(format!("{verb:<8} {} compressed to {compressed}: {outcome} {percent}%", count(inflated, "byte")))
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1e3)
}

/// The meaning of a close code (RFC 6455 section 7.4.1 and the registry of IANA).
fn close_code_name(code: CloseCode) -> Option<&'static str> {
    Some(match u16::from(code) {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => "no code",
        1006 => "abnormal closure",
        1007 => "invalid payload",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "mandatory extension",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
