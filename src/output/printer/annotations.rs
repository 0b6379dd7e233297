//! What messages mean, below them or beside them.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use crate::event::{Annotation, Direction, Origin, Timestamp};
use crate::http::redact::Secrets;
use crate::http::shortened;
use crate::output::options::{DataFormat, View};
use crate::output::printer::Printer;
use crate::output::sink::Sink;
use crate::output::theme::{Palette, Style};
use crate::output::{escape, text};
use crate::wire::Kind;

/// The longest text of an annotation, and the longest error, in characters.
const LONGEST: usize = 200;

/// What stands for a secret.
const HIDDEN: &[u8] = b"[hidden]";

impl Printer {
    /// Whether messages are set for a person at a terminal.
    pub(super) fn is_for_people(&self) -> bool {
        self.options.format == DataFormat::Text && self.options.view == View::Terminal
    }

    /// Shows a message and what it means. A heartbeat is only counted, unless it is asked for or something is wrong with it.
    pub(super) fn annotated(
        &mut self,
        origin: Origin,
        at: Timestamp,
        direction: Direction,
        (kind, payload): (Kind, &[u8]),
        annotation: &Annotation,
    ) {
        if !self.is_for_people() {
            self.message(origin, at, direction, kind, payload);
            return self.beside(origin, at, direction, annotation);
        }
        if annotation.is_heartbeat && annotation.error.is_none() && !self.options.ping_pong {
            *self.hidden_heartbeats.entry(origin).or_default() += 1;
            return;
        }
        let secrets = match self.options.secrets {
            Secrets::Hidden => &annotation.secrets[..],
            Secrets::Shown => &[],
        };
        let was_typed = direction == Direction::Sent && self.was_typed(kind, payload);
        let indent =
            if !was_typed && (direction == Direction::Received || self.is_between() || self.shows_sent_to_people()) {
                self.message_for_people(origin, at, direction, (kind, payload), secrets)
            } else if was_typed {
                "< ".len()
            } else {
                // The line stands for the message.
                if !is_silent(annotation) {
                    self.prefix(origin, at, direction);
                }
                0
            };
        let Sink { buffer, palette, .. } = &mut self.data;
        if !is_silent(annotation) {
            buffer.resize(buffer.len() + indent, b' ');
            line(buffer, palette, annotation);
        }
    }

    /// Says on the diagnostics stream what a message means.
    fn beside(&mut self, origin: Origin, at: Timestamp, direction: Direction, annotation: &Annotation) {
        let is_hidden = annotation.is_heartbeat && annotation.error.is_none() && !self.options.ping_pong;
        if is_silent(annotation) || is_hidden {
            return;
        }
        self.timed(origin, at, |output, palette| {
            match direction {
                Direction::Received => palette.write(output, Style::Received, "<"),
                Direction::Sent => palette.write(output, Style::Sent, ">"),
            }
            output.push(b' ');
            line(output, palette, annotation);
        });
    }

    /// Says how many heartbeats of the session have been hidden so far, if any has.
    pub(super) fn hidden_heartbeats(&mut self, origin: Origin) {
        if let Some(count) = self.hidden_heartbeats.get(&origin) {
            self.details(origin, &[text::hidden_heartbeats(*count)]);
        }
    }
}

/// Whether an annotation adds nothing to its message.
fn is_silent(annotation: &Annotation) -> bool {
    annotation.text.is_empty() && annotation.error.is_none() && annotation.took.is_none() && !annotation.is_heartbeat
}

/// Appends the one line of an annotation.
fn line(output: &mut Vec<u8>, palette: &Palette, annotation: &Annotation) {
    let Annotation { text, took, error, is_heartbeat, .. } = annotation;
    let text = if text.is_empty() && *is_heartbeat { "heartbeat" } else { text };
    let said = match took {
        Some(took) if text.is_empty() => format!("after {}", milliseconds(*took)),
        Some(took) => format!("{} after {}", shortened(text, LONGEST), milliseconds(*took)),
        None => shortened(text, LONGEST).into_owned(),
    };
    palette.paint(output, Style::Faint, |output| escape::line(output, said.as_bytes()));
    if let Some(error) = error {
        if !said.is_empty() {
            palette.write(output, Style::Faint, ":");
            output.push(b' ');
        }
        palette.paint(output, Style::Error, |output| escape::line(output, shortened(error, LONGEST).as_bytes()));
    }
    output.push(b'\n');
}

fn milliseconds(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1e3;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

/// `payload` without its secrets.
pub(super) fn without<'a>(payload: &'a [u8], secrets: &[Range<usize>]) -> Cow<'a, [u8]> {
    if secrets.is_empty() {
        return payload.into();
    }
    let mut shown = Vec::with_capacity(payload.len());
    let mut rest = 0;
    for Range { start, end } in secrets {
        let start = (*start).clamp(rest, payload.len());
        shown.extend_from_slice(&payload[rest..start]);
        shown.extend_from_slice(HIDDEN);
        rest = (*end).clamp(start, payload.len());
    }
    shown.extend_from_slice(&payload[rest..]);
    shown.into()
}

#[cfg(test)]
mod tests;
