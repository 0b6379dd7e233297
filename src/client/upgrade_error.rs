//! The text of an upgrade that failed.

use crate::client::connect_error::tls_error;
use crate::diagnosis::{Diagnosis, NoHead, Transport};
use crate::error::{Error, Phase};
use crate::http::redact::{self, Part, Secrets};
use crate::http::{Body, Head, HeadError, HeadFault, HeadKind, LONGEST_NAME, MAX_BODY, NotText, shortened};
use crate::session::upgrade::{Stage, UpgradeFailure};
use crate::wire::Finding;
use crate::wire::handshake::{Refusal, diagnose_breach, diagnose_no_head};

/// Lines of a refusal's body that are shown, and bytes of each.
const BODY_LINES: usize = 10;
const LINE_BYTES: usize = 500;

/// The error for an upgrade with `peer` that failed, without secrets unless they are to be shown; its phase is [`Phase::Upgrade`], or
/// [`Phase::Tls`] where TLS broke.
pub fn upgrade_error(peer: &str, failure: UpgradeFailure, secrets: Secrets) -> Error {
    match failure {
        UpgradeFailure::Refused(refusal) => refused(peer, &refusal, None),
        UpgradeFailure::NoHead { error, transport } => no_head(peer, &error, transport, secrets),
        UpgradeFailure::Breached { head, findings } => breached(peer, &head, &findings, secrets),
        UpgradeFailure::ForbiddenOrigin(origin) => {
            let message = format!("`{peer}` is a web page of another origin: refused with 403");
            Error::new(Phase::Upgrade, message).diagnosed(Diagnosis::ForbiddenOrigin(origin))
        }
        UpgradeFailure::Broken { error, stage, transport } => {
            let cause = match stage {
                Stage::Waiting(HeadKind::Response) => Some(NoHead::HungUp { transport }),
                // A client that only looks whether a server is there.
                Stage::Waiting(HeadKind::Request) => None,
                Stage::Writing | Stage::Reading => Some(NoHead::CutOff),
            };
            Error::new(Phase::Upgrade, format!("the connection to `{peer}` broke during the upgrade"))
                .caused_by(error)
                .transient()
                .diagnosed(cause.map(Diagnosis::NoHead))
        }
        UpgradeFailure::Tls(failure) => tls_error(peer, failure),
        UpgradeFailure::TimedOut { limit, stage } => {
            let silence = match stage {
                Stage::Writing => "did not take what the upgrade says",
                Stage::Waiting(HeadKind::Response) => "accepted the connection and sent nothing",
                Stage::Waiting(HeadKind::Request) => "connected and sent nothing",
                Stage::Reading => "did not finish the head of its upgrade",
            };
            let is_silent = stage == Stage::Waiting(HeadKind::Response);
            limit
                .passed(Phase::Upgrade, format!("`{peer}` {silence}"))
                .diagnosed(is_silent.then_some(Diagnosis::NoHead(NoHead::Silent)))
        }
    }
}

/// The error for an upgrade that `peer` refused; `cause`, where more is known of it than the refusal tells.
pub fn refused(peer: &str, refusal: &Refusal, cause: Option<Diagnosis>) -> Error {
    let mut error = Error::new(Phase::Upgrade, format!("`{peer}` refused the upgrade: {}", refusal.status_line()));
    // A server that refuses the request as it is, or wants it sent elsewhere, will do so again.
    if !(300..=499).contains(&refusal.status()) {
        error = match refusal.retry_after() {
            Some(seconds) => error.transient_for(seconds),
            None => error.transient(),
        };
    }
    for header in refusal.telling_headers() {
        error = error.evidence(header);
    }
    for line in body_lines(refusal.body(), refusal.secrets()) {
        error = error.evidence(format!("| {line}"));
    }
    error.diagnosed(cause.or_else(|| refusal.diagnosis()))
}

/// What is shown of the body of a refusal.
pub fn body_lines(body: &Body, secrets: Secrets) -> Vec<String> {
    match body.start() {
        Ok(start) => excerpt(&start, body.length(), secrets),
        Err(not_text) => vec![not_shown(&not_text, secrets)],
    }
}

/// What is said in place of a body that is no text: `48 bytes of br, not shown`.
fn not_shown(body: &NotText, secrets: Secrets) -> String {
    let NotText { length, is_all, kind } = body;
    let kind = match kind.as_str() {
        "" => "what is no text".to_owned(),
        kind => shortened(&secrets.text(Part::Text(kind.as_bytes())), LONGEST_NAME).into_owned(),
    };
    let at_least = if *is_all { "" } else { "at least " };
    let bytes = if *length == 1 { "byte" } else { "bytes" };
    format!("{at_least}{length} {bytes} of {kind}, not shown")
}

/// The first lines of `body`, the start of one of `length` bytes, and how much of it they are. Pages repeat the URL that
/// they refuse, or the one that they lead to.
fn excerpt(body: &[u8], length: Option<u64>, secrets: Secrets) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shown = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii_end();
        if !text.is_empty() {
            if lines.len() == BODY_LINES {
                break;
            }
            let hidden = secrets.find(Part::Text(text));
            let text = &text[..text.len().min(LINE_BYTES)];
            let start = redact::replaced(text, &redact::within(&hidden, 0..text.len()));
            lines.push(String::from_utf8_lossy(&start).trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned());
        }
        if text.len() > LINE_BYTES {
            shown += LINE_BYTES;
            break;
        }
        shown += line.len();
    }
    match length {
        Some(length) if length > shown as u64 => lines.push(format!("… ({shown} of {length} bytes)")),
        None if shown < body.len() || body.len() >= MAX_BODY => lines.push(format!("… (the first {shown} bytes)")),
        _ => {}
    }
    lines
}

fn no_head(peer: &str, error: &HeadError, transport: Transport, secrets: Secrets) -> Error {
    let what = error.text(secrets);
    let mut failed = Error::new(Phase::Upgrade, format!("the upgrade at `{peer}` failed: {what}"));
    if let Some(evidence) = error.evidence(secrets) {
        failed = failed.evidence(evidence);
    }
    if error.fault == HeadFault::Ended {
        failed = failed.transient();
    }
    failed.diagnosed(diagnose_no_head(error, transport))
}

fn breached(peer: &str, head: &Head, findings: &[Finding], secrets: Secrets) -> Error {
    let telling = findings.iter().find(|finding| !finding.rule.can_go_on()).or(findings.first());
    let what = telling.map_or("it breaks the rules".into(), |finding| {
        format!("{} ({})", finding.rule.summary(), finding.rule.section())
    });
    Error::new(Phase::Upgrade, format!("the upgrade with `{peer}` failed: {what}"))
        .evidence(head.first_line_shown(secrets))
        .diagnosed(diagnose_breach(findings))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;
    use crate::error::ExitStatus;
    use crate::net::TimeLimit;

    #[test]
    fn an_excerpt_says_what_it_leaves_out() {
        let shown = |body: &[u8], length| excerpt(body, length, Secrets::Hidden);
        assert_eq!(shown(b"one\r\n\r\ntwo\r\n", Some(12)), ["one", "two"]);
        assert_eq!(shown(b"no length", None), ["no length"]);
        let long = [b'x'; MAX_BODY];
        assert_eq!(shown(&long, Some(9000)), ["x".repeat(500), "… (500 of 9000 bytes)".to_owned()]);
        assert_eq!(shown(&long, None), ["x".repeat(500), "… (the first 500 bytes)".to_owned()]);
        let many = shown(&b"a\n".repeat(12), Some(24));
        assert_eq!((many.len(), many[10].as_str()), (11, "… (20 of 24 bytes)"));
        assert_eq!(shown("é".repeat(400).as_bytes(), Some(800))[0], "é".repeat(250));
    }

    #[test]
    fn a_connection_that_breaks_before_a_response_may_want_tls() {
        let error = |stage| {
            let (error, transport) = (io::ErrorKind::ConnectionReset.into(), Transport::Plain);
            upgrade_error("h:80", UpgradeFailure::Broken { error, stage, transport }, Secrets::Hidden)
        };
        let diagnosis = |stage| error(stage).diagnosis().cloned();
        let hung_up = Diagnosis::NoHead(NoHead::HungUp { transport: Transport::Plain });
        assert_eq!(diagnosis(Stage::Waiting(HeadKind::Response)), Some(hung_up));
        assert_eq!(
            diagnosis(Stage::Waiting(HeadKind::Request)),
            None,
            "a client may only look whether a server is there"
        );
        for stage in [Stage::Writing, Stage::Reading] {
            assert_eq!(diagnosis(stage), Some(Diagnosis::NoHead(NoHead::CutOff)));
        }
        assert!(error(Stage::Reading).is_transient());
    }

    #[test]
    fn a_time_limit_says_where_the_upgrade_was() {
        let limit = TimeLimit::starting_now(Duration::from_secs(3));
        let error = upgrade_error("h:80", UpgradeFailure::TimedOut { limit, stage: Stage::Reading }, Secrets::Hidden);
        assert_eq!(error.to_string(), "`h:80` did not finish the head of its upgrade within 3 s");
        assert_eq!(error.exit_status(), ExitStatus::TimedOut);
    }
}
