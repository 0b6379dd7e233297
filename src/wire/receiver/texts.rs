//! Small text messages by the thousand, for those who want nothing but the text.

use super::{Receiver, Stage};
use crate::wire::{Kind, Observe, Role};

/// The first byte of an uncompressed text message in a single frame (RFC 6455 section 5.2).
const WHOLE_TEXT: u8 = 0x81;
/// Texts up to this length are copied as a block of this size: a copy of fixed length costs four instructions.
const BLOCK: usize = 64;

impl Receiver {
    /// Takes text messages that break no rule and lie whole in the buffer, one after the other as they would come from
    /// [`next`](Self::next), and appends them to `output`, at most `most` bytes, each with `terminator` behind it, which
    /// must be ASCII. False when there is none, or the next one is a matter for [`next`](Self::next).
    ///
    /// A message of 32 bytes costs a fifth of the instructions that it costs as an event: nothing is looked at twice, and
    /// UTF-8 is checked for all together (with ASCII in between, they are valid when the whole is).
    pub fn take_texts(&mut self, terminator: u8, most: usize, output: &mut Vec<u8>) -> bool {
        let is_for_next = self.observe != Observe::Nothing || self.buffer.position() < self.bad_text_before;
        if self.role == Role::Server || is_for_next || !self.is_between_messages() {
            return false;
        }
        let longest = usize::try_from(self.assembler.most_whole(Kind::Text)).unwrap_or(usize::MAX);
        let run = copy_run(self.buffer.unread(), terminator, most, longest, output);
        if run.messages == 0 {
            return false;
        }
        let texts = &output[output.len() - run.copied..];
        if !texts.is_ascii() && simdutf8::basic::from_utf8(texts).is_err() {
            output.truncate(output.len() - run.copied);
            self.bad_text_before = self.buffer.position() + run.taken as u64;
            return false;
        }
        self.counters.frames += run.messages;
        self.counters.messages += run.messages;
        self.counters.message_bytes += run.copied as u64 - run.messages;
        self.buffer.take(run.taken);
        true
    }

    /// Whether the next byte begins a frame that begins a message, or stands between two.
    #[inline]
    pub(super) fn is_between_messages(&self) -> bool {
        self.frame.is_none() && !self.assembler.is_in_message() && self.ready.is_empty() && self.stage == Stage::Open
    }
}

/// What was copied.
#[derive(Default)]
struct Run {
    messages: u64,
    /// Bytes of frames.
    taken: usize,
    /// Bytes of texts and terminators.
    copied: usize,
}

fn copy_run(frames: &[u8], terminator: u8, most: usize, longest: usize, output: &mut Vec<u8>) -> Run {
    let mut run = Run::default();
    if frames.first() != Some(&WHOLE_TEXT) {
        return run;
    }
    let start = output.len();
    // A text and its terminator are shorter than their frame.
    output.resize(start + most.min(frames.len()), 0);
    let room = &mut output[start..];
    while let Some((header_length, length)) = header(&frames[run.taken..]) {
        let text = &frames[run.taken + header_length..];
        let to = &mut room[run.copied..];
        if length > text.len() || length >= to.len() || length > longest {
            break;
        }
        match (text.first_chunk::<BLOCK>(), to.first_chunk_mut::<BLOCK>()) {
            // What lies behind the text is overwritten by what follows.
            (Some(text), Some(to)) if length <= BLOCK => *to = *text,
            _ => to[..length].copy_from_slice(&text[..length]),
        }
        to[length] = terminator;
        run.messages += 1;
        run.taken += header_length + length;
        run.copied += length + 1;
    }
    output.truncate(start + run.copied);
    run
}

/// The lengths of the header and the payload of a whole text message in an unmasked frame.
#[inline]
fn header(frame: &[u8]) -> Option<(usize, usize)> {
    match *frame {
        [WHOLE_TEXT, length @ ..=0x7D, ..] => Some((2, length.into())),
        [WHOLE_TEXT, 0x7E, high, low, ..] => {
            let length = u16::from_be_bytes([high, low]);
            (length >= 0x7E).then_some((4, length.into()))
        }
        _ => None,
    }
}
