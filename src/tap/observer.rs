//! Decodes what passes, and shows it, without a hand in it.
//!
//! Both threads of a relay note what they pass on before they do it. So what one side answers is always noted after what
//! it answers, and is shown after it, whichever thread comes to show first.

use std::collections::VecDeque;
use std::mem;
use std::sync::Mutex;
use std::time::Duration;

use super::connections::Connections;
use crate::error::ExitStatus;
use crate::event::{Direction, Ended, Event, Origin, Summary, Texts, Timestamp};
use crate::output::{Fanout, Sinks};
use crate::session::output::lock;
use crate::session::{Budget, Share};
use crate::wire::{
    self, CloseCode, CloseReason, Closing, Counters, DeflateParameters, Ending, Receiver, ReceiverOptions, Role,
};

/// Pings that may wait for their pongs in one direction. Older ones are forgotten.
const PINGS: usize = 16;

/// What one WebSocket's messages are decoded with.
#[derive(Clone)]
pub(super) struct Decoding {
    /// The largest message that is put together, in bytes. A direction with a larger one is not decoded any further.
    pub max_message: u64,
    /// The memory for messages that are not whole, of all connections.
    pub budget: Budget,
    /// What was agreed on for permessage-deflate.
    pub deflate: Option<DeflateParameters>,
}

/// What passes on one WebSocket.
pub(super) struct Observer {
    fanout: Fanout,
    origin: Origin,
    opened: Timestamp,
    /// What is told when the output cannot be written.
    connections: Connections,
    /// Taken with `decoders` held, and for a moment only.
    passed: Mutex<Passed>,
    /// Held while what passed is shown. The sinks are taken with it held.
    decoders: Mutex<Decoders>,
    /// Taken with `decoders` held, and for a moment only.
    latest: Mutex<Latest>,
}

/// What is told of a connection at the prompt.
pub(super) struct Activity {
    /// Messages of the client's.
    pub client: u64,
    /// Messages of the server's.
    pub server: u64,
    /// How long it has been open.
    pub open_for: Duration,
    /// How long ago the last byte passed.
    pub last: Option<Duration>,
    /// The oldest ping that is not answered: whose, and how long ago it passed.
    pub ping: Option<(Direction, Duration)>,
}

/// What has passed by now.
#[derive(Default)]
struct Latest {
    client: Counters,
    server: Counters,
    last: Option<Timestamp>,
    ping: Option<(Direction, Timestamp)>,
}

/// What has passed and is not decoded yet, in the order in which it passed.
#[derive(Default)]
struct Passed {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

struct Piece {
    direction: Direction,
    at: Timestamp,
    /// How many of the bytes; none, where this direction has ended.
    length: usize,
}

struct Decoders {
    /// What the client sends.
    client: Decoder,
    /// What the server sends.
    server: Decoder,
    /// From where the client stands.
    closing: Closing,
    /// Room for what passes while this is shown.
    spare: Passed,
}

/// Decodes one direction.
struct Decoder {
    receiver: Receiver,
    share: Share,
    /// Pings of this direction that no pong has answered.
    pings: VecDeque<(Vec<u8>, Timestamp)>,
    /// How the stream stood when it ended.
    ending: Option<Ending>,
    /// It was said that nothing more of it is decoded.
    is_given_up: bool,
}

impl Decoder {
    fn new(role: Role, decoding: &Decoding) -> Self {
        let options = ReceiverOptions {
            role,
            max_message: decoding.max_message,
            // Their parts would be mixed with those of other connections.
            stream_binary_above: None,
            lenient: true,
            deflate: decoding.deflate,
            observe: wire::Observe::Nothing,
        };
        Self {
            receiver: Receiver::new(options),
            share: decoding.budget.share(),
            pings: VecDeque::new(),
            ending: None,
            is_given_up: false,
        }
    }

    /// How long ago the ping of this direction went that a pong with this payload answers.
    fn answered(&mut self, payload: &[u8], at: Timestamp) -> Option<Duration> {
        let position = self.pings.iter().position(|(ping, _)| ping == payload)?;
        let (_, since) = self.pings.drain(..=position).next_back()?;
        Some(at.elapsed.saturating_sub(since.elapsed))
    }

    fn note_ping(&mut self, payload: &[u8], at: Timestamp) {
        if self.pings.len() == PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((payload.to_vec(), at));
    }

    /// The receiver holds no more than its part of the memory from now on.
    fn settle(&mut self) {
        self.receiver.shrink();
        self.share.hold(self.receiver.held());
        self.receiver.limit_collected(self.share.most());
    }
}

impl Observer {
    /// One that has seen nothing yet.
    pub(super) fn new(fanout: Fanout, connections: Connections, origin: Origin, decoding: &Decoding) -> Self {
        let decoders = Decoders {
            client: Decoder::new(Role::Server, decoding),
            server: Decoder::new(Role::Client, decoding),
            closing: Closing::default(),
            spare: Passed::default(),
        };
        let (opened, latest) = (fanout.now(), Mutex::default());
        let (passed, decoders) = (Mutex::default(), Mutex::new(decoders));
        Self { fanout, origin, opened, connections, passed, decoders, latest }
    }

    /// Notes bytes that are about to be passed on; none, where the direction has ended. Never waits for the sinks.
    pub(super) fn pass(&self, direction: Direction, bytes: &[u8]) {
        let mut passed = lock(&self.passed);
        // With the lock held: the times are in order too.
        let piece = Piece { direction, at: self.fanout.now(), length: bytes.len() };
        passed.bytes.extend_from_slice(bytes);
        passed.pieces.push(piece);
    }

    /// Shows what has passed. May block: so long the caller passes nothing on, and that holds back its side.
    pub(super) fn show(&self) {
        let mut decoders = lock(&self.decoders);
        let spare = mem::take(&mut decoders.spare);
        let mut passed = mem::replace(&mut *lock(&self.passed), spare);
        if passed.pieces.is_empty() {
            decoders.spare = passed;
            return;
        }
        let mut sinks = self.fanout.lock();
        let mut bytes = &passed.bytes[..];
        for piece in &passed.pieces {
            let (these, rest) = bytes.split_at(piece.length);
            bytes = rest;
            decoders.take(self.origin, piece, these, &mut sinks);
        }
        if let Err(failure) = sinks.flush() {
            self.connections.output_failed(failure);
        }
        drop(sinks);
        decoders.client.settle();
        decoders.server.settle();
        decoders.tell(passed.pieces.last(), &mut lock(&self.latest));
        passed.bytes.clear();
        passed.pieces.clear();
        decoders.spare = passed;
    }

    /// Whether a Close of this direction has passed.
    pub(super) fn has_closed(&self, direction: Direction) -> bool {
        let closing = &lock(&self.decoders).closing;
        match direction {
            Direction::Sent => closing.ours().is_some(),
            Direction::Received => closing.peers().is_some(),
        }
    }

    /// How it ended, where the side that sends `first` ended it, as `how` says.
    pub(super) fn ended(&self, first: Direction, how: Option<&str>) -> Ended {
        let decoders = lock(&self.decoders);
        let is_first = decoders.closing.first();
        let (by, close) = match is_first {
            Some(wire::By::Us) => (Direction::Sent, decoders.closing.ours()),
            Some(wire::By::Peer) => (Direction::Received, decoders.closing.peers()),
            None => (first, None),
        };
        let clean = decoders.closing.is_done();
        let inside = match decoders.of(first).ending {
            Some(Ending::InsideFrame) => " in the middle of a frame",
            Some(Ending::InsideMessage) => " in the middle of a fragmented message",
            Some(Ending::Boundary) | None => "",
        };
        let conclusion = how.map(|how| format!("{how}{inside}"));
        Ended {
            code: close.map_or(CloseCode::Abnormal, |close| close.code.unwrap_or(CloseCode::Status)),
            meaning: None,
            reason: close.map(|close| close.reason.clone()).unwrap_or_default(),
            conclusion: conclusion.filter(|_| !clean),
            by,
            clean,
            status: if close.is_some_and(CloseReason::is_normal) { ExitStatus::Success } else { ExitStatus::Session },
        }
    }

    /// What has passed so far.
    pub(super) fn summary(&self) -> Summary {
        let Latest { client, server, .. } = &*lock(&self.latest);
        Summary { sent: *client, received: *server, round_trips: None, open_for: self.since(self.opened) }
    }

    /// What is told of it at the prompt.
    pub(super) fn activity(&self) -> Activity {
        let latest = lock(&self.latest);
        Activity {
            client: latest.client.messages,
            server: latest.server.messages,
            open_for: self.since(self.opened),
            last: latest.last.map(|last| self.since(last)),
            ping: latest.ping.map(|(direction, since)| (direction, self.since(since))),
        }
    }

    fn since(&self, at: Timestamp) -> Duration {
        self.fanout.now().elapsed.saturating_sub(at.elapsed)
    }

    /// Whether it is not known any more where the frames of a direction begin.
    pub(super) fn is_given_up(&self, direction: Direction) -> bool {
        lock(&self.decoders).of(direction).is_given_up
    }

    /// Whether no frame of a direction is under way. What was noted is shown first.
    pub(super) fn is_between_frames(&self, direction: Direction) -> bool {
        self.show();
        let decoders = lock(&self.decoders);
        let decoder = decoders.of(direction);
        !decoder.is_given_up && decoder.receiver.unfinished_frame().is_none()
    }
}

impl Decoders {
    fn of(&self, direction: Direction) -> &Decoder {
        if direction == Direction::Sent { &self.client } else { &self.server }
    }

    /// Notes what has passed, the last piece included.
    fn tell(&self, last: Option<&Piece>, latest: &mut Latest) {
        latest.client = self.client.receiver.counters();
        latest.server = self.server.receiver.counters();
        latest.last = last.filter(|piece| piece.length > 0).map(|piece| piece.at).or(latest.last);
        let oldest = |direction| self.of(direction).pings.front().map(|(_, at)| (direction, *at));
        let pings = [Direction::Sent, Direction::Received].into_iter().filter_map(oldest);
        latest.ping = pings.min_by_key(|(_, at)| at.elapsed);
    }

    /// Decodes a piece of what passed, and gives to the sinks what comes of it.
    fn take(&mut self, origin: Origin, piece: &Piece, bytes: &[u8], sinks: &mut Sinks) {
        let &Piece { direction, at, .. } = piece;
        let (decoder, other, side) = match direction {
            Direction::Sent => (&mut self.client, &mut self.server, "client"),
            Direction::Received => (&mut self.server, &mut self.client, "server"),
        };
        let wants = sinks.wants(origin);
        decoder.receiver.observe(wants.observe());
        if bytes.is_empty() {
            decoder.ending = Some(decoder.receiver.end());
        } else {
            decoder.receiver.feed(bytes);
        }
        loop {
            while wants.texts == Texts::InBulk
                && let Some(texts) = decoder.receiver.take_texts()
            {
                let _ = sinks.texts(origin, at, direction, &texts);
            }
            let Some(event) = decoder.receiver.next() else { break };
            let mut round_trip = None;
            match &event {
                wire::Event::Close(close) if direction == Direction::Sent => self.closing.sent(*close),
                wire::Event::Close(close) => self.closing.received(*close),
                wire::Event::Pong(payload) => round_trip = other.answered(payload, at),
                wire::Event::Ping(payload) => {
                    let payload = payload.to_vec();
                    let _ = sinks.event(origin, at, &wire_event(direction, &event, None));
                    decoder.note_ping(&payload, at);
                    continue;
                }
                _ => {}
            }
            let _ = sinks.event(origin, at, &wire_event(direction, &event, round_trip));
        }
        if decoder.receiver.is_broken() && decoder.ending.is_none() && !mem::replace(&mut decoder.is_given_up, true) {
            decoder.receiver.release();
            let note = format!(
                "where the next frame begins is not known: what the {side} sends is passed on undecoded from here on"
            );
            let _ = sinks.event(origin, at, &Event::Note(&note));
        }
    }
}

fn wire_event<'a>(direction: Direction, event: &'a wire::Event<'a>, round_trip: Option<Duration>) -> Event<'a> {
    Event::Wire { direction, event, round_trip, annotation: None }
}
