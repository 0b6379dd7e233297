//! The protocol as seen from outside: against tungstenite, against itself, and against anything.

mod closing;
mod differential;
#[path = "../../fuzz/src/frames.rs"]
mod frames;
mod properties;
