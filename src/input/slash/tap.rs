//! The commands of a tap alone.

use std::time::Duration;

use super::arguments::ArgumentError;
use super::{ClientSelector, Command};

/// What is done to the connections of a tap, or to what is shown of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TapCommand {
    /// `/only N`, and `/all`: show these.
    Show(ClientSelector),
    /// `/cut`
    Cut,
    /// `/stall [off]`: whether nothing is passed on.
    Stall(bool),
    /// `/latency SECONDS`
    Latency(Duration),
}

/// Parses the arguments of `/only`.
pub(super) fn only(rest: &str) -> Result<Command, ArgumentError> {
    let number = rest.trim().parse().map_err(|_| ArgumentError::Usage)?;
    Ok(Command::Tap(TapCommand::Show(ClientSelector::Client(number))))
}

/// Parses the arguments of `/stall`.
pub(super) fn stall(rest: &str) -> Result<Command, ArgumentError> {
    match rest.trim() {
        "" | "on" => Ok(Command::Tap(TapCommand::Stall(true))),
        "off" => Ok(Command::Tap(TapCommand::Stall(false))),
        _ => Err(ArgumentError::Usage),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Line, parse};
    use super::*;

    fn tap(line: &str) -> TapCommand {
        match parse(line).unwrap() {
            Line::Command(Command::Tap(command)) => command,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_says_what_it_does_and_to_which() {
        assert_eq!(tap("/only 3"), TapCommand::Show(ClientSelector::Client(3)));
        assert_eq!(tap("/all"), TapCommand::Show(ClientSelector::All));
        assert_eq!([tap("/stall"), tap("/stall off")], [true, false].map(TapCommand::Stall));
        let latency = Box::new(Line::Command(Command::Tap(TapCommand::Latency(Duration::from_millis(500)))));
        let selector = ClientSelector::Client(2);
        assert_eq!(parse("/to 2 /latency 0.5").unwrap(), Line::Command(Command::To(selector, Some(latency))));
    }

    #[test]
    fn what_else_is_said_is_refused() {
        for (line, usage) in
            [("/only", "/only N"), ("/only x", "/only N"), ("/stall x", "/stall [off]"), ("/cut 1", "/cut")]
        {
            assert_eq!(parse(line).unwrap_err().to_string(), format!("usage: {usage}"));
        }
        assert_eq!(parse("/to 1 /only 2").unwrap_err().to_string(), "`/only` is for no single client");
    }
}
