//! The keys that do something else in wscope than rustyline's default.
//!
//! All keys that end a line call rustyline's validator (`Cmd::AcceptLine` does that). The validator is the last
//! callback before the editor releases the terminal, and it tells [`Terminal`] so.

use std::sync::{Arc, Mutex, PoisonError};

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyCode, KeyEvent, Modifiers,
    Movement, RepeatCount,
};

use super::completion::candidates;
use crate::input::continuation::goes_on;
use crate::output::terminal::Terminal;
use crate::platform;

/// A key that can end a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Sends the line, or continues it on the next one.
    Enter,
    /// Alt-Enter: sends the line, even if it ends with `\` or is JSON without an end.
    AltEnter,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfFile,
    /// Enter after a `\` that continues the line. The `\` must become a newline. rustyline has no command that replaces
    /// a character and leaves the cursor behind it, but a completion does that; so Enter asks for a completion.
    Continue,
}

/// The last of these keys that was pressed. It says why a line was accepted, or why a completion was asked for.
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

/// Binds the keys in `editor`.
pub(super) fn bind<H: Helper, I: History>(editor: &mut Editor<H, I>, last_key: &LastKey, terminal: &Terminal) {
    let special = terminal.device().special_keys();
    let key = |character| KeyEvent::new(character, Modifiers::NONE);
    let line_end = |key| EventHandler::Conditional(Box::new(LineEndHandler { key, last_key: last_key.clone() }));
    for enter in [KeyEvent(KeyCode::Enter, Modifiers::NONE), KeyEvent::ctrl('J'), KeyEvent::ctrl('M')] {
        editor.bind_sequence(enter, line_end(Key::Enter));
    }
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), line_end(Key::AltEnter));
    editor.bind_sequence(KeyEvent(KeyCode::Tab, Modifiers::NONE), EventHandler::Conditional(Box::new(TabHandler)));
    let interrupts = [special.interrupt, special.quit].into_iter().flatten().map(key);
    for interrupt in interrupts.chain([KeyEvent::ctrl('C')]) {
        editor.bind_sequence(interrupt, line_end(Key::Interrupt));
    }
    if let Some(end_of_file) = special.end_of_file {
        editor.bind_sequence(key(end_of_file), line_end(Key::EndOfFile));
    }
    if let Some(suspend) = special.suspend {
        editor.bind_sequence(key(suspend), EventHandler::Conditional(Box::new(SuspendHandler(terminal.clone()))));
    }
}

/// What `key` does. `None`: rustyline's default.
fn command(key: Key, line: &str, cursor: usize) -> Option<Cmd> {
    match key {
        Key::Enter if !goes_on(line) => None,
        // The cursor is not at the end. The first Enter moves it there, the second one continues the line.
        Key::Enter if cursor < line.len() => Some(Cmd::Move(Movement::EndOfBuffer)),
        Key::Enter | Key::Continue => Some(Cmd::Complete),
        Key::Interrupt if !line.is_empty() => Some(Cmd::Kill(Movement::WholeBuffer)),
        Key::EndOfFile if !line.is_empty() => None,
        Key::AltEnter | Key::Interrupt | Key::EndOfFile => Some(Cmd::AcceptLine),
    }
}

/// Handles a key that can end a line.
struct LineEndHandler {
    key: Key,
    last_key: LastKey,
}

impl ConditionalEventHandler for LineEndHandler {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let command = command(self.key, context.line(), context.pos());
        let goes_on = command == Some(Cmd::Complete);
        self.last_key.set(if goes_on { Key::Continue } else { self.key });
        command
    }
}

/// Handles Tab: where there is nothing to complete, it is a character. Text that is pasted without bracketed paste comes as
/// keys too.
struct TabHandler;

impl ConditionalEventHandler for TabHandler {
    fn handle(&self, _: &Event, count: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let (_, candidates) = candidates(&context.line()[..context.pos()]);
        candidates.is_empty().then(|| Cmd::Insert(count, "\t".into()))
    }
}

/// Handles the key that suspends the process. Before the process stops, the terminal gets the modes that it had when
/// wscope started. rustyline would leave the modes of the editor.
struct SuspendHandler(Terminal);

impl ConditionalEventHandler for SuspendHandler {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        // If this fails, the process was not suspended, and the line is only drawn again.
        let _ = self.0.device().hand_back(platform::suspend);
        // The size of the window may have changed while the process was stopped.
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
