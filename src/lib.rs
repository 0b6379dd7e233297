//! # wscope: an oscilloscope for WebSockets
//!
//! The rooms, and what each may not touch (`tests/architecture.rs` enforces it):
//!
//! | room | owns | may not touch |
//! |---|---|---|
//! | [`cli`] | the clap definitions: every flag, once | I/O, environment, terminal |
//! | [`client`] | what a failure means to the user, in words | frames, sockets |
//! | [`command`] | one file per command; puts the other rooms together | frames, sockets |
//! | [`wire`] | the protocol, sans-I/O: bytes in, bytes and events out | every room but http and diagnosis |
//! | [`http`] | HTTP/1.1 heads, the start of a body, what in them is secret; sans-I/O | every other room |
//! | [`platform`] | the operating system: poll(2), signals, terminal modes, permissions | every other room |
//! | [`net`] | names, TCP, TLS: a connected byte stream and how it came about | frames, printing |
//! | [`session`] | threads, locks and clocks of one open connection | parsing, formats |
//! | [`input`] | where outgoing messages come from | sockets, stdout |
//! | [`output`] | where events go; colours; terminal escaping | sockets, session |
//! | [`event`] | what happened: the one language between session and output | everything but wire and error |
//! | [`diagnosis`] | known causes of failure, as data | every other room |
//! | [`error`] | the one error type, and the exit status | formatting, colour |

pub mod cli;
pub mod client;
pub mod command;
pub mod diagnosis;
pub mod error;
pub mod event;
pub mod frontend;
pub mod http;
pub mod input;
pub mod net;
pub mod output;
pub mod platform;
pub mod server;
pub mod session;
pub mod wire;
