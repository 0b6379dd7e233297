//! Earlier lines: going back and forth among them, and searching them.

/// How many entries are kept in memory.
const ENTRIES: usize = 1000;

/// The earlier lines, the newest last.
#[derive(Debug, Default)]
pub(super) struct Past {
    entries: Vec<String>,
    /// The entry that is shown; one more than the last for the line that is new.
    position: usize,
    /// The new line, while an earlier one is shown.
    new: String,
}

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Older,
    Newer,
}

impl Past {
    pub(super) fn new(entries: Vec<String>) -> Self {
        Self { position: entries.len(), entries, new: String::new() }
    }

    /// Adds a line, unless it is empty, starts with a space or is the same as the last. Returns whether it was added. The
    /// next line is new.
    pub(super) fn add(&mut self, line: &str) -> bool {
        let adds = !line.is_empty() && !line.starts_with(' ') && self.entries.last().is_none_or(|last| last != line);
        if adds {
            if self.entries.len() == ENTRIES {
                self.entries.remove(0);
            }
            self.entries.push(line.to_owned());
        }
        self.position = self.entries.len();
        adds
    }

    /// The next entry in this direction; `current` is what is shown now. `None`: there is none.
    pub(super) fn step(&mut self, direction: Direction, current: &str) -> Option<String> {
        let next = match direction {
            Direction::Older => self.position.checked_sub(1)?,
            Direction::Newer => self.position + 1,
        };
        self.go(next, current)
    }

    /// The oldest entry, or the new line.
    pub(super) fn last(&mut self, direction: Direction, current: &str) -> Option<String> {
        let last = if direction == Direction::Older { 0 } else { self.entries.len() };
        if last == self.position { None } else { self.go(last, current) }
    }

    fn go(&mut self, next: usize, current: &str) -> Option<String> {
        if next > self.entries.len() {
            return None;
        }
        if self.position == self.entries.len() {
            current.clone_into(&mut self.new);
        }
        self.position = next;
        Some(self.entries.get(next).unwrap_or(&self.new).clone())
    }

    /// Finds the next entry that contains `text`, from the one at `start` on.
    fn find(&self, text: &str, start: usize, direction: Direction) -> Option<usize> {
        let matches = |index: &usize| self.entries[*index].contains(text);
        match direction {
            Direction::Older => (0..self.entries.len().min(start + 1)).rev().find(matches),
            Direction::Newer => (start..self.entries.len()).find(matches),
        }
    }
}

/// A search that goes on with each key.
#[derive(Debug)]
pub(super) struct Search {
    text: String,
    direction: Direction,
    /// The entry that was found last.
    found: usize,
    has_failed: bool,
    /// The line before the search, and its cursor.
    pub(super) before: (String, usize),
}

impl Search {
    pub(super) fn new(past: &Past, direction: Direction, before: (String, usize)) -> Self {
        let found = past.entries.len().saturating_sub(1);
        Self { text: String::new(), direction, found, has_failed: false, before }
    }

    pub(super) fn prompt(&self) -> String {
        let failed = if self.has_failed { "failed " } else { "" };
        let reverse = if self.direction == Direction::Older { "reverse-" } else { "" };
        format!("({failed}{reverse}i-search)`{}': ", self.text)
    }

    /// Searches for a longer text. Returns the entry that contains it, and where.
    pub(super) fn push<'p>(&mut self, past: &'p Past, character: char) -> Option<(&'p str, usize)> {
        self.text.push(character);
        self.look(past, self.found)
    }

    /// Searches for a shorter text.
    pub(super) fn pop<'p>(&mut self, past: &'p Past) -> Option<(&'p str, usize)> {
        self.text.pop();
        self.look(past, self.found)
    }

    /// Searches for the same text in the next entries.
    pub(super) fn next<'p>(&mut self, past: &'p Past, direction: Direction) -> Option<(&'p str, usize)> {
        self.direction = direction;
        let start = match direction {
            Direction::Older => self.found.checked_sub(1),
            Direction::Newer => Some(self.found + 1),
        };
        self.has_failed = true;
        self.look(past, start?)
    }

    fn look<'p>(&mut self, past: &'p Past, start: usize) -> Option<(&'p str, usize)> {
        let found = past.find(&self.text, start, self.direction);
        self.has_failed = found.is_none();
        self.found = found?;
        let entry = &past.entries[self.found];
        Some((entry, entry.find(&self.text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past() -> Past {
        Past::new(["one", "two", "three"].map(str::to_owned).to_vec())
    }

    #[test]
    fn one_goes_back_and_comes_back_to_the_new_line() {
        let mut past = past();
        assert_eq!(past.step(Direction::Newer, "new"), None);
        assert_eq!(past.step(Direction::Older, "new").as_deref(), Some("three"));
        assert_eq!(past.step(Direction::Older, "three").as_deref(), Some("two"));
        assert_eq!(past.last(Direction::Older, "two").as_deref(), Some("one"));
        assert_eq!(past.step(Direction::Older, "one"), None);
        assert_eq!(past.last(Direction::Newer, "one").as_deref(), Some("new"));
        assert!(past.add("new") && !past.add("new") && !past.add(" secret") && !past.add(""));
        assert_eq!(past.step(Direction::Older, "").as_deref(), Some("new"));
    }

    #[test]
    fn a_search_goes_on_with_each_key() {
        let past = past();
        let mut search = Search::new(&past, Direction::Older, (String::new(), 0));
        assert_eq!(search.push(&past, 'o'), Some(("two", 2)));
        assert_eq!(search.next(&past, Direction::Older), Some(("one", 0)));
        assert_eq!(search.next(&past, Direction::Older), None);
        assert_eq!(search.prompt(), "(failed reverse-i-search)`o': ");
        assert_eq!(search.next(&past, Direction::Newer), Some(("two", 2)));
        assert_eq!(search.push(&past, 'x'), None);
        assert_eq!(search.pop(&past), Some(("two", 2)));
        assert_eq!(search.prompt(), "(i-search)`o': ");
    }
}
