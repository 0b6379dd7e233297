//! The `wscope` program: parse, run, report, exit.
fn main() {}
