//! What `LineBuffer` tells of its changes: for undo, and for the texts that are killed.

use std::collections::VecDeque;

use rustyline::line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer};

/// How many commands can be undone.
const UNDO: usize = 100;

/// At `index`, `new` took the place of `old`.
#[derive(Debug)]
struct Change {
    index: usize,
    old: String,
    new: String,
}

/// The changes of the last commands.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The changes that each command made. The newest command is last.
    commands: VecDeque<Vec<Change>>,
    /// Whether what is deleted is killed.
    is_killing: bool,
    killed: Option<(String, Direction)>,
}

impl Changes {
    /// What changes from now on is undone apart from what has changed before.
    pub(super) fn begin_command(&mut self) {
        if self.commands.len() == UNDO {
            self.commands.pop_front();
        }
        if self.commands.back().is_none_or(|changes| !changes.is_empty()) {
            self.commands.push_back(Vec::new());
        }
    }

    /// Takes back what the newest command has changed that has changed something.
    pub(super) fn undo(&mut self, line: &mut LineBuffer) {
        let changes = std::iter::from_fn(|| self.commands.pop_back()).find(|changes| !changes.is_empty());
        for change in changes.iter().flatten().rev() {
            let range = change.index..change.index + change.new.len();
            line.replace(range, &change.old, &mut Self::default());
        }
    }

    /// What was killed, and on which side of the cursor.
    pub(super) fn take_killed(&mut self) -> Option<(String, Direction)> {
        self.killed.take()
    }

    fn add(&mut self, index: usize, old: &str, new: &str) {
        if self.commands.is_empty() {
            self.begin_command();
        }
        let Some(changes) = self.commands.back_mut() else { return };
        match changes.last_mut() {
            // Typed characters are one change.
            Some(last) if old.is_empty() && last.index + last.new.len() == index => last.new.push_str(new),
            _ => changes.push(Change { index, old: old.to_owned(), new: new.to_owned() }),
        }
    }
}

impl DeleteListener for Changes {
    fn start_killing(&mut self) {
        self.is_killing = true;
    }

    fn delete(&mut self, index: usize, text: &str, direction: Direction) {
        if self.is_killing {
            self.killed = Some((text.to_owned(), direction));
        }
        self.add(index, text, "");
    }

    fn stop_killing(&mut self) {
        self.is_killing = false;
    }
}

impl ChangeListener for Changes {
    fn insert_char(&mut self, index: usize, character: char) {
        self.add(index, "", character.encode_utf8(&mut [0; 4]));
    }

    fn insert_str(&mut self, index: usize, text: &str) {
        self.add(index, "", text);
    }

    fn replace(&mut self, index: usize, old: &str, new: &str) {
        self.add(index, old, new);
    }
}
