//! What went wrong in TLS, and what to try next.

use super::handshake::Broken;
use crate::error::{Error, Phase};
use crate::net::limit::Limit;

/// The error for what rustls says about `peer`; also for what it says after the handshake (TLS 1.3 refuses a client's
/// certificate only then).
pub fn failure(peer: &str, error: &rustls::Error) -> Error {
    Error::new(Phase::Tls, format!("no TLS with `{peer}`")).caused_by(error.clone())
}

/// The error for a handshake that broke.
pub(super) fn broken(peer: &str, limit: Limit, broken: Broken) -> Error {
    match broken {
        Broken::TimedOut => limit.passed(Phase::Tls, format!("no TLS handshake with `{peer}`")),
        Broken::Ended => Error::new(Phase::Tls, format!("`{peer}` ended the connection in the TLS handshake")),
        Broken::Socket(error) => {
            Error::new(Phase::Tls, format!("the connection to `{peer}` broke in the TLS handshake")).caused_by(error)
        }
        Broken::Tls(error) => failure(peer, &error),
    }
}
