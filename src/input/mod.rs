//! Where outgoing messages come from: stdin, the line editor, scripts; and the language of slash commands.

pub mod command;
mod message;
pub mod payload;
pub mod secret;
mod source;

pub use message::Message;
pub use source::{Format, Source, SourceOptions};
