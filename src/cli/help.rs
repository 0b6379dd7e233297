//! The parts of the help and the man page that do not belong to one flag.

use std::env;
use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::{ArgAction, Args, Command};
use terminal_size::terminal_size;

use super::expressions;
use crate::error::ExitStatus;
use crate::input::slash::{COMMANDS, KEYS};
use crate::output::fold::{USUAL_COLUMNS, fold, fold_line};

/// What help is set for.
pub(super) const COLUMNS: usize = USUAL_COLUMNS;

/// The flags that print help.
#[derive(Debug, Clone, Args)]
pub(super) struct HelpArgs {
    /// Print what is used most
    #[arg(short, long, global = true, action = ArgAction::HelpShort)]
    help: Option<bool>,

    /// Print the whole manual
    ///
    /// Every flag, the commands at the prompt, formats, scripts, exit statuses and examples.
    #[arg(short = 'M', long, global = true, action = ArgAction::HelpLong)]
    manual: Option<bool>,
}

/// The text after the flags in `wscope --help`.
pub(super) fn after_help() -> String {
    examples(EXAMPLES)
}

/// Examples with a title.
pub(super) fn examples(text: &str) -> String {
    format!("Examples:\n{text}")
}

const EXAMPLES: &str = "  wscope wss://example.com/feed                talk; /help lists the commands
  echo '{\"op\":\"ping\"}' | wscope -1 URL         send a line, print the one reply
  wscope -v --frames -u me URL                 see everything on the wire";

pub(super) const DEMO_EXAMPLES: &str =
    "  wscope demo                     type, and see the server push at the same time
  echo hi | wscope demo           print `hi`, and leave
  wscope demo --frames --hex      see each byte of it";

pub(super) const CURL_EXAMPLES: &str = "  wscope curl 'wss://example.com/feed' -b 'id=1' --compressed
  wscope curl 'wss://example.com/feed' -H 'Origin: null' -- --frames --count 1";

pub(super) const LISTEN_EXAMPLES: &str = "  wscope listen 8080 --echo -v                answer on ws://localhost:8080
  wscope listen 0.0.0.0:8443 --cert site.pem  wss://, and from other machines
  wscope listen 8080 --push tick --every 2    feed a client under test
  tail -f events.jsonl | wscope listen 8080   send each line to all clients";

pub(super) const TAP_EXAMPLES: &str =
    "  wscope tap 8080 wss://example.com/feed         clients connect to ws://localhost:8080/feed
  wscope tap 0.0.0.0:8080 http://localhost:3000  a phone's page, and its WebSockets
  wscope tap 8080 wss://example.com --frames     with the frames that carry the messages
  wscope tap 8080 --intercept example.com        a proxy for a browser, which decrypts one host
  wscope tap 8080 URL --output json | jq .       for programs: `from` is client or server";

pub(super) const PING_EXAMPLES: &str = "  wscope ping -c 10 wss://example.com/ws    ten round trips, and their figures
  wscope ping --flood -c 10000 --plot URL   how they are distributed
  wscope ping --fresh -i 60 URL             a connection a minute, phase by phase
  wscope ping --message 'hi {number}' URL   past a proxy that answers pings
  wscope ping -c 100 --output json URL      for programs";

pub(super) const SHOW_EXAMPLES: &str = "  wscope --record=session.jsonl wss://example.com/feed  record while you talk
  wscope show session.jsonl                             what passed, as it was shown
  wscope show session.jsonl --frames --hex --from 12.5  each byte, from there on
  wscope show session.jsonl --follow --connection 2     while it is still written
  wscope show session.jsonl --save session.log          the screen as text";

pub(super) const CHECK_EXAMPLES: &str = "  wscope check wss://example.com/feed         what is wrong, and what to do
  wscope check --strict --output json URL     for a script: status 1 for a warning
  wscope check --probe '{\"op\":\"ping\"}' URL   send this, and wait for an answer";

pub(super) const REPLAY_EXAMPLES: &str =
    "  wscope replay session.jsonl                 to the server that it was recorded with
  wscope replay page.har ws://localhost:8080  what the browser sent, to a server under test
  wscope replay --speed max a.jsonl URL       without its pauses";

/// The sections after the flags in `wscope --manual` and `wscope.1`: title and text of each.
pub(super) fn sections(columns: usize) -> Vec<(&'static str, String)> {
    vec![
        ("Input and output", STREAMS.into()),
        ("Formats", FORMATS.into()),
        ("Expressions", expressions::section()),
        ("Commands at the prompt", commands(columns)),
        ("Scripts", SCRIPTS.into()),
        ("Profiles", PROFILES.into()),
        ("Exit status", exit_statuses()),
        ("Environment", ENVIRONMENT.into()),
        ("Files", FILES.into()),
        ("Examples", RECIPES.into()),
    ]
}

/// The command line with all that its help says, folded for the terminal. No other run needs that.
pub(super) fn with_help(command: Command) -> Command {
    let columns = columns();
    let folded = |text: &StyledStr| fold(&text.to_string(), columns);
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| match command.get_after_help().map(folded) {
            Some(examples) => command.after_help(examples),
            None => command,
        })
    });
    command.after_help(fold(&after_help(), columns)).after_long_help(fold(&after_long_help(columns), columns))
}

/// How many columns help may take. Longer lines are hard to read.
fn columns() -> usize {
    let terminal = terminal_size().map(|(width, _)| width.0.into());
    let wanted = || env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(wanted).unwrap_or(COLUMNS).min(COLUMNS)
}

/// The text after the flags in `wscope --manual`.
fn after_long_help(columns: usize) -> String {
    sections(columns).iter().fold(String::new(), |mut help, (title, text)| {
        let separator = if help.is_empty() { "" } else { "\n\n" };
        let _ = write!(help, "{separator}{title}:\n{}", text.trim_end());
        help
    })
}

fn exit_statuses() -> String {
    ExitStatus::ALL.iter().fold(String::new(), |mut table, status| {
        let _ = writeln!(table, "  {:<5} {}", status.code(), status.describe());
        table
    })
}

/// The commands, in lines that no terminal has to fold, and the keys.
fn commands(columns: usize) -> String {
    let mut list = String::new();
    for usage in COMMANDS {
        let synopsis = fold_line(&format!("  {}", usage.synopsis()), columns, 4);
        let place = usage.scope.place().map(|place| format!("{place}: ")).unwrap_or_default();
        let _ = writeln!(list, "{synopsis}\n      {place}{}", usage.summary);
    }
    KEYS.iter().fold(list, |list, sentences| format!("{list}\n  {sentences}"))
}

const STREAMS: &str = "  stdin and stdout are judged separately, each by whether it is a terminal.

  stdin, terminal     a line editor; lines are sent as text, / starts a command
  stdin, otherwise    data: each line is a text message, an empty one too
  in the background   of its terminal (with &, or under timeout) stdin is left \
                      to the foreground: nothing is read or asked, as with -N
  stdout, terminal    text with what is invisible shown, binary as a hex dump; a \
                      row that continues a line starts with two blanks
  stdout, otherwise   data: text with a newline each, binary as it is
  stderr              what wscope says: notes, errors, -v, --frames, --hex, -P; \
                      on a terminal also how far a long send is (not with -q)

  When the input has ended, wscope waits up to 10 seconds for an answer to the \
  last of it, then until nothing has come for 2 seconds (or as -w says); then it \
  closes, and prints what still comes. Where stdin is empty from the start, and \
  nothing else is sent, it receives until the server closes, as with -N.";

const FORMATS: &str = "  --input lines    each line is a text message, without its end (the default)
  --input null     each piece that ends with NUL is a text message (-0)
  --input whole    all of stdin is one text message, its last newline too
  --input chunks   binary messages, as stdin arrives (-b)
  --input hex      each line is a binary message, in hex, with spaces or without
  --input base64   each line is a binary message, in Base64
  --input json     each line is an object that says what to send: \
                   {\"text\":\"...\"}, {\"binary\":\"BASE64\"}, {\"json\":VALUE}, \
                   {\"ping\":\"...\"}, {\"pong\":\"...\"} or {\"close\":{\"code\":1000}}; \
                   or what --output json wrote: messages that were received then \
                   are sent now, and other events are skipped
  A byte order mark in front of text is skipped.
  With null and whole, -b makes messages binary. A line that cannot be sent ends \
  the input: what came before it is sent and answered, and the exit status is 2.

  --output text    text with a newline each (NUL with -0), binary as it is; on a \
                   terminal laid out for people (the default)
  --output raw     every message as it is, nothing between them; not for a \
                   terminal, which it could drive (| cat says that you mean it)
  --output hex     each message is a line of hex
  --output base64  each message is a line of Base64
  --output json    each event is a line of JSON: open, message, ping, pong, \
                   close, finding, error, and with --frames frame; sent ones too
  --output none    nothing";

/// The text before the fields of the events in the man page.
pub(super) const EVENTS: &str = "  Each line of --output json is one object with these fields, version 1 of them. \
  Later versions may add fields and types of events without a new number.";

pub(super) const RECORDING_EVENTS: &str = "  A recording has the events of wscope(1), with these besides, and these further \
  fields. `statistics` is in none: `--stats --output json` prints it.";

const SCRIPTS: &str = "  A script holds lines as they are typed at the prompt; blank lines, and lines \
  that start with #, are skipped. What is wrong with it is found before anything \
  is sent. This one is run with `./login.ws URL`, or `wscope --script login.ws \
  URL`:

    #!/usr/bin/env -S wscope --script
    {\"op\":\"login\",\"key\":\"${json:env:API_KEY}\"}
    /expect within=2 \"ok\":true
    /capture token json:/auth/token
    {\"op\":\"subscribe\",\"token\":\"${json:token}\"}
    /expect \"push\":\\d+
    /close
    /expect-close 1000

  /expect looks through what was received since the last match, and uses up what \
  it skips. The rest of the line is an expression (see Expressions).
  /expect-close makes any close a success if it is the one expected. Without a \
  code it takes each; 1005 is a Close without a code, 1006 is none at all.
  /expect-quiet counts from the last match, or from when something was sent.
  /ping waits for its pong, in a script, and /reconnect until it is open again.
  /capture reads the message that was matched last, or else the last one. It \
  takes the value at a path, as it was written (a string without its quotes), or \
  what a regular expression's first group, or the whole of it, matches.

  ${NAME} is replaced by what was captured, ${env:NAME} by an environment \
  variable: in messages and arguments, once. ${json:...} escapes the value for a \
  JSON string; in a regular expression it matches only itself. $${ is a literal \
  ${.

  The first failure ends the session: with status 8, the file, the line, what \
  was wanted, and what came instead. After the last line, wscope stays as it \
  does when input ends (see -w); with -i, at a terminal, it gives the prompt, in \
  the same session. At the prompt the same commands only say what came of them; \
  /run FILE runs a script there, and /save FILE writes what was typed as one.";

const PROFILES: &str = "  `wscope @staging` takes its URL and its flags from a table of the file of \
  profiles. Without `@NAME` that file is not read.

    [staging]
    url = \"wss://staging.example.com/feed\"
    header = [\"X-Env: staging\", \"X-Region: eu\"]
    bearer = \"${env:STAGING_TOKEN}\"
    cacert = \"staging-ca.pem\"
    connect-timeout = 5
    insecure = false

  A key is the long name of a flag; one without a value is true or false, one \
  that can be repeated may have a list. Flags on the command line take the place \
  of the profile's, and of those that they cannot be together with; headers one \
  by one, by name. `@staging/other/path` and `@staging?query` replace that part \
  of the URL. ${env:NAME} is replaced by an environment variable, $${ is a \
  literal ${. Files are named from the folder of the profiles on; ~/ is the home \
  folder. `wscope @` lists the profiles, `wscope @staging --show-config` says \
  what is in force and where it comes from.";

const ENVIRONMENT: &str = "  NO_COLOR                     when not empty: no colours
  FORCE_COLOR, CLICOLOR_FORCE  unless empty or 0: colours, wherever output goes
  CLICOLOR                     when 0: no colours
  TERM                         when unset or `dumb`: no colours
  SSLKEYLOGFILE                where to log TLS secrets, for Wireshark
  ws_proxy, wss_proxy          the proxy for such a URL, as --proxy has it
  http_proxy, HTTPS_PROXY      the same, where those are not set; in capitals or \
                               not, but HTTP_PROXY is not read
  ALL_PROXY                    the proxy for all other URLs
  NO_PROXY                     hosts that no proxy is used for, not even that of \
                               --proxy; written as for --noproxy
  SSL_CERT_FILE, SSL_CERT_DIR  certificates to trust instead of the system's
  XDG_CONFIG_HOME              where profiles are (default ~/.config)
  XDG_STATE_HOME               where the history is (default ~/.local/state)
  WSCOPE_HISTORY               the file for the history; empty: none
  TZ                           the local time zone";

const FILES: &str = "  $XDG_CONFIG_HOME/wscope/profiles.toml
                                   what `wscope @NAME` reads (see Profiles)
  $XDG_STATE_HOME/wscope/history   what was typed; lines that start with a space \
                                   are not kept";

const RECIPES: &str = "  Send three messages in order, print replies until 1.5 s of silence are over:
    wscope -x one -x two -x three -w 1.5 wss://example.com/ws
  Ask one question, print the one answer:
    wscope -1 -x '{\"op\":\"status\"}' wss://example.com/api
  Wait until a job is done; exit status 7 if that takes more than a minute, 8 if \
  the server is done before:
    wscope -N --until '\"state\":\"done\"' -m 60 wss://example.com/jobs/7
  Collect the first 100 messages:
    wscope -N --count 100 wss://example.com/feed > feed.jsonl
  Send a line of a file every half a second:
    wscope --delay 0.5 wss://example.com/ws < lines.txt
  Collect a feed for a minute:
    wscope -N -w 60 wss://example.com/feed > feed.jsonl
  Send a file as binary messages:
    wscope -b wss://example.com/upload < picture.png
  Keep credentials out of the process list:
    wscope --bearer @token.txt -H @headers.txt wss://example.com/ws
  Send a document as one message, whatever newlines it has:
    wscope --input whole -w 5 wss://example.com/api < request.json
  Send bytes, and see the answer as bytes:
    echo 00ff10 | wscope --input hex --output hex wss://example.com/ws
  Record a session as JSON Lines, and send to another server what it brought:
    wscope -N --output json wss://example.com/feed > feed.jsonl
    wscope --input json ws://localhost:8080 < feed.jsonl
  Talk to a server with a certificate of your own authority:
    wscope --cacert ca.pem --cert me.pem --key me.key wss://localhost:8443
  Keep a feed going, whatever becomes of the server; subscribe each time:
    wscope --reconnect -x '{\"subscribe\":\"ticks\"}' -w -1 wss://example.com/feed
  Find out who closes the connection, and why:
    wscope -v --frames --ping-interval 20 --ping-timeout 5 wss://example.com/ws
  Log in, take the token from the reply, and check what follows (see Scripts):
    wscope --script login.ws wss://example.com/ws
  Check that a server pushes within 2 seconds, without a file:
    echo '/expect within=2 push' | wscope --script - -w 0 wss://example.com/ws
  Send a frame that breaks the protocol, and see what the server does:
    echo '/frame rsv=4 00ff' | wscope --frames --script - wss://example.com/ws";
