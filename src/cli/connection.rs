//! The flags of all commands that connect: the upgrade request, and TLS.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::destination::DestinationArgs;
use super::protocol::FixedArgs;
use super::proxy::ProxyArgs;
use super::value::{self, HeaderSource, Secret};
use crate::net::{PinnedKeys, TlsVersion};

/// The flags for connecting.
#[derive(Debug, Clone, Args)]
pub struct ConnectionArgs {
    /// The upgrade request.
    #[command(flatten)]
    pub request: RequestArgs,
    /// Redirects.
    #[command(flatten)]
    pub redirects: RedirectArgs,
    /// The way to the server.
    #[command(flatten)]
    pub route: RouteArgs,
    /// Fixed values in place of random ones.
    #[command(flatten)]
    pub fixed: FixedArgs,
}

/// The flags for the way to a server: sockets, a proxy, and TLS.
#[derive(Debug, Clone, Args)]
pub struct RouteArgs {
    /// Where the socket goes.
    #[command(flatten)]
    pub destination: DestinationArgs,
    /// A proxy on the way.
    #[command(flatten)]
    pub proxy: ProxyArgs,
    /// The certificates to trust.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// Our certificate.
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// The flags for the upgrade request.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct RequestArgs {
    /// Add a header
    ///
    /// Repeatable; order and case go out as given. `Name:` removes a header that wscope would send, `Name;` sends it
    /// empty, and `@FILE` reads such lines from a file (`@-`: from stdin), but for blank ones and those that start with
    /// `#`.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<HeaderSource>,

    /// Offer a subprotocol
    ///
    /// Repeatable, the most wanted first.
    #[arg(short, long = "subprotocol", value_name = "NAME", value_parser = value::subprotocol)]
    pub subprotocols: Vec<String>,

    /// Send an Origin header
    ///
    /// As browsers do, for a server that insists on it. By default there is none.
    #[arg(short, long, hide_short_help = true)]
    pub origin: Option<String>,

    /// Basic auth; asks for a missing password
    ///
    /// `@FILE` reads `USER:PASS` from a file, less one newline at its end; `@@` stands for a literal `@`. Where a terminal is
    /// stdin, a server that answers 401 and wants Basic auth makes wscope ask by itself, at most three times, before the
    /// first session.
    #[arg(short, long, aliases = ["auth", "basic-auth"], value_name = "USER[:PASS]", conflicts_with = "bearer")]
    pub user: Option<Secret>,

    /// Send a bearer token
    ///
    /// `@FILE` reads it from a file, less one newline at its end; `@@` stands for a literal `@`.
    #[arg(long, alias = "oauth2-bearer", value_name = "TOKEN", hide_short_help = true)]
    pub bearer: Option<Secret>,

    /// Send a cookie
    ///
    /// Repeatable. `@FILE` reads it from a file, less one newline at its end; `@@` stands for a literal `@`.
    #[arg(long = "cookie", value_name = "NAME=VALUE", hide_short_help = true)]
    pub cookies: Vec<Secret>,

    /// Limit the whole handshake
    ///
    /// From the name lookup to the end of the server's response; all addresses of the name share it.
    #[arg(long, value_name = "SECONDS", value_parser = value::some_seconds, default_value = "10", hide_short_help = true)]
    pub connect_timeout: Duration,
}

/// The flags for redirects.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct RedirectArgs {
    /// Follow redirects
    ///
    /// `http` and `https` in them mean `ws` and `wss`. Cookies that they set are sent on to where they belong. Another
    /// server (another scheme, host or port) gets no credentials, cookies, headers of `-H`, certificate or secret
    /// subprotocols; nothing leads from `wss` to `ws`. Each `--reconnect` starts at the URL again.
    #[arg(short = 'L', long, hide_short_help = true)]
    pub location: bool,

    /// The same, and trust every server
    ///
    /// Credentials, cookies, headers, certificate and subprotocols go to all servers that redirects lead to.
    #[arg(long, hide_short_help = true)]
    pub location_trusted: bool,

    /// Follow at most so many
    ///
    /// In a row.
    #[arg(long, value_name = "N", default_value = "10", hide_short_help = true)]
    pub max_redirs: u32,
}

/// The flags for the verification of the server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct TlsArgs {
    /// Don't verify the server's certificate
    ///
    /// What would have been wrong with it is still said.
    #[arg(short = 'k', long, alias = "no-check")]
    pub insecure: bool,

    /// Trust this authority, not the system's
    ///
    /// PEM; several certificates in the file are all trusted.
    #[arg(long, alias = "ca", value_name = "FILE", hide_short_help = true)]
    pub cacert: Option<PathBuf>,

    /// Ask for this name (SNI), and verify it
    ///
    /// Instead of the name in the URL. A redirect to another origin asks for the name that it leads to.
    #[arg(long, alias = "tls-domain", value_name = "NAME", hide_short_help = true)]
    pub sni: Option<String>,

    /// Accept no server but one with this key
    ///
    /// Whatever its certificate says, and with `-k` too. The key is `sha256//` and the SHA-256 hash of the public key in
    /// base64, as `-v` shows it (several are joined with `;`), or a file with the public key, PEM or DER. Where a redirect
    /// leads to another origin, any key will do that its certificate is verified with.
    #[arg(long, value_name = "HASHES|FILE", hide_short_help = true)]
    pub pinnedpubkey: Option<PinnedKeys>,

    /// Accept no lower version of TLS
    ///
    /// 1.2 is the lowest that is spoken at all.
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub tls_min: Option<TlsVersion>,

    /// Offer no higher version of TLS
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub tls_max: Option<TlsVersion>,
}

/// The flags for our own certificate, as a client or as a server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub struct IdentityArgs {
    /// Show this certificate
    ///
    /// PEM: our own, then what follows it in its chain. As a client, for a server that asks for one; as a server, to
    /// serve `wss://`.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub cert: Option<PathBuf>,

    /// The private key of the certificate
    ///
    /// PEM; by default it is looked for in the file of the certificate.
    #[arg(long, value_name = "FILE", requires = "cert", hide_short_help = true)]
    pub key: Option<PathBuf>,

    /// Decrypt the private key
    ///
    /// Asked for when it is needed and not given. `@FILE` reads it from a file, less one newline at its end; `@@` stands
    /// for a literal `@`.
    #[arg(long, value_name = "PASSPHRASE", num_args = 0..=1, hide_short_help = true)]
    pub passphrase: Option<Option<Secret>>,
}

impl RequestArgs {
    /// The note for a user who expects that `-o` names an output file, as in other tools. `None`, if the value is an
    /// origin.
    pub fn note(&self) -> Option<String> {
        let origin = self.origin.as_deref().filter(|origin| !is_origin(origin))?;
        if origin.is_empty() {
            return Some("the Origin header is sent empty, and that is no origin (`https://host`)".to_owned());
        }
        Some(format!(
            "`-o {origin}` is sent as the Origin header, and it is no origin (`https://host`); \
             to write what comes to a file, use `> {origin}`"
        ))
    }
}

/// Whether `value` is an origin: a scheme and an authority, or `null` (RFC 6454 section 6).
fn is_origin(value: &str) -> bool {
    value == "null"
        || value.split_once("://").is_some_and(|(scheme, authority)| {
            !scheme.is_empty() && !authority.is_empty() && !authority.contains(['/', '?', '#'])
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_an_authority() {
        for origin in ["null", "https://example.com", "http://[::1]:8080", "chrome-extension://abc"] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in ["out.txt", "example.com", "https://", "https://example.com/path", "./log"] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
