//! When enough has been received: `--count` and `--until`.

use std::mem;
use std::num::NonZeroU64;

use crate::error::{Error, Phase};
use crate::event::Direction;
use crate::pattern::{Expression, FilterRuns, Message};
use crate::wire::{Event, Kind};

/// So many messages that are shown; of those that match, if there is an expression.
#[derive(Debug, Clone)]
pub struct StopCondition {
    /// How many.
    pub count: NonZeroU64,
    /// What a message must match to be counted.
    pub until: Option<Expression>,
    /// Whether only some messages are shown.
    pub is_filtered: bool,
    /// Messages that counted in sessions before.
    pub before: u64,
}

impl StopCondition {
    /// Whether `matched` messages are enough.
    pub(super) fn is_reached_by(&self, matched: u64) -> bool {
        matched >= self.count.get()
    }

    /// What to say when the session ended in order after only `matched` messages.
    pub(super) fn missed(&self, matched: u64) -> Error {
        let (messages, matching) = if self.count.get() == 1 { ("message", "matches") } else { ("messages", "match") };
        let what = match (&self.until, self.is_filtered) {
            (Some(until), _) => format!("that {matching} `{until}` "),
            (None, true) => format!("that {matching} the filter "),
            (None, false) => String::new(),
        };
        Error::new(
            Phase::Expectation,
            format!("{matched} of {} {messages} {what}had come when the session ended", self.count),
        )
    }
}

/// The messages that counted so far.
#[derive(Debug)]
pub(super) struct MatchCounter {
    /// How many.
    pub matched: u64,
    has_told_trouble: bool,
    has_told_interruption: bool,
}

impl MatchCounter {
    /// At the opening of a session.
    pub(super) fn new(stop_condition: Option<&StopCondition>) -> Self {
        Self {
            matched: stop_condition.map_or(0, |stop_condition| stop_condition.before),
            has_told_trouble: false,
            has_told_interruption: false,
        }
    }

    /// `false` for a message that comes after enough have come, and is not to be shown.
    pub(super) fn admits(&self, stop_condition: &StopCondition, event: &Event<'_>) -> bool {
        let is_message = matches!(event, Event::Message { .. } | Event::Part { .. });
        !(is_message && stop_condition.is_reached_by(self.matched))
    }

    /// Counts a message that has been shown, with its annotation. What is returned has to be told: it could not be judged.
    pub(super) fn count(
        &mut self,
        filter_runs: &FilterRuns,
        until: Option<&Expression>,
        event: &Event<'_>,
        note: Option<&str>,
    ) -> Option<String> {
        let (kind, payload) = match event {
            Event::Message { kind, payload, .. } => (*kind, *payload),
            // It comes in parts only where nothing has to be matched.
            Event::Part { last: Some(_), .. } => (Kind::Binary, &[][..]),
            _ => return None,
        };
        let message = Message { direction: Direction::Received, kind, payload, note };
        let verdict = until.map(|until| filter_runs.judge(until, &message));
        self.matched += u64::from(verdict.as_ref().is_none_or(|verdict| verdict.matches));
        let (until, trouble) = (until?, verdict?.trouble?);
        let (has_told, told) = if until.is_interrupted() {
            let told = format!("`{until}` was interrupted: no message matches it any more");
            (&mut self.has_told_interruption, told)
        } else {
            let told = format!("a message does not match, because {trouble} (this is said once)");
            (&mut self.has_told_trouble, told)
        };
        (!mem::replace(has_told, true)).then_some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MessageFacts;

    fn stop_condition(count: u64, until: Option<&str>) -> StopCondition {
        let until = until.map(|until| Expression::parse(until).unwrap());
        StopCondition { count: NonZeroU64::new(count).unwrap(), until, is_filtered: false, before: 0 }
    }

    fn admitted(stop_condition: &StopCondition, messages: &[(Kind, &str)]) -> (Vec<bool>, u64) {
        let facts = MessageFacts { length: 0, compressed: None, fragments: 1 };
        let mut counter = MatchCounter::new(Some(stop_condition));
        let admitted = messages.iter().map(|&(kind, payload)| {
            let event = Event::Message { kind, payload: payload.as_bytes(), facts };
            let admitted = counter.admits(stop_condition, &event);
            if admitted {
                counter.count(&FilterRuns::default(), stop_condition.until.as_ref(), &event, None);
            }
            admitted
        });
        (admitted.collect(), counter.matched)
    }

    #[test]
    fn a_count_is_of_all_messages() {
        let messages = [(Kind::Text, "a"), (Kind::Binary, "b"), (Kind::Text, "c")];
        assert_eq!(admitted(&stop_condition(2, None), &messages), (vec![true, true, false], 2));
    }

    #[test]
    fn an_expression_counts_the_messages_that_match() {
        let messages = [(Kind::Text, "no"), (Kind::Text, "oh yes"), (Kind::Binary, "yes"), (Kind::Text, "more")];
        assert_eq!(admitted(&stop_condition(1, Some("y.s$")), &messages), (vec![true, true, false, false], 1));
        assert_eq!(admitted(&stop_condition(3, Some("yes|more")), &messages), (vec![true; 4], 3));
        assert_eq!(
            admitted(&stop_condition(1, Some("$op == \"binary\"")), &messages),
            (vec![true, true, true, false], 1)
        );
    }

    #[test]
    fn a_message_that_cannot_be_judged_is_told_once() {
        let facts = MessageFacts { length: 0, compressed: None, fragments: 1 };
        let (stop_condition, mut counter) = (stop_condition(1, Some(".a")), MatchCounter::new(None));
        let event = Event::Message { kind: Kind::Text, payload: br#"{"a":"\ud800"}"#, facts };
        assert!(
            counter
                .count(&FilterRuns::default(), stop_condition.until.as_ref(), &event, None)
                .is_some_and(|told| told.contains("jq"))
        );
        assert_eq!(
            (counter.count(&FilterRuns::default(), stop_condition.until.as_ref(), &event, None), counter.matched),
            (None, 0)
        );
    }

    #[test]
    fn a_streamed_message_counts_when_it_is_whole() {
        let facts = MessageFacts { length: 2, compressed: None, fragments: 2 };
        let (stop_condition, mut counter) = (stop_condition(1, None), MatchCounter::new(None));
        assert_eq!(counter.count(&FilterRuns::default(), None, &Event::Part { payload: b"a", last: None }, None), None);
        assert_eq!(counter.matched, 0);
        assert_eq!(
            counter.count(&FilterRuns::default(), None, &Event::Part { payload: b"b", last: Some(facts) }, None),
            None
        );
        assert!(!counter.admits(&stop_condition, &Event::Part { payload: b"c", last: None }));
        assert!(counter.admits(&stop_condition, &Event::Ping(b"")));
    }

    #[test]
    fn what_came_in_sessions_before_counts_too() {
        let stop_condition = StopCondition { before: 2, ..stop_condition(3, None) };
        assert_eq!(admitted(&stop_condition, &[(Kind::Text, "a"), (Kind::Text, "b")]), (vec![true, false], 3));
    }

    #[test]
    fn a_goal_that_was_missed_says_by_how_much() {
        assert_eq!(stop_condition(5, None).missed(2).to_string(), "2 of 5 messages had come when the session ended");
        let pattern = stop_condition(1, Some("^done")).missed(0);
        assert_eq!(pattern.to_string(), "0 of 1 message that matches `^done` had come when the session ended");
        let filtered = StopCondition { is_filtered: true, ..stop_condition(2, None) }.missed(1);
        assert_eq!(filtered.to_string(), "1 of 2 messages that match the filter had come when the session ended");
    }
}
