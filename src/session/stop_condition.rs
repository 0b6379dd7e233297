//! When enough has been received: `--count` and `--until`.

use std::num::NonZeroU64;

use regex::bytes::Regex;

use crate::error::{Error, Phase};
use crate::wire::{Event, Kind};

/// So many messages; of those that match, if there is a pattern.
#[derive(Debug, Clone)]
pub struct StopCondition {
    /// How many.
    pub count: NonZeroU64,
    /// What a text message must have in it to be counted; binary messages then aren't.
    pub pattern: Option<Regex>,
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
        let what = match &self.pattern {
            Some(pattern) => format!("that {matching} `{}` ", pattern.as_str()),
            None => String::new(),
        };
        Error::new(
            Phase::Expectation,
            format!("{matched} of {} {messages} {what}had come when the session ended", self.count),
        )
    }

    fn counts(&self, kind: Kind, payload: &[u8]) -> bool {
        match &self.pattern {
            None => true,
            Some(pattern) => kind == Kind::Text && pattern.is_match(payload),
        }
    }
}

/// The messages that counted so far.
#[derive(Debug)]
pub(super) struct MatchCounter {
    /// How many.
    pub matched: u64,
}

impl MatchCounter {
    /// At the opening of a session.
    pub(super) fn new(stop_condition: Option<&StopCondition>) -> Self {
        Self { matched: stop_condition.map_or(0, |stop_condition| stop_condition.before) }
    }

    /// Counts a message; `false` for one that comes after enough have come, and is not to be shown.
    pub(super) fn admit(&mut self, stop_condition: &StopCondition, event: &Event<'_>) -> bool {
        let counts = match event {
            Event::Message { .. } | Event::Part { .. } if stop_condition.is_reached_by(self.matched) => return false,
            Event::Message { kind, payload, .. } => stop_condition.counts(*kind, payload),
            Event::Part { last, .. } => last.is_some() && stop_condition.counts(Kind::Binary, &[]),
            _ => false,
        };
        self.matched += u64::from(counts);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MessageFacts;

    fn stop_condition(count: u64, pattern: Option<&str>) -> StopCondition {
        let pattern = pattern.map(|pattern| Regex::new(pattern).unwrap());
        StopCondition { count: NonZeroU64::new(count).unwrap(), pattern, before: 0 }
    }

    fn admitted(stop_condition: &StopCondition, messages: &[(Kind, &str)]) -> (Vec<bool>, u64) {
        let facts = MessageFacts { length: 0, compressed: None, fragments: 1 };
        let mut counter = MatchCounter::new(Some(stop_condition));
        let admitted = messages
            .iter()
            .map(|&(kind, payload)| {
                counter.admit(stop_condition, &Event::Message { kind, payload: payload.as_bytes(), facts })
            })
            .collect();
        (admitted, counter.matched)
    }

    #[test]
    fn a_count_is_of_all_messages() {
        let messages = [(Kind::Text, "a"), (Kind::Binary, "b"), (Kind::Text, "c")];
        assert_eq!(admitted(&stop_condition(2, None), &messages), (vec![true, true, false], 2));
    }

    #[test]
    fn a_pattern_counts_the_texts_that_match() {
        let messages = [(Kind::Text, "no"), (Kind::Binary, "yes"), (Kind::Text, "oh yes"), (Kind::Text, "more")];
        assert_eq!(admitted(&stop_condition(1, Some("y.s$")), &messages), (vec![true, true, true, false], 1));
        assert_eq!(admitted(&stop_condition(2, Some("yes|more")), &messages), (vec![true; 4], 2));
    }

    #[test]
    fn a_streamed_message_counts_when_it_is_whole() {
        let facts = MessageFacts { length: 2, compressed: None, fragments: 2 };
        let (stop_condition, mut counter) = (stop_condition(1, None), MatchCounter::new(None));
        assert!(counter.admit(&stop_condition, &Event::Part { payload: b"a", last: None }));
        assert_eq!(counter.matched, 0);
        assert!(counter.admit(&stop_condition, &Event::Part { payload: b"b", last: Some(facts) }));
        assert!(!counter.admit(&stop_condition, &Event::Part { payload: b"c", last: None }));
        assert!(counter.admit(&stop_condition, &Event::Ping(b"")));
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
    }
}
