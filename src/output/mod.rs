//! Where events go: the one [`Printer`] that turns them into bytes, and the outputs that take the bytes.
//!
//! Two streams, judged apart: *data* (stdout) is what the peer's messages are, *diagnostics* (stderr) is all that is said
//! about them. Formats know nothing of destinations: they append to a buffer, and [`Printer::flush`] writes it.
//! Whatever a peer chose goes through [`escape`] before it can reach a terminal.

pub mod certificate;
pub mod connecting;
mod destination;
mod diagnostic_lines;
mod digits;
pub mod escape;
mod fanout;
mod frames;
pub mod head;
mod hex;
pub mod json;
mod options;
mod pretty;
mod printer;
mod progress;
mod sink;
pub mod terminal;
mod text;
pub mod theme;
mod timestamp;

pub use destination::{Discard, FdOutput, Output};
pub use diagnostic_lines::write_error;
pub use fanout::{Fanout, Sinks};
pub use options::{Banner, DataFormat, FollowSent, FrameView, Level, Options, Secrets, Setting, Timestamps, View};
pub use printer::Printer;
pub use progress::Progress;
