//! The opening handshake, sans-I/O and for both roles (RFC 6455 section 4).
//!
//! A client builds a [`Request`], reads the answer's head with a [`HeadReader`] and judges it with [`check_response`]:
//! either a [`Verdict`] on an accepted upgrade, or a [`Refusal`] that explains itself. A server reads the request with a
//! [`HeadReader`] too, and [`check_request`] gives the [`Reply`] to send.

mod accept;
mod diagnose;
mod examination;
mod extensions;
mod head;
mod head_error;
mod header_rule;
mod reader;
mod refusal;
mod request;
mod response;
mod rule;
mod server;
mod start_line;
mod token;

pub use diagnose::diagnose_no_head;
pub use examination::Verdict;
pub(super) use extensions::parse_parameters;
pub use extensions::{Extension, Parameter, parse_extensions};
pub use head::{Field, Head};
pub use head_error::{HeadError, HeadFault};
pub use header_rule::HeaderRule;
pub use reader::{HeadProgress, HeadReader, MAX_HEAD, MAX_HEADER_LINES};
pub use refusal::{MAX_BODY, Refusal};
pub use request::{Request, RequestOptions};
pub use response::{Answer, check_response};
pub use rule::HandshakeRule;
pub use server::{Reply, ServerOptions, check_request, refuse};
pub use start_line::{StartLine, Version};

use super::DeflateParameters;

/// What to do about a breach of the peer's.
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

/// A head as it goes out.
fn encode_head<'a>(first_line: &str, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut head = format!("{first_line}\r\n");
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(if value.is_empty() { ":" } else { ": " });
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}
