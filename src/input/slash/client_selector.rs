//! Parses `/to`, which says for which client of a server a line is.

use super::arguments::ArgumentError;
use super::{Command, Split, parse_line, split};
use crate::error::Result;
use crate::input::input_error;
use crate::input::variables::Quoting;

/// The clients of a server that a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientSelector {
    /// All of them.
    #[default]
    All,
    /// The client of this number.
    Client(u64),
}

impl ClientSelector {
    /// Whether it selects the client of this `number`.
    pub fn selects(self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Client(client) => client == number,
        }
    }

    /// The prompt of lines that go there.
    pub fn prompt(self) -> String {
        match self {
            Self::All => "> ".to_owned(),
            Self::Client(client) => format!("{client}> "),
        }
    }
}

/// Parses the arguments of `/to`. The line in them is split off before `expand` puts in the values of variables: no value
/// names a client or makes a command.
pub(super) fn to(rest: &str, expand: &dyn Fn(&str, Quoting) -> Result<String>) -> Result<Command, ArgumentError> {
    let (name, line) = rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest.trim_start(), ""));
    let selector = match (name, name.parse()) {
        ("all", _) => ClientSelector::All,
        (_, Ok(client)) => ClientSelector::Client(client),
        ("", _) => return Err(ArgumentError::Usage),
        _ => {
            return Err(input_error(format!("`{name}` is neither the number of a client nor `all`"))
                .hint("`/list` shows the clients")
                .into());
        }
    };
    if line.trim().is_empty() {
        return Ok(Command::To(selector, None));
    }
    if let Split::Command(usage, _) = split(line)?
        && !usage.scope.is_for_one()
    {
        return Err(input_error(format!("`/{}` is for no single client", usage.name)).into());
    }
    Ok(Command::To(selector, Some(Box::new(parse_line(line, expand)?))))
}

#[cfg(test)]
mod tests {
    use super::super::{Line, parse, parse_with};
    use super::*;
    use crate::input::Variables;
    use crate::wire::CloseCode;

    fn for_client(client: u64, line: Line) -> Line {
        Line::Command(Command::To(ClientSelector::Client(client), Some(Box::new(line))))
    }

    fn message(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn a_line_is_for_the_client_before_it() {
        assert_eq!(parse("/to 2 hello  there").unwrap(), for_client(2, Line::Text("hello  there".into())));
        assert_eq!(parse("/to 2 //x").unwrap(), for_client(2, Line::Text("/x".into())));
        let close = Command::Close(CloseCode::Restart, String::new());
        assert_eq!(parse("/to 12 /close 1012").unwrap(), for_client(12, Line::Command(close)));
        for without in ["/to 2", "/to  2 "] {
            assert_eq!(parse(without).unwrap(), Line::Command(Command::To(ClientSelector::Client(2), None)));
        }
        assert_eq!(parse("/to all").unwrap(), Line::Command(Command::To(ClientSelector::All, None)));
    }

    #[test]
    fn what_is_for_no_single_client_is_refused() {
        assert_eq!(message("/to"), "usage: /to N|all [LINE]");
        assert_eq!(message("/to two hello"), "`two` is neither the number of a client nor `all`");
        assert_eq!(message("/to -1 hello"), "`-1` is neither the number of a client nor `all`");
        assert_eq!(message("/to 2 /pnig"), "unknown command `/pnig`, did you mean `/ping`?");
        for command in ["to 3 hello", "quit", "help", "save x", "list", "expect x", "reconnect", "set hex on"] {
            let name = command.split(' ').next().unwrap();
            assert_eq!(message(&format!("/to 2 /{command}")), format!("`/{name}` is for no single client"));
        }
        assert_eq!(message(&"/to 1 ".repeat(100_000)), "`/to` is for no single client");
    }

    #[test]
    fn no_value_makes_a_command_or_names_a_client() {
        let mut values = Variables::new(|_| None);
        let with = |values: &Variables, line: &str| parse_with(line, |text, quoting| values.expand(text, quoting));
        values.set("x", "/close 1012");
        assert_eq!(with(&values, "/to 2 ${x}").unwrap(), for_client(2, Line::Text("/close 1012".into())));
        values.set("x", "2 /close");
        assert!(with(&values, "/to ${x}").is_err());
        values.set("x", "2");
        assert!(with(&values, "/to ${x} hello").is_err());
        values.set("x", "/etc/passwd");
        let refused = with(&values, "/to 2 /file ${x}").unwrap_err().to_string();
        assert_eq!(refused, "the peer chose `${x}`, and it must not choose a file");
    }
}
