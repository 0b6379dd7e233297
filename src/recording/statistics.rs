//! What a recording amounts to: messages, bytes and rates a direction, gaps, sizes, the time to the first reply, a time line.

mod json;
mod report;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::event::{
    Detail, Direction, Directions, Event, EventSink, Flow, FlushError, Messages, Origin, Texts, Timestamp, Wants,
};
use crate::output::{Slot, Timeline};
use crate::wire::{self, Kind};

pub use self::json::SCHEMA;

/// Significant digits of a percentile.
const DIGITS: u8 = 3;
/// Columns of the time line.
const COLUMNS: usize = 64;

/// Counts what it is given, in bounded memory.
#[derive(Debug, Default)]
pub struct RecordingStatistics {
    sent: Traffic,
    received: Traffic,
    timeline: Timeline<Counts>,
    connections: u64,
    /// When the first and the last record were.
    span: Option<(Duration, Duration)>,
    /// For each client that waits for its first reply: when it sent its first message; `None` once it has its reply.
    waiting: HashMap<Option<u64>, Option<Duration>>,
    /// The time to the first reply of each connection that had one.
    replies: Distribution,
}

/// The messages of one direction.
#[derive(Debug, Default)]
struct Traffic {
    texts: u64,
    binaries: u64,
    control_frames: u64,
    bytes: u64,
    sizes: Distribution,
    gaps: Distribution,
    last: Option<Duration>,
}

/// How values are distributed.
#[derive(Debug)]
struct Distribution {
    histogram: Option<Histogram<u64>>,
    /// The least and the most: the histogram has rounded them.
    ends: Option<(u64, u64)>,
}

impl Default for Distribution {
    fn default() -> Self {
        // So many digits are possible.
        Self { histogram: Histogram::new(DIGITS).ok(), ends: None }
    }
}

impl Distribution {
    fn add(&mut self, value: u64) {
        let (least, most) = self.ends.unwrap_or((value, value));
        self.ends = Some((least.min(value), most.max(value)));
        // It grows as it must.
        let _ = self.histogram.as_mut().map(|histogram| histogram.record(value));
    }

    fn add_time(&mut self, time: Duration) {
        self.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The least, the median, the 99th percentile and the most; `None` without a value.
    fn figures(&self) -> Option<[u64; 4]> {
        let (histogram, (least, most)) = (self.histogram.as_ref()?, self.ends?);
        let at = |quantile| histogram.value_at_quantile(quantile).clamp(least, most);
        Some([least, at(0.5), at(0.99), most])
    }
}

/// How many messages there were in a span of time.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    sent: u64,
    received: u64,
}

impl Slot for Counts {
    fn with(self, other: Self) -> Self {
        Self { sent: self.sent + other.sent, received: self.received + other.received }
    }
}

impl RecordingStatistics {
    fn message(&mut self, origin: Origin, at: Duration, direction: Direction, kind: Kind, length: u64) {
        let (traffic, counts) = match direction {
            Direction::Sent => (&mut self.sent, Counts { sent: 1, received: 0 }),
            Direction::Received => (&mut self.received, Counts { sent: 0, received: 1 }),
        };
        match kind {
            Kind::Text => traffic.texts += 1,
            Kind::Binary => traffic.binaries += 1,
        }
        traffic.bytes += length;
        traffic.sizes.add(length);
        if let Some(last) = traffic.last.replace(at) {
            traffic.gaps.add_time(at.saturating_sub(last));
        }
        self.timeline.add(at, counts);
        match (direction, self.waiting.get_mut(&origin.client)) {
            (Direction::Sent, None) => drop(self.waiting.insert(origin.client, Some(at))),
            (Direction::Received, Some(asked)) => {
                if let Some(asked) = asked.take() {
                    self.replies.add_time(at.saturating_sub(asked));
                }
            }
            _ => {}
        }
    }

    /// From the first record to the last.
    fn duration(&self) -> Duration {
        let (first, last) = self.span.unwrap_or_default();
        last.saturating_sub(first)
    }

    fn wire(&mut self, origin: Origin, at: Duration, direction: Direction, event: &wire::Event<'_>) {
        match event {
            wire::Event::Message { kind, facts, .. } => self.message(origin, at, direction, *kind, facts.length),
            wire::Event::Ping(_) | wire::Event::Pong(_) | wire::Event::Close(_) => match direction {
                Direction::Sent => self.sent.control_frames += 1,
                Direction::Received => self.received.control_frames += 1,
            },
            wire::Event::Frame(_) | wire::Event::Part { .. } | wire::Event::Finding(_) => {}
        }
    }
}

impl EventSink for RecordingStatistics {
    fn wants(&self) -> Wants {
        Wants {
            directions: Directions::Both,
            messages: Messages::Whole,
            texts: Texts::InBulk,
            detail: Detail::Messages,
        }
    }

    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        let first = self.span.map_or(at.elapsed, |(first, _)| first);
        self.span = Some((first, at.elapsed.max(first)));
        match event {
            Event::Wire { direction, event, .. } => self.wire(origin, at.elapsed, *direction, event),
            Event::Open(_) => {
                self.connections += 1;
                self.waiting.remove(&origin.client);
            }
            _ => {}
        }
        Flow::Continue
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        Ok(())
    }
}
