//! The text of the line that is being edited, and its cursor.

use std::mem;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// How many changes can be undone.
const UNDO: usize = 100;

/// Where the cursor can go to, and up to where text can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Left,
    Right,
    WordLeft,
    WordRight,
    /// The start of the word at the left; only blanks part words.
    BlankLeft,
    LineStart,
    LineEnd,
    End,
}

/// What is done to the characters of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Capital,
}

/// What changed last. Characters that are typed one after the other are undone together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Change {
    #[default]
    Other,
    Typed,
}

/// The text and its cursor.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    /// A byte index in `text`.
    cursor: usize,
    before: Vec<(String, usize)>,
    last: Change,
    /// What was cut last.
    cut: String,
}

impl Draft {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes the text out. What was cut stays.
    pub(super) fn take(&mut self) -> String {
        let text = mem::take(&mut self.text);
        *self = Self { cut: mem::take(&mut self.cut), ..Self::default() };
        text
    }

    /// Puts another text in place of this one, as one change.
    pub(super) fn replace(&mut self, text: &str, cursor: usize) {
        self.remember(Change::Other);
        text.clone_into(&mut self.text);
        self.cursor = cursor;
    }

    pub(super) fn insert(&mut self, text: &str) {
        let is_one = text.chars().nth(1).is_none();
        self.remember(if is_one { Change::Typed } else { Change::Other });
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    pub(super) fn go(&mut self, place: Place) {
        self.last = Change::Other;
        self.cursor = self.index(place);
    }

    /// Goes to the line above. `false`: there is none.
    pub(super) fn go_up(&mut self) -> bool {
        let start = self.index(Place::LineStart);
        let Some(end) = start.checked_sub(1) else { return false };
        let above = self.text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        self.go_in(above..end, start);
        true
    }

    /// Goes to the line below. `false`: there is none.
    pub(super) fn go_down(&mut self) -> bool {
        let (start, end) = (self.index(Place::LineStart), self.index(Place::LineEnd));
        if end == self.text.len() {
            return false;
        }
        let below = end + 1;
        let below_end = self.text[below..].find('\n').map_or(self.text.len(), |newline| below + newline);
        self.go_in(below..below_end, start);
        true
    }

    /// Goes to the same column in `line` as in the line that begins at `start`.
    fn go_in(&mut self, line: Range<usize>, start: usize) {
        let column = self.text[start..self.cursor].graphemes(true).count();
        let passed: usize = self.text[line.clone()].graphemes(true).take(column).map(str::len).sum();
        self.last = Change::Other;
        self.cursor = line.start + passed;
    }

    pub(super) fn delete(&mut self, to: Place) {
        self.remove(to);
    }

    /// Deletes, and keeps what was deleted for [`paste_cut`](Self::paste_cut).
    pub(super) fn cut(&mut self, to: Place) {
        let cut = self.remove(to);
        if !cut.is_empty() {
            self.cut = cut;
        }
    }

    pub(super) fn paste_cut(&mut self) {
        let cut = mem::take(&mut self.cut);
        self.insert(&cut);
        self.cut = cut;
    }

    fn remove(&mut self, to: Place) -> String {
        let place = self.index(to);
        let range = place.min(self.cursor)..place.max(self.cursor);
        if range.is_empty() {
            return String::new();
        }
        self.remember(Change::Other);
        self.cursor = range.start;
        self.text.drain(range).collect()
    }

    /// Puts `text` in place of what stands between `start` and the cursor.
    pub(super) fn complete(&mut self, start: usize, text: &str) {
        self.remember(Change::Other);
        self.text.replace_range(start..self.cursor, text);
        self.cursor = start + text.len();
    }

    /// Swaps the two characters around the cursor, or at the end the two before it.
    pub(super) fn swap(&mut self) {
        if self.cursor == self.text.len() {
            self.cursor = self.index(Place::Left);
        }
        let (left, right) = (self.index(Place::Left), self.index(Place::Right));
        let swapped = [&self.text[self.cursor..right], &self.text[left..self.cursor]].concat();
        self.remember(Change::Other);
        self.text.replace_range(left..right, &swapped);
        self.cursor = right;
    }

    /// Changes the case up to the end of the word.
    pub(super) fn change_case(&mut self, case: Case) {
        let end = self.index(Place::WordRight);
        let word = &self.text[self.cursor..end];
        let changed = match case {
            Case::Upper => word.to_uppercase(),
            Case::Lower => word.to_lowercase(),
            Case::Capital => {
                let first = word
                    .find(char::is_alphanumeric)
                    .map_or(0, |index| index + word[index..].chars().next().map_or(0, char::len_utf8));
                word[..first].to_uppercase() + &word[first..].to_lowercase()
            }
        };
        let start = self.cursor;
        self.cursor = end;
        self.complete(start, &changed);
    }

    pub(super) fn undo(&mut self) {
        if let Some((text, cursor)) = self.before.pop() {
            (self.text, self.cursor) = (text, cursor);
            self.last = Change::Other;
        }
    }

    /// Keeps the text as it is before a change.
    fn remember(&mut self, change: Change) {
        if mem::replace(&mut self.last, change) == Change::Typed && change == Change::Typed {
            return;
        }
        if self.before.len() == UNDO {
            self.before.remove(0);
        }
        self.before.push((self.text.clone(), self.cursor));
    }

    fn index(&self, place: Place) -> usize {
        let (left, right) = self.text.split_at(self.cursor);
        let back = |is_part: fn(char) -> bool| left.trim_end_matches(|c| !is_part(c)).trim_end_matches(is_part).len();
        match place {
            Place::Left => left.len() - left.graphemes(true).next_back().map_or(0, str::len),
            Place::Right => left.len() + right.graphemes(true).next().map_or(0, str::len),
            Place::WordLeft => back(char::is_alphanumeric),
            Place::BlankLeft => back(|character| !character.is_whitespace()),
            Place::WordRight => {
                let rest =
                    right.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_start_matches(char::is_alphanumeric);
                self.text.len() - rest.len()
            }
            Place::LineStart => left.rfind('\n').map_or(0, |newline| newline + 1),
            Place::LineEnd => left.len() + right.find('\n').unwrap_or(right.len()),
            Place::End => self.text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(left: &str, right: &str) -> Draft {
        let mut draft = Draft::default();
        draft.replace(&[left, right].concat(), left.len());
        draft
    }

    #[track_caller]
    fn assert_is(draft: &Draft, left: &str, right: &str) {
        assert_eq!(draft.text().split_at(draft.cursor()), (left, right));
    }

    #[test]
    fn the_cursor_goes_by_characters_words_and_lines() {
        let steps = [
            (Place::Left, "one two", "\nthree e\u{301}"),
            (Place::Right, "one two\n", "three e\u{301}"),
            (Place::WordLeft, "one ", "two\nthree e\u{301}"),
            (Place::WordRight, "one two\nthree", " e\u{301}"),
            (Place::LineStart, "one two\n", "three e\u{301}"),
            (Place::LineEnd, "one two\nthree e\u{301}", ""),
            (Place::Left, "one two\nthree ", "e\u{301}"),
        ];
        for (place, left, right) in steps {
            let mut draft = match place {
                Place::Left if right.starts_with('e') => draft("one two\nthree e\u{301}", ""),
                Place::Left => draft("one two\n", "three e\u{301}"),
                Place::Right | Place::WordLeft => draft("one two", "\nthree e\u{301}"),
                _ => draft("one two\nth", "ree e\u{301}"),
            };
            draft.go(place);
            assert_is(&draft, left, right);
        }
    }

    #[test]
    fn the_cursor_keeps_its_column_from_line_to_line() {
        let mut draft = draft("first\nsec", "ond\nx");
        assert!(draft.go_up());
        assert_is(&draft, "fir", "st\nsecond\nx");
        assert!(!draft.go_up());
        assert!(draft.go_down() && draft.go_down());
        assert_is(&draft, "first\nsecond\nx", "");
        assert!(!draft.go_down());
    }

    #[test]
    fn what_is_cut_can_be_pasted_and_undone() {
        let mut draft = draft("a b-c", " d");
        draft.cut(Place::BlankLeft);
        assert_is(&draft, "a ", " d");
        draft.go(Place::End);
        draft.paste_cut();
        assert_is(&draft, "a  db-c", "");
        draft.undo();
        draft.undo();
        assert_is(&draft, "a b-c", " d");
    }

    #[test]
    fn typed_characters_are_undone_together() {
        let mut draft = draft("", "");
        for character in ["a", "b", "c"] {
            draft.insert(character);
        }
        draft.delete(Place::Left);
        draft.undo();
        assert_is(&draft, "abc", "");
        draft.undo();
        assert_is(&draft, "", "");
    }

    #[test]
    fn characters_are_swapped_and_words_change_their_case() {
        let mut swapped = draft("ab", "");
        swapped.swap();
        assert_is(&swapped, "ba", "");
        for (case, expected) in [(Case::Upper, "x ÉTÉ"), (Case::Lower, "x été"), (Case::Capital, "x Été")] {
            let mut draft = draft("x", " éTé");
            draft.change_case(case);
            assert_is(&draft, expected, "");
        }
    }
}
