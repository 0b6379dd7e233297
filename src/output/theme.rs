//! Decides whether a stream has colours, and which. Only this module uses `colored`. That crate has one switch for the
//! whole process, which looks only at stdout. So the switch is forced on, and text without colours never goes through
//! `colored`.

use std::ffi::OsString;

use clap::ValueEnum;
use colored::{Colorize, control};

use crate::output::escape::Marks;

/// Whether a stream is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// ANSI colours.
    On,
    /// No escape sequence at all.
    Off,
}

/// The value of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Even when redirected.
    Always,
    /// Not at all.
    Never,
}

/// The environment variables that decide about colours; `None` for one that is not set.
#[derive(Debug, Clone, Default)]
pub struct ColorEnvironment {
    /// `NO_COLOR`: off, unless empty (no-color.org).
    pub no_color: Option<OsString>,
    /// `FORCE_COLOR`: on, unless empty or `0`.
    pub force_color: Option<OsString>,
    /// `CLICOLOR_FORCE`: on, unless empty or `0` (bixense.com/clicolors).
    pub clicolor_force: Option<OsString>,
    /// `CLICOLOR`: off when `0`.
    pub clicolor: Option<OsString>,
    /// `TERM`: off when unset, empty or `dumb`.
    pub term: Option<OsString>,
}

impl ColorEnvironment {
    /// Reads each of the variables with `variable`, which is [`std::env::var_os`] except in tests.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            no_color: variable("NO_COLOR"),
            force_color: variable("FORCE_COLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
            clicolor: variable("CLICOLOR"),
            term: variable("TERM"),
        }
    }
}

/// What a stream writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamKind {
    /// A terminal.
    Terminal,
    /// A file, a pipe, or anything else.
    Other,
}

impl Colors {
    /// Decides whether a stream is coloured. The first of these that applies decides: `choice`, `NO_COLOR`,
    /// `FORCE_COLOR` or `CLICOLOR_FORCE`, `CLICOLOR=0`, `TERM`, `stream`.
    pub fn choose(choice: ColorChoice, environment: &ColorEnvironment, stream: StreamKind) -> Self {
        let set = |value: &Option<OsString>| value.as_ref().is_some_and(|value| !value.is_empty());
        let is = |value: &Option<OsString>, word: &str| value.as_ref().is_some_and(|value| value == word);
        let forced = |value: &Option<OsString>| set(value) && !is(value, "0");
        let capable = set(&environment.term) && !is(&environment.term, "dumb");
        let on = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set(&environment.no_color) => false,
            ColorChoice::Auto if forced(&environment.force_color) || forced(&environment.clicolor_force) => true,
            ColorChoice::Auto => !is(&environment.clicolor, "0") && capable && stream == StreamKind::Terminal,
        };
        if on { Self::On } else { Self::Off }
    }
}

/// The meaning of a piece of output. It determines the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The mark in front of received messages and frames.
    Received,
    /// The mark in front of sent messages and frames.
    Sent,
    /// A note, such as `Connected`.
    Note,
    /// The words `error` and `finding`, and the end of a session that failed.
    Error,
    /// The word `hint`.
    Hint,
    /// Less important text: times, offsets, sizes.
    Faint,
    /// The name of an object's member in JSON.
    Key,
    /// A string in JSON.
    String,
    /// A number in JSON.
    Number,
    /// `true`, `false` and `null`.
    Literal,
}

/// All styles, in the order of their discriminants.
const STYLES: [Style; 10] = [
    Style::Received,
    Style::Sent,
    Style::Note,
    Style::Error,
    Style::Hint,
    Style::Faint,
    Style::Key,
    Style::String,
    Style::Number,
    Style::Literal,
];

/// The escape sequences of one stream. They are made once.
#[derive(Debug)]
pub struct Palette {
    /// For each style.
    sequences: Vec<Marks>,
}

impl Palette {
    /// What surrounds a character that is shown by its code.
    pub fn escape_marks(&self) -> &Marks {
        &self.sequences[Style::Faint as usize]
    }

    /// The palette of a stream.
    pub fn new(colors: Colors) -> Self {
        let sequences = match colors {
            Colors::Off => vec![Marks::default(); STYLES.len()],
            Colors::On => {
                control::set_override(true);
                STYLES.into_iter().map(sequences).collect()
            }
        };
        Self { sequences }
    }

    /// Appends the text that `write` appends, in `style`.
    pub fn paint(&self, output: &mut Vec<u8>, style: Style, write: impl FnOnce(&mut Vec<u8>)) {
        let Marks { before, after } = &self.sequences[style as usize];
        if before.is_empty() {
            return write(output);
        }
        output.extend_from_slice(before.as_bytes());
        write(output);
        output.extend_from_slice(after.as_bytes());
    }

    /// Appends `text` in `style`. It is not escaped, so it must not come from a peer.
    pub fn write(&self, output: &mut Vec<u8>, style: Style, text: &str) {
        self.paint(output, style, |output| output.extend_from_slice(text.as_bytes()));
    }
}

/// The sequences that `colored` puts before and after a text.
fn sequences(style: Style) -> Marks {
    const TEXT: &str = "x";
    let styled = match style {
        Style::Received => TEXT.blue(),
        Style::Sent | Style::Note | Style::String => TEXT.green(),
        Style::Error => TEXT.red().bold(),
        Style::Hint => TEXT.cyan().bold(),
        Style::Faint => TEXT.dimmed(),
        Style::Key => TEXT.cyan(),
        Style::Number => TEXT.yellow(),
        Style::Literal => TEXT.magenta(),
    };
    let styled = styled.to_string();
    let (before, after) = styled.split_once(TEXT).unwrap_or_default();
    Marks { before: before.to_owned(), after: after.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], stream: StreamKind) -> Colors {
        let environment = ColorEnvironment::read(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.into())
        });
        Colors::choose(ColorChoice::Auto, &environment, stream)
    }

    #[test]
    fn a_terminal_is_coloured_and_a_pipe_is_not() {
        assert_eq!(chosen(&[("TERM", "xterm")], StreamKind::Terminal), Colors::On);
        assert_eq!(chosen(&[("TERM", "xterm")], StreamKind::Other), Colors::Off);
    }

    #[test]
    fn a_terminal_that_is_dumb_or_unknown_is_not_coloured() {
        assert_eq!(chosen(&[("TERM", "dumb")], StreamKind::Terminal), Colors::Off);
        assert_eq!(chosen(&[("TERM", "")], StreamKind::Terminal), Colors::Off);
        assert_eq!(chosen(&[], StreamKind::Terminal), Colors::Off);
    }

    #[test]
    fn no_color_wins_over_every_other_variable_unless_it_is_empty() {
        let variables = [("TERM", "xterm"), ("FORCE_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
        assert_eq!(chosen(&variables, StreamKind::Terminal), Colors::Off);
        assert_eq!(chosen(&[("TERM", "xterm"), ("NO_COLOR", "")], StreamKind::Terminal), Colors::On);
    }

    #[test]
    fn forcing_reaches_pipes_and_dumb_terminals() {
        assert_eq!(chosen(&[("FORCE_COLOR", "1")], StreamKind::Other), Colors::On);
        assert_eq!(chosen(&[("CLICOLOR_FORCE", "1"), ("CLICOLOR", "0")], StreamKind::Other), Colors::On);
        assert_eq!(chosen(&[("TERM", "xterm"), ("FORCE_COLOR", "0")], StreamKind::Other), Colors::Off);
    }

    #[test]
    fn clicolor_0_turns_colours_off() {
        assert_eq!(chosen(&[("TERM", "xterm"), ("CLICOLOR", "0")], StreamKind::Terminal), Colors::Off);
        assert_eq!(chosen(&[("TERM", "xterm"), ("CLICOLOR", "1")], StreamKind::Terminal), Colors::On);
    }

    #[test]
    fn the_flag_decides_before_anything_else() {
        let forbidden = ColorEnvironment { no_color: Some("1".into()), ..ColorEnvironment::default() };
        assert_eq!(Colors::choose(ColorChoice::Always, &forbidden, StreamKind::Other), Colors::On);
        let forced = ColorEnvironment { force_color: Some("1".into()), ..ColorEnvironment::default() };
        assert_eq!(Colors::choose(ColorChoice::Never, &forced, StreamKind::Terminal), Colors::Off);
    }

    #[test]
    fn a_plain_palette_writes_no_escape_sequence_and_a_coloured_one_resets_what_it_sets() {
        let mut output = Vec::new();
        Palette::new(Colors::Off).write(&mut output, Style::Error, "error:");
        Palette::new(Colors::On).write(&mut output, Style::Error, "error:");
        assert_eq!(output, b"error:\x1b[1;31merror:\x1b[0m");
    }
}
