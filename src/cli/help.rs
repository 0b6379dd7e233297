//! The parts of help and man page that are not about one flag.

use std::fmt::Write as _;

use crate::error::ExitStatus;
use crate::input::command::COMMANDS;

/// What follows the flags in `wscope -h`.
pub(super) fn after_help() -> String {
    format!("{}\n\nwscope --help says everything: input, output, environment, exit status.", examples(EXAMPLES))
}

/// Examples under their title.
pub(super) fn examples(text: &str) -> String {
    format!("Examples:\n{text}")
}

const EXAMPLES: &str = "  wscope demo                                  try it without a server
  wscope wss://example.com/feed                talk; /help lists the commands
  echo '{\"op\":\"ping\"}' | wscope -w 5 URL       send a line, print 5 s of replies
  wscope -v --frames -u me URL                 see everything on the wire
  wscope listen 8080 --echo                    be the server";

pub(super) const DEMO_EXAMPLES: &str =
    "  wscope demo                     type, and see the server push at the same time
  echo hi | wscope demo           print `hi`, and leave
  wscope demo --frames --hex      see each byte of it";

pub(super) const LISTEN_EXAMPLES: &str = "  wscope listen 8080 --echo -v                answer on ws://localhost:8080
  wscope listen 0.0.0.0:8443 --cert site.pem  wss://, and from other machines
  wscope listen 8080 --push tick --every 2    feed a client under test
  tail -f events.jsonl | wscope listen 8080   send each line to all clients";

/// The sections that follow the flags in `wscope --help` and `wscope.1`: title and text.
pub(super) fn sections() -> Vec<(&'static str, String)> {
    vec![
        ("Input and output", STREAMS.into()),
        ("Commands at the prompt", commands()),
        ("Exit status", exit_statuses()),
        ("Environment", ENVIRONMENT.into()),
        ("Files", FILES.into()),
        ("Examples", RECIPES.into()),
    ]
}

/// What follows the flags in `wscope --help`.
pub(super) fn after_long_help() -> String {
    sections().iter().fold(String::new(), |mut help, (title, text)| {
        let separator = if help.is_empty() { "" } else { "\n\n" };
        let _ = write!(help, "{separator}{title}:\n{}", text.trim_end());
        help
    })
}

fn exit_statuses() -> String {
    ExitStatus::REACHABLE.iter().fold(String::new(), |mut table, status| {
        let _ = writeln!(table, "  {:<5} {}", status.code(), status.describe());
        table
    })
}

fn commands() -> String {
    let mut list = COMMANDS.iter().fold(String::new(), |mut list, usage| {
        let _ = writeln!(list, "  {}\n      {}", usage.synopsis(), usage.summary);
        list
    });
    list.push_str(AT_THE_PROMPT);
    list
}

const STREAMS: &str = "  stdin and stdout are judged separately, each by whether it is a terminal.

  stdin, terminal     a line editor; lines are sent as text, / starts a command
  stdin, otherwise    data: each line is a text message, an empty one too
  stdout, terminal    text with control characters shown, binary as a hex dump
  stdout, otherwise   data: text with a newline each, binary as it is
  stderr              what wscope says: notes, errors, -v, --frames, --hex, -P

  When the input has ended, wscope stays until nothing has come for 2 seconds
  (or as -w says), then closes, and prints what still comes.";

const AT_THE_PROMPT: &str = "
  A line that starts with / is a command; // sends a line that starts with /.
  Unfinished JSON, or a \\ at the end, continues on the next line; Alt-Enter
  sends it as it is. Ctrl-C clears the line; on an empty one it closes, as Ctrl-D
  and /quit do, and a second one leaves at once.";

const ENVIRONMENT: &str = "  NO_COLOR                     when not empty: no colours
  SSLKEYLOGFILE                where to log TLS secrets, for Wireshark
  SSL_CERT_FILE, SSL_CERT_DIR  certificates to trust instead of the system's
  XDG_STATE_HOME               where the history is kept (default ~/.local/state)
  TZ                           the local time zone";

const FILES: &str = "  $XDG_STATE_HOME/wscope/history   what was typed; lines that start with a space
                                   are not kept";

const RECIPES: &str = "  Send three messages in order, print replies until 1.5 s of silence are over:
    wscope -x one -x two -x three -w 1.5 wss://example.com/ws
  Collect a feed for a minute:
    wscope -N -w 60 wss://example.com/feed > feed.jsonl
  Send a file as binary messages:
    wscope -b wss://example.com/upload < picture.png
  Keep credentials out of the process list:
    wscope --bearer @token.txt -H @headers.txt wss://example.com/ws
  Talk to a server with a certificate of your own authority:
    wscope --cacert ca.pem --cert me.pem --key me.key wss://localhost:8443
  Find out who closes the connection, and why:
    wscope -v --frames --ping-interval 20 --ping-timeout 5 wss://example.com/ws
  Send a frame that breaks the protocol, and see what the server does:
    printf '/frame rsv=4 00ff' then Enter, at the prompt of wscope --frames URL";
