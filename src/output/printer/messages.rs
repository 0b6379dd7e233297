//! Messages on the data stream.

use std::mem;

use crate::event::{Annotation, Direction, Origin, Timestamp};
use crate::output::options::{Annotations, DataFormat, View};
use crate::output::pretty::{self, Layout};
use crate::output::printer::Printer;
use crate::output::redacted::{hidden_places, without};
use crate::output::sink::Sink;
use crate::output::theme::Style;
use crate::output::{diagnostic_lines, json, text};
use crate::wire::{Kind, TextBatch};

/// How many typed lines may be sent that are not read back yet. What is typed faster is shown twice.
const TYPED: usize = 100;

/// A binary message that comes in parts.
#[derive(Debug, Default)]
pub(super) struct Streamed {
    /// Bytes so far.
    length: u64,
    /// The first of them, for a terminal.
    start: Vec<u8>,
}

impl Streamed {
    fn add(&mut self, payload: &[u8]) {
        self.length += payload.len() as u64;
        let missing = text::SHOWN.saturating_sub(self.start.len()).min(payload.len());
        self.start.extend_from_slice(&payload[..missing]);
    }
}

impl Printer {
    /// The fast path: no decision but text or binary, no allocation, no clock.
    pub(super) fn bare_message(&mut self, kind: Kind, payload: &[u8]) {
        self.data.payload(payload);
        if kind == Kind::Text {
            self.data.buffer.push(self.options.delimiter);
        }
    }

    /// Shows a message that was received.
    pub(super) fn received(&mut self, origin: Origin, at: Timestamp, kind: Kind, payload: &[u8]) {
        match self.options.format {
            DataFormat::None | DataFormat::Json => {}
            DataFormat::Raw => self.data.payload(payload),
            DataFormat::Hex => {
                self.time(origin, at);
                json::long_hexadecimal(&mut self.data, payload);
                self.data.buffer.push(b'\n');
            }
            DataFormat::Base64 => {
                self.time(origin, at);
                json::long_base64(&mut self.data, payload);
                self.data.buffer.push(b'\n');
            }
            DataFormat::Text => match self.options.view {
                View::Exact => self.exact_message(origin, at, kind, payload),
                View::Terminal => {
                    self.message_for_people(origin, at, Direction::Received, (kind, payload), None);
                }
            },
        }
    }

    /// Shows a message that passes between a client and a server. In a pipe, too, a mark says whose it is.
    pub(super) fn passed(&mut self, origin: Origin, at: Timestamp, direction: Direction, kind: Kind, payload: &[u8]) {
        match self.options.format {
            DataFormat::None | DataFormat::Json => {}
            DataFormat::Text | DataFormat::Raw => {
                self.message_for_people(origin, at, direction, (kind, payload), None);
            }
            DataFormat::Hex => {
                self.prefix(origin, at, direction);
                json::long_hexadecimal(&mut self.data, payload);
                self.data.buffer.push(b'\n');
            }
            DataFormat::Base64 => {
                self.prefix(origin, at, direction);
                json::long_base64(&mut self.data, payload);
                self.data.buffer.push(b'\n');
            }
        }
    }

    /// Whether each text message that goes in `direction` is shown behind a mark, whatever it is.
    pub(super) fn marks_texts(&self, direction: Direction) -> bool {
        let is_marked = self.options.is_between() || (self.options.is_for_people() && direction == Direction::Received);
        self.options.format == DataFormat::Text && is_marked
    }

    /// Shows such texts. What stands in front of those of a batch is the same, and made once.
    pub(super) fn marked_texts(&mut self, origin: Origin, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) {
        let start = self.data.buffer.len();
        let indent = self.prefix(origin, at, direction);
        let prefix = self.data.buffer[start..].to_vec();
        self.data.buffer.truncate(start);
        let layout = self.layout();
        for frame in texts.frames() {
            self.data.buffer.extend_from_slice(&prefix);
            text::text(&mut self.data, frame.text, layout, indent, self.options.view);
            self.data.flush_if_large();
        }
    }

    /// Shows a message that was sent, unless it was typed.
    pub(super) fn sent(&mut self, origin: Origin, at: Timestamp, kind: Kind, payload: &[u8]) {
        if !self.was_typed(kind, payload) {
            self.message_for_people(origin, at, Direction::Sent, (kind, payload), None);
        }
    }

    /// Whether a message stands on the terminal already, where it was typed.
    pub(super) fn was_typed(&self, kind: Kind, payload: &[u8]) -> bool {
        kind == Kind::Text && self.typed.iter().any(|line| line.as_bytes() == payload)
    }

    /// Remembers that a line stands on the terminal, where it was typed: as a message it is not shown once more.
    pub fn has_typed(&mut self, line: &str) {
        if self.options.shows_sent_to_people()
            || (self.options.is_for_people() && self.options.annotations == Annotations::Shown)
        {
            self.typed.truncate(TYPED - 1);
            self.typed.push_front(line.to_owned());
        }
    }

    /// Keeps the start of a large message that was sent, and shows it after its last piece.
    pub(super) fn sent_part(&mut self, origin: Origin, at: Timestamp, payload: &[u8], last: bool) {
        self.streamed_sent.add(payload);
        if last {
            let sent = mem::take(&mut self.streamed_sent);
            self.streamed_for_people(origin, at, Direction::Sent, &sent);
        }
    }

    fn streamed_for_people(&mut self, origin: Origin, at: Timestamp, direction: Direction, streamed: &Streamed) {
        self.prefix(origin, at, direction);
        let Sink { buffer, palette, .. } = &mut self.data;
        text::binary(buffer, palette, &streamed.start, streamed.length, &[]);
    }

    /// Shows a message without its secrets; of a binary one that is understood only the start. How many columns its lines are
    /// indented by is returned.
    pub(super) fn message_for_people(
        &mut self,
        origin: Origin,
        at: Timestamp,
        direction: Direction,
        (kind, payload): (Kind, &[u8]),
        annotation: Option<&Annotation>,
    ) -> usize {
        let indent = self.prefix(origin, at, direction);
        let layout = self.layout();
        let secrets = hidden_places(annotation, self.options.secrets);
        match kind {
            Kind::Text => {
                text::text(&mut self.data, &without(kind, payload, secrets), layout, indent, self.options.view);
            }
            Kind::Binary => {
                let most = match annotation {
                    _ if self.options.view == View::Exact => payload.len(),
                    Some(Annotation { error: None, .. }) => text::SHOWN_OF_UNDERSTOOD,
                    _ => text::SHOWN,
                };
                let Sink { buffer, palette, .. } = &mut self.data;
                text::binary(buffer, palette, &payload[..most.min(payload.len())], payload.len() as u64, secrets);
            }
        }
        indent
    }

    fn exact_message(&mut self, origin: Origin, at: Timestamp, kind: Kind, payload: &[u8]) {
        self.time(origin, at);
        let json = match (kind, self.layout()) {
            (Kind::Text, Layout::LaidOut) => pretty::json(payload),
            _ => None,
        };
        if let Some(json) = json {
            pretty::write(&mut self.data, json, Layout::LaidOut, View::Exact, 0);
            self.data.buffer.push(self.options.delimiter);
        } else {
            self.bare_message(kind, payload);
        }
    }

    /// How JSON is set.
    fn layout(&self) -> Layout {
        if self.options.pretty { Layout::LaidOut } else { Layout::AsItIs }
    }

    /// A piece of a binary message: written as it comes, or kept back for a terminal.
    pub(super) fn part(&mut self, origin: Origin, at: Timestamp, payload: &[u8], last: bool) {
        let first = self.streamed.length == 0;
        self.streamed.add(payload);
        match (self.options.format, self.options.view) {
            (DataFormat::Text, View::Terminal) => {
                if last {
                    let received = mem::take(&mut self.streamed);
                    self.streamed_for_people(origin, at, Direction::Received, &received);
                }
            }
            (DataFormat::Text, View::Exact) => {
                if first {
                    self.time(origin, at);
                }
                self.data.payload(payload);
            }
            (DataFormat::Raw, _) => self.data.payload(payload),
            (DataFormat::Hex | DataFormat::Base64 | DataFormat::Json | DataFormat::None, _) => {}
        }
        if last {
            self.forget_parts();
        }
    }

    /// No further piece of the message that has begun will come.
    pub(super) fn forget_parts(&mut self) {
        self.streamed = Streamed::default();
    }

    /// Appends what stands in front of a message on a terminal. How many columns it takes is returned.
    pub(super) fn prefix(&mut self, origin: Origin, at: Timestamp, direction: Direction) -> usize {
        let time = self.time(origin, at);
        let Sink { buffer, palette, .. } = &mut self.data;
        let start = buffer.len();
        diagnostic_lines::label(buffer, origin.client);
        let columns = time + buffer.len() - start;
        match direction {
            Direction::Received => palette.write(buffer, Style::Received, "<"),
            Direction::Sent => palette.write(buffer, Style::Sent, ">"),
        }
        buffer.push(b' ');
        columns + "< ".len()
    }

    /// Appends the time to the data stream, if wanted. How many columns it takes is returned.
    fn time(&mut self, origin: Origin, at: Timestamp) -> usize {
        let Some(timestamps) = self.options.timestamps else { return 0 };
        let view = self.options.view;
        let Sink { buffer, palette, .. } = &mut self.data;
        let mut columns = 0;
        palette.paint(buffer, Style::Faint, |buffer| {
            let start = buffer.len();
            self.clock.write(buffer, (timestamps, view), origin.client, at);
            columns = buffer.len() - start + 1;
        });
        buffer.push(b' ');
        columns
    }
}
