//! The flags for a proxy on the way to the server.

use std::path::PathBuf;

use clap::Args;

use super::value::{HeaderSource, Secret};

/// The flags for a proxy.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct ProxyArgs {
    /// Go through a proxy
    ///
    /// `http://`, `https://` (TLS with the proxy, and `wss` inside it), `socks5://` (names are looked up here) or
    /// `socks5h://` (names are looked up by the proxy), with `USER:PASS@` where it wants that. Without a scheme it is
    /// `http://`, without a port 1080, or 443 for `https://`. `ws://` goes through CONNECT too. Without this flag the
    /// environment says it: see Environment. An empty value means none.
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub proxy: Option<Secret>,

    /// Log in at the proxy; asks for a missing password
    ///
    /// Basic auth, or SOCKS' user and password. `@FILE` reads `USER:PASS` from a file, less one newline at its end;
    /// `@@` stands for a literal `@`.
    #[arg(long, value_name = "USER[:PASS]", hide_short_help = true)]
    pub proxy_user: Option<Secret>,

    /// Send a header to the proxy
    ///
    /// With CONNECT, and never to the server; as `--header` otherwise.
    #[arg(long = "proxy-header", value_name = "NAME: VALUE", hide_short_help = true)]
    pub proxy_headers: Vec<HeaderSource>,

    /// Trust this authority for the proxy
    ///
    /// Not the system's. One certificate or several, PEM; for `https://` proxies.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub proxy_cacert: Option<PathBuf>,

    /// Don't verify the proxy's certificate
    ///
    /// That of the server is verified all the same.
    #[arg(long, hide_short_help = true)]
    pub proxy_insecure: bool,

    /// Hosts that no proxy is used for
    ///
    /// Names (with all names below them), addresses, and networks such as `10.0.0.0/8` or `fd00::/8`, with commas
    /// between; `*` alone means every host. In place of `NO_PROXY`.
    #[arg(long, value_name = "LIST", hide_short_help = true)]
    pub noproxy: Option<String>,
}

impl ProxyArgs {
    /// No proxy at all, whatever the environment says.
    pub fn none() -> Self {
        Self {
            proxy: None,
            proxy_user: None,
            proxy_headers: Vec::new(),
            proxy_cacert: None,
            proxy_insecure: false,
            noproxy: Some("*".to_owned()),
        }
    }
}
