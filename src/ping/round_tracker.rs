//! What becomes of each round: a pure function of what was sent and what came, and when.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ping::RunTime;

/// Rounds without an answer that are remembered, in case it still comes.
const REMEMBERED: usize = 1024;

/// One round whose outcome is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Its number, from 1.
    pub number: u64,
    /// When its ping was sent.
    pub sent: RunTime,
    /// What became of it. A round that is lost or superseded may be answered yet.
    pub outcome: RoundOutcome,
}

/// What became of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundOutcome {
    /// The answer came in time, after so long.
    Answered(Duration),
    /// The answer came, and took longer than it may.
    Late(Duration),
    /// No answer has come in time.
    Lost,
    /// A newer ping was answered: that stands for this one too (RFC 6455 section 5.5.3).
    Superseded,
    /// There was no connection for it.
    Failed,
}

/// What an answer says about older rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// That they are answered too: a peer may send a pong for the newest ping alone.
    AllOlder,
    /// Nothing.
    One,
}

/// How many rounds had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were sent, or should have been.
    pub sent: u64,
    /// Answered in time.
    pub answered: u64,
    /// Answered too late.
    pub late: u64,
    /// Not answered.
    pub lost: u64,
    /// Answered by the answer to a newer one.
    pub superseded: u64,
    /// Without a connection.
    pub failed: u64,
    /// Pongs that answer no round that waits for one.
    pub foreign: u64,
}

impl Counts {
    /// Rounds whose answer may still come in time.
    pub fn waiting(&self) -> u64 {
        self.sent - self.answered - self.late - self.lost - self.superseded - self.failed
    }

    /// Rounds that were not answered, or not in time.
    pub fn missed(&self) -> u64 {
        self.late + self.lost + self.failed
    }
}

/// The rounds that may still be answered.
#[derive(Debug)]
pub struct RoundTracker {
    answers: Answers,
    /// How long an answer may take.
    wait: Duration,
    /// In the order in which they were sent.
    open: VecDeque<Open>,
    counts: Counts,
}

#[derive(Debug)]
struct Open {
    number: u64,
    sent: RunTime,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Lost,
    Superseded,
}

impl RoundTracker {
    /// Without any round. An answer may take as long as `wait`.
    pub fn new(answers: Answers, wait: Duration) -> Self {
        Self { answers, wait, open: VecDeque::new(), counts: Counts::default() }
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The next round is about to be sent; its number.
    pub fn send(&mut self, now: RunTime) -> u64 {
        self.counts.sent += 1;
        if self.open.len() == REMEMBERED {
            self.open.pop_front();
        }
        self.open.push_back(Open { number: self.counts.sent, sent: now, state: State::Waiting });
        self.counts.sent
    }

    /// The round that was sent last was not, after all.
    pub fn withdraw(&mut self) {
        if self.open.pop_back().is_some() {
            self.counts.sent -= 1;
        }
    }

    /// A round for which there was no connection.
    pub fn fail(&mut self, now: RunTime) -> Round {
        self.counts.sent += 1;
        self.counts.failed += 1;
        Round { number: self.counts.sent, sent: now, outcome: RoundOutcome::Failed }
    }

    /// An answer to a round came: what is known by that. Nothing, where the round doesn't wait for one: it is foreign then.
    pub fn answered(&mut self, number: u64, now: RunTime) -> Vec<Round> {
        let Some(place) = self.open.iter().position(|open| open.number == number) else {
            self.foreign();
            return Vec::new();
        };
        let mut known = Vec::new();
        if self.answers == Answers::AllOlder {
            for open in self.open.range_mut(..place).filter(|open| open.state == State::Waiting) {
                open.state = State::Superseded;
                self.counts.superseded += 1;
                known.push(Round { number: open.number, sent: open.sent, outcome: RoundOutcome::Superseded });
            }
        }
        if let Some(open) = self.open.remove(place) {
            known.push(self.close(&open, now));
        }
        known
    }

    fn close(&mut self, open: &Open, now: RunTime) -> Round {
        match open.state {
            State::Waiting => {}
            State::Lost => self.counts.lost -= 1,
            State::Superseded => self.counts.superseded -= 1,
        }
        let took = now.saturating_sub(open.sent);
        let outcome = if took > self.wait { RoundOutcome::Late(took) } else { RoundOutcome::Answered(took) };
        match outcome {
            RoundOutcome::Late(_) => self.counts.late += 1,
            _ => self.counts.answered += 1,
        }
        Round { number: open.number, sent: open.sent, outcome }
    }

    /// A pong came that answers no round.
    pub fn foreign(&mut self) {
        self.counts.foreign += 1;
    }

    /// The rounds whose time is over now.
    pub fn overdue(&mut self, now: RunTime) -> Vec<Round> {
        let wait = self.wait;
        self.lose(|open| now.saturating_sub(open.sent) > wait)
    }

    /// The connection is lost: no answer will come any more.
    pub fn cut_off(&mut self) -> Vec<Round> {
        let lost = self.lose(|_| true);
        self.open.clear();
        lost
    }

    fn lose(&mut self, is_lost: impl Fn(&Open) -> bool) -> Vec<Round> {
        let mut known = Vec::new();
        for open in self.open.iter_mut().filter(|open| open.state == State::Waiting && is_lost(open)) {
            open.state = State::Lost;
            self.counts.lost += 1;
            known.push(Round { number: open.number, sent: open.sent, outcome: RoundOutcome::Lost });
        }
        known
    }

    /// When the time of the oldest round that waits is over.
    pub fn deadline(&self) -> Option<RunTime> {
        let oldest = self.open.iter().find(|open| open.state == State::Waiting)?;
        // One past it: at the time itself an answer is not late.
        Some(oldest.sent + self.wait + Duration::from_nanos(1))
    }

    /// The rounds that an answer may belong to, oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = u64> {
        self.open.iter().map(|open| open.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn outcomes(rounds: &[Round]) -> Vec<(u64, RoundOutcome)> {
        rounds.iter().map(|round| (round.number, round.outcome)).collect()
    }

    fn tracker(answers: Answers) -> RoundTracker {
        RoundTracker::new(answers, ms(100))
    }

    #[test]
    fn an_answer_in_time_is_measured() {
        let mut tracker = tracker(Answers::AllOlder);
        assert_eq!(tracker.send(ms(5)), 1);
        assert_eq!(tracker.deadline(), Some(ms(105) + Duration::from_nanos(1)));
        assert_eq!(outcomes(&tracker.answered(1, ms(105))), [(1, RoundOutcome::Answered(ms(100)))]);
        assert_eq!(tracker.counts(), Counts { sent: 1, answered: 1, ..Counts::default() });
        assert_eq!(tracker.deadline(), None);
    }

    #[test]
    fn a_newer_answer_supersedes_an_older_round_that_is_not_lost_then() {
        let mut tracker = tracker(Answers::AllOlder);
        for at in [0, 10, 20] {
            tracker.send(ms(at));
        }
        let known = tracker.answered(2, ms(30));
        assert_eq!(outcomes(&known), [(1, RoundOutcome::Superseded), (2, RoundOutcome::Answered(ms(20)))]);
        assert_eq!(outcomes(&tracker.overdue(ms(500))), [(3, RoundOutcome::Lost)]);
        assert_eq!(tracker.counts(), Counts { sent: 3, answered: 1, superseded: 1, lost: 1, ..Counts::default() });
        assert_eq!(outcomes(&tracker.answered(1, ms(40))), [(1, RoundOutcome::Answered(ms(40)))], "it comes after all");
        assert_eq!(tracker.counts(), Counts { sent: 3, answered: 2, lost: 1, ..Counts::default() });
    }

    #[test]
    fn what_is_lost_stays_lost_when_a_newer_one_is_answered() {
        let mut tracker = tracker(Answers::AllOlder);
        tracker.send(ms(0));
        assert_eq!(outcomes(&tracker.overdue(ms(100))), []);
        assert_eq!(outcomes(&tracker.overdue(ms(101))), [(1, RoundOutcome::Lost)]);
        tracker.send(ms(101));
        assert_eq!(outcomes(&tracker.answered(2, ms(102))), [(2, RoundOutcome::Answered(ms(1)))]);
        assert_eq!(tracker.counts().missed(), 1);
    }

    #[test]
    fn a_late_answer_is_no_loss() {
        let mut tracker = tracker(Answers::AllOlder);
        tracker.send(ms(0));
        tracker.overdue(ms(101));
        assert_eq!(outcomes(&tracker.answered(1, ms(250))), [(1, RoundOutcome::Late(ms(250)))]);
        assert_eq!(tracker.counts(), Counts { sent: 1, late: 1, ..Counts::default() });
    }

    #[test]
    fn an_answer_that_nothing_waits_for_is_foreign() {
        let mut tracker = tracker(Answers::AllOlder);
        tracker.send(ms(0));
        tracker.answered(1, ms(1));
        assert_eq!(outcomes(&tracker.answered(1, ms(2))), []);
        assert_eq!(outcomes(&tracker.answered(7, ms(2))), []);
        assert_eq!(tracker.counts(), Counts { sent: 1, answered: 1, foreign: 2, ..Counts::default() });
    }

    #[test]
    fn an_echo_says_nothing_about_older_messages() {
        let mut tracker = tracker(Answers::One);
        tracker.send(ms(0));
        tracker.send(ms(1));
        assert_eq!(outcomes(&tracker.answered(2, ms(3))), [(2, RoundOutcome::Answered(ms(2)))]);
        assert_eq!(tracker.unanswered().collect::<Vec<_>>(), [1]);
        assert_eq!(outcomes(&tracker.cut_off()), [(1, RoundOutcome::Lost)]);
        assert_eq!(outcomes(&tracker.answered(1, ms(4))), [], "nothing comes on a connection that is lost");
    }

    #[test]
    fn what_was_not_sent_does_not_count() {
        let mut tracker = tracker(Answers::AllOlder);
        tracker.send(ms(0));
        tracker.withdraw();
        assert_eq!(tracker.counts(), Counts::default());
        assert_eq!(tracker.fail(ms(3)).outcome, RoundOutcome::Failed);
        assert_eq!((tracker.counts().waiting(), tracker.send(ms(4))), (0, 2));
    }
}
