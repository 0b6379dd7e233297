//! What is said about a session: announcements, notes and errors.

use std::io::Write;

use crate::error::Error;
use crate::event::{Direction, Ended};
use crate::output::escape;
use crate::output::theme::{Ink, Palette};

/// Appends an error as every part of the program reports it: message and causes, evidence, and after an empty line
/// the hint.
pub fn write_error(output: &mut Vec<u8>, palette: &Palette, error: &Error) {
    output.extend_from_slice(b"wscope: ");
    palette.write(output, Ink::Error, "error:");
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
    if let Some(hint) = error.hint_text() {
        output.push(b'\n');
        palette.write(output, Ink::Hint, "hint:");
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

/// Appends `Disconnected (code: 1006, reason: "…")`.
pub fn disconnected(output: &mut Vec<u8>, palette: &Palette, ended: &Ended) {
    palette.paint(output, Ink::Note, |output| {
        // Writing to a `Vec` can't fail.
        let _ = write!(output, "Disconnected (code: {}, reason: \"", u16::from(ended.code));
        escape::line(output, ended.reason.as_bytes());
        output.extend_from_slice(b"\")");
    });
    output.push(b'\n');
}

/// Appends `Received ping (data: "…")` and its likes.
pub fn control(output: &mut Vec<u8>, palette: &Palette, direction: Direction, name: &str, payload: &[u8]) {
    palette.paint(output, Ink::Note, |output| {
        let verb = match direction {
            Direction::Sent => "Sent",
            Direction::Received => "Received",
        };
        let _ = write!(output, "{verb} {name} (data: \"");
        escape::line(output, payload);
        output.extend_from_slice(b"\")");
    });
}
