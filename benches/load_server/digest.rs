//! Length and digest of a stream of bytes.

use std::fmt;

/// Words that are taken in together, each by a state of its own: one state alone would wait five cycles for each word, and
/// the checking of 182 MB of JSON lines would take as long as writing them.
const LANES: usize = 4;
const WORD: usize = size_of::<u64>();
const BLOCK: usize = LANES * WORD;

/// Sees every byte and its place at a speed near that of memory, so that checking is not what gets measured.
#[derive(Debug, Default, Clone)]
pub struct Digest {
    states: [u64; LANES],
    length: u64,
    pending: [u8; BLOCK],
}

impl Digest {
    /// Takes in what comes next; how it is cut into pieces makes no difference.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let held = self.held();
        self.length += bytes.len() as u64;
        if held > 0 {
            let taken = bytes.len().min(BLOCK - held);
            self.pending[held..held + taken].copy_from_slice(&bytes[..taken]);
            if held + taken < BLOCK {
                return;
            }
            self.states = mixed(self.states, &self.pending);
            bytes = &bytes[taken..];
        }
        let (blocks, rest) = bytes.as_chunks();
        self.states = blocks.iter().fold(self.states, mixed);
        self.pending[..rest.len()].copy_from_slice(rest);
    }

    /// How many bytes there were.
    pub fn length(&self) -> u64 {
        self.length
    }

    fn held(&self) -> usize {
        usize::try_from(self.length % BLOCK as u64).expect("below a block")
    }
}

fn mixed(mut states: [u64; LANES], block: &[u8; BLOCK]) -> [u64; LANES] {
    for (state, word) in states.iter_mut().zip(block.as_chunks().0) {
        *state = mix(*state, u64::from_le_bytes(*word));
    }
    states
}

fn mix(state: u64, word: u64) -> u64 {
    (state ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.pending;
        last[self.held()..].fill(0);
        let state = mixed(self.states, &last).into_iter().fold(0, mix);
        write!(formatter, "{}:{state:016x}", self.length)
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
        let whole = b"the quick brown fox jumps over the lazy dog, and once more over the same lazy dog";
        for at in 0..=whole.len() {
            assert_eq!(digest_of(&[&whole[..at], &whole[at..]]), digest_of(&[whole]));
        }
    }

    #[test]
    fn every_byte_and_its_place_counts() {
        assert_ne!(digest_of(&[b"message 1\nmessage 2\n"]), digest_of(&[b"message 2\nmessage 1\n"]));
        assert_ne!(digest_of(&[b"abc"]), digest_of(&[b"abd"]));
        assert_ne!(digest_of(&[b"abc"]), digest_of(&[b"abc\0"]));
        let words = [[1; WORD], [2; WORD], [3; WORD], [4; WORD], [5; WORD]];
        let moved = [[5; WORD], [2; WORD], [3; WORD], [4; WORD], [1; WORD]];
        assert_ne!(digest_of(&[words.as_flattened()]), digest_of(&[moved.as_flattened()]));
        let moved = [[2; WORD], [1; WORD], [3; WORD], [4; WORD], [5; WORD]];
        assert_ne!(digest_of(&[words.as_flattened()]), digest_of(&[moved.as_flattened()]));
    }
}
