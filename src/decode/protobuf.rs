//! Protocol Buffers without a schema: values by the numbers of their fields.

use super::{Decoded, Description, Failure, Text};
use crate::wire::Kind;

/// Protocol Buffers (<https://protobuf.dev/programming-guides/encoding/>). Nearly anything can be read as it, so it is
/// never found by itself.
pub const PROTOBUF: Description =
    Description { name: "protobuf", title: "protobuf", kind: Kind::Binary, is_sign: None, decode };

/// Messages may be nested so deep; what is deeper is bytes.
const DEEPEST: usize = 32;

/// The highest number of a field.
const HIGHEST_FIELD: u64 = (1 << 29) - 1;

fn decode(payload: &[u8]) -> Result<Decoded, Failure> {
    let mut text = Text::default();
    let mut reader = Reader { rest: payload };
    if reader.message(&mut text, DEEPEST, None).is_none() {
        let place = payload.len() - reader.rest.len();
        return Err(Failure::Other(format!("its fields do not fill it: it breaks before byte {place}")));
    }
    Ok(text.finish().into())
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads fields up to the end, or up to the end of the group. All is read, even where no more text goes in.
    fn message(&mut self, text: &mut Text, depth: usize, group: Option<u64>) -> Option<()> {
        text.push("{");
        let mut is_first = true;
        loop {
            if self.rest.is_empty() {
                text.push("}");
                return group.is_none().then_some(());
            }
            let tag = self.varint()?;
            let (field, kind) = (tag >> 3, tag & 7);
            if kind == 4 {
                text.push("}");
                return (group == Some(field)).then_some(());
            }
            if !(1..=HIGHEST_FIELD).contains(&field) {
                return None;
            }
            if !is_first {
                text.push(",");
            }
            is_first = false;
            text.value(format_args!("{field}:"));
            self.value(text, depth, field, kind)?;
        }
    }

    fn value(&mut self, text: &mut Text, depth: usize, field: u64, kind: u64) -> Option<()> {
        match kind {
            0 => text.value(self.varint()?),
            1 => {
                let bytes = self.take(8)?.try_into().ok()?;
                number(text, f64::from_le_bytes(bytes), u64::from_le_bytes(bytes));
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                delimited(text, depth, self.take(length)?);
            }
            3 => self.message(text, depth.checked_sub(1)?, Some(field))?,
            5 => {
                let bytes = self.take(4)?.try_into().ok()?;
                number(text, f64::from(f32::from_le_bytes(bytes)), u32::from_le_bytes(bytes).into());
            }
            _ => return None,
        }
        Some(())
    }

    /// At most ten bytes, seven bits in each.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for index in 0..10 {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}

/// A fixed value: as a floating-point number if it looks like one that was meant.
fn number(text: &mut Text, float: f64, integer: u64) {
    if float != 0.0 && (1e-9..1e15).contains(&float.abs()) { text.value(float) } else { text.value(integer) }
}

/// Printable text, else a message, else bytes.
fn delimited(text: &mut Text, depth: usize, bytes: &[u8]) {
    let is_printable = |string: &&str| !string.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if let Some(string) = str::from_utf8(bytes).ok().filter(is_printable) {
        return text.string(string);
    }
    let before = text.len();
    let is_message = depth > 0 && Reader { rest: bytes }.message(text, depth - 1, None).is_some();
    if !is_message {
        text.back_to(before);
        text.bytes(bytes);
    }
}
