//! Draws the prompt and the draft below what is printed, and takes them away again.
//!
//! Each row ends with a line end of ours, is narrower than the terminal, and is written with automatic wrapping off. So
//! a terminal that changes its width never joins two rows: when it is wider, there are as many rows as were drawn. When it
//! is narrower, most terminals break what does not fit; how many rows there are then follows from the widths of the rows.

use std::ffi::OsString;
use std::io::Write;

use unicode_width::UnicodeWidthChar;

use crate::output::escape::{self, Marks, is_unsafe};
use crate::output::terminal::Size;

/// The distance of tab stops.
const TAB: usize = 8;

/// Automatic wrapping off and on (DECAWM).
const WRAPPING_OFF: &[u8] = b"\x1b[?7l";
const WRAPPING_ON: &[u8] = b"\x1b[?7h";

/// Erases from the start of a row to the end of the screen. Not at once from the first column: in tmux that would move a
/// screen into the history, if the row is its first.
const ERASE_BELOW: &[u8] = b"\r\x1b[K\x1b[C\x1b[J\r";

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) prompt: &'a str,
    pub(super) text: &'a str,
    /// A byte index in `text`.
    pub(super) cursor: usize,
}

/// What the terminal shows of the line.
#[derive(Debug)]
pub(super) struct View {
    /// What surrounds an escaped character.
    marks: Marks,
    /// Whether the terminal breaks rows that do not fit when it becomes narrower.
    breaks_rows: bool,
    /// The first row that is shown, of a draft that is taller than the terminal.
    top: usize,
    /// `None`: nothing is drawn, and the cursor is in an empty row.
    drawn: Option<Drawn>,
}

/// What is drawn.
#[derive(Debug)]
struct Drawn {
    /// The widths of the rows from the first to that of the cursor.
    widths: Vec<usize>,
    /// The column of the cursor.
    column: usize,
    /// How many rows there are below that of the cursor.
    below: usize,
    size: Size,
}

impl Drawn {
    /// How many rows the cursor is below the first one, if the terminal has `columns` now.
    fn rows_above_cursor(&self, columns: usize, breaks_rows: bool) -> usize {
        if columns >= self.size.columns || !breaks_rows {
            return self.widths.len() - 1;
        }
        let rows = |width: usize| width.div_ceil(columns).max(1);
        let (last, before) = self.widths.split_last().unwrap_or((&0, &[]));
        let above: usize = before.iter().copied().map(rows).sum();
        // A cursor behind the last character stays in the row of that.
        above + (self.column / columns).min(rows(*last) - 1)
    }
}

impl View {
    pub(super) fn new(marks: Marks, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self { marks, breaks_rows: breaks_rows(variable), top: 0, drawn: None }
    }

    /// The size for which the line was drawn. `None`: it is not drawn.
    pub(super) fn size(&self) -> Option<Size> {
        self.drawn.as_ref().map(|drawn| drawn.size)
    }

    /// Takes away what is drawn. The cursor is at the start of an empty row then.
    pub(super) fn clear(&mut self, output: &mut Vec<u8>, size: Size) {
        if let Some(drawn) = self.drawn.take() {
            go(output, drawn.rows_above_cursor(size.columns, self.breaks_rows), b'A');
        }
        output.extend_from_slice(ERASE_BELOW);
    }

    /// Draws the line, in place of what is drawn.
    pub(super) fn draw(&mut self, output: &mut Vec<u8>, line: Line<'_>, size: Size) {
        self.clear(output, size);
        let layout = Layout::of(line, size.columns.saturating_sub(1).max(1), &self.marks);
        let (row, column) = layout.cursor;
        // A row stays for what is printed.
        let height = size.rows.saturating_sub(1).max(1);
        let top = self.top.min(layout.rows.len().saturating_sub(height));
        self.top = top.clamp((row + 1).saturating_sub(height), row);
        let shown: Vec<&Row> = layout.rows.iter().skip(self.top).take(height).collect();
        output.extend_from_slice(WRAPPING_OFF);
        for (index, row) in shown.iter().enumerate() {
            output.extend_from_slice(if index == 0 { b"" } else { b"\r\n" });
            output.extend_from_slice(&row.bytes);
        }
        output.extend_from_slice(WRAPPING_ON);
        let below = self.top + shown.len() - 1 - row;
        go(output, below, b'A');
        output.push(b'\r');
        go(output, column, b'C');
        let widths = shown[..=row - self.top].iter().map(|row| row.width).collect();
        self.drawn = Some(Drawn { widths, column, below, size });
    }

    /// Draws the whole line for the last time, and goes below it. The terminal breaks it into rows.
    pub(super) fn draw_finished(&mut self, output: &mut Vec<u8>, line: Line<'_>, size: Size) {
        self.clear(output, size);
        output.extend_from_slice(line.prompt.as_bytes());
        escape::marked_text(output, line.text.as_bytes(), &self.marks);
        output.extend_from_slice(b"\r\n");
        self.top = 0;
    }

    /// Leaves what is drawn as it is, with the cursor in its last row, and starts anew below.
    pub(super) fn leave(&mut self, output: &mut Vec<u8>) {
        go(output, self.drawn.take().map_or(0, |drawn| drawn.below), b'B');
    }

    /// Nothing is drawn any more: others have written to the terminal.
    pub(super) fn forget(&mut self) {
        self.drawn = None;
    }
}

/// Whether the terminal breaks rows that do not fit when it becomes narrower, as all do but these.
fn breaks_rows(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name| variable(name).is_some();
    is_set("TMUX")
        || !(is_set("XTERM_VERSION") || is_set("STY") || variable("TERM").is_some_and(|term| term == "linux"))
}

/// Moves the cursor by `count` rows or columns.
fn go(output: &mut Vec<u8>, count: usize, direction: u8) {
    if count > 0 {
        // Writing to a vector cannot fail.
        let _ = write!(output, "\x1b[{count}{}", char::from(direction));
    }
}

#[derive(Debug, Default)]
struct Row {
    bytes: Vec<u8>,
    width: usize,
}

/// A line in rows.
#[derive(Debug)]
struct Layout {
    rows: Vec<Row>,
    /// The row and the column of the cursor.
    cursor: (usize, usize),
    /// The columns that a row may take.
    limit: usize,
}

impl Layout {
    fn of(line: Line<'_>, limit: usize, marks: &Marks) -> Self {
        let mut layout = Self { rows: vec![Row::default()], cursor: (0, 0), limit };
        for character in line.prompt.chars() {
            layout.push(character, marks);
        }
        for (index, character) in line.text.char_indices() {
            if index == line.cursor {
                layout.make_room(if character == '\n' { 0 } else { width_of(character) });
                layout.cursor = layout.end();
            }
            match character {
                '\n' => layout.rows.push(Row::default()),
                _ => layout.push(character, marks),
            }
        }
        if line.cursor == line.text.len() {
            layout.cursor = layout.end();
        }
        layout
    }

    fn end(&self) -> (usize, usize) {
        (self.rows.len() - 1, self.rows.last().map_or(0, |row| row.width))
    }

    /// Begins a new row, if `width` more columns do not fit.
    fn make_room(&mut self, width: usize) {
        let (_, taken) = self.end();
        if taken > 0 && taken + width > self.limit {
            self.rows.push(Row::default());
        }
    }

    fn push(&mut self, character: char, marks: &Marks) {
        self.make_room(width_of(character));
        let limit = self.limit;
        let Some(row) = self.rows.last_mut() else { return };
        if character == '\t' {
            let blanks = (TAB - row.width % TAB).min(limit.saturating_sub(row.width));
            row.bytes.resize(row.bytes.len() + blanks, b' ');
            row.width += blanks;
        } else {
            escape::marked_text(&mut row.bytes, character.encode_utf8(&mut [0; 4]).as_bytes(), marks);
            row.width += width_of(character);
        }
    }
}

/// How many columns a character takes as it is drawn; a tab at least.
fn width_of(character: char) -> usize {
    match character {
        '\t' => 1,
        _ if is_unsafe(character) => escape::to_line(character.encode_utf8(&mut [0; 4])).len(),
        _ => character.width().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests;
