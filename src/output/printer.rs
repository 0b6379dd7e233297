//! The one thing that turns events into bytes on the two streams.

use std::fmt;
use std::io;

use crate::error::ExitStatus;
use crate::event::{Direction, Ended, Event, Opened, Stamp};
use crate::output::options::{Banner, DataFormat, FrameView, Level, Options, Setting, Timestamps, View};
use crate::output::outlet::Outlet;
use crate::output::pretty::{self, Layout};
use crate::output::sink::{Cut, Sink};
use crate::output::theme::{Ink, Palette};
use crate::output::timestamp::Clock;
use crate::output::{frames, head, json, talk, text};
use crate::wire::{self, Frame, Kind, Observe};

/// Whose event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The number of the client in `listen`; `None` for our own session.
    pub client: Option<u64>,
}

impl Origin {
    /// What tells the clients of `listen` apart.
    fn label(self) -> String {
        self.client.map(|client| format!("[{client}] ")).unwrap_or_default()
    }
}

/// The two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Messages: stdout. Also where both streams share one outlet.
    Data,
    /// All that is said about them: stderr.
    Talk,
}

/// A stream that couldn't be written.
#[derive(Debug)]
pub struct FlushError {
    /// Which.
    pub stream: Stream,
    /// Why; `BrokenPipe` when its reader went away.
    pub error: io::Error,
}

impl fmt::Display for FlushError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.stream {
            Stream::Data => "cannot write to stdout",
            Stream::Talk => "cannot write to stderr",
        })
    }
}

impl std::error::Error for FlushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Formats events into buffers, and writes these when told to.
///
/// One event's output is never torn apart by another's. Once a stream has failed, what goes to it is dropped.
pub struct Printer {
    options: Options,
    /// Nothing but payload and delimiter is wanted: the fast path.
    bare: bool,
    data: Sink,
    /// `None` when talk shares the data's outlet, so that everything stays in order.
    talk: Option<Sink>,
    clock: Clock,
    json: json::Stream,
    streamed: Streamed,
}

/// A binary message that comes in parts.
#[derive(Debug, Default)]
struct Streamed {
    /// Bytes so far.
    length: u64,
    /// The first of them, for a terminal.
    start: Vec<u8>,
}

impl Printer {
    /// With an outlet for each stream.
    pub fn new(options: Options, data: Box<dyn Outlet>, talk: Box<dyn Outlet>) -> Self {
        let talk = Sink::new(talk, options.talk_colors, Cut::BetweenEvents);
        Self::with(options, data, Some(talk))
    }

    /// With one outlet for both streams (one terminal), where all events stay in order.
    pub fn shared(options: Options, outlet: Box<dyn Outlet>) -> Self {
        Self::with(options, outlet, None)
    }

    fn with(options: Options, data: Box<dyn Outlet>, talk: Option<Sink>) -> Self {
        let cut = match options.view {
            View::Exact => Cut::Anywhere,
            View::Terminal => Cut::BetweenEvents,
        };
        let data = Sink::new(data, options.data_colors, cut);
        let bare = is_bare(&options);
        let json = json::Stream::default();
        Self { options, bare, data, talk, clock: Clock::new(), json, streamed: Streamed::default() }
    }

    /// Switches `setting` on or off. [`observe`](Self::observe) and [`wants_sent`](Self::wants_sent) may change.
    pub fn set(&mut self, setting: Setting, on: bool) {
        self.options.set(setting, on);
        self.bare = is_bare(&self.options);
    }

    /// What must be observed of the frames in both directions.
    pub fn observe(&self) -> Observe {
        match self.options.frames {
            FrameView::Hidden => Observe::Nothing,
            FrameView::Lines => Observe::Headers,
            FrameView::Hex => Observe::Bytes,
        }
    }

    /// Whether events of what we sent are shown too.
    pub fn wants_sent(&self) -> bool {
        self.options.format == DataFormat::Json || self.options.ping_pong || self.observe() > Observe::Nothing
    }

    /// Whether large binary messages of one session may come as [`wire::Event::Part`]s. A terminal shows the first
    /// bytes of such a message when its last part has come.
    pub fn can_stream(&self) -> bool {
        matches!(self.options.format, DataFormat::Text | DataFormat::Raw | DataFormat::None)
    }

    /// Formats one event. Writes only what is too large to wait; an error of that is kept for the next
    /// [`flush`](Self::flush).
    pub fn event(&mut self, origin: Origin, stamp: Stamp, event: &Event<'_>) {
        if let Event::Wire { direction: Direction::Received, event, .. } = event
            && let wire::Event::Message { kind, payload, .. } = event
            && self.bare
        {
            self.bare_message(*kind, payload);
        } else {
            self.any_event(origin, stamp, event);
        }
        self.data.spill();
    }

    /// Shows an HTTP head, whatever the level: for `/headers`.
    pub fn head(&mut self, origin: Origin, direction: Direction, bytes: &[u8]) {
        let (secrets, frames) = (self.options.secrets, self.options.frames);
        let (output, palette) = self.talk();
        head::write(output, palette, &origin.label(), direction, bytes, secrets);
        if frames == FrameView::Hex {
            head::bytes(output, palette, bytes, secrets);
        }
    }

    /// Writes everything that waits: talk first, then data.
    ///
    /// # Errors
    /// The data stream's error when both have failed.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        let talk = self.talk.as_mut().and_then(|talk| {
            talk.flush();
            talk.take_error().map(|error| FlushError { stream: Stream::Talk, error })
        });
        self.data.flush();
        let data = self.data.take_error().map(|error| FlushError { stream: Stream::Data, error });
        data.or(talk).map_or(Ok(()), Err)
    }

    /// The fast path: no decision but text or binary, no allocation, no clock.
    fn bare_message(&mut self, kind: Kind, payload: &[u8]) {
        self.data.payload(payload);
        if kind == Kind::Text {
            self.data.buffer.push(self.options.delimiter);
        }
    }

    fn any_event(&mut self, origin: Origin, stamp: Stamp, event: &Event<'_>) {
        if let Event::Open(_) = event {
            self.clock.open(origin.client, stamp);
        }
        if self.options.format == DataFormat::Json {
            self.json.event(&mut self.data, &mut self.clock, &self.options, origin.client, stamp, event);
        }
        let verbose = self.options.level == Level::Verbose;
        match event {
            Event::Wire { direction, event, round_trip } => match event {
                wire::Event::Finding(finding) => self.labelled(origin, |output, palette| {
                    talk::finding(output, palette, finding);
                }),
                _ if self.options.format == DataFormat::Json => {}
                wire::Event::Frame(frame) => self.frame(origin, stamp, *direction, frame),
                wire::Event::Message { kind, payload, .. } if *direction == Direction::Received => {
                    self.message(origin, stamp, *kind, payload);
                }
                wire::Event::Part { payload, last } if *direction == Direction::Received => {
                    self.part(origin, stamp, payload, last.is_some());
                }
                wire::Event::Ping(payload) if self.options.ping_pong => self.timed(origin, stamp, |output, palette| {
                    talk::control(output, palette, *direction, "ping", payload, None);
                }),
                wire::Event::Pong(payload) if self.options.ping_pong => self.timed(origin, stamp, |output, palette| {
                    talk::control(output, palette, *direction, "pong", payload, *round_trip);
                }),
                wire::Event::Message { .. }
                | wire::Event::Part { .. }
                | wire::Event::Ping(_)
                | wire::Event::Pong(_)
                | wire::Event::Close(_) => {}
            },
            Event::Finding(finding) => {
                self.labelled(origin, |output, palette| talk::finding(output, palette, finding));
            }
            Event::Error(error) => self.labelled(origin, |output, palette| talk::write_error(output, palette, error)),
            Event::Open(opened) => self.opened(origin, stamp, opened),
            Event::Ended(ended) => self.ended(origin, stamp, ended),
            Event::Head { direction, bytes } if verbose => self.head(origin, *direction, bytes),
            Event::Step(step) if verbose => self.details(origin, &[talk::step(step)]),
            Event::Tls(facts) if verbose => self.details(origin, &talk::tls(facts)),
            Event::Detail(detail) if verbose => self.details(origin, &[*detail]),
            Event::Summary(summary) if self.options.level > Level::Quiet => {
                self.details(origin, &talk::summary(summary));
            }
            Event::Note(note) if self.options.level > Level::Quiet => self.note(origin, note),
            Event::Head { .. }
            | Event::Step(_)
            | Event::Tls(_)
            | Event::Detail(_)
            | Event::Summary(_)
            | Event::Note(_) => {}
        }
    }

    fn message(&mut self, origin: Origin, stamp: Stamp, kind: Kind, payload: &[u8]) {
        match self.options.format {
            DataFormat::None | DataFormat::Json => {}
            DataFormat::Raw => self.data.payload(payload),
            DataFormat::Hex => {
                self.time(origin, stamp);
                json::long_hexadecimal(&mut self.data, payload);
                self.data.buffer.push(b'\n');
            }
            DataFormat::Base64 => {
                self.time(origin, stamp);
                json::long_base64(&mut self.data, payload);
                self.data.buffer.push(b'\n');
            }
            DataFormat::Text => match self.options.view {
                View::Exact => self.exact_message(origin, stamp, kind, payload),
                View::Terminal => {
                    let indent = self.prefix(origin, stamp);
                    let layout = self.layout();
                    let Sink { buffer, palette, .. } = &mut self.data;
                    match kind {
                        Kind::Text => text::text(buffer, palette, payload, layout, indent),
                        Kind::Binary => text::binary(buffer, palette, payload, payload.len() as u64),
                    }
                }
            },
        }
    }

    fn exact_message(&mut self, origin: Origin, stamp: Stamp, kind: Kind, payload: &[u8]) {
        self.time(origin, stamp);
        let json = match (kind, self.layout()) {
            (Kind::Text, Layout::LaidOut) => pretty::json(payload),
            _ => None,
        };
        if let Some(json) = json {
            let Sink { buffer, palette, .. } = &mut self.data;
            pretty::write(buffer, palette, json, Layout::LaidOut, View::Exact, 0);
            buffer.push(self.options.delimiter);
        } else {
            self.bare_message(kind, payload);
        }
    }

    /// How JSON is set.
    fn layout(&self) -> Layout {
        if self.options.pretty { Layout::LaidOut } else { Layout::AsItIs }
    }

    /// A piece of a binary message: written as it comes, or kept back for a terminal.
    fn part(&mut self, origin: Origin, stamp: Stamp, payload: &[u8], last: bool) {
        let first = self.streamed.length == 0;
        self.streamed.length += payload.len() as u64;
        match (self.options.format, self.options.view) {
            (DataFormat::Text, View::Terminal) => {
                let missing = text::SHOWN.saturating_sub(self.streamed.start.len()).min(payload.len());
                self.streamed.start.extend_from_slice(&payload[..missing]);
                if last {
                    self.prefix(origin, stamp);
                    let Sink { buffer, palette, .. } = &mut self.data;
                    text::binary(buffer, palette, &self.streamed.start, self.streamed.length);
                }
            }
            (DataFormat::Text, View::Exact) => {
                if first {
                    self.time(origin, stamp);
                }
                self.data.payload(payload);
            }
            (DataFormat::Raw, _) => self.data.payload(payload),
            (DataFormat::Hex | DataFormat::Base64 | DataFormat::Json | DataFormat::None, _) => {}
        }
        if last {
            self.streamed = Streamed::default();
        }
    }

    /// Appends what stands in front of a message on a terminal. How many columns it takes is returned.
    fn prefix(&mut self, origin: Origin, stamp: Stamp) -> usize {
        let label = origin.label();
        let columns = self.time(origin, stamp) + label.len();
        let Sink { buffer, palette, .. } = &mut self.data;
        buffer.extend_from_slice(label.as_bytes());
        palette.write(buffer, Ink::Received, "<");
        buffer.push(b' ');
        columns + "< ".len()
    }

    /// Appends the time to the data stream, if wanted. How many columns it takes is returned.
    fn time(&mut self, origin: Origin, stamp: Stamp) -> usize {
        let Some(timestamps) = self.options.timestamps else { return 0 };
        let Sink { buffer, palette, .. } = &mut self.data;
        let mut columns = 0;
        palette.paint(buffer, Ink::Faint, |buffer| {
            let start = buffer.len();
            self.clock.write(buffer, timestamps, origin.client, stamp);
            columns = buffer.len() - start + 1;
        });
        buffer.push(b' ');
        columns
    }

    fn frame(&mut self, origin: Origin, stamp: Stamp, direction: Direction, frame: &Frame<'_>) {
        if self.options.frames == FrameView::Hidden {
            return;
        }
        let timestamps = self.options.timestamps.unwrap_or(Timestamps::Relative);
        let Sink { buffer, palette, .. } = self.talk.as_mut().unwrap_or(&mut self.data);
        buffer.extend_from_slice(origin.label().as_bytes());
        frames::line(buffer, palette, direction, frame, |buffer| {
            self.clock.write(buffer, timestamps, origin.client, stamp);
        });
        if self.options.frames == FrameView::Hex {
            frames::bytes(buffer, palette, frame);
        }
    }

    fn opened(&mut self, origin: Origin, stamp: Stamp, opened: &Opened) {
        if self.options.level == Level::Verbose {
            self.details(origin, &talk::opened(opened));
        }
        if self.options.banner == Banner::Shown && self.options.level > Level::Quiet {
            self.timed(origin, stamp, |output, palette| talk::connected(output, palette, opened, origin.client));
        }
    }

    fn ended(&mut self, origin: Origin, stamp: Stamp, ended: &Ended) {
        if self.options.level == Level::Verbose {
            self.details(origin, &[talk::ended(ended)]);
        }
        // Nothing else says why the exit status is that of a session gone wrong.
        if ended.status == ExitStatus::Session
            || (self.options.banner == Banner::Shown && self.options.level > Level::Quiet)
        {
            self.timed(origin, stamp, |output, palette| talk::disconnected(output, palette, ended));
        }
        self.clock.forget(origin.client);
    }

    /// A note; where nobody sits, with the name of who says it.
    fn note(&mut self, origin: Origin, note: &str) {
        let name = match self.options.banner {
            Banner::Shown => "",
            Banner::Hidden => "wscope: ",
        };
        self.labelled(origin, |output, _| {
            output.extend_from_slice(name.as_bytes());
            talk::note(output, note);
        });
    }

    fn details(&mut self, origin: Origin, details: &[impl AsRef<str>]) {
        let label = origin.label();
        let (output, palette) = self.talk();
        for detail in details {
            talk::detail(output, palette, &label, detail.as_ref());
        }
    }

    /// Appends what `write` writes to the talk stream, after the time, if wanted, and the client's number.
    fn timed(&mut self, origin: Origin, stamp: Stamp, write: impl FnOnce(&mut Vec<u8>, &Palette)) {
        if let Some(timestamps) = self.options.timestamps {
            let Sink { buffer, palette, .. } = self.talk.as_mut().unwrap_or(&mut self.data);
            palette.paint(buffer, Ink::Faint, |buffer| {
                self.clock.write(buffer, timestamps, origin.client, stamp);
            });
            buffer.push(b' ');
        }
        self.labelled(origin, write);
    }

    /// Appends what `write` writes to the talk stream, after the client's number.
    fn labelled(&mut self, origin: Origin, write: impl FnOnce(&mut Vec<u8>, &Palette)) {
        let (output, palette) = self.talk();
        output.extend_from_slice(origin.label().as_bytes());
        write(output, palette);
    }

    fn talk(&mut self) -> (&mut Vec<u8>, &Palette) {
        let Sink { buffer, palette, .. } = self.talk.as_mut().unwrap_or(&mut self.data);
        (buffer, palette)
    }
}

fn is_bare(options: &Options) -> bool {
    options.format == DataFormat::Text && options.view == View::Exact && options.timestamps.is_none() && !options.pretty
}
