//! Breaks lines that are wider than the terminal, so that a peer's text cannot go on in column 1 and look like a line of
//! our own. A row that continues a line starts with [`CONTINUATION`].

use unicode_width::UnicodeWidthChar;

/// The start of a row that continues the line above. No line of our own that could be confused starts with a space.
pub(super) const CONTINUATION: &str = "  ";

/// On narrower terminals nothing is broken: there is no room for text beside the continuation.
const NARROWEST: usize = 8;

/// The distance of tab stops.
const TAB: usize = 8;

/// The first character of what sets a colour.
pub(super) const ESCAPE: char = '\x1b';

/// Breaks one stream into rows. It keeps its column from one piece of the stream to the next.
#[derive(Debug, Default)]
pub struct RowBreaker {
    /// The columns that are taken in the current row.
    column: usize,
}

impl RowBreaker {
    /// Appends `bytes` to `output`, broken into rows of `columns`. `bytes` are escaped, but for the colours of the theme,
    /// and end with a whole character.
    pub fn break_rows(&mut self, output: &mut Vec<u8>, bytes: &[u8], columns: usize) {
        if columns < NARROWEST {
            return output.extend_from_slice(bytes);
        }
        for chunk in bytes.utf8_chunks() {
            let mut rest = chunk.valid();
            while let Some(character) = rest.chars().next() {
                let length = self.next(output, character, rest, columns);
                output.extend_from_slice(&rest.as_bytes()[..length]);
                rest = &rest[length..];
            }
            // A terminal shows one replacement character for each at most.
            for byte in chunk.invalid() {
                self.advance(output, 1, columns);
                output.push(*byte);
            }
        }
    }

    /// Makes room for what `rest` starts with, and returns the length of that.
    fn next(&mut self, output: &mut Vec<u8>, character: char, rest: &str, columns: usize) -> usize {
        match character {
            '\n' | '\r' => self.column = 0,
            // A terminal never goes on in the next row because of a tab.
            '\t' => self.column = (self.column / TAB * TAB + TAB).min(columns - 1),
            ESCAPE => return colour(rest.as_bytes()),
            ' '..='~' => {
                let room = columns.saturating_sub(self.column);
                let run = rest.bytes().take(room).take_while(|byte| matches!(byte, b' '..=b'~')).count();
                self.advance(output, run.max(1), columns);
                return run.max(1);
            }
            _ => self.advance(output, character.width().unwrap_or(0), columns),
        }
        character.len_utf8()
    }

    /// Takes `width` columns, in a new row if they do not fit.
    fn advance(&mut self, output: &mut Vec<u8>, width: usize, columns: usize) {
        if self.column + width > columns {
            output.push(b'\n');
            output.extend_from_slice(CONTINUATION.as_bytes());
            self.column = CONTINUATION.len();
        }
        self.column += width;
    }
}

/// The length of the escape sequence at the start of `bytes`, which sets a colour and takes no column.
pub(super) fn colour(bytes: &[u8]) -> usize {
    debug_assert!(bytes.starts_with(b"\x1b"));
    bytes.iter().position(|byte| *byte == b'm').map_or(1, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, columns: usize) -> String {
        let mut output = Vec::new();
        RowBreaker::default().break_rows(&mut output, text.as_bytes(), columns);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        for text in
            ["", "12345678", "12345678\n12345678\n", "世世世世\n", "\x1b[36m1234\x1b[0m5678\n", "e\u{301}2345678"]
        {
            assert_eq!(broken(text, 8), text);
        }
        assert_eq!(broken("123456789", 7), "123456789");
    }

    #[test]
    fn a_row_that_continues_a_line_starts_with_blanks() {
        assert_eq!(broken("12345678Disconnected\nnext\n", 8), "12345678\n  Discon\n  nected\nnext\n");
        assert_eq!(broken("1234567世界", 8), "1234567\n  世界");
        assert_eq!(broken("\x1b[36m12345678\x1b[0m9", 8), "\x1b[36m12345678\x1b[0m\n  9");
        assert_eq!(broken("1\t23", 10), "1\t23");
        assert_eq!(broken("1\t234", 10), "1\t23\n  4");
    }

    #[test]
    fn pieces_of_a_line_are_one_line() {
        let (mut breaker, mut output) = (RowBreaker::default(), Vec::new());
        for piece in ["1234", "56", "789\n", "12345678"] {
            breaker.break_rows(&mut output, piece.as_bytes(), 8);
        }
        assert_eq!(output, b"12345678\n  9\n12345678");
    }
}
