//! Round trips over time, in bounded memory: the longer the run, the coarser.

use std::time::Duration;

use crate::ping::RunTime;

/// Slots at most; when they are full, two become one.
const SLOTS: usize = 512;
/// How much time a slot covers at first.
const FIRST_WIDTH: Duration = Duration::from_millis(1);

/// What happened in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    /// The shortest and the longest round trip that began in it; `None` without any.
    pub bounds: Option<(Duration, Duration)>,
    /// How many rounds that began in it were not answered.
    pub missed: u64,
}

impl Slot {
    fn merged(slots: &[Self]) -> Self {
        slots.iter().fold(Self::default(), |all, slot| {
            let bounds = match (all.bounds, slot.bounds) {
                (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
                (one, other) => one.or(other),
            };
            Self { bounds, missed: all.missed + slot.missed }
        })
    }
}

/// The slots of a run, from its start on.
#[derive(Debug)]
pub struct Timeline {
    width: Duration,
    slots: Vec<Slot>,
}

impl Timeline {
    /// Without any round.
    pub fn new() -> Self {
        Self { width: FIRST_WIDTH, slots: Vec::new() }
    }

    /// A round that began `at` was answered.
    pub fn answered(&mut self, at: RunTime, round_trip: Duration) {
        let slot = self.slot(at);
        *slot = Slot::merged(&[*slot, Slot { bounds: Some((round_trip, round_trip)), missed: 0 }]);
    }

    /// A round that began `at` was not answered.
    pub fn missed(&mut self, at: RunTime) {
        self.slot(at).missed += 1;
    }

    fn slot(&mut self, at: RunTime) -> &mut Slot {
        let place = loop {
            let place = usize::try_from(at.as_nanos() / self.width.as_nanos()).unwrap_or(usize::MAX);
            if place < SLOTS {
                break place;
            }
            self.slots = self.slots.chunks(2).map(Slot::merged).collect();
            self.width *= 2;
        };
        if self.slots.len() <= place {
            self.slots.resize(place + 1, Slot::default());
        }
        &mut self.slots[place]
    }

    /// All of it in `columns` slots at most, and how much time each covers.
    pub fn columns(&self, columns: usize) -> (Vec<Slot>, Duration) {
        let together = self.slots.len().div_ceil(columns.max(1)).max(1);
        let width = self.width * u32::try_from(together).unwrap_or(u32::MAX);
        (self.slots.chunks(together).map(Slot::merged).collect(), width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_long_run_is_kept_coarser() {
        let mut timeline = Timeline::new();
        for second in 0..100_000 {
            timeline.answered(ms(second * 1000), ms(second % 7 + 1));
        }
        timeline.missed(ms(500));
        assert!(timeline.slots.len() <= SLOTS);
        let (columns, width) = timeline.columns(60);
        assert!(columns.len() <= 60 && width * 60 >= ms(100_000_000), "{} of {width:?}", columns.len());
        assert_eq!(columns[0], Slot { bounds: Some((ms(1), ms(7))), missed: 1 });
    }

    #[test]
    fn a_short_run_has_a_column_for_each_slot() {
        let mut timeline = Timeline::new();
        timeline.answered(ms(0), ms(3));
        timeline.missed(ms(2));
        let (columns, width) = timeline.columns(60);
        let missed = Slot { bounds: None, missed: 1 };
        assert_eq!(
            (columns.as_slice(), width),
            ([Slot { bounds: Some((ms(3), ms(3))), missed: 0 }, Slot::default(), missed].as_slice(), ms(1))
        );
    }
}
