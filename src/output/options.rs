//! The options of a printer: what it shows, and in which form.

use clap::ValueEnum;

use crate::diagnosis::Advice;
use crate::event::Direction;
use crate::http::redact::Secrets;
use crate::output::escape::Marks;
use crate::output::theme::{Colors, Palette};
use crate::pattern::{Expression, FilterRuns, JqFilter};

/// The shape of each message on the data stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// For people on a terminal; elsewhere text with a newline each, and binary as it is.
    Text,
    /// Every message as it is, with nothing between them.
    Raw,
    /// Each message is a line of hex.
    Hex,
    /// Each message is a line of Base64.
    Base64,
    /// Each event of the session is a line of JSON.
    Json,
    /// Nothing.
    None,
}

/// The form of [`DataFormat::Text`]: for a person, or for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// For a person at a terminal: escaped, with a prefix, binary messages as hex dumps.
    Terminal,
    /// For a program: text followed by the delimiter, binary messages as they are.
    Exact,
}

/// How much is shown on the diagnostics stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only errors and findings.
    Quiet,
    /// Also notes.
    Normal,
    /// Also everything about the handshake and the end.
    Verbose,
}

/// Whether the printer announces that a session opens and closes, for a person at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Banner {
    /// `Connected …` and `Disconnected …`.
    Shown,
    /// Only the end, and only if it makes the exit status a failure.
    Hidden,
}

/// How much of each frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameView {
    /// Nothing.
    Hidden,
    /// One line a frame.
    Lines,
    /// The line and every byte; also the bytes of the HTTP heads at [`Level::Verbose`].
    Hex,
}

/// The kind of the times in front of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// Seconds since the session opened.
    Relative,
    /// Wall clock, in the local time zone.
    Local,
    /// Wall clock, in UTC.
    Utc,
}

impl Timestamps {
    /// The kind of this name: the same on the command line and in `/set`.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }
}

/// Where we stand: how the two directions are shown, and which of them is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Perspective {
    /// At one end. What the peer sends is data; what we send is shown beside it where that is asked for.
    End,
    /// Between a client and a server. What either sends is data: [`Direction::Sent`] is the client's,
    /// [`Direction::Received`] the server's.
    Between,
}

impl Perspective {
    /// Its name in a recording.
    pub fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Between => "between",
        }
    }

    /// The member of a JSON object that says which way something went: its name and its value.
    pub fn direction(self, direction: Direction) -> (&'static str, &'static str) {
        match (self, direction) {
            (Self::End, Direction::Sent) => ("direction", "sent"),
            (Self::End, Direction::Received) => ("direction", "received"),
            (Self::Between, direction) => ("from", self.side(direction)),
        }
    }

    /// The side that sends this way, for people.
    pub fn sender(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (Self::End, Direction::Sent) => "us",
            (Self::End, Direction::Received) => "the peer",
            (Self::Between, Direction::Sent) => "the client",
            (Self::Between, Direction::Received) => "the server",
        }
    }

    /// The same as one word for programs.
    pub fn side(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (Self::End, Direction::Sent) => "us",
            (Self::End, Direction::Received) => "peer",
            (Self::Between, Direction::Sent) => "client",
            (Self::Between, Direction::Received) => "server",
        }
    }
}

/// Whether a printer gets the frames that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowSent {
    /// Only if it shows them.
    WhenShown,
    /// From the first frame of a session on. `/set` may switch them on later, and the decoder of a stream must start
    /// with its first frame.
    Always,
    /// The same, and its text for people has what was sent beside what was received: it was not
    /// typed there.
    Shown,
}

/// How much of what happens [`DataFormat::Json`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What programs want to know.
    Events,
    /// Everything, so that it can be read back: what a recording is.
    Everything,
}

/// Whether what messages mean is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotations {
    /// Below the message, or beside it.
    Shown,
    /// Not at all.
    Hidden,
}

/// All options of a [`Printer`](super::Printer).
#[derive(Debug, Clone)]
pub struct Options {
    /// Where we stand.
    pub perspective: Perspective,
    /// The shape of messages on the data stream.
    pub format: DataFormat,
    /// How much of what happens is in JSON.
    pub extent: Extent,
    /// What follows each text message in [`View::Exact`]: `\n`, or NUL.
    pub delimiter: u8,
    /// The form of text: for a person, or for a program.
    pub view: View,
    /// The form of times on the diagnostics stream.
    pub diagnostics_view: View,
    /// Colours on the data stream.
    pub data_colors: Colors,
    /// Colours on the diagnostics stream.
    pub diagnostics_colors: Colors,
    /// How much is shown on the diagnostics stream.
    pub level: Level,
    /// Whether the printer announces that a session opens and closes.
    pub banner: Banner,
    /// How much of each frame is shown.
    pub frames: FrameView,
    /// Whether the printer gets sent frames even while it does not show them.
    pub follow_sent: FollowSent,
    /// Whether pings, pongs and the heartbeats of dialects are shown.
    pub ping_pong: bool,
    /// Whether what messages mean is shown.
    pub annotations: Annotations,
    /// Whether JSON text messages are laid out over several lines.
    pub pretty: bool,
    /// The times in front of messages; `None` shows none.
    pub timestamps: Option<Timestamps>,
    /// What messages must match, all of them, to be shown.
    pub filters: Vec<Expression>,
    /// What messages are shown as.
    pub jq: Option<JqFilter>,
    /// Where these run. Printers with a clone of the options share it.
    pub filter_runs: FilterRuns,
    /// Whether secrets in heads, and in what was agreed on, are shown. All other texts come as they may be shown.
    pub secrets: Secrets,
    /// Makes the hint text of an error that has a diagnosis.
    pub advice: Advice,
}

impl Options {
    /// The options for stdout in a pipe, without any flag.
    pub fn new(advice: Advice) -> Self {
        Self {
            perspective: Perspective::End,
            format: DataFormat::Text,
            extent: Extent::Events,
            delimiter: b'\n',
            view: View::Exact,
            diagnostics_view: View::Exact,
            data_colors: Colors::Off,
            diagnostics_colors: Colors::Off,
            level: Level::Normal,
            banner: Banner::Hidden,
            frames: FrameView::Hidden,
            follow_sent: FollowSent::WhenShown,
            ping_pong: false,
            annotations: Annotations::Hidden,
            pretty: false,
            timestamps: None,
            filters: Vec::new(),
            jq: None,
            filter_runs: FilterRuns::default(),
            secrets: Secrets::Hidden,
            advice,
        }
    }

    /// The same, for all messages as they are: filters are for a view.
    pub fn unfiltered(&self) -> Self {
        Self { filters: Vec::new(), jq: None, ..self.clone() }
    }

    /// What surrounds a character that is shown by its code in a line that is typed.
    pub fn escape_marks(&self) -> Marks {
        Palette::new(self.diagnostics_colors).escape_marks().clone()
    }

    /// Switches `setting` on or off, as `/set` does.
    ///
    /// `hex on` shows lines and bytes, `hex off` leaves the lines, `frames off` hides both. `timestamps on` keeps the
    /// kind of times that was chosen before; otherwise it shows local times.
    pub fn set(&mut self, setting: Setting, on: bool) {
        match setting {
            Setting::Frames if on => self.frames = self.frames.max(FrameView::Lines),
            Setting::Frames => self.frames = FrameView::Hidden,
            Setting::Hex if on => self.frames = FrameView::Hex,
            Setting::Hex => self.frames = self.frames.min(FrameView::Lines),
            Setting::Timestamps if on => self.timestamps = self.timestamps.or(Some(Timestamps::Local)),
            Setting::Timestamps => self.timestamps = None,
            Setting::TimestampKind(kind) => self.timestamps = on.then_some(kind),
            Setting::Pretty => self.pretty = on,
            Setting::PingPong => self.ping_pong = on,
        }
    }
}

/// What `/set` can switch while a session is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// `/set frames`
    Frames,
    /// `/set hex`
    Hex,
    /// `/set timestamps`
    Timestamps,
    /// `/set timestamps KIND`
    TimestampKind(Timestamps),
    /// `/set pretty`
    Pretty,
    /// `/set ping-pong`
    PingPong,
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Default for Options {
        fn default() -> Self {
            Self::new(|diagnosis| format!("{diagnosis:?}"))
        }
    }

    #[test]
    fn hex_implies_frames_and_leaves_them_behind() {
        let mut options = Options::default();
        options.set(Setting::Hex, true);
        assert_eq!(options.frames, FrameView::Hex);
        options.set(Setting::Frames, true);
        assert_eq!(options.frames, FrameView::Hex);
        options.set(Setting::Hex, false);
        assert_eq!(options.frames, FrameView::Lines);
        options.set(Setting::Frames, false);
        assert_eq!(options.frames, FrameView::Hidden);
        options.set(Setting::Hex, false);
        assert_eq!(options.frames, FrameView::Hidden);
    }

    #[test]
    fn timestamps_on_keeps_the_clock_that_was_chosen() {
        let mut options = Options { timestamps: Some(Timestamps::Utc), ..Options::default() };
        options.set(Setting::Timestamps, true);
        assert_eq!(options.timestamps, Some(Timestamps::Utc));
        options.set(Setting::Timestamps, false);
        options.set(Setting::Timestamps, true);
        assert_eq!(options.timestamps, Some(Timestamps::Local));
        options.set(Setting::TimestampKind(Timestamps::Relative), true);
        assert_eq!(options.timestamps, Some(Timestamps::Relative));
    }
}
