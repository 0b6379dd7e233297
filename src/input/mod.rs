//! Where outgoing messages come from: stdin, the line editor and scripts. Also the language of slash commands.

mod continuation;
mod editor;
mod history;
mod message;
mod path;
pub mod payload;
mod script;
pub mod secret;
pub mod slash;
mod source;
mod variables;

pub use editor::{Editor, Entry, PromptHandle};
pub use history::History;
pub use message::Message;
pub use script::{Script, ScriptStep, Typed};
pub use source::{Format, Mark, Source, SourceOptions};
pub use variables::{Quoting, Variables};

use crate::error::{Error, Phase};

/// An error that says what is wrong with a message, a file or a line to send.
fn input_error(message: impl Into<String>) -> Error {
    Error::new(Phase::Input, message)
}
