//! Threads with more stack than usual.

use std::thread;

/// The stack of such a thread. It is address space: memory is only taken for what is used of it.
const STACK: usize = 16 << 20;

/// A thread on which messages are judged and shown. A filter of the user's takes stack for what is nested in a message.
pub fn thread_for_messages() -> thread::Builder {
    thread::Builder::new().stack_size(STACK)
}
