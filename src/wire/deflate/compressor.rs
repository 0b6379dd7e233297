//! Compressing what we send (RFC 7692 section 7.2.1).

use flate2::{Compress, Compression, FlushCompress};

use super::DeflateParameters;
use crate::wire::Role;

/// What a sync flush ends with, and a compressed message goes without.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// An empty block without its [`TAIL`]: what an empty payload compresses to (RFC 7692 section 7.2.3.6).
const EMPTY_BLOCK: u8 = 0x00;

/// Compresses the messages of one direction.
#[derive(Debug)]
pub struct Compressor {
    stream: Compress,
    takes_context_over: bool,
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
        })
    }

    /// Appends the compressed form of a piece of a message that goes on after it.
    pub fn piece(&mut self, piece: &[u8], output: &mut Vec<u8>) {
        let mut rest = piece;
        loop {
            // Room for an incompressible piece, so that one round is the rule.
            output.reserve(rest.len() + rest.len() / 1024 + 64);
            let before = self.stream.total_in();
            // Without a dictionary and with room to write, deflate has no way to fail.
            let status = self.stream.compress_vec(rest, output, FlushCompress::Sync);
            debug_assert!(status.is_ok());
            let taken = usize::try_from(self.stream.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken..];
            if rest.is_empty() && output.len() < output.capacity() {
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
