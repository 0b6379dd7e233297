//! How many messages have come: what the side that is played waits for.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::event::{
    Detail, Direction, Directions, Event, EventSink, Flow, FlushError, Messages, Origin, Texts, Timestamp, Wants,
};
use crate::session::output::lock;
use crate::wire;

/// How soon to look again whether the session is over.
const TICK: Duration = Duration::from_millis(100);

/// The count of each session, from its opening on; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ReceivedCounts(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    counts: Mutex<HashMap<Option<u64>, u64>>,
    changed: Condvar,
}

impl ReceivedCounts {
    /// What counts.
    pub fn sink(&self) -> Box<dyn EventSink> {
        Box::new(self.clone())
    }

    /// Waits until so many have come, for as long as `patience`, or until `is_over`; how many have come.
    pub fn wait_for(&self, client: Option<u64>, count: u64, patience: Duration, is_over: impl Fn() -> bool) -> u64 {
        let until = Instant::now() + patience;
        let mut counts = lock(&self.0.counts);
        loop {
            let came = counts.get(&client).copied().unwrap_or_default();
            let left = until.saturating_duration_since(Instant::now());
            if came >= count || left.is_zero() || is_over() {
                return came;
            }
            let waited = self.0.changed.wait_timeout(counts, left.min(TICK));
            counts = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }
}

impl EventSink for ReceivedCounts {
    fn wants(&self) -> Wants {
        Wants {
            directions: Directions::Received,
            messages: Messages::InParts,
            texts: Texts::InBulk,
            detail: Detail::Messages,
        }
    }

    fn event(&mut self, origin: Origin, _at: Timestamp, event: &Event<'_>) -> Flow {
        let mut counts = lock(&self.0.counts);
        match event {
            Event::Open(_) => drop(counts.insert(origin.client, 0)),
            Event::Wire {
                direction: Direction::Received,
                event: wire::Event::Message { .. } | wire::Event::Part { last: Some(_), .. },
                ..
            } => {
                *counts.entry(origin.client).or_default() += 1;
                self.0.changed.notify_all();
            }
            _ => {}
        }
        Flow::Continue
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        Ok(())
    }
}
