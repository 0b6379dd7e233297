//! The fast path for streams of small text messages, where only their text is wanted.

use super::{Receiver, StreamState};
use crate::wire::{Kind, Observe, Role};

/// The first byte of an uncompressed text message in a single frame (RFC 6455 section 5.2).
const WHOLE_TEXT: u8 = 0x81;
/// Texts up to this length are copied as a block of this size, and the excess is cut off afterwards: a copy whose
/// length the compiler knows needs no call of `memcpy`.
const BLOCK: usize = 64;

impl Receiver {
    /// Takes text messages that break no rule and lie whole in the buffer, one after the other as they would come from
    /// [`next`](Self::next), and appends them to `output`, at most `most` bytes, each with `terminator` behind it,
    /// which must be ASCII. False when there is none, or when the next one has to be read with [`next`](Self::next).
    ///
    /// A message of 32 bytes takes a quarter of the instructions that it takes as an event: no byte is read twice, and
    /// UTF-8 is checked once for all messages. Since the terminators between them are ASCII, the messages are valid
    /// exactly if the whole is.
    pub fn take_texts(&mut self, terminator: u8, most: usize, output: &mut Vec<u8>) -> bool {
        if !self.may_take_texts() {
            return false;
        }
        let run = copy_run(self.buffer.unread(), terminator, most, self.longest_text(), output);
        if run.messages == 0 {
            return false;
        }
        let texts = &output[output.len() - run.copied..];
        if !texts.is_ascii() && simdutf8::basic::from_utf8(texts).is_err() {
            output.truncate(output.len() - run.copied);
            self.bad_text_before = self.buffer.position() + run.taken as u64;
            return false;
        }
        self.count_texts(run.messages, run.copied as u64 - run.messages);
        self.buffer.take(run.taken);
        true
    }

    /// Takes the same messages, as many as there are, and gives each to `visit`, which returns whether it is UTF-8. A
    /// visitor that reads each byte anyway can check that in the same pass. It must keep nothing of a message that is
    /// not UTF-8: [`next`](Self::next) returns that message again.
    pub fn visit_texts(&mut self, mut visit: impl FnMut(&[u8]) -> bool) {
        if !self.may_take_texts() {
            return;
        }
        let (frames, longest) = (self.buffer.unread(), self.longest_text());
        let (mut messages, mut bytes, mut taken) = (0, 0, 0);
        while let Some((header_length, length)) = header(&frames[taken..])
            && length <= longest
            && let Some(text) = frames[taken + header_length..].get(..length)
            && visit(text)
        {
            messages += 1;
            bytes += length as u64;
            taken += header_length + length;
        }
        self.count_texts(messages, bytes);
        self.buffer.take(taken);
    }

    fn may_take_texts(&self) -> bool {
        let is_for_next = self.observe != Observe::Nothing || self.buffer.position() < self.bad_text_before;
        self.role == Role::Client && !is_for_next && self.is_between_messages()
    }

    fn longest_text(&self) -> usize {
        usize::try_from(self.assembler.most_whole(Kind::Text)).unwrap_or(usize::MAX)
    }

    fn count_texts(&mut self, messages: u64, bytes: u64) {
        self.counters.frames += messages;
        self.counters.messages += messages;
        self.counters.message_bytes += bytes;
    }

    /// Whether no frame and no message is under way, so that the next frame can be read by itself.
    #[inline]
    pub(super) fn is_between_messages(&self) -> bool {
        self.frame.is_none()
            && !self.assembler.is_in_message()
            && self.pending.is_empty()
            && self.state == StreamState::Open
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
    while let Some((header_length, length)) = header(&frames[run.taken..]) {
        let text = &frames[run.taken + header_length..];
        if length > text.len() || length > longest || run.copied + length >= most {
            break;
        }
        match text.first_chunk::<BLOCK>() {
            Some(block) if length <= BLOCK => {
                output.extend_from_slice(block);
                output.truncate(output.len() - BLOCK + length);
            }
            _ => output.extend_from_slice(&text[..length]),
        }
        output.push(terminator);
        run.messages += 1;
        run.taken += header_length + length;
        run.copied += length + 1;
    }
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
