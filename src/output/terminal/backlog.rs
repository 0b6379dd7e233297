//! What waits to be shown.

/// How much may wait before whoever brings more has to wait too.
const BUDGET: usize = 256 << 10;

/// Bytes that wait, handed out by whole lines.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: Vec<u8>,
    /// What waits starts here; so taking from the front moves nothing.
    start: usize,
}

impl Backlog {
    /// Whether `count` more bytes fit. Into an empty backlog anything does, or a large message would never be shown.
    pub(super) fn has_room(&self, count: usize) -> bool {
        self.len() == 0 || self.len() + count <= BUDGET
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Puts bytes before all that waits.
    pub(super) fn push_front(&mut self, bytes: &[u8]) {
        self.bytes.splice(self.start..self.start, bytes.iter().copied());
    }

    /// Takes whole lines of at most `limit` bytes together, or one line that is longer; `None` when no line is whole.
    pub(super) fn take_lines(&mut self, limit: usize) -> Option<&[u8]> {
        let waiting = &self.bytes[self.start..];
        let fitting = &waiting[..waiting.len().min(limit)];
        let end = match memchr::memrchr(b'\n', fitting) {
            Some(last) => last + 1,
            None => fitting.len() + memchr::memchr(b'\n', &waiting[fitting.len()..])? + 1,
        };
        let taken = self.start..self.start + end;
        self.start = taken.end;
        Some(&self.bytes[taken])
    }

    /// Takes everything, an unfinished line included.
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        let all = self.bytes.split_off(self.start);
        *self = Self::default();
        all
    }

    pub(super) fn has_lines(&self) -> bool {
        memchr::memrchr(b'\n', &self.bytes[self.start..]).is_some()
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backlog(text: &str) -> Backlog {
        let mut backlog = Backlog::default();
        backlog.push(text.as_bytes());
        backlog
    }

    #[test]
    fn lines_are_taken_whole_and_in_order() {
        let mut backlog = backlog("one\ntwo\nthree\nfo");
        assert_eq!(backlog.take_lines(9), Some(&b"one\ntwo\n"[..]));
        backlog.push(b"ur\n");
        assert_eq!(backlog.take_lines(1), Some(&b"three\n"[..]));
        assert_eq!(backlog.take_lines(100), Some(&b"four\n"[..]));
        assert_eq!(backlog.take_lines(100), None);
    }

    #[test]
    fn what_was_not_shown_goes_back_to_the_front() {
        let mut backlog = backlog("one\ntwo\n");
        assert_eq!(backlog.take_lines(4), Some(&b"one\n"[..]));
        backlog.push_front(b"one\n");
        assert_eq!(backlog.take_all(), b"one\ntwo\n");
    }

    #[test]
    fn an_unfinished_line_stays() {
        let mut backlog = backlog("unfinished");
        assert_eq!(backlog.take_lines(100), None);
        assert!(!backlog.has_lines());
        assert_eq!(backlog.take_all(), b"unfinished");
        assert_eq!(backlog.take_all(), b"");
    }

    #[test]
    fn the_budget_is_for_what_waits() {
        let mut backlog = backlog(&"x".repeat(BUDGET - 1));
        assert!(backlog.has_room(1));
        assert!(!backlog.has_room(2));
        backlog.take_all();
        assert!(backlog.has_room(10 * BUDGET));
    }
}
