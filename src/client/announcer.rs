//! Notes and errors while no session is open.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex};

use crate::client::{open, report};
use crate::error::Error;
use crate::event::Event;
use crate::output::{Origin, Printer};

/// Shows notes and errors on a thread of its own, each with a time limit: the main thread must not block, for it looks
/// after signals and time limits. While the output has not taken one, further ones are dropped.
pub struct Announcer {
    printer: Arc<Mutex<Printer>>,
    /// Set when the output did not take one in time; its sender is gone when the output has taken it.
    blocked: Option<Receiver<Infallible>>,
}

impl Announcer {
    /// An announcer that has shown nothing yet.
    pub fn new(printer: Arc<Mutex<Printer>>) -> Self {
        Self { printer, blocked: None }
    }

    /// Shows an error.
    pub fn error(&mut self, error: Error) {
        self.show_event(move |printer| open::show(printer, Origin::default(), &Event::Error(&error)));
    }

    /// Shows a note.
    pub fn note(&mut self, note: String) {
        self.show_event(move |printer| open::show(printer, Origin::default(), &Event::Note(&note)));
    }

    fn show_event(&mut self, show: impl FnOnce(&Mutex<Printer>) + Send + 'static) {
        let is_blocked = |blocked: &Receiver<Infallible>| blocked.try_recv() == Err(TryRecvError::Empty);
        if !self.blocked.as_ref().is_some_and(is_blocked) {
            let printer = Arc::clone(&self.printer);
            self.blocked = report::within_limit(move || show(&printer)).err();
        }
    }
}
