//! A line that ends at a limit, whatever is put into it.

use std::fmt::Write as _;

/// The longest text of an annotation, in bytes.
const LONGEST: usize = 4096;

/// So many bytes of a binary value are shown.
const MOST_BYTES: usize = 64;

/// A line in the making.
#[derive(Debug, Default)]
pub struct Text {
    text: String,
}

impl Text {
    /// Whether nothing more goes in.
    pub fn is_full(&self) -> bool {
        self.text.len() >= LONGEST
    }

    /// Appends a short text.
    pub fn push(&mut self, text: &str) {
        if !self.is_full() {
            self.text.push_str(text);
        }
    }

    /// Appends a number, or another short value.
    pub fn value(&mut self, value: impl std::fmt::Display) {
        if !self.is_full() {
            // Writing into a `String` does not fail.
            let _ = write!(self.text, "{value}");
        }
    }

    /// Appends a string as JSON writes it.
    pub fn string(&mut self, text: &str) {
        if !self.is_full() {
            let start = &text[..text.floor_char_boundary(LONGEST - self.text.len())];
            self.text.push_str(&serde_json::Value::from(start).to_string());
        }
    }

    /// Appends bytes in hex, as the diagnostic notation of CBOR has them (RFC 8949 section 8).
    pub fn bytes(&mut self, bytes: &[u8]) {
        if !self.is_full() {
            let start = &bytes[..bytes.len().min(MOST_BYTES)];
            let more = if start.len() < bytes.len() { format!("… {} bytes", bytes.len()) } else { String::new() };
            self.value(format_args!("h'{}{more}'", data_encoding::HEXLOWER.encode(start)));
        }
    }

    /// Appends parts with commas between them, in brackets.
    pub fn list<T>(
        &mut self,
        brackets: [&str; 2],
        parts: impl IntoIterator<Item = T>,
        mut part: impl FnMut(&mut Self, T),
    ) {
        self.push(brackets[0]);
        for (index, value) in parts.into_iter().enumerate() {
            if self.is_full() {
                break;
            }
            if index > 0 {
                self.push(",");
            }
            part(self, value);
        }
        self.push(brackets[1]);
    }

    /// How long it is, to come back to.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes away what came after it was so long.
    pub fn back_to(&mut self, length: usize) {
        self.text.truncate(length);
    }

    /// The line. What did not go in is shown by `…`.
    pub fn finish(mut self) -> String {
        if self.is_full() {
            self.text.push('…');
        }
        self.text
    }
}

/// The start of a text, as long as a line may be.
pub fn start(text: &str) -> String {
    let start = &text[..text.floor_char_boundary(LONGEST)];
    if start.len() < text.len() { format!("{start}…") } else { start.to_owned() }
}
