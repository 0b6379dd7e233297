//! A client's side of things, above the rooms: what a failure means to the user.

pub mod advice;

pub use advice::advice;
