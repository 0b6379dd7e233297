//! What a printer shows, and how.

use clap::ValueEnum;

use crate::diagnosis::Advice;
use crate::http::redact::Secrets;
use crate::output::theme::Colors;

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

/// For whom [`DataFormat::Text`] is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// For eyes: escaped, prefixed, binary as a hex dump.
    Terminal,
    /// For programs: text and the delimiter, binary bare.
    Exact,
}

/// How much is said on the diagnostics stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors and findings only.
    Quiet,
    /// Notes as well.
    Normal,
    /// Everything about the handshake and the end.
    Verbose,
}

/// Whether opening and closing are announced to a person who sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Banner {
    /// `Connected …` and `Disconnected …`.
    Shown,
    /// Only an end that makes the exit status a failure.
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

/// The clock of the times in front of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// Seconds since the session opened.
    Relative,
    /// Wall clock, in the local time zone.
    Local,
    /// Wall clock, in UTC.
    Utc,
}

/// Whether a printer wants to see what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowSent {
    /// If it is shown.
    WhenShown,
    /// From the first frame of a session on: `/set` may have it shown later, and it cannot be decoded from the middle.
    Always,
}

/// Everything that a [`Printer`](super::Printer) can be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The shape of messages on the data stream.
    pub format: DataFormat,
    /// What follows each text message in [`View::Exact`]: `\n`, or NUL.
    pub delimiter: u8,
    /// For whom text is laid out.
    pub view: View,
    /// Colours on the data stream.
    pub data_colors: Colors,
    /// Colours on the diagnostics stream.
    pub diagnostics_colors: Colors,
    /// How much is said on the diagnostics stream.
    pub level: Level,
    /// Whether opening and closing are announced.
    pub banner: Banner,
    /// How much of each frame is shown.
    pub frames: FrameView,
    /// Whether what is sent is wanted where it is not shown.
    pub follow_sent: FollowSent,
    /// Pings and pongs are shown.
    pub ping_pong: bool,
    /// JSON text messages are laid out over several lines.
    pub pretty: bool,
    /// Times in front of messages.
    pub timestamps: Option<Timestamps>,
    /// Whether secrets in heads, and in what was agreed on, are shown. All other texts come as they may be shown.
    pub secrets: Secrets,
    /// Makes the hint of an error that has a diagnosis.
    pub advice: Advice,
}

impl Options {
    /// Those of a pipe without any flag.
    pub fn new(advice: Advice) -> Self {
        Self {
            format: DataFormat::Text,
            delimiter: b'\n',
            view: View::Exact,
            data_colors: Colors::Off,
            diagnostics_colors: Colors::Off,
            level: Level::Normal,
            banner: Banner::Hidden,
            frames: FrameView::Hidden,
            follow_sent: FollowSent::WhenShown,
            ping_pong: false,
            pretty: false,
            timestamps: None,
            secrets: Secrets::Hidden,
            advice,
        }
    }

    /// Switches `setting` on or off, as `/set` does.
    ///
    /// Bytes imply lines: `hex on` shows both, `hex off` leaves the lines, `frames off` hides both. `timestamps on`
    /// keeps a clock that was chosen before, else it is the relative one.
    pub fn set(&mut self, setting: Setting, on: bool) {
        match setting {
            Setting::Frames if on => self.frames = self.frames.max(FrameView::Lines),
            Setting::Frames => self.frames = FrameView::Hidden,
            Setting::Hex if on => self.frames = FrameView::Hex,
            Setting::Hex => self.frames = self.frames.min(FrameView::Lines),
            Setting::Timestamps if on => self.timestamps = self.timestamps.or(Some(Timestamps::Relative)),
            Setting::Timestamps => self.timestamps = None,
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
        assert_eq!(options.timestamps, Some(Timestamps::Relative));
    }
}
