//! The event stream as JSON Lines: one object an event, as [`SCHEMA`] lists them.

mod events;
mod schema;
mod texts;
mod write;

pub use events::Stream;
#[cfg(test)]
pub use schema::tests::assert_fields;
pub use schema::{Field, RECORDING_SCHEMA, SCHEMA, VERSION, field};
pub use write::{Members, long_base64, long_hexadecimal, object, string};
