//! What happened over time, in bounded memory: the longer the run, the coarser.

use std::time::Duration;

/// Slots at most; when they are full, two become one.
const SLOTS: usize = 512;
/// How much time a slot covers at first.
const FIRST_WIDTH: Duration = Duration::from_millis(1);

/// What happened in a span of time. `Default` is nothing.
pub trait Slot: Copy + Default {
    /// What happened in both of two spans.
    fn with(self, other: Self) -> Self;
}

/// The slots of a run, from its start on.
#[derive(Debug)]
pub struct Timeline<S> {
    width: Duration,
    slots: Vec<S>,
}

impl<S> Default for Timeline<S> {
    /// Without anything.
    fn default() -> Self {
        Self { width: FIRST_WIDTH, slots: Vec::new() }
    }
}

impl<S: Slot> Timeline<S> {
    /// Something happened `at` this time of the run.
    pub fn add(&mut self, at: Duration, what: S) {
        let slot = self.slot(at);
        *slot = slot.with(what);
    }

    fn slot(&mut self, at: Duration) -> &mut S {
        let place = loop {
            let place = usize::try_from(at.as_nanos() / self.width.as_nanos()).unwrap_or(usize::MAX);
            if place < SLOTS {
                break place;
            }
            self.slots = self.slots.chunks(2).map(merged).collect();
            self.width *= 2;
        };
        if self.slots.len() <= place {
            self.slots.resize(place + 1, S::default());
        }
        &mut self.slots[place]
    }

    /// All of it in `columns` slots at most, and how much time each covers.
    pub fn columns(&self, columns: usize) -> (Vec<S>, Duration) {
        let together = self.slots.len().div_ceil(columns.max(1)).max(1);
        let width = self.width * u32::try_from(together).unwrap_or(u32::MAX);
        (self.slots.chunks(together).map(merged).collect(), width)
    }
}

fn merged<S: Slot>(slots: &[S]) -> S {
    slots.iter().fold(S::default(), |all, slot| all.with(*slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    impl Slot for u64 {
        fn with(self, other: Self) -> Self {
            self + other
        }
    }

    #[test]
    fn a_long_run_is_kept_coarser() {
        let mut timeline = Timeline::default();
        for second in 0..100_000 {
            timeline.add(ms(second * 1000), 1);
        }
        assert!(timeline.slots.len() <= SLOTS);
        let (columns, width) = timeline.columns(60);
        assert!(columns.len() <= 60 && width * 60 >= ms(100_000_000), "{} of {width:?}", columns.len());
        assert_eq!(columns.iter().sum::<u64>(), 100_000);
    }

    #[test]
    fn a_short_run_has_a_column_for_each_slot() {
        let mut timeline = Timeline::default();
        timeline.add(ms(0), 3);
        timeline.add(ms(2), 1);
        assert_eq!(timeline.columns(60), (vec![3, 0, 1], ms(1)));
    }
}
