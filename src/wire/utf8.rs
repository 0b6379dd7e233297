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
    /// The index of the first byte of `piece` that cannot be right (0 also when the character began before it).
    pub fn check(&mut self, piece: &[u8]) -> Result<(), usize> {
        let done = self.complete_character(piece)?;
        let rest = &piece[done..];
        let Err(error) = compat::from_utf8(rest) else { return Ok(()) };
        let valid = error.valid_up_to();
        if error.error_len().is_some() {
            return Err(done + valid);
        }
        self.keep(&rest[valid..]);
        Ok(())
    }

    /// Whether the text may end here.
    pub fn is_complete(&self) -> bool {
        self.begun_length == 0
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
