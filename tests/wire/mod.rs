//! The protocol as seen from outside: against tungstenite, against itself, and against anything.

mod closing;
#[path = "../../fuzz/src/differential.rs"]
mod differential;
#[path = "../../fuzz/src/frames.rs"]
mod frames;
mod properties;
mod streams;
