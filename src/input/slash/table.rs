//! The table of all slash commands. `/help`, completion and the man page are made from it.

use super::arguments::{
    ArgumentError, binary, close, control, decoder, duration, expect_close, file_name, nothing, set,
};
use super::{ClientSelector, Command, TapCommand, client_selector, expressions, frame, tap};
use crate::error::{Error, Result};
use crate::input::input_error;

/// A prompt at which commands are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// That of a client, and what a script has in its place.
    Client,
    /// That of a server with many clients.
    Server,
    /// That of a tap with many connections.
    Tap,
}

/// What a command is about, and with that, where it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A session of ours: it works at the prompts that have some, and behind `/to N`.
    Session,
    /// A connection, whosever it is: it works at every prompt, and behind `/to N`.
    Connection,
    /// The prompt itself: it works at every prompt.
    Own,
    /// What only a client does.
    Client,
    /// The clients of a server or a tap.
    Server,
    /// A connection that is passed on: it works at the prompt of a tap, and behind `/to N`.
    Relayed,
    /// What a tap shows.
    Tap,
}

impl Scope {
    /// Whether commands of this scope work at `prompt`.
    pub fn works_at(self, prompt: Prompt) -> bool {
        match self {
            Self::Connection | Self::Own => true,
            Self::Session => prompt != Prompt::Tap,
            Self::Client => prompt == Prompt::Client,
            Self::Server => prompt != Prompt::Client,
            Self::Relayed | Self::Tap => prompt == Prompt::Tap,
        }
    }

    /// Whether commands of this scope work behind `/to N`.
    pub fn is_for_one(self) -> bool {
        matches!(self, Self::Session | Self::Connection | Self::Relayed)
    }

    /// Where commands of this scope work, if not everywhere.
    pub fn place(self) -> Option<&'static str> {
        match self {
            Self::Session | Self::Connection | Self::Own | Self::Client => None,
            Self::Server => Some("in `listen` and `tap`"),
            Self::Relayed | Self::Tap => Some("in `tap`"),
        }
    }
}

/// The usage of a command.
#[derive(Debug)]
pub struct Usage {
    /// Its name, without the slash.
    pub name: &'static str,
    /// Its arguments; empty when it takes none.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Where it works.
    pub scope: Scope,
    understand: fn(&str) -> Result<Command, ArgumentError>,
}

impl Usage {
    pub(super) fn parse(&self, rest: &str) -> Result<Command> {
        (self.understand)(rest).map_err(|error| self.told(error))
    }

    /// Why the arguments could not be parsed.
    pub(super) fn told(&self, error: ArgumentError) -> Error {
        match error {
            ArgumentError::Error(error) => error,
            ArgumentError::Usage => input_error(format!("usage: {}", self.synopsis())),
        }
    }

    /// `/name ARGUMENTS`
    pub fn synopsis(&self) -> String {
        format!("/{} {}", self.name, self.arguments).trim_end().to_owned()
    }
}

/// The commands, in the order in which they are listed.
pub const COMMANDS: &[Usage] = &[
    Usage {
        name: "help",
        arguments: "[WORD]",
        summary: "list the commands, or those whose name or summary has WORD",
        scope: Scope::Own,
        understand: |rest| Ok(Command::Help(rest.trim().to_owned())),
    },
    Usage {
        name: "text",
        arguments: "REST",
        summary: "send REST as it is, even when it is empty or starts with a slash",
        scope: Scope::Session,
        understand: |rest| Ok(Command::Text(rest.to_owned())),
    },
    Usage {
        name: "binary",
        arguments: "PAYLOAD",
        summary: "send a binary message: hex, a JSON string, @FILE, base64:…, or nothing",
        scope: Scope::Session,
        understand: binary,
    },
    Usage {
        name: "file",
        arguments: "FILE",
        summary: "send what is in a file as a text message",
        scope: Scope::Session,
        understand: |rest| file_name(rest).map(Command::File),
    },
    Usage {
        name: "ping",
        arguments: "[DATA]",
        summary: "send a Ping, and show how long its Pong takes",
        scope: Scope::Session,
        understand: |rest| control(rest).map(Command::Ping),
    },
    Usage {
        name: "pong",
        arguments: "[DATA]",
        summary: "send a Pong that answers no Ping",
        scope: Scope::Session,
        understand: |rest| control(rest).map(Command::Pong),
    },
    Usage {
        name: "close",
        arguments: "[CODE [REASON]]",
        summary: "send a Close (1000) and wait for the answer",
        scope: Scope::Connection,
        understand: close,
    },
    Usage {
        name: "frame",
        arguments: frame::ARGUMENTS,
        summary: "send precisely this frame, legal or not",
        scope: Scope::Session,
        understand: frame::frame,
    },
    Usage {
        name: "headers",
        arguments: "",
        summary: "show the opening handshake again",
        scope: Scope::Client,
        understand: |rest| nothing(rest, Command::Headers),
    },
    Usage {
        name: "stats",
        arguments: "",
        summary: "show messages, bytes and frames each way, ping times, how long open",
        scope: Scope::Connection,
        understand: |rest| nothing(rest, Command::Stats),
    },
    Usage {
        name: "set",
        arguments: "frames|hex|timestamps|pretty|ping-pong|jq on|off",
        summary: "switch what is shown; timestamps also to local, utc or relative, jq to a filter",
        scope: Scope::Own,
        understand: set,
    },
    Usage {
        name: "filter",
        arguments: "[EXPRESSION|off]",
        summary: "show only messages that match, or again all of them",
        scope: Scope::Own,
        understand: expressions::filter,
    },
    Usage {
        name: "find",
        arguments: "EXPRESSION",
        summary: "look for what matches in what has been received",
        scope: Scope::Client,
        understand: expressions::find,
    },
    Usage {
        name: "as",
        arguments: "DECODER",
        summary: "decode the last message received: messagepack, cbor, protobuf, gzip, …",
        scope: Scope::Client,
        understand: decoder,
    },
    Usage {
        name: "expect",
        arguments: "[within=SECONDS] EXPRESSION",
        summary: "wait for a message that matches (10 s), from the last match on",
        scope: Scope::Client,
        understand: expressions::expect,
    },
    Usage {
        name: "expect-close",
        arguments: "[within=SECONDS] [CODE]",
        summary: "wait for the server to close (10 s)",
        scope: Scope::Client,
        understand: expect_close,
    },
    Usage {
        name: "expect-quiet",
        arguments: "SECONDS",
        summary: "fail if a message comes within this time",
        scope: Scope::Client,
        understand: |rest| duration(rest).map(Command::ExpectQuiet),
    },
    Usage {
        name: "wait",
        arguments: "SECONDS",
        summary: "do nothing for a while",
        scope: Scope::Client,
        understand: |rest| duration(rest).map(Command::Wait),
    },
    Usage {
        name: "capture",
        arguments: "NAME PATH|json:POINTER|re:REGEX",
        summary: "keep a part of the last matched message as ${NAME}",
        scope: Scope::Client,
        understand: expressions::capture,
    },
    Usage {
        name: "to",
        arguments: "N|all [LINE]",
        summary: "do LINE for client N alone; no LINE: all that follow",
        scope: Scope::Server,
        understand: |rest| client_selector::to(rest, &|text, _| Ok(text.to_owned())),
    },
    Usage {
        name: "list",
        arguments: "",
        summary: "show the clients",
        scope: Scope::Server,
        understand: |rest| nothing(rest, Command::List),
    },
    Usage {
        name: "only",
        arguments: "N",
        summary: "show connection N alone; the others are passed on all the same",
        scope: Scope::Tap,
        understand: tap::only,
    },
    Usage {
        name: "all",
        arguments: "",
        summary: "show all connections again",
        scope: Scope::Tap,
        understand: |rest| nothing(rest, Command::Tap(TapCommand::Show(ClientSelector::All))),
    },
    Usage {
        name: "cut",
        arguments: "",
        summary: "reset the connection, at both ends",
        scope: Scope::Relayed,
        understand: |rest| nothing(rest, Command::Tap(TapCommand::Cut)),
    },
    Usage {
        name: "stall",
        arguments: "[off]",
        summary: "pass nothing on, either way; off: go on",
        scope: Scope::Relayed,
        understand: tap::stall,
    },
    Usage {
        name: "latency",
        arguments: "SECONDS",
        summary: "pass everything on so much later, each way; 0: at once",
        scope: Scope::Relayed,
        understand: |rest| duration(rest).map(TapCommand::Latency).map(Command::Tap),
    },
    Usage {
        name: "run",
        arguments: "FILE",
        summary: "run a script in this session, up to the first line that fails",
        scope: Scope::Own,
        understand: |rest| file_name(rest).map(Command::Run),
    },
    Usage {
        name: "save",
        arguments: "FILE",
        summary: "write what was typed as a script; as .jsonl, .log or .har, what happened",
        scope: Scope::Own,
        understand: |rest| file_name(rest).map(Command::Save),
    },
    Usage {
        name: "save-last",
        arguments: "FILE",
        summary: "write the last message received to a new file, byte for byte",
        scope: Scope::Client,
        understand: |rest| file_name(rest).map(Command::SaveLast),
    },
    Usage {
        name: "reconnect",
        arguments: "",
        summary: "open the session again",
        scope: Scope::Client,
        understand: |rest| nothing(rest, Command::Reconnect),
    },
    Usage {
        name: "quit",
        arguments: "",
        summary: "close and leave",
        scope: Scope::Own,
        understand: |rest| nothing(rest, Command::Quit),
    },
];

/// How lines are typed: paragraphs for `/help` and the manual.
pub const KEYS: &[&str] = &[
    "A line that starts with / is a command; // sends a line that starts with /. Unfinished JSON, or a \\ at the end, \
     continues on the next line; Alt-Enter sends it as it is.",
    "Tab completes commands and names of files; elsewhere it is a tab. Up and Down go through what was typed before, \
     Ctrl-R looks for a part of it.",
    "Ctrl-C clears the line; on an empty one it gives up what is being waited for, interrupts a filter that does not end, \
     or else closes, as Ctrl-D and /quit do; a second one leaves at once.",
    "While no session is open the prompt says (closed), (waiting) for the next attempt, or (connecting).",
    "wscope cannot know what another program writes to the same terminal (such as `wscope URL | tee log`): it may stand in \
     the line that is typed. Ctrl-L draws that line anew.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_names_every_setting() {
        let settings: Vec<_> = super::super::setting_names().collect();
        assert_eq!(
            crate::input::slash::lookup::find("set").unwrap().arguments,
            format!("{} on|off", settings.join("|"))
        );
    }

    #[test]
    fn every_summary_fits_a_line_of_help() {
        for usage in COMMANDS {
            assert!(usage.summary.chars().count() <= 80, "{}", usage.name);
            assert!(!usage.summary.ends_with('.'), "{}", usage.name);
        }
    }
}
