//! What is said about a session: announcements, errors and findings, and what `-v` adds.
//!
//! Each function appends whole lines; `label` goes in front of each and tells the clients of `listen` apart.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use crate::diagnosis::Advice;
use crate::error::Error;
use crate::event::{Direction, Ended, Opened, Step, Summary, TlsFacts};
use crate::output::theme::{Palette, Style};
use crate::output::{Secrets, escape, head, hex};
use crate::wire::{CloseCode, Counters, Finding, Role, Rule};

/// Appends an error as every part of the program reports it: message and causes, evidence, and after an empty line
/// the hint, where `advice` makes the text of a diagnosis.
pub fn write_error(output: &mut Vec<u8>, palette: &Palette, advice: Advice, error: &Error) {
    output.extend_from_slice(b"wscope: ");
    palette.write(output, Style::Error, "error:");
    output.push(b' ');
    escape::line(output, error.to_string().as_bytes());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        output.extend_from_slice(b": ");
        escape::line(output, error.to_string().as_bytes());
        cause = error.source();
    }
    output.push(b'\n');
    for evidence in error.evidence_lines() {
        indented(output, "  ", evidence);
    }
    if let Some(hint) = error.hint_with(advice) {
        output.push(b'\n');
        palette.write(output, Style::Hint, "hint:");
        let mut lines = hint.lines();
        output.push(b' ');
        escape::line(output, lines.next().unwrap_or_default().as_bytes());
        output.push(b'\n');
        lines.for_each(|line| indented(output, "      ", line));
    }
}

/// Appends the lines of `text`, each after `indent`.
fn indented(output: &mut Vec<u8>, indent: &str, text: &str) {
    for line in text.lines() {
        output.extend_from_slice(indent.as_bytes());
        escape::line(output, line.as_bytes());
        output.push(b'\n');
    }
}

/// Appends a breach: what, who, which section, where, and the bytes.
pub fn finding(output: &mut Vec<u8>, palette: &Palette, finding: &Finding, secrets: Secrets) {
    output.extend_from_slice(b"wscope: ");
    palette.write(output, Style::Error, "finding:");
    output.push(b' ');
    output.extend_from_slice(finding.rule.summary().as_bytes());
    if !finding.detail.is_empty() {
        output.extend_from_slice(b": ");
        escape::line(output, finding_detail(finding, secrets).as_bytes());
    }
    output.extend_from_slice(b"\n  ");
    // Writing to a `Vec` can't fail, here and below.
    let _ = if finding.rule.is_own_limit() {
        write!(output, "a limit of ours")
    } else {
        write!(output, "by the {}, against {}", role(finding.blame), finding.rule.section())
    };
    let _ = writeln!(output, ", at byte {}", finding.offset);
    hex::dump(output, palette, "  ", &finding_bytes(finding, secrets), finding.offset, &[]);
}

/// What is wrong in detail; of a head without its secrets.
pub fn finding_detail(finding: &Finding, secrets: Secrets) -> String {
    match finding.rule {
        Rule::Handshake(_) => head::url(&finding.detail, secrets),
        _ => finding.detail.clone(),
    }
}

/// The bytes that break the rule; of a head without its secrets.
pub fn finding_bytes(finding: &Finding, secrets: Secrets) -> Cow<'_, [u8]> {
    match finding.rule {
        Rule::Handshake(_) => head::masked(&finding.bytes, secrets).into(),
        _ => finding.bytes.as_slice().into(),
    }
}

/// The name of a role.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Server => "server",
    }
}

/// Appends `Connected …`, with the address where there may be several.
pub fn connected(output: &mut Vec<u8>, palette: &Palette, opened: &Opened, client: Option<u64>) {
    palette.paint(output, Style::Note, |output| {
        let _ = match client {
            Some(_) => write!(output, "Connected ({})", opened.address),
            None => write!(output, "Connected (press Ctrl-C to quit)"),
        };
    });
    output.push(b'\n');
}

/// Appends `Disconnected (code: 1006, reason: "…")`.
pub fn disconnected(output: &mut Vec<u8>, palette: &Palette, ended: &Ended) {
    palette.paint(output, Style::Note, |output| {
        let _ = write!(output, "Disconnected (code: {}, reason: \"", u16::from(ended.code));
        escape::line(output, ended.reason.as_bytes());
        output.extend_from_slice(b"\")");
    });
    output.push(b'\n');
}

/// Appends `< Received ping (data: "…")` or its likes.
pub fn control(
    output: &mut Vec<u8>,
    palette: &Palette,
    direction: Direction,
    name: &str,
    payload: &[u8],
    round_trip: Option<Duration>,
) {
    let (style, mark, verb) = match direction {
        Direction::Sent => (Style::Sent, "> ", "Sent"),
        Direction::Received => (Style::Received, "< ", "Received"),
    };
    palette.paint(output, style, |output| {
        let _ = write!(output, "{mark}{verb} {name} (data: \"");
        escape::line(output, payload);
        output.push(b'"');
        if let Some(round_trip) = round_trip {
            let _ = write!(output, ", {}", milliseconds(round_trip));
        }
        output.push(b')');
    });
    output.push(b'\n');
}

/// Appends a note. It is one line, whatever a peer's words in it hold.
pub fn note(output: &mut Vec<u8>, note: &str) {
    escape::line(output, note.as_bytes());
    output.push(b'\n');
}

/// Appends a line that only `-v` shows.
pub fn detail(output: &mut Vec<u8>, palette: &Palette, label: &str, detail: &str) {
    output.extend_from_slice(label.as_bytes());
    palette.write(output, Style::Faint, "*");
    output.push(b' ');
    escape::line(output, detail.as_bytes());
    output.push(b'\n');
}

/// A step of connecting, as a detail.
pub fn step(step: &Step) -> String {
    format!("{:<8}{:>12}  {}", step.kind.name(), milliseconds(step.took), step.detail)
}

/// TLS facts, as details.
pub fn tls(facts: &TlsFacts) -> Vec<String> {
    let mut agreed = vec![facts.version.clone(), facts.cipher_suite.clone()];
    agreed.extend(facts.key_exchange.clone());
    agreed.extend(facts.alpn.as_ref().map(|protocol| format!("ALPN {protocol}")));
    let verified = match &facts.verified {
        Ok(()) => format!("certificate verified for {}", facts.server_name),
        Err(reason) => format!("certificate NOT verified for {}: {reason}", facts.server_name),
    };
    let certificates = facts
        .certificates
        .iter()
        .enumerate()
        .map(|(number, certificate)| format!("certificate {}: {certificate}", number + 1));
    [agreed.join(", ")].into_iter().chain(certificates).chain([verified]).collect()
}

/// What was agreed on and checked, as details.
pub fn opened(opened: &Opened) -> Vec<String> {
    let mut facts = vec![format!("open at {}", opened.address)];
    facts.extend(opened.subprotocol.as_ref().map(|subprotocol| format!("subprotocol {subprotocol}")));
    facts.extend(opened.extensions.as_ref().map(|extensions| format!("extensions {extensions}")));
    opened.verified.iter().map(|checked| format!("checked: {checked}")).chain([facts.join(", ")]).collect()
}

/// How a session ended, as a detail.
pub fn ended(ended: &Ended) -> String {
    let by = match ended.by {
        Direction::Sent => "us",
        Direction::Received => "the peer",
    };
    let clean = if ended.clean { "cleanly" } else { "not cleanly" };
    let name = close_code_name(ended.code).map(|name| format!(" ({name})")).unwrap_or_default();
    let reason = if ended.reason.is_empty() { String::new() } else { format!(", reason \"{}\"", ended.reason) };
    format!("closed by {by}, {clean}: code {}{name}{reason}", u16::from(ended.code))
}

/// Totals, as details.
pub fn summary(summary: &Summary) -> Vec<String> {
    let mut lines = vec![format!("open for {:.3} s", summary.open_for.as_secs_f64())];
    for (verb, counters) in [("sent", &summary.sent), ("received", &summary.received)] {
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
        "{verb:<8} {} of {} in {}, {} on the wire",
        count(counters.messages, "message"),
        count(counters.message_bytes, "byte"),
        count(counters.frames, "frame"),
        count(counters.wire_bytes, "byte")
    )
}

/// What compression saved, or cost.
fn saving(verb: &str, counters: &Counters) -> Option<String> {
    let (compressed, inflated) = (counters.compressed_bytes, counters.inflated_bytes);
    let percent = (u128::from(inflated.abs_diff(compressed)) * 100).checked_div(u128::from(inflated))?;
    let outcome = if compressed <= inflated { "saved" } else { "lost" };
    Some(format!("{verb:<8} {} compressed to {compressed}: {outcome} {percent}%", count(inflated, "byte")))
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1e3)
}

/// What a close code means (RFC 6455 section 7.4.1 and IANA's registry).
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
mod tests {
    use std::io;

    use super::*;
    use crate::diagnosis::{Diagnosis, NoHead};
    use crate::error::{ExitStatus, Phase};
    use crate::event::{RoundTrips, StepKind};
    use crate::output::theme::Colors;
    use crate::wire::Rule;

    fn written(write: impl FnOnce(&mut Vec<u8>, &Palette)) -> String {
        let mut output = Vec::new();
        write(&mut output, &Palette::new(Colors::Off));
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn an_error_has_its_causes_evidence_and_hint() {
        let error = Error::new(Phase::Connect, "cannot connect to `example.com`")
            .caused_by(io::Error::other("out of\x1b luck"))
            .evidence("93.184.216.34:80: connection refused")
            .evidence("HTTP/1.1 400 \u{202e}\nbody")
            .hint("try this:\nproxy_set_header Upgrade $http_upgrade;");
        assert_eq!(
            written(|output, palette| write_error(output, palette, |diagnosis| format!("{diagnosis:?}"), &error)),
            "wscope: error: cannot connect to `example.com`: out of\\x1b luck\n  \
               93.184.216.34:80: connection refused\n  \
               HTTP/1.1 400 \\u{202e}\n  \
               body\n\
             \n\
             hint: try this:\n      proxy_set_header Upgrade $http_upgrade;\n"
        );
    }

    #[test]
    fn a_diagnosis_becomes_a_hint() {
        let error = Error::new(Phase::Upgrade, "no").diagnosed(Diagnosis::NoHead(NoHead::CutOff));
        assert_eq!(
            written(|output, palette| write_error(output, palette, |_| "look\x1b there".to_owned(), &error)),
            "wscope: error: no\n\nhint: look\\x1b there\n"
        );
    }

    #[test]
    fn a_bare_error_is_one_line() {
        let error = Error::new(Phase::Usage, "no URL");
        assert_eq!(
            written(|output, palette| write_error(output, palette, |diagnosis| format!("{diagnosis:?}"), &error)),
            "wscope: error: no URL\n"
        );
    }

    #[test]
    fn a_finding_says_what_who_which_section_and_where() {
        let mut found = Finding {
            rule: Rule::MaskedByServer,
            blame: Role::Server,
            offset: 0x4d2,
            bytes: vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d],
            detail: "key 37fa213d\x1b".to_owned(),
        };
        assert_eq!(
            written(|output, palette| finding(output, palette, &found, Secrets::Hidden)),
            "wscope: finding: frame from a server is masked: key 37fa213d\\x1b\n  \
               by the server, against RFC 6455 section 5.1, at byte 1234\n  \
               04d2: 81 85 37 fa 21 3d                                ..7.!=\n"
        );
        found.rule = Rule::MessageTooBig;
        let text = written(|output, palette| finding(output, palette, &found, Secrets::Hidden));
        assert!(text.contains("\n  a limit of ours, at byte 1234\n"), "{text}");
    }

    #[test]
    fn announcements_are_what_users_of_wscat_know() {
        let ended = Ended {
            code: CloseCode::Abnormal,
            reason: "a\x1b\nb".to_owned(),
            by: Direction::Received,
            clean: false,
            status: ExitStatus::Session,
        };
        assert_eq!(
            written(|output, palette| disconnected(output, palette, &ended)),
            "Disconnected (code: 1006, reason: \"a\\x1b\\nb\")\n"
        );
        assert_eq!(
            written(|output, palette| control(output, palette, Direction::Received, "ping", b"x", None)),
            "< Received ping (data: \"x\")\n"
        );
        let round_trip = Some(Duration::from_micros(1_234));
        assert_eq!(
            written(|output, palette| control(output, palette, Direction::Received, "pong", b"", round_trip)),
            "< Received pong (data: \"\", 1.234 ms)\n"
        );
    }

    #[test]
    fn the_end_says_who_and_how() {
        let ended_by = |by, code, clean, reason: &str| {
            ended(&Ended { code, reason: reason.to_owned(), by, clean, status: ExitStatus::Success })
        };
        assert_eq!(
            ended_by(Direction::Sent, CloseCode::Normal, true, ""),
            "closed by us, cleanly: code 1000 (normal closure)"
        );
        assert_eq!(
            ended_by(Direction::Received, CloseCode::Library(4001), false, "bye"),
            "closed by the peer, not cleanly: code 4001, reason \"bye\""
        );
    }

    #[test]
    fn steps_stand_in_columns() {
        let took = |kind, took, detail: &str| step(&Step { kind, took, detail: detail.to_owned() });
        assert_eq!(
            took(StepKind::Resolve, Duration::from_micros(214), "localhost: ::1, 127.0.0.1"),
            "resolve     0.214 ms  localhost: ::1, 127.0.0.1"
        );
        assert_eq!(took(StepKind::Tls, Duration::from_micros(12_104), "TLSv1.3"), "tls        12.104 ms  TLSv1.3");
    }

    #[test]
    fn totals_count_both_ways() {
        let received = Counters {
            frames: 4,
            messages: 1,
            wire_bytes: 220,
            message_bytes: 1000,
            compressed_bytes: 200,
            inflated_bytes: 1000,
        };
        let millisecond = Duration::from_millis(1);
        let round_trips = RoundTrips { count: 2, least: millisecond, mean: millisecond * 2, most: millisecond * 3 };
        let totals = Summary {
            sent: Counters::default(),
            received,
            round_trips: Some(round_trips),
            open_for: Duration::from_millis(12_345),
        };
        assert_eq!(
            summary(&totals),
            [
                "open for 12.345 s",
                "sent     0 messages of 0 bytes in 0 frames, 0 bytes on the wire",
                "received 1 message of 1000 bytes in 4 frames, 220 bytes on the wire",
                "received 1000 bytes compressed to 200: saved 80%",
                "2 pings, round trip 1.000 ms / 2.000 ms / 3.000 ms (least, mean, most)",
            ]
        );
    }
}
