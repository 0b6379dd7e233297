//! From flags to an open session, the loop around it, and its last words.

pub mod announcer;
pub mod open;
pub mod plan;
pub mod reconnect;
pub mod report;
pub mod view;
