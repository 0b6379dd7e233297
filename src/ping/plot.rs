//! A histogram and a time line of round trips, as plain text of 80 columns.

use std::fmt::Write as _;
use std::time::Duration;

use crate::output::{Charset, Ink, Slot, Timeline};
use crate::ping::report::exact;
use crate::ping::statistics::Statistics;

/// Spans of the histogram at most; the last has all that is longer.
const SPANS: u32 = 12;
/// Columns of the longest bar.
const BAR: u64 = 40;
/// Columns of the time line.
const COLUMNS: usize = 64;
/// Rows of the time line.
const ROWS: u32 = 8;

/// What happened in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rounds {
    /// The shortest and the longest round trip that began in it; `None` without any.
    pub bounds: Option<(Duration, Duration)>,
    /// How many rounds that began in it were not answered.
    pub missed: u64,
}

impl Rounds {
    /// A round that was answered.
    pub fn answered(round_trip: Duration) -> Self {
        Self { bounds: Some((round_trip, round_trip)), missed: 0 }
    }

    /// A round that was not answered.
    pub const MISSED: Self = Self { bounds: None, missed: 1 };
}

impl Slot for Rounds {
    fn with(self, other: Self) -> Self {
        let bounds = match (self.bounds, other.bounds) {
            (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
            (one, other) => one.or(other),
        };
        Self { bounds, missed: self.missed + other.missed }
    }
}

/// Both, one below the other; nothing without a round trip.
pub fn draw(statistics: &Statistics, timeline: &Timeline<Rounds>, charset: Charset) -> String {
    let mut text = String::new();
    if statistics.moments().count() > 0 {
        let ink = Ink::of(charset);
        histogram(&mut text, statistics, &ink);
        text.push('\n');
        time_line(&mut text, statistics, timeline, &ink);
    }
    text
}

/// Where the spans of the histogram begin: round numbers. What is far above most others has no span of its own, so that
/// most others have some.
fn bounds(statistics: &Statistics) -> Vec<Duration> {
    let (least, most) = (statistics.moments().least(), statistics.moments().most());
    let high = statistics.quantile(0.99);
    let end = most.min(high + high.saturating_sub(least) / 4);
    let step = round_step(end.saturating_sub(least) / SPANS);
    let first = step * u32::try_from(least.as_nanos() / step.as_nanos()).unwrap_or(u32::MAX);
    (0..=2 * SPANS).map(|number| first + step * number).take_while(|bound| *bound <= end).collect()
}

/// The next round number from here on: 1, 2 or 5 with zeros.
fn round_step(step: Duration) -> Duration {
    let mut power = Duration::from_micros(1);
    loop {
        if let Some(round) = [power, power * 2, power * 5].into_iter().find(|round| *round >= step) {
            return round;
        }
        power *= 10;
    }
}

fn histogram(text: &mut String, statistics: &Statistics, ink: &Ink) {
    let bounds = bounds(statistics);
    let counts = statistics.spans(&bounds);
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    text.push_str("round trips, ms             count\n");
    for (place, (from, count)) in bounds.iter().zip(&counts).enumerate() {
        let to = bounds.get(place + 1).map(|to| exact(*to)).unwrap_or_default();
        let bar = ink.bar.to_string().repeat(usize::try_from((count * BAR).div_ceil(most)).unwrap_or_default());
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:>10} - {to:>10} {count:>9} {}{bar}", exact(*from), ink.up);
    }
}

fn time_line(text: &mut String, statistics: &Statistics, timeline: &Timeline<Rounds>, ink: &Ink) {
    let (columns, width) = timeline.columns(COLUMNS);
    let (least, most) = (statistics.moments().least(), statistics.moments().most());
    let step = (most.saturating_sub(least) / ROWS).max(Duration::from_nanos(1));
    text.push_str("time line, ms\n");
    for row in (0..ROWS).rev() {
        let (from, is_top) = (least + step * row, row + 1 == ROWS);
        let is_in =
            |slot: &Rounds| slot.bounds.is_some_and(|(low, high)| (low < from + step || is_top) && high >= from);
        let cells: String = columns.iter().map(|slot| if is_in(slot) { ink.range } else { ' ' }).collect();
        let _ = writeln!(text, "{:>10} {}{}", exact(from), ink.up, cells.trim_end());
    }
    if columns.iter().any(|slot| slot.missed > 0) {
        let cells: String = columns.iter().map(|slot| if slot.missed > 0 { ink.missed } else { ' ' }).collect();
        let _ = writeln!(text, "{:>10} {}{}", "missed", ink.up, cells.trim_end());
    }
    let along = ink.along.to_string().repeat(columns.len());
    let end = width * u32::try_from(columns.len()).unwrap_or(u32::MAX);
    let _ = writeln!(text, "{:>11}{}{along}", "", ink.corner);
    let _ = writeln!(text, "{:>11}0 s to {:.3} s, {:.3} s a column", "", end.as_secs_f64(), width.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn plot(times: &[u64], charset: Charset) -> String {
        let (mut statistics, mut timeline) = (Statistics::new().unwrap(), Timeline::default());
        for (place, time) in (0..).zip(times) {
            statistics.add(ms(*time));
            timeline.add(ms(place * 10), Rounds::answered(ms(*time)));
        }
        timeline.add(ms(5), Rounds::MISSED);
        draw(&statistics, &timeline, charset)
    }

    #[test]
    fn a_plot_of_ascii_has_80_columns_at_most() {
        let text = plot(&[20, 21, 21, 22, 25, 900], Charset::Ascii);
        assert!(text.is_ascii(), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(text.contains("missed |"), "{text}");
        assert!(plot(&[20], Charset::Unicode).contains('█'));
    }

    #[test]
    fn the_bars_have_all_round_trips() {
        let times: Vec<u64> = (0..500).map(|number| 20 + number * number % 13).collect();
        let text = plot(&times, Charset::Ascii);
        let bars = text.lines().filter(|line| line.contains(" - "));
        let counts = bars.map(|line| line.split_whitespace().rev().find_map(|word| word.parse::<u64>().ok()).unwrap());
        assert_eq!(counts.sum::<u64>(), 500, "{text}");
    }

    #[test]
    fn one_round_trip_far_away_does_not_hide_the_others() {
        let mut times = vec![20, 21, 22, 23];
        times.resize(100, 21);
        times.push(60_000);
        let text = plot(&times, Charset::Ascii);
        assert!(text.lines().filter(|line| line.contains('#')).count() >= 4, "{text}");
    }

    #[test]
    fn without_a_round_trip_there_is_nothing_to_see() {
        assert_eq!(plot(&[], Charset::Ascii), "");
    }
}
