//! Length and digest of a stream of bytes.

use std::fmt;

/// Sees every byte and its place at several gigabytes a second, so that checking is not what gets measured.
#[derive(Debug, Default, Clone)]
pub struct Digest {
    state: u64,
    length: u64,
    pending: [u8; 8],
}

impl Digest {
    /// Takes in what comes next; how it is cut into pieces makes no difference.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let held = usize::try_from(self.length % 8).expect("below 8");
        self.length += bytes.len() as u64;
        if held > 0 {
            let taken = bytes.len().min(8 - held);
            self.pending[held..held + taken].copy_from_slice(&bytes[..taken]);
            if held + taken < 8 {
                return;
            }
            self.mix(self.pending);
            bytes = &bytes[taken..];
        }
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.mix(*word);
        }
        self.pending[..rest.len()].copy_from_slice(rest);
    }

    /// How many bytes there were.
    pub fn length(&self) -> u64 {
        self.length
    }

    fn mix(&mut self, word: [u8; 8]) {
        self.state = (self.state ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = usize::try_from(self.length % 8).expect("below 8");
        let mut last = self.clone();
        last.pending[held..].fill(0);
        last.mix(last.pending);
        write!(formatter, "{}:{:016x}", self.length, last.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(pieces: &[&[u8]]) -> String {
        let mut digest = Digest::default();
        for piece in pieces {
            digest.update(piece);
        }
        digest.to_string()
    }

    #[test]
    fn the_cut_into_pieces_makes_no_difference() {
        let whole = b"the quick brown fox jumps over the lazy dog";
        for at in 0..=whole.len() {
            assert_eq!(digest_of(&[&whole[..at], &whole[at..]]), digest_of(&[whole]));
        }
    }

    #[test]
    fn every_byte_and_its_place_counts() {
        assert_ne!(digest_of(&[b"message 1\nmessage 2\n"]), digest_of(&[b"message 2\nmessage 1\n"]));
        assert_ne!(digest_of(&[b"abc"]), digest_of(&[b"abd"]));
        assert_ne!(digest_of(&[b"abc"]), digest_of(&[b"abc\0"]));
    }
}
