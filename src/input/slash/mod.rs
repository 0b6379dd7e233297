//! The language of slash commands: what a line at the prompt or in a script means.
//!
//! This module only parses: it reads no file, sends nothing and shows nothing.

mod arguments;
mod client_selector;
mod expressions;
mod frame;
mod lookup;
mod table;
mod tap;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use arguments::{LONGEST_TIME, setting_names};
pub use client_selector::ClientSelector;
pub use expressions::{Capture, FilterChange};
pub use frame::frame_fields;
pub use lookup::{commands_about, nearest_of};
pub use table::{COMMANDS, KEYS, Prompt, Scope, Usage};
pub use tap::TapCommand;

use super::input_error;
use super::payload::Payload;
use super::variables::{Quoting, captures_in};
use crate::decode;
use crate::error::{Error, Result};
use crate::output::Setting;
use crate::pattern::{Expression, JqFilter};
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
    /// `/help [WORD]`
    Help(String),
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
    /// `/expect [within=SECONDS] EXPRESSION`
    Expect {
        /// How long to wait for it.
        within: Duration,
        /// What it must match.
        expression: Expression,
    },
    /// `/find EXPRESSION`
    Find(Expression),
    /// `/as DECODER`
    As(&'static decode::Description),
    /// `/filter [EXPRESSION|off]`
    Filter(FilterChange),
    /// `/set jq FILTER|off`
    Jq(Option<JqFilter>),
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
    /// `/capture NAME PATH|json:POINTER|re:REGEX`
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
    /// `/save-last FILE`
    SaveLast(PathBuf),
    /// `/to N|all [LINE]`. Without a line, it is for all that follow.
    To(ClientSelector, Option<Box<Line>>),
    /// `/list`
    List,
    /// What is done at the prompt of a tap.
    Tap(TapCommand),
    /// `/quit`
    Quit,
}

impl Command {
    /// The expression that it asks messages about, if it has one.
    pub fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Expect { expression, .. } | Self::Find(expression) | Self::Filter(FilterChange::To(expression)) => {
                Some(expression)
            }
            _ => None,
        }
    }

    /// The same command. If environment variables were put into its pattern, the pattern is shown as it was `written`,
    /// because the values may be secret.
    fn showing(self, written: &str) -> Self {
        match self {
            _ if !written.contains("env:") => self,
            Self::Expect { within, expression } => Self::Expect { within, expression: expression.shown_as(written) },
            Self::Find(expression) => Self::Find(expression.shown_as(written)),
            Self::Filter(FilterChange::To(expression)) => Self::Filter(FilterChange::To(expression.shown_as(written))),
            Self::Capture { name, from: Capture::Regular(regex) } => {
                let written = written.strip_prefix("re:").unwrap_or(written);
                Self::Capture { name, from: Capture::Regular(regex.shown_as(written)) }
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
            | Self::SaveLast(path)
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
            | Self::Find(_)
            | Self::As(_)
            | Self::Filter(_)
            | Self::Jq(_)
            | Self::ExpectClose { .. }
            | Self::ExpectQuiet(_)
            | Self::Wait(_)
            | Self::Capture { .. }
            | Self::Set { .. }
            | Self::Help(_)
            | Self::Headers
            | Self::Stats
            | Self::List
            | Self::Tap(_)
            | Self::Reconnect
            | Self::Quit => None,
        }
    }
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
            let expanded = expressions::expanded(usage.name, rest, expand)?;
            let command = usage.parse(&expanded).map_err(|error| {
                // The message of `error` quotes the values, which may be secret.
                let is_secret = rest.contains("env:");
                let unsaid = || input_error(format!("not understood once the values are in it: `{line}`"));
                if is_secret { unsaid() } else { error }
            })?;
            let written = &rest[expressions::expression_start(usage.name, rest)..];
            let command = command.showing(written);
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
    lookup::find(name).map(|usage| Split::Command(usage, rest)).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Error {
    let message = match lookup::nearest(name) {
        Some(usage) => format!("unknown command `/{name}`, did you mean `/{}`?", usage.name),
        None => format!("unknown command `/{name}`, `/help` lists them"),
    };
    input_error(message).hint("two slashes at the start send the line as text, with one slash")
}

#[cfg(test)]
mod tests;
