//! # wscope: an oscilloscope for WebSockets
//!
//! The rooms, from the ground up: each may use rooms above it in this table, and `tests/architecture.rs` says which.
//! `ARCHITECTURE.md` has the whole picture, and where to add what.
//!
//! | room | owns |
//! |---|---|
//! | [`diagnosis`] | known causes of failure with their evidence, as data |
//! | [`error`] | the one error type, and the exit status |
//! | [`platform`] | what the operating system gives: polling, signals, terminal modes, descriptors |
//! | [`http`] | HTTP/1.1 heads and bodies, and what in them is secret; sans-I/O |
//! | [`wire`] | RFC 6455 and RFC 7692, sans-I/O: bytes in, bytes and events out |
//! | [`event`] | what happened, and `EventSink`: what takes events |
//! | [`decode`] | what binary messages and tokens hold: payload to text, one file each |
//! | [`dialect`] | what is spoken inside the messages: payload to meaning, one file each |
//! | [`pattern`] | expressions that match a message: regular expression, JSON, jq; pure |
//! | [`net`] | endpoints, names, TCP, TLS: a byte stream, and a record of how it came about |
//! | [`output`] | the sinks for people and programs: text, JSON Lines, frames, colours, escaping; the terminal |
//! | [`recording`] | what happened, in files: the records that a reader gives, and the formats |
//! | [`session`] | one open connection: its upgrade, threads, locks and clocks |
//! | [`input`] | where outgoing messages come from: stdin's formats, the line editor, slash commands, scripts |
//! | [`profile`] | the user's file of named sets of flags |
//! | [`cli`] | every flag, once, as data |
//! | [`client`] | from flags to an open session, the one loop around it, and the words for what went wrong |
//! | [`frontend`] | what drives a client's sessions: a pipe, the prompt, a script, a recording |
//! | [`server`] | the built-in server: accepting, broadcasting, its console |
//! | [`tap`] | the relay between clients and a server, and what it shows of what passes |
//! | [`ping`] | `wscope ping`: measuring round trips, and the report of it |
//! | [`check`] | what `wscope check` tries, and what it concludes |
//! | [`command`] | one file per command: puts rooms together, and nothing else |

pub mod check;
pub mod cli;
pub mod client;
pub mod command;
pub mod decode;
pub mod diagnosis;
pub mod dialect;
pub mod error;
pub mod event;
pub mod frontend;
pub mod http;
pub mod input;
pub mod net;
pub mod output;
pub mod pattern;
pub mod ping;
pub mod platform;
pub mod profile;
pub mod recording;
pub mod server;
pub mod session;
pub mod tap;
pub mod wire;
