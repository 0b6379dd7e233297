//! `wire` alone, in bytes of payload a second, beside tungstenite's `WebSocket` and fastwebsockets on the same bytes:
//! `cargo bench`.
//!
//! Each reads from memory and writes into nothing. fastwebsockets is asked for whole, checked messages, as the others give
//! them; it is asynchronous, but here it never waits, so it needs no runtime.

mod compressed;
mod input;
mod memory;
mod receive;
mod send;

fn main() {
    divan::main();
}
