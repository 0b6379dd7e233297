//! Permessage-deflate's way back (RFC 7692 section 7.2.2).

use std::io;

use flate2::{Decompress, FlushDecompress};

use crate::frames::Frame;

/// Keeps its context from one message to the next.
pub struct Inflater {
    inflate: Decompress,
    output: Vec<u8>,
    /// The message that is under way is compressed.
    active: bool,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { inflate: Decompress::new(false), output: Vec::new(), active: false }
    }
}

impl Inflater {
    /// The frame's payload as it was before compression; untouched where its message isn't compressed.
    pub fn payload<'a>(&'a mut self, frame: &'a Frame<'_>) -> io::Result<&'a [u8]> {
        if frame.opcode() != 0 {
            self.active = frame.is_compressed();
        }
        if !self.active {
            return Ok(frame.payload);
        }
        self.output.clear();
        self.append(frame.payload)?;
        if frame.is_final() {
            self.append(&[0x00, 0x00, 0xFF, 0xFF])?;
        }
        Ok(&self.output)
    }

    fn append(&mut self, mut compressed: &[u8]) -> io::Result<()> {
        loop {
            self.output.reserve(4 * compressed.len() + 1024);
            let before = self.inflate.total_in();
            self.inflate
                .decompress_vec(compressed, &mut self.output, FlushDecompress::None)
                .map_err(io::Error::other)?;
            let taken = usize::try_from(self.inflate.total_in() - before).map_err(io::Error::other)?;
            compressed = &compressed[taken..];
            // Room left over says that nothing more is to come out.
            if compressed.is_empty() && self.output.len() < self.output.capacity() {
                return Ok(());
            }
        }
    }
}
