//! Earlier lines: rustyline's `MemHistory`, which of them is shown, and a search that goes on with each key.

use rustyline::history::{History, MemHistory, SearchDirection};

use crate::input::history::ENTRIES;

/// The earlier lines, the newest last. They are in memory, so none of the operations of `MemHistory` fails.
pub(super) struct Past {
    lines: MemHistory,
    /// The line that is shown; one more than the last for the line that is new.
    position: usize,
    /// The new line, while an earlier one is shown.
    new: String,
}

impl Past {
    pub(super) fn new(earlier: Vec<String>) -> Self {
        let mut lines = MemHistory::new();
        let _ = lines.set_max_len(ENTRIES);
        for line in earlier {
            let _ = lines.add_owned(line);
        }
        lines.ignore_space(true);
        Self { position: lines.len(), lines, new: String::new() }
    }

    /// Adds a line, unless it is empty, starts with a space or is the same as the last. Returns whether it was added. The
    /// next line is new.
    pub(super) fn add(&mut self, line: &str) -> bool {
        let is_added = self.lines.add(line).unwrap_or(false);
        self.position = self.lines.len();
        is_added
    }

    /// The next line in this direction; `current` is what is shown now. `None`: there is none.
    pub(super) fn step(&mut self, direction: SearchDirection, current: &str) -> Option<String> {
        let next = match direction {
            SearchDirection::Reverse => self.position.checked_sub(1)?,
            SearchDirection::Forward => self.position + 1,
        };
        self.go(next, current)
    }

    /// The oldest line.
    pub(super) fn oldest(&mut self, current: &str) -> Option<String> {
        self.go(0, current)
    }

    /// The new line.
    pub(super) fn newest(&mut self, current: &str) -> Option<String> {
        self.go(self.lines.len(), current)
    }

    fn go(&mut self, next: usize, current: &str) -> Option<String> {
        if next > self.lines.len() || next == self.position {
            return None;
        }
        if self.position == self.lines.len() {
            current.clone_into(&mut self.new);
        }
        self.position = next;
        let earlier = self.lines.get(next, SearchDirection::Reverse).ok().flatten();
        Some(earlier.map_or_else(|| self.new.clone(), |found| found.entry.into_owned()))
    }
}

/// A search that goes on with each key.
#[derive(Debug)]
pub(super) struct Search {
    text: String,
    direction: SearchDirection,
    /// The line that was found last.
    found: usize,
    has_failed: bool,
    /// The line before the search, and its cursor.
    pub(super) before: (String, usize),
}

impl Search {
    pub(super) fn new(past: &Past, direction: SearchDirection, before: (String, usize)) -> Self {
        Self { text: String::new(), direction, found: past.lines.len().saturating_sub(1), has_failed: false, before }
    }

    pub(super) fn prompt(&self) -> String {
        let failed = if self.has_failed { "failed " } else { "" };
        let reverse = if self.direction == SearchDirection::Reverse { "reverse-" } else { "" };
        format!("({failed}{reverse}i-search)`{}': ", self.text)
    }

    /// Searches for a longer text. Returns the line that contains it, and where.
    pub(super) fn push(&mut self, past: &Past, character: char) -> Option<(String, usize)> {
        self.text.push(character);
        self.search(past, self.found)
    }

    /// Searches for a shorter text.
    pub(super) fn pop(&mut self, past: &Past) -> Option<(String, usize)> {
        self.text.pop();
        self.search(past, self.found)
    }

    /// Searches for the same text in the next lines.
    pub(super) fn next(&mut self, past: &Past, direction: SearchDirection) -> Option<(String, usize)> {
        self.direction = direction;
        let start = match direction {
            SearchDirection::Reverse => self.found.checked_sub(1),
            SearchDirection::Forward => Some(self.found + 1),
        };
        self.has_failed = true;
        self.search(past, start?)
    }

    fn search(&mut self, past: &Past, start: usize) -> Option<(String, usize)> {
        let result = past.lines.search(&self.text, start, self.direction).ok().flatten();
        self.has_failed = result.is_none() && !self.text.is_empty();
        let result = result?;
        self.found = result.idx;
        Some((result.entry.into_owned(), result.pos))
    }
}

#[cfg(test)]
mod tests {
    use SearchDirection::{Forward, Reverse};

    use super::*;

    fn past() -> Past {
        Past::new(["one", "two", "three"].map(str::to_owned).to_vec())
    }

    #[test]
    fn one_goes_back_and_comes_back_to_the_new_line() {
        let mut past = past();
        assert_eq!(past.step(Forward, "new"), None);
        assert_eq!(past.step(Reverse, "new").as_deref(), Some("three"));
        assert_eq!(past.step(Reverse, "three").as_deref(), Some("two"));
        assert_eq!(past.oldest("two").as_deref(), Some("one"));
        assert_eq!(past.step(Reverse, "one"), None);
        assert_eq!(past.newest("one").as_deref(), Some("new"));
        assert!(past.add("new") && !past.add("new") && !past.add(" secret") && !past.add(""));
        assert_eq!(past.step(Reverse, "").as_deref(), Some("new"));
    }

    #[test]
    fn as_many_lines_are_kept_as_the_file_gives() {
        let mut past = Past::new((0..ENTRIES).map(|number| number.to_string()).collect());
        assert_eq!(past.oldest("").as_deref(), Some("0"));
        assert!(past.add("new"));
        assert_eq!(past.oldest("").as_deref(), Some("1"));
    }

    #[test]
    fn a_search_goes_on_with_each_key() {
        let (past, found) = (past(), |line: &str, place| Some((line.to_owned(), place)));
        let mut search = Search::new(&past, Reverse, (String::new(), 0));
        assert_eq!(search.push(&past, 'o'), found("two", 2));
        assert_eq!(search.next(&past, Reverse), found("one", 0));
        assert_eq!(search.next(&past, Reverse), None);
        assert_eq!(search.prompt(), "(failed reverse-i-search)`o': ");
        assert_eq!(search.next(&past, Forward), found("two", 2));
        assert_eq!(search.push(&past, 'x'), None);
        assert_eq!(search.pop(&past), found("two", 2));
        assert_eq!(search.pop(&past), None);
        assert_eq!(search.prompt(), "(i-search)`': ");
    }
}
