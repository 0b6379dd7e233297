//! The keys that mean something else here than rustyline would make of them.
//!
//! Every way to end a line is made to go through the validator (`Cmd::AcceptLine` does), the last moment at which the
//! terminal can be told that the editor lets go of it.

use std::sync::{Arc, Mutex, PoisonError};

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyCode, KeyEvent, Modifiers,
    Movement, RepeatCount,
};

use crate::input::continuation::goes_on;
use crate::output::terminal::Terminal;
use crate::platform;

/// A key that can end a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Sends, or goes on with the next line.
    Enter,
    /// Alt-Enter: sends as it is.
    AltEnter,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfFile,
    /// Enter after a `\` that goes on with the next line. rustyline has no command that replaces a character and
    /// leaves the cursor behind it, but a completion does; so that is what it is asked for.
    Continue,
}

/// The last of these keys that was pressed: why a line was accepted, or a completion asked for.
#[derive(Debug, Clone)]
pub(super) struct LastKey(Arc<Mutex<Key>>);

impl LastKey {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Key::Enter)))
    }

    pub(super) fn get(&self) -> Key {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, key: Key) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

/// Teaches `editor` the keys.
pub(super) fn bind<H: Helper, I: History>(editor: &mut Editor<H, I>, last_key: &LastKey, terminal: &Terminal) {
    let special = terminal.device().special_keys();
    let key = |character| KeyEvent::new(character, Modifiers::NONE);
    let ending = |key| EventHandler::Conditional(Box::new(Ending { key, last_key: last_key.clone() }));
    for enter in [KeyEvent(KeyCode::Enter, Modifiers::NONE), KeyEvent::ctrl('J'), KeyEvent::ctrl('M')] {
        editor.bind_sequence(enter, ending(Key::Enter));
    }
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), ending(Key::AltEnter));
    let interrupts = [special.interrupt, special.quit].into_iter().flatten().map(key);
    for interrupt in interrupts.chain([KeyEvent::ctrl('C')]) {
        editor.bind_sequence(interrupt, ending(Key::Interrupt));
    }
    if let Some(end_of_file) = special.end_of_file {
        editor.bind_sequence(key(end_of_file), ending(Key::EndOfFile));
    }
    if let Some(suspend) = special.suspend {
        editor.bind_sequence(key(suspend), EventHandler::Conditional(Box::new(Suspend(terminal.clone()))));
    }
}

/// What to do at a key that can end a line; `None` leaves it to rustyline.
fn command(key: Key, line: &str, cursor: usize) -> Option<Cmd> {
    match key {
        Key::Enter if !goes_on(line) => None,
        // The first Enter only shows where the line goes on.
        Key::Enter if cursor < line.len() => Some(Cmd::Move(Movement::EndOfBuffer)),
        Key::Enter | Key::Continue => Some(Cmd::Complete),
        Key::Interrupt if !line.is_empty() => Some(Cmd::Kill(Movement::WholeBuffer)),
        Key::EndOfFile if !line.is_empty() => None,
        Key::AltEnter | Key::Interrupt | Key::EndOfFile => Some(Cmd::AcceptLine),
    }
}

struct Ending {
    key: Key,
    last_key: LastKey,
}

impl ConditionalEventHandler for Ending {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let command = command(self.key, context.line(), context.pos());
        let goes_on = command == Some(Cmd::Complete);
        self.last_key.set(if goes_on { Key::Continue } else { self.key });
        command
    }
}

/// Stops the process group with the terminal as it was found (rustyline would leave ours).
struct Suspend(Terminal);

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        // Where this fails, nothing was suspended, and the line is drawn again.
        let _ = self.0.device().hand_back(platform::suspend);
        // The window may have changed its size meanwhile.
        platform::announce_resize();
        Some(Cmd::Repaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_sends_unless_a_backslash_goes_on() {
        assert_eq!(command(Key::Enter, "hello", 5), None);
        assert_eq!(command(Key::Enter, "hello\\\\", 7), None);
        assert_eq!(command(Key::Enter, "hello\\", 6), Some(Cmd::Complete));
        assert_eq!(command(Key::Enter, "hello\\", 2), Some(Cmd::Move(Movement::EndOfBuffer)));
        assert_eq!(command(Key::AltEnter, "hello\\", 6), Some(Cmd::AcceptLine));
    }

    #[test]
    fn interrupt_clears_a_line_and_ends_an_empty_one() {
        assert_eq!(command(Key::Interrupt, "hello", 0), Some(Cmd::Kill(Movement::WholeBuffer)));
        assert_eq!(command(Key::Interrupt, "", 0), Some(Cmd::AcceptLine));
        assert_eq!(command(Key::EndOfFile, "hello", 0), None);
        assert_eq!(command(Key::EndOfFile, "", 0), Some(Cmd::AcceptLine));
    }
}
