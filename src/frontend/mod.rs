//! What drives a client's session: a pipe, the prompt, or a script.

pub mod interpreter;
pub mod pipe;
pub mod repl;
pub mod script;
pub mod session_slot;
