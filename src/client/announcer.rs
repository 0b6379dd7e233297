//! Notes and errors while no session is open.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, TryRecvError};

use crate::client::report;
use crate::error::Error;
use crate::event::{Event, Origin};
use crate::output::Fanout;

/// Shows notes and errors on a thread of its own, each with a time limit: the main thread must not block, for it looks
/// after signals and time limits. While the output has not taken one, further ones are dropped.
pub struct Announcer {
    fanout: Fanout,
    /// Set when the output did not take one in time; its sender is gone when the output has taken it.
    blocked: Option<Receiver<Infallible>>,
}

impl Announcer {
    /// An announcer that has shown nothing yet.
    pub fn new(fanout: Fanout) -> Self {
        Self { fanout, blocked: None }
    }

    /// Shows an error.
    pub fn error(&mut self, error: Error) {
        self.show_event(move |fanout| fanout.show(Origin::default(), &Event::Error(&error)));
    }

    /// Shows a note.
    pub fn note(&mut self, note: String) {
        self.show_event(move |fanout| fanout.show(Origin::default(), &Event::Note(&note)));
    }

    fn show_event(&mut self, show: impl Fn(&Fanout) + Send + Sync + 'static) {
        let is_blocked = |blocked: &Receiver<Infallible>| blocked.try_recv() == Err(TryRecvError::Empty);
        if !self.blocked.as_ref().is_some_and(is_blocked) {
            let fanout = self.fanout.clone();
            self.blocked = report::write_within_limit(move || show(&fanout));
        }
    }
}
