//! Where all events of a run go: to the printer, and to whatever else wants them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::dialect::{Annotator, Heartbeat};
use crate::event::{Direction, Event, EventSink, Flow, FlushError, Opened, Origin, Timestamp, Wants};
use crate::output::Printer;
use crate::pattern::FilterRuns;
use crate::wire::{Receiver, TextBatch};

/// The sinks of a run, with one lock, and the clock of its events. Clones are the same.
#[derive(Clone)]
pub struct Fanout {
    started: Instant,
    sinks: Arc<Mutex<Sinks>>,
    has_lost_sink: Arc<AtomicBool>,
    filter_runs: FilterRuns,
}

/// The sinks themselves. All of them get an event before any gets the next.
pub struct Sinks {
    started: Instant,
    /// Says what messages mean, before any sink gets them; `None` where that is not wanted.
    annotator: Option<Annotator>,
    /// The one sink that people can tell to show more or less.
    printer: Printer,
    /// All others, with what they want.
    others: Vec<(Wants, Box<dyn EventSink>)>,
    /// One of these could not write, and gets nothing any more.
    has_lost_sink: Arc<AtomicBool>,
}

impl Fanout {
    /// With the printer as the only sink.
    pub fn new(printer: Printer) -> Self {
        let started = Instant::now();
        let has_lost_sink = Arc::new(AtomicBool::new(false));
        let filter_runs = printer.filter_runs();
        let (annotator, others) = (None, Vec::new());
        let sinks = Sinks { started, annotator, printer, others, has_lost_sink: Arc::clone(&has_lost_sink) };
        Self { started, sinks: Arc::new(Mutex::new(sinks)), has_lost_sink, filter_runs }
    }

    /// The same, and the sinks are told what messages mean, if anything says it.
    pub fn annotated(self, annotator: Option<Annotator>) -> Self {
        self.lock().annotator = annotator;
        self
    }

    /// One sink more. It gets what happens from now on, and should be added before the first session starts: whether sent
    /// frames are read back, and whether large messages come in parts, is settled when a session starts. What the sink
    /// [wants](EventSink::wants) is asked once, here.
    pub fn add(&self, sink: Box<dyn EventSink>) {
        self.lock().others.push((sink.wants(), sink));
    }

    /// The time of an event that happens now.
    pub fn now(&self) -> Timestamp {
        now(self.started)
    }

    /// All sinks, for some events in a row. Waits while another thread has them, which may be blocked on the output.
    pub fn lock(&self) -> MutexGuard<'_, Sinks> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a sink other than the printer could not write. It does not wait for the sinks.
    pub fn has_lost_sink(&self) -> bool {
        self.has_lost_sink.load(Ordering::Relaxed)
    }

    /// The jq filters that run for the printer, and for others who look at messages. It does not wait for the sinks: a filter
    /// that never ends has them.
    pub fn filter_runs(&self) -> &FilterRuns {
        &self.filter_runs
    }

    /// What the sinks want, all together, of a session that is about to open.
    pub fn wants(&self, opened: &Opened) -> Wants {
        let sinks = self.lock();
        sinks.with_dialect(sinks.annotator.as_ref().and_then(|annotator| annotator.wants_for(opened)))
    }

    /// The time of the run that is `elapsed` after its start, on the clock of deadlines. `None`: it never comes.
    pub fn instant(&self, elapsed: Duration) -> Option<Instant> {
        self.started.checked_add(elapsed)
    }

    /// Gives a note or a detail about the run itself to the printer alone, and flushes it: in a recording it would be of no use.
    pub fn announce(&self, event: &Event<'_>) {
        let at = self.now();
        let mut sinks = self.lock();
        let _ = sinks.printer.event(Origin::default(), at, event);
        let _ = sinks.flush();
    }

    /// Gives one event to all sinks and flushes them. May block. An error of the printer comes again with the next flush,
    /// which a session looks at; without a session there is no data to lose.
    pub fn show(&self, origin: Origin, event: &Event<'_>) {
        let at = self.now();
        let mut sinks = self.lock();
        // What is shown this way stops no session.
        let _ = sinks.event(origin, at, event);
        let _ = sinks.flush();
    }
}

impl Sinks {
    /// The printer, for what only a printer can do.
    pub fn printer(&mut self) -> &mut Printer {
        &mut self.printer
    }

    /// What the sinks want, all together, of a session that is open.
    pub fn wants(&self, origin: Origin) -> Wants {
        self.with_dialect(self.dialect_wants(origin))
    }

    /// What has to be seen of a session to say what its messages mean.
    fn dialect_wants(&self, origin: Origin) -> Option<Wants> {
        self.annotator.as_ref().and_then(|annotator| annotator.wants(origin))
    }

    fn with_dialect(&self, dialect: Option<Wants>) -> Wants {
        let all = self.others.iter().map(|(wants, _)| *wants).chain(dialect);
        all.fold(self.printer.wants(), Wants::union)
    }

    /// Whether a dialect may be spoken in a session.
    pub fn may_speak(&self, origin: Origin) -> bool {
        self.dialect_wants(origin).is_some()
    }

    /// The heartbeat that we owe next in a session, as its client.
    pub fn heartbeat(&self, origin: Origin) -> Option<Heartbeat> {
        self.annotator.as_ref().and_then(|annotator| annotator.heartbeat(origin))
    }

    /// Gives an event to each sink that wants it, with what it means.
    pub fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        let annotated = self.annotator.as_mut().map(|annotator| annotator.annotated(origin, at, event));
        let event = annotated.as_ref().unwrap_or(event);
        let mut flow = Flow::Continue;
        // Before the printer, which may block.
        for (_, sink) in self.others.iter_mut().filter(|(wants, _)| wants.include(event)) {
            flow = flow.and(sink.event(origin, at, event));
        }
        // It shows what a message of ours means, also where it does not show the message.
        let is_annotated = || matches!(event, Event::Wire { annotation: Some(_), .. });
        if self.printer.wants().include(event) || is_annotated() {
            flow = flow.and(self.printer.event(origin, at, event));
        }
        flow
    }

    /// What a dialect or a decoder said of the last event.
    pub fn note(&self) -> Option<&str> {
        self.annotator.as_ref()?.last().map(|annotation| annotation.text.as_str())
    }

    /// Gives text messages to each sink that wants messages. To be called only where [`wants`](Self::wants) permits it.
    pub fn texts(&mut self, origin: Origin, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) -> Flow {
        let mut flow = Flow::Continue;
        for (_, sink) in self.others.iter_mut().filter(|(wants, _)| wants.include_messages(direction)) {
            flow = flow.and(sink.texts(origin, at, direction, texts));
        }
        if self.printer.wants().include_messages(direction) {
            flow = flow.and(self.printer.texts(origin, at, direction, texts));
        }
        flow
    }

    /// Has the printer copy text messages that were received out of `receiver`, where it wants only their text, and no other sink
    /// wants any. To be called only where [`wants`](Self::wants) permits it; what is left is for [`texts`](Self::texts).
    pub fn copy_texts(&mut self, origin: Origin, receiver: &mut Receiver) {
        if !self.others.iter().any(|(wants, _)| wants.include_messages(Direction::Received)) {
            self.printer.copy_texts(origin, receiver);
        }
    }

    /// Flushes all. May block. A sink other than the printer that cannot write gets no more events: the printer shows its
    /// error, and the sessions go on.
    ///
    /// # Errors
    /// That of the printer.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        let Self { started, printer, others, has_lost_sink, .. } = self;
        others.retain_mut(|(_, sink)| {
            let Err(failure) = sink.flush() else { return true };
            has_lost_sink.store(true, Ordering::Relaxed);
            if let Some(error) = failure.remarkable() {
                let _ = printer.event(Origin::default(), now(*started), &Event::Error(&error));
            }
            false
        });
        printer.flush()
    }

    /// For how long the reader of any output has been waited for so far.
    pub fn blocked(&self) -> Duration {
        self.others.iter().fold(self.printer.blocked(), |sum, (_, sink)| sum + sink.blocked())
    }
}

fn now(started: Instant) -> Timestamp {
    Timestamp { wall: SystemTime::now(), elapsed: started.elapsed() }
}

#[cfg(test)]
mod tests;
