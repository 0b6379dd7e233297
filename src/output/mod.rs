//! The [`Printer`], which turns events into bytes, and the outputs, which write the bytes.
//!
//! There are two streams. *Data* (stdout) is the messages of the peer. *Diagnostics* (stderr) is everything else:
//! notes, errors, findings, frames. Each stream has its own colours and its own errors. The functions that format an
//! event only append to a buffer, and [`EventSink::flush`](crate::event::EventSink::flush) writes the buffer to its
//! output. Bytes that the peer chose go through [`escape`] before they reach a terminal.

pub mod certificate;
mod charset;
pub mod connecting;
mod destination;
mod diagnostic_lines;
mod digits;
pub mod escape;
mod fanout;
pub mod fold;
mod frames;
pub mod head;
mod hex;
pub mod json;
mod options;
pub mod pager;
mod pretty;
mod printer;
mod progress;
mod queue;
pub mod redacted;
mod rows;
mod sink;
pub mod terminal;
mod text;
pub mod theme;
mod timeline;
mod timestamp;

pub use charset::{Charset, Ink};
pub use destination::{Discard, FdOutput, Output};
pub use diagnostic_lines::{client_facts, tls as tls_facts, write_error};
pub use fanout::{Fanout, Sinks};
pub use options::{
    Annotations, Banner, DataFormat, Extent, FollowSent, FrameView, Level, Options, Perspective, Setting, Timestamps,
    View,
};
pub use printer::{Printer, annotation_words};
pub use progress::Progress;
pub use queue::{OutputQueue, Overflow, QueuedOutput};
pub use timeline::{Slot, Timeline};
pub use timestamp::TimestampWriter;
