//! The one thing that turns events into bytes on the two streams.

mod annotations;
mod diagnostics;
mod messages;
mod selection;
#[cfg(test)]
mod tests;
mod wants;

pub use annotations::annotation_words;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::event::{Annotation, Direction, Event, EventSink, Flow, FlushError, Origin, OutputStream, Timestamp, Wants};
use crate::output::destination::Output;
use crate::output::fold::USUAL_COLUMNS;
use crate::output::options::{Annotations, DataFormat, Level, Options, Perspective, Setting, View};
use crate::output::printer::messages::Streamed;
use crate::output::printer::selection::Told;
use crate::output::sink::{Sink, SplitPolicy};
use crate::output::timestamp::TimestampWriter;
use crate::output::{diagnostic_lines, json};
use crate::wire::{self, Kind, Receiver, TextBatch};

/// Formats events into buffers, and writes these when told to.
///
/// One event's output is never torn apart by another's. Once a stream has failed, what goes to it is dropped.
pub struct Printer {
    options: Options,
    /// [`Options::wants`], kept: each event is asked for it.
    wants: Wants,
    /// [`Options::is_bare`], kept.
    is_bare: bool,
    data: Sink,
    /// `None` when diagnostics shares the data's output, so that everything stays in order.
    diagnostics: Option<Sink>,
    clock: TimestampWriter,
    json: json::Stream,
    /// The large message that is being received.
    streamed: Streamed,
    /// The large message that was sent and is being read back.
    streamed_sent: Streamed,
    /// The last lines that were typed, the newest first.
    typed: VecDeque<String>,
    /// The payload of the ping whose pong is shown whatever the options say.
    asked: Option<Vec<u8>>,
    /// The only client that is shown.
    only: Option<u64>,
    /// How many heartbeats of each session were not shown.
    hidden_heartbeats: HashMap<Origin, u64>,
    /// How many messages of each session did not match.
    hidden_messages: HashMap<Origin, u64>,
    /// Whether the last message that was received did not.
    has_hidden_last: bool,
    told: Told,
}

impl Printer {
    /// With an output for each stream.
    pub fn new(options: Options, data: Box<dyn Output>, diagnostics: Box<dyn Output>) -> Self {
        let diagnostics = Sink::new(diagnostics, options.diagnostics_colors, SplitPolicy::BetweenEvents);
        Self::with(options, data, Some(diagnostics))
    }

    /// With one output for both streams (one terminal), where all events stay in order.
    pub fn shared(options: Options, output: Box<dyn Output>) -> Self {
        Self::with(options, output, None)
    }

    fn with(options: Options, data: Box<dyn Output>, diagnostics: Option<Sink>) -> Self {
        let cut = match options.view {
            View::Exact => SplitPolicy::Anywhere,
            View::Terminal => SplitPolicy::BetweenEvents,
        };
        let data = Sink::new(data, options.data_colors, cut);
        let (wants, is_bare) = (options.wants(), options.is_bare());
        let json = json::Stream::default();
        Self {
            options,
            wants,
            is_bare,
            data,
            diagnostics,
            clock: TimestampWriter::default(),
            json,
            streamed: Streamed::default(),
            streamed_sent: Streamed::default(),
            typed: VecDeque::new(),
            asked: None,
            only: None,
            hidden_heartbeats: HashMap::new(),
            hidden_messages: HashMap::new(),
            has_hidden_last: false,
            told: Told::default(),
        }
    }

    /// Switches `setting` on or off. What the printer [wants](EventSink::wants) may change.
    pub fn set(&mut self, setting: Setting, on: bool) {
        self.options.set(setting, on);
        self.options_changed();
    }

    fn options_changed(&mut self) {
        self.wants = self.options.wants();
        self.is_bare = self.options.is_bare();
    }

    /// Shows of all clients this one alone; `None` shows all. What is about none of them is always shown.
    pub fn show_only(&mut self, client: Option<u64>) {
        self.only = client;
    }

    /// Whether nothing of a client is to be shown: it is another one than the only one.
    fn is_left_out(&self, origin: Origin) -> bool {
        self.only.zip(origin.client).is_some_and(|(only, client)| only != client)
    }

    /// Whether an event is not to be shown: it is of another client, or there is no room for it.
    fn leaves_out(&mut self, origin: Origin, event: &Event<'_>) -> bool {
        if self.is_left_out(origin) {
            return true;
        }
        let stream = match event {
            Event::Wire { event: wire::Event::Message { .. } | wire::Event::Part { .. }, .. } => &mut self.data,
            _ => self.diagnostics.as_mut().unwrap_or(&mut self.data),
        };
        let has_room = stream.has_room();
        if !has_room {
            stream.skip(1);
        }
        !has_room
    }

    /// Keeps the books of an event that is not shown.
    fn note_unseen(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) {
        match event {
            Event::Open(_) => self.clock.open(origin.client, at),
            Event::Ended(_) => self.clock.forget(origin.client),
            _ => {}
        }
    }

    /// Copies text messages that were received out of `receiver`, where only their text is wanted.
    pub fn copy_texts(&mut self, origin: Origin, receiver: &mut Receiver) {
        let is_wanted = self.is_bare && !self.is_left_out(origin) && self.data.has_room();
        while is_wanted && receiver.copy_texts(self.options.delimiter, &mut self.data.buffer) {
            self.data.flush_whole_if_large();
        }
    }

    /// Shows what was seen from there.
    pub fn stand(&mut self, perspective: Perspective) {
        self.options.perspective = perspective;
        self.options_changed();
    }

    /// Has the answer to this ping shown, though pings and pongs may not be: it answers `/ping`.
    pub fn ask(&mut self, ping: &[u8]) {
        self.asked = Some(ping.to_vec());
    }

    /// Shows at once how far something is, in ASCII, on a diagnostics stream that leads to a terminal. It goes when anything
    /// else is said there.
    pub fn show_progress(&mut self, progress: &str) {
        // A line that wraps cannot be erased.
        let fitting = &progress[..progress.len().min(self.columns().saturating_sub(1))];
        self.diagnostics.as_mut().unwrap_or(&mut self.data).show_status(fitting);
    }

    /// Erases at once what [`show_progress`](Self::show_progress) showed.
    pub fn erase_progress(&mut self) {
        self.diagnostics.as_mut().unwrap_or(&mut self.data).erase_status();
    }

    /// How many columns there are for what is said.
    pub fn columns(&self) -> usize {
        self.diagnostics.as_ref().unwrap_or(&self.data).columns().unwrap_or(USUAL_COLUMNS)
    }

    fn any_event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) {
        if let Event::Open(_) = event {
            self.clock.open(origin.client, at);
            self.forget_parts();
            self.streamed_sent = Streamed::default();
        }
        if self.options.format == DataFormat::Json {
            self.json.event(&mut self.data, &mut self.clock, &self.options, origin.client, at, event);
        }
        let verbose = self.options.level == Level::Verbose;
        let quiet = self.options.level == Level::Quiet;
        match event {
            Event::Wire { direction, event, round_trip, annotation } => {
                let annotation = annotation.filter(|_| self.options.annotations == Annotations::Shown);
                self.wire_event(origin, at, *direction, event, (*round_trip, annotation));
            }
            Event::Finding(finding) => self.finding(origin, finding),
            Event::Error(error) => self.error(origin, error),
            Event::Open(opened) => self.opened(origin, at, opened),
            Event::Ended(ended) => {
                self.erase_progress();
                self.ended(origin, at, ended);
                self.hidden_heartbeats(origin);
                self.hidden_heartbeats.remove(&origin);
                self.hidden_messages(origin);
                self.hidden_messages.remove(&origin);
            }
            Event::Head { direction, bytes } if verbose => self.head(origin, *direction, bytes),
            Event::Step(step) if verbose => self.details(origin, &[diagnostic_lines::step(step)]),
            Event::Tls(facts) if verbose => self.details(origin, &diagnostic_lines::tls(facts)),
            Event::Detail(detail) if verbose => self.details(origin, &[*detail]),
            Event::Summary(summary) if !quiet => {
                self.details(origin, &diagnostic_lines::summary(summary, self.options.perspective));
                self.hidden_heartbeats(origin);
                self.hidden_messages(origin);
            }
            Event::Warning(warning) => self.note(origin, warning),
            Event::Note(note) if !quiet => self.note(origin, note),
            Event::Head { .. }
            | Event::Step(_)
            | Event::Tls(_)
            | Event::Detail(_)
            | Event::Summary(_)
            | Event::Note(_) => {}
        }
    }

    fn wire_event(
        &mut self,
        origin: Origin,
        at: Timestamp,
        direction: Direction,
        event: &wire::Event<'_>,
        (round_trip, annotation): (Option<Duration>, Option<&Annotation>),
    ) {
        match event {
            wire::Event::Finding(finding) => self.finding(origin, finding),
            // All else is in the JSON lines.
            _ if self.options.format == DataFormat::Json => {}
            wire::Event::Frame(frame) => self.frame(origin, at, direction, frame),
            wire::Event::Message { kind, payload, .. } if let Some(annotation) = annotation => {
                self.annotated(origin, at, direction, (*kind, payload), annotation);
            }
            wire::Event::Message { kind, payload, .. } => self.message(origin, at, direction, *kind, payload),
            wire::Event::Part { payload, last } if direction == Direction::Received => {
                self.part(origin, at, payload, last.is_some());
            }
            wire::Event::Part { payload, last } if self.options.shows_sent_to_people() => {
                self.sent_part(origin, at, payload, last.is_some());
            }
            wire::Event::Ping(payload) => self.control(origin, at, direction, "ping", payload, None),
            wire::Event::Pong(payload) => self.control(origin, at, direction, "pong", payload, round_trip),
            wire::Event::Part { .. } | wire::Event::Close(_) => {}
        }
    }

    /// Shows a message of which nothing more is known.
    fn message(&mut self, origin: Origin, at: Timestamp, direction: Direction, kind: Kind, payload: &[u8]) {
        if self.options.is_between() {
            self.passed(origin, at, direction, kind, payload);
        } else if direction == Direction::Received {
            self.received(origin, at, kind, payload);
        } else if self.options.shows_sent_to_people() {
            self.sent(origin, at, kind, payload);
        }
    }
}

impl EventSink for Printer {
    fn wants(&self) -> Wants {
        self.wants
    }

    /// Formats one event. Writes only what is too large to wait; an error of that is kept for the next
    /// [`flush`](Self::flush).
    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        if self.leaves_out(origin, event) {
            self.note_unseen(origin, at, event);
        } else if let Event::Wire { direction: Direction::Received, event, annotation: None, .. } = event
            && let wire::Event::Message { kind, payload, .. } = event
            && self.is_bare
        {
            self.bare_message(*kind, payload);
        } else if self.options.selects() {
            self.selected(origin, at, event);
        } else {
            self.any_event(origin, at, event);
        }
        if let Some(diagnostics) = &mut self.diagnostics {
            diagnostics.flush_if_large();
        }
        self.data.flush_if_large();
        Flow::Continue
    }

    fn texts(&mut self, origin: Origin, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) -> Flow {
        if self.is_left_out(origin) {
            return Flow::Continue;
        }
        if !self.data.has_room() {
            self.data.skip(texts.messages());
        } else if self.options.format == DataFormat::Json {
            let whose = (origin.client, at);
            self.json.texts(&mut self.data, &mut self.clock, &self.options, whose, direction, texts);
        } else if self.is_bare && direction == Direction::Received {
            texts.append_to(self.options.delimiter, &mut self.data.buffer);
            self.data.flush_whole_if_large();
        } else if self.marks_texts(direction) {
            self.marked_texts(origin, at, direction, texts);
        } else {
            for frame in texts.frames() {
                self.message(origin, at, direction, Kind::Text, frame.text);
                self.data.flush_if_large();
            }
        }
        self.data.flush_if_large();
        Flow::Continue
    }

    /// Writes everything that waits: diagnostics first, then data.
    ///
    /// # Errors
    /// The first error of a stream, now and ever after; the data stream's when both have failed.
    fn flush(&mut self) -> Result<(), FlushError> {
        let diagnostics = self.diagnostics.as_mut().and_then(|diagnostics| {
            diagnostics.flush_through();
            diagnostics.error().map(|error| FlushError { stream: OutputStream::Diagnostics, error })
        });
        self.data.flush_through();
        let data = self.data.error().map(|error| FlushError { stream: OutputStream::Data, error });
        data.or(diagnostics).map_or(Ok(()), Err)
    }

    fn blocked(&self) -> Duration {
        self.diagnostics.as_ref().map_or(Duration::ZERO, Sink::blocked) + self.data.blocked()
    }
}
