//! How long to wait before connecting again: exponential back-off with jitter, so that a thousand clients of a server
//! that comes back don't all come back in the same moment.

use std::num::NonZeroU32;
use std::time::Duration;

/// The longest first pause; each later one may be twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// No pause is longer, not even one that the server asks for.
const LONGEST: Duration = Duration::from_secs(30);
/// A session that was open for so long starts the count anew.
const STABLE: Duration = Duration::from_mins(1);

/// Counts attempts in a row. It has neither a clock nor dice of its own.
#[derive(Debug, Clone)]
pub struct Backoff {
    attempts: u32,
    most: Option<NonZeroU32>,
}

/// What to do before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// How long to wait.
    pub length: Duration,
    /// The number of the attempt that follows, from 1.
    pub attempt: u32,
}

impl Backoff {
    /// Gives up after `most` attempts in a row; `None`: never.
    pub fn new(most: Option<NonZeroU32>) -> Self {
        Self { attempts: 0, most }
    }

    /// A session is over that was open for this long.
    pub fn was_open_for(&mut self, open: Duration) {
        if open >= STABLE {
            self.attempts = 0;
        }
    }

    /// The pause before the next attempt; `None` when there were enough. It lies between half of the longest that is
    /// due and all of it, as `dice` (from 0 to 1) falls, and is not shorter than what the server `asked` for,
    /// up to the longest pause of all.
    pub fn next(&mut self, asked: Option<Duration>, dice: f64) -> Option<Pause> {
        if self.most.is_some_and(|most| self.attempts >= most.get()) {
            return None;
        }
        let due = FIRST.saturating_mul(2_u32.saturating_pow(self.attempts)).min(LONGEST);
        let length = due.mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0).max(asked.unwrap_or_default()).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        Some(Pause { length, attempt: self.attempts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next pauses in seconds, with the same dice for all.
    fn pauses(backoff: &mut Backoff, count: usize, dice: f64) -> Vec<f64> {
        (0..count).map_while(|_| backoff.next(None, dice)).map(|pause| pause.length.as_secs_f64()).collect()
    }

    #[test]
    fn pauses_double_from_half_a_second_to_thirty() {
        let shortest = pauses(&mut Backoff::new(None), 8, 0.0);
        assert_eq!(shortest, [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]);
        let longest = pauses(&mut Backoff::new(None), 8, 1.0);
        assert_eq!(longest, [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
    }

    #[test]
    fn a_stable_minute_starts_the_count_anew() {
        let mut backoff = Backoff::new(None);
        assert_eq!(pauses(&mut backoff, 3, 0.0), [0.5, 1.0, 2.0]);
        backoff.was_open_for(Duration::from_secs(59));
        assert_eq!(pauses(&mut backoff, 1, 0.0), [4.0]);
        backoff.was_open_for(Duration::from_mins(1));
        assert_eq!(backoff.next(None, 0.0), Some(Pause { length: Duration::from_millis(500), attempt: 1 }));
    }

    #[test]
    fn enough_attempts_in_a_row_are_enough() {
        let mut backoff = Backoff::new(NonZeroU32::new(2));
        assert_eq!(backoff.next(None, 0.0).map(|pause| pause.attempt), Some(1));
        assert_eq!(backoff.next(None, 0.0).map(|pause| pause.attempt), Some(2));
        assert_eq!(backoff.next(None, 0.0), None);
        assert_eq!(backoff.next(None, 0.0), None);
        backoff.was_open_for(Duration::from_hours(1));
        assert_eq!(backoff.next(None, 0.0).map(|pause| pause.attempt), Some(1));
    }

    #[test]
    fn a_server_may_ask_for_more_but_not_for_ever() {
        let mut backoff = Backoff::new(None);
        let mut asked = |seconds| backoff.next(Some(Duration::from_secs(seconds)), 0.0).unwrap().length;
        assert_eq!(asked(7), Duration::from_secs(7));
        assert_eq!(asked(0), Duration::from_secs(1));
        assert_eq!(asked(86_400), Duration::from_secs(30));
    }

    #[test]
    fn it_can_go_on_for_years() {
        let mut backoff = Backoff { attempts: u32::MAX - 1, most: None };
        assert_eq!(pauses(&mut backoff, 3, 0.0), [15.0, 15.0, 15.0]);
    }
}
