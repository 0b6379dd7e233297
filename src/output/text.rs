//! Shows messages on a terminal: escaped, and indented so that no line inside a message looks like the start of
//! another.

use std::ops::Range;

use crate::output::options::View;
use crate::output::pretty::{self, Layout};
use crate::output::sink::Sink;
use crate::output::theme::{Palette, Style};
use crate::output::{digits, escape, hex};
use crate::pattern::{Expression, JqFilter};

/// How many bytes are escaped at a time.
const PIECE: usize = 16 << 10;

/// How many bytes of a binary message are shown.
pub const SHOWN: usize = 512;

/// How many, where a line below it says what the message holds.
pub const SHOWN_OF_UNDERSTOOD: usize = 64;

/// How many bytes of a text message are shown.
const SHOWN_TEXT: usize = 64 << 10;

/// Appends the first [`SHOWN_TEXT`] bytes of a text message, or in [`View::Exact`] all, and a line end. Before its first line stands a prefix that is `indent` columns wide.
///
/// The other lines are indented by as many columns, so that a peer cannot make one message look like two. The sink is
/// flushed in between, because an escaped and indented message may be many times as long as its payload.
pub fn text(sink: &mut Sink, payload: &[u8], layout: Layout, indent: usize, view: View) {
    let most = if view == View::Exact { usize::MAX } else { SHOWN_TEXT };
    let json = pretty::valid(payload);
    let is_too_deep = json.is_some_and(pretty::is_too_deep);
    let shown = if let Some(json) = json.filter(|_| !is_too_deep) {
        pretty::write_start(sink, json, layout, View::Terminal, indent, most)
    } else {
        let shown = match payload.get(..most) {
            Some(start) => escape::whole_characters(start),
            None => payload.len(),
        };
        lines(sink, &payload[..shown], indent);
        shown
    };
    sink.buffer.push(b'\n');
    let more = payload.len() - shown;
    if more > 0 {
        let Sink { buffer, palette, .. } = sink;
        palette.paint(buffer, Style::Faint, |output| {
            output.extend_from_slice(b"  ... and ");
            digits::decimal(output, more as u64);
            output.extend_from_slice(b" more bytes: redirecting stdout shows them all");
        });
        buffer.push(b'\n');
    }
    if layout == Layout::LaidOut && is_too_deep {
        let Sink { buffer, palette, .. } = sink;
        palette.paint(buffer, Style::Faint, |output| {
            output.extend_from_slice(b"  (not laid out: more than ");
            digits::decimal(output, pretty::DEEPEST as u64);
            output.extend_from_slice(b" levels deep)");
        });
        buffer.push(b'\n');
    }
}

/// Appends text, escaped, all lines but the first indented.
fn lines(sink: &mut Sink, text: &[u8], indent: usize) {
    if escape::is_plain(text) {
        return sink.payload(text);
    }
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if number > 0 {
            sink.buffer.push(b'\n');
            sink.buffer.resize(sink.buffer.len() + indent, b' ');
            sink.flush_if_large();
        }
        for piece in pieces(line) {
            escape::marked_text(&mut sink.buffer, piece, sink.palette.escape_marks());
            sink.flush_if_large();
        }
    }
}

/// Splits `line` into pieces of at most [`PIECE`] bytes, and never inside a character.
fn pieces(mut line: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = if line.len() > PIECE { escape::whole_characters(&line[..PIECE]) } else { line.len() };
        let (piece, rest) = line.split_at(length);
        line = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Appends the size of a binary message and a dump of `start`: its first bytes, or the whole message. The bytes in `hidden`
/// are shown as asterisks.
pub fn binary(output: &mut Vec<u8>, palette: &Palette, start: &[u8], length: u64, hidden: &[Range<usize>]) {
    palette.paint(output, Style::Faint, |output| {
        output.extend_from_slice(b"(binary, ");
        digits::decimal(output, length);
        output.extend_from_slice(if length == 1 { b" byte)" } else { b" bytes)" });
    });
    output.push(b'\n');
    hex::dump(output, palette, "  ", start, 0, hidden);
    let more = length.saturating_sub(start.len() as u64);
    if more > 0 {
        palette.paint(output, Style::Faint, |output| {
            output.extend_from_slice(b"  ... and ");
            digits::decimal(output, more);
            output.extend_from_slice(b" more: `--hex` shows them all, and so does redirecting stdout");
        });
        output.push(b'\n');
    }
}

/// What is said of messages that were not shown.
pub fn hidden_messages(count: u64) -> String {
    match count {
        1 => "1 message is not shown: it does not match".to_owned(),
        _ => format!("{count} messages are not shown: they do not match"),
    }
}

/// What is said once of messages that a filter cannot judge.
pub fn not_judged(trouble: &str) -> String {
    format!("a message does not match, because {trouble} (this is said once)")
}

/// What is said when a filter was interrupted.
pub fn filter_interrupted(filter: &Expression) -> String {
    format!("the filter `{filter}` was interrupted and is off")
}

/// What is said when the jq filter that messages are shown through was interrupted.
pub fn jq_interrupted(filter: &JqFilter) -> String {
    format!("`{filter}` was interrupted: messages are shown as they are")
}

/// What is said once of messages that jq makes nothing of.
pub fn not_made(trouble: &str) -> String {
    format!("jq fails, and the message is shown as it was: {trouble} (this is said once)")
}

/// What is said of heartbeats that were not shown.
pub fn hidden_heartbeats(count: u64) -> String {
    match count {
        1 => "1 heartbeat is not shown: `-P` shows it".to_owned(),
        _ => format!("{count} heartbeats are not shown: `-P` shows them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::theme::Colors;

    fn shown(write: impl FnOnce(&mut Vec<u8>, &Palette)) -> String {
        let mut output = Vec::new();
        write(&mut output, &Palette::new(Colors::Off));
        String::from_utf8(output).unwrap()
    }

    fn shown_text(payload: &[u8], layout: Layout, indent: usize) -> String {
        let mut sink = Sink::kept(Colors::Off);
        text(&mut sink, payload, layout, indent, View::Terminal);
        String::from_utf8(sink.buffer).unwrap()
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "aé世🦀".repeat(PIECE);
        let split: Vec<_> = pieces(line.as_bytes()).map(|piece| str::from_utf8(piece).unwrap()).collect();
        assert!(split.len() > 1 && split.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(split.concat(), line);
        assert_eq!(pieces(&b"\x80".repeat(2 * PIECE)).map(<[u8]>::len).sum::<usize>(), 2 * PIECE);
    }

    #[test]
    fn a_long_text_says_how_much_is_left_out() {
        let left_out = "\n  ... and 36864 more bytes: redirecting stdout shows them all\n";
        let plain = "x".repeat(100 << 10);
        assert_eq!(shown_text(plain.as_bytes(), Layout::AsItIs, 2), "x".repeat(64 << 10) + left_out);
        for layout in [Layout::AsItIs, Layout::LaidOut] {
            let json = format!("[\"{}\"]", "x".repeat((100 << 10) - 4));
            let shown = shown_text(json.as_bytes(), layout, 2);
            assert!(shown.ends_with(left_out) && shown.len() < 70_000, "{}", shown.len());
        }
    }

    #[test]
    fn json_of_any_size_is_laid_out() {
        let json = format!("[{}0]", "0,".repeat(3 << 20));
        assert!(pretty::json(json.as_bytes()).is_some());
    }

    #[test]
    fn json_that_is_too_deep_to_be_laid_out_says_so() {
        let json = "[".repeat(33) + &"]".repeat(33);
        let expected = format!("{json}\n  (not laid out: more than 32 levels deep)\n");
        assert_eq!(shown_text(json.as_bytes(), Layout::LaidOut, 2), expected);
        assert_eq!(shown_text(json.as_bytes(), Layout::AsItIs, 2), json + "\n");
    }

    #[test]
    fn a_line_of_a_message_never_looks_like_another_message() {
        let payload = b"first\n< second\n\nfourth";
        assert_eq!(shown_text(payload, Layout::AsItIs, 2), "first\n  < second\n  \n  fourth\n");
    }

    #[test]
    fn json_over_several_lines_is_indented_too() {
        let payload = b"{\n\"a\": 1\n}";
        assert_eq!(shown_text(payload, Layout::AsItIs, 2), "{\n  \"a\": 1\n  }\n");
    }

    #[test]
    fn a_short_binary_message_is_shown_whole() {
        assert_eq!(
            shown(|output, palette| binary(output, palette, b"\x00\x01\x1b[2J", 6, &[])),
            "(binary, 6 bytes)\n  0000: 00 01 1b 5b 32 4a                                ...[2J\n"
        );
        assert_eq!(shown(|output, palette| binary(output, palette, b"", 0, &[])), "(binary, 0 bytes)\n");
    }

    #[test]
    fn a_long_binary_message_says_how_much_is_left_out() {
        let output = shown(|output, palette| binary(output, palette, &[0; SHOWN], 10_000, &[]));
        assert_eq!(output.lines().count(), 1 + SHOWN / 16 + 1);
        assert_eq!(output.lines().next(), Some("(binary, 10000 bytes)"));
        assert_eq!(
            output.lines().last(),
            Some("  ... and 9488 more: `--hex` shows them all, and so does redirecting stdout")
        );
    }
}
