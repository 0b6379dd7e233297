//! The lines of text messages that come by the million.

use crate::output::digits;
use crate::output::json::events::write_carrier;
use crate::output::json::write::{is_plain, long_inside};
use crate::output::options::Extent;
use crate::output::sink::Sink;
use crate::wire::TextFrame;

/// Puts the lines of texts together from few and long pieces, and without an event for each. Reading included, one of
/// 32 bytes takes 330 instructions instead of 738, and 550 instead of 2,870 in a recording.
pub struct TextLines<'a> {
    extent: Extent,
    /// What the lines begin with, up to `"length":`.
    lead: &'a [u8],
    /// The same with the length, for one of the last length: those of a read often have the same.
    text_lead: &'a mut Vec<u8>,
    length: Option<usize>,
}

impl<'a> TextLines<'a> {
    /// The lines begin with `lead`; `text_lead` is any buffer.
    pub fn new(extent: Extent, lead: &'a [u8], text_lead: &'a mut Vec<u8>) -> Self {
        Self { extent, lead, text_lead, length: None }
    }

    /// Appends the line of one message.
    pub fn add(&mut self, sink: &mut Sink, frame: &TextFrame<'_>) {
        let TextFrame { offset, header_bytes, text } = *frame;
        if self.length != Some(text.len()) {
            self.length = Some(text.len());
            self.text_lead.clear();
            self.text_lead.extend_from_slice(self.lead);
            digits::decimal(self.text_lead, text.len() as u64);
            self.text_lead.extend_from_slice(b",\"fragments\":1");
        }
        sink.buffer.extend_from_slice(self.text_lead);
        if self.extent == Extent::Everything {
            write_carrier(&mut sink.buffer, offset, header_bytes);
        }
        sink.buffer.extend_from_slice(b",\"text\":\"");
        if is_plain(text) {
            sink.payload(text);
        } else {
            long_inside(sink, &String::from_utf8_lossy(text));
        }
        sink.buffer.extend_from_slice(b"\"}\n");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::output::theme::Colors;

    fn lines(extent: Extent, texts: &[&str]) -> Vec<Value> {
        let mut sink = Sink::kept(Colors::Off);
        let mut room = b"anything".to_vec();
        let mut lines = TextLines::new(extent, b"{\"length\":", &mut room);
        for text in texts {
            lines.add(&mut sink, &TextFrame { offset: 1234, header_bytes: b"\x81\x7E", text: text.as_bytes() });
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
        let expected =
            serde_json::json!({ "length": 3, "fragments": 1, "offset": 1234, "header": "817e", "text": "one" });
        assert_eq!(lines(Extent::Everything, &["one"]), [expected]);
    }
}
