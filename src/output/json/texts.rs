//! The lines of text messages that come by the million.

use crate::output::digits;
use crate::output::json::events::{OFFSET, write_header};
use crate::output::json::write::{long_inside, plain_start};
use crate::output::options::Extent;
use crate::output::sink::Sink;
use crate::wire::TextFrame;

/// The member that a line ends with, up to the text.
const TEXT: &[u8] = b",\"text\":\"";

/// Puts the lines of texts together from few and long pieces, and without an event for each. The texts of a read often have
/// the same length and, unless they are masked, the same header: then the pieces are the same.
pub struct TextLines<'a> {
    extent: Extent,
    /// What the lines begin with, up to `"length":`.
    lead: &'a [u8],
    /// What the last line began with, up to the text; in a recording up to the offset.
    start: Vec<u8>,
    /// The length of its text.
    length: Option<usize>,
    /// In a recording, what stood in it between the offset and the text.
    middle: Vec<u8>,
    /// The header that is in `middle`.
    header_bytes: Vec<u8>,
}

impl<'a> TextLines<'a> {
    /// The lines begin with `lead`.
    pub fn new(extent: Extent, lead: &'a [u8]) -> Self {
        Self { extent, lead, start: Vec::new(), length: None, middle: Vec::new(), header_bytes: Vec::new() }
    }

    /// Appends the line of one message.
    pub fn add(&mut self, sink: &mut Sink, frame: &TextFrame<'_>) {
        let TextFrame { offset, header_bytes, text } = *frame;
        if self.length != Some(text.len()) {
            self.make_start(text.len());
        }
        sink.buffer.extend_from_slice(&self.start);
        if self.extent == Extent::Everything {
            digits::decimal(&mut sink.buffer, offset);
            if self.header_bytes != header_bytes {
                self.make_middle(header_bytes);
            }
            sink.buffer.extend_from_slice(&self.middle);
        }
        let rest = plain_start(&mut sink.buffer, text);
        if !rest.is_empty() {
            // What stands before it is ASCII, so that it is UTF-8 as well.
            long_inside(sink, &String::from_utf8_lossy(rest));
        }
        sink.buffer.extend_from_slice(b"\"}\n");
    }

    fn make_start(&mut self, length: usize) {
        self.length = Some(length);
        self.start.clear();
        self.start.extend_from_slice(self.lead);
        digits::decimal(&mut self.start, length as u64);
        self.start.extend_from_slice(b",\"fragments\":1");
        self.start.extend_from_slice(if self.extent == Extent::Everything { OFFSET } else { TEXT });
    }

    fn make_middle(&mut self, header_bytes: &[u8]) {
        self.header_bytes.clear();
        self.header_bytes.extend_from_slice(header_bytes);
        self.middle.clear();
        write_header(&mut self.middle, header_bytes);
        self.middle.extend_from_slice(TEXT);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::output::theme::Colors;

    fn lines(extent: Extent, texts: &[&str]) -> Vec<Value> {
        let mut sink = Sink::kept(Colors::Off);
        let mut lines = TextLines::new(extent, b"{\"length\":");
        for (number, text) in texts.iter().enumerate() {
            let header_bytes = &[0x81, 0x7E, u8::try_from(number / 2).unwrap()];
            lines.add(&mut sink, &TextFrame { offset: 1234, header_bytes, text: text.as_bytes() });
        }
        let lines = String::from_utf8(sink.buffer).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_line_has_its_own_length_and_text() {
        let long = "x".repeat(300);
        let all = ["one", "two", "three", "", "\"\u{1b}\\", "zwölf", &long, "one"];
        let expected: Vec<Value> =
            all.map(|text| serde_json::json!({ "length": text.len(), "fragments": 1, "text": text })).into();
        assert_eq!(lines(Extent::Events, &all), expected);
    }

    #[test]
    fn a_recording_has_their_frames() {
        let line = |header: &str, text: &str| {
            serde_json::json!({
                "length": text.len(), "fragments": 1, "offset": 1234, "header": header, "text": text
            })
        };
        let expected = [line("817e00", "one"), line("817e00", "two"), line("817e01", "two"), line("817e01", "three")];
        assert_eq!(lines(Extent::Everything, &["one", "two", "two", "three"]), expected);
    }
}
