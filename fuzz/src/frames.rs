//! What holds for any stream of frames, right or wrong: driven by the fuzz targets, and by the property tests of wscope.

use wscope::wire::{
    Counters, DeflateParameters, Event, Frame, Header, Kind, MaskSource, Observe, Outgoing, RawHeader, RawMask,
    Receiver, ReceiverOptions, Role, Rule, Sender, SenderOptions, TextBatch,
};

/// The largest message of [`options`], small enough for it to be met.
const MAX_MESSAGE: u64 = 2000;

/// What came of a stream, apart from how it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A text message, which only a lenient receiver lets pass when it is not UTF-8.
    Text(Vec<u8>),
    /// A binary message, its parts put together.
    Binary(Vec<u8>),
    /// A Ping or, with `true`, a Pong.
    Heartbeat(bool, Vec<u8>),
    /// A Close.
    Close(Option<u16>, String),
    /// A breach of the framing, and where.
    Finding(Rule, u64),
    /// A breach inside a payload that may be compressed: where in it depends on how it arrives.
    FindingInPayload(Rule),
}

impl Outcome {
    fn is_finding(&self) -> bool {
        matches!(self, Self::Finding(..) | Self::FindingInPayload(_))
    }
}

/// A receiver's options, picked by the bits of one byte.
pub fn options(role: Role, picked: u8) -> ReceiverOptions {
    let deflate = DeflateParameters { server_no_context_takeover: picked & 0x08 != 0, ..DeflateParameters::default() };
    ReceiverOptions {
        role,
        max_message: MAX_MESSAGE,
        stream_binary_above: (picked & 0x01 != 0).then_some(100),
        lenient: picked & 0x02 != 0,
        deflate: (picked & 0x04 != 0).then_some(deflate),
        observe: Observe::Nothing,
    }
}

/// Checks that `bytes` come to the same whether they arrive whole or `size` at a time, observed or not.
pub fn arrives_alike(options: ReceiverOptions, bytes: &[u8], size: usize) {
    let whole = outcomes(options, bytes, usize::MAX);
    assert_eq!(outcomes(options, bytes, size), whole, "in pieces of {size}");
    let together = run_together(whole.clone());
    let take = |receiver: &mut Receiver, texts: &mut Vec<u8>| {
        while let Some(batch) = receiver.take_texts() {
            check_batch(&batch, bytes);
            batch.append_to(TERMINATOR, texts);
        }
    };
    assert_eq!(with_texts_taken(options, bytes, take), together, "with texts taken");
    let copy = |receiver: &mut Receiver, texts: &mut _| while receiver.copy_texts(TERMINATOR, texts) {};
    assert_eq!(with_texts_taken(options, bytes, copy), together, "with texts copied");
    for observe in [Observe::Headers, Observe::Bytes] {
        let observed = heard(ReceiverOptions { observe, ..options }, bytes, size);
        assert_eq!(observed.outcomes, whole, "with {observe:?}");
        if !whole.iter().any(Outcome::is_finding) {
            let together = heard(ReceiverOptions { observe, ..options }, bytes, usize::MAX);
            assert_eq!(observed.frames, together.frames, "with {observe:?}");
            assert_eq!(observed.counters, heard(options, bytes, usize::MAX).counters, "with {observe:?}");
        }
    }
    assert_eq!(outcomes_observed_now_and_then(options, bytes), whole, "observed now and then");
}

/// What was heard of a stream.
struct Heard {
    outcomes: Vec<Outcome>,
    frames: Vec<String>,
    counters: Counters,
}

/// What comes of `bytes` that arrive `size` at a time.
pub fn outcomes(options: ReceiverOptions, bytes: &[u8], size: usize) -> Vec<Outcome> {
    heard(options, bytes, size).outcomes
}

fn heard(options: ReceiverOptions, bytes: &[u8], size: usize) -> Heard {
    let mut listener = Listener::new(options, bytes);
    let mut receiver = Receiver::new(options);
    for piece in bytes.chunks(size.max(1)) {
        receiver.feed(piece);
        while let Some(event) = receiver.next() {
            listener.hear(&event);
        }
    }
    assert!(receiver.data_bytes() <= receiver.counters().wire_bytes);
    assert!(receiver.counters().wire_bytes <= bytes.len() as u64);
    receiver.end();
    while let Some(event) = receiver.next() {
        listener.hear(&event);
    }
    Heard { outcomes: listener.outcomes, frames: listener.frames, counters: receiver.counters() }
}

/// The same where observing begins or ends after each event.
fn outcomes_observed_now_and_then(options: ReceiverOptions, bytes: &[u8]) -> Vec<Outcome> {
    let mut listener = Listener::new(options, bytes);
    let mut receiver = Receiver::new(options);
    receiver.feed(bytes);
    let mut levels = [Observe::Bytes, Observe::Nothing, Observe::Headers].into_iter().cycle();
    let mut has_ended = false;
    loop {
        match receiver.next() {
            Some(Event::Frame(_)) => {}
            Some(event) => listener.hear(&event),
            None if has_ended => return listener.outcomes,
            None => {
                receiver.end();
                has_ended = true;
            }
        }
        receiver.observe(levels.next().unwrap_or(Observe::Nothing));
    }
}

/// The same where `take` has taken what texts it can before each event; texts that follow one another are run together.
fn with_texts_taken(
    options: ReceiverOptions,
    bytes: &[u8],
    take: impl Fn(&mut Receiver, &mut Vec<u8>),
) -> Vec<Outcome> {
    let mut listener = Listener::new(options, bytes);
    let (mut receiver, mut counted) = (Receiver::new(options), Receiver::new(options));
    receiver.feed(bytes);
    counted.feed(bytes);
    let mut outcomes = Vec::new();
    loop {
        let mut texts = Vec::new();
        take(&mut receiver, &mut texts);
        outcomes.extend((!texts.is_empty()).then_some(Outcome::Text(texts)));
        let Some(event) = receiver.next() else { break };
        listener.hear(&event);
        outcomes.extend(run_together(std::mem::take(&mut listener.outcomes)));
    }
    while counted.next().is_some() {}
    assert_eq!(receiver.counters(), counted.counters());
    receiver.end();
    while let Some(event) = receiver.next() {
        listener.hear(&event);
    }
    outcomes.extend(run_together(listener.outcomes));
    merged(outcomes)
}

/// The frames of a batch are those of the stream, and their texts are what is appended.
fn check_batch(batch: &TextBatch<'_>, bytes: &[u8]) {
    let (mut appended, mut texts) = (Vec::new(), Vec::new());
    batch.append_to(TERMINATOR, &mut appended);
    for frame in batch.frames() {
        assert!(bytes[index(frame.offset)..].starts_with(frame.header_bytes));
        texts.extend_from_slice(frame.text);
        texts.push(TERMINATOR);
    }
    assert_eq!(texts, appended);
    assert_eq!(batch.frames().count(), index(batch.messages()));
}

/// Behind each text.
const TERMINATOR: u8 = b'\n';

fn run_together(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    for outcome in &mut outcomes {
        if let Outcome::Text(text) = outcome {
            text.push(TERMINATOR);
        }
    }
    merged(outcomes)
}

fn merged(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut merged: Vec<Outcome> = Vec::new();
    for outcome in outcomes {
        match (merged.last_mut(), outcome) {
            (Some(Outcome::Text(before)), Outcome::Text(text)) => before.extend(text),
            (_, outcome) => merged.push(outcome),
        }
    }
    merged
}

struct Listener<'a> {
    options: ReceiverOptions,
    bytes: &'a [u8],
    outcomes: Vec<Outcome>,
    parts: Vec<u8>,
    frames: Vec<String>,
    /// Where the next frame has to begin.
    next_frame: u64,
}

impl<'a> Listener<'a> {
    fn new(options: ReceiverOptions, bytes: &'a [u8]) -> Self {
        Self { options, bytes, outcomes: Vec::new(), parts: Vec::new(), frames: Vec::new(), next_frame: 0 }
    }

    fn hear(&mut self, event: &Event<'_>) {
        match *event {
            Event::Frame(ref frame) => self.hear_frame(frame),
            Event::Message { kind, payload, facts } => {
                assert_eq!(facts.length, payload.len() as u64);
                assert!(facts.length <= MAX_MESSAGE);
                self.outcomes.push(match kind {
                    Kind::Text => Outcome::Text(payload.to_vec()),
                    Kind::Binary => Outcome::Binary(payload.to_vec()),
                });
                if kind == Kind::Text && !self.options.lenient {
                    assert!(std::str::from_utf8(payload).is_ok());
                }
            }
            Event::Part { payload, last } => {
                self.parts.extend_from_slice(payload);
                if let Some(facts) = last {
                    assert_eq!(facts.length, self.parts.len() as u64);
                    assert!(facts.length <= MAX_MESSAGE);
                    self.outcomes.push(Outcome::Binary(std::mem::take(&mut self.parts)));
                }
            }
            Event::Ping(payload) => self.outcomes.push(Outcome::Heartbeat(false, payload.to_vec())),
            Event::Pong(payload) => self.outcomes.push(Outcome::Heartbeat(true, payload.to_vec())),
            Event::Close(close) => {
                self.parts.clear();
                self.outcomes.push(Outcome::Close(
                    close.code.map(u16::from),
                    String::from_utf8_lossy(close.reason).into_owned(),
                ));
            }
            Event::Finding(ref finding) => self.hear_finding(finding.rule, finding.offset),
        }
    }

    fn hear_finding(&mut self, rule: Rule, offset: u64) {
        assert!(offset <= self.bytes.len() as u64);
        let is_in_payload = matches!(rule, Rule::InvalidText | Rule::CorruptDeflate | Rule::MessageTooBig);
        let outcome = if is_in_payload && self.options.deflate.is_some() {
            Outcome::FindingInPayload(rule)
        } else {
            Outcome::Finding(rule, offset)
        };
        if matches!(rule, Rule::MessageInsideMessage | Rule::CorruptDeflate) {
            self.parts.clear();
        }
        self.outcomes.push(outcome);
    }

    /// Frames are the bytes of the stream, one after the other, exactly.
    fn hear_frame(&mut self, frame: &Frame<'_>) {
        assert_eq!(frame.offset, self.next_frame);
        let payload_at = frame.offset + frame.header_bytes.len() as u64;
        self.next_frame = payload_at + frame.received;
        assert!(frame.received <= frame.header.length);
        assert_eq!(frame.header_bytes, &self.bytes[index(frame.offset)..index(payload_at)]);
        assert_eq!(Header::read(frame.header_bytes), Some((frame.header, frame.header_bytes.len())));
        self.frames.push(format!("{:?} {:?} {:?} {}", frame.header, frame.position, frame.inflated, frame.received));
        if self.options.observe == Observe::Bytes {
            assert!(self.bytes[index(payload_at)..index(self.next_frame)].starts_with(frame.payload));
            assert_eq!(frame.payload.len() as u64, frame.received.min(MAX_MESSAGE));
        }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("an offset in a slice")
}

/// Checks that a compressed binary message comes to the same when it is split into fragments of `fragment` bytes, and
/// however those arrive.
pub fn inflates_alike(picked: u8, compressed: &[u8], fragment: usize, size: usize) {
    let options = options(Role::Client, picked | 0x04);
    let whole = stream_of(compressed, usize::MAX);
    let fragmented = stream_of(compressed, fragment.max(1));
    arrives_alike(options, &whole, size);
    arrives_alike(options, &fragmented, size);
    assert_eq!(outcomes(options, &whole, usize::MAX), outcomes(options, &fragmented, usize::MAX));
}

/// The frames of two messages, each with the payload `compressed`.
fn stream_of(compressed: &[u8], fragment: usize) -> Vec<u8> {
    let mut sender =
        Sender::new(SenderOptions { role: Role::Server, mask: MaskSource::Random, fragment: None, deflate: None });
    let mut wire = Vec::new();
    for _ in 0..2 {
        let fragments: Vec<&[u8]> =
            if compressed.is_empty() { vec![&[]] } else { compressed.chunks(fragment).collect() };
        for (index, payload) in fragments.iter().enumerate() {
            let (rsv, opcode) = if index == 0 { (0x4, 0x2) } else { (0x0, 0x0) };
            let fin = index + 1 == fragments.len();
            let header = RawHeader { fin, rsv, opcode, mask: RawMask::None, ..RawHeader::default() };
            sender.send(Outgoing::Frame(header, payload), &mut wire).expect("a length that fits");
        }
    }
    wire
}
