//! From flags to an open session, the loop around it, and its last words.

mod advice;
pub mod announcer;
pub mod connect;
mod connect_error;
pub mod convert;
pub mod cookies;
pub mod driver;
mod exhaustion;
mod explanation;
pub mod local_authority;
mod login;
pub mod no_proxy;
pub mod open;
pub mod plan;
mod proxy;
mod proxy_error;
pub mod reconnect;
pub mod record;
pub mod recorded_request;
pub mod redirect;
pub mod report;
pub mod request;
pub mod route;
pub mod runner;
mod upgrade_error;
pub mod view;

pub use advice::advice;
pub use connect_error::{accept_error, connect_error};
pub use exhaustion::{setup_error, thread_error};
pub use explanation::{Explanation, explain};
pub use upgrade_error::{body_lines, refused, upgrade_error};
