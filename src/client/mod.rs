//! From flags to an open session, the loop around it, and its last words.

pub mod advice;
pub mod announcer;
pub mod connect_error;
pub mod open;
pub mod plan;
pub mod reconnect;
pub mod report;
pub mod view;

pub use advice::advice;
