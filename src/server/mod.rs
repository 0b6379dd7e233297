//! The built-in server: accepts clients, sends to all of them, and reads the console that says what.

mod broadcast;
pub mod clients;
pub mod console;
pub mod ending;
pub mod replay;
pub mod service;
