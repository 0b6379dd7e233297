//! The flags for the format of messages in the input and in the output.

use clap::{Args, ValueEnum};

use crate::input::Format;

/// How stdin becomes messages.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct FormatArgs {
    /// Read lines, null, whole, chunks, hex, base64, json
    ///
    /// How stdin is cut into messages: see Formats. A terminal is then read as a pipe is, without the line editor.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, hide_short_help = true)]
    input: Option<Format>,

    /// Send stdin as binary messages
    ///
    /// In chunks as it arrives, no byte added or removed (`--input chunks`); with `-0`, each piece that ends with NUL is
    /// one message, with `--input whole` all of it. Typed lines stay text.
    #[arg(short, long)]
    binary: bool,

    /// Messages in and out end with NUL, not newline
    ///
    /// For messages that have newlines in them: `find -print0`, `xargs -0`, `jq --raw-output0`. `--input null` is the
    /// same for the input alone.
    #[arg(short = '0', long, alias = "null-terminated", hide_short_help = true)]
    null: bool,
}

impl FormatArgs {
    /// How stdin is split into messages.
    pub fn input(&self) -> Format {
        match self.input {
            Some(format) => format,
            None if self.null => Format::Null,
            None if self.binary => Format::Chunks,
            None => Format::Lines,
        }
    }

    /// Splits stdin so, where no flag says how.
    pub(super) fn read_unless_named(&mut self, format: Format) {
        if !self.is_data() {
            self.input = Some(format);
        }
    }

    /// Whether `--binary` was given: messages that could be text are binary.
    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// The byte after each text message in the output.
    pub fn delimiter(&self) -> u8 {
        if self.null { 0 } else { b'\n' }
    }

    /// Whether a flag says that stdin is data, even if it is a terminal.
    pub fn is_data(&self) -> bool {
        self.input.is_some() || self.binary || self.null
    }

    /// Refuses flags that contradict each other.
    ///
    /// # Errors
    /// The text of a usage error, in one line.
    pub(super) fn check(&self) -> Result<(), String> {
        let Some(format) = self.input else { return Ok(()) };
        let name = name(&format);
        if self.null && format != Format::Null {
            return Err(format!("`-0` ends messages with NUL, and `--input {name}` reads them otherwise"));
        }
        match format {
            Format::Lines if self.binary => {
                Err("`--input lines` reads text; for binary messages, `-b` alone sends stdin as it is".into())
            }
            Format::Hex | Format::Base64 | Format::Json if self.binary => {
                Err(format!("`--input {name}` says by itself what is binary, without `-b`"))
            }
            _ => Ok(()),
        }
    }
}

/// The name of a value on the command line.
pub(super) fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
