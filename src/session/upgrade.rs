//! The opening handshake over a stream, within a time limit; what is said in it is `wire::handshake`'s business.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::diagnosis::{Diagnosis, NoHead};
use crate::error::{Error, Phase, Result};
use crate::event::{Direction, Event, Step, StepDetail};
use crate::http::redact::redacted_url;
use crate::http::{Head, HeadError, HeadFault, HeadKind, HeadProgress, HeadReader, MAX_BODY};
use crate::net::{Stream, StreamReader, StreamWriter, TimeLimit};
use crate::wire::Finding;
use crate::wire::handshake::{
    Agreed, Answer, Refusal, Reply, Request, ServerOptions, Strictness, Verdict, check_request, check_response,
    diagnose_no_head, refuse,
};

/// How long the body of a refusal may take: it is only evidence.
const BODY_LIMIT: Duration = Duration::from_secs(1);

/// A connection whose upgrade is complete.
#[derive(Debug)]
pub struct Upgraded {
    /// What was agreed on.
    pub agreed: Agreed,
    /// The peer's head.
    pub head: Head,
    /// What was checked and held, one line each.
    pub verified: Vec<String>,
    /// Bytes that came behind the head: the first frames.
    pub leftover: Vec<u8>,
    /// How long it took.
    pub step: Step,
}

/// Sends `request` and judges the answer.
///
/// # Errors
/// [`Phase::Upgrade`], with the evidence; a time limit that passed.
pub fn open(
    stream: &Arc<Stream>,
    reader: &mut StreamReader,
    request: &Request,
    strictness: Strictness,
    peer: &str,
    limit: TimeLimit,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Upgraded> {
    let started = Instant::now();
    let bytes = request.encode();
    observe(Event::Head { direction: Direction::Sent, bytes: &bytes });
    let mut exchange = Exchange { stream, reader, peer, limit, cut_off: NoHead::CutOff };
    exchange.write(&bytes)?;
    let (head, leftover) = exchange.read_head(HeadKind::Response)?.map_err(|error| exchange.no_head(&error))?;
    observe(Event::Head { direction: Direction::Received, bytes: head.raw() });
    let step = Step { took: started.elapsed(), detail: StepDetail::Upgraded { status_line: head.first_line() } };
    observe(Event::Step(&step));
    let verdict = match check_response(&head, request, strictness) {
        Answer::Upgraded(verdict) => verdict,
        Answer::Refused(mut refusal) => {
            refusal.body_mut().feed(&leftover);
            exchange.read_body(&mut refusal);
            return Err(refused(peer, &refusal));
        }
    };
    let diagnosis = verdict.diagnosis();
    let Verdict { findings, verified, notes, agreed } = verdict;
    for note in &notes {
        observe(Event::Note(note));
    }
    let Some(agreed) = agreed else {
        return Err(breached(peer, &head, &findings, observe).diagnosed(diagnosis));
    };
    for finding in &findings {
        observe(Event::Finding(finding));
    }
    Ok(Upgraded { agreed, head, verified, leftover, step })
}

/// Reads a client's request and answers it.
///
/// # Errors
/// [`Phase::Upgrade`] when the request is refused (the refusal has been sent); a time limit that passed.
pub fn accept(
    stream: &Arc<Stream>,
    reader: &mut StreamReader,
    options: &ServerOptions,
    peer: &str,
    limit: TimeLimit,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Upgraded> {
    let started = Instant::now();
    let mut exchange = Exchange { stream, reader, peer, limit, cut_off: NoHead::CutOff };
    let (head, leftover) = match exchange.read_head(HeadKind::Request)? {
        Ok(head) => head,
        Err(error) => {
            exchange.write(&refuse(&error))?;
            return Err(exchange.no_head(&error));
        }
    };
    observe(Event::Head { direction: Direction::Received, bytes: head.raw() });
    let Reply { response, verdict } = check_request(&head, options);
    let Verdict { findings, verified, notes, agreed } = verdict;
    observe(Event::Head { direction: Direction::Sent, bytes: &response });
    exchange.write(&response)?;
    let status_line = response.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let status_line = String::from_utf8_lossy(status_line).into_owned();
    let step = Step { took: started.elapsed(), detail: StepDetail::Upgraded { status_line } };
    for note in &notes {
        observe(Event::Detail(note));
    }
    let Some(agreed) = agreed else { return Err(breached(peer, &head, &findings, observe)) };
    for finding in &findings {
        observe(Event::Finding(finding));
    }
    Ok(Upgraded { agreed, head, verified, leftover, step })
}

struct Exchange<'a> {
    stream: &'a Arc<Stream>,
    reader: &'a mut StreamReader,
    peer: &'a str,
    limit: TimeLimit,
    /// What to say of a connection that breaks now.
    cut_off: NoHead,
}

impl Exchange<'_> {
    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let mut writer = StreamWriter::new(Arc::clone(self.stream));
        loop {
            self.stream
                .set_write_timeout(Some(self.time_left("did not take what the upgrade says")?))
                .map_err(|error| self.broken(error))?;
            let result = if bytes.is_empty() { writer.flush().map(|()| 0) } else { writer.write(bytes) };
            match result {
                Ok(_) if bytes.is_empty() => return Ok(()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    fn read_head(&mut self, kind: HeadKind) -> Result<Result<(Head, Vec<u8>), HeadError>> {
        let mut heads = HeadReader::new(kind);
        let mut buffer = [0; 16 * 1024];
        loop {
            let silence;
            (silence, self.cut_off) = match (heads.received(), kind) {
                (0, HeadKind::Response) => {
                    ("accepted the connection and sent nothing", NoHead::HungUp { transport: self.stream.transport() })
                }
                (0, HeadKind::Request) => ("connected and sent nothing", NoHead::CutOff),
                _ => ("did not finish the head of its upgrade", NoHead::CutOff),
            };
            match self.read(&mut buffer, silence)? {
                0 => return Ok(Err(heads.end())),
                count => match heads.feed(&buffer[..count]) {
                    HeadProgress::Incomplete => {}
                    HeadProgress::Complete { head, rest } => return Ok(Ok((head, rest.to_vec()))),
                    HeadProgress::Failed(error) => return Ok(Err(error)),
                },
            }
        }
    }

    /// Reads what helps to explain a refusal, for a moment.
    fn read_body(&mut self, refusal: &mut Refusal) {
        let until = Instant::now() + BODY_LIMIT;
        let mut buffer = [0; 4096];
        while refusal.body().wants_more() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return;
            }
            match self.reader.read_once(&mut buffer) {
                None => {}
                Some(Ok(0) | Err(_)) => return,
                Some(Ok(count)) => refusal.body_mut().feed(&buffer[..count]),
            }
        }
    }

    fn read(&mut self, into: &mut [u8], silence: &str) -> Result<usize> {
        loop {
            let left = self.time_left(silence)?;
            self.stream.set_read_timeout(Some(left)).map_err(|error| self.broken(error))?;
            match self.reader.read_once(into) {
                None => {}
                Some(Err(error)) if is_timeout(&error) => {}
                Some(result) => return result.map_err(|error| self.broken(error)),
            }
        }
    }

    fn time_left(&self, silence: &str) -> Result<Duration> {
        let passed = || self.limit.passed(Phase::Upgrade, format!("`{}` {silence}", self.peer));
        self.limit.left().ok_or_else(passed)
    }

    fn broken(&self, error: io::Error) -> Error {
        Error::new(Phase::Upgrade, format!("the connection to `{}` broke during the upgrade", self.peer))
            .caused_by(error)
            .transient()
            .diagnosed(Diagnosis::NoHead(self.cut_off))
    }

    fn no_head(&self, error: &HeadError) -> Error {
        let what = redacted_url(&error.to_string());
        let mut refused = Error::new(Phase::Upgrade, format!("the upgrade at `{}` failed: {what}", self.peer));
        if let Some(evidence) = error.evidence() {
            refused = refused.evidence(evidence);
        }
        if error.fault == HeadFault::Ended {
            refused = refused.transient();
        }
        refused.diagnosed(diagnose_no_head(error, self.stream.transport()))
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn refused(peer: &str, refusal: &Refusal) -> Error {
    let mut error = Error::new(Phase::Upgrade, format!("`{peer}` refused the upgrade: {}", refusal.status_line()));
    if !(400..=499).contains(&refusal.status()) {
        error = match refusal.retry_after() {
            Some(seconds) => error.transient_for(seconds),
            None => error.transient(),
        };
    }
    for header in refusal.telling_headers() {
        error = error.evidence(redacted_url(&header));
    }
    for line in excerpt(&refusal.body().start(), refusal.body().length()) {
        error = error.evidence(format!("| {line}"));
    }
    error.diagnosed(refusal.diagnosis())
}

/// Lines of a refusal's body that are shown, and bytes of each.
const BODY_LINES: usize = 10;
const LINE_BYTES: usize = 500;

/// The first lines of `body`, the start of one of `length` bytes, and how much of it they are.
fn excerpt(body: &[u8], length: Option<u64>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shown = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii_end();
        if !text.is_empty() {
            if lines.len() == BODY_LINES {
                break;
            }
            let start = String::from_utf8_lossy(&text[..text.len().min(LINE_BYTES)]);
            lines.push(start.trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned());
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

/// The error for findings that fail the handshake; each has been shown.
fn breached(peer: &str, head: &Head, findings: &[Finding], observe: &mut dyn FnMut(Event<'_>)) -> Error {
    for finding in findings {
        observe(Event::Finding(finding));
    }
    let telling = findings.iter().find(|finding| !finding.rule.can_go_on()).or(findings.first());
    let what = telling.map_or("it breaks the rules".into(), |finding| {
        format!("{} ({})", finding.rule.summary(), finding.rule.section())
    });
    Error::new(Phase::Upgrade, format!("the upgrade with `{peer}` failed: {what}"))
        .evidence(redacted_url(&head.first_line()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_says_what_it_leaves_out() {
        assert_eq!(excerpt(b"one\r\n\r\ntwo\r\n", Some(12)), ["one", "two"]);
        assert_eq!(excerpt(b"no length", None), ["no length"]);
        let long = [b'x'; MAX_BODY];
        assert_eq!(excerpt(&long, Some(9000)), ["x".repeat(500), "… (500 of 9000 bytes)".to_owned()]);
        assert_eq!(excerpt(&long, None), ["x".repeat(500), "… (the first 500 bytes)".to_owned()]);
        let many = excerpt(&b"a\n".repeat(12), Some(24));
        assert_eq!((many.len(), many[10].as_str()), (11, "… (20 of 24 bytes)"));
        assert_eq!(excerpt("é".repeat(400).as_bytes(), Some(800))[0], "é".repeat(250));
    }
}
