//! `wscope replay`: a side of a recording, played again.

use std::path::{Path, PathBuf};

use clap::Args;

use super::help;
use super::session::PlainSessionArgs;
use super::value::{self, Speed};
use super::view::ViewArgs;

/// Send the client's side of a recording again
///
/// With its own timing. Each message waits for as many received ones as came before it in the recording, for 10 seconds at
/// most; where they don't come, a note says so, and the exit status is 8. It ends as the client did. Headers, cookies and
/// subprotocols are those of the recorded request, unless a flag says otherwise; secret ones go to no other server than the
/// recorded one. FILE is a `.jsonl`, or a `.har` of Chromium's developer tools, of mitmproxy, or of wscope.
#[derive(Debug, Clone, Args)]
#[command(override_usage = "wscope replay [OPTIONS] FILE [URL]", after_help = help::examples(help::REPLAY_EXAMPLES))]
pub struct Replay {
    /// The recording
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to connect; where the client of the recording did, unless it is given
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// What is played, and how fast.
    #[command(flatten)]
    pub playing: PlayingArgs,
    /// The flags for the output.
    #[command(flatten)]
    pub view: ViewArgs,
    /// The flags of the session.
    #[command(flatten)]
    pub session: PlainSessionArgs,
}

/// The flags for what is played of a recording.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Replay")]
pub struct PlayingArgs {
    /// Play the connection with this number
    ///
    /// Of a recording that has several, by the numbers that `wscope show --connection` goes by.
    #[arg(long = "connection", id = "number", value_name = "N")]
    pub connection: Option<u64>,

    /// Play so many times as fast, or without pauses: `max`
    ///
    /// `2` is twice as fast, `0.5` half as fast as it was.
    #[arg(long, value_name = "FACTOR", value_parser = value::speed)]
    speed: Option<Speed>,
}

impl PlayingArgs {
    /// How fast it is played.
    pub fn speed(&self) -> Speed {
        self.speed.unwrap_or(Speed::Times(1.0))
    }

    /// Refuses them where nothing is played.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn check(&self, played: Option<&Path>) -> Result<(), String> {
        match (played, self.connection.is_some() || self.speed.is_some()) {
            (None, true) => Err("`--connection` and `--speed` are for a recording, which `--replay FILE` names".into()),
            _ => Ok(()),
        }
    }
}
