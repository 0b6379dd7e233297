//! What each key means: as in GNU Readline with Emacs' keys. The keys and the commands are rustyline's.

use std::mem;

use rustyline::{Anchor, At, Cmd, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount, Word};

use super::keys::Key;
use crate::platform::SpecialKeys;

/// The largest count that can be typed.
const LARGEST_COUNT: RepeatCount = 9999;

/// A command that is begun with one key and needs another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Prefix {
    #[default]
    None,
    /// Ctrl-X.
    ControlX,
    /// How often the next command is executed.
    Count(RepeatCount),
}

/// The bindings, and what has been pressed of a command.
#[derive(Debug)]
pub(super) struct Bindings {
    special: SpecialKeys,
    prefix: Prefix,
}

impl Bindings {
    /// `special` are the keys of the terminal.
    pub(super) fn new(special: SpecialKeys) -> Self {
        Self { special, prefix: Prefix::None }
    }

    /// The count that is being typed.
    pub(super) fn count(&self) -> Option<RepeatCount> {
        match self.prefix {
            Prefix::Count(count) => Some(count),
            _ => None,
        }
    }

    /// What `key` means. What some mean depends on whether the line `is_empty`.
    pub(super) fn command(&mut self, key: Key, is_empty: bool) -> Cmd {
        let prefix = mem::take(&mut self.prefix);
        let event = match key {
            Key::Pasted(text) => return Cmd::Insert(1, text),
            Key::Pressed(event) => event,
        };
        match (prefix, event) {
            (Prefix::ControlX, _) if event == KeyEvent::ctrl('U') => return Cmd::Undo(1),
            (Prefix::ControlX, _) => return Cmd::Noop,
            (Prefix::Count(before), KeyEvent(KeyCode::Char(digit @ '0'..='9'), Modifiers::NONE | Modifiers::ALT)) => {
                self.prefix = Prefix::Count(with_digit(before, digit));
            }
            (_, KeyEvent(KeyCode::Char(digit @ '0'..='9'), Modifiers::ALT)) => {
                self.prefix = Prefix::Count(with_digit(0, digit));
            }
            _ if event == KeyEvent::ctrl('X') => self.prefix = Prefix::ControlX,
            _ => {
                let count = if let Prefix::Count(count) = prefix { count } else { 1 };
                return of_terminal(event, &self.special, is_empty).unwrap_or_else(|| of_key(event, count));
            }
        }
        Cmd::Noop
    }
}

fn with_digit(count: RepeatCount, digit: char) -> RepeatCount {
    let digit = digit.to_digit(10).and_then(|digit| RepeatCount::try_from(digit).ok()).unwrap_or(0);
    count.saturating_mul(10).saturating_add(digit).min(LARGEST_COUNT)
}

/// The keys that the terminal itself has, but for `None`. Ctrl-C and Ctrl-D mean the same where it has others.
fn of_terminal(event: KeyEvent, special: &SpecialKeys, is_empty: bool) -> Option<Cmd> {
    let is = |key: Option<char>| key.is_some_and(|character| event == KeyEvent::from(character));
    if is(special.interrupt) || is(special.quit) || event == KeyEvent::ctrl('C') {
        Some(if is_empty { Cmd::Interrupt } else { Cmd::Kill(Movement::WholeBuffer) })
    } else if (is(special.end_of_file) || event == KeyEvent::ctrl('D')) && is_empty {
        Some(Cmd::EndOfFile)
    } else if is(special.suspend) {
        Some(Cmd::Suspend)
    } else {
        None
    }
}

fn of_key(KeyEvent(code, modifiers): KeyEvent, count: RepeatCount) -> Cmd {
    let by_word = modifiers.intersects(Modifiers::CTRL_ALT);
    match code {
        KeyCode::Char(character) if modifiers == Modifiers::NONE => Cmd::SelfInsert(count, character),
        KeyCode::Char(character) if modifiers == Modifiers::CTRL => of_control(character, count),
        KeyCode::Char(character) if modifiers == Modifiers::ALT => of_alt(character, count),
        KeyCode::Enter | KeyCode::Char('J' | 'M') if modifiers.contains(Modifiers::ALT) => Cmd::AcceptLine,
        KeyCode::Enter => Cmd::AcceptOrInsertLine { accept_in_the_middle: true },
        KeyCode::Tab => Cmd::Complete,
        KeyCode::Backspace if by_word => Cmd::Kill(Movement::BackwardWord(count, Word::Emacs)),
        KeyCode::Backspace => Cmd::Kill(Movement::BackwardChar(count)),
        KeyCode::Delete if by_word => Cmd::Kill(word_right(count)),
        KeyCode::Delete => Cmd::Kill(Movement::ForwardChar(count)),
        KeyCode::Left if by_word => Cmd::Move(Movement::BackwardWord(count, Word::Emacs)),
        KeyCode::Left => Cmd::Move(Movement::BackwardChar(count)),
        KeyCode::Right if by_word => Cmd::Move(word_right(count)),
        KeyCode::Right => Cmd::Move(Movement::ForwardChar(count)),
        KeyCode::Up => Cmd::LineUpOrPreviousHistory(count),
        KeyCode::Down => Cmd::LineDownOrNextHistory(count),
        KeyCode::Home => Cmd::Move(Movement::BeginningOfLine),
        KeyCode::End => Cmd::Move(Movement::EndOfLine),
        _ => Cmd::Noop,
    }
}

fn of_control(character: char, count: RepeatCount) -> Cmd {
    match character {
        'A' => Cmd::Move(Movement::BeginningOfLine),
        'B' => Cmd::Move(Movement::BackwardChar(count)),
        'D' => Cmd::Kill(Movement::ForwardChar(count)),
        'E' => Cmd::Move(Movement::EndOfLine),
        'F' => Cmd::Move(Movement::ForwardChar(count)),
        'G' => Cmd::Abort,
        'J' => Cmd::AcceptOrInsertLine { accept_in_the_middle: true },
        'K' => Cmd::Kill(Movement::EndOfLine),
        'L' => Cmd::ClearScreen,
        'N' => Cmd::LineDownOrNextHistory(count),
        'P' => Cmd::LineUpOrPreviousHistory(count),
        'Q' | 'V' => Cmd::QuotedInsert,
        'R' => Cmd::ReverseSearchHistory,
        'S' => Cmd::ForwardSearchHistory,
        'T' => Cmd::TransposeChars,
        'U' => Cmd::Kill(Movement::BeginningOfLine),
        'W' => Cmd::Kill(Movement::BackwardWord(count, Word::Big)),
        'Y' => Cmd::Yank(count, Anchor::Before),
        '_' => Cmd::Undo(count),
        _ => Cmd::Noop,
    }
}

fn of_alt(character: char, count: RepeatCount) -> Cmd {
    match character.to_ascii_lowercase() {
        'b' => Cmd::Move(Movement::BackwardWord(count, Word::Emacs)),
        'f' => Cmd::Move(word_right(count)),
        'd' => Cmd::Kill(word_right(count)),
        'u' => Cmd::UpcaseWord,
        'l' => Cmd::DowncaseWord,
        'c' => Cmd::CapitalizeWord,
        't' => Cmd::TransposeWords(count),
        'y' => Cmd::YankPop,
        '<' => Cmd::BeginningOfHistory,
        '>' => Cmd::EndOfHistory,
        _ => Cmd::Noop,
    }
}

fn word_right(count: RepeatCount) -> Movement {
    Movement::ForwardWord(count, At::AfterEnd, Word::Emacs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings() -> Bindings {
        Bindings::new(SpecialKeys {
            interrupt: Some('\x03'),
            end_of_file: Some('\x04'),
            quit: Some('\x1c'),
            suspend: Some('\x1A'),
        })
    }

    fn command(characters: &str, is_empty: bool) -> Cmd {
        let mut bindings = bindings();
        let mut commands = characters.chars().map(|c| bindings.command(Key::Pressed(c.into()), is_empty));
        commands.next_back().unwrap()
    }

    #[test]
    fn interrupt_clears_a_line_and_ends_an_empty_one() {
        for interrupt in ["\x03", "\x1c"] {
            assert_eq!(command(interrupt, false), Cmd::Kill(Movement::WholeBuffer));
            assert_eq!(command(interrupt, true), Cmd::Interrupt);
        }
        assert_eq!(command("\x04", false), Cmd::Kill(Movement::ForwardChar(1)));
        assert_eq!(command("\x04", true), Cmd::EndOfFile);
        assert_eq!(command("\x1a", true), Cmd::Suspend);
    }

    #[test]
    fn a_control_character_is_no_text_unless_it_is_pasted() {
        assert_eq!(command("\x1b", true), Cmd::Noop);
        assert_eq!(bindings().command(Key::Pasted("\x1b".into()), true), Cmd::Insert(1, "\x1b".into()));
    }

    #[test]
    fn a_count_is_for_one_command() {
        let mut bindings = bindings();
        let mut press = |event| bindings.command(Key::Pressed(event), false);
        assert_eq!(press(KeyEvent::alt('1')), Cmd::Noop);
        assert_eq!(press('2'.into()), Cmd::Noop);
        assert_eq!(press('x'.into()), Cmd::SelfInsert(12, 'x'));
        assert_eq!(press('2'.into()), Cmd::SelfInsert(1, '2'));
        for _ in 0..9 {
            press(KeyEvent::alt('9'));
        }
        assert_eq!(bindings.count(), Some(LARGEST_COUNT));
    }

    #[test]
    fn what_is_pressed_after_ctrl_x_is_no_text() {
        let mut bindings = bindings();
        let mut press = |event| bindings.command(Key::Pressed(event), false);
        for (key, expected) in [(KeyEvent::ctrl('U'), Cmd::Undo(1)), ('u'.into(), Cmd::Noop)] {
            assert_eq!(press(KeyEvent::ctrl('X')), Cmd::Noop);
            assert_eq!(press(key), expected);
        }
        assert_eq!(press('u'.into()), Cmd::SelfInsert(1, 'u'));
    }
}
