//! The relay between clients and a server: each connection of a client gets one to the server, what passes is shown, and
//! nothing of it is changed but two lines of a request's head.
//!
//! `service` accepts clients, `client` reads what one of them asks for, `rewrite` changes the head, `upstream` is the way
//! to the server, `websocket` asks it for the upgrade, `pages` passes ordinary HTTP on, `relay` passes bytes on in both directions, and `observer` decodes
//! them on the side, in the order in which they passed.

mod client;
mod observer;
mod pages;
mod relay;
mod rewrite;
pub mod service;
mod upstream;
mod websocket;

pub use self::rewrite::Rewriting;
pub use self::upstream::Upstream;
