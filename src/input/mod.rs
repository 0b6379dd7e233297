//! Where outgoing messages come from: stdin, the line editor, scripts; and the language of slash commands.

pub mod command;
mod editor;
mod history;
mod message;
pub mod payload;
pub mod secret;
mod source;

pub use editor::{Editor, EditorOptions, Entry, Prompt, PromptHandle};
pub use history::History;
pub use message::Message;
pub use source::{Format, Source, SourceOptions};
