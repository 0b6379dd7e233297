//! Recordings: what happened, in files. A source gives [`Record`]s, and lends each as an [`Event`](crate::event::Event), so
//! that every [`EventSink`](crate::event::EventSink) can take a recording as it takes a session.

mod file;
mod format;
pub mod har;
pub mod html;
mod json_lines;
mod memory;
mod open;
mod record;
mod recorder;
mod selection;
mod source;
mod statistics;

pub use file::{CreateError, Existing, WholeFile, check, create, format_for};
pub use format::Format;
pub use json_lines::JsonLines;
pub use memory::{Memory, Snapshot};
pub use open::{Recording, follow, open, read_error};
pub use record::{Record, RecordedEvent, RecordedFrame, RecordedWire};
pub use recorder::Recorder;
pub use selection::{ConnectionNumbers, Moment, Selection};
pub use source::{ReadError, Records};
pub use statistics::{RecordingStatistics, SCHEMA as STATISTICS_SCHEMA};
