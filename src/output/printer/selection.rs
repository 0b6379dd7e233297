//! Which messages are shown, and as what: filters and jq. What is recorded, counted as received or sent does not change.

use std::mem;

use crate::event::{Annotation, Direction, Event, Origin, Timestamp};
use crate::output::options::{Annotations, DataFormat, Level};
use crate::output::printer::Printer;
use crate::output::redacted::{hidden_places, without};
use crate::output::text;
use crate::pattern::{Expression, FilterRuns, JqFilter, Message};
use crate::wire::{self, Kind};

/// What has been told once and is not told again.
#[derive(Debug, Default)]
pub(super) struct Told {
    filter: bool,
    jq: bool,
}

impl Printer {
    /// Shows from now on only messages that match all of these.
    pub fn set_filters(&mut self, filters: Vec<Expression>) {
        self.options.filters = filters;
        self.told.filter = false;
        self.options_changed();
    }

    /// The filters in force.
    pub fn filters(&self) -> &[Expression] {
        &self.options.filters
    }

    /// Shows messages from now on as what this filter makes of them; `None`: as they are.
    pub fn set_jq(&mut self, jq: Option<JqFilter>) {
        self.options.jq = jq;
        self.told.jq = false;
        self.options_changed();
    }

    /// The jq filters that run.
    pub fn filter_runs(&self) -> FilterRuns {
        self.options.filter_runs.clone()
    }

    /// Whether the last message that was received has not been shown, because it does not match.
    pub fn has_hidden_last(&self) -> bool {
        self.has_hidden_last
    }

    /// Shows an event that may be a message, if it matches.
    pub(super) fn selected(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) {
        let Event::Wire { direction, event: wire::Event::Message { kind, payload, facts }, annotation, .. } = event
        else {
            return self.any_event(origin, at, event);
        };
        let annotation = annotation.filter(|_| self.options.annotations == Annotations::Shown);
        let note = annotation.map(|annotation| annotation.text.as_str());
        let message = Message { direction: *direction, kind: *kind, payload, note };
        if !self.matches_filters(origin, &message) {
            return self.hide(origin, *direction);
        }
        match self.made_by_jq(origin, message, annotation) {
            Some(texts) if texts.is_empty() => return self.hide(origin, *direction),
            Some(texts) => {
                for payload in &texts {
                    let event = wire::Event::Message { kind: Kind::Text, payload, facts: *facts };
                    let wire = Event::Wire { direction: *direction, event: &event, round_trip: None, annotation: None };
                    self.any_event(origin, at, &wire);
                }
            }
            None => self.any_event(origin, at, event),
        }
        self.has_hidden_last = false;
    }

    fn matches_filters(&mut self, origin: Origin, message: &Message<'_>) -> bool {
        loop {
            let verdict = self.options.filter_runs.judge_all(&self.options.filters, message);
            let Some(trouble) = verdict.trouble else { return verdict.matches };
            if !self.drop_interrupted(origin) {
                if !mem::replace(&mut self.told.filter, true) {
                    self.note(origin, &text::not_judged(&trouble));
                }
                return verdict.matches;
            }
        }
    }

    /// Does without the filters that were interrupted, and says so. Whether there was one.
    fn drop_interrupted(&mut self, origin: Origin) -> bool {
        let filters = mem::take(&mut self.options.filters).into_iter();
        let (interrupted, others): (Vec<_>, Vec<_>) = filters.partition(Expression::is_interrupted);
        self.options.filters = others;
        self.options_changed();
        for filter in &interrupted {
            self.note(origin, &text::filter_interrupted(filter));
        }
        !interrupted.is_empty()
    }

    /// What jq makes of a message, without its secrets. `None`: it is shown as it is.
    fn made_by_jq(
        &mut self,
        origin: Origin,
        message: Message<'_>,
        annotation: Option<&Annotation>,
    ) -> Option<Vec<Vec<u8>>> {
        // Events say what was on the wire.
        let jq = self.options.jq.as_ref().filter(|_| self.options.format != DataFormat::Json)?;
        let secrets = hidden_places(annotation, self.options.secrets);
        let payload = without(message.kind, message.payload, secrets);
        match self.options.filter_runs.apply(jq, &Message { payload: &payload, ..message }) {
            Ok(texts) => Some(texts),
            Err(_) if jq.is_interrupted() => {
                let told = text::jq_interrupted(jq);
                self.set_jq(None);
                self.note(origin, &told);
                None
            }
            Err(trouble) => {
                if !mem::replace(&mut self.told.jq, true) {
                    self.note(origin, &text::not_made(&trouble));
                }
                None
            }
        }
    }

    fn hide(&mut self, origin: Origin, direction: Direction) {
        self.has_hidden_last = true;
        if direction == Direction::Received || self.options.shows_sent_messages() {
            *self.hidden_messages.entry(origin).or_default() += 1;
        }
    }

    /// Says how many messages of the session have been hidden so far, if any has.
    pub(super) fn hidden_messages(&mut self, origin: Origin) {
        if let Some(count) = self.hidden_messages.get(&origin)
            && self.options.level > Level::Quiet
        {
            self.details(origin, &[text::hidden_messages(*count)]);
        }
    }
}
