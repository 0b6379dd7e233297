//! HTTP/1.1 messages, sans-I/O: heads are read and written, the start of a body is decoded, messages that follow each
//! other on a connection are told apart, and it is known what in them is secret. Nothing here knows WebSocket; a proxy's
//! answer, a redirect and an ordinary page can be read with this room alone.

mod body;
mod body_reader;
mod defect;
mod encode;
mod framing;
mod head;
mod head_error;
mod header_rule;
mod message_reader;
mod parse;
mod reader;
pub mod redact;
mod shorten;
mod start_line;
pub mod token;

pub use body::{Body, MAX_BODY, NotText};
pub use body_reader::{BodyReader, MAX_CHUNK_HEAD};
pub use defect::{Defect, DefectKind};
pub use encode::encode_head;
pub use framing::{Framing, FramingFault};
pub use head::{Field, Head};
pub use head_error::{HeadError, HeadFault};
pub use header_rule::HeaderRule;
pub use message_reader::{MessageFault, MessageReader, Piece};
pub use reader::{HeadProgress, HeadReader, MAX_HEAD, MAX_HEADER_LINES};
pub use shorten::{LONGEST_NAME, shortened};
pub use start_line::{StartLine, Version};

/// Who we say we are: many gateways refuse a request without it.
pub const USER_AGENT: &str = concat!("wscope/", env!("CARGO_PKG_VERSION"));

/// Which of the two kinds of head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    /// What a client sends.
    Request,
    /// What a server sends.
    Response,
}

impl HeadKind {
    /// The sender, in messages.
    pub fn sender(self) -> &'static str {
        match self {
            Self::Request => "client",
            Self::Response => "server",
        }
    }

    /// The kind, in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}
