//! A recording as one page for people: its script and its style are in it, and nothing is loaded from anywhere.
//!
//! What peers sent stands in the page as data, in JSON without a `<`, so that no payload can end its place. The script sets
//! it as text alone. The policy of the page permits this script and this style, each by its hash, and no connection.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::SystemTime;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::diagnosis::Advice;
use crate::event::{
    Annotation, Detail, Direction, Directions, Event, EventSink, Flow, FlushError, Messages, Opened, Origin, Texts,
    Timestamp, Wants,
};
use crate::http::redact::{Part, Secrets};
use crate::output::json::{Members, object, string};
use crate::output::redacted::{hidden_places, without};
use crate::output::{Perspective, annotation_words, client_facts, tls_facts};
use crate::wire::{self, Close, Finding, Kind};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const PAGE: &str = include_str!("page.html");

/// What waits is written when it has grown beyond this.
const FLUSH_AT: usize = 64 << 10;

/// Writes the page. It takes events in order, and is complete after [`finish`](Self::finish).
pub struct PageWriter<W: Write> {
    output: W,
    buffer: Vec<u8>,
    secrets: Secrets,
    advice: Advice,
    error: Option<io::Error>,
}

impl<W: Write> PageWriter<W> {
    /// Begins a page.
    pub fn new(output: W, secrets: Secrets, advice: Advice) -> Self {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
            hash(SCRIPT),
            hash(STYLE)
        );
        let page = PAGE.replace("{policy}", &policy).replace("{style}", STYLE);
        Self { output, buffer: page.into_bytes(), secrets, advice, error: None }
    }

    /// Ends the page.
    ///
    /// # Errors
    /// The first error of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.buffer.extend_from_slice(b"</script>\n<script>");
        self.buffer.extend_from_slice(SCRIPT.as_bytes());
        self.buffer.extend_from_slice(b"</script>\n</body>\n</html>\n");
        self.write();
        match self.error {
            Some(error) => Err(error),
            None => self.output.flush().map(|()| self.output),
        }
    }

    fn write(&mut self) {
        if self.error.is_none() {
            self.error = self.output.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }

    /// A line of data: one object.
    fn line(&mut self, origin: Origin, at: Timestamp, kind: &str, members: impl FnOnce(&mut Members<'_>)) {
        let start = self.buffer.len();
        object(&mut self.buffer, |object| {
            object.string("type", kind);
            if let Some(client) = origin.client {
                object.number("connection", client);
            }
            object.seconds("at", at.elapsed);
            let wall = at.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            object.number("wall", u64::try_from(wall.as_millis()).unwrap_or_default());
            members(object);
        });
        // In JSON it stands in strings only.
        let line = self.buffer.split_off(start);
        for (place, piece) in line.split(|byte| *byte == b'<').enumerate() {
            self.buffer.extend_from_slice(if place > 0 { b"\\u003c" } else { b"" });
            self.buffer.extend_from_slice(piece);
        }
        self.buffer.push(b'\n');
        if self.buffer.len() > FLUSH_AT {
            self.write();
        }
    }

    /// A row without a payload.
    fn note(&mut self, origin: Origin, at: Timestamp, opcode: &str, text: &str) {
        self.line(origin, at, "note", |members| {
            members.boolean("control", true);
            members.boolean("wrong", matches!(opcode, "error" | "finding"));
            members.string("opcode", opcode);
            members.string("text", text);
        });
    }

    fn finding(&mut self, origin: Origin, at: Timestamp, finding: &Finding) {
        self.note(origin, at, "finding", &format!("{}: {}", finding.rule.summary(), finding.detail));
    }

    fn opened(&mut self, origin: Origin, at: Timestamp, opened: &Opened) {
        let secrets = self.secrets;
        let head = |bytes: &[u8]| secrets.text(Part::Head(bytes));
        let facts = [client_facts(opened, secrets)].into_iter().chain(opened.tls.iter().flat_map(tls_facts));
        self.line(origin, at, "open", |members| {
            members.string("url", &secrets.text(Part::Text(opened.url.as_bytes())));
            members.array("facts", facts, |output, fact| string(output, &fact));
            members.string("request", &head(&opened.request_head));
            members.string("response", &head(&opened.response_head));
        });
    }

    fn wire(
        &mut self,
        origin: Origin,
        at: Timestamp,
        direction: Direction,
        event: &wire::Event<'_>,
        annotation: Option<&Annotation>,
    ) {
        let (opcode, kind, payload) = match event {
            wire::Event::Message { kind: Kind::Text, payload, .. } => ("text", Kind::Text, *payload),
            wire::Event::Message { kind: Kind::Binary, payload, .. } => ("binary", Kind::Binary, *payload),
            wire::Event::Ping(payload) => ("ping", Kind::Text, *payload),
            wire::Event::Pong(payload) => ("pong", Kind::Text, *payload),
            wire::Event::Close(close) => return self.close(origin, at, direction, close),
            wire::Event::Finding(finding) => return self.finding(origin, at, finding),
            // Large messages are wanted whole.
            wire::Event::Frame(_) | wire::Event::Part { .. } => return,
        };
        let hidden = hidden_places(annotation, self.secrets);
        self.line(origin, at, "message", |members| {
            members.string("direction", Perspective::End.direction(direction).1);
            members.string("opcode", opcode);
            members.number("length", payload.len() as u64);
            let payload = without(kind, payload, hidden);
            match (kind, str::from_utf8(&payload)) {
                (Kind::Text, Ok(text)) => members.string("text", text),
                _ => members.string("binary", &BASE64.encode(&payload)),
            }
            if !hidden.is_empty() {
                members.boolean("hidden", true);
            }
            if matches!(opcode, "ping" | "pong") {
                members.boolean("control", true);
            }
            if let Some(annotation) = annotation {
                meaning(members, annotation);
            }
        });
    }

    fn close(&mut self, origin: Origin, at: Timestamp, direction: Direction, close: &Close<'_>) {
        let code = close.code.map_or_else(|| "no code".to_owned(), |code| u16::from(code).to_string());
        self.line(origin, at, "message", |members| {
            members.string("direction", Perspective::End.direction(direction).1);
            members.boolean("control", true);
            members.string("opcode", "close");
            members.string("text", format!("{code} {}", String::from_utf8_lossy(close.reason)).trim_end());
        });
    }
}

impl<W: Write + Send> EventSink for PageWriter<W> {
    fn wants(&self) -> Wants {
        Wants {
            directions: Directions::Both,
            messages: Messages::Whole,
            texts: Texts::InBulk,
            detail: Detail::Messages,
        }
    }

    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        match event {
            Event::Wire { direction, event, annotation, .. } => self.wire(origin, at, *direction, event, *annotation),
            Event::Open(opened) => self.opened(origin, at, opened),
            Event::Finding(finding) => self.finding(origin, at, finding),
            Event::Ended(ended) => {
                let code = format!("disconnected, code {}", u16::from(ended.code));
                let said = [Some(code.as_str()), ended.meaning, ended.conclusion.as_deref()];
                self.note(origin, at, "end", &said.into_iter().flatten().collect::<Vec<_>>().join(": "));
            }
            Event::Error(error) => {
                let causes = error.causes().map(ToString::to_string);
                let text: Vec<_> = [error.to_string()].into_iter().chain(causes).collect();
                let hint = error.hint_with(self.advice).map(|hint| format!("\nhint: {hint}"));
                self.note(origin, at, "error", &format!("{}{}", text.join(": "), hint.unwrap_or_default()));
            }
            Event::Warning(text) => self.note(origin, at, "warning", text),
            Event::Note(text) => self.note(origin, at, "note", text),
            Event::Step(_) | Event::Tls(_) | Event::Head { .. } | Event::Summary(_) | Event::Detail(_) => {}
        }
        Flow::Continue
    }

    /// An error is that of [`finish`](PageWriter::finish).
    fn flush(&mut self) -> Result<(), FlushError> {
        self.write();
        Ok(())
    }
}

/// What a message means, in a line.
fn meaning(members: &mut Members<'_>, annotation: &Annotation) {
    let (said, error) = annotation_words(annotation);
    let meaning = said + &error;
    members.string("meaning", if meaning.is_empty() { &annotation.kind } else { &meaning });
    if annotation.error.is_some() {
        members.boolean("wrong", true);
    }
}

/// The source expression of a script or a style (Content Security Policy, section 2.3.1).
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text.as_bytes())))
}
