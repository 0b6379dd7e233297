//! The built program, driven from outside against real sockets: one binary, one file per theme.

mod architecture;
mod generated;
#[expect(dead_code, reason = "the scenarios that use the rest are on their way")]
mod support;
mod wire;
