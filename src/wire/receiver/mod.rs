//! Bytes in, events out (RFC 6455 sections 5 to 8).

mod assembly;
mod buffer;
mod judge;
mod recorder;

use std::collections::VecDeque;
use std::ops::Range;

use self::assembly::Assembly;
use self::buffer::Buffer;
use self::judge::{Circumstances, RSV1, judge};
use self::recorder::Recorder;
use super::deflate::Inflater;
use super::{
    Close, CloseCode, Control, Counters, Data, DeflateParameters, Event, Finding, Header, Kind, MessageFacts, Observe,
    OpCode, Position, Role, Rule, is_sendable, mask,
};

/// How to receive.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverOptions {
    /// Which end we are; the frames come from the other.
    pub role: Role,
    /// The largest message to accept, in bytes after inflating.
    pub max_message: u64,
    /// Binary messages larger than this come as [`Event::Part`]s; `None` collects every message.
    pub stream_binary_above: Option<u64>,
    /// Report breaches and go on where that is possible.
    pub lenient: bool,
    /// What was agreed on for permessage-deflate.
    pub deflate: Option<DeflateParameters>,
    /// How much of each frame to report.
    pub observe: Observe,
}

/// Where the stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Between messages.
    Boundary,
    /// Between two frames of one message.
    InsideMessage,
    /// Inside a frame.
    InsideFrame,
}

/// Turns what the peer sends into events.
///
/// Read into [`space`](Self::space), say how much with [`filled`](Self::filled), then call [`next`](Self::next) until
/// it has nothing more. Memory stays within the receive buffer and `max_message`, whatever the peer announces.
#[derive(Debug)]
pub struct Receiver {
    role: Role,
    max_message: u64,
    stream_binary_above: u64,
    is_lenient: bool,
    observe: Observe,
    inflater: Option<Inflater>,
    buffer: Buffer,
    stage: Stage,
    frame: Option<Incoming>,
    message: Option<Assembly>,
    /// What has been collected of `message`.
    collected: Vec<u8>,
    /// The payload of a control frame.
    control: Vec<u8>,
    close_reason: String,
    recorder: Recorder,
    ready: VecDeque<Ready>,
    counters: Counters,
    /// Bytes of control frames, headers included.
    control_bytes: u64,
}

/// How far the stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// The peer's Close has come: payloads no longer count.
    Closed,
    /// A breach that nobody looks past: nothing counts any more.
    Broken,
}

/// The frame whose payload is being read.
#[derive(Debug)]
struct Incoming {
    header: Header,
    offset: u64,
    /// Payload bytes that have been used.
    taken: u64,
    /// Payload bytes that have been recorded and unmasked, in the buffer.
    prepared: u64,
    payload_goes: Payload,
    /// Looked past; they are reported after the frame.
    findings: Vec<Finding>,
}

/// What becomes of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payload {
    IntoMessage,
    IntoControl,
    Nowhere,
}

/// An event whose bytes have not been lent yet.
#[derive(Debug)]
enum Ready {
    Frame,
    Message { kind: Kind, bytes: Bytes, facts: MessageFacts },
    Part { bytes: Bytes, last: Option<MessageFacts> },
    Ping,
    Pong,
    Close(Option<CloseCode>),
    Finding(Finding),
}

/// Where bytes lie.
#[derive(Debug)]
enum Bytes {
    Buffer(Range<usize>),
    Collected,
}

/// Empty fragments that one message may have. Each costs the peer two bytes and gets it nothing.
const MOST_EMPTY_FRAGMENTS: u32 = 0x1_0000;

/// What a message buffer may keep from one message to the next.
const KEPT_CAPACITY: usize = 1 << 20;

/// Room that inflating asks for at a time.
const INFLATE_ROOM: u64 = 64 * 1024;

impl Receiver {
    /// A receiver for a connection that has just been opened.
    pub fn new(options: ReceiverOptions) -> Self {
        Self {
            role: options.role,
            max_message: options.max_message,
            stream_binary_above: options.stream_binary_above.unwrap_or(u64::MAX),
            is_lenient: options.lenient,
            observe: options.observe,
            inflater: options.deflate.map(|parameters| Inflater::new(options.role, parameters)),
            buffer: Buffer::new(),
            stage: Stage::Open,
            frame: None,
            message: None,
            collected: Vec::new(),
            control: Vec::new(),
            close_reason: String::new(),
            recorder: Recorder::new(options.max_message),
            ready: VecDeque::new(),
            counters: Counters::default(),
            control_bytes: 0,
        }
    }

    /// Room to read into, never empty. Only to be asked for when [`next`](Self::next) has nothing more.
    pub fn space(&mut self) -> &mut [u8] {
        self.buffer.space()
    }

    /// So many bytes have been read into [`space`](Self::space).
    pub fn filled(&mut self, count: usize) {
        self.buffer.filled(count);
    }

    /// Takes a copy of `bytes`, for what was read elsewhere: what came in one segment with the HTTP head.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes);
    }

    /// How much of each frame to report, from the next frame on.
    pub fn observe(&mut self, observe: Observe) {
        self.observe = observe;
    }

    /// What has been received so far.
    pub fn counters(&self) -> Counters {
        Counters { wire_bytes: self.buffer.position(), ..self.counters }
    }

    /// Bytes of data frames that have been used so far, headers and incomplete frames included.
    pub fn data_bytes(&self) -> u64 {
        self.buffer.position() - self.control_bytes
    }

    /// Whether a breach has ended it: no event comes any more.
    pub fn is_broken(&self) -> bool {
        self.stage == Stage::Broken
    }

    /// The next event; `None` when more has to be read.
    #[expect(clippy::should_implement_trait, reason = "it lends")]
    #[inline]
    pub fn next(&mut self) -> Option<Event<'_>> {
        let ready = self.advance()?;
        Some(self.lend(ready))
    }

    /// The stream has ended. To be called when [`next`](Self::next) has nothing more; an incomplete frame that is
    /// observed comes from `next` afterwards.
    pub fn end(&mut self) -> Ending {
        let ending = match (&self.frame, &self.message) {
            _ if self.stage != Stage::Open => Ending::Boundary,
            (None, None) if self.buffer.unread().is_empty() => Ending::Boundary,
            (None, Some(_)) if self.buffer.unread().is_empty() => Ending::InsideMessage,
            _ => Ending::InsideFrame,
        };
        self.report_frame();
        self.stage = Stage::Broken;
        ending
    }

    fn lend(&self, ready: Ready) -> Event<'_> {
        match ready {
            Ready::Frame => Event::Frame(self.recorder.frame()),
            Ready::Message { kind, bytes, facts } => Event::Message { kind, payload: self.bytes(bytes), facts },
            Ready::Part { bytes, last } => Event::Part { payload: self.bytes(bytes), last },
            Ready::Ping => Event::Ping(&self.control),
            Ready::Pong => Event::Pong(&self.control),
            Ready::Close(code) => Event::Close(Close { code, reason: &self.close_reason }),
            Ready::Finding(finding) => Event::Finding(finding),
        }
    }

    fn bytes(&self, bytes: Bytes) -> &[u8] {
        match bytes {
            Bytes::Buffer(range) => self.buffer.taken(range),
            Bytes::Collected => &self.collected,
        }
    }

    #[inline]
    fn advance(&mut self) -> Option<Ready> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            if self.stage == Stage::Broken {
                self.buffer.discard();
                return None;
            }
            if self.frame.is_some() {
                if !self.go_on() {
                    return None;
                }
            } else if let Some(message) = self.take_whole_message() {
                return Some(message);
            } else if !self.begin_frame() {
                return None;
            }
        }
    }

    /// The fast path: an unfragmented, uncompressed message that lies in the buffer and breaks no rule.
    #[inline]
    fn take_whole_message(&mut self) -> Option<Ready> {
        if self.message.is_some() || self.stage != Stage::Open || self.observe != Observe::Nothing {
            return None;
        }
        let (header, header_length) = Header::read(self.buffer.unread())?;
        let kind = kind(header.opcode)?;
        let most = match kind {
            Kind::Text => self.max_message,
            Kind::Binary => self.max_message.min(self.stream_binary_above),
        };
        let is_ordinary = header.fin
            && header.rsv == 0
            && header.mask.is_some() == (self.role == Role::Server)
            && header.is_minimal()
            && header.length <= most;
        let length = usize::try_from(header.length).ok()?;
        let payload = self.buffer.unread_mut()[header_length..].get_mut(..length)?;
        if !is_ordinary {
            return None;
        }
        if let Some(key) = header.mask {
            mask::apply(key, 0, payload);
        }
        if kind == Kind::Text && simdutf8::basic::from_utf8(payload).is_err() {
            if let Some(key) = header.mask {
                mask::apply(key, 0, payload);
            }
            return None;
        }
        self.buffer.take(header_length);
        let bytes = Bytes::Buffer(self.buffer.take(length));
        self.counters.frames += 1;
        self.counters.messages += 1;
        self.counters.message_bytes += header.length;
        Some(Ready::Message {
            kind,
            bytes,
            facts: MessageFacts { length: header.length, compressed: None, fragments: 1 },
        })
    }

    /// Reads and judges a header. False when it has not come.
    fn begin_frame(&mut self) -> bool {
        let Some((header, header_length)) = Header::read(self.buffer.unread()) else { return false };
        let offset = self.buffer.position();
        let range = self.buffer.take(header_length);
        if header.is_control() {
            self.control_bytes += header_length as u64;
        }
        self.frame = Some(Incoming {
            header,
            offset,
            taken: 0,
            prepared: 0,
            payload_goes: Payload::Nowhere,
            findings: Vec::new(),
        });
        let compressed = self.starts_compressed(&header) || self.continues_compressed(&header);
        let mut position = Position::Whole;
        let findings = self.findings_about(&header, self.buffer.taken(range.clone()), offset);
        let is_fatal = findings.iter().any(|finding| !self.is_lenient || !finding.rule.can_go_on());
        if !is_fatal && self.stage == Stage::Open {
            position = self.admit(&header);
        }
        self.recorder.begin(self.observe, header, self.buffer.taken(range), offset, position, compressed);
        for finding in findings {
            if !self.report(finding) {
                return true;
            }
        }
        self.limit(&header, offset);
        true
    }

    fn starts_compressed(&self, header: &Header) -> bool {
        self.inflater.is_some() && header.rsv & RSV1 != 0 && kind(header.opcode).is_some()
    }

    fn continues_compressed(&self, header: &Header) -> bool {
        header.opcode == OpCode::Data(Data::Continue)
            && self.message.as_ref().is_some_and(|message| message.is_compressed)
    }

    fn findings_about(&self, header: &Header, bytes: &[u8], offset: u64) -> Vec<Finding> {
        let mut findings = Vec::new();
        let blame = self.role.peer();
        let mut report = |rule, detail| findings.push(Finding { rule, blame, offset, bytes: bytes.to_vec(), detail });
        if self.stage == Stage::Open {
            let circumstances =
                Circumstances { sender: blame, deflate: self.inflater.is_some(), in_message: self.message.is_some() };
            judge(header, circumstances, report);
        } else if !header.is_control() {
            report(Rule::DataAfterClose, format!("opcode {:#X}, {} bytes", u8::from(header.opcode), header.length));
        }
        findings
    }

    /// Decides where the payload goes.
    fn admit(&mut self, header: &Header) -> Position {
        let (payload_goes, position) = match header.opcode {
            OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
                (Payload::Nowhere, Position::Whole)
            }
            OpCode::Control(_) => {
                self.control.clear();
                self.control.shrink_to(KEPT_CAPACITY);
                (Payload::IntoControl, Position::Whole)
            }
            OpCode::Data(Data::Continue) => match &mut self.message {
                Some(message) => (Payload::IntoMessage, message.fragment(header.fin, header.length)),
                None => (Payload::Nowhere, Position::Whole),
            },
            OpCode::Data(Data::Text | Data::Binary) => {
                let kind = if header.opcode == OpCode::Data(Data::Text) { Kind::Text } else { Kind::Binary };
                self.collected.clear();
                self.collected.shrink_to(KEPT_CAPACITY);
                let message =
                    self.message.insert(Assembly::new(kind, self.inflater.is_some() && header.rsv & RSV1 != 0));
                (Payload::IntoMessage, message.fragment(header.fin, header.length))
            }
        };
        if let Some(frame) = &mut self.frame {
            frame.payload_goes = payload_goes;
        }
        position
    }

    /// Holds what a frame announces against our limits, before any of it is collected.
    fn limit(&mut self, header: &Header, offset: u64) {
        let Some(frame) = &self.frame else { return };
        let collected = match (frame.payload_goes, &mut self.message) {
            (Payload::IntoMessage, Some(message)) => {
                message.wire_length = message.wire_length.saturating_add(header.length);
                if message.empty_fragments > MOST_EMPTY_FRAGMENTS {
                    let detail = format!("more than {MOST_EMPTY_FRAGMENTS} empty fragments");
                    self.refuse(Rule::TooManyEmptyFragments, offset, &[], detail);
                    return;
                }
                if message.is_compressed { 0 } else { message.length.saturating_add(header.length) }
            }
            (Payload::IntoControl, _) => header.length.saturating_sub(125),
            _ => 0,
        };
        if collected > self.max_message {
            self.refuse_size(offset, collected);
            return;
        }
        if frame.payload_goes == Payload::IntoMessage {
            self.stream_if_larger(collected);
        }
    }

    /// Changes over to handing a binary message out in parts, once it is known to be so large.
    fn stream_if_larger(&mut self, length: u64) {
        let Some(message) = &mut self.message else { return };
        if message.kind == Kind::Binary && !message.is_streamed && length > self.stream_binary_above {
            message.is_streamed = true;
            if !self.collected.is_empty() {
                self.ready.push_back(Ready::Part { bytes: Bytes::Collected, last: None });
            }
        }
    }

    /// Uses what has come of the frame's payload. False when more has to come.
    fn go_on(&mut self) -> bool {
        let Some(frame) = &mut self.frame else { return true };
        let remaining = frame.header.length - frame.taken;
        let unread = self.buffer.unread_mut();
        let available = usize::try_from(remaining).map_or(unread.len(), |remaining| remaining.min(unread.len()));
        if available == 0 && remaining > 0 {
            return false;
        }
        let prepared = usize::try_from(frame.prepared - frame.taken).map_or(available, |bytes| bytes.min(available));
        let fresh = &mut unread[prepared..available];
        self.recorder.wire(fresh);
        if let Some(key) = frame.header.mask {
            mask::apply(key, frame.prepared, fresh);
        }
        self.recorder.unmasked(fresh);
        frame.prepared += fresh.len() as u64;
        match (frame.payload_goes, &self.message) {
            (Payload::IntoMessage, Some(message)) if message.is_compressed => self.inflate(available),
            (Payload::IntoMessage, Some(message)) if message.is_streamed => self.stream(available),
            (Payload::IntoMessage, _) => self.collect(available),
            (Payload::IntoControl, _) => {
                let range = self.take(available);
                self.control.extend_from_slice(self.buffer.taken(range));
                self.finish_frame_if_complete();
            }
            (Payload::Nowhere, _) => {
                self.take(available);
                self.finish_frame_if_complete();
            }
        }
        true
    }

    fn take(&mut self, count: usize) -> Range<usize> {
        if let Some(frame) = &mut self.frame {
            frame.taken += count as u64;
            if frame.header.is_control() {
                self.control_bytes += count as u64;
            }
        }
        self.buffer.take(count)
    }

    fn is_frame_complete(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| frame.taken == frame.header.length)
    }

    fn is_final(&self) -> bool {
        self.frame.as_ref().is_some_and(|frame| frame.header.fin)
    }

    fn finish_frame_if_complete(&mut self) {
        if self.is_frame_complete() {
            self.finish_frame(Bytes::Collected);
        }
    }

    fn collect(&mut self, count: usize) {
        let offset = self.buffer.position();
        let range = self.take(count);
        let before = self.collected.len();
        self.collected.extend_from_slice(self.buffer.taken(range));
        if self.add(before, offset) {
            self.finish_frame_if_complete();
        }
    }

    fn stream(&mut self, count: usize) {
        self.collected.clear();
        let range = self.take(count);
        if let Some(message) = &mut self.message {
            message.length += count as u64;
        }
        if self.is_frame_complete() {
            self.finish_frame(Bytes::Buffer(range));
        } else {
            self.ready.push_back(Ready::Part { bytes: Bytes::Buffer(range), last: None });
        }
    }

    fn inflate(&mut self, available: usize) {
        let was_complete = self.is_frame_complete();
        let is_final = self.is_final();
        let (Some(inflater), Some(message)) = (&mut self.inflater, &mut self.message) else { return };
        if message.is_streamed {
            self.collected.clear();
        }
        make_room(&mut self.collected, self.max_message);
        let before = self.collected.len();
        let progress = if was_complete && is_final {
            inflater.finish(&mut self.collected)
        } else {
            inflater.inflate(&self.buffer.unread()[..available], &mut self.collected)
        };
        let offset = self.buffer.position();
        let progress = match progress {
            Ok(progress) => progress,
            Err(error) => {
                let bytes = self.buffer.unread()[..available.min(Finding::MOST_BYTES)].to_vec();
                self.refuse(Rule::CorruptDeflate, offset, &bytes, error.to_string());
                return;
            }
        };
        self.take(progress.consumed);
        self.recorder.inflated(&self.collected[before..]);
        if !self.add(before, offset) {
            return;
        }
        let length = self.message.as_ref().map_or(0, |message| message.length);
        if length > self.max_message {
            self.refuse_size(offset, length);
            return;
        }
        let is_frame_over = !progress.is_full && self.is_frame_complete() && (was_complete || !is_final);
        if !(is_frame_over && is_final) {
            self.pass_on_inflated(length);
        }
        if is_frame_over {
            self.finish_frame(Bytes::Collected);
        }
    }

    fn pass_on_inflated(&mut self, length: u64) {
        if !self.message.as_ref().is_some_and(|message| message.is_streamed) {
            self.stream_if_larger(length);
        } else if !self.collected.is_empty() {
            self.ready.push_back(Ready::Part { bytes: Bytes::Collected, last: None });
        }
    }

    /// Accounts for what `collected` holds from `before` on. False when it ended everything.
    fn add(&mut self, before: usize, offset: u64) -> bool {
        let Some(message) = &mut self.message else { return true };
        let added = &self.collected[before..];
        let at = message.length;
        message.length += added.len() as u64;
        let Some(text) = &mut message.text else { return true };
        let Err(index) = text.check(added) else { return true };
        message.text = None;
        let offset = if message.is_compressed { offset } else { offset + index as u64 };
        let bytes: Vec<u8> = added[index..].iter().copied().take(Finding::MOST_BYTES).collect();
        let detail = format!("byte {:#04X} at offset {} of the message", bytes[0], at + index as u64);
        self.refuse(Rule::InvalidText, offset, &bytes, detail)
    }

    fn finish_frame(&mut self, bytes: Bytes) {
        let Some(frame) = &self.frame else { return };
        let (header, payload_goes, offset) = (frame.header, frame.payload_goes, frame.offset);
        let payload_offset = offset + header.wire_length() as u64;
        self.counters.frames += 1;
        match payload_goes {
            Payload::IntoMessage if header.fin => self.finish_message(bytes),
            Payload::IntoMessage => {
                self.report_frame();
                if let (Bytes::Buffer(range), Some(_)) = (bytes, &self.message) {
                    self.ready.push_back(Ready::Part { bytes: Bytes::Buffer(range), last: None });
                }
            }
            Payload::IntoControl => self.finish_control(header.opcode, payload_offset),
            Payload::Nowhere => self.report_frame(),
        }
    }

    fn finish_message(&mut self, bytes: Bytes) {
        let is_cut_off =
            self.message.as_ref().and_then(|message| message.text.as_ref()).is_some_and(|text| !text.is_complete());
        if is_cut_off {
            let tail = self.collected[self.collected.len().saturating_sub(4)..].to_vec();
            let detail = "the last character is incomplete".to_owned();
            if !self.refuse(Rule::InvalidText, self.buffer.position(), &tail, detail) {
                return;
            }
        }
        self.report_frame();
        let Some(message) = self.message.take() else { return };
        let facts = message.facts();
        self.counters.messages += 1;
        self.counters.message_bytes += facts.length;
        if let Some(compressed) = facts.compressed {
            self.counters.compressed_bytes += compressed;
            self.counters.inflated_bytes += facts.length;
        }
        self.ready.push_back(if message.is_streamed {
            Ready::Part { bytes, last: Some(facts) }
        } else {
            Ready::Message { kind: message.kind, bytes, facts }
        });
    }

    fn finish_control(&mut self, opcode: OpCode, offset: u64) {
        match opcode {
            OpCode::Control(Control::Close) => self.finish_close(offset),
            OpCode::Control(Control::Ping) => {
                self.report_frame();
                self.ready.push_back(Ready::Ping);
            }
            _ => {
                self.report_frame();
                self.ready.push_back(Ready::Pong);
            }
        }
    }

    fn finish_close(&mut self, offset: u64) {
        let body = std::mem::take(&mut self.control);
        let mut code = None;
        self.close_reason.clear();
        if let [_] = body[..] {
            if !self.refuse(Rule::ShortCloseBody, offset, &body, "expected none, or at least 2".to_owned()) {
                return;
            }
        } else if let [high, low, ref reason @ ..] = body[..] {
            let sent = CloseCode::from(u16::from_be_bytes([high, low]));
            code = Some(sent);
            if !is_sendable(sent) && !self.refuse(Rule::InvalidCloseCode, offset, &[high, low], format!("code {sent}"))
            {
                return;
            }
            self.close_reason.push_str(&String::from_utf8_lossy(reason));
            if let Err(error) = std::str::from_utf8(reason) {
                let at = error.valid_up_to();
                let detail = format!("byte {:#04X} at offset {at} of the reason", reason[at]);
                if !self.refuse(Rule::InvalidCloseReason, offset + 2 + at as u64, &reason[at..], detail) {
                    return;
                }
            }
        }
        self.report_frame();
        self.stage = Stage::Closed;
        self.message = None;
        self.ready.push_back(Ready::Close(code));
    }

    /// Reports the frame, as far as it has come, and what was looked past in it. It is over then.
    fn report_frame(&mut self) {
        let Some(frame) = self.frame.take() else { return };
        if self.recorder.is_on() {
            self.ready.push_back(Ready::Frame);
        }
        self.ready.extend(frame.findings.into_iter().map(Ready::Finding));
    }

    fn refuse_size(&mut self, offset: u64, length: u64) {
        let detail = format!("at least {length} bytes, the limit is {}", self.max_message);
        self.refuse(Rule::MessageTooBig, offset, &[], detail);
    }

    fn refuse(&mut self, rule: Rule, offset: u64, bytes: &[u8], detail: String) -> bool {
        let blame = if rule.is_own_limit() { self.role } else { self.role.peer() };
        let bytes = bytes[..bytes.len().min(Finding::MOST_BYTES)].to_vec();
        self.report(Finding { rule, blame, offset, bytes, detail })
    }

    /// Looks past a finding where that is wanted and possible; otherwise ends everything with it. Whether to go on.
    fn report(&mut self, finding: Finding) -> bool {
        let goes_on = self.is_lenient && finding.rule.can_go_on();
        match &mut self.frame {
            Some(frame) if goes_on => frame.findings.push(finding),
            _ => {
                self.report_frame();
                self.ready.push_back(Ready::Finding(finding));
                self.stage = Stage::Broken;
            }
        }
        goes_on
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

/// Makes room to inflate into: more each time, and never more than one byte past the limit.
fn make_room(collected: &mut Vec<u8>, max_message: u64) {
    if collected.len() < collected.capacity() {
        return;
    }
    let length = collected.len() as u64;
    let room = length.max(INFLATE_ROOM).min((max_message + 1).saturating_sub(length)).max(1);
    collected.reserve_exact(usize::try_from(room).unwrap_or(usize::MAX));
}

#[cfg(test)]
mod tests;
