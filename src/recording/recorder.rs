//! The sink that writes a recording.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::event::{Direction, Event, EventSink, Flow, FlushError, Origin, OutputStream, Timestamp, Wants};
use crate::output::theme::Colors;
use crate::output::{
    Annotations, Banner, DataFormat, Discard, Extent, FollowSent, FrameView, Options, Output, Printer, View,
};
use crate::wire::TextBatch;

/// Writes what happens as JSON Lines, or as text, with a printer of its own. Each flush reaches the file, or the queue before it:
/// what a process that is killed has recorded is what had come a moment before.
pub struct Recorder {
    printer: Printer,
    /// What it writes to, for errors.
    name: String,
}

impl Recorder {
    /// A recording that has everything; `options` say what it hides, and where we stand.
    pub fn json_lines(options: &Options, output: Box<dyn Output>, name: &Path) -> Self {
        let options = Options {
            format: DataFormat::Json,
            extent: Extent::Everything,
            view: View::Exact,
            frames: FrameView::Hex,
            // What a message means follows from it.
            annotations: Annotations::Hidden,
            ..options.unfiltered()
        };
        Self { printer: Printer::new(options, output, Box::new(Discard)), name: named(name) }
    }

    /// The screen as plain text: what `options` would show on a terminal, and what was sent.
    pub fn log(options: &Options, output: Box<dyn Output>, name: &Path) -> Self {
        let options = Options {
            format: DataFormat::Text,
            view: View::Terminal,
            diagnostics_view: View::Terminal,
            data_colors: Colors::Off,
            diagnostics_colors: Colors::Off,
            banner: Banner::Shown,
            follow_sent: FollowSent::Shown,
            annotations: Annotations::Shown,
            ..options.clone()
        };
        Self { printer: Printer::shared(options, output), name: named(name) }
    }
}

fn named(path: &Path) -> String {
    format!("`{}`", path.display())
}

impl EventSink for Recorder {
    fn wants(&self) -> Wants {
        self.printer.wants()
    }

    /// Also of a recording that has more than this one wants.
    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        if self.printer.wants().include(event) { self.printer.event(origin, at, event) } else { Flow::Continue }
    }

    fn texts(&mut self, origin: Origin, at: Timestamp, direction: Direction, texts: &TextBatch<'_>) -> Flow {
        self.printer.texts(origin, at, direction, texts)
    }

    fn flush(&mut self) -> Result<(), FlushError> {
        self.printer.flush().map_err(|FlushError { error, .. }| FlushError {
            stream: OutputStream::Other(self.name.clone()),
            error: not_recorded(&error),
        })
    }

    fn blocked(&self) -> Duration {
        self.printer.blocked()
    }
}

/// The error, with what follows from it.
fn not_recorded(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{error}; what comes now is not recorded"))
}
