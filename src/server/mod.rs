//! The built-in server: accepts clients, sends to all of them, and listens to its console.

pub mod console;
pub mod service;
