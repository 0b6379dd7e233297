//! Says things while no session is open.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex};

use crate::client::{open, report};
use crate::error::Error;
use crate::event::Event;
use crate::output::{Origin, Printer};

/// Says things on a thread of its own, each with a time limit. Whoever does not take one in time is told nothing until
/// they have: signals and time limits have to be seen to.
pub struct Teller {
    printer: Arc<Mutex<Printer>>,
    /// What was not taken in time; its sender is gone when it has been.
    untaken: Option<Receiver<Infallible>>,
}

impl Teller {
    /// One that has said nothing yet.
    pub fn new(printer: Arc<Mutex<Printer>>) -> Self {
        Self { printer, untaken: None }
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
        let is_untaken = |untaken: &Receiver<Infallible>| untaken.try_recv() == Err(TryRecvError::Empty);
        if !self.untaken.as_ref().is_some_and(is_untaken) {
            let printer = Arc::clone(&self.printer);
            self.untaken = report::within_limit(move || show(&printer)).err();
        }
    }
}
