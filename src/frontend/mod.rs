//! What drives a client's session: a pipe, the prompt, a script, or a recording.

pub mod interpreter;
pub mod pipe;
pub mod repl;
pub mod replay;
pub mod script;
pub mod session_slot;
