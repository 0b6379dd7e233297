//! What each key means: as in GNU Readline with Emacs' keys.

use super::draft::{Case, Place};
use super::keys::Key;
use super::past::Direction;
use crate::platform::SpecialKeys;

/// What a key means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    Insert(String),
    Go(Place),
    Delete(Place),
    /// Deletes what [`PasteCut`](Self::PasteCut) puts in again.
    Cut(Place),
    /// Deletes all.
    Clear,
    PasteCut,
    /// Swaps two characters.
    Swap,
    /// Changes the case of a word.
    Case(Case),
    Undo,
    /// Takes the next key as a character.
    Quote,
    /// Goes to the line above or below, or to an earlier or later entry.
    LineOrPast(Direction),
    /// Goes to the oldest entry, or back to the new line.
    EndOfPast(Direction),
    Search(Direction),
    Complete,
    ClearScreen,
    Suspend,
    /// Ends the line, unless it goes on.
    Enter,
    /// Ends the line, as it is.
    Send,
    Interrupt,
    EndInput,
}

/// What `key` means. `special` are the keys of the terminal; what some mean depends on whether the line `is_empty`.
pub(super) fn action(key: Key, special: &SpecialKeys, is_empty: bool) -> Action {
    match key {
        Key::Char(character) => of_terminal(character, special, is_empty).unwrap_or_else(|| of_character(character)),
        Key::Alt(character) => of_alt(character),
        Key::Pasted(text) => Action::Insert(text),
        Key::Left => Action::Go(Place::Left),
        Key::Right => Action::Go(Place::Right),
        Key::Up => Action::LineOrPast(Direction::Older),
        Key::Down => Action::LineOrPast(Direction::Newer),
        Key::Home => Action::Go(Place::LineStart),
        Key::End => Action::Go(Place::LineEnd),
        Key::Delete => Action::Delete(Place::Right),
        Key::WordLeft => Action::Go(Place::WordLeft),
        Key::WordRight => Action::Go(Place::WordRight),
        Key::WordDelete => Action::Cut(Place::WordRight),
        Key::Unknown => Action::Nothing,
    }
}

/// The keys that the terminal itself has, but for `None`. Ctrl-C and Ctrl-D mean the same where it has others.
fn of_terminal(character: char, special: &SpecialKeys, is_empty: bool) -> Option<Action> {
    let is = |key: Option<char>| key == Some(character);
    if is(special.interrupt) || is(special.quit) || character == '\x03' {
        Some(if is_empty { Action::Interrupt } else { Action::Clear })
    } else if (is(special.end_of_file) || character == '\x04') && is_empty {
        Some(Action::EndInput)
    } else if is(special.suspend) {
        Some(Action::Suspend)
    } else {
        None
    }
}

fn of_character(character: char) -> Action {
    match character {
        '\x01' => Action::Go(Place::LineStart),
        '\x02' => Action::Go(Place::Left),
        '\x04' => Action::Delete(Place::Right),
        '\x05' => Action::Go(Place::LineEnd),
        '\x06' => Action::Go(Place::Right),
        '\x08' | '\x7f' => Action::Delete(Place::Left),
        '\t' => Action::Complete,
        '\n' | '\r' => Action::Enter,
        '\x0b' => Action::Cut(Place::LineEnd),
        '\x0c' => Action::ClearScreen,
        '\x0e' => Action::LineOrPast(Direction::Newer),
        '\x10' => Action::LineOrPast(Direction::Older),
        '\x11' | '\x16' => Action::Quote,
        '\x12' => Action::Search(Direction::Older),
        '\x13' => Action::Search(Direction::Newer),
        '\x14' => Action::Swap,
        '\x15' => Action::Cut(Place::LineStart),
        '\x17' => Action::Cut(Place::BlankLeft),
        '\x19' => Action::PasteCut,
        '\x1f' => Action::Undo,
        _ if character.is_control() => Action::Nothing,
        _ => Action::Insert(character.into()),
    }
}

fn of_alt(character: char) -> Action {
    match character {
        '\r' | '\n' => Action::Send,
        'b' | 'B' => Action::Go(Place::WordLeft),
        'f' | 'F' => Action::Go(Place::WordRight),
        'd' | 'D' => Action::Cut(Place::WordRight),
        '\x08' | '\x7f' => Action::Cut(Place::WordLeft),
        'u' | 'U' => Action::Case(Case::Upper),
        'l' | 'L' => Action::Case(Case::Lower),
        'c' | 'C' => Action::Case(Case::Capital),
        '<' => Action::EndOfPast(Direction::Older),
        '>' => Action::EndOfPast(Direction::Newer),
        _ => Action::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIAL: SpecialKeys =
        SpecialKeys { interrupt: Some('\x03'), end_of_file: Some('\x04'), quit: Some('\x1c'), suspend: Some('\x1A') };

    #[test]
    fn interrupt_clears_a_line_and_ends_an_empty_one() {
        for interrupt in ['\x03', '\x1c'] {
            assert_eq!(action(Key::Char(interrupt), &SPECIAL, false), Action::Clear);
            assert_eq!(action(Key::Char(interrupt), &SPECIAL, true), Action::Interrupt);
        }
        assert_eq!(action(Key::Char('\x04'), &SPECIAL, false), Action::Delete(Place::Right));
        assert_eq!(action(Key::Char('\x04'), &SPECIAL, true), Action::EndInput);
    }

    #[test]
    fn a_control_character_is_no_text_unless_it_is_pasted() {
        assert_eq!(action(Key::Char('\x1b'), &SPECIAL, true), Action::Nothing);
        assert_eq!(action(Key::Pasted("\x1b".into()), &SPECIAL, true), Action::Insert("\x1b".into()));
    }
}
