//! The opening handshake, sans-I/O and for both roles (RFC 6455 section 4).
//!
//! A client builds a [`Request`], reads the head of the response with an [`http::HeadReader`](crate::http::HeadReader)
//! and checks it with [`check_response`]: the result is a [`CheckResult`] on an accepted upgrade, or a [`Refusal`] with
//! what explains it. A server reads the request with a `HeadReader` too, and [`check_request`] gives the [`Reply`] to
//! send.

mod accept;
mod check;
mod diagnose;
mod extensions;
mod origin;
mod refusal;
mod request;
mod response;
mod rule;
mod server;
mod signs;
#[cfg(test)]
pub(crate) mod tests;

pub use check::CheckResult;
pub use diagnose::{diagnose_breach, diagnose_no_head};
pub(super) use extensions::parse_parameters;
pub use extensions::{Extension, Parameter, parse_extensions};
pub use origin::{AllowedOrigin, check_host, check_origin, is_of_server};
pub use refusal::Refusal;
pub use request::{Request, RequestOptions};
pub use response::{Answer, check_response};
pub use rule::HandshakeRule;
pub use server::{Reply, ServerOptions, check_request, refusal, refuse};

use super::DeflateParameters;

/// What to do when the peer breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Fail the handshake.
    Strict,
    /// Report it, and go on where [`Rule::can_go_on`](super::Rule::can_go_on) says so.
    Lenient,
}

/// What client and server have agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol, if any.
    pub subprotocol: Option<String>,
    /// The parameters of permessage-deflate, if it is in use.
    pub deflate: Option<DeflateParameters>,
    /// `Sec-WebSocket-Extensions` of the response, if there was one.
    pub extensions: Option<String>,
}

/// Whether `text` can be a `Sec-WebSocket-Key`: the Base64 form of 16 bytes (RFC 6455 section 4.1).
pub fn is_key(text: &[u8]) -> bool {
    data_encoding::BASE64.decode(text).is_ok_and(|key| key.len() == 16)
}
