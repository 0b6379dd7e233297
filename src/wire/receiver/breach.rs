//! Rules that a payload breaks, with their place and words.

use super::assembler::Input;
use crate::wire::deflate::Excess;
use crate::wire::{Finding, Rule};

/// A rule that a payload breaks.
#[derive(Debug)]
pub struct Breach {
    pub rule: Rule,
    pub place: Place,
    pub detail: String,
}

/// Where a rule is broken.
#[derive(Debug)]
pub enum Place {
    /// In the frame that is being read. There is no place closer than that, or the wrong bytes are not on the wire but
    /// what the frame inflates to.
    Frame,
    /// At this offset of the stream: the wrong bytes and what follows them, as many as a finding keeps.
    Bytes(u64, Vec<u8>),
}

/// The message is longer than the limit.
pub(super) fn too_big(length: u64, limit: u64) -> Breach {
    let detail = format!("at least {length} bytes, the limit is {limit}");
    Breach { rule: Rule::MessageTooBig, place: Place::Frame, detail }
}

/// The memory that all sessions share is used up.
pub(super) fn no_memory(most: u64) -> Breach {
    let detail = format!("no more than {most} bytes are left for this one");
    Breach { rule: Rule::SharedMemory, place: Place::Frame, detail }
}

/// The place and the text of a breach where `message`, a text, ends inside a character, which begins with `character`.
pub(super) fn incomplete(message: &[u8], character: &[u8], is_compressed: bool, input: &Input<'_>) -> (Place, String) {
    let length = character.len() as u64;
    let detail = "the last character is incomplete";
    let shown = around(message, message.len().saturating_sub(character.len()));
    if is_compressed {
        (Place::Frame, format!("{detail}, {length} bytes of what the message inflates to, {shown}"))
    } else if length > input.frame_length {
        (Place::Frame, format!("{detail}, it begins in an earlier frame, {shown}"))
    } else {
        (
            Place::Bytes(input.offset + input.bytes.len() as u64 - length, character.to_vec()),
            format!("{detail}, {shown}"),
        )
    }
}

/// What a reader can read of `message` before and behind the byte `at`, in quotes.
pub(super) fn around(message: &[u8], at: usize) -> String {
    const REACH: usize = 16;
    let is_inside_character = |index: usize| message.get(index).is_some_and(|byte| byte & 0xC0 == 0x80);
    // Not more than a character has: what is no text may have any number of such bytes.
    let start = (at.saturating_sub(REACH + 3)..=at.saturating_sub(REACH)).rev().find(|&at| !is_inside_character(at));
    let start = start.unwrap_or(at.saturating_sub(REACH));
    let end = (at + REACH..at + REACH + 4).find(|&at| !is_inside_character(at)).unwrap_or(at + REACH);
    let end = end.min(message.len());
    let [before, behind] = [start > 0, end < message.len()].map(|is_more| if is_more { "…" } else { "" });
    format!("\"{before}{}{behind}\"", readable(&message[start..end]))
}

/// `bytes` as text; what is not UTF-8 becomes `\xe9`.
pub(super) fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// What came is no deflate stream.
pub(super) fn corrupt(input: &Input<'_>, error: &flate2::DecompressError) -> Breach {
    let detail = error.message().unwrap_or("not a deflate stream").to_owned();
    let place = match input.bytes {
        [] => Place::Frame,
        bytes => Place::Bytes(input.offset, Finding::excerpt(bytes)),
    };
    Breach { rule: Rule::CorruptDeflate, place, detail }
}

/// A distance reaches beyond the window that was agreed on.
pub(super) fn exceeded(excess: Excess) -> Breach {
    let detail = format!("distance {}, in a window of {} bytes", excess.farthest, excess.window);
    Breach { rule: Rule::WindowExceeded, place: Place::Frame, detail }
}
