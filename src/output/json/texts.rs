//! The lines of text messages that come by the million.

use crate::output::digits;
use crate::output::json::write::{is_plain, long_inside};
use crate::output::sink::Sink;

/// Puts the lines of texts together from few and long pieces, and without an event for each. Reading included, one of
/// 32 bytes takes 260 instructions instead of 738.
pub struct Texts<'a> {
    /// What the lines begin with, up to `"length":`.
    lead: &'a [u8],
    /// The same up to the text, for one of the last length: those of a read often have the same.
    text_lead: &'a mut Vec<u8>,
    length: Option<usize>,
}

impl<'a> Texts<'a> {
    /// The lines begin with `lead`; `text_lead` is any buffer.
    pub fn new(lead: &'a [u8], text_lead: &'a mut Vec<u8>) -> Self {
        Self { lead, text_lead, length: None }
    }

    /// Appends the line of one message, which came in one frame and uncompressed. False, and nothing is appended, when it
    /// is not UTF-8.
    pub fn add(&mut self, sink: &mut Sink, text: &[u8]) -> bool {
        if is_plain(text) {
            self.begin(sink, text.len());
            sink.payload(text);
        } else if let Ok(text) = simdutf8::basic::from_utf8(text) {
            self.begin(sink, text.len());
            long_inside(sink, text);
        } else {
            return false;
        }
        sink.buffer.extend_from_slice(b"\"}\n");
        true
    }

    fn begin(&mut self, sink: &mut Sink, length: usize) {
        if self.length != Some(length) {
            self.length = Some(length);
            self.text_lead.clear();
            self.text_lead.extend_from_slice(self.lead);
            digits::decimal(self.text_lead, length as u64);
            self.text_lead.extend_from_slice(b",\"fragments\":1,\"text\":\"");
        }
        sink.buffer.extend_from_slice(self.text_lead);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::output::theme::Colors;

    #[test]
    fn each_line_has_its_own_length_and_text() {
        let mut sink = Sink::kept(Colors::Off);
        let mut room = b"anything".to_vec();
        let mut texts = Texts::new(b"{\"length\":", &mut room);
        let long = "x".repeat(300);
        let all = ["one", "two", "three", "", "\"\u{1b}\\", "zwölf", &long, "one"];
        for text in all {
            assert!(texts.add(&mut sink, text.as_bytes()), "{text}");
            assert!(!texts.add(&mut sink, b"\xff"));
        }
        let lines = String::from_utf8(sink.buffer).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected: Vec<Value> =
            all.map(|text| serde_json::json!({ "length": text.len(), "fragments": 1, "text": text })).into();
        assert_eq!(lines, expected);
    }
}
