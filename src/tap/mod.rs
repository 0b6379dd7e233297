//! The relay between clients and a server: each connection of a client gets one to the server, what passes is shown, and
//! nothing of it is changed but two lines of a request's head.
//!
//! `setup` is what the flags say. `service` accepts clients, `client` reads what one of them asks for, a `request`, `rewrite` changes
//! its head, `upstream` is the way to the server, `websocket` asks it for the upgrade, `pages` passes ordinary HTTP on, `redirects`
//! finds what leads past the tap, `proxy` finds the server that a request names, `relay` passes bytes on in both directions over
//! a `link`, and `observer` decodes them on the side, in the order in which they passed. `console` is the prompt, whose lines
//! `endpoint` does.

mod client;
pub mod connections;
pub mod console;
mod endpoint;
mod link;
mod observer;
mod pages;
mod proxy;
mod redirects;
mod relay;
mod request;
mod rewrite;
pub mod service;
mod setup;
mod upstream;
mod websocket;

pub use self::setup::{Serving, Setup};
