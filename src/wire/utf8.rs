//! UTF-8 that arrives in pieces (RFC 6455 section 8.1): wrong as soon as it is certain to be wrong.

use simdutf8::compat;

/// Checks text piece by piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct Utf8 {
    /// The beginning of a character whose rest has not come.
    begun: [u8; 3],
    begun_length: usize,
}

impl Utf8 {
    /// Checks the next piece.
    ///
    /// # Errors
    ///
    /// The index of the first byte of `piece` that cannot be right, whatever follows.
    pub fn check(&mut self, piece: &[u8]) -> Result<(), usize> {
        let done = self.complete_character(piece)?;
        let rest = &piece[done..];
        let Err(error) = compat::from_utf8(rest) else { return Ok(()) };
        let valid = error.valid_up_to();
        if let Some(length) = error.error_len() {
            // A byte that can begin a character is right; it is the one after the beginning that is not.
            let is_begun = matches!(rest[valid], 0xC2..=0xF4);
            return Err(done + valid + if is_begun { length } else { 0 });
        }
        self.keep(&rest[valid..]);
        Ok(())
    }

    /// The beginning of a character whose rest is missing; empty where the text may end.
    pub fn incomplete(&self) -> &[u8] {
        &self.begun[..self.begun_length]
    }

    /// Completes the character that the previous pieces began; answers how many bytes of `piece` went into it.
    fn complete_character(&mut self, piece: &[u8]) -> Result<usize, usize> {
        if self.begun_length == 0 {
            return Ok(0);
        }
        let mut character = [0; 4];
        character[..self.begun_length].copy_from_slice(&self.begun[..self.begun_length]);
        for (index, &byte) in piece.iter().enumerate() {
            let length = self.begun_length + index + 1;
            character[length - 1] = byte;
            match std::str::from_utf8(&character[..length]) {
                Ok(_) => {
                    self.begun_length = 0;
                    return Ok(index + 1);
                }
                Err(error) if error.error_len().is_some() => return Err(index),
                Err(_) => {}
            }
        }
        self.keep(&character[..self.begun_length + piece.len()]);
        Ok(piece.len())
    }

    fn keep(&mut self, begun: &[u8]) {
        self.begun[..begun.len()].copy_from_slice(begun);
        self.begun_length = begun.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Index in the whole text of the first byte that cannot be right.
    fn wrong_at<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<usize> {
        let mut utf8 = Utf8::default();
        let mut start = 0;
        for piece in pieces {
            if let Err(index) = utf8.check(piece) {
                return Some(start + index);
            }
            start += piece.len();
        }
        None
    }

    #[test]
    fn wrong_text_is_wrong_at_its_first_wrong_byte() {
        let vectors: [(&[u8], usize); 14] = [
            (&[0x80], 0),
            (&[0xC0, 0x80], 0),
            (&[0xC1, 0xBF], 0),
            (&[0xF5, 0x80], 0),
            (&[0xFF], 0),
            (&[b'a', 0xC3, b'b'], 2),
            (&[0xE0, 0x9F, 0xBF], 1),
            (&[0xE2, 0x82, b'b'], 2),
            (&[0xED, 0xA0, 0x80], 1),
            (&[0xF0, 0x8F, 0xBF, 0xBF], 1),
            (&[0xF0, 0x9F, 0x98, b'b'], 3),
            (&[0xF4, 0x90], 1),
            (&[0xF4, 0x8F, 0xC0], 2),
            (&[0xC3, 0xC3, 0xA4], 1),
        ];
        for (text, index) in vectors {
            assert_eq!(wrong_at([text]), Some(index), "{text:X?}");
            assert_eq!(wrong_at(text.chunks(1)), Some(index), "{text:X?}");
            for split in 0..text.len() {
                assert_eq!(wrong_at([&text[..split], &text[split..]]), Some(index), "{text:X?} at {split}");
            }
        }
    }

    #[test]
    fn a_character_may_be_unfinished_but_not_for_ever() {
        for text in ["ä", "€", "😀"] {
            for split in 1..text.len() {
                let mut utf8 = Utf8::default();
                assert_eq!(utf8.check(&text.as_bytes()[..split]), Ok(()));
                assert_eq!(utf8.incomplete(), &text.as_bytes()[..split]);
                assert_eq!(utf8.check(&text.as_bytes()[split..]), Ok(()));
                assert_eq!(utf8.incomplete(), b"");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_are_judged_as_the_whole(
            text in ".{0,80}",
            noise in proptest::option::of((any::<proptest::sample::Index>(), any::<u8>())),
            size in 1_usize..20,
        ) {
            let mut bytes = text.into_bytes();
            if let Some((index, byte)) = noise && !bytes.is_empty() {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            prop_assert_eq!(wrong_at(bytes.chunks(size)), wrong_at([&bytes[..]]));
            let mut utf8 = Utf8::default();
            let is_right = utf8.check(&bytes).is_ok() && utf8.incomplete().is_empty();
            prop_assert_eq!(is_right, std::str::from_utf8(&bytes).is_ok());
        }
    }
}
