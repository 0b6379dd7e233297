//! The built program, driven from outside against real sockets: one binary, one file per theme.

mod architecture;
mod backpressure;
mod delay;
mod demo;
mod escape;
mod exit_status;
mod field_data;
mod field_eof;
mod formats;
mod frames_hex;
mod generated;
mod goal;
mod handshake;
mod keepalive;
mod listen;
mod pipe;
mod progress;
mod reconnect;
mod rude;
mod script;
mod signals;
mod support;
mod terminal;
mod tls;
mod wire;
mod wscat_compat;
