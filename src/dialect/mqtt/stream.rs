//! The packets of one direction, put together from messages.

use std::ops::Range;

use super::packet;

/// So many bytes of a packet are kept: enough for all of it but a long payload.
const KEPT: usize = 256 * 1024;

/// The longest remaining length, in bytes of its own.
const LONGEST_LENGTH: usize = 4;

/// One direction.
#[derive(Debug, Default)]
pub struct Stream {
    /// The start of the packet that is not complete: its fixed header, and what is kept of the rest.
    start: Vec<u8>,
    /// How many bytes of that packet have come.
    seen: usize,
    is_broken: bool,
}

/// What a message holds.
#[derive(Debug)]
pub enum Piece {
    /// A packet that this message completes.
    Packet(Raw),
    /// The start or a middle of one.
    Part {
        /// Its name.
        name: &'static str,
        /// How many bytes of it have come.
        seen: usize,
        /// How many it has; one more than have come, where that is not known yet.
        length: usize,
        /// Where the part stands in the message.
        place: Range<usize>,
        /// Whether a packet of this type may hold a secret.
        is_secret: bool,
    },
    /// The stream cannot be read any more.
    Broken,
}

/// A packet, not read yet.
#[derive(Debug)]
pub struct Raw {
    /// The type and its flags.
    pub first: u8,
    /// What follows the fixed header, as far as it is kept.
    pub body: Vec<u8>,
    /// How long that was.
    pub length: usize,
    /// Where the last part of the packet stands in its message.
    pub place: Range<usize>,
    /// Whether all of it is in one message.
    pub is_whole: bool,
}

impl Stream {
    /// Takes the next piece of a message, from `at` on. `None`: that was all.
    pub fn next(&mut self, payload: &[u8], at: &mut usize) -> Option<Piece> {
        if self.is_broken || *at == payload.len() {
            return None;
        }
        let from = *at;
        let length = loop {
            match length(&self.start) {
                Length::Known(header, rest) => break Some((header, rest)),
                Length::Broken => {
                    self.is_broken = true;
                    return Some(Piece::Broken);
                }
                Length::Open if *at == payload.len() => break None,
                Length::Open => {
                    self.start.push(payload[*at]);
                    self.seen += 1;
                    *at += 1;
                }
            }
        };
        let Some((header, rest)) = length else { return Some(self.part(self.seen + 1, from..*at)) };
        let taken = (header + rest - self.seen).min(payload.len() - *at);
        let kept = taken.min(KEPT.saturating_sub(self.start.len()));
        self.start.extend_from_slice(&payload[*at..*at + kept]);
        self.seen += taken;
        *at += taken;
        let place = from..*at;
        Some(if self.seen == header + rest {
            self.complete(header, rest, place)
        } else {
            self.part(header + rest, place)
        })
    }

    fn complete(&mut self, header: usize, length: usize, place: Range<usize>) -> Piece {
        let is_whole = place.len() == self.seen;
        self.seen = 0;
        let mut body = std::mem::take(&mut self.start);
        let first = body[0];
        body.drain(..header);
        Piece::Packet(Raw { first, body, length, place, is_whole })
    }

    fn part(&self, length: usize, place: Range<usize>) -> Piece {
        let first = self.start[0];
        Piece::Part {
            name: packet::name(first),
            seen: self.seen,
            length,
            place,
            is_secret: packet::may_hold_secret(first),
        }
    }
}

enum Length {
    /// The length of the fixed header, and of what follows it.
    Known(usize, usize),
    Open,
    Broken,
}

/// The remaining length: seven bits in each byte, the lowest first.
fn length(start: &[u8]) -> Length {
    let mut length = 0;
    for (index, byte) in start.iter().skip(1).take(LONGEST_LENGTH).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Length::Known(index + 2, length);
        }
    }
    if start.len() > LONGEST_LENGTH { Length::Broken } else { Length::Open }
}
