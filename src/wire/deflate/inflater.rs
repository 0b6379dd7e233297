//! Inflating what the peer sends (RFC 7692 section 7.2.2), within bounds.

use flate2::{Decompress, DecompressError, FlushDecompress, Status};

use super::DeflateParameters;
use crate::wire::Role;

/// What a compressed message goes without, and is inflated with.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Inflates the messages of one direction.
#[derive(Debug)]
pub struct Inflater {
    stream: Decompress,
    takes_context_over: bool,
    /// A block with BFINAL was the last thing seen: nothing is under way that the tail could complete.
    ended: bool,
    /// How much of the tail has been fed.
    tail_fed: usize,
}

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from the input.
    pub consumed: usize,
    /// The output ran out of room: call again.
    pub is_full: bool,
}

impl Inflater {
    /// For what `role`'s peer sends. The window is always the largest: it reads what was made with any smaller one.
    pub fn new(role: Role, parameters: DeflateParameters) -> Self {
        let no_context_takeover = match role.peer() {
            Role::Client => parameters.client_no_context_takeover,
            Role::Server => parameters.server_no_context_takeover,
        };
        Self { stream: Decompress::new(false), takes_context_over: !no_context_takeover, ended: false, tail_fed: 0 }
    }

    /// Inflates `input` into the spare capacity of `output`, which it never grows.
    ///
    /// # Errors
    ///
    /// When the input is not a deflate stream.
    pub fn inflate(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<Progress, DecompressError> {
        let mut consumed = 0;
        loop {
            if self.ended && consumed < input.len() {
                self.stream.reset(false);
                self.ended = false;
            }
            if output.len() == output.capacity() {
                return Ok(Progress { consumed, is_full: true });
            }
            if self.ended {
                return Ok(Progress { consumed, is_full: false });
            }
            let before = self.stream.total_in();
            let status = self.stream.decompress_vec(&input[consumed..], output, FlushDecompress::Sync)?;
            consumed += usize::try_from(self.stream.total_in() - before).unwrap_or(usize::MAX);
            match status {
                Status::StreamEnd => self.ended = true,
                Status::Ok | Status::BufError if output.len() < output.capacity() => {
                    return Ok(Progress { consumed, is_full: false });
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }

    /// Inflates what is left at the end of a message, into the spare capacity of `output`; `is_full` asks for another
    /// call with more room. Once it is not, the next message may begin.
    ///
    /// # Errors
    ///
    /// When the message was not a deflate stream.
    pub fn finish(&mut self, output: &mut Vec<u8>) -> Result<Progress, DecompressError> {
        if !self.ended {
            let progress = self.inflate(&TAIL[self.tail_fed..], output)?;
            self.tail_fed += progress.consumed;
            if progress.is_full {
                return Ok(progress);
            }
        }
        if self.ended || !self.takes_context_over {
            self.stream.reset(false);
        }
        self.ended = false;
        self.tail_fed = 0;
        Ok(Progress { consumed: 0, is_full: false })
    }
}
