//! Puts messages together: fragments, inflating, UTF-8, limits (RFC 6455 sections 5.4, 5.6 and 8.1, RFC 7692 section
//! 6.2).

use std::ops::Range;

use super::ReceiverOptions;
use super::breach::{Breach, Place, around, corrupt, exceeded, incomplete, no_memory, too_big};
use super::message::Message;
use crate::wire::deflate::{Inflated, Inflater};
use crate::wire::{Data, Finding, Header, Kind, MessageFacts, OpCode, Position, Rule};

/// How many empty fragments one message may have. They add nothing to its size, so `max_message` cannot end an endless
/// row of them.
const MOST_EMPTY_FRAGMENTS: u32 = 0x1_0000;

/// The capacity that the buffer keeps from one message to the next, at most.
const KEPT_CAPACITY: usize = 1 << 20;

/// A message whose length is announced gets room for at most this many bytes at once, as soon as a
/// [part](ANNOUNCED_PER_BYTE) of it has come. The operating system gives no memory for pages that are not written to
/// yet. Growing step by step would copy what has come before (a third of the time for 16 MiB).
const AT_ONCE: u64 = 16 << 20;
/// How many bytes of that room each byte that has come allows. One full read allows all of it.
const ANNOUNCED_PER_BYTE: usize = 128;

/// Collects the message whose frames are coming, or passes it on piece by piece.
#[derive(Debug)]
pub struct Assembler {
    max_message: u64,
    /// The most bytes that may be collected, however large a message may be.
    most_collected: u64,
    stream_binary_above: u64,
    inflater: Option<Inflater>,
    message: Option<Message>,
    collected: Vec<u8>,
    /// What has been collected was handed out as a part, so the next part may overwrite it.
    is_handed_out: bool,
    /// The inflater has more output without more input.
    has_more: bool,
}

/// What has been done with some payload.
#[derive(Debug)]
pub struct Taken {
    /// Bytes of the input that were used.
    pub consumed: usize,
    /// What they inflated to, in [`Assembler::collected`].
    pub inflated: Range<usize>,
    /// The frame is over.
    pub is_frame_over: bool,
    /// What can be handed out before the message is over.
    pub part: Option<Part>,
    /// What is wrong with it.
    pub breach: Option<Breach>,
}

/// Where a part of a streamed message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// In the input: the bytes just consumed.
    Input,
    /// In [`Assembler::collected`].
    Collected,
}

/// A message that is over.
#[derive(Debug)]
pub struct Whole {
    pub kind: Kind,
    pub is_streamed: bool,
    pub facts: MessageFacts,
}

impl Assembler {
    pub fn new(options: &ReceiverOptions) -> Self {
        Self {
            max_message: options.max_message,
            most_collected: u64::MAX,
            stream_binary_above: options.stream_binary_above.unwrap_or(u64::MAX),
            inflater: options.deflate.map(|parameters| Inflater::new(options.role, parameters)),
            message: None,
            collected: Vec::new(),
            is_handed_out: false,
            has_more: false,
        }
    }

    /// Whether permessage-deflate is in use.
    pub fn can_inflate(&self) -> bool {
        self.inflater.is_some()
    }

    /// The largest message of this kind that the receiver may hand out from its buffer, past the assembler.
    #[inline]
    pub fn most_whole(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Text => self.max_message,
            Kind::Binary => self.max_message.min(self.stream_binary_above),
        }
    }

    /// Whether a message has begun and is not over.
    #[inline]
    pub fn is_in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Whether the message that has begun is compressed.
    pub fn is_compressed(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.is_compressed)
    }

    /// What has been collected, or inflated last.
    pub fn collected(&self) -> &[u8] {
        &self.collected
    }

    /// Takes what has been collected.
    pub fn take_collected(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.collected)
    }

    /// Bytes of memory that are reserved for messages.
    pub fn capacity(&self) -> usize {
        self.collected.capacity()
    }

    /// Gives the memory back that no message is in.
    pub fn shrink(&mut self) {
        if self.message.is_none() {
            self.collected = Vec::new();
        }
    }

    /// No more bytes than these are to be collected, from now on.
    pub fn limit_collected(&mut self, most: u64) {
        self.most_collected = most;
    }

    /// Drops the message that has begun.
    pub fn abandon(&mut self) {
        let message = self.message.take();
        if let (Some(inflater), Some(Message { is_compressed: true, .. })) = (&mut self.inflater, message) {
            inflater.abandon();
        }
        self.has_more = false;
    }

    /// A data frame begins, the first of a message or a continuation; says where it stands in its message.
    pub fn begin_frame(&mut self, header: &Header) -> Position {
        match header.opcode {
            OpCode::Data(Data::Text) => self.begin_message(Kind::Text, header),
            OpCode::Data(Data::Binary) => self.begin_message(Kind::Binary, header),
            _ => {}
        }
        let Some(message) = &mut self.message else { return Position::Whole };
        message.begin_frame(header)
    }

    fn begin_message(&mut self, kind: Kind, header: &Header) {
        self.abandon();
        self.collected.clear();
        self.is_handed_out = false;
        if header.length < self.collected.capacity() as u64 / 4 {
            self.collected.shrink_to(KEPT_CAPACITY);
        }
        let is_compressed = self.inflater.is_some() && header.rsv & Header::RSV1 != 0;
        self.message = Some(Message::new(kind, is_compressed));
    }

    /// Checks what a frame announces against the limits, before any of it is collected.
    pub fn check_announcement(&mut self, header: &Header) -> Result<(), Breach> {
        let Some(message) = &self.message else { return Ok(()) };
        if message.empty_fragments > MOST_EMPTY_FRAGMENTS {
            let detail = format!("more than {MOST_EMPTY_FRAGMENTS}");
            return Err(Breach { rule: Rule::TooManyEmptyFragments, place: Place::Frame, detail });
        }
        if message.is_compressed {
            return Ok(());
        }
        let announced = message.length.saturating_add(header.length);
        if announced > self.max_message {
            return Err(too_big(announced, self.max_message));
        }
        self.stream_if_larger(announced);
        Ok(())
    }

    /// Whether [`Assembler::take`] has output even without more input.
    pub fn has_more(&self) -> bool {
        self.has_more || self.has_part()
    }

    /// Whether something has been collected of a message that has turned out to be streamed.
    fn has_part(&self) -> bool {
        let is_streamed = self.message.as_ref().is_some_and(|message| message.is_streamed);
        is_streamed && !self.is_handed_out && !self.collected.is_empty()
    }

    /// Takes payload of the frame that has begun, unmasked: all of `input`, some, or none of it; to be called until
    /// the frame is over or the input is used up.
    pub fn take(&mut self, input: Input<'_>) -> Taken {
        if self.is_handed_out {
            self.collected.clear();
            self.is_handed_out = false;
        }
        if self.has_part() {
            self.is_handed_out = true;
            return Taken { part: Some(Part::Collected), ..Taken::nothing() };
        }
        match &self.message {
            Some(message) if message.is_corrupt => Taken::dropped(&input),
            Some(message) if message.is_compressed => self.inflate(input),
            Some(message) if message.is_streamed => self.pass_on(input),
            _ => self.collect(input),
        }
    }

    /// The last frame of the message is over, and with it the message; `None` where it was corrupt.
    pub fn finish(&mut self) -> Option<Whole> {
        let message = self.message.take()?;
        if self.is_handed_out {
            self.collected.clear();
        }
        (!message.is_corrupt).then(|| Whole {
            kind: message.kind,
            is_streamed: message.is_streamed,
            facts: message.facts(),
        })
    }

    fn pass_on(&mut self, input: Input<'_>) -> Taken {
        if let Some(message) = &mut self.message {
            message.length += input.bytes.len() as u64;
        }
        let part = (input.end != End::Message).then_some(Part::Input);
        Taken { consumed: input.bytes.len(), is_frame_over: input.end != End::Input, part, ..Taken::nothing() }
    }

    fn collect(&mut self, input: Input<'_>) -> Taken {
        let before = self.collected.len();
        if (before + input.bytes.len()) as u64 > self.most_collected {
            return Taken { breach: Some(no_memory(self.most_collected)), ..Taken::nothing() };
        }
        let announced = self.message.as_ref().and_then(|message| message.announced);
        let longest =
            announced.map_or(self.max_message, |announced| announced.min(self.max_message)).min(self.most_collected);
        append(input.bytes, &mut self.collected, longest, announced.map_or(0, |announced| announced.min(AT_ONCE)));
        let breach = self.account(before, &input, input.end);
        Taken { consumed: input.bytes.len(), is_frame_over: input.end != End::Input, breach, ..Taken::nothing() }
    }

    fn inflate(&mut self, input: Input<'_>) -> Taken {
        let (Some(inflater), Some(message)) = (&mut self.inflater, &mut self.message) else { return Taken::nothing() };
        let most = self.max_message.min(self.most_collected);
        let limit = self.max_message;
        let beyond = |length| if length > limit { too_big(length, limit) } else { no_memory(most) };
        if message.length > most {
            return Taken { breach: Some(beyond(message.length)), ..Taken::nothing() };
        }
        let is_last_step = input.bytes.is_empty() && input.end == End::Message;
        let progress = if is_last_step { inflater.finish() } else { inflater.inflate(input.bytes) };
        let Inflated { consumed, output, has_more } = match progress {
            Ok(progress) => progress,
            Err(error) => {
                message.is_corrupt = true;
                inflater.abandon();
                self.has_more = false;
                return Taken { breach: Some(corrupt(&input, &error)), ..Taken::nothing() };
            }
        };
        self.has_more = has_more;
        let is_frame_over = !has_more && (is_last_step || input.end == End::Frame);
        let length = message.length + output.len() as u64;
        let room = usize::try_from(most - message.length).unwrap_or(usize::MAX);
        let before = self.collected.len();
        append(&output[..output.len().min(room)], &mut self.collected, most, 0);
        if length > most {
            // Text within the limit is checked first. Otherwise the finding would depend on how many bytes have
            // arrived.
            let breach = self.account(before, &input, End::Input);
            if let Some(message) = &mut self.message {
                message.length = length;
            }
            self.has_more = true;
            let breach = breach.or_else(|| Some(beyond(length)));
            return Taken { consumed, breach, ..Taken::nothing() };
        }
        let excess = if is_frame_over && is_last_step { inflater.excess() } else { None };
        let breach = self.account(before, &input, if is_frame_over { input.end } else { End::Input });
        let breach = breach.or(excess.map(exceeded));
        self.stream_if_larger(length);
        Taken { consumed, inflated: before..self.collected.len(), is_frame_over, part: None, breach }
    }

    /// Accounts for what has been collected from `before` on, and checks it if it is text.
    fn account(&mut self, before: usize, input: &Input<'_>, end: End) -> Option<Breach> {
        let message = self.message.as_mut()?;
        let added = &self.collected[before..];
        message.length += added.len() as u64;
        let utf8 = message.utf8.as_mut()?;
        let (place, detail) = match utf8.check(added) {
            Ok(()) if end == End::Message && !utf8.incomplete().is_empty() => {
                incomplete(&self.collected, utf8.incomplete(), message.is_compressed, input)
            }
            Ok(()) => return None,
            Err(index) => {
                let (byte, at) = (added[index], before + index);
                let shown = around(&self.collected, at);
                if message.is_compressed {
                    (Place::Frame, format!("byte {byte:#04X} at offset {at} of what the message inflates to, {shown}"))
                } else {
                    let place = Place::Bytes(input.offset + index as u64, Finding::excerpt(&added[index..]));
                    (place, format!("byte {byte:#04X} at offset {at} of the message, {shown}"))
                }
            }
        };
        message.utf8 = None;
        Some(Breach { rule: Rule::InvalidText, place, detail })
    }

    /// Starts to hand a binary message out in parts, once it is known to be larger than the limit for that.
    fn stream_if_larger(&mut self, length: u64) {
        if let Some(message) = &mut self.message {
            message.is_streamed |= message.kind == Kind::Binary && length > self.stream_binary_above;
        }
    }
}

/// Some payload of the frame that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Unmasked.
    pub bytes: &'a [u8],
    /// Where it begins in the stream.
    pub offset: u64,
    /// What its end is.
    pub end: End,
    /// Payload bytes of the whole frame.
    pub frame_length: u64,
}

/// What the end of some input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Neither: the frame goes on.
    Input,
    /// The end of a frame whose message goes on.
    Frame,
    /// The end of the message.
    Message,
}

impl Taken {
    fn nothing() -> Self {
        Self { consumed: 0, inflated: 0..0, is_frame_over: false, part: None, breach: None }
    }

    fn dropped(input: &Input<'_>) -> Self {
        Self { consumed: input.bytes.len(), is_frame_over: input.end != End::Input, ..Self::nothing() }
    }
}

/// Appends to what has been collected. The capacity doubles, or becomes `at_once` if enough bytes have come; it never
/// exceeds `longest`, the most that the message can have.
fn append(bytes: &[u8], collected: &mut Vec<u8>, longest: u64, at_once: u64) {
    let length = collected.len() + bytes.len();
    if length > collected.capacity() {
        let [most, at_once] = [longest, at_once].map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let least = at_once.min(length.saturating_mul(ANNOUNCED_PER_BYTE));
        let capacity = collected.capacity().saturating_mul(2).max(least).min(most).max(length);
        collected.reserve_exact(capacity - collected.len());
    }
    collected.extend_from_slice(bytes);
}
