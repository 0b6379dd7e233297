//! Reads frame after frame from the buffer.

use std::ops::Range;

use super::assembler::{End, Input, Part};
use super::breach::{Breach, Place, readable};
use super::frame::{Destination, Incoming};
use super::header_rules::{self, HeaderContext};
use super::{Bytes, Pending, Receiver, StreamState, close};
use crate::wire::{
    CloseReason, Control, Data, Finding, Header, Kind, LONGEST_CONTROL, Observe, OpCode, Role, Rule, mask,
};

/// The capacity that the buffer of control frames keeps, at most; only a lenient receiver ever needs more.
const KEPT_CONTROL: usize = 1024;

/// Bytes that are shown of a text in place of the first frame.
const SHOWN_OF_TEXT: usize = 16;

impl Receiver {
    /// The fast path: an unfragmented, uncompressed message that lies in the buffer and breaks no rule. Its frame is
    /// captured where frames are observed; that takes half the instructions of the general path.
    #[inline]
    pub(super) fn take_whole_message(&mut self) -> Option<(Kind, Range<usize>)> {
        if !self.is_between_messages() {
            return None;
        }
        let (header, header_length) = Header::read(self.buffer.unread())?;
        let kind = kind(header.opcode)?;
        let is_ordinary = header.fin
            && header.rsv == 0
            && header.mask.is_some() == (self.role == Role::Server)
            && header.is_minimal()
            && header.length <= self.assembler.most_whole(kind);
        if !is_ordinary {
            return None;
        }
        let length = usize::try_from(header.length).ok()?;
        let offset = self.buffer.position();
        let (header_bytes, rest) = self.buffer.unread_mut().split_at_mut(header_length);
        let payload = rest.get_mut(..length)?;
        if self.observe != Observe::Nothing {
            // `begin` takes the frame for a whole, uncompressed message, which it is.
            self.capture.begin(self.observe, header, header_bytes, offset);
            self.capture.wire(payload);
        }
        if !unmask(kind, header.mask, payload) {
            return None;
        }
        self.counters.frames += 1;
        self.counters.messages += 1;
        self.counters.message_bytes += header.length;
        self.buffer.take(header_length);
        Some((kind, self.buffer.take(length)))
    }

    /// The general path, for every stream.
    pub(super) fn read_on(&mut self) -> Option<Pending> {
        loop {
            if let Some(pending) = self.pending.pop_front() {
                return Some(pending);
            }
            if self.state == StreamState::Over {
                self.buffer.discard();
                return None;
            }
            let has_advanced = if self.frame.is_none() { self.begin_frame() } else { self.take_payload() };
            if !has_advanced {
                return None;
            }
        }
    }

    /// Reads and checks a header. False when it has not come.
    fn begin_frame(&mut self) -> bool {
        let Some((header, header_length)) = Header::read(self.buffer.unread()) else { return false };
        let offset = self.buffer.position();
        let header_bytes = self.buffer.take(header_length);
        if header.is_control() {
            self.control_bytes += header_length as u64;
        }
        let findings = self.check_header(&header, offset, header_bytes.clone());
        self.capture.begin(self.observe, header, self.buffer.taken(header_bytes), offset);
        self.frame = Some(Incoming::new(header, offset));
        if !findings.into_iter().all(|finding| self.report(finding)) || self.state == StreamState::Closed {
            return true;
        }
        if let Err(breach) = self.admit(&header) {
            self.report_breach(breach);
        }
        true
    }

    /// Decides where the payload goes, and whether all of it may.
    fn admit(&mut self, header: &Header) -> Result<(), Breach> {
        let destination = destination(header, self.assembler.is_in_message());
        if let Some(frame) = &mut self.frame {
            frame.destination = destination;
        }
        match destination {
            Destination::Message => {
                let position = self.assembler.begin_frame(header);
                self.capture.place(position, self.assembler.is_compressed());
                self.assembler.check_announcement(header)
            }
            Destination::Control => {
                self.control.clear();
                self.control.shrink_to(KEPT_CONTROL);
                self.check_control(header)
            }
            Destination::Dropped => Ok(()),
        }
    }

    fn check_header(&self, header: &Header, offset: u64, bytes: Range<usize>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let blame = self.role.peer();
        let (start, length) = (bytes.start, bytes.len());
        let bytes = self.buffer.taken(bytes);
        let mut report = |rule, detail| {
            findings.push(Finding { rule, blame, offset, bytes: bytes.to_vec(), detail, diagnosis: None });
        };
        if self.state == StreamState::Closed {
            if !header.is_control() {
                let detail = format!("opcode {:#X}, length {}", u8::from(header.opcode), header.length);
                report(Rule::DataAfterClose, detail);
            }
            return findings;
        }
        let context = HeaderContext {
            sender: blame,
            deflate: self.assembler.can_inflate(),
            in_message: self.assembler.is_in_message(),
        };
        header_rules::check(header, context, report);
        if offset == 0
            && !findings.is_empty()
            && let Some(text) = self.text_instead_of_frame(start, length)
        {
            let detail = format!("\"{}\"", readable(text));
            return vec![Finding { rule: Rule::NoFrame, blame, offset, bytes: text.to_vec(), detail, diagnosis: None }];
        }
        findings
    }

    /// The text from `start` in the buffer on, where what was read as a header of `length` bytes is text.
    fn text_instead_of_frame(&self, start: usize, length: usize) -> Option<&[u8]> {
        let end = self.buffer.end().min(start + SHOWN_OF_TEXT);
        let bytes = self.buffer.taken(start..end);
        let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t');
        let text = &bytes[..bytes.iter().position(|byte| !is_text(byte)).unwrap_or(bytes.len())];
        (text.len() >= length).then_some(text)
    }

    /// A lenient receiver accepts long control frames, up to a limit.
    fn check_control(&self, header: &Header) -> Result<(), Breach> {
        let most = self.max_message.max(LONGEST_CONTROL as u64);
        if header.length <= most {
            return Ok(());
        }
        let detail = format!("{} bytes, the limit is {most}", header.length);
        Err(Breach { rule: Rule::MessageTooBig, place: Place::Frame, detail })
    }

    /// Uses what has come of the payload. False when more has to come.
    fn take_payload(&mut self) -> bool {
        let Some(frame) = &mut self.frame else { return true };
        let remaining = frame.remaining();
        let unread = self.buffer.unread_mut();
        let available = usize::try_from(remaining).map_or(unread.len(), |remaining| remaining.min(unread.len()));
        let has_more = frame.destination == Destination::Message && self.assembler.has_more();
        if available == 0 && remaining > 0 && !has_more {
            return false;
        }
        // Some bytes may be unmasked already: the inflater did not take them in the call before.
        let prepared = usize::try_from(frame.prepared - frame.taken).map_or(available, |bytes| bytes.min(available));
        let fresh = &mut unread[prepared..available];
        self.capture.wire(fresh);
        if let Some(key) = frame.header.mask {
            mask::apply(key, frame.prepared, fresh);
        }
        frame.prepared += fresh.len() as u64;
        let end = match (available as u64 == remaining, frame.header.fin) {
            (false, _) => End::Input,
            (true, false) => End::Frame,
            (true, true) => End::Message,
        };
        match frame.destination {
            Destination::Message => self.take_into_message(available, end),
            Destination::Control => self.take_into_control(available, end),
            Destination::Dropped => {
                self.consume(available);
                if end != End::Input {
                    self.finish_frame();
                }
            }
        }
        true
    }

    fn take_into_message(&mut self, available: usize, end: End) {
        let bytes = &self.buffer.unread()[..available];
        let frame_length = self.frame.as_ref().map_or(0, |frame| frame.header.length);
        let taken = self.assembler.take(Input { bytes, offset: self.buffer.position(), end, frame_length });
        let consumed = self.consume(taken.consumed);
        self.capture.inflated(&self.assembler.collected()[taken.inflated]);
        if let Some(breach) = taken.breach
            && !self.report_breach(breach)
        {
            return;
        }
        let bytes_of = |part| match part {
            Part::Input => Bytes::Buffer(consumed.clone()),
            Part::Collected => Bytes::Collected,
        };
        let part = taken.part.map(|part| Pending::Part { bytes: bytes_of(part), last: None });
        if !taken.is_frame_over {
            if part.is_some() {
                self.report_findings();
            }
            self.pending.extend(part);
            return;
        }
        self.finish_frame();
        if end == End::Message {
            self.finish_message(consumed);
        } else {
            self.pending.extend(part);
        }
    }

    fn finish_message(&mut self, consumed: Range<usize>) {
        let is_compressed = self.assembler.is_compressed();
        let Some(whole) = self.assembler.finish() else { return };
        let facts = whole.facts;
        self.counters.messages += 1;
        self.counters.message_bytes += facts.length;
        if let Some(compressed) = facts.compressed {
            self.counters.compressed_bytes += compressed;
            self.counters.inflated_bytes += facts.length;
        }
        self.pending.push_back(match (whole.is_streamed, is_compressed) {
            (true, true) => Pending::Part { bytes: Bytes::Collected, last: Some(facts) },
            (true, false) => Pending::Part { bytes: Bytes::Buffer(consumed), last: Some(facts) },
            (false, _) => Pending::Message { kind: whole.kind, bytes: Bytes::Collected, facts },
        });
    }

    fn take_into_control(&mut self, available: usize, end: End) {
        let range = self.consume(available);
        self.control.extend_from_slice(self.buffer.taken(range));
        let Some(frame) = &self.frame else { return };
        if end == End::Input {
            return;
        }
        match frame.header.opcode {
            OpCode::Control(Control::Close) => self.finish_close(),
            OpCode::Control(Control::Ping) => {
                self.finish_frame();
                self.pending.push_back(Pending::Ping);
            }
            _ => {
                self.finish_frame();
                self.pending.push_back(Pending::Pong);
            }
        }
    }

    fn finish_close(&mut self) {
        let offset = self.buffer.position() - self.control.len() as u64;
        let mut breaches = Vec::new();
        let (code, reason) = close::read(&self.control, offset, |breach| breaches.push(breach));
        self.close = Some(CloseReason { code, reason });
        if !breaches.into_iter().all(|breach| self.report_breach(breach)) {
            return;
        }
        self.finish_frame();
        self.state = StreamState::Closed;
        self.assembler.abandon();
        self.pending.push_back(Pending::Close);
    }

    fn consume(&mut self, count: usize) -> Range<usize> {
        if let Some(frame) = &mut self.frame {
            frame.taken += count as u64;
            if frame.header.is_control() {
                self.control_bytes += count as u64;
            }
        }
        self.buffer.take(count)
    }

    fn finish_frame(&mut self) {
        self.counters.frames += 1;
        self.report_frame();
    }

    /// Reports the frame as far as it has come, and the breaches in it that did not end the stream. The frame is over
    /// then.
    pub(super) fn report_frame(&mut self) {
        if self.frame.is_some() && self.capture.is_on() {
            self.pending.push_back(Pending::Frame);
        }
        self.report_findings();
        self.frame = None;
    }

    /// Reports the breaches in the frame so far that did not end the stream.
    fn report_findings(&mut self) {
        if let Some(frame) = &mut self.frame {
            self.pending.extend(frame.findings.drain(..).map(Pending::Finding));
        }
    }

    fn report_breach(&mut self, breach: Breach) -> bool {
        let Breach { rule, place, detail } = breach;
        let (offset, bytes) = match (place, &self.frame) {
            (Place::Bytes(offset, bytes), _) => (offset, bytes),
            (Place::Frame, Some(frame)) => (frame.offset, frame.header_bytes()),
            (Place::Frame, None) => (self.buffer.position(), Vec::new()),
        };
        let blame = if rule.is_own_limit() { self.role } else { self.role.peer() };
        self.report(Finding { rule, blame, offset, bytes, detail, diagnosis: None })
    }

    /// Keeps a finding and goes on, where the receiver is lenient and the rule permits it. Otherwise the finding ends
    /// the stream. Returns whether to go on.
    fn report(&mut self, mut finding: Finding) -> bool {
        match &mut self.frame {
            Some(frame) if self.is_lenient && finding.rule.can_go_on() => {
                frame.findings.push(finding);
                true
            }
            _ => {
                self.report_frame();
                finding.diagnosis = finding.rule.diagnosis();
                self.pending.push_back(Pending::Finding(finding));
                self.state = StreamState::Over;
                false
            }
        }
    }
}

/// Text or binary, for the opcodes that start a message.
#[inline]
fn kind(opcode: OpCode) -> Option<Kind> {
    match opcode {
        OpCode::Data(Data::Text) => Some(Kind::Text),
        OpCode::Data(Data::Binary) => Some(Kind::Binary),
        _ => None,
    }
}

/// Unmasks the whole payload of a frame in place, if it is masked. False where it is a text that is not UTF-8: then it is as it
/// was, and the general path finds out where the text is wrong.
#[inline]
pub(super) fn unmask(kind: Kind, key: Option<[u8; 4]>, payload: &mut [u8]) -> bool {
    match key {
        None => is_valid(kind, payload),
        Some(key) => unmask_by(key, kind, payload),
    }
}

fn unmask_by(key: [u8; 4], kind: Kind, payload: &mut [u8]) -> bool {
    mask::apply(key, 0, payload);
    let is_valid = is_valid(kind, payload);
    if !is_valid {
        mask::apply(key, 0, payload);
    }
    is_valid
}

/// Looks for ASCII first: 28 % fewer instructions, printing included, for a message of 32 bytes.
#[inline]
fn is_valid(kind: Kind, payload: &[u8]) -> bool {
    kind == Kind::Binary || payload.is_ascii() || simdutf8::basic::from_utf8(payload).is_ok()
}

fn destination(header: &Header, in_message: bool) -> Destination {
    match header.opcode {
        OpCode::Data(Data::Text | Data::Binary) => Destination::Message,
        OpCode::Data(Data::Continue) if in_message => Destination::Message,
        OpCode::Control(Control::Close | Control::Ping | Control::Pong) => Destination::Control,
        _ => Destination::Dropped,
    }
}
