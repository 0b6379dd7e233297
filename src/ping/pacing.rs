//! When the next ping is sent: a pure function of the time and of what is under way.

use std::time::Duration;

use crate::ping::RunTime;
use crate::ping::round_tracker::RoundTracker;

/// Rounds that may wait for their answers at once. A session knows no more pings of its own.
const MOST_WAITING: u64 = 64;

/// How often rounds begin, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// How long after one round the next begins; `None`: as soon as it is over.
    pub interval: Option<Duration>,
    /// How many rounds there are in all; `None`: no end of them.
    pub count: Option<u64>,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send a ping.
    Send,
    /// Wait for an answer, but not longer than until then.
    Wait(Option<RunTime>),
    /// Leave: there are no more rounds, and none waits.
    Leave,
}

impl Pacing {
    /// What is to be done at `now`, where the next round is `due` then.
    pub fn next(&self, tracker: &RoundTracker, due: RunTime, now: RunTime) -> Next {
        let (counts, deadline) = (tracker.counts(), tracker.deadline());
        let waiting = counts.waiting();
        if self.count.is_some_and(|count| counts.sent >= count) {
            return if waiting == 0 { Next::Leave } else { Next::Wait(deadline) };
        }
        let most = if self.interval.is_some() { MOST_WAITING } else { 1 };
        if waiting >= most {
            return Next::Wait(deadline);
        }
        if self.interval.is_none() || now >= due {
            return Next::Send;
        }
        Next::Wait(Some(deadline.map_or(due, |deadline| deadline.min(due))))
    }

    /// When the round after the one that begins `now` is due. Rounds that were missed are not made up for.
    pub fn due_after(&self, due: RunTime, now: RunTime) -> RunTime {
        (due + self.interval.unwrap_or_default()).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ping::round_tracker::Answers;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn tracker() -> RoundTracker {
        RoundTracker::new(Answers::AllOlder, ms(50))
    }

    #[test]
    fn rounds_begin_at_their_times_whatever_becomes_of_the_last() {
        let pacing = Pacing { interval: Some(ms(100)), count: None };
        let mut tracker = tracker();
        assert_eq!(pacing.next(&tracker, ms(0), ms(0)), Next::Send);
        tracker.send(ms(0));
        let due = pacing.due_after(ms(0), ms(3));
        assert_eq!(due, ms(100), "no drift");
        assert_eq!(pacing.next(&tracker, due, ms(3)), Next::Wait(tracker.deadline()));
        tracker.overdue(ms(60));
        assert_eq!(pacing.next(&tracker, due, ms(60)), Next::Wait(Some(due)));
        assert_eq!(pacing.next(&tracker, due, ms(100)), Next::Send);
        assert_eq!(pacing.due_after(ms(100), ms(950)), ms(950), "and no burst after a pause");
    }

    #[test]
    fn a_flood_has_one_round_under_way() {
        let pacing = Pacing { interval: None, count: Some(2) };
        let mut tracker = tracker();
        assert_eq!(pacing.next(&tracker, ms(0), ms(0)), Next::Send);
        tracker.send(ms(0));
        assert_eq!(pacing.next(&tracker, ms(0), ms(1)), Next::Wait(tracker.deadline()));
        tracker.answered(1, ms(2));
        assert_eq!(pacing.next(&tracker, ms(0), ms(2)), Next::Send);
        tracker.send(ms(2));
        assert_eq!(pacing.next(&tracker, ms(0), ms(3)), Next::Wait(tracker.deadline()));
        tracker.overdue(ms(60));
        assert_eq!(pacing.next(&tracker, ms(0), ms(60)), Next::Leave);
    }

    #[test]
    fn no_more_rounds_are_under_way_than_a_session_can_tell_apart() {
        let pacing = Pacing { interval: Some(ms(1)), count: None };
        let mut tracker = tracker();
        for _ in 0..MOST_WAITING {
            assert_eq!(pacing.next(&tracker, ms(0), ms(1)), Next::Send);
            tracker.send(ms(1));
        }
        assert_eq!(pacing.next(&tracker, ms(0), ms(2)), Next::Wait(tracker.deadline()));
    }
}
