//! Stdin as a source of messages.

use std::io;
use std::time::{Duration, Instant};

use crate::cli::FormatArgs;
use crate::client::report::Unsent;
use crate::error::{Error, Phase, Result};
use crate::input::{Source, SourceOptions};
use crate::platform::{Descriptor, Stdin, is_readable};
use crate::wire::{Kind, Outgoing};

/// Stdin itself, with no buffer between it and us, cut into messages as the flags say.
///
/// # Errors
/// When stdin is closed.
pub fn source(format: &FormatArgs, max_message: u64) -> Result<Source> {
    let stdin = Stdin::open().map_err(|error| Error::new(Phase::Session, "cannot use stdin").caused_by(error))?;
    Ok(Source::new(stdin, options(format, max_message)))
}

/// Whether a read would not block.
pub fn is_ready() -> bool {
    is_readable(Descriptor::from(&io::stdin()))
}

/// Counts what is at hand and will not be sent any more, beside what was counted `before`; for `limit` at most.
pub fn count(source: &mut Source, before: u64, limit: Duration) -> Unsent {
    let mut unsent = Unsent { messages: before, more: false };
    let until = Instant::now() + limit;
    loop {
        while let Some(Ok(message)) = source.next() {
            unsent.messages += u64::from(is_data(&message));
        }
        // A writer that has not closed it may write more.
        if !is_ready() || Instant::now() >= until {
            return Unsent { more: true, ..unsent };
        }
        if !source.fill().unwrap_or(false) {
            return unsent;
        }
    }
}

/// Whether it is what sessions count as a message.
pub fn is_data(message: &Outgoing<'_>) -> bool {
    matches!(message, Outgoing::Text(_) | Outgoing::Binary(_))
}

fn options(format: &FormatArgs, max_message: u64) -> SourceOptions {
    SourceOptions {
        format: format.input(),
        kind: if format.is_binary() { Kind::Binary } else { Kind::Text },
        max_message,
    }
}
