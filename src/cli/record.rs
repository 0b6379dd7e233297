//! The flags for recording what happens.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::recording::Format;

/// The flags for a recording.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "View")]
pub struct RecordArgs {
    /// Record what happens in a file
    ///
    /// By its ending: `.jsonl` has everything, each byte that passed too, for `wscope show`; `.log` is the screen as plain text,
    /// `.har` is for browsers, made at the end of what `FILE.har.jsonl` has until then.
    /// Without FILE it is a new `.jsonl` file that is named after host and time. Secrets in heads and URLs are hidden as with
    /// -v. Messages stay as they were in `.jsonl`; in `.log` and `.har`, passwords and tokens are hidden in those whose dialect is
    /// known (`--dialect`, there `auto`). The file is new, and only you can read it; a FIFO or a device takes `.jsonl`. It can be
    /// read while it grows, and has all but the last moment when wscope is killed. Where it cannot be written any more, an error
    /// says so, the session goes on, and the exit status is 1.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "no flag, the flag alone, and the flag with a file")]
    record: Option<Option<PathBuf>>,

    /// Write over a file that is there
    #[arg(long, requires = "record", hide_short_help = true)]
    pub overwrite: bool,
}

/// Where a recording goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordTo<'a> {
    /// To this file.
    File(&'a Path),
    /// To a new one, by whatever name.
    NewFile,
}

impl RecordArgs {
    /// The format of the recording, if one is wanted and its file has the ending of one.
    pub fn format(&self) -> Option<Format> {
        match self.wanted()? {
            RecordTo::File(path) => Format::of(path),
            RecordTo::NewFile => Some(Format::JsonLines),
        }
    }

    /// Where the recording goes, if one is wanted.
    pub fn wanted(&self) -> Option<RecordTo<'_>> {
        self.record.as_ref().map(|file| file.as_deref().map_or(RecordTo::NewFile, RecordTo::File))
    }
}
