//! Compressing what we send (RFC 7692 section 7.2.1).

use flate2::{Compress, Compression, FlushCompress};

use super::{CHUNK, DeflateParameters, TAIL, count};
use crate::wire::Role;

/// An empty block without its [`TAIL`]: what an empty payload compresses to (RFC 7692 section 7.2.3.6).
const EMPTY_BLOCK: u8 = 0x00;

/// Compresses the messages of one direction.
#[derive(Debug)]
pub struct Compressor {
    stream: Compress,
    takes_context_over: bool,
    /// Output goes here first: `Compress` would overwrite all the spare capacity of a `Vec` with zeros each time.
    chunk: Box<[u8]>,
}

impl Compressor {
    /// For what `role` sends. `None` where zlib cannot keep to the window agreed on (8 bits): then messages go out
    /// uncompressed, which permessage-deflate always permits.
    pub fn new(role: Role, parameters: DeflateParameters) -> Option<Self> {
        let (window_bits, no_context_takeover) = match role {
            Role::Client => (parameters.client_max_window_bits, parameters.client_no_context_takeover),
            Role::Server => (parameters.server_max_window_bits, parameters.server_no_context_takeover),
        };
        (9..=15).contains(&window_bits).then(|| Self {
            stream: Compress::new_with_window_bits(Compression::default(), false, window_bits),
            takes_context_over: !no_context_takeover,
            chunk: vec![0; CHUNK].into_boxed_slice(),
        })
    }

    /// Appends the compressed form of a piece of a message that goes on after it.
    pub fn piece(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        let mut rest = piece;
        loop {
            let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
            // Deflate fails only where it is called out of order. An empty flush is reported as a status.
            let status = self.stream.compress(rest, &mut self.chunk, FlushCompress::Sync);
            debug_assert!(status.is_ok());
            rest = &rest[count(before_in, self.stream.total_in())..];
            let written = count(before_out, self.stream.total_out());
            output.extend_from_slice(&self.chunk[..written]);
            if written < self.chunk.len() {
                return;
            }
        }
    }

    /// Appends the compressed form of the last (or only) piece of a message.
    pub fn last_piece(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        if piece.is_empty() {
            output.push(EMPTY_BLOCK);
        } else {
            self.piece(piece, output);
            output.truncate(output.len() - TAIL.len());
        }
        if !self.takes_context_over {
            self.reset();
        }
    }

    /// Starts the next message with an empty window, which is always permitted.
    pub fn reset(&mut self) {
        self.stream.reset();
    }
}
