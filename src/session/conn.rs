//! The state of a session that both directions share.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::clock::SessionTime;
use super::queue::{Queue, QueuedItem};
use crate::error::Error;
use crate::event::RoundTrips;
use crate::wire::{CloseCode, Closing, Finding};

/// Pings of ours that may be unanswered at once; older ones are forgotten.
const PINGS_REMEMBERED: usize = 64;
/// What the payloads of the pings begin with that the program sends by itself; a number follows.
const OWN_PAYLOAD: &str = "wscope ";

/// Guarded by the `conn` lock.
#[derive(Debug, Default)]
pub struct Conn {
    /// The closing handshake.
    pub closing: Closing,
    /// When a Close of ours was queued.
    pub close_queued: Option<SessionTime>,
    /// What waits to be sent.
    pub queue: Queue,
    /// How far the input is.
    pub input: Input,
    /// How reading ended, once it has.
    pub reading: Reading,
    /// What went wrong, in order.
    pub errors: Vec<Error>,
    /// The peer broke a rule, and the session cannot go on.
    pub breach: Option<Finding>,
    /// Our own pings.
    pub pings: Pings,
    /// The reader of stdout went away.
    pub sink_gone: bool,
    /// The socket refused a write; what had arrived before is still read.
    pub write_error: Option<io::Error>,
    /// Messages that counted towards the stop condition.
    pub matched: u64,
    /// What the receiver counted when it last looked.
    pub received: crate::wire::Counters,
}

/// Where messages to send come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Input {
    /// There may be more.
    #[default]
    Open,
    /// There is no more, since when on the session's clock and on the wall.
    Ended(SessionTime, Instant),
}

/// How far the reader is.
#[derive(Debug, Default)]
pub enum Reading {
    /// Reading.
    #[default]
    Going,
    /// The stream has ended, or reading it has: everything that came before has been shown.
    Ended(StreamEnd),
}

/// How the peer's stream ended.
#[derive(Debug)]
pub enum StreamEnd {
    /// Between two frames.
    Clean,
    /// In the middle of something; what.
    Truncated(&'static str),
    /// With an error of the socket or of TLS.
    Failed(io::Error),
}

impl StreamEnd {
    /// What happened, for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Clean => "the connection ended without Close".to_owned(),
            Self::Truncated(place) => format!("the connection ended {place}"),
            Self::Failed(error) => format!("the connection failed: {error}"),
        }
    }
}

impl Conn {
    /// Whether the peer has reset the connection (TCP RST).
    pub fn is_reset(&self) -> bool {
        let is_reset = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset;
        let read = matches!(&self.reading, Reading::Ended(StreamEnd::Failed(error)) if is_reset(error));
        read || self.write_error.as_ref().is_some_and(is_reset)
    }

    /// Queues our Close, unless one is queued already.
    pub fn close(&mut self, now: SessionTime, close: Option<(CloseCode, String)>) {
        if self.close_queued.is_none() {
            self.close_queued = Some(now);
            self.queue.push(QueuedItem::Close(close));
        }
    }
}

/// Pings of ours and what became of them.
#[derive(Debug, Default)]
pub struct Pings {
    waiting: VecDeque<Ping>,
    serial: u64,
    /// What is in the queue and not sent yet, since when.
    queued: Option<(Vec<u8>, SessionTime)>,
    /// The number of the latest one, from 1; 0 before the first.
    pub number: u64,
    /// The number of the latest one that was answered; 0 before the first.
    pub answered: u64,
    count: u64,
    total: Duration,
    least: Duration,
    most: Duration,
    /// When the last one was sent, or queued.
    pub last_sent: SessionTime,
    /// A pong that answers no ping of ours has been told.
    told_foreign: bool,
    /// Messages that the peer has certainly read: they went before a ping that it has answered.
    pub confirmed: u64,
}

/// A ping that is not answered yet.
#[derive(Debug)]
struct Ping {
    number: u64,
    payload: Vec<u8>,
    sent: SessionTime,
    /// Since when the pong has been awaited: later than `sent` by the time in which none could come, or since another sign
    /// of life.
    awaited_since: SessionTime,
    /// How many messages went before it.
    messages: u64,
    /// A pong has come that could be the one to this ping, had the peer answered only the newest of several alike.
    may_be_answered: bool,
}

impl Pings {
    /// A ping is queued, with a payload that no other of this session has.
    pub fn queued(&mut self, now: SessionTime) -> Vec<u8> {
        self.serial += 1;
        let payload = format!("{OWN_PAYLOAD}{}", self.serial).into_bytes();
        self.queued = Some((payload.clone(), now));
        self.last_sent = now;
        payload
    }

    /// Since when a ping has been queued that is not sent yet.
    pub fn queued_since(&self) -> Option<SessionTime> {
        self.queued.as_ref().map(|(_, since)| *since)
    }

    /// A ping has been sent, behind so many `messages`.
    pub fn sent(&mut self, payload: &[u8], now: SessionTime, messages: u64) {
        if self.waiting.len() == PINGS_REMEMBERED {
            self.waiting.pop_front();
        }
        self.queued.take_if(|(queued, _)| queued == payload);
        self.number += 1;
        let number = self.number;
        self.waiting.push_back(Ping {
            number,
            payload: payload.to_vec(),
            sent: now,
            awaited_since: now,
            messages,
            may_be_answered: false,
        });
        self.last_sent = now;
    }

    /// A pong has arrived: how long it took, if it answers a ping of ours. It answers all older ones too
    /// (RFC 6455 section 5.5.3).
    pub fn answered(&mut self, payload: &[u8], now: SessionTime) -> Option<Duration> {
        let position = self.waiting.iter().position(|ping| ping.payload == payload)?;
        let ping = self.waiting.drain(..=position).next_back()?;
        let took = now.saturating_sub(ping.sent);
        for alike in self.waiting.iter_mut().filter(|ping| ping.payload == payload) {
            alike.may_be_answered = true;
        }
        (self.answered, self.confirmed) = (ping.number, ping.messages);
        self.least = if self.count == 0 { took } else { self.least.min(took) };
        self.most = self.most.max(took);
        self.total += took;
        self.count += 1;
        Some(took)
    }

    /// A pong has arrived that answers no ping of ours: a sign of life all the same. Whether that is to be told: once, and
    /// only where a ping of ours waits. Unsolicited pongs are legal, and so is one that comes late (RFC 6455 section 5.5.3).
    pub fn foreign(&mut self, payload: &[u8], now: SessionTime) -> bool {
        self.waiting.iter_mut().for_each(|ping| ping.awaited_since = ping.awaited_since.max(now));
        let is_to_tell = !self.told_foreign && !self.waiting.is_empty() && !self.is_own(payload);
        self.told_foreign |= is_to_tell;
        is_to_tell
    }

    /// Whether it is the payload of a ping that the program has sent by itself.
    fn is_own(&self, payload: &[u8]) -> bool {
        let number = str::from_utf8(payload).ok().and_then(|text| text.strip_prefix(OWN_PAYLOAD));
        number.and_then(|number| number.parse().ok()).is_some_and(|number: u64| number <= self.serial)
    }

    /// Between these times nothing but the inside of one frame came: no pong could (RFC 6455 section 5.4).
    pub fn held_up(&mut self, from: SessionTime, until: SessionTime) {
        for ping in &mut self.waiting {
            ping.awaited_since += until.saturating_sub(from.max(ping.awaited_since));
        }
    }

    /// Since when the oldest ping has been awaited that is unanswered for certain.
    pub fn oldest_unanswered(&self) -> Option<SessionTime> {
        self.waiting.iter().filter(|ping| !ping.may_be_answered).map(|ping| ping.awaited_since).min()
    }

    /// The round trips so far.
    pub fn round_trips(&self) -> Option<RoundTrips> {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        (count > 0).then(|| RoundTrips {
            count: self.count,
            least: self.least,
            mean: self.total / count,
            most: self.most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_time_in_which_no_pong_could_come_does_not_count() {
        let mut pings = Pings::default();
        pings.sent(b"first", seconds(10), 0);
        pings.held_up(seconds(8), seconds(12));
        assert_eq!(pings.oldest_unanswered(), Some(seconds(12)), "what was before the ping does not count");
        pings.held_up(seconds(13), seconds(14));
        assert_eq!(pings.oldest_unanswered(), Some(seconds(13)));
        pings.sent(b"second", seconds(15), 0);
        assert_eq!(pings.answered(b"first", seconds(16)), Some(seconds(6)), "the round trip is what it was");
        assert_eq!(pings.oldest_unanswered(), Some(seconds(15)));
    }

    #[test]
    fn a_foreign_pong_is_told_once_and_where_a_ping_waits() {
        let mut pings = Pings::default();
        assert!(!pings.foreign(b"", seconds(1)));
        let own = pings.queued(seconds(2));
        pings.sent(&own, seconds(2), 0);
        assert!(!pings.foreign(b"wscope 1", seconds(3)), "a late one");
        assert!(pings.foreign(b"wscope 2", seconds(4)));
        assert!(!pings.foreign(b"", seconds(5)));
        assert_eq!(pings.oldest_unanswered(), Some(seconds(5)));
    }
}
