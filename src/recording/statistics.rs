//! What a recording amounts to: messages, bytes and rates a direction, gaps, sizes, the time to the first reply, a time line.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::event::{
    Detail, Direction, Directions, Event, EventSink, Flow, FlushError, Messages, Origin, Texts, Timestamp, Wants,
};
use crate::output::{Charset, Ink, Slot, Timeline};
use crate::wire::{self, Kind};

/// Significant digits of a percentile.
const DIGITS: u8 = 3;
/// Columns of the time line.
const COLUMNS: usize = 64;
/// Rows of each direction in it.
const ROWS: u64 = 4;

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
struct Distribution(Option<Histogram<u64>>);

impl Default for Distribution {
    fn default() -> Self {
        // So many digits are possible.
        Self(Histogram::new(DIGITS).ok())
    }
}

impl Distribution {
    fn add(&mut self, value: u64) {
        // It grows as it must.
        let _ = self.0.as_mut().map(|histogram| histogram.record(value));
    }

    fn add_time(&mut self, time: Duration) {
        self.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The least, the median, the 99th percentile and the most; `None` without a value.
    fn figures(&self) -> Option<[u64; 4]> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        let (least, most) = (histogram.min(), histogram.max());
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

    /// The report: a table of both directions, and a time line, in 80 columns.
    pub fn report(&self, charset: Charset) -> String {
        let (first, last) = self.span.unwrap_or_default();
        let length = last.saturating_sub(first);
        let mut text = String::new();
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(text, "{} in {:.3} s", counted(self.connections, "connection"), length.as_secs_f64());
        let _ = writeln!(text, "\n{:<22}{:>16}{:>16}", "", "sent", "received");
        self.table(&mut text, length);
        if let Some([least, median, _, most]) = self.replies.figures() {
            let times = if self.connections < 2 {
                milliseconds(median)
            } else {
                let [from, median, to] = [least, median, most].map(milliseconds);
                format!("{from} (least), {median} (median), {to} (most)")
            };
            let _ = writeln!(text, "\ntime to the first reply: {times} ms");
        }
        self.time_line(&mut text, &Ink::of(charset));
        text
    }

    fn table(&self, text: &mut String, length: Duration) {
        let both = [&self.sent, &self.received];
        let rate = |count: u64| match length.as_secs_f64() {
            0.0 => "-".to_owned(),
            seconds => format!("{:.1}", f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds),
        };
        let mut row = |name: &str, [sent, received]: [String; 2]| {
            let _ = writeln!(text, "{name:<22}{sent:>16}{received:>16}");
        };
        row("messages", both.map(|traffic| (traffic.texts + traffic.binaries).to_string()));
        row("  text", both.map(|traffic| traffic.texts.to_string()));
        row("  binary", both.map(|traffic| traffic.binaries.to_string()));
        row("  a second", both.map(|traffic| rate(traffic.texts + traffic.binaries)));
        row("bytes", both.map(|traffic| traffic.bytes.to_string()));
        row("  a second", both.map(|traffic| rate(traffic.bytes)));
        let figures = ["least", "median", "99 %", "most"];
        for (place, name) in figures.iter().enumerate() {
            let of =
                |traffic: &Traffic| traffic.sizes.figures().map_or("-".to_owned(), |sizes| sizes[place].to_string());
            row(&format!("size, {name}"), both.map(of));
        }
        for (place, name) in figures.iter().enumerate() {
            let of =
                |traffic: &Traffic| traffic.gaps.figures().map_or("-".to_owned(), |gaps| milliseconds(gaps[place]));
            row(&format!("gap in ms, {name}"), both.map(of));
        }
        row("pings, pongs, closes", both.map(|traffic| traffic.control_frames.to_string()));
    }

    fn time_line(&self, text: &mut String, ink: &Ink) {
        let (columns, width) = self.timeline.columns(COLUMNS);
        let most = columns.iter().map(|counts| counts.sent.max(counts.received)).max().unwrap_or_default();
        if most == 0 {
            return;
        }
        let _ = writeln!(text, "\ntime line, messages; the highest column has {most}");
        for (name, of) in
            [("sent", (|counts| counts.sent) as fn(&Counts) -> u64), ("received", |counts| counts.received)]
        {
            for row in (0..ROWS).rev() {
                // Whatever is not 0 shows.
                let reaches = |counts: &Counts| (of(counts) * ROWS).div_ceil(most) > row;
                let cells: String = columns.iter().map(|counts| if reaches(counts) { ink.bar } else { ' ' }).collect();
                let name = if row == 0 { name } else { "" };
                let _ = writeln!(text, "{name:>10} {}{}", ink.up, cells.trim_end());
            }
        }
        let along = ink.along.to_string().repeat(columns.len());
        let end = width * u32::try_from(columns.len()).unwrap_or(u32::MAX);
        let _ = writeln!(text, "{:>11}{}{along}", "", ink.corner);
        let _ = writeln!(text, "{:>11}0 s to {:.3} s, {:.3} s a column", "", end.as_secs_f64(), width.as_secs_f64());
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

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.3}", Duration::from_nanos(nanoseconds).as_secs_f64() * 1000.0)
}
