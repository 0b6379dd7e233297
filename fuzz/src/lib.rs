//! What has to hold for any input. The property tests of wscope include these files too.

pub mod differential;
pub mod frames;
