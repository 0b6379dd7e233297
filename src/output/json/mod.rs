//! The event stream as JSON Lines: one object an event, as [`SCHEMA`] lists them.

mod events;
mod schema;
mod texts;
mod write;

pub use events::Stream;
pub use schema::{Field, SCHEMA, VERSION};
pub use write::{long_base64, long_hexadecimal};
