//! The flags for exact control of the protocol: compression, and behaviour that a correct peer would not show.

use std::num::NonZeroUsize;

use clap::Args;

use super::value;
use crate::wire::DeflateOffer;

/// The flags for exact control of the protocol. With `-v` a session reports which of them change its behaviour.
#[derive(Debug, Clone, Default, Args)]
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
    /// Whether short messages are compressed too. They are, if `--deflate` was given, so that the user sees the effect
    /// of its parameters in each message.
    pub fn compresses_everything(&self) -> bool {
        self.deflate.is_some()
    }

    /// The parameters to offer as a client, or to require from a client's offer as a server. `None`: no compression.
    pub fn deflate(&self) -> Option<DeflateOffer> {
        if self.no_deflate { None } else { Some(self.deflate.clone().unwrap_or_default()) }
    }
}

/// The flags that fix values that are random otherwise.
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
