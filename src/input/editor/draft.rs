//! The line that is being edited: rustyline's `LineBuffer`, with undo and with the texts that were killed.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;

use rustyline::line_buffer::{Direction, LineBuffer, WordAction};
use rustyline::{Cmd, Movement, RepeatCount};

use super::changes::Changes;

/// How many killed texts are kept, as in rustyline.
const KILLED: usize = 60;

/// What the last command did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum LastCommand {
    /// It typed a character. What is typed next is undone together with it.
    Typed,
    /// It killed. What is killed next becomes part of the same text.
    Killed,
    /// It yanked so many bytes.
    Yanked(usize),
    #[default]
    Other,
}

/// The text and its cursor.
#[derive(Debug)]
pub(super) struct Draft {
    line: LineBuffer,
    changes: Changes,
    /// What Ctrl-Y inserts is last.
    killed: VecDeque<String>,
    last: LastCommand,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            line: LineBuffer::with_capacity(0),
            changes: Changes::default(),
            killed: VecDeque::new(),
            last: LastCommand::Other,
        }
    }

    pub(super) fn text(&self) -> &str {
        self.line.as_str()
    }

    /// A byte index in the text.
    pub(super) fn cursor(&self) -> usize {
        self.line.pos()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Takes the text out. What was killed stays.
    pub(super) fn take(&mut self) -> String {
        let killed = mem::take(&mut self.killed);
        mem::replace(self, Self { killed, ..Self::new() }).line.into_string()
    }

    /// Puts another text in place of this one, as one change.
    pub(super) fn set(&mut self, text: &str, cursor: usize) {
        self.begin(LastCommand::Other);
        self.line.replace(0..self.line.len(), text, &mut self.changes);
        self.line.set_pos(cursor);
    }

    pub(super) fn insert(&mut self, text: &str) {
        self.put(self.cursor()..self.cursor(), text, LastCommand::Other);
    }

    /// Puts `text` in place of what stands between `start` and the cursor.
    pub(super) fn complete(&mut self, start: usize, text: &str) {
        self.put(start..self.cursor(), text, LastCommand::Other);
    }

    /// Executes a command that concerns nothing but the text.
    pub(super) fn execute(&mut self, command: Cmd) {
        match command {
            Cmd::SelfInsert(count, character) => {
                let text = character.to_string().repeat(usize::from(count));
                self.put(self.cursor()..self.cursor(), &text, LastCommand::Typed);
            }
            Cmd::Insert(count, text) => self.insert(&text.repeat(usize::from(count))),
            Cmd::Move(movement) => self.go(&movement),
            Cmd::Kill(movement) => self.kill(&movement),
            Cmd::Yank(count, _) => self.yank(count),
            Cmd::YankPop => self.yank_earlier(),
            Cmd::TransposeChars => self.change(LineBuffer::transpose_chars),
            Cmd::TransposeWords(count) => self.change(|line, changes| line.transpose_words(count, changes)),
            Cmd::CapitalizeWord => self.change(|line, changes| line.edit_word(WordAction::Capitalize, changes)),
            Cmd::DowncaseWord => self.change(|line, changes| line.edit_word(WordAction::Lowercase, changes)),
            Cmd::UpcaseWord => self.change(|line, changes| line.edit_word(WordAction::Uppercase, changes)),
            Cmd::Undo(count) => {
                self.last = LastCommand::Other;
                (0..count).for_each(|_| self.changes.undo(&mut self.line));
            }
            _ => {}
        }
    }

    /// Goes to the line above. `false`: there is none.
    pub(super) fn go_up(&mut self) -> bool {
        let (before, cursor) = (&self.text()[..self.cursor()], self.cursor());
        let Some(end) = before.rfind('\n') else { return false };
        let start = before[..end].rfind('\n').map_or(0, |newline| newline + 1);
        self.go_in(start..end, end + 1..cursor);
        true
    }

    /// Goes to the line below. `false`: there is none.
    pub(super) fn go_down(&mut self) -> bool {
        let (text, cursor) = (self.text(), self.cursor());
        let Some(newline) = text[cursor..].find('\n') else { return false };
        let start = cursor + newline + 1;
        let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let line_start = text[..cursor].rfind('\n').map_or(0, |newline| newline + 1);
        self.go_in(start..end, line_start..cursor);
        true
    }

    /// Goes to the column in `line` that the end of `passed` has. `LineBuffer` itself goes up and down only with a layout
    /// of rustyline's renderer.
    fn go_in(&mut self, line: Range<usize>, passed: Range<usize>) {
        self.last = LastCommand::Other;
        self.line.set_pos(passed.start);
        let mut column: RepeatCount = 0;
        while self.cursor() < passed.end && self.line.move_forward(1) {
            column = column.saturating_add(1);
        }
        self.line.set_pos(line.start);
        self.line.move_forward(column);
        self.line.set_pos(self.cursor().min(line.end));
    }

    fn go(&mut self, movement: &Movement) {
        self.last = LastCommand::Other;
        let line = &mut self.line;
        match *movement {
            Movement::BackwardChar(count) => line.move_backward(count),
            Movement::ForwardChar(count) => line.move_forward(count),
            Movement::BackwardWord(count, word) => line.move_to_prev_word(word, count),
            Movement::ForwardWord(count, at, word) => line.move_to_next_word(at, word, count),
            Movement::BeginningOfLine => line.move_home(),
            Movement::EndOfLine => line.move_end(),
            Movement::EndOfBuffer => line.move_buffer_end(),
            _ => false,
        };
    }

    fn kill(&mut self, movement: &Movement) {
        let goes_on = self.last == LastCommand::Killed;
        self.begin(LastCommand::Other);
        self.line.kill(movement, &mut self.changes);
        let Some((text, direction)) = self.changes.take_killed() else { return };
        self.last = LastCommand::Killed;
        match self.killed.back_mut().filter(|_| goes_on) {
            Some(last) if direction == Direction::Forward => last.push_str(&text),
            Some(last) => last.insert_str(0, &text),
            None => {
                if self.killed.len() == KILLED {
                    self.killed.pop_front();
                }
                self.killed.push_back(text);
            }
        }
    }

    /// Inserts what was killed last.
    fn yank(&mut self, count: RepeatCount) {
        let Some(text) = self.killed.back().map(|text| text.repeat(usize::from(count))) else { return };
        self.put(self.cursor()..self.cursor(), &text, LastCommand::Yanked(text.len()));
    }

    /// Puts what was killed before in place of what was yanked.
    fn yank_earlier(&mut self) {
        let LastCommand::Yanked(length) = self.last else { return };
        self.killed.rotate_right(1);
        let Some(text) = self.killed.back().cloned() else { return };
        self.put(self.cursor() - length..self.cursor(), &text, LastCommand::Yanked(text.len()));
    }

    fn change(&mut self, change: impl FnOnce(&mut LineBuffer, &mut Changes) -> bool) {
        self.begin(LastCommand::Other);
        change(&mut self.line, &mut self.changes);
    }

    /// `LineBuffer::replace`, because a `LineBuffer` of others does not grow by `insert` and `yank`.
    fn put(&mut self, range: Range<usize>, text: &str, command: LastCommand) {
        self.begin(command);
        self.line.replace(range, text, &mut self.changes);
    }

    /// Notes what is going to change the text.
    fn begin(&mut self, command: LastCommand) {
        let goes_on = command == LastCommand::Typed && self.last == LastCommand::Typed;
        self.last = command;
        if !goes_on {
            self.changes.begin_command();
        }
    }
}

#[cfg(test)]
mod tests {
    use rustyline::{Anchor, At, Word};

    use super::*;

    fn draft(left: &str, right: &str) -> Draft {
        let mut draft = Draft::new();
        draft.set(&[left, right].concat(), left.len());
        draft
    }

    #[track_caller]
    fn assert_is(draft: &Draft, left: &str, right: &str) {
        assert_eq!(draft.text().split_at(draft.cursor()), (left, right));
    }

    fn kill_word_left(draft: &mut Draft) {
        draft.execute(Cmd::Kill(Movement::BackwardWord(1, Word::Big)));
    }

    #[test]
    fn the_cursor_goes_by_characters_words_and_lines() {
        let word_right = Movement::ForwardWord(1, At::AfterEnd, Word::Emacs);
        let steps = [
            (("one two\n", "three"), Movement::BackwardChar(1), ("one two", "\nthree")),
            (("one e\u{301}", ""), Movement::BackwardChar(1), ("one ", "e\u{301}")),
            (("one two", "\nthree"), Movement::ForwardChar(1), ("one two\n", "three")),
            (("one two", "\nthree"), Movement::BackwardWord(1, Word::Emacs), ("one ", "two\nthree")),
            (("one two\nth", "ree four"), word_right, ("one two\nthree", " four")),
            (("one two\nth", "ree four"), Movement::BeginningOfLine, ("one two\n", "three four")),
            (("on", "e two\nthree"), Movement::EndOfLine, ("one two", "\nthree")),
        ];
        for ((left, right), movement, expected) in steps {
            let mut draft = draft(left, right);
            draft.execute(Cmd::Move(movement));
            assert_is(&draft, expected.0, expected.1);
        }
    }

    #[test]
    fn the_cursor_keeps_its_column_from_line_to_line() {
        let mut draft = draft("fu\u{308}rst\nsec", "ond\nx");
        assert!(draft.go_up());
        assert_is(&draft, "fu\u{308}r", "st\nsecond\nx");
        assert!(!draft.go_up());
        assert!(draft.go_down());
        assert_is(&draft, "fu\u{308}rst\nsec", "ond\nx");
        assert!(draft.go_down());
        assert_is(&draft, "fu\u{308}rst\nsecond\nx", "");
        assert!(!draft.go_down());
    }

    #[test]
    fn what_is_killed_can_be_yanked_and_undone() {
        let mut draft = draft("a b-c", " d");
        kill_word_left(&mut draft);
        assert_is(&draft, "a ", " d");
        draft.execute(Cmd::Move(Movement::EndOfBuffer));
        draft.execute(Cmd::Yank(2, Anchor::Before));
        assert_is(&draft, "a  db-cb-c", "");
        draft.execute(Cmd::Undo(2));
        assert_is(&draft, "a b-c", " d");
    }

    #[test]
    fn what_is_killed_in_a_row_is_one_text_and_earlier_texts_come_after_it() {
        let mut draft = draft("one two three", "");
        kill_word_left(&mut draft);
        draft.execute(Cmd::Move(Movement::BeginningOfLine));
        draft.execute(Cmd::Move(Movement::EndOfLine));
        kill_word_left(&mut draft);
        kill_word_left(&mut draft);
        draft.execute(Cmd::Yank(1, Anchor::Before));
        assert_is(&draft, "one two ", "");
        draft.execute(Cmd::YankPop);
        assert_is(&draft, "three", "");
        draft.execute(Cmd::YankPop);
        assert_is(&draft, "one two ", "");
        draft.execute(Cmd::Move(Movement::EndOfLine));
        draft.execute(Cmd::YankPop);
        assert_is(&draft, "one two ", "");
    }

    #[test]
    fn typed_characters_are_undone_together() {
        let mut draft = Draft::new();
        for character in ['a', 'b', 'c'] {
            draft.execute(Cmd::SelfInsert(1, character));
        }
        draft.execute(Cmd::Kill(Movement::BackwardChar(1)));
        draft.execute(Cmd::Undo(1));
        assert_is(&draft, "abc", "");
        draft.execute(Cmd::Undo(1));
        assert_is(&draft, "", "");
        draft.execute(Cmd::Undo(1));
    }

    #[test]
    fn a_text_may_be_of_any_length() {
        let mut draft = Draft::new();
        let long = "x".repeat(100_000);
        draft.execute(Cmd::Insert(1, long.clone()));
        draft.execute(Cmd::Kill(Movement::WholeBuffer));
        draft.execute(Cmd::Yank(2, Anchor::Before));
        assert_eq!(draft.take().len(), 2 * long.len());
        draft.execute(Cmd::Yank(1, Anchor::Before));
        assert_eq!(draft.take(), long);
    }

    #[test]
    fn characters_and_words_are_swapped_and_words_change_their_case() {
        for (command, expected) in [(Cmd::TransposeChars, "one tow"), (Cmd::TransposeWords(1), "two one")] {
            let mut draft = draft("one two", "");
            draft.execute(command);
            assert_is(&draft, expected, "");
            draft.execute(Cmd::Undo(1));
            assert_eq!(draft.text(), "one two");
        }
        for (command, expected) in
            [(Cmd::UpcaseWord, "x ÉTÉ"), (Cmd::DowncaseWord, "x été"), (Cmd::CapitalizeWord, "x Été")]
        {
            let mut draft = draft("x", " éTé");
            draft.execute(command);
            assert_is(&draft, expected, "");
        }
    }
}
