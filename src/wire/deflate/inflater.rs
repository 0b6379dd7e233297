//! Inflating what the peer sends (RFC 7692 section 7.2.2), chunk by chunk.

use flate2::{Decompress, DecompressError, FlushDecompress, Status};

use super::{CHUNK, DeflateParameters, TAIL, count, window_check};
use crate::wire::Role;

/// Base-2 logarithm of the largest window, which is the one that zlib-rs always inflates with.
const LARGEST_WINDOW_BITS: u8 = 15;

/// How much of a compressed message is kept to see how far back it reaches.
const MOST_KEPT: usize = 1 << 20;

/// Inflates the messages of one direction.
#[derive(Debug)]
pub struct Inflater {
    stream: Decompress,
    takes_context_over: bool,
    /// A block with BFINAL has just ended (RFC 7692 section 7.2.3.4), so there is nothing that the tail could complete.
    is_at_end: bool,
    /// How much of the tail of the message has been read.
    tail_read: usize,
    /// The error to return with the next call: output that came before it had to be handed out first.
    failure: Option<DecompressError>,
    /// Base-2 logarithm of the window agreed on.
    window_bits: u8,
    /// The message so far as it was on the wire. Kept only where that window is not the largest.
    compressed: Vec<u8>,
    chunk: Box<[u8]>,
}

/// What a call has done.
#[derive(Debug)]
pub struct Inflated<'a> {
    /// Bytes taken from the input: all of it, unless `has_more`.
    pub consumed: usize,
    /// What they inflated to.
    pub output: &'a [u8],
    /// There may be more to come from what has been consumed: call again.
    pub has_more: bool,
}

/// A message that reaches back beyond the window agreed on; both in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// The greatest distance in the message.
    pub farthest: u32,
    /// The greatest that was agreed on.
    pub window: u32,
}

impl Inflater {
    /// For what `role` receives. The window is always the largest: it reads what was made with any smaller one.
    pub fn new(role: Role, parameters: DeflateParameters) -> Self {
        let (window_bits, no_context_takeover) = match role.peer() {
            Role::Client => (parameters.client_max_window_bits, parameters.client_no_context_takeover),
            Role::Server => (parameters.server_max_window_bits, parameters.server_no_context_takeover),
        };
        Self {
            stream: Decompress::new(false),
            takes_context_over: !no_context_takeover,
            is_at_end: false,
            tail_read: 0,
            failure: None,
            window_bits,
            compressed: Vec::new(),
            chunk: vec![0; CHUNK].into_boxed_slice(),
        }
    }

    /// Inflates some payload of a message.
    ///
    /// # Errors
    ///
    /// When it is not a deflate stream, and all that came before has been inflated.
    pub fn inflate(&mut self, input: &[u8]) -> Result<Inflated<'_>, DecompressError> {
        let step = self.step(input)?;
        if self.window_bits < LARGEST_WINDOW_BITS {
            let room = MOST_KEPT - self.compressed.len();
            self.compressed.extend_from_slice(&input[..step.consumed.min(room)]);
        }
        Ok(self.inflated(&step))
    }

    /// Inflates what is left at the end of a message. Once it has nothing more, the next message may begin.
    ///
    /// # Errors
    ///
    /// When the message was not a deflate stream.
    pub fn finish(&mut self) -> Result<Inflated<'_>, DecompressError> {
        let mut step = Step { consumed: 0, written: 0, has_more: false };
        if !self.is_at_end {
            step = self.step(&TAIL[self.tail_read..])?;
            // The tail is no input of the caller's.
            self.tail_read += std::mem::take(&mut step.consumed);
        }
        if !step.has_more {
            if self.is_at_end || !self.takes_context_over {
                self.stream.reset(false);
            }
            self.is_at_end = false;
            self.tail_read = 0;
        }
        Ok(self.inflated(&step))
    }

    /// Drops the message that has begun, and the window with it. Where context takeover was agreed, a later message
    /// that refers to the window does not inflate.
    pub fn abandon(&mut self) {
        self.stream.reset(false);
        self.is_at_end = false;
        self.tail_read = 0;
        self.failure = None;
        self.compressed.clear();
    }

    /// To be called after the end of a message: whether it reached back beyond the window agreed on. Only the first MiB
    /// of the message on the wire is checked.
    pub fn excess(&mut self) -> Option<Excess> {
        let farthest = window_check::farthest(&self.compressed);
        self.compressed = Vec::new();
        let window = 1_u32.checked_shl(self.window_bits.into())?;
        (farthest > window).then_some(Excess { farthest, window })
    }

    fn step(&mut self, input: &[u8]) -> Result<Step, DecompressError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut step = Step { consumed: 0, written: 0, has_more: false };
        loop {
            if self.is_at_end {
                if step.consumed == input.len() {
                    return Ok(step);
                }
                // More blocks after one with BFINAL are legal here, though not to zlib.
                self.stream.reset(false);
                self.is_at_end = false;
            }
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            let room = &mut self.chunk[step.written..];
            let status = self.stream.decompress(&input[step.consumed..], room, FlushDecompress::Sync);
            step.consumed += count(before_in, self.stream.total_in());
            step.written += count(before_out, self.stream.total_out());
            match status {
                Ok(Status::StreamEnd) => self.is_at_end = true,
                Ok(Status::Ok | Status::BufError) => {
                    step.has_more = step.written == self.chunk.len();
                    return Ok(step);
                }
                Err(failure) if step.written == 0 => return Err(failure),
                Err(failure) => {
                    self.failure = Some(failure);
                    step.has_more = true;
                    return Ok(step);
                }
            }
            if step.written == self.chunk.len() {
                step.has_more = true;
                return Ok(step);
            }
        }
    }

    fn inflated(&self, step: &Step) -> Inflated<'_> {
        Inflated { consumed: step.consumed, output: &self.chunk[..step.written], has_more: step.has_more }
    }
}

struct Step {
    consumed: usize,
    written: usize,
    has_more: bool,
}
