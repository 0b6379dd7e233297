//! What the scenarios are written with: a builder that drives the built program, and peers that live in threads of the
//! test on loopback ports of their own.
//!
//! | file | what |
//! |---|---|
//! | `program` | [`Wscope`]: start the program in a pipe, write to it, wait for what it says |
//! | `output` | what a run printed and how it ended, and claims about it |
//! | `terminal` | the same in a pseudo-terminal whose screen can be read |
//! | `server` | a listening socket and a script that runs for its connections; plain or TLS |
//! | `connection` | one byte stream seen by a script: expect, send, drip, reset |
//! | `peer` | a server described as data, step by step: [`peer::accepts`] |
//! | `proxy` | a proxy: CONNECT or SOCKS 5, over TLS too, and what it was asked |
//! | `cut_wire` | what a proxy or a server is reached through, and a chosen byte is the last that passes |
//! | `event` | what one thread of a test waits for and another brings about |
//! | `frame`, `head` | frames and HTTP heads by the letter of RFC 6455, written apart from `wscope::wire` |
//! | `websocket` | an independent peer: tungstenite's `WebSocket` |
//! | `bulk` | servers that echo, send or take a million messages |
//! | `certificates` | a private CA and what it issues |
//!
//! Nothing here sleeps for luck: every wait is for an event and ends in a failure after [`PATIENCE`].

pub mod bulk;
pub mod capture;
pub mod certificates;
pub mod connection;
pub mod cut_wire;
pub mod event;
pub mod frame;
pub mod head;
mod output;
pub mod peer;
pub mod program;
pub mod proxy;
mod selfcheck;
pub mod server;
pub mod terminal;
pub mod websocket;

use std::time::Duration;

pub use connection::Connection;
pub use event::Event;
pub use frame::Frame;
pub use program::Wscope;
pub use server::{Server, serve};

/// How long anything may take before a test gives up on it. Far more than anything needs, because a loaded machine
/// must not fail a test.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A time limit, in seconds, that is not over before [`PATIENCE`]: a run that is given it and waits for it fails.
pub const AN_HOUR: &str = "3600";

/// One mebibyte.
pub const MIB: usize = 1 << 20;
