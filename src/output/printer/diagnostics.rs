//! What is said on the diagnostics stream.

use std::time::Duration;

use crate::error::{Error, ExitStatus};
use crate::event::{Direction, Ended, Opened, Origin, Timestamp};
use crate::output::options::{Banner, FrameView, Level, Timestamps};
use crate::output::printer::Printer;
use crate::output::sink::Sink;
use crate::output::theme::{Palette, Style};
use crate::output::{diagnostic_lines, frames, head};
use crate::wire::{CloseCode, Finding, Frame};

impl Printer {
    /// Shows an HTTP head, whatever the level: for `/headers`.
    pub fn head(&mut self, origin: Origin, direction: Direction, bytes: &[u8]) {
        let (secrets, frames) = (self.options.secrets, self.options.frames);
        let Sink { buffer, palette, .. } = self.diagnostics();
        head::write(buffer, palette, origin.client, direction, bytes, secrets);
        if frames == FrameView::Hex {
            head::bytes(buffer, palette, bytes, secrets);
        }
    }

    /// Shows a breach, at every level.
    pub(super) fn finding(&mut self, origin: Origin, finding: &Finding) {
        let advice = self.options.advice;
        self.labelled(origin, |output, palette| diagnostic_lines::finding(output, palette, advice, finding));
    }

    /// Shows an error, at every level.
    pub(super) fn error(&mut self, origin: Origin, error: &Error) {
        let advice = self.options.advice;
        self.labelled(origin, |output, palette| diagnostic_lines::write_error(output, palette, advice, error));
    }

    /// Shows a ping or a pong, if wanted, and the answer to `/ping`.
    pub(super) fn control(
        &mut self,
        origin: Origin,
        at: Timestamp,
        direction: Direction,
        name: &str,
        payload: &[u8],
        round_trip: Option<Duration>,
    ) {
        let is_asked =
            round_trip.is_some() && self.asked.as_deref() == Some(payload) && self.options.level > Level::Quiet;
        if self.options.ping_pong || is_asked {
            let direction = (direction, self.options.perspective);
            self.timed(origin, at, |output, palette| {
                diagnostic_lines::control(output, palette, direction, name, payload, round_trip);
            });
        }
    }

    /// Shows a frame, if wanted.
    pub(super) fn frame(&mut self, origin: Origin, at: Timestamp, direction: Direction, frame: &Frame<'_>) {
        let timestamps = self.options.timestamps.unwrap_or(Timestamps::Relative);
        let view = self.options.diagnostics_view;
        let sink = self.diagnostics.as_mut().unwrap_or(&mut self.data);
        diagnostic_lines::label(&mut sink.buffer, origin.client);
        frames::line(&mut sink.buffer, &sink.palette, direction, frame, |buffer| {
            self.clock.write(buffer, (timestamps, view), origin.client, at);
        });
        if self.options.frames == FrameView::Hex {
            frames::bytes(sink, frame);
        }
    }

    /// Announces an opening.
    pub(super) fn opened(&mut self, origin: Origin, at: Timestamp, opened: &Opened) {
        if self.options.level == Level::Verbose {
            self.details(origin, &diagnostic_lines::opened(opened, self.options.secrets));
        }
        if self.options.banner == Banner::Shown && self.options.level > Level::Quiet {
            let secrets = self.options.secrets;
            self.timed(origin, at, |output, palette| {
                diagnostic_lines::connected(output, palette, opened, origin.client, secrets);
            });
        }
    }

    /// Announces an end.
    pub(super) fn ended(&mut self, origin: Origin, at: Timestamp, ended: &Ended) {
        if self.options.level == Level::Verbose {
            self.details(origin, &[diagnostic_lines::ended(ended, self.options.perspective)]);
        }
        // Nothing else says why the exit status is that of a session gone wrong, or that the peer left a Close unanswered.
        // A server that goes away may not have been through.
        let is_going_away = ended.code == CloseCode::Away && ended.by == Direction::Received;
        let is_remarkable = self.options.banner == Banner::Shown
            || (ended.status == ExitStatus::Success && (is_going_away || !ended.clean));
        // A breach of the peer's may have been its Close: the line has what could be read of it.
        if ended.is_failure() || (is_remarkable && self.options.level > Level::Quiet) {
            self.timed(origin, at, |output, palette| diagnostic_lines::disconnected(output, palette, ended));
        }
        self.clock.forget(origin.client);
    }

    /// A note; where no banner is shown, with the name of the program.
    pub(super) fn note(&mut self, origin: Origin, note: &str) {
        let name = match self.options.banner {
            Banner::Shown => "",
            Banner::Hidden => "wscope: ",
        };
        self.labelled(origin, |output, _| {
            output.extend_from_slice(name.as_bytes());
            diagnostic_lines::note(output, note);
        });
    }

    /// Shows lines of `-v`.
    pub(super) fn details(&mut self, origin: Origin, details: &[impl AsRef<str>]) {
        let Sink { buffer, palette, .. } = self.diagnostics();
        let start = buffer.len();
        for detail in details {
            diagnostic_lines::detail(buffer, palette, origin.client, detail.as_ref());
        }
        self.diagnostics().fold(start);
    }

    /// Appends what `write` writes to the diagnostics stream, after the time, if wanted, and the client's number.
    pub(super) fn timed(&mut self, origin: Origin, at: Timestamp, write: impl FnOnce(&mut Vec<u8>, &Palette)) {
        let start = self.diagnostics().buffer.len();
        if let Some(timestamps) = self.options.timestamps {
            let view = self.options.diagnostics_view;
            let Sink { buffer, palette, .. } = self.diagnostics.as_mut().unwrap_or(&mut self.data);
            palette.paint(buffer, Style::Faint, |buffer| {
                self.clock.write(buffer, (timestamps, view), origin.client, at);
            });
            buffer.push(b' ');
        }
        self.labelled_from(start, origin, write);
    }

    /// Appends what `write` writes to the diagnostics stream, after the client's number.
    fn labelled(&mut self, origin: Origin, write: impl FnOnce(&mut Vec<u8>, &Palette)) {
        let start = self.diagnostics().buffer.len();
        self.labelled_from(start, origin, write);
    }

    /// The same for lines that begin at `start` in what waits.
    fn labelled_from(&mut self, start: usize, origin: Origin, write: impl FnOnce(&mut Vec<u8>, &Palette)) {
        let Sink { buffer, palette, .. } = self.diagnostics();
        diagnostic_lines::label(buffer, origin.client);
        write(buffer, palette);
        self.diagnostics().fold(start);
    }

    fn diagnostics(&mut self) -> &mut Sink {
        self.diagnostics.as_mut().unwrap_or(&mut self.data)
    }
}
