//! The one thing that turns events into bytes on the two streams.

use std::io::{self, Write};
use std::mem;

use data_encoding::{BASE64, HEXLOWER};

use crate::error::ExitStatus;
use crate::event::{Direction, Event, Stamp};
use crate::output::options::{Banner, DataFormat, FrameView, Level, Options, Setting, View};
use crate::output::outlet::Outlet;
use crate::output::theme::{Colors, Ink, Palette};
use crate::output::timestamp::Clock;
use crate::output::{escape, talk, text};
use crate::wire::{self, Kind, Observe};

/// Payloads from this size on are written from where they are instead of being copied to the buffer first.
const STRAIGHT: usize = 64 << 10;

/// What waits is written when it has grown beyond this, even when more is ready: memory stays bounded whatever a
/// read's bytes inflate to.
const SPILL: usize = 256 << 10;

/// Whose event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The number of the client in `listen`; `None` for our own session.
    pub client: Option<u64>,
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
}

impl Printer {
    /// With an outlet for each stream.
    pub fn new(options: Options, data: Box<dyn Outlet>, talk: Box<dyn Outlet>) -> Self {
        let talk = Sink::new(talk, options.talk_colors);
        Self::with(options, data, Some(talk))
    }

    /// With one outlet for both streams (one terminal), where all events stay in order.
    pub fn shared(options: Options, outlet: Box<dyn Outlet>) -> Self {
        Self::with(options, outlet, None)
    }

    fn with(options: Options, data: Box<dyn Outlet>, talk: Option<Sink>) -> Self {
        let data = Sink::new(data, options.data_colors);
        let bare = bare(&options);
        Self { options, bare, data, talk, clock: Clock::new() }
    }

    /// Switches `setting` on or off. [`observe`](Self::observe) and [`wants_sent`](Self::wants_sent) may change.
    pub fn set(&mut self, setting: Setting, on: bool) {
        self.options.set(setting, on);
        self.bare = bare(&self.options);
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

    /// Whether large binary messages may come as [`wire::Event::Part`]s.
    pub fn can_stream(&self) -> bool {
        matches!(self.options.format, DataFormat::Text | DataFormat::Raw | DataFormat::None)
    }

    /// Formats one event. Writes only what is too large to wait; an error of that is kept for the next
    /// [`flush`](Self::flush).
    pub fn event(&mut self, origin: Origin, stamp: Stamp, event: &Event<'_>) {
        match event {
            Event::Wire {
                direction: Direction::Received, event: wire::Event::Message { kind, payload, .. }, ..
            } if self.bare => self.bare_message(*kind, payload),
            Event::Wire { direction, event, .. } => self.wire(origin, stamp, *direction, event),
            Event::Open(_) => {
                self.clock.open(origin.client, stamp);
                self.opened(origin);
            }
            Event::Ended(ended) => {
                let wanted = match self.options.banner {
                    Banner::Shown if self.options.level > Level::Quiet => true,
                    _ => ended.status == ExitStatus::Session,
                };
                if wanted {
                    self.talk(origin, |output, palette| talk::disconnected(output, palette, ended));
                }
                self.clock.forget(origin.client);
            }
            Event::Error(error) => self.talk(origin, |output, palette| talk::write_error(output, palette, error)),
            Event::Note(note) if self.options.level > Level::Quiet => self.talk(origin, |output, palette| {
                palette.paint(output, Ink::Note, |output| escape::text(output, note.as_bytes()));
                output.push(b'\n');
            }),
            Event::Detail(detail) if self.options.level == Level::Verbose => self.talk(origin, |output, _| {
                output.extend_from_slice(b"* ");
                escape::line(output, detail.as_bytes());
                output.push(b'\n');
            }),
            _ => {}
        }
        if self.data.buffer.len() > SPILL {
            self.data.flush();
        }
    }

    /// Writes everything that waits: talk first, then data.
    ///
    /// # Errors
    /// The data stream's error when both have failed.
    pub fn flush(&mut self) -> Result<(), FlushError> {
        if let Some(talk) = &mut self.talk {
            talk.flush();
        }
        self.data.flush();
        let failure = |stream, sink: &mut Sink| sink.error.take().map(|error| FlushError { stream, error });
        let data = failure(Stream::Data, &mut self.data);
        let talk = self.talk.as_mut().and_then(|talk| failure(Stream::Talk, talk));
        data.or(talk).map_or(Ok(()), Err)
    }

    /// The fast path: no decision but text or binary, no allocation, no clock.
    fn bare_message(&mut self, kind: Kind, payload: &[u8]) {
        self.data.payload(payload);
        if kind == Kind::Text {
            self.data.buffer.push(self.options.delimiter);
        }
    }

    fn wire(&mut self, origin: Origin, stamp: Stamp, direction: Direction, event: &wire::Event<'_>) {
        match event {
            wire::Event::Message { kind, payload, .. } if direction == Direction::Received => {
                self.message(origin, stamp, *kind, payload);
            }
            wire::Event::Part { payload, .. } if direction == Direction::Received => self.data.payload(payload),
            wire::Event::Ping(payload) if self.options.ping_pong => {
                self.talk(origin, |output, palette| control(output, palette, direction, "ping", payload));
            }
            wire::Event::Pong(payload) if self.options.ping_pong => {
                self.talk(origin, |output, palette| control(output, palette, direction, "pong", payload));
            }
            _ => {}
        }
    }

    fn message(&mut self, origin: Origin, stamp: Stamp, kind: Kind, payload: &[u8]) {
        if self.options.format == DataFormat::None {
            return;
        }
        let start = self.data.buffer.len();
        if let (Some(timestamps), true) = (self.options.timestamps, self.options.format != DataFormat::Raw) {
            self.clock.write(&mut self.data.buffer, timestamps, origin.client, stamp);
            self.data.buffer.push(b' ');
        }
        let output = &mut self.data.buffer;
        match self.options.format {
            DataFormat::Hex => HEXLOWER.encode_write(payload, &mut Characters(output)).unwrap_or_default(),
            DataFormat::Base64 => BASE64.encode_write(payload, &mut Characters(output)).unwrap_or_default(),
            DataFormat::Text if self.options.view == View::Terminal => {
                if let Some(client) = origin.client {
                    let _ = write!(output, "[{client}] ");
                }
                let indent = output.len() - start + 2;
                self.data.palette.write(output, Ink::Received, "<");
                output.push(b' ');
                return text::write(output, payload, indent);
            }
            _ => self.data.payload(payload),
        }
        match (self.options.format, kind) {
            (DataFormat::Hex | DataFormat::Base64, _) => self.data.buffer.push(b'\n'),
            (DataFormat::Text, Kind::Text) => self.data.buffer.push(self.options.delimiter),
            _ => {}
        }
    }

    fn opened(&mut self, origin: Origin) {
        if self.options.banner == Banner::Shown && self.options.level > Level::Quiet {
            self.talk(origin, |output, palette| {
                let banner = if origin.client.is_some() { "Connected" } else { "Connected (press Ctrl-C to quit)" };
                palette.write(output, Ink::Note, banner);
                output.push(b'\n');
            });
        }
    }

    /// Appends what `write` writes to the talk stream, after the client's number.
    fn talk(&mut self, origin: Origin, write: impl FnOnce(&mut Vec<u8>, &Palette)) {
        let sink = self.talk.as_mut().unwrap_or(&mut self.data);
        if let Some(client) = origin.client {
            let _ = write!(sink.buffer, "[{client}] ");
        }
        write(&mut sink.buffer, &sink.palette);
    }
}

fn control(output: &mut Vec<u8>, palette: &Palette, direction: Direction, name: &str, payload: &[u8]) {
    output.extend_from_slice(match direction {
        Direction::Sent => b"> ",
        Direction::Received => b"< ",
    });
    talk::control(output, palette, direction, name, payload);
    output.push(b'\n');
}

/// Lets `data-encoding`, which writes characters, append to bytes.
struct Characters<'a>(&'a mut Vec<u8>);

impl std::fmt::Write for Characters<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn bare(options: &Options) -> bool {
    options.format == DataFormat::Text && options.view == View::Exact && options.timestamps.is_none() && !options.pretty
}

/// A stream's buffer and where it goes.
struct Sink {
    buffer: Vec<u8>,
    outlet: Box<dyn Outlet>,
    palette: Palette,
    failed: bool,
    error: Option<io::Error>,
}

impl Sink {
    fn new(outlet: Box<dyn Outlet>, colors: Colors) -> Self {
        Self { buffer: Vec::new(), outlet, palette: Palette::new(colors), failed: false, error: None }
    }

    /// Appends a payload as it is, or writes it right away after what waits, when copying it would cost more.
    fn payload(&mut self, payload: &[u8]) {
        if payload.len() < STRAIGHT {
            self.buffer.extend_from_slice(payload);
        } else {
            self.flush();
            self.write(payload);
        }
    }

    fn flush(&mut self) {
        let mut buffer = mem::take(&mut self.buffer);
        self.write(&buffer);
        buffer.clear();
        self.buffer = buffer;
    }

    fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.failed {
            return;
        }
        if let Err(error) = self.outlet.write_all(bytes) {
            self.failed = true;
            self.error = Some(error);
        }
    }
}
