//! Keys, as a terminal sends them.

use rustyline::{KeyCode, KeyEvent, Modifiers};

use crate::output::escape::whole_characters;

const ESCAPE: u8 = 0x1B;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What was pressed or pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Pressed(KeyEvent),
    /// Text in a bracketed paste, with `\n` at the end of each line.
    Pasted(String),
}

/// What means nothing here: another sequence, or a byte that is not UTF-8.
const UNKNOWN: KeyEvent = KeyEvent(KeyCode::UnknownEscSeq, Modifiers::NONE);

/// Takes bytes and gives keys.
#[derive(Debug, Default)]
pub(super) struct KeyDecoder {
    bytes: Vec<u8>,
    /// The bytes that wait are `bytes[start..]`, so that taking a key moves none.
    start: usize,
    /// What was pasted so far. `None`: outside a paste.
    pasted: Option<Vec<u8>>,
}

impl KeyDecoder {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next key. `None`: its end has not come.
    pub(super) fn next(&mut self) -> Option<Key> {
        if self.pasted.is_none() && self.waiting().starts_with(PASTE_START) {
            self.start += PASTE_START.len();
            self.pasted = Some(Vec::new());
        }
        if let Some(pasted) = &mut self.pasted {
            let waiting = &self.bytes[self.start..];
            let end = memchr::memmem::find(waiting, PASTE_END);
            let taken = end.unwrap_or(waiting.len().saturating_sub(PASTE_END.len() - 1));
            pasted.extend_from_slice(&waiting[..taken]);
            self.start += taken + end.map_or(0, |_| PASTE_END.len());
            end?;
            let text = String::from_utf8_lossy(&self.pasted.take()?).replace("\r\n", "\n").replace('\r', "\n");
            return Some(Key::Pasted(text));
        }
        let (event, length) = decode(self.waiting())?;
        self.start += length;
        Some(Key::Pressed(event))
    }

    /// The next character, even if it begins a sequence. `None`: its end has not come.
    pub(super) fn next_character(&mut self) -> Option<char> {
        loop {
            let (found, length) = character(self.waiting())?;
            self.start += length;
            if found.is_some() {
                return found;
            }
        }
    }

    /// Whether a key has begun and nothing more of it may come, but for a paste: the Escape key sends the start of a
    /// sequence.
    pub(super) fn has_begun(&self) -> bool {
        self.pasted.is_none() && !self.waiting().is_empty()
    }

    /// Gives up the key that has begun.
    pub(super) fn give_up(&mut self) {
        self.start = self.bytes.len();
    }

    fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The key at the start of `bytes`, and how many bytes it has. `None`: its end has not come.
fn decode(bytes: &[u8]) -> Option<(KeyEvent, usize)> {
    let pressed = |found: Option<char>, modifiers| found.map_or(UNKNOWN, |found| KeyEvent::new(found, modifiers));
    match bytes {
        // Function keys of the Linux console.
        [ESCAPE, b'[', b'[', rest @ ..] => rest.first().map(|_| (UNKNOWN, 4)),
        [ESCAPE, b'[', rest @ ..] => {
            let end = rest.iter().position(|byte| matches!(byte, b'@'..=b'~'))?;
            Some((sequence(&rest[..end], rest[end]), end + 3))
        }
        [ESCAPE, b'O', rest @ ..] => rest.first().map(|last| (sequence(b"", *last), 3)),
        [ESCAPE, ESCAPE, ..] => Some((UNKNOWN, 1)),
        [ESCAPE, rest @ ..] => character(rest).map(|(found, length)| (pressed(found, Modifiers::ALT), length + 1)),
        _ => character(bytes).map(|(found, length)| (pressed(found, Modifiers::NONE), length)),
    }
}

/// The character at the start of `bytes` (`None`: it is not UTF-8), and its length.
fn character(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let bytes = &bytes[..bytes.len().min(4)];
    let chunk = bytes.utf8_chunks().next()?;
    match chunk.valid().chars().next() {
        Some(character) => Some((Some(character), character.len_utf8())),
        None if whole_characters(bytes) == 0 => None,
        None => Some((None, chunk.invalid().len())),
    }
}

/// The key of a control sequence (ECMA-48 section 5.4) with these parameters and this last byte.
fn sequence(parameters: &[u8], last: u8) -> KeyEvent {
    let mut numbers = parameters.split(|byte| *byte == b';').map(|number| str::from_utf8(number).unwrap_or_default());
    let (first, modifiers) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let code = match (last, first) {
        (b'A', _) => KeyCode::Up,
        (b'B', _) => KeyCode::Down,
        (b'C', _) => KeyCode::Right,
        (b'D', _) => KeyCode::Left,
        (b'H', _) | (b'~', "1" | "7") => KeyCode::Home,
        (b'F', _) | (b'~', "4" | "8") => KeyCode::End,
        (b'~', "3") => KeyCode::Delete,
        _ => return UNKNOWN,
    };
    // One more than the sum of 1 (Shift), 2 (Alt), 4 (Ctrl).
    let pressed = modifiers.parse().map_or(0, |modifiers: u8| modifiers.saturating_sub(1));
    let known = [(1, Modifiers::SHIFT), (2, Modifiers::ALT), (4, Modifiers::CTRL)];
    KeyEvent(code, known.into_iter().filter(|(bit, _)| pressed & bit != 0).map(|(_, modifier)| modifier).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = KeyDecoder::default();
        decoder.push(bytes);
        std::iter::from_fn(|| decoder.next()).collect()
    }

    fn pressed<const N: usize>(events: [(KeyCode, Modifiers); N]) -> Vec<Key> {
        events.map(|(code, modifiers)| Key::Pressed(KeyEvent(code, modifiers))).to_vec()
    }

    #[test]
    fn keys_are_what_terminals_send() {
        use KeyCode::{Char, Delete, Down, End, Enter, Home, Left, Right, UnknownEscSeq, Up};
        let (none, alt, ctrl) = (Modifiers::NONE, Modifiers::ALT, Modifiers::CTRL);
        assert_eq!(keys("aé\r".as_bytes()), pressed([(Char('a'), none), (Char('é'), none), (Enter, none)]));
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[1;5C\x1b[1;4D"),
            pressed([(Up, none), (Down, none), (Right, ctrl), (Left, Modifiers::ALT_SHIFT)])
        );
        assert_eq!(
            keys(b"\x1b[H\x1b[4~\x1b[3~\x1b[3;5~"),
            pressed([(Home, none), (End, none), (Delete, none), (Delete, ctrl)])
        );
        assert_eq!(keys(b"\x1bb\x1b\r"), pressed([(Char('b'), alt), (Enter, alt)]));
        assert_eq!(
            keys(b"\xffa\x1b[99za"),
            pressed([(UnknownEscSeq, none), (Char('a'), none), (UnknownEscSeq, none), (Char('a'), none)])
        );
    }

    #[test]
    fn a_paste_is_one_key_and_keeps_what_would_be_a_sequence() {
        let pasted = |text: &str| [Key::Pasted(text.into())];
        assert_eq!(keys(b"\x1b[200~a\r\nb\rc\x1b[31md\x1b[201~"), pasted("a\nb\nc\x1b[31md"));
    }

    #[test]
    fn a_character_can_be_asked_for_where_a_sequence_begins() {
        let mut decoder = KeyDecoder::default();
        decoder.push(b"\xff\x1b[A\xc3");
        let found: Vec<char> = std::iter::from_fn(|| decoder.next_character()).collect();
        assert_eq!(found, ['\x1b', '[', 'A']);
    }

    #[test]
    fn pieces_of_a_key_make_one() {
        for bytes in [&b"\x1b[1;5C"[..], "🦀".as_bytes(), b"\x1b[200~pasted\x1b[201~"] {
            let mut decoder = KeyDecoder::default();
            let pieces = bytes.chunks(1);
            let found: Vec<Key> = pieces.filter_map(|piece| (decoder.push(piece), decoder.next()).1).collect();
            assert_eq!(found, keys(bytes));
            assert_eq!(found.len(), 1);
        }
    }

    #[test]
    fn an_escape_alone_has_begun_until_it_is_given_up() {
        let mut decoder = KeyDecoder::default();
        decoder.push(b"\x1b");
        assert!(decoder.next().is_none() && decoder.has_begun());
        decoder.give_up();
        assert!(!decoder.has_begun());
    }
}
