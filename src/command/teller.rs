//! Says things while no session is open.

use std::sync::{Arc, Mutex};

use super::{open, report};
use crate::error::Error;
use crate::event::Event;
use crate::output::{Origin, Printer};

/// Says things on a thread of its own, each with a time limit. Whoever does not take one in time is told nothing more:
/// signals and time limits have to be seen to.
pub struct Teller {
    printer: Arc<Mutex<Printer>>,
    is_heard: bool,
}

impl Teller {
    /// One that has said nothing yet.
    pub fn new(printer: Arc<Mutex<Printer>>) -> Self {
        Self { printer, is_heard: true }
    }

    /// Tells of an error.
    pub fn error(&mut self, error: Error) {
        self.say(move |printer| open::show(printer, Origin::default(), &Event::Error(&error)));
    }

    /// Says a note.
    pub fn note(&mut self, note: String) {
        self.say(move |printer| open::show(printer, Origin::default(), &Event::Note(&note)));
    }

    fn say(&mut self, show: impl FnOnce(&Mutex<Printer>) + Send + 'static) {
        if self.is_heard {
            let printer = Arc::clone(&self.printer);
            self.is_heard = report::within_limit(move || show(&printer));
        }
    }
}
