//! What messages mean, below them or beside them.

use std::time::Duration;

use crate::event::{Annotation, Direction, Origin, Timestamp};
use crate::http::shortened;
use crate::output::fold::fold_line_and_words;
use crate::output::printer::Printer;
use crate::output::sink::Sink;
use crate::output::theme::{Palette, Style};
use crate::output::{escape, text};
use crate::wire::Kind;

/// The longest text of an annotation, and the longest error, in characters.
const LONGEST: usize = 200;

impl Printer {
    /// Shows a message and what it means. A heartbeat is only counted, unless it is asked for or something is wrong with it.
    pub(super) fn annotated(
        &mut self,
        origin: Origin,
        at: Timestamp,
        direction: Direction,
        (kind, payload): (Kind, &[u8]),
        annotation: &Annotation,
    ) {
        if !self.options.is_for_people() {
            self.message(origin, at, direction, kind, payload);
            return self.beside(origin, at, direction, annotation);
        }
        if annotation.is_heartbeat && annotation.error.is_none() && !self.options.ping_pong {
            *self.hidden_heartbeats.entry(origin).or_default() += 1;
            return;
        }
        let was_typed = direction == Direction::Sent && self.was_typed(kind, payload);
        let is_shown =
            direction == Direction::Received || self.options.is_between() || self.options.shows_sent_to_people();
        let below = if was_typed {
            Some("< ".len())
        } else if is_shown {
            Some(self.message_for_people(origin, at, direction, (kind, payload), Some(annotation)))
        } else {
            None
        };
        if is_silent(annotation) {
            return;
        }
        let indent = match below {
            Some(indent) => {
                self.data.buffer.resize(self.data.buffer.len() + indent, b' ');
                indent
            }
            // The line stands for the message.
            None => self.prefix(origin, at, direction),
        };
        let columns = self.data.columns();
        let Sink { buffer, palette, .. } = &mut self.data;
        line(buffer, palette, annotation, columns.map(|columns| Margins { indent, columns }));
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
            line(output, palette, annotation, None);
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

/// Between which columns of a terminal an annotation stands.
#[derive(Debug, Clone, Copy)]
struct Margins {
    indent: usize,
    columns: usize,
}

/// What is said of a message, and behind it what is wrong; not escaped.
pub fn annotation_words(annotation: &Annotation) -> (String, String) {
    let Annotation { text, took, error, is_heartbeat, .. } = annotation;
    let text = if text.is_empty() && *is_heartbeat { "heartbeat" } else { text };
    let said = match took {
        Some(took) if text.is_empty() => format!("after {}", milliseconds(*took)),
        Some(took) => format!("{} after {}", shortened(text, LONGEST), milliseconds(*took)),
        None => shortened(text, LONGEST).into_owned(),
    };
    let error = error.as_ref().map(|error| shortened(error, LONGEST).into_owned());
    match error {
        Some(error) if !said.is_empty() => (said + ": ", error),
        error => (said, error.unwrap_or_default()),
    }
}

/// Appends the one line of an annotation, which is folded where there are margins.
fn line(output: &mut Vec<u8>, palette: &Palette, annotation: &Annotation, margins: Option<Margins>) {
    let (said, error) = annotation_words(annotation);
    let (said, error) = (escape::to_line(&said), escape::to_line(&error));
    let whole = folded(format!("{said}{error}"), margins);
    // Folding moves blanks alone.
    let letters = said.chars().filter(|character| *character != ' ').count();
    let mut places = whole.char_indices().filter(|(_, character)| !matches!(character, ' ' | '\n'));
    let (said, error) = whole.split_at(places.nth(letters).map_or(whole.len(), |(at, _)| at));
    for (style, part) in [(Style::Faint, said), (Style::Error, error)].into_iter().filter(|(_, part)| !part.is_empty())
    {
        palette.paint(output, style, |output| output.extend_from_slice(part.as_bytes()));
    }
    output.push(b'\n');
}

fn folded(line: String, margins: Option<Margins>) -> String {
    let Some(Margins { indent, columns }) = margins else { return line };
    fold_line_and_words(&format!("{:indent$}{line}", ""), columns, indent).split_off(indent)
}

fn milliseconds(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1e3;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

#[cfg(test)]
mod tests;
