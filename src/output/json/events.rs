//! One object an event.

mod held_frame;
mod recorded;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::diagnosis::Advice;
use crate::error::Error;
use crate::event::{Annotation, AnnotationSource, Direction, Ended, Event, Opened, Timestamp, TlsFacts};
use crate::http::redact::{Part, Secrets};
use crate::output::json::VERSION;
use crate::output::json::texts::TextLines;
use crate::output::json::write::{Members, long_base64, long_hexadecimal, long_string, object, string};
use crate::output::options::{Annotations, Extent, Options, Timestamps, View};
use crate::output::sink::Sink;
use crate::output::timestamp::{self, TimestampWriter};
use crate::output::{certificate, diagnostic_lines, digits, frames};
use crate::wire::{self, Finding, Frame, Kind, MessageFacts, Position, TextBatch};
use held_frame::{Carrier, HeldFrame};
pub(super) use held_frame::{OFFSET, write_header};

/// The writer of the event stream. It keeps the members that all events of one time share.
#[derive(Debug, Default)]
pub struct Stream {
    /// For which time and client `shared` was made.
    shared_for: Option<(Timestamp, Option<u64>)>,
    /// `"time":…,"elapsed":…,"client":…`
    shared: Vec<u8>,
    /// For which messages `lead` was made of `shared`.
    lead_for: Option<(Way, Kind)>,
    /// What the lines of such messages have in common, up to `"length":`.
    lead: Vec<u8>,
    /// The first line of a recording has been written.
    has_begun: bool,
    /// In a recording, the frame that came last, where its message may carry it.
    held: HeldFrame,
    /// The frame that the message of the next line carries.
    carrier: Option<Carrier>,
}

impl Stream {
    /// Appends the line of an event, if it has one. An opening must reach `clock` before, an end after it came here.
    pub fn event(
        &mut self,
        sink: &mut Sink,
        clock: &mut TimestampWriter,
        options: &Options,
        client: Option<u64>,
        at: Timestamp,
        event: &Event<'_>,
    ) {
        if let Event::Open(_) = event {
            // From now on the same time has an `elapsed` beside it.
            self.shared_for = None;
        }
        let perspective = options.perspective;
        if options.extent == Extent::Everything {
            self.begin(sink, clock, perspective, at);
            if self.is_held(sink, clock, perspective, (client, at), event) {
                return;
            }
        }
        self.share(clock, client, at);
        match event {
            Event::Wire { direction, event: wire::Event::Message { kind, payload, facts }, annotation, .. } => {
                self.message(sink, perspective.direction(*direction), *kind, payload, facts);
                if let Some(annotation) = annotation.filter(|_| options.annotations == Annotations::Shown) {
                    sink.buffer.extend_from_slice(b",\"annotation\":");
                    object(&mut sink.buffer, |members| members_of_annotation(members, annotation));
                }
                sink.buffer.extend_from_slice(b"}\n");
            }
            Event::Wire { direction, event: wire::Event::Close(close), .. } if options.extent == Extent::Everything => {
                self.close_frame(sink, perspective.direction(*direction), close);
            }
            Event::Wire { direction, event, round_trip, .. } => {
                self.wire_event(sink, options, perspective.direction(*direction), event, *round_trip);
            }
            Event::Finding(finding) => self.finding(sink, finding, options.advice),
            Event::Open(opened) => self.line(sink, "open", |members| {
                members_of_open(members, opened, options.secrets);
                if options.extent == Extent::Everything {
                    recorded::members_of_open(members, opened, options.secrets);
                }
            }),
            Event::Ended(ended) => {
                self.line(sink, "close", |members| members_of_close(members, ended, perspective.side(ended.by)));
            }
            Event::Error(error) => self.line(sink, "error", |members| members_of_error(members, error, options.advice)),
            _ if options.extent == Extent::Everything => self.recorded(sink, options, event),
            Event::Step(_)
            | Event::Tls(_)
            | Event::Head { .. }
            | Event::Summary(_)
            | Event::Warning(_)
            | Event::Note(_)
            | Event::Detail(_) => {}
        }
    }

    fn wire_event(
        &mut self,
        sink: &mut Sink,
        options: &Options,
        direction: Way,
        event: &wire::Event<'_>,
        round_trip: Option<Duration>,
    ) {
        match event {
            wire::Event::Frame(frame) => {
                self.frame(sink, options.extent, direction, frame);
            }
            wire::Event::Ping(payload) => self.control(sink, "ping", direction, payload, None),
            wire::Event::Pong(payload) => self.control(sink, "pong", direction, payload, round_trip),
            wire::Event::Finding(finding) => self.finding(sink, finding, options.advice),
            wire::Event::Message { .. } | wire::Event::Part { .. } | wire::Event::Close(_) => {}
        }
    }

    /// Appends the lines of text messages.
    pub fn texts(
        &mut self,
        sink: &mut Sink,
        clock: &mut TimestampWriter,
        options: &Options,
        (client, at): (Option<u64>, Timestamp),
        direction: Direction,
        texts: &TextBatch<'_>,
    ) {
        if options.extent == Extent::Everything {
            self.begin(sink, clock, options.perspective, at);
            self.release(sink, clock, options.perspective);
        }
        self.share(clock, client, at);
        let lead = self.lead(options.perspective.direction(direction), Kind::Text);
        let mut lines = TextLines::new(options.extent, lead);
        for frame in texts.frames() {
            lines.add(sink, &frame);
            sink.flush_if_large();
        }
    }

    /// Makes the members that all events of this time share. The events of one read have the same: most of them find it
    /// made.
    fn share(&mut self, clock: &mut TimestampWriter, client: Option<u64>, at: Timestamp) {
        if self.shared_for == Some((at, client)) {
            return;
        }
        self.shared_for = Some((at, client));
        self.lead_for = None;
        self.shared.clear();
        self.shared.extend_from_slice(b"\"time\":\"");
        clock.write(&mut self.shared, (Timestamps::Utc, View::Exact), client, at);
        self.shared.push(b'"');
        if let Some(elapsed) = clock.elapsed(client, at) {
            self.shared.extend_from_slice(b",\"elapsed\":");
            timestamp::seconds(&mut self.shared, elapsed);
        }
        if let Some(client) = client {
            self.shared.extend_from_slice(b",\"client\":");
            digits::decimal(&mut self.shared, client);
        }
    }

    /// What the lines of such messages begin with.
    fn lead(&mut self, direction: Way, kind: Kind) -> &[u8] {
        if self.lead_for == Some((direction, kind)) {
            return &self.lead;
        }
        let opcode = match kind {
            Kind::Text => "text",
            Kind::Binary => "binary",
        };
        self.lead_for = Some((direction, kind));
        self.lead.clear();
        self.lead.extend_from_slice(b"{\"type\":\"message\",");
        self.lead.extend_from_slice(&self.shared);
        let (name, value) = direction;
        for piece in [",\"", name, "\":\"", value, "\",\"opcode\":\"", opcode, "\",\"length\":"] {
            self.lead.extend_from_slice(piece.as_bytes());
        }
        &self.lead
    }

    fn finding(&self, sink: &mut Sink, finding: &Finding, advice: Advice) {
        self.line(sink, "finding", |members| members_of_finding(members, finding, advice));
    }

    fn line(&self, sink: &mut Sink, name: &str, write: impl FnOnce(&mut Members<'_>)) {
        object(&mut sink.buffer, |members| {
            members.string("type", name);
            members.prepared(&self.shared);
            write(members);
        });
        sink.buffer.push(b'\n');
    }

    /// Appends the line of a message, up to its annotation.
    fn message(&mut self, sink: &mut Sink, direction: Way, kind: Kind, payload: &[u8], facts: &MessageFacts) {
        let lead = self.lead(direction, kind);
        let output = &mut sink.buffer;
        output.extend_from_slice(lead);
        digits::decimal(output, facts.length);
        output.extend_from_slice(b",\"fragments\":");
        digits::decimal(output, facts.fragments.into());
        if let Some(carrier) = &self.carrier {
            carrier.write(output);
        }
        if let Some(compressed) = facts.compressed {
            output.extend_from_slice(b",\"compressed\":");
            digits::decimal(output, compressed);
        }
        if let (Kind::Text, Ok(text)) = (kind, simdutf8::basic::from_utf8(payload)) {
            output.extend_from_slice(b",\"text\":");
            long_string(sink, text);
        } else {
            output.extend_from_slice(b",\"binary\":\"");
            long_base64(sink, payload);
            sink.buffer.push(b'"');
        }
    }

    fn control(&self, sink: &mut Sink, name: &str, direction: Way, payload: &[u8], round_trip: Option<Duration>) {
        self.line(sink, name, |members| {
            members.string(direction.0, direction.1);
            if let Some(carrier) = &self.carrier {
                carrier.members(members);
            }
            text_or_bytes(members, payload);
            if let Some(round_trip) = round_trip {
                members.seconds("round_trip", round_trip);
            }
        });
    }

    /// The line of a frame. A payload may be long, so it is written in pieces.
    fn frame(&self, sink: &mut Sink, extent: Extent, direction: Way, frame: &Frame<'_>) {
        self.line(sink, "frame", |members| members_of_frame(members, direction, frame));
        sink.buffer.truncate(sink.buffer.len() - "}\n".len());
        let inflation = if extent == Extent::Everything { frame.inflation } else { b"" };
        for (name, bytes) in [("payload", frame.payload), ("inflation", inflation)] {
            if !bytes.is_empty() {
                sink.buffer.extend([",\"", name, "\":\""].concat().bytes());
                long_hexadecimal(sink, bytes);
                sink.buffer.push(b'"');
            }
        }
        sink.buffer.extend_from_slice(b"}\n");
    }
}

/// The member that says which way something went.
type Way = (&'static str, &'static str);

fn members_of_open(members: &mut Members<'_>, opened: &Opened, secrets: Secrets) {
    members.number("version", VERSION);
    members.string("url", &secrets.text(Part::Text(opened.url.as_bytes())));
    members.string("address", &opened.address.to_string());
    members.number("status", opened.status.into());
    members.array("headers", &opened.headers, |output, (name, value)| {
        object(output, |members| {
            members.string("name", name);
            members.string("value", &header_text(&secrets.bytes(Part::Value { name, value })));
        });
    });
    members.optional_string("subprotocol", diagnostic_lines::subprotocol(opened, secrets).as_deref());
    members.optional_string("extensions", opened.extensions.as_deref());
    if let Some(tls) = &opened.tls {
        members.object("tls", |members| members_of_tls(members, tls));
    }
    members.array("steps", &opened.steps, |output, step| {
        object(output, |members| recorded::members_of_step(members, step));
    });
}

/// A header's value; bytes that aren't UTF-8 are ISO 8859-1, as HTTP once had it.
fn header_text(value: &[u8]) -> String {
    str::from_utf8(value).map_or_else(|_| value.iter().copied().map(char::from).collect(), str::to_owned)
}

fn members_of_tls(members: &mut Members<'_>, tls: &TlsFacts) {
    members.string("version", &tls.version);
    members.string("cipher_suite", &tls.cipher_suite);
    members.optional_string("key_exchange", tls.key_exchange.as_deref());
    members.optional_string("alpn", tls.alpn.as_deref());
    members.string("server_name", &tls.server_name);
    members.array("certificates", &tls.certificates, |output, shown| {
        string(output, &certificate::line(shown));
    });
    members.boolean("verified", tls.verified.is_ok());
    let failure = tls.verified.as_ref().err().map(certificate::complaint);
    members.optional_string("failure", failure.as_deref());
    let request = tls.certificate_request.as_ref().map(certificate::request);
    members.optional_string("certificate_request", request.as_deref());
}

fn members_of_annotation(members: &mut Members<'_>, annotation: &Annotation) {
    let Annotation { source, kind, text, id, answers, took, error, is_heartbeat: _, secrets: _ } = annotation;
    match source {
        AnnotationSource::Dialect(name) => members.string("dialect", name),
        AnnotationSource::Decoder(name) => members.string("decoder", name),
    }
    members.string("kind", kind);
    members.string("text", text);
    members.optional_string("id", id.as_deref());
    members.optional_string("answers", answers.as_deref());
    if let Some(took) = took {
        members.milliseconds("took_ms", *took);
    }
    members.optional_string("error", error.as_deref());
}

/// Bytes that are most likely text.
fn text_or_bytes(members: &mut Members<'_>, bytes: &[u8]) {
    match str::from_utf8(bytes) {
        Ok(text) => members.string("text", text),
        Err(_) => members.base64("binary", bytes),
    }
}

fn members_of_frame(members: &mut Members<'_>, (name, value): Way, frame: &Frame<'_>) {
    let header = &frame.header;
    members.string(name, value);
    members.number("offset", frame.offset);
    match frames::name(header.opcode) {
        Some(name) => members.string("opcode", name),
        None => members.string("opcode", &format!("{:#x}", u8::from(header.opcode))),
    }
    members.boolean("fin", header.fin);
    members.number("rsv", header.rsv.into());
    if let Some(mask) = header.mask {
        members.hexadecimal("mask", &mask);
    }
    members.number("length", header.length);
    if frame.received < header.length {
        members.number("received", frame.received);
    }
    members.number("wire", frame.header_bytes.len() as u64 + frame.received);
    match frame.position {
        Position::Whole => {}
        Position::First => members.number("part", 1),
        Position::Middle(part) | Position::Last(part) => members.number("part", part.into()),
    }
    if let Some(inflated) = frame.inflated {
        members.number("inflated", inflated);
    }
    members.hexadecimal("header", frame.header_bytes);
}

fn members_of_finding(members: &mut Members<'_>, finding: &Finding, advice: Advice) {
    members.string("blame", diagnostic_lines::role(finding.blame));
    members.string("section", finding.rule.section());
    members.string("summary", finding.rule.summary());
    members.string("detail", &finding.detail);
    members.number("offset", finding.offset);
    members.hexadecimal("bytes", &finding.bytes);
    members.optional_string("hint", finding.diagnosis.as_ref().map(advice).as_deref());
}

fn members_of_close(members: &mut Members<'_>, ended: &Ended, by: &str) {
    members.number("code", u16::from(ended.code).into());
    members.optional_string("meaning", ended.meaning);
    members.string("reason", &String::from_utf8_lossy(&ended.reason));
    if str::from_utf8(&ended.reason).is_err() {
        members.base64("binary", &ended.reason);
    }
    members.optional_string("conclusion", ended.conclusion.as_deref());
    members.string("by", by);
    members.boolean("clean", ended.clean);
    members.number("exit_status", ended.status.code().into());
}

fn members_of_error(members: &mut Members<'_>, error: &Error, advice: Advice) {
    members.string("phase", error.phase().name());
    members.string("message", &error.to_string());
    members.array("causes", error.causes(), |output, cause| string(output, &cause.to_string()));
    members.array("evidence", error.evidence_lines(), |output, line| string(output, line));
    members.optional_string("hint", error.hint_with(advice).as_deref());
    if let Some(limit) = error.time_limit() {
        members.seconds("limit", limit);
    }
    members.number("exit_status", error.exit_status().code().into());
}
