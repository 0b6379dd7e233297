//! Recordings: what happened, in files. A source gives [`Record`]s, and lends each as an [`Event`](crate::event::Event), so
//! that every [`EventSink`](crate::event::EventSink) can take a recording as it takes a session.

mod format;
pub mod har;
pub mod html;
mod record;
mod source;
mod statistics;

pub use format::Format;
pub use record::{Record, RecordedEvent, RecordedFrame, RecordedWire, recorder_of};
pub use source::{ReadError, Records};
pub use statistics::RecordingStatistics;
