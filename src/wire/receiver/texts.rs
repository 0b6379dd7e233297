//! The fast path for streams of small text messages: many are taken at once, as they lie in the receive buffer.

use super::reading::unmask;
use super::{Receiver, StreamState};
use crate::wire::{Kind, Role};

/// The first byte of an uncompressed text message in a single frame (RFC 6455 section 5.2).
const WHOLE_TEXT: u8 = 0x81;
/// The bit of the second byte that says that a masking key follows the length.
const MASK_BIT: u8 = 0x80;
/// Bytes of a masking key.
const KEY: usize = 4;
/// Bytes of frames after which no further message is taken: what is made of a batch waits in memory.
const FULL: usize = 64 * 1024;
/// Texts up to this length are copied as a block of this size, and the excess is cut off afterwards: a copy whose
/// length the compiler knows needs no call of `memcpy`.
const BLOCK: usize = 64;

/// Text messages that followed one another, each whole in one uncompressed frame, and without a breach.
#[derive(Debug, Clone, Copy)]
pub struct TextBatch<'a> {
    /// Their frames, with payloads that are unmasked.
    frames: &'a [u8],
    offset: u64,
    messages: u64,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFrame<'a> {
    /// Offset of the frame's first byte in its direction's stream of frames.
    pub offset: u64,
    /// The header's bytes exactly as they were, with the masking key.
    pub header_bytes: &'a [u8],
    /// The text, unmasked: valid UTF-8.
    pub text: &'a [u8],
}

impl<'a> TextBatch<'a> {
    /// How many messages there are: at least one.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The messages, in order.
    pub fn frames(&self) -> impl Iterator<Item = TextFrame<'a>> + use<'a> {
        let (mut rest, mut offset) = (self.frames, self.offset);
        std::iter::from_fn(move || {
            let (header_length, length) = header(rest)?;
            let (frame, behind) = rest.split_at(header_length + length);
            let (header_bytes, text) = frame.split_at(header_length);
            let next = TextFrame { offset, header_bytes, text };
            rest = behind;
            offset += frame.len() as u64;
            Some(next)
        })
    }

    /// Appends the texts to `output`, each with `terminator` behind it.
    pub fn append_to(&self, terminator: u8, output: &mut Vec<u8>) {
        copy(self.frames, self.frames[1] & MASK_BIT, terminator, usize::MAX, output);
    }
}

impl Receiver {
    /// Whether a text message comes next that [`take_texts`](Self::take_texts) may take: where others come, that is not tried in
    /// vain for each.
    #[inline]
    pub fn is_before_text(&self) -> bool {
        self.is_between_messages() && self.buffer.unread().first() == Some(&WHOLE_TEXT)
    }

    /// Takes text messages that break no rule and lie whole in the buffer, each in one uncompressed frame, as they would come
    /// from [`next`](Self::next), whatever is observed. `None` where the next message has to be read with `next`.
    pub fn take_texts(&mut self) -> Option<TextBatch<'_>> {
        if !self.is_between_messages() {
            return None;
        }
        let is_masked = self.role == Role::Server;
        let longest = self.longest_text();
        let offset = self.buffer.position();
        let frames = self.buffer.unread_mut();
        let (mut taken, mut messages, mut text_bytes) = (0, 0, 0);
        while taken < FULL
            && let Some((header_length, length)) = header(&frames[taken..])
            && length <= longest
            && let Some(frame) = frames.get_mut(taken..taken + header_length + length)
            && (frame[1] & MASK_BIT != 0) == is_masked
        {
            let (header, text) = frame.split_at_mut(header_length);
            let key = header.last_chunk::<KEY>().filter(|_| is_masked);
            if !unmask(Kind::Text, key.copied(), text) {
                break;
            }
            taken += header_length + length;
            messages += 1;
            text_bytes += length as u64;
        }
        if messages == 0 {
            return None;
        }
        self.count_texts(messages, text_bytes);
        let range = self.buffer.take(taken);
        Some(TextBatch { frames: self.buffer.taken(range), offset, messages })
    }

    /// Takes the same messages, as far as they are not masked, and appends them to `output`, each with `terminator` behind it,
    /// which must be ASCII. False where there is none, or where one of the next is not UTF-8: [`take_texts`](Self::take_texts)
    /// finds out which.
    ///
    /// It takes half of the instructions of a batch: no byte is read twice, and UTF-8 is checked once for all messages. Since
    /// the terminators between them are ASCII, the messages are valid exactly if the whole is.
    pub fn copy_texts(&mut self, terminator: u8, output: &mut Vec<u8>) -> bool {
        if !self.is_between_messages() || self.role == Role::Server || self.buffer.position() < self.bad_text_before {
            return false;
        }
        let start = output.len();
        let copied = copy(self.buffer.unread(), 0, terminator, self.longest_text(), output);
        let texts = &output[start..];
        if !texts.is_ascii() && simdutf8::basic::from_utf8(texts).is_err() {
            output.truncate(start);
            self.bad_text_before = self.buffer.position() + copied.frame_bytes as u64;
            return false;
        }
        self.count_texts(copied.messages, (output.len() - start) as u64 - copied.messages);
        self.buffer.take(copied.frame_bytes);
        copied.messages > 0
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
struct Copied {
    messages: u64,
    frame_bytes: usize,
}

/// Appends the texts at the start of `frames` that lie there whole, have this `mask` bit and are not too long.
fn copy(frames: &[u8], mask: u8, terminator: u8, longest: usize, output: &mut Vec<u8>) -> Copied {
    let mut copied = Copied::default();
    while copied.frame_bytes < FULL
        && let Some((header_length, length)) = header(&frames[copied.frame_bytes..])
        && frames[copied.frame_bytes + 1] & MASK_BIT == mask
    {
        let text = &frames[copied.frame_bytes + header_length..];
        if length > text.len() || length > longest {
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
        copied.messages += 1;
        copied.frame_bytes += header_length + length;
    }
    copied
}

/// The lengths of the header and the payload of a text message in one uncompressed frame, if one begins here.
#[inline]
fn header(frame: &[u8]) -> Option<(usize, usize)> {
    let &[WHOLE_TEXT, second, ref rest @ ..] = frame else { return None };
    let key = if second & MASK_BIT == 0 { 0 } else { KEY };
    match (second & !MASK_BIT, rest) {
        (length @ ..=0x7D, _) => Some((2 + key, length.into())),
        (0x7E, [high, low, ..]) => {
            let length = u16::from_be_bytes([*high, *low]);
            (length >= 0x7E).then_some((4 + key, length.into()))
        }
        _ => None,
    }
}
