//! One event of a line, by its type.

use std::time::Duration;

use crate::error::{Error, ExitStatus, Phase};
use crate::event::{
    Certificate, CertificateAnswer, CertificateFault, CertificateRequest, Direction, Ended, FailedCheck, Opened,
    PeerAddress, RoundTrips, Step, StepDetail, Summary, TlsFacts,
};
use crate::recording::json_lines::fields::{Fields, Wrong, object, text};
use crate::recording::{RecordedEvent, RecordedWire};
use crate::wire::{CloseCode, CloseReason, Counters, Finding, Role, Rule};

/// The event of a line of this type; `None`, if the type is unknown: a later version may have more.
pub fn event(kind: &str, fields: &Fields<'_>) -> Result<Option<RecordedEvent>, Wrong> {
    Ok(Some(match kind {
        "step" => RecordedEvent::Step(step(fields)?),
        "tls" => RecordedEvent::Tls(tls(fields)?),
        "head" => RecordedEvent::Head { direction: fields.direction()?, bytes: fields.text_or_bytes()? },
        "open" => RecordedEvent::Open(Box::new(opened(fields)?)),
        "close_frame" => close_frame(fields)?,
        "finding" => finding(fields)?,
        "close" => RecordedEvent::Ended(ended(fields)?),
        "summary" => RecordedEvent::Summary(summary(fields)?),
        "error" => RecordedEvent::Error(Box::new(error(fields)?)),
        "warning" => RecordedEvent::Warning(fields.text("text")?),
        "note" => RecordedEvent::Note(fields.text("text")?),
        "detail" => RecordedEvent::Detail(fields.text("text")?),
        _ => return Ok(None),
    }))
}

fn step(fields: &Fields<'_>) -> Result<Step, Wrong> {
    let name = fields.text("name")?;
    let name = StepDetail::NAMES.into_iter().find(|known| *known == name);
    let name = name.ok_or_else(|| "`name` is no step of connecting".to_owned())?;
    Ok(Step { took: fields.seconds("took")?, detail: StepDetail::Described { name, text: fields.text("detail")? } })
}

fn tls(fields: &Fields<'_>) -> Result<TlsFacts, Wrong> {
    let failure = fields.optional_text("failure")?.unwrap_or_default();
    let check = (!fields.boolean("verified")?).then_some(FailedCheck::Described(failure));
    let request = fields.optional_text("certificate_request")?;
    Ok(TlsFacts {
        version: fields.text("version")?,
        cipher_suite: fields.text("cipher_suite")?,
        key_exchange: fields.optional_text("key_exchange")?,
        alpn: fields.optional_text("alpn")?,
        server_name: fields.text("server_name")?,
        certificates: fields.array("certificates", |name, value| text(name, value).map(Certificate::Described))?,
        verified: check.map_or(Ok(()), |check| Err(CertificateFault { depth: 0, subject: String::new(), check })),
        certificate_request: request
            .map(|text| CertificateRequest { answer: CertificateAnswer::Described(text), issuers: Vec::new() }),
    })
}

/// Its heads are those before it.
fn opened(fields: &Fields<'_>) -> Result<Opened, Wrong> {
    Ok(Opened {
        role: match fields.optional_text("role")? {
            Some(name) => role("role", &name)?,
            None => Role::Client,
        },
        url: fields.text("url")?,
        target: fields.optional_text("target")?.unwrap_or_default(),
        address: address(&fields.text("address")?)?,
        status: fields.small("status")?,
        headers: fields.array("headers", |name, value| {
            let header = object(name, value)?;
            Ok((header.text("name")?, header.text("value")?.into_bytes()))
        })?,
        subprotocol: fields.optional_text("subprotocol")?,
        extensions: fields.optional_text("extensions")?,
        tls: fields.optional_object("tls")?.map(|facts| tls(&facts)).transpose()?,
        steps: fields.array("steps", |name, value| step(&object(name, value)?))?,
        verified: fields.array("verified", text)?,
        request_head: Vec::new(),
        response_head: Vec::new(),
    })
}

fn address(text: &str) -> Result<PeerAddress, Wrong> {
    match text.strip_prefix("unix:") {
        Some(path) => Ok(PeerAddress::Unix(path.to_owned())),
        None if text == PeerAddress::UNKNOWN => Ok(PeerAddress::Unknown),
        None => text.parse().map(PeerAddress::Tcp).map_err(|_| "`address` is no address with a port".to_owned()),
    }
}

fn close_frame(fields: &Fields<'_>) -> Result<RecordedEvent, Wrong> {
    let code = match fields.optional_number("code")? {
        None => None,
        Some(code) => Some(CloseCode::from(u16::try_from(code).map_err(|_| "`code` is too large".to_owned())?)),
    };
    Ok(RecordedEvent::Wire {
        direction: fields.direction()?,
        event: RecordedWire::Close(CloseReason { code, reason: fields.text_or_bytes()? }),
        round_trip: None,
    })
}

/// A rule that this version does not know is told as a warning.
fn finding(fields: &Fields<'_>) -> Result<RecordedEvent, Wrong> {
    let (section, summary, detail) = (fields.text("section")?, fields.text("summary")?, fields.text("detail")?);
    let blame = role("blame", &fields.text("blame")?)?;
    let Some(rule) = Rule::named(&summary) else {
        return Ok(RecordedEvent::Warning(format!("finding: {summary}: {detail} ({section})")));
    };
    let has_hint = fields.optional_text("hint")?.is_some();
    Ok(RecordedEvent::Finding(Box::new(Finding {
        rule,
        blame,
        offset: fields.number("offset")?,
        bytes: fields.hexadecimal("bytes")?,
        detail,
        diagnosis: rule.diagnosis().filter(|_| has_hint),
    })))
}

fn role(name: &str, value: &str) -> Result<Role, Wrong> {
    match value {
        "client" => Ok(Role::Client),
        "server" => Ok(Role::Server),
        _ => Err(format!("`{name}` is neither `client` nor `server`")),
    }
}

fn ended(fields: &Fields<'_>) -> Result<Ended, Wrong> {
    let reason = fields.text("reason")?;
    Ok(Ended {
        code: CloseCode::from(fields.small::<u16>("code")?),
        reason: fields.optional_base64("binary")?.unwrap_or_else(|| reason.into_bytes()),
        conclusion: fields.optional_text("conclusion")?,
        by: match fields.text("by")?.as_str() {
            "us" | "client" => Direction::Sent,
            "peer" | "server" => Direction::Received,
            _ => return Err("`by` is no side of a connection".to_owned()),
        },
        clean: fields.boolean("clean")?,
        status: status(fields.number("exit_status")?)?,
        // It follows from the messages.
        meaning: None,
    })
}

fn status(code: u64) -> Result<ExitStatus, Wrong> {
    let known = ExitStatus::ALL.into_iter().find(|status| u64::from(status.code()) == code);
    known.ok_or_else(|| "`exit_status` is none of ours".to_owned())
}

fn summary(fields: &Fields<'_>) -> Result<Summary, Wrong> {
    let round_trips = fields.optional_object("round_trips")?.map(|times| -> Result<_, Wrong> {
        Ok(RoundTrips {
            count: times.number("count")?,
            least: times.seconds("least")?,
            mean: times.seconds("mean")?,
            most: times.seconds("most")?,
        })
    });
    Ok(Summary {
        sent: counters(&fields.object("sent")?)?,
        received: counters(&fields.object("received")?)?,
        round_trips: round_trips.transpose()?,
        open_for: fields.seconds("open_for")?,
    })
}

fn counters(fields: &Fields<'_>) -> Result<Counters, Wrong> {
    Ok(Counters {
        frames: fields.number("frames")?,
        messages: fields.number("messages")?,
        wire_bytes: fields.number("wire_bytes")?,
        message_bytes: fields.number("message_bytes")?,
        compressed_bytes: fields.number("compressed_bytes")?,
        inflated_bytes: fields.number("inflated_bytes")?,
    })
}

fn error(fields: &Fields<'_>) -> Result<Error, Wrong> {
    let phase = fields.text("phase")?;
    let phase = Phase::ALL.into_iter().find(|known| known.name() == phase);
    let phase = phase.ok_or_else(|| "`phase` is none of ours".to_owned())?;
    let message = fields.text("message")?;
    let error = match fields.optional_seconds("limit")? {
        Some(limit) => timed_out(phase, limit, &message),
        None => Error::new(phase, message),
    };
    let error = fields.array("evidence", text)?.into_iter().fold(error, Error::evidence);
    let error = match fields.optional_text("hint")? {
        Some(hint) => error.hint(hint),
        None => error,
    };
    Ok(match Cause::chain(fields.array("causes", text)?) {
        Some(cause) => error.caused_by(cause),
        None => error,
    })
}

/// The message of an error has its time limit at the end.
fn timed_out(phase: Phase, limit: Duration, message: &str) -> Error {
    let bare = Error::timed_out(phase, limit, "").to_string();
    Error::timed_out(phase, limit, message.strip_suffix(&bare).unwrap_or(message))
}

/// The text of an error underneath another one.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    /// The most causes that are kept: each is dropped within the one before it.
    const MOST: usize = 32;

    /// Each is the cause of the one before it.
    fn chain(texts: Vec<String>) -> Option<Self> {
        texts
            .into_iter()
            .take(Self::MOST)
            .rev()
            .fold(None, |source, text| Some(Self { text, source: source.map(Box::new) }))
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
