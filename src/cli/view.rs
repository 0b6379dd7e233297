//! The flags for the output: what is shown, and in which form.

use clap::Args;

use super::{format, value};
use crate::decode;
use crate::dialect::Choice;
use crate::http::redact::Secrets;
use crate::output::DataFormat;
use crate::output::Timestamps;
use crate::output::theme::ColorChoice;
use crate::pattern::{Expression, JqFilter};

/// The flags for the output.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "View")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and any may stand beside the others")]
pub struct ViewArgs {
    /// Print text, raw, hex, base64, json or none
    ///
    /// How messages are printed on stdout: see Formats. With `json` it is every event of the session, with the fields
    /// that the man page lists.
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true, hide_default_value = true)]
    pub output: DataFormat,

    /// Show only messages that match
    ///
    /// A regular expression, JSON that they contain, or jq: see Expressions. All of several must match. `--count` and `-1`
    /// count what is shown, and how many are hidden is said at the end. What is sent or recorded does not change.
    #[arg(long, value_name = "EXPRESSION", value_parser = value::expression)]
    pub filter: Vec<Expression>,

    /// Show what a jq filter makes of each message
    ///
    /// A text is shown without its quotes, and of several results each is a message. A message of which it makes nothing is
    /// hidden; where it fails, the message is shown as it was.
    #[arg(long, value_name = "FILTER", value_parser = value::jq, hide_short_help = true)]
    pub jq: Option<JqFilter>,

    /// Show how the connection came about, and its heads
    ///
    /// The time that each phase took, what TLS agreed on, the request and the response exactly as they were, what was
    /// verified, and totals at the end. Credentials are hidden; see `--show-secrets`.
    #[arg(short, long)]
    pub verbose: bool,

    /// Don't hide credentials
    ///
    /// Otherwise hidden in heads, findings, notes, errors and JSON: userinfo; the values of headers and of a URL's parameters
    /// with names that end in `authorization`, `cookie`, `-key`, `token`, `secret`, `password`, `signature`, `session-id` and
    /// the like; what follows `bearer.` or `api-key.` in a subprotocol; and in parameters and subprotocols what looks like a
    /// token (a JWT, 32 characters and more of Base64 or hex). The handshake's own headers, ids of requests and messages
    /// are always shown.
    #[arg(long, hide_short_help = true)]
    show_secrets: bool,

    /// Show each frame in a line
    ///
    /// Direction, time, opcode, FIN and RSV bits, masking key, payload length, bytes on the wire, and the position in
    /// a fragmented message.
    #[arg(long)]
    pub frames: bool,

    /// Show the bytes on the wire
    ///
    /// Of each frame, header apart from payload, and what a masked or compressed payload means; with `-v` of the heads.
    #[arg(long, hide_short_help = true)]
    pub hex: bool,

    /// Show pings and pongs, and heartbeats of dialects
    #[arg(short = 'P', long, hide_short_help = true)]
    pub show_ping_pong: bool,

    /// Say what messages mean: auto, none or a NAME
    ///
    /// In a line below each message; with `--output json` in its `annotation`, and where messages go into a pipe or a file on
    /// stderr. `auto` goes by the subprotocol, then by path and parameters, then by the first sixteen messages; it is in force
    /// where text is shown on a terminal. Heartbeats are then counted and not shown, unless `-P` says so, and
    /// passwords and tokens in messages are hidden, unless `--show-secrets` says so.
    #[arg(long, value_name = "NAME", value_parser = value::dialect(), hide_possible_values = true, hide_short_help = true)]
    pub dialect: Option<Choice>,

    /// Say what binary messages hold: auto, none or a NAME
    ///
    /// Where no dialect says anything, and shown as what dialects say. `auto`, which is in force where text is shown on a
    /// terminal, goes by what a message itself tells: images, gzip, zlib and zstd, streams of both over many messages (Discord's),
    /// maps and arrays of `MessagePack` and CBOR, and JSON Web Tokens in text (never verified; their signature is hidden).
    /// `protobuf`, by the numbers of fields, has to be named. With a NAME each binary message (`jwt`: each text) that is not of
    /// it says so, and at which byte. Messages over 1 MiB are not decoded.
    #[arg(long, value_name = "NAME", value_parser = value::decode(), hide_possible_values = true, hide_short_help = true)]
    pub decode: Option<decode::Choice>,

    /// Put the time in front: local, utc or relative
    ///
    /// Local when no kind is given; `relative` counts seconds since the session opened. On a terminal it is the time of day
    /// with milliseconds, elsewhere date and offset too (RFC 3339). Also in front of messages that
    /// go into a pipe or a file; where no kind is given, a note says so.
    #[arg(short, long, value_name = "KIND", num_args = 0..=1, require_equals = true)]
    #[arg(hide_possible_values = true)]
    #[expect(clippy::option_option, reason = "no flag, the flag alone, and the flag with a kind")]
    timestamps: Option<Option<Timestamps>>,

    /// Lay out JSON
    ///
    /// Also in messages that go into a pipe or a file.
    #[arg(long, hide_short_help = true)]
    pub pretty: bool,

    /// Say nothing but messages, errors and warnings
    #[arg(short, long, conflicts_with_all = ["verbose", "frames", "hex", "show_ping_pong"])]
    pub quiet: bool,

    /// The flags for colours.
    #[command(flatten)]
    pub color: ColorArgs,
}

/// The flags for colours.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "View")]
pub struct ColorArgs {
    /// When to use colours
    ///
    /// By default on a terminal, unless `NO_COLOR` is set.
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_short_help = true)]
    color: ColorChoice,

    /// The same as `--color never`
    #[arg(long, hide = true, overrides_with = "color")]
    no_color: bool,
}

impl ColorArgs {
    /// When to use colours.
    pub fn choice(&self) -> ColorChoice {
        if self.no_color { ColorChoice::Never } else { self.color }
    }
}

impl ViewArgs {
    /// Which time is put in front, if any is.
    pub fn timestamps(&self) -> Option<Timestamps> {
        self.timestamps.map(|kind| kind.unwrap_or(Timestamps::Local))
    }

    /// The note for a user who may expect that a bare `-t` means text, as in another tool, where stdout is no terminal.
    /// `None`, if no time is written there, or its kind was given.
    pub fn note(&self) -> Option<&'static str> {
        let writes_times = matches!(self.output, DataFormat::Text | DataFormat::Hex | DataFormat::Base64);
        (self.timestamps == Some(None) && writes_times).then_some(
            "`-t` puts the time in front of each message, here in what goes to a pipe or a file; `-t=local` says that it \
             is meant (messages are text without a flag)",
        )
    }

    /// Whether secrets are shown.
    pub fn secrets(&self) -> Secrets {
        if self.show_secrets { Secrets::Shown } else { Secrets::Hidden }
    }

    /// Refuses flags that contradict each other.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.output {
            DataFormat::Json if self.jq.is_some() => {
                Err("`--jq` makes something of messages, and `--output json` prints events: `| jq .` reads those"
                    .to_owned())
            }
            DataFormat::Text => Ok(()),
            output if self.pretty => {
                Err(format!("`--pretty` lays out text, and `--output {}` prints something else", format::name(&output)))
            }
            _ => Ok(()),
        }
    }
}
