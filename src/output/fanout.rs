//! Where all events of a run go: to the printer, and to whatever else wants them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::event::{Detail, Event, EventSink, Flow, FlushError, Origin, OutputStream, Timestamp, Wants};
use crate::output::Printer;
use crate::wire::Receiver;

/// The sinks of a run, with one lock, and the clock of its events. Clones are the same.
#[derive(Clone)]
pub struct Fanout {
    shared: Arc<Shared>,
}

struct Shared {
    started: Instant,
    sinks: Mutex<Sinks>,
}

/// The sinks themselves. All of them get an event before any gets the next.
pub struct Sinks {
    /// The one sink that people can tell to show more or less.
    printer: Printer,
    /// All others, with what they want.
    others: Vec<(Wants, Box<dyn EventSink>)>,
}

impl Fanout {
    /// With the printer as the only sink.
    pub fn new(printer: Printer) -> Self {
        let sinks = Mutex::new(Sinks { printer, others: Vec::new() });
        Self { shared: Arc::new(Shared { started: Instant::now(), sinks }) }
    }

    /// One sink more. It gets what happens from now on; what it [wants](EventSink::wants) does not change any more.
    pub fn add(&self, sink: Box<dyn EventSink>) {
        self.lock().others.push((sink.wants(), sink));
    }

    /// The time of an event that happens now.
    pub fn now(&self) -> Timestamp {
        Timestamp { wall: SystemTime::now(), elapsed: self.shared.started.elapsed() }
    }

    /// All sinks, for some events in a row. Waits while another thread has them, which may be blocked on the output.
    pub fn lock(&self) -> MutexGuard<'_, Sinks> {
        self.shared.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the sinks want, all together.
    pub fn wants(&self) -> Wants {
        self.lock().wants()
    }

    /// Has one event shown at once. May block. An error is left for the session, which flushes again: before it is open
    /// nothing waits for data, and diagnostics that cannot be written cannot be reported.
    pub fn show(&self, origin: Origin, event: &Event<'_>) {
        let at = self.now();
        let mut sinks = self.lock();
        // No session is open that could be stopped.
        let _ = sinks.event(origin, at, event);
        let _ = sinks.flush();
    }
}

impl Sinks {
    /// The printer, for what only a printer can do.
    pub fn printer(&mut self) -> &mut Printer {
        &mut self.printer
    }

    /// What the sinks want, all together.
    pub fn wants(&self) -> Wants {
        self.others.iter().fold(self.printer.wants(), |wants, (more, _)| wants.union(*more))
    }

    /// Gives an event to each sink that wants it.
    pub fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        if self.others.is_empty() {
            return self.printer.event(origin, at, event);
        }
        let mut flow = Flow::Continue;
        if self.printer.wants().include(event) {
            flow = self.printer.event(origin, at, event);
        }
        for (_, sink) in self.others.iter_mut().filter(|(wants, _)| wants.include(event)) {
            flow = flow.and(sink.event(origin, at, event));
        }
        flow
    }

    /// Has text messages taken out of `receiver` in bulk. Only one sink can take them out of a receiver: the printer, where no other wants any.
    pub fn texts(&mut self, origin: Origin, at: Timestamp, receiver: &mut Receiver) {
        if self.others.iter().all(|(wants, _)| wants.detail == Detail::Nothing) {
            self.printer.texts(origin, at, receiver);
        }
    }

    /// Flushes all. May block.
    ///
    /// # Errors
    /// That of the stream whose loss weighs most.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        let errors = self.each().filter_map(|sink| sink.flush().err());
        let gravest =
            errors.reduce(|first, other| if first.stream == OutputStream::Diagnostics { other } else { first });
        gravest.map_or(Ok(()), Err)
    }

    /// For how long the reader of any output has been waited for so far.
    pub fn blocked(&self) -> Duration {
        self.others.iter().fold(self.printer.blocked(), |sum, (_, sink)| sum + sink.blocked())
    }

    fn each(&mut self) -> impl Iterator<Item = &mut dyn EventSink> {
        let others = self.others.iter_mut().map(|(_, sink)| &mut **sink as &mut dyn EventSink);
        std::iter::once(&mut self.printer as &mut dyn EventSink).chain(others)
    }
}

#[cfg(test)]
mod tests;
