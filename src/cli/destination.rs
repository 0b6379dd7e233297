//! The flags for where the socket of a server is.

use std::path::PathBuf;

use clap::Args;

use crate::net::{AddressFamily, ConnectTo, Lookup, Pin};

/// The flags for where the socket goes; `Host`, Origin and the name in TLS stay those of the URL.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct DestinationArgs {
    /// Connect to this address instead of looking the name up
    ///
    /// For this host at this port; `*` is every host. Repeatable; for the name of a proxy, too.
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", hide_short_help = true)]
    pub resolve: Vec<Pin>,

    /// Connect to HOST2:PORT2 instead of HOST1:PORT1
    ///
    /// A part that is left out is any, or the same. Repeatable: the first that fits counts.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", hide_short_help = true)]
    pub connect_to: Vec<ConnectTo>,

    /// Connect over IPv4 only
    #[arg(short = '4', long, overrides_with = "ipv6", hide_short_help = true)]
    pub ipv4: bool,

    /// Connect over IPv6 only
    #[arg(short = '6', long, overrides_with = "ipv4", hide_short_help = true)]
    pub ipv6: bool,

    /// Connect to this Unix domain socket
    ///
    /// Whatever host and port are in the URL, or in a redirect, and through no proxy. `@NAME` is a socket without a file (Linux). As a
    /// URL: `ws+unix:PATH:/resource`, with the host `localhost`.
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    pub unix_socket: Option<PathBuf>,
}

impl DestinationArgs {
    /// Which addresses names have.
    pub fn lookup(&self) -> Lookup {
        let family = match (self.ipv4, self.ipv6) {
            (true, _) => Some(AddressFamily::V4),
            (_, true) => Some(AddressFamily::V6),
            _ => None,
        };
        Lookup { pins: self.resolve.clone(), family }
    }
}
