//! Draws in a terminal that breaks and joins rows when its width changes.

use proptest::prelude::*;

use super::*;

/// A terminal as tmux is one: a row that does not fit any more is broken, and what was broken is joined again.
struct Reflowing {
    /// The lines: each a row of any width, which takes as many rows of the screen as it needs.
    lines: Vec<Vec<char>>,
    /// The line and the column in it.
    cursor: (usize, usize),
    columns: usize,
}

impl Reflowing {
    fn new(columns: usize) -> Self {
        Self { lines: vec![Vec::new()], cursor: (0, 0), columns }
    }

    /// The rows of the screen, each as a line and its part.
    fn rows(&self) -> Vec<(usize, usize)> {
        let parts = |line: &Vec<char>| line.len().div_ceil(self.columns).max(1);
        self.lines
            .iter()
            .enumerate()
            .flat_map(|(index, line)| (0..parts(line)).map(move |part| (index, part)))
            .collect()
    }

    fn cursor_row(&self) -> usize {
        let rows = self.rows();
        let parts = rows.iter().filter(|row| row.0 == self.cursor.0).count();
        let part = (self.cursor.1 / self.columns).min(parts - 1);
        rows.iter().position(|row| *row == (self.cursor.0, part)).unwrap()
    }

    /// Moves to another row; the column stays.
    fn go(&mut self, row: usize) {
        let column = self.cursor.1 % self.columns;
        let (line, part) = self.rows()[row];
        self.cursor = (line, part * self.columns + column);
    }

    fn print(&mut self, bytes: &[u8]) {
        let text = str::from_utf8(bytes).unwrap();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            match character {
                '\r' => self.cursor.1 -= self.cursor.1 % self.columns,
                '\n' => {
                    // A part of a line that was broken is no place to go on: the tests print only below.
                    self.cursor.0 += 1;
                    self.cursor.1 = 0;
                    if self.cursor.0 == self.lines.len() {
                        self.lines.push(Vec::new());
                    }
                }
                '\x1b' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                    let (parameters, last) = (&rest[1..end], rest.as_bytes()[end]);
                    let count = parameters.parse().unwrap_or(1);
                    rest = &rest[end + 1..];
                    self.control(last, count);
                }
                _ => {
                    let (line, column) = self.cursor;
                    let line = &mut self.lines[line];
                    line.resize(line.len().max(column + 1), ' ');
                    line[column] = character;
                    self.cursor.1 += 1;
                }
            }
        }
    }

    fn control(&mut self, last: u8, count: usize) {
        match last {
            b'A' => self.go(self.cursor_row().checked_sub(count).expect("the first row is the last above")),
            b'B' => self.go(self.cursor_row() + count),
            b'C' => self.cursor.1 += count,
            b'K' => self.lines[self.cursor.0].truncate(self.cursor.1),
            b'J' => {
                let row = self.cursor_row();
                let (line, _) = self.rows()[row];
                self.lines[line].truncate(self.cursor.1);
                self.lines.truncate(line + 1);
            }
            _ => {}
        }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
    }
}

fn view() -> View {
    View::new(Marks::default(), |_| None)
}

fn rows(view: &mut View, line: Line<'_>, size: Size) -> String {
    let mut output = Vec::new();
    view.draw(&mut output, line, size);
    String::from_utf8(output).unwrap()
}

/// What a draft looks like, in rows.
fn drawn(text: &str, columns: usize, rows_of_screen: usize) -> Vec<String> {
    let mut output = Vec::new();
    let line = Line { prompt: "> ", text, cursor: text.len() };
    view().draw(&mut output, line, Size { columns, rows: rows_of_screen });
    let mut terminal = Reflowing::new(columns);
    terminal.print(&output);
    terminal.lines()
}

#[test]
fn what_is_pasted_is_drawn_escaped() {
    assert_eq!(drawn("a\x1b[31mb\x07\r\u{202e}\nc\td", 80, 24), ["> a\\x1b[31mb\\x07\\r\\u{202e}", "c       d"]);
}

#[test]
fn a_character_that_is_shown_by_its_code_is_marked() {
    let marks = Marks { before: "\x1b[2m".into(), after: "\x1b[0m".into() };
    let mut view = View::new(marks, |_| None);
    let output = rows(&mut view, Line { prompt: "> ", text: "\x1b\\x1b", cursor: 0 }, Size::USUAL);
    assert!(output.contains("> \x1b[2m\\x1b\x1b[0m\\x1b"), "{output:?}");
}

#[test]
fn of_a_tall_draft_the_part_with_the_cursor_is_shown() {
    let text = (0..30).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
    let size = Size { columns: 80, rows: 5 };
    let mut view = view();
    assert!(
        rows(&mut view, Line { prompt: "> ", text: &text, cursor: text.len() }, size)
            .contains("26\r\n27\r\n28\r\n29\x1b")
    );
    assert!(rows(&mut view, Line { prompt: "> ", text: &text, cursor: 0 }, size).contains("> 0\r\n1\r\n2\r\n3\x1b"));
}

proptest! {
    #[test]
    fn every_push_stands_once_and_no_row_of_the_draft_stays(
        text in "[a-z ]{0,300}",
        cursor in any::<proptest::sample::Index>(),
        widths in proptest::collection::vec(20..200_usize, 1..20),
    ) {
        let (mut view, mut terminal) = (view(), Reflowing::new(widths[0]));
        let line = Line { prompt: "> ", text: &text, cursor: if text.is_empty() { 0 } else { cursor.index(text.len()) } };
        let mut expected = Vec::new();
        for (number, columns) in widths.iter().enumerate() {
            terminal.columns = *columns;
            let size = Size { columns: *columns, rows: 1000 };
            let mut output = Vec::new();
            view.clear(&mut output, size);
            output.extend_from_slice(format!("push {number}\n").as_bytes());
            view.draw(&mut output, line, size);
            terminal.print(&output);
            expected.push(format!("push {number}"));
        }
        let lines = terminal.lines();
        prop_assert_eq!(&lines[..expected.len()], &expected[..]);
        let draft = lines[expected.len()..].to_vec();
        prop_assert_eq!(draft, drawn_at(line, *widths.last().unwrap()));
    }
}

fn drawn_at(line: Line<'_>, columns: usize) -> Vec<String> {
    let mut output = Vec::new();
    view().draw(&mut output, line, Size { columns, rows: 1000 });
    let mut terminal = Reflowing::new(columns);
    terminal.print(&output);
    terminal.lines()
}
