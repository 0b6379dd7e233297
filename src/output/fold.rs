//! Folds our own prose, help above all, between words. What a peer sends is broken by `rows` instead.

use std::iter;

use unicode_width::UnicodeWidthChar;

use crate::output::diagnostic_lines::HINT;
use crate::output::rows;

/// Where no terminal says how wide it is.
pub const USUAL_COLUMNS: usize = 80;

/// The least room for words beside an indentation.
const ROOM: usize = 24;

/// Folds each line of `text` that takes more than `columns`. What does not fit goes on below the start of the line's text;
/// in a row of a table, which has two blanks and more between its cells, below the last cell.
pub fn fold(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| {
        let indent = line.len() - line.trim_start().len();
        let cell = line.rfind("  ").map_or(indent, |gap| gap + 2);
        fold_line(line, columns, if cell == indent || cell + ROOM <= columns { cell } else { indent + 2 })
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Appends `lines`, with their colours, and folds each that takes more than `columns`. What does not fit goes on below the start
/// of the line's text, behind `hint:` too; but never in the first column, where a line of our own begins.
pub fn fold_written(output: &mut Vec<u8>, lines: &str, columns: usize) {
    for line in lines.split_inclusive('\n') {
        if width(line.trim_end_matches('\n')) <= columns {
            output.extend_from_slice(line.as_bytes());
            continue;
        }
        let colour = if line.starts_with(rows::ESCAPE) { rows::colour(line.as_bytes()) } else { 0 };
        let hanging = match &line[colour..] {
            text if text.starts_with(HINT) => HINT.len() + 1,
            text => (text.len() - text.trim_start_matches(' ').len()).max(rows::CONTINUATION.len()),
        };
        output.extend_from_slice(fold_line_and_words(line, columns, hanging).as_bytes());
    }
}

/// Folds a line that takes more than `columns`; what does not fit goes on below the column `hanging`.
pub fn fold_line(line: &str, columns: usize, hanging: usize) -> String {
    fold_words(words(line), columns, hanging)
}

/// The same, and a word that is longer than a line goes on in the next.
pub fn fold_line_and_words(line: &str, columns: usize, hanging: usize) -> String {
    let room = columns.saturating_sub(hanging).max(1);
    fold_words(words(line).flat_map(|word| pieces(word, room)), columns, hanging)
}

fn fold_words<'a>(words: impl Iterator<Item = &'a str>, columns: usize, hanging: usize) -> String {
    let mut folded = String::new();
    let mut column = 0;
    for word in words {
        let text = word.trim_start();
        if column + width(word) > columns && column > hanging {
            folded.push('\n');
            folded.extend(iter::repeat_n(' ', hanging));
            folded.push_str(text);
            column = hanging + width(text);
        } else {
            folded.push_str(word);
            column += width(word);
        }
    }
    folded
}

/// The words of a line, each with the blanks before it.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    iter::from_fn(move || {
        let blanks = rest.len() - rest.trim_start().len();
        let end = rest[blanks..].find(' ').map_or(rest.len(), |end| blanks + end);
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// A word in pieces of at most `room` columns, without the blanks before it.
fn pieces(word: &str, room: usize) -> impl Iterator<Item = &str> {
    let mut rest = word;
    let mut blanks = word.len() - word.trim_start().len();
    iter::from_fn(move || {
        let most = room + std::mem::take(&mut blanks);
        let mut columns = 0;
        let end = widths(rest).find(|(at, width)| {
            columns += width;
            columns > most && *at > 0
        });
        let (piece, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// How many columns a text takes.
fn width(text: &str) -> usize {
    widths(text).map(|(_, width)| width).sum()
}

/// How many columns each character takes, and where it is. What sets a colour takes none, and is as one character.
fn widths(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    iter::from_fn(move || {
        let rest = &text[at..];
        let character = rest.chars().next()?;
        let (length, width) = match character {
            rows::ESCAPE => (rows::colour(rest.as_bytes()), 0),
            character => (character.len_utf8(), character.width().unwrap_or(0)),
        };
        let place = at;
        at += length;
        Some((place, width))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_goes_on_below_its_start() {
        assert_eq!(fold("  one two three\n\n  four", 9), "  one two\n  three\n\n  four");
        assert_eq!(fold("short", 80), "short");
    }

    #[test]
    fn a_cell_of_a_table_goes_on_below_itself() {
        assert_eq!(
            fold("  -a, --all     everything that there is to see", 40),
            "  -a, --all     everything that there is\n                to see"
        );
    }

    #[test]
    fn what_is_said_goes_on_below_its_text() {
        let folded = |lines: &str| {
            let mut folded = Vec::new();
            fold_written(&mut folded, lines, 12);
            String::from_utf8(folded).unwrap()
        };
        assert_eq!(folded("exactly here\nnot exactly here\n"), "exactly here\nnot exactly\n  here\n");
        assert_eq!(folded("    one two three\n"), "    one two\n    three\n");
        assert_eq!(folded("\x1b[1mhint:\x1b[0m one two three\n"), "\x1b[1mhint:\x1b[0m one\n      two\n      three\n");
        assert_eq!(
            folded("\x1b[31mone \x1b[7mtwo\x1b[0m four five\x1b[0m\n"),
            "\x1b[31mone \x1b[7mtwo\x1b[0m four\n  five\x1b[0m\n"
        );
        assert_eq!(folded("a https://example.com/\n"), "a https://ex\n  ample.com/\n");
    }

    #[test]
    fn a_line_goes_on_where_it_is_told_to() {
        assert_eq!(fold_line("/set A B C", 7, 4), "/set A\n    B C");
    }

    #[test]
    fn a_word_without_room_is_broken_where_it_may() {
        assert_eq!(fold_line_and_words("  a abcdefghijk b", 8, 2), "  a\n  abcdef\n  ghijk\n  b");
        assert_eq!(fold_line_and_words("日本語日本", 5, 1), "日本\n 語日\n 本");
    }

    #[test]
    fn a_word_without_room_stays_whole() {
        assert_eq!(fold("  https://example.com/long and", 12), "  https://example.com/long\n  and");
    }
}
