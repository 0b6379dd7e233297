//! Hex dumps in the layout of `curl --trace`: offset, sixteen bytes, and the same bytes as ASCII.

use std::ops::Range;

use crate::output::digits;
use crate::output::sink::Sink;
use crate::output::theme::{Palette, Style};

/// The number of bytes in a row. With an indent of four, a row is 75 columns wide.
const ROW: usize = 16;

/// The length of the pieces that [`long_dump`] takes: whole rows. Only the last piece may be shorter.
pub const PIECE: usize = 256 * ROW;

/// Appends `bytes` in rows, each after `indent`. `first` is the offset of the first byte. `hidden` holds ranges of
/// `bytes` whose bytes are shown as asterisks.
pub fn dump(output: &mut Vec<u8>, palette: &Palette, indent: &str, bytes: &[u8], first: u64, hidden: &[Range<usize>]) {
    rows(output, palette, indent, Offsets::new(first, bytes.len()), bytes, hidden);
}

/// Writes a dump of `length` bytes to `sink`. The bytes come in pieces of [`PIECE`] bytes. The sink is flushed between
/// pieces, because a dump is five times as long as its bytes.
pub fn long_dump(
    sink: &mut Sink,
    indent: &str,
    pieces: impl Iterator<Item = impl AsRef<[u8]>>,
    length: usize,
    first: u64,
) {
    let mut offsets = Offsets::new(first, length);
    for piece in pieces {
        let piece = piece.as_ref();
        rows(&mut sink.buffer, &sink.palette, indent, offsets, piece, &[]);
        offsets.first += piece.len() as u64;
        sink.flush_if_large();
    }
}

/// The offsets in front of the rows.
#[derive(Clone, Copy)]
struct Offsets {
    /// The offset of the first byte.
    first: u64,
    /// The number of digits of each offset.
    width: u32,
}

impl Offsets {
    fn new(first: u64, length: usize) -> Self {
        Self { first, width: offset_width(first + length as u64) }
    }
}

fn rows(
    output: &mut Vec<u8>,
    palette: &Palette,
    indent: &str,
    offsets: Offsets,
    bytes: &[u8],
    hidden: &[Range<usize>],
) {
    for (number, row) in bytes.chunks(ROW).enumerate() {
        let start = number * ROW;
        let first = hidden.partition_point(|range| range.end <= start);
        let in_row = hidden[first..].iter().take_while(|range| range.start < start + ROW);
        let mut is_hidden = [false; ROW];
        for range in in_row {
            is_hidden[range.start.max(start) - start..range.end.min(start + ROW) - start].fill(true);
        }
        let shown = |index: usize| !is_hidden[index];
        output.extend_from_slice(indent.as_bytes());
        palette.paint(output, Style::Faint, |output| offset(output, offsets.first + start as u64, offsets.width));
        for (index, &byte) in row.iter().enumerate() {
            output.push(b' ');
            if shown(index) {
                digits::hexadecimal(output, byte);
            } else {
                output.extend_from_slice(b"**");
            }
        }
        output.resize(output.len() + (ROW - row.len()) * 3 + 2, b' ');
        output.extend(row.iter().enumerate().map(|(index, &byte)| if shown(index) { printable(byte) } else { b'*' }));
        output.push(b'\n');
    }
}

fn printable(byte: u8) -> u8 {
    if matches!(byte, b' '..=b'~') { byte } else { b'.' }
}

/// The number of digits of the largest offset, but at least four.
fn offset_width(end: u64) -> u32 {
    let digits = (u64::BITS - end.saturating_sub(1).leading_zeros()).div_ceil(4);
    digits.max(4)
}

fn offset(output: &mut Vec<u8>, offset: u64, width: u32) {
    let bytes = offset.to_be_bytes();
    let digits = data_encoding::HEXLOWER.encode(&bytes);
    output.extend_from_slice(&digits.as_bytes()[digits.len() - width as usize..]);
    output.push(b':');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::theme::Colors;

    fn dumped(bytes: &[u8], first: u64, hidden: &[Range<usize>]) -> String {
        let mut output = Vec::new();
        dump(&mut output, &Palette::new(Colors::Off), "  ", bytes, first, hidden);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn rows_have_offset_bytes_and_ascii() {
        assert_eq!(
            dumped(b"Hello, \x1b[2Jworld! \xff", 6, &[]),
            "  0006: 48 65 6c 6c 6f 2c 20 1b 5b 32 4a 77 6f 72 6c 64  Hello, .[2Jworld\n  \
               0016: 21 20 ff                                         ! .\n"
        );
    }

    #[test]
    fn offsets_grow_as_wide_as_the_last_one_needs() {
        assert_eq!(
            dumped(&[0; 17], 0xfff8, &[]),
            "  0fff8: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n  \
               10008: 00                                               .\n"
        );
    }

    #[test]
    fn hidden_bytes_keep_their_place() {
        assert_eq!(
            dumped(b"Cookie: a=b\r\n", 0, &[8..9, 10..11]),
            "  0000: 43 6f 6f 6b 69 65 3a 20 ** 3d ** 0d 0a           Cookie: *=*..\n"
        );
    }

    #[test]
    fn nothing_has_no_rows() {
        assert_eq!(dumped(b"", 0, &[]), "");
    }
}
