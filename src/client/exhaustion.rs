//! The errors for threads and descriptors that the process cannot have.

use std::io::{self, ErrorKind};

use crate::diagnosis::Diagnosis;
use crate::error::{Error, Phase};
use crate::platform::is_out_of_descriptors;

/// The error for a thread that cannot be started. `purpose` is what it is for: `to connect`.
pub fn thread_error(phase: Phase, purpose: &str, cause: io::Error) -> Error {
    Error::new(phase, format!("cannot start a thread {purpose}")).caused_by(cause).diagnosed(Diagnosis::OutOfThreads)
}

/// The error for something that a run needs before it connects: a pipe, signal handlers, a thread.
pub fn setup_error(message: &str, cause: io::Error) -> Error {
    let diagnosis = match cause.kind() {
        _ if is_out_of_descriptors(&cause) => Some(Diagnosis::OutOfDescriptors),
        ErrorKind::WouldBlock => Some(Diagnosis::OutOfThreads),
        _ => None,
    };
    Error::new(Phase::Session, message).caused_by(cause).diagnosed(diagnosis)
}
