//! HAR 1.2 with `_webSocketMessages`, as Chromium's developer tools and mitmproxy write it.
//!
//! An entry is a connection, and has all of its messages: `type` is `send` or `receive`, seen from the client, `time` is
//! in seconds since the Unix epoch, `data` is the text of opcode 1, and Base64 for every other. Neither program writes
//! pings, pongs or closes. Chromium's `error` (opcode -1) is what the browser said.

mod index;
mod json;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use reader::read;
pub use writer::{HarOptions, write};
