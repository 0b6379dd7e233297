//! The bytes that wait to be shown on the terminal.

use crate::output::escape::whole_characters;

/// How many bytes may wait. A thread that brings more blocks in `Terminal::write_all`.
pub(super) const BUDGET: usize = 256 << 10;

/// A longer line is shown before its end has come.
const LONGEST_LINE: usize = 1 << 20;

/// Bytes that wait to be shown. They are taken in whole lines.
#[derive(Debug, Default)]
pub(super) struct PendingLines {
    bytes: Vec<u8>,
    /// The waiting bytes are `bytes[start..]`, so that taking bytes from the front moves none.
    start: usize,
    /// Bytes before this index may be taken even if their line has no end yet.
    released: usize,
}

impl PendingLines {
    /// Whether `count` more bytes fit. If no line can be taken, any number fits: otherwise no line end could ever
    /// arrive.
    pub(super) fn has_room(&self, count: usize) -> bool {
        !self.has_lines() || self.len() + count <= BUDGET
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.released = self.released.saturating_sub(self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
        if self.len() > LONGEST_LINE {
            self.release();
        }
    }

    /// Lets an unfinished line be taken, because no bytes follow for now.
    pub(super) fn release(&mut self) {
        self.released = self.bytes.len();
    }

    /// Puts `bytes` before all waiting bytes, and lets them be taken.
    pub(super) fn push_front(&mut self, bytes: &[u8]) {
        self.bytes.splice(self.start..self.start, bytes.iter().copied());
        self.released += bytes.len();
    }

    /// Takes whole lines that are together at most `limit` bytes long, or one line that is longer, or the
    /// [released](Self::release) part of an unfinished line. `None`, if there is none of these.
    pub(super) fn take_lines(&mut self, limit: usize) -> Option<&[u8]> {
        let waiting = &self.bytes[self.start..];
        let fitting = &waiting[..waiting.len().min(limit)];
        let last = memchr::memrchr(b'\n', fitting);
        let next = || Some(fitting.len() + memchr::memchr(b'\n', &waiting[fitting.len()..])?);
        let line_end = last.or_else(next).map(|line_end| line_end + 1);
        let end = line_end.or_else(|| self.released_end())?;
        let taken = self.start..self.start + end;
        self.start = taken.end;
        Some(&self.bytes[taken])
    }

    /// The length of the released part of an unfinished line. It is taken at once, because the editor starts a new line
    /// after each batch. It ends with a whole character, if it has one.
    fn released_end(&self) -> Option<usize> {
        let released = self.bytes.get(self.start..self.released).filter(|released| !released.is_empty())?;
        match whole_characters(released) {
            0 => Some(released.len()),
            whole => Some(whole),
        }
    }

    /// Takes all bytes, also those of an unfinished line.
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        let all = self.bytes.split_off(self.start);
        *self = Self::default();
        all
    }

    pub(super) fn has_lines(&self) -> bool {
        self.released > self.start || memchr::memrchr(b'\n', &self.bytes[self.start..]).is_some()
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(text: &str) -> PendingLines {
        let mut pending = PendingLines::default();
        pending.push(text.as_bytes());
        pending
    }

    #[test]
    fn lines_are_taken_whole_and_in_order() {
        let mut pending = pending("one\ntwo\nthree\nfo");
        assert_eq!(pending.take_lines(9), Some(&b"one\ntwo\n"[..]));
        pending.push(b"ur\n");
        assert_eq!(pending.take_lines(1), Some(&b"three\n"[..]));
        assert_eq!(pending.take_lines(100), Some(&b"four\n"[..]));
        assert_eq!(pending.take_lines(100), None);
    }

    #[test]
    fn what_was_not_shown_goes_back_to_the_front() {
        let mut pending = pending("one\ntwo\n");
        assert_eq!(pending.take_lines(4), Some(&b"one\n"[..]));
        pending.push_front(b"one\n");
        assert_eq!(pending.take_all(), b"one\ntwo\n");
    }

    #[test]
    fn an_unfinished_line_stays() {
        let mut pending = pending("unfinished");
        assert_eq!(pending.take_lines(100), None);
        assert!(!pending.has_lines());
        assert_eq!(pending.take_all(), b"unfinished");
        assert_eq!(pending.take_all(), b"");
    }

    #[test]
    fn what_is_released_is_taken_in_whole_characters() {
        let mut pending = pending("one\ntwo é");
        pending.release();
        pending.push(b"three");
        assert_eq!(pending.take_lines(100), Some(&b"one\n"[..]));
        assert_eq!(pending.take_lines(5), Some("two é".as_bytes()));
        assert_eq!(pending.take_lines(100), None);
        assert!(!pending.has_lines());
        pending.push(b"\n");
        assert_eq!(pending.take_lines(100), Some(&b"three\n"[..]));
    }

    #[test]
    fn a_line_without_end_is_not_kept_for_ever() {
        let mut pending = pending(&"x".repeat(LONGEST_LINE));
        assert!(!pending.has_lines() && pending.has_room(BUDGET));
        pending.push(b"x");
        assert!(pending.has_lines() && !pending.has_room(1));
        assert_eq!(pending.take_lines(1000).map(<[u8]>::len), Some(LONGEST_LINE + 1));
    }

    #[test]
    fn the_budget_is_for_what_waits() {
        let mut pending = pending(&"x\n".repeat(BUDGET / 2 - 1));
        assert!(pending.has_room(2));
        assert!(!pending.has_room(3));
        pending.take_all();
        assert!(pending.has_room(10 * BUDGET));
    }
}
