//! The language of slash commands: what a line at the prompt or in a script means.
//!
//! This module only parses: it reads no file, sends nothing and shows nothing.

mod arguments;
mod client_selector;
mod frame;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use arguments::setting_names;
pub use client_selector::ClientSelector;
pub use frame::frame_fields;
pub use table::{COMMANDS, KEYS, Prompt, Scope, Usage, nearest_of};

use super::payload::Payload;
use super::variables::{Quoting, captures_in};
use super::{Pattern, input_error};
use crate::error::{Error, Result};
use crate::output::Setting;
use crate::wire::{CloseCode, RawHeader};

/// A parsed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A text message, `//` already reduced to `/`.
    Text(String),
    /// A slash command.
    Command(Command),
    /// An empty line.
    Empty,
}

/// A slash command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `/help`
    Help,
    /// `/ping [DATA]`, at most 125 bytes.
    Ping(String),
    /// `/pong [DATA]`, at most 125 bytes.
    Pong(String),
    /// `/close [CODE [REASON]]`, the reason at most 123 bytes, the code one that may be on the wire.
    Close(CloseCode, String),
    /// `/text REST`
    Text(String),
    /// `/binary PAYLOAD`
    Binary(Payload),
    /// `/file FILE`
    File(PathBuf),
    /// `/frame …`
    Frame(RawHeader, Payload),
    /// `/headers`
    Headers,
    /// `/stats`
    Stats,
    /// `/set SETTING on|off`
    Set {
        /// What to switch.
        setting: Setting,
        /// Which way.
        on: bool,
    },
    /// `/reconnect`
    Reconnect,
    /// `/expect [within=SECONDS] REGEX`
    Expect {
        /// How long to wait for it.
        within: Duration,
        /// What it must match.
        pattern: Pattern,
    },
    /// `/expect-close [within=SECONDS] [CODE]`
    ExpectClose {
        /// How long to wait for it.
        within: Duration,
        /// The code it must have.
        code: Option<CloseCode>,
    },
    /// `/expect-quiet SECONDS`
    ExpectQuiet(Duration),
    /// `/wait SECONDS`
    Wait(Duration),
    /// `/capture NAME json:POINTER|re:REGEX`
    Capture {
        /// The variable that it sets.
        name: String,
        /// What to take.
        from: Capture,
    },
    /// `/run FILE`
    Run(PathBuf),
    /// `/save FILE`
    Save(PathBuf),
    /// `/to N|all [LINE]`. Without a line, it is for all that follow.
    To(ClientSelector, Option<Box<Line>>),
    /// `/list`
    List,
    /// `/quit`
    Quit,
}

impl Command {
    /// The same command. If environment variables were put into its pattern, the pattern is shown as it was `written`,
    /// because the values may be secret.
    fn showing(self, written: &str) -> Self {
        match self {
            _ if !written.contains("env:") => self,
            Self::Expect { within, pattern } => Self::Expect { within, pattern: pattern.shown_as(written) },
            Self::Capture { name, from: Capture::Regex(pattern) } => {
                let written = written.strip_prefix("re:").unwrap_or(written);
                Self::Capture { name, from: Capture::Regex(pattern.shown_as(written)) }
            }
            other => other,
        }
    }

    /// The file that the command reads or writes. Every command stands here, so that a new one is not forgotten.
    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path)
            | Self::Run(path)
            | Self::Save(path)
            | Self::Binary(Payload::File(path))
            | Self::Frame(_, Payload::File(path)) => Some(path),
            Self::To(_, line) => match line.as_deref() {
                Some(Line::Command(command)) => command.file(),
                Some(Line::Text(_) | Line::Empty) | None => None,
            },
            Self::Binary(Payload::Bytes(_))
            | Self::Frame(_, Payload::Bytes(_))
            | Self::Text(_)
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::Close(..)
            | Self::Expect { .. }
            | Self::ExpectClose { .. }
            | Self::ExpectQuiet(_)
            | Self::Wait(_)
            | Self::Capture { .. }
            | Self::Set { .. }
            | Self::Help
            | Self::Headers
            | Self::Stats
            | Self::List
            | Self::Reconnect
            | Self::Quit => None,
        }
    }
}

/// The part of a message that `/capture` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capture {
    /// The value at a JSON pointer (RFC 6901).
    Json(String),
    /// The first group of a regular expression, or the whole match if it has no group.
    Regex(Pattern),
}

/// Parses one line, without variables. A slash in column 1 makes it a command. The line may hold newlines.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if the command does not exist or its arguments are wrong. The message
/// is one line, and the caller must send nothing.
pub fn parse(line: &str) -> Result<Line> {
    parse_with(line, |text, _| Ok(text.to_owned()))
}

/// Parses one line in which `expand` replaces variables by their values. The name of the command is read before that,
/// so no value can make a line a command. The arguments are parsed after that.
///
/// # Errors
/// The error of `expand`, and the errors of [`parse`]. Also [`Phase::Input`](crate::error::Phase::Input), if the command
/// names a file and holds a captured value.
pub fn parse_with(line: &str, expand: impl Fn(&str, Quoting) -> Result<String>) -> Result<Line> {
    parse_line(line, &expand)
}

/// The same. The line of a `/to` is parsed by this function too, so the type of `expand` must not grow with it.
fn parse_line(line: &str, expand: &dyn Fn(&str, Quoting) -> Result<String>) -> Result<Line> {
    match split(line)? {
        Split::Text("") => Ok(Line::Empty),
        Split::Text(text) => expand(text, Quoting::Literal).map(Line::Text),
        Split::Command(usage, rest) if usage.name == "to" => {
            client_selector::to(rest, expand).map(Line::Command).map_err(|error| usage.told(error))
        }
        Split::Command(usage, rest) => {
            let (plain, pattern) = rest.split_at(arguments::pattern_start(usage.name, rest));
            let expanded = expand(plain, Quoting::Literal)? + &expand(pattern, Quoting::Regex)?;
            let command = usage.parse(&expanded).map_err(|error| {
                // The message of `error` quotes the values, which may be secret.
                let is_secret = rest.contains("env:");
                let unsaid = || input_error(format!("not understood once the values are in it: `{line}`"));
                if is_secret { unsaid() } else { error }
            })?;
            let command = command.showing(pattern.trim_start());
            check_file(&command, rest)?;
            Ok(Line::Command(command))
        }
    }
}

/// Checks, before any value is known, that no captured value will be a part of the name of a file in `line`.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if one will, or if the command does not exist.
pub(super) fn check_file_of(line: &str) -> Result<()> {
    match split(line)? {
        Split::Command(usage, rest) => usage.parse(rest).map_or(Ok(()), |command| check_file(&command, rest)),
        Split::Text(_) => Ok(()),
    }
}

/// The peer chose what was captured. It must not choose the file that is read or written: so no captured value stands in
/// a command that names one. `written` are the arguments before the values were in them.
fn check_file(command: &Command, written: &str) -> Result<()> {
    let captured = captures_in(written)?;
    match (command.file(), captured.first()) {
        (Some(_), Some(name)) => {
            Err(input_error(format!("the peer chose `${{{name}}}`, and it must not choose a file"))
                .hint("name the file yourself, or by `${env:NAME}`"))
        }
        _ => Ok(()),
    }
}

/// The usage of the command in `line`; `None` for text.
///
/// # Errors
/// [`Phase::Input`](crate::error::Phase::Input), if the command does not exist.
pub fn usage(line: &str) -> Result<Option<&'static Usage>> {
    Ok(match split(line)? {
        Split::Text(_) => None,
        Split::Command(usage, _) => Some(usage),
    })
}

enum Split<'a> {
    Text(&'a str),
    Command(&'static Usage, &'a str),
}

fn split(line: &str) -> Result<Split<'_>> {
    let Some(command) = line.strip_prefix('/') else {
        return Ok(Split::Text(line));
    };
    if command.starts_with('/') {
        return Ok(Split::Text(command));
    }
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    table::find(name).map(|usage| Split::Command(usage, rest)).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Error {
    let message = match table::nearest(name) {
        Some(usage) => format!("unknown command `/{name}`, did you mean `/{}`?", usage.name),
        None => format!("unknown command `/{name}`, `/help` lists them"),
    };
    input_error(message).hint("two slashes at the start send the line as text, with one slash")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Variables;

    fn command(line: &str) -> Command {
        match parse(line).unwrap() {
            Line::Command(command) => command,
            other => panic!("{line} is {other:?}"),
        }
    }

    fn message(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn only_a_slash_in_column_one_makes_a_command() {
        assert_eq!(parse("").unwrap(), Line::Empty);
        assert_eq!(parse("hello").unwrap(), Line::Text("hello".into()));
        assert_eq!(parse(" /quit").unwrap(), Line::Text(" /quit".into()));
        assert_eq!(parse("//quit").unwrap(), Line::Text("/quit".into()));
        assert_eq!(parse("///").unwrap(), Line::Text("//".into()));
        assert_eq!(parse("{\n}").unwrap(), Line::Text("{\n}".into()));
        assert_eq!(command("/quit"), Command::Quit);
        assert_eq!(command("/quit  "), Command::Quit);
    }

    #[test]
    fn text_and_control_payloads_are_taken_literally() {
        assert_eq!(command("/text"), Command::Text(String::new()));
        assert_eq!(command("/text  /two spaces "), Command::Text(" /two spaces ".into()));
        assert_eq!(command("/ping"), Command::Ping(String::new()));
        assert_eq!(command("/pong are you there"), Command::Pong("are you there".into()));
        assert_eq!(
            message(&format!("/ping {}", "x".repeat(126))),
            "a control frame carries at most 125 bytes, not 126"
        );
    }

    #[test]
    fn close_takes_what_may_be_on_the_wire() {
        assert_eq!(command("/close"), Command::Close(CloseCode::Normal, String::new()));
        assert_eq!(command("/close 1000"), Command::Close(CloseCode::Normal, String::new()));
        assert_eq!(command("/close 4001 good bye"), Command::Close(CloseCode::Library(4001), "good bye".into()));
        assert_eq!(message("/close 1006"), "close code 1006 must not be on the wire");
        assert_eq!(message("/close soon"), "`soon` is not a close code");
        assert_eq!(
            message(&format!("/close 1000 {}", "é".repeat(62))),
            "a close reason has at most 123 bytes, not 124"
        );
    }

    #[test]
    fn settings_are_switched_by_name() {
        assert_eq!(command("/set hex on"), Command::Set { setting: Setting::Hex, on: true });
        assert_eq!(command("/set ping-pong off"), Command::Set { setting: Setting::PingPong, on: false });
        let utc = Setting::TimestampKind(crate::output::Timestamps::Utc);
        assert_eq!(command("/set timestamps utc"), Command::Set { setting: utc, on: true });
        assert_eq!(message("/set timestamps x"), "timestamps are on, off, local, utc or relative, not `x`");
        assert_eq!(message("/set hexx on"), "no setting `hexx`, did you mean `hex`?");
        assert_eq!(message("/set hex maybe"), "a setting is `on` or `off`, not `maybe`");
        assert_eq!(message("/set"), "usage: /set frames|hex|timestamps|pretty|ping-pong on|off");
    }

    #[test]
    fn expectations_read_the_rest_of_the_line() {
        let ten = Duration::from_secs(10);
        assert_eq!(command("/expect a  b "), Command::Expect { within: ten, pattern: "a  b ".parse().unwrap() });
        assert_eq!(
            command("/expect within=0.5 within=x"),
            Command::Expect { within: Duration::from_millis(500), pattern: "within=x".parse().unwrap() }
        );
        assert_eq!(
            command("/expect-close 4001"),
            Command::ExpectClose { within: ten, code: Some(CloseCode::Library(4001)) }
        );
        assert_eq!(
            command("/expect-close within=1"),
            Command::ExpectClose { within: Duration::from_secs(1), code: None }
        );
        for never in ["0", "99", "999", "5000", "65536"] {
            assert_eq!(message(&format!("/expect-close {never}")), format!("`{never}` is not a close code"));
        }
        assert_eq!(command("/expect-quiet 2"), Command::ExpectQuiet(Duration::from_secs(2)));
        assert_eq!(command("/wait 0"), Command::Wait(Duration::ZERO));
        assert_eq!(message("/wait -1"), "`-1` is not a number of seconds");
        assert_eq!(message("/expect"), "usage: /expect [within=SECONDS] REGEX");
    }

    #[test]
    fn captures_name_their_variable_and_what_to_take() {
        assert_eq!(
            command("/capture token json:/auth/0/token"),
            Command::Capture { name: "token".into(), from: Capture::Json("/auth/0/token".into()) }
        );
        assert_eq!(
            command("/capture id re:id=(\\d+) now"),
            Command::Capture { name: "id".into(), from: Capture::Regex("id=(\\d+) now".parse().unwrap()) }
        );
        assert_eq!(message("/capture 1x re:a"), "`1x` is not a name: letters, digits and `_`, no digit first");
        assert_eq!(message("/capture x token"), "usage: /capture NAME json:POINTER|re:REGEX");
    }

    #[test]
    fn no_captured_value_becomes_a_path_in_any_command() {
        let mut values = Variables::new(|name| (name == "HOME").then(|| "/home/me".into()));
        for captured in ["/etc/passwd", "@/etc/passwd", "op=text @~/x", "1"] {
            values.set("x", captured);
            let written = ["${x}", "@${x}", "${x}@", "@/tmp/${x}", "op=text ${x}", "len=${x} @/tmp/y"];
            for (usage, arguments) in COMMANDS.iter().flat_map(|usage| written.map(|arguments| (usage, arguments))) {
                let line = format!("/{} {arguments}", usage.name);
                let parsed = parse_with(&line, |text, quoting| values.expand(text, quoting));
                let file = parsed.ok().and_then(|line| match line {
                    Line::Command(command) => command.file().map(Path::to_path_buf),
                    Line::Text(_) | Line::Empty => None,
                });
                assert_eq!(file, None, "{line} with {captured}");
            }
        }
        let own = parse_with("/file ${env:HOME}/$${x}", |text, quoting| values.expand(text, quoting)).unwrap();
        assert_eq!(own, Line::Command(Command::File("/home/me/${x}".into())));
    }

    #[test]
    fn a_misspelt_command_is_told_what_was_meant() {
        assert_eq!(message("/pnig"), "unknown command `/pnig`, did you mean `/ping`?");
        assert_eq!(message("/recon"), "unknown command `/recon`, did you mean `/reconnect`?");
        assert_eq!(message("/usr/bin/env"), "unknown command `/usr/bin/env`, `/help` lists them");
        assert_eq!(message("/"), "unknown command `/`, `/help` lists them");
        assert_eq!(message("/quit now"), "usage: /quit");
    }
}
