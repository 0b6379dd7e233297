//! What many times amount to, in bounded memory.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Significant digits of a percentile.
const DIGITS: u8 = 3;

/// Count, bounds, mean and deviation of times, exactly.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    count: u64,
    least: Duration,
    most: Duration,
    /// Nanoseconds.
    sum: u128,
    /// Nanoseconds, squared.
    squares: u128,
}

impl Moments {
    /// One time more.
    pub fn add(&mut self, time: Duration) {
        self.least = if self.count == 0 { time } else { self.least.min(time) };
        self.most = self.most.max(time);
        self.count += 1;
        self.sum += time.as_nanos();
        self.squares = self.squares.saturating_add(time.as_nanos().saturating_pow(2));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The shortest.
    pub fn least(&self) -> Duration {
        self.least
    }

    /// The longest.
    pub fn most(&self) -> Duration {
        self.most
    }

    /// The mean; zero without any.
    pub fn mean(&self) -> Duration {
        nanoseconds(self.sum / u128::from(self.count.max(1)))
    }

    /// The standard deviation of all of them: ping(8)'s `mdev`.
    pub fn deviation(&self) -> Duration {
        let count = u128::from(self.count.max(1));
        let mean = self.sum / count;
        nanoseconds((self.squares / count).saturating_sub(mean.saturating_mul(mean)).isqrt())
    }
}

/// A percentile that is told where there are times enough to have one.
#[derive(Debug, Clone, Copy)]
pub struct Percentile {
    /// Its name for people.
    pub name: &'static str,
    /// Its name in JSON.
    pub key: &'static str,
    quantile: f64,
    /// So many times are enough.
    enough: u64,
}

/// The percentiles, from the lowest.
pub const PERCENTILES: [Percentile; 4] = [
    Percentile { name: "p50", key: "p50", quantile: 0.5, enough: 1 },
    Percentile { name: "p90", key: "p90", quantile: 0.9, enough: 1 },
    Percentile { name: "p99", key: "p99", quantile: 0.99, enough: 100 },
    Percentile { name: "p99.9", key: "p99_9", quantile: 0.999, enough: 1000 },
];

/// Round-trip times: their moments, and how they are distributed.
#[derive(Debug)]
pub struct Statistics {
    moments: Moments,
    /// Nanoseconds. It grows with the largest of them, to 0.3 MB for an hour.
    histogram: Histogram<u64>,
}

impl Statistics {
    /// Without any time.
    ///
    /// # Errors
    /// Never: this many digits are possible.
    pub fn new() -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self { moments: Moments::default(), histogram: Histogram::new(DIGITS)? })
    }

    /// One time more.
    pub fn add(&mut self, time: Duration) {
        self.moments.add(time);
        // It grows as it must; where it cannot, the moments are exact all the same.
        let _ = self.histogram.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Their moments.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The percentiles that there are times enough for.
    pub fn percentiles(&self) -> impl Iterator<Item = (Percentile, Duration)> {
        let told = PERCENTILES.into_iter().filter(|percentile| self.moments.count >= percentile.enough);
        told.map(|percentile| (percentile, self.quantile(percentile.quantile)))
    }

    /// The time that this part of all times does not exceed, to three digits.
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(quantile)).clamp(self.moments.least, self.moments.most)
    }

    /// How many times lie in each of the spans between these bounds, from the first bound on; behind the last one, all.
    pub fn spans(&self, bounds: &[Duration]) -> Vec<u64> {
        let mut counts = vec![0; bounds.len()];
        for recorded in self.histogram.iter_recorded() {
            let time = Duration::from_nanos(recorded.value_iterated_to());
            let place = bounds.partition_point(|bound| *bound <= time).saturating_sub(1);
            if let Some(count) = counts.get_mut(place) {
                *count += recorded.count_at_value();
            }
        }
        counts
    }
}

fn nanoseconds(nanoseconds: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn of(times: impl IntoIterator<Item = u64>) -> Statistics {
        let mut statistics = Statistics::new().unwrap();
        times.into_iter().for_each(|time| statistics.add(ms(time)));
        statistics
    }

    #[test]
    fn moments_are_those_of_the_definitions() {
        let statistics = of([2, 4, 4, 4, 5, 5, 7, 9]);
        let moments = statistics.moments();
        assert_eq!((moments.count(), moments.least(), moments.mean(), moments.most()), (8, ms(2), ms(5), ms(9)));
        assert_eq!(moments.deviation(), ms(2));
        assert_eq!(of([]).moments().mean(), Duration::ZERO);
    }

    #[test]
    fn percentiles_are_told_where_there_are_enough_times() {
        let names = |count| of(1..=count).percentiles().map(|(percentile, _)| percentile.name).collect::<Vec<_>>();
        assert_eq!(names(0), [""; 0]);
        assert_eq!(names(99), ["p50", "p90"]);
        assert_eq!(names(100), ["p50", "p90", "p99"]);
        assert_eq!(names(1000), ["p50", "p90", "p99", "p99.9"]);
    }

    #[test]
    fn percentiles_are_exact_to_three_digits() {
        let statistics = of(1..=1000);
        for ((percentile, time), expected) in statistics.percentiles().zip([500, 900, 990, 999]) {
            assert!(time.abs_diff(ms(expected)) <= ms(expected) / 1000, "{}: {time:?}", percentile.name);
        }
        assert_eq!(of([7]).quantile(0.5), ms(7));
    }

    #[test]
    fn spans_hold_all_times() {
        let statistics = of([1, 1, 11, 12, 25, 400]);
        assert_eq!(statistics.spans(&[ms(0), ms(10), ms(20)]), [2, 2, 2]);
    }
}
