//! The flags for exact control of the protocol: compression, and what a well-behaved peer would not do.

use std::num::NonZeroUsize;

use clap::Args;

use super::value;
use crate::wire::DeflateOffer;

/// Exact control of the protocol. What departs from the default is said with `-v`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Protocol")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and any may stand beside the others")]
pub struct ProtocolArgs {
    /// Don't compress
    ///
    /// Without this flag, permessage-deflate (RFC 7692) is offered, and granted to a client that offers it; short
    /// messages are sent as they are all the same.
    #[arg(long, conflicts_with = "deflate", hide_short_help = true)]
    no_deflate: bool,

    /// Set the parameters of permessage-deflate
    ///
    /// To offer as a client, to grant as a server; as in the header, for example
    /// `client_max_window_bits=10; server_no_context_takeover`. Short messages are compressed too.
    #[arg(long, value_name = "PARAMETERS", value_parser = DeflateOffer::parse, hide_short_help = true)]
    deflate: Option<DeflateOffer>,

    /// Report breaches of the protocol and go on
    ///
    /// Where going on is possible. Without it, a breach ends the session with the close code that the RFC asks for.
    #[arg(long, hide_short_help = true)]
    pub lenient: bool,

    /// Split what is sent into frames
    ///
    /// Each with a payload of at most this size.
    #[arg(long, value_name = "SIZE", value_parser = value::some_size, hide_short_help = true)]
    pub fragment: Option<NonZeroUsize>,

    /// Don't answer pings
    ///
    /// To see what a server does about a client that seems dead.
    #[arg(long, hide_short_help = true)]
    pub no_pong: bool,

    /// Don't answer Close
    ///
    /// To see how long the other side waits for the end of the closing handshake.
    #[arg(long, hide_short_help = true)]
    pub no_close_reply: bool,
}

impl ProtocolArgs {
    /// Whether short messages are to be compressed too: whoever asks for parameters wants to see them at work.
    pub fn compresses_everything(&self) -> bool {
        self.deflate.is_some()
    }

    /// What to offer, or to want of a client's offer; `None` not to compress at all.
    pub fn deflate(&self) -> Option<DeflateOffer> {
        if self.no_deflate { None } else { Some(self.deflate.clone().unwrap_or_default()) }
    }
}

/// What is random unless it is fixed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Protocol")]
pub struct FixedArgs {
    /// Mask with this key
    ///
    /// In every frame, instead of with a random one: 8 hex digits. `00000000` leaves the payload readable on the wire.
    #[arg(long, value_name = "HEX", value_parser = value::mask_key, hide_short_help = true)]
    pub mask_key: Option<[u8; 4]>,

    /// Send this Sec-WebSocket-Key
    ///
    /// Instead of a random one: 16 bytes in base64.
    #[arg(long, value_name = "BASE64", value_parser = value::handshake_key, hide_short_help = true)]
    pub ws_key: Option<String>,
}
