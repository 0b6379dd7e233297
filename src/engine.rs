//! What messages pass through: the rooms that are compiled for speed. `lib.rs` tells what each is for.

pub mod diagnosis;
pub mod error;
pub mod event;
pub mod input;
pub mod net;
pub mod output;
pub mod session;
pub mod wire;
